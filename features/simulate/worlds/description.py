"""Descriptions of a world: as JSON beside its truth, and as a short table for a person."""

import json
from collections.abc import Iterator
from dataclasses import asdict

from features.simulate.mechanisms import Scheme
from features.simulate.worlds.parameters import OPTIONAL_TABLES, STANDARD, Parameters, SchemeParameters
from features.simulate.worlds.ranges import MARKS

GROUPS = ("trade", "evasion", "audits")


def as_json(parameters: Parameters) -> str:
    """Return the parameters as JSON, with the schemes that exist by name."""
    content = asdict(parameters)
    schemes = dict(zip(Scheme, content["evasion"]["schemes"], strict=True))
    content["evasion"]["schemes"] = {
        scheme.name.lower(): each for scheme, each in schemes.items() if each["start"] > 0
    }
    return json.dumps(content, indent=2) + "\n"


def as_lines(parameters: Parameters) -> Iterator[str]:
    """Yield the schemes of a world, then each parameter that differs from the standard world's."""
    yield f"World {parameters.name}: {parameters.about}"
    yield "  schemes"
    for scheme, each in zip(Scheme, parameters.evasion.schemes, strict=True):
        if each.start > 0:
            yield f"    {scheme.name.lower():22} {_use(each)}; marks: {MARKS[scheme]}"
    for group in GROUPS:
        usual = asdict(getattr(STANDARD, group))
        differing = {
            name: value
            for name, value in asdict(getattr(parameters, group)).items()
            if name != "schemes" and value != usual[name]
        }
        if differing:
            words = [f"{name} {value:.3g} ({usual[name]:.3g})" for name, value in differing.items()]
            yield f"  {group}, beside the standard world's"
            rows = (words[first : first + 3] for first in range(0, len(words), 3))
            yield from ("    " + "".join(f"{each:34}" for each in row).rstrip() for row in rows)
    missing = [name for name in OPTIONAL_TABLES if name not in parameters.tables]
    yield f"  missing tables: {', '.join(missing) or 'none'}"
    yield f"  missing columns of declarations: {', '.join(parameters.absent) or 'none'}"


def _use(scheme: SchemeParameters) -> str:
    """Return how a scheme is used, in words."""
    words = [f"{scheme.start:.3f} a quarter"]
    if scheme.highest > 0:
        words.append(f"severity {scheme.lowest:.2f} to {scheme.highest:.2f}")
    if scheme.opens > 0:
        words.append(f"from {scheme.opens:.0%} of the run")
    if scheme.closes < 1:
        words.append(f"until {scheme.closes:.0%} of it")
    return ", ".join(words)
