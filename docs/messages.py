"""The messages that a translator translates, collected from features, tables, templates and code.

`python docs/write.py` writes `messages.pot` and brings the catalogues up to it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache, partial
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po

from features.data.contract import TABLES
from features.data.contract.required import FINDING_TYPES
from features.evidence import LINE_NAMES
from features.language.code_names import CHAPTER, SECTOR, code_names
from features.language.language import CATALOGUES, ENGLISH, LANGUAGES
from features.library import LIBRARY
from features.library.checks import CHECKS
from features.prepare import ROWS
from features.topic import TOPICS
from features.unit import PERIODS, UNKNOWN
from models.card import BY_INDICATORS, LEARNED, METRICS, UNTESTED
from models.gap import text as gap
from models.gap.report import SEGMENTS
from models.plan.caps import AEO, AUTHORISED
from models.plan.text import ROLES
from models.reasons import ABOUT_NONE, TOGETHER, UNKNOWN_WHY
from serving.live.declared import VALUES
from serving.live.export import COLUMNS, NO_TYPE
from serving.live.programme import NOTHING
from serving.live.ranking import ANSWERS, FACETS, FLAGS, ORDERS
from serving.log.judgements import STATUSES
from serving.page import behind, model, notice, trader
from serving.page.render import TEMPLATES
from training.backtest.fairness import SMALL_GROUPS
from training.backtest.populations import POPULATIONS
from training.tracking.card import INTENDED, LIMITS, REFERENCE

ROOT = Path(__file__).parent.parent
PACKAGES = ("audit_yield", "features", "models", "serving", "training")
BEGUN = datetime.fromisoformat("2026-12-01T00:00+00:00")
"""The moment in every header: a catalogue changes where its messages do, and with nothing else."""
CODED = ("audits.selection_channel", "audits.treatment", "links.link_type", "traders.size_band")
"""Columns whose codes the pages show as words."""
JINJA, OPTIONS = (
    "jinja2.ext:babel_extract",
    {"trimmed": "true", "newstyle_gettext": "true", "silent": "false"},
)
Text = str | tuple[str, ...]
"""A message, or its singular and plural."""


def template() -> str:
    """Return `messages.pot`: every message, without a translation."""
    return written(messages())


def brought_up(code: str) -> str:
    """Return the catalogue of a language with the messages of now.

    Translations stay; new messages have none; what is no longer asked for is left out.
    """
    catalogue = read_catalogue(code)
    catalogue.update(messages(), no_fuzzy_matching=True, update_creation_date=False)
    catalogue.obsolete.clear()
    return written(catalogue)


def untranslated(code: str) -> tuple[int, int]:
    """Return how many messages of a catalogue lack a translation, and how many it has."""
    asked = [each for each in read_catalogue(code) if each.id]
    return sum(not is_translated(each) for each in asked), len(asked)


def is_translated(message: Message) -> bool:
    """Return whether a message has a translation, in every plural."""
    return all(forms(message.string))


def forms(text: str | Sequence[str] | None) -> tuple[str, ...]:
    """Return the forms of a text: one, or one a plural."""
    return (text,) if isinstance(text, str) else tuple(text or ("",))


def read_catalogue(code: str) -> Catalog:
    """Return the catalogue of a language as it is in its file; raises Babel's error where it is broken."""
    with (CATALOGUES / f"{code}.po").open("rb") as file:
        return read_po(file, locale=code, abort_invalid=True)


TRANSLATED = tuple(code for code in LANGUAGES if code != ENGLISH.code)
DOCUMENTS: Mapping[Path, Callable[[], str]] = {
    CATALOGUES / "messages.pot": template,
    **{CATALOGUES / f"{code}.po": partial(brought_up, code) for code in TRANSLATED},
}


@cache
def messages() -> Catalog:
    """Return every message, those of features first."""
    catalogue = Catalog(
        project="audit-yield",
        charset="utf-8",
        creation_date=BEGUN,
        header_comment="# Messages of audit-yield.",
    )
    for what, text in (*_of_features(), *_of_tables()):
        catalogue.add(text, auto_comments=[what])
    for kind in (SECTOR, CHAPTER):
        for code, name in code_names(kind).items():
            catalogue.add(name, auto_comments=[f"{kind} {code}"], context=kind)
    for text, place, context in _of_sources():
        catalogue.add(text, locations=[(place, 0)], context=context)
    return catalogue


def written(catalogue: Catalog) -> str:
    """Return a catalogue as text, without what changes with the version of Babel."""
    buffer = BytesIO()
    write_po(buffer, catalogue, width=100, include_lineno=False)
    lines = buffer.getvalue().decode().splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith('"Generated-By:'))


def _of_features() -> Iterator[tuple[str, Text]]:
    for feature in LIBRARY.features:
        yield f"{feature.family}: label of {feature.name}", feature.label
        yield f"{feature.family}: phrase of {feature.name}", feature.phrase
        yield f"{feature.family}: why of {feature.name}", feature.why


def _of_tables() -> Iterator[tuple[str, Text]]:
    """Yield the texts that stand in tables: of each, what it is."""
    yield from _each("topic", TOPICS)
    for check in CHECKS:
        yield "check of a work programme", check.what
        yield f"documents for: {check.what}", check.documents
    yield from _each("kind of finding", FINDING_TYPES)
    yield from _each("what reasons speak of", [ABOUT_NONE, *(f"about {kind}" for kind in FINDING_TYPES)])
    yield from (("how long", words) for words in PERIODS.values())
    yield "value that nobody knows", UNKNOWN
    yield from _each("reason", (UNKNOWN_WHY, TOGETHER))
    yield from _each("what a row is", (kind.row for kind in ROWS.values()))
    yield from _each("what the last column says", (behind.NO_SUM, behind.FACTORS, behind.SUMMANDS))
    yield from _each("column of rows", dict.fromkeys(map(behind.column_words, _columns())))
    yield from _each("column that can be changed", VALUES.values())
    yield from _each("code", dict.fromkeys(code.replace("_", " ") for code in ("none", *_codes())))
    yield from _each("filter of the ranking", (*FACETS.values(), *FLAGS.values(), *ANSWERS))
    yield from _each("order of the ranking", ORDERS.values())
    yield "heading of the money", "expected"
    yield from _each("status of a case", STATUSES)
    yield from _each("role in a plan", ROLES.values())
    yield from _each("order of audits", model.ORDERS.values())
    yield from _each("what a model says of itself", (UNTESTED, REFERENCE, trader.REFERENCE, *LIMITS))
    yield from _each("record of the trader", (*notice.OWN, notice.GENERAL))
    yield from _each("whether the gap changed", (gap.TOO_FEW, gap.CANNOT_TELL, gap.ROSE, gap.FELL))
    yield from _each("group", (by.replace("_", " ") for by in SEGMENTS))
    yield from _each("group", (AEO, AUTHORISED, SMALL_GROUPS))
    yield "work programme", NOTHING
    yield from _each("sheet of the export", COLUMNS)
    yield "finding type of a reason", NO_TYPE
    yield from _each("figure of the card", METRICS.values())
    yield from _each("audits that a figure was measured on", POPULATIONS)
    yield from _each("what the ranking is by", (BY_INDICATORS, LEARNED))
    yield "what a model is for", INTENDED
    for columns in COLUMNS.values():
        for each in columns:
            yield f"meaning of the column {each.name}", each.meaning
            yield from (("unit of a column", each.unit), ("source of a column", each.source))


def _each(what: str, texts: Iterable[str]) -> Iterator[tuple[str, str]]:
    return ((what, text) for text in texts)


def _codes() -> Iterator[str]:
    for place in CODED:
        table, _, name = place.partition(".")
        [column] = [each for each in TABLES[table].columns if each.name == name]
        for rule in column.values:
            if rule.name == "code":
                yield from rule.words.removeprefix("must be one of ").split(", ")


def _columns() -> Iterator[str]:
    """Yield columns whose values pages show: those of the contract, and those that features read."""
    for table in TABLES.values():
        yield from (column.name for column in table.columns)
    yield from (*LINE_NAMES, "carried", *behind.PREPARED)
    for feature in LIBRARY.features:
        if feature.source:
            yield from (name for name in feature.columns if not behind.LOGARITHM.search(name))


def _of_sources() -> Iterator[tuple[Text, str, str | None]]:
    """Yield the messages that templates and code ask for: each with the file, and its context."""
    for path in sorted(TEMPLATES.glob("*.html")):
        for _, text, _, context in extract_from_file(JINJA, path, options=OPTIONS):
            yield text, path.name, context
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if "gettext" in path.read_text(encoding="utf-8"):
                for _, text, _, context in extract_from_file("python", path):
                    yield text, path.relative_to(ROOT).as_posix(), context
