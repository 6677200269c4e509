"""Source systems, a module each: convert an export into tables of the contract."""

from features.data.systems.asycuda import ASYCUDA
from features.data.systems.intake import assumed, import_export, report_path
from features.data.systems.kcs import KCS
from features.data.systems.report import ImportReport
from features.data.systems.system import Field, System
from features.errors import SettingError, did_you_mean

SYSTEMS: dict[str, System] = {system.name: system for system in (KCS, ASYCUDA)}

__all__ = [
    "SYSTEMS",
    "Field",
    "ImportReport",
    "System",
    "assumed",
    "import_export",
    "report_path",
    "system_named",
]


def system_named(name: str) -> System:
    """Return the source system of a name; raise `SettingError` where there is none."""
    if name not in SYSTEMS:
        raise SettingError(
            f"There is no source system '{name}'.{did_you_mean(name, SYSTEMS)}",
            expected=f"one of {', '.join(SYSTEMS)}.",
            advice="docs/systems.md describes each; a new one is one new module.",
        )
    return SYSTEMS[name]
