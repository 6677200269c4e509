"""Identity of the log: a file beside its folder that says which log this home has, and how far it is."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from features.errors import DataError
from features.storage.atomic import atomic_file


@dataclass(frozen=True)
class HomeLog:
    """The log of a home: its identity, and the number of its newest segment."""

    identity: str
    segment: int


def identity_path(folder: Path) -> Path:
    """Return the path of the file beside the folder of a log."""
    return folder.with_name(f"{folder.name}.identity")


def read_identity(folder: Path) -> HomeLog | None:
    """Return what the home says of its log; None where it says nothing.

    Raises `DataError` for a damaged file.
    """
    path = identity_path(folder)
    try:
        values = json.loads(path.read_text())
        return HomeLog(str(values["identity"]), int(values["segment"]))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise DataError(
            f"{path} does not say which log is that of this home.",
            expected="the file as the service wrote it.",
            advice="Restore it and the folder beside it from one copy.",
        ) from error


def write_identity(folder: Path, log: HomeLog) -> None:
    """Write what the home says of its log, atomically, for its owner's eyes alone."""
    with (
        atomic_file(identity_path(folder)) as fresh,
        os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file,
    ):
        json.dump(asdict(log), file)
        file.flush()
        os.fsync(file.fileno())
