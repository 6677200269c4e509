"""Write docs/features.md from the features in code."""

from collections.abc import Iterator
from itertools import groupby

from features.feature import EITHER_SIGN, Feature, window_words
from features.library import LIBRARY
from features.prepare import ROWS

PREFACE = """\
# Features

This page lists the [features](glossary.md#feature): what the models know of a trader as of a day. It is written from the
code (`make fix`); a test proves that they agree, and every worked example is a test.

**What counts as known.** A row counts from the day it reached the data warehouse: a feature as of a [cutoff](glossary.md#cutoff-as-of) uses a row
only if its `known_on` is before the cutoff. An amended line is replaced from the day the amendment became known.
What peers, other traders' audits and the tariff say of a row was known when the row's, or the cutoff's, quarter began.

**Empty is not zero.** Where the data has no such table or column, or a trader has no row that says anything, a feature
is empty; 0 means that there was nothing, and that this is known.

**Sums are exact.** Each term is split into thousands, hundredths and a rest, which are summed as whole numbers, so that a value
does not depend on the order of rows, on the engine's threads, or on which other traders were asked.
"""


def document() -> str:
    """Return the page as Markdown."""
    families = groupby(LIBRARY.features, key=lambda feature: feature.family)
    return "\n".join((PREFACE, *("\n".join(_family(name, list(each))) for name, each in families)))


def _family(name: str, features: list[Feature]) -> Iterator[str]:
    yield f"## {name.capitalize()}"
    yield ""
    for _, windows in groupby(features, key=lambda feature: feature.function):
        yield from _definition(list(windows))


def _definition(windows: list[Feature]) -> Iterator[str]:
    feature = windows[0]
    yield f"### {feature.label}"
    yield ""
    yield f"`{'`, `'.join(each.name for each in windows)}` · {feature.unit} · {_direction(feature)}"
    yield ""
    yield feature.why
    yield ""
    phrase = EITHER_SIGN.sub(r"\1 or \2", feature.phrase)
    yield f"- says: {phrase.format(value='…', window=_windows(windows))}"
    yield f"- made of: {_source(feature)}"
    yield f"- points to: {feature.finding_type or 'no one kind of finding'}"
    yield f"- shown under: {feature.topic}"
    yield f"- indicator: {feature.indicator}; {feature.reference}"
    if feature.inputs:
        yield f"- needs: {', '.join(f'`{column}`' for column in feature.inputs)}"
    yield f"- for example: {_example(feature)}"
    yield ""


def _direction(feature: Feature) -> str:
    if feature.monotone:
        return f"the yield {'rises' if feature.monotone > 0 else 'falls'} with it"
    if feature.tends:
        return f"the yield tends to {'rise' if feature.tends > 0 else 'fall'} with it, and may be learned otherwise"
    return "either direction"


def _windows(windows: list[Feature]) -> str:
    return " / ".join(window_words(each.months) for each in windows)


def _source(feature: Feature) -> str:
    if feature.source is None:
        return "`" + "`, `".join(feature.parameters) + "`"
    empty = "" if feature.empty is None else f"; {feature.empty:g} where there is none"
    return f"rows of which each is {ROWS[feature.source].row}{empty}"


def _example(feature: Feature) -> str:
    rows = "; ".join(
        ", ".join(f"{name} {_cell(value)}" for name, value in zip(feature.columns, row, strict=True))
        for row in feature.example.rows
    )
    return f"{rows} → {_cell(feature.example.value)}"


def _cell(value: object) -> str:
    if value is None:
        return "empty"
    return f"{value:.6g}" if isinstance(value, float) else str(value)
