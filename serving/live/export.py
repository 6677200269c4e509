"""Export: ranking, reasons and card of a day as the sheets of a workbook, with the words of every column."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa

from features.data.contract.required import FINDING_TYPES
from features.language import Language
from features.storage.spreadsheet import MOST_ROWS, Sheet, require_room
from models.card import METRICS
from models.reasons import TopicReason, by_topic
from serving.live.state import Live

RANKING, REASONS, CARD, WORDS = "Ranking", "Reasons", "Card", "Words"
MONEY, SHARE, HOURS, DAY, TEXT, NUMBER, ANSWER = (
    "money",
    "share",
    "hours",
    "day",
    "text",
    "number",
    "yes or no",
)
FORMATS: Mapping[str, str] = {MONEY: "#,##0", SHARE: "0.0%", HOURS: "#,##0.0"}
"""How a spreadsheet shows numbers by their unit; the cells hold all digits."""
TRADER = ("rank", "trader_id", "sector", "size_band", "region", "office_code")
"""What each reason says of its trader, to be grouped by."""
NO_TYPE = "none in particular"
"""The finding type of features that speak of no one kind of finding."""
AT_ONCE = 512
"""Traders that are explained together."""


@dataclass(frozen=True)
class ColumnWords:
    """What a column of a sheet means, the unit of its values, and where they come from."""

    name: str
    meaning: str
    unit: str
    source: str


MODEL, DATA = "the model", "the data, as known before the day"
DESCRIPTION = (
    ColumnWords("sector", "ISIC section or division; empty where unknown.", TEXT, DATA),
    ColumnWords("size_band", "micro, small, medium or large; empty where unknown.", TEXT, DATA),
    ColumnWords("region", "ISO 3166-2; empty where unknown.", TEXT, DATA),
    ColumnWords("office_code", "The customs office of most of its lines of 12 months.", TEXT, DATA),
)
COLUMNS: Mapping[str, tuple[ColumnWords, ...]] = {
    RANKING: (
        ColumnWords("rank", "1 is the highest expected yield.", NUMBER, MODEL),
        ColumnWords("trader_id", "The trader.", TEXT, DATA),
        ColumnWords("name", "Its name; empty where unknown.", TEXT, DATA),
        *DESCRIPTION,
        ColumnWords("expected_yield", "What an audit would bring on average, net of refunds.", MONEY, MODEL),
        ColumnWords("low", "Of 100 such audits at least 90 bring between this and high.", MONEY, MODEL),
        ColumnWords("high", "Of 100 such audits at least 90 bring between low and this.", MONEY, MODEL),
        ColumnWords(
            "probability", "The chance that an adjustment, up or down, would be booked.", SHARE, MODEL
        ),
        ColumnWords("low_if_adjusted", "The same as low, of audits that end in an adjustment.", MONEY, MODEL),
        ColumnWords(
            "high_if_adjusted", "The same as high, of audits that end in an adjustment.", MONEY, MODEL
        ),
        *(
            ColumnWords(f"expected_{kind}", f"The part of expected_yield from {kind}.", MONEY, MODEL)
            for kind in FINDING_TYPES
        ),
        ColumnWords("last_opened_on", "The day on which its last audit was opened; empty: none.", DAY, DATA),
        ColumnWords("is_audited", "Whether an audit of it is planned or open.", ANSWER, DATA),
        ColumnWords("is_tax_audited", "Whether an audit by the tax administration is open.", ANSWER, DATA),
        ColumnWords("aeo_status", "none, aeo_c, aeo_s or aeo_f; empty where unknown.", TEXT, DATA),
        ColumnWords(
            "aeo_revalidation_due", "The day by which its authorisation must be looked at again.", DAY, DATA
        ),
        ColumnWords(
            "expected_hours", "Hours that a field audit is expected to take.", HOURS, "audits closed before"
        ),
        ColumnWords("money_an_hour", "expected_yield for each of expected_hours.", MONEY, MODEL),
        ColumnWords(
            "rank_before", "Its rank a month before; empty: none, or no snapshot is kept.", NUMBER, MODEL
        ),
        ColumnWords("model_version", "Which model said so.", TEXT, MODEL),
        ColumnWords("ranked", "What the ranking is by: indicators, or what audits found.", TEXT, MODEL),
    ),
    REASONS: (
        ColumnWords("rank", "That of the trader among all.", NUMBER, MODEL),
        ColumnWords("trader_id", "The trader: it has a row for each topic and finding type.", TEXT, DATA),
        *DESCRIPTION,
        ColumnWords("topic", "What the features that are summed here have in common.", TEXT, MODEL),
        ColumnWords("finding_type", "The kind of finding that they speak of.", TEXT, MODEL),
        ColumnWords(
            "money",
            "What they add together, or below 0 take away. Those of a trader and the base, which is in Card, "
            "add up to its expected_yield.",
            MONEY,
            MODEL,
        ),
        ColumnWords("features", "How many features are summed.", NUMBER, MODEL),
        ColumnWords(
            "feature",
            "The weightiest that says something by itself and points the same way; empty: none does.",
            TEXT,
            MODEL,
        ),
        ColumnWords("sentence", "Its value in a sentence; empty where they add nothing.", TEXT, MODEL),
        ColumnWords("why", "What follows from that value.", TEXT, MODEL),
    ),
    CARD: (
        ColumnWords("part", "What the figure is about.", TEXT, "the card"),
        ColumnWords("figure", "Its name.", TEXT, "the card"),
        ColumnWords(
            "population", "The audits held out that it was measured on; empty elsewhere.", TEXT, "the card"
        ),
        ColumnWords("model", "Whose performance it is: this model's, or another order's.", TEXT, "the card"),
        ColumnWords("number", "The figure where it is a number; its name says of what.", NUMBER, "the card"),
        ColumnWords("low", "The lower end of its 95 % interval; empty: none is known.", NUMBER, "the card"),
        ColumnWords("high", "The upper end of its 95 % interval; empty: none is known.", NUMBER, "the card"),
        ColumnWords("text", "The figure where it is none but a text or a day.", TEXT, "the card"),
    ),
    WORDS: (
        ColumnWords("sheet", "The sheet that has the column.", TEXT, "this program"),
        ColumnWords("column", "The name in the header.", TEXT, "this program"),
        ColumnWords("meaning", "What its values mean.", TEXT, "this program"),
        ColumnWords("unit", "The unit of its values.", TEXT, "this program"),
        ColumnWords("source", "Where they come from.", TEXT, "this program"),
    ),
}
"""The columns of each sheet, in their order."""


@dataclass(frozen=True)
class DayExport:
    """The sheets of a day's workbook, and of how many of its traders, the first, the reasons are."""

    sheets: tuple[Sheet, ...]
    traders: int
    explained: int

    @property
    def note(self) -> str | None:
        """The sentence that says so where these are not all traders, else None."""
        if self.explained == self.traders:
            return None
        return (
            f"The reasons are those of the first {self.explained:,} of {self.traders:,} traders: those of "
            "more do not fit in a sheet."
        )


def export_day(
    live: Live, *, currency: str = "", progress: Callable[[int, int], None], most_rows: int = MOST_ROWS
) -> DayExport:
    """Return the sheets of a day: a row a trader, a row a reason, the model's card, the words of the columns.

    The reasons are of the first traders where those of all are more than `most_rows`; the card says so.
    `progress` is called with the traders explained. Raises `SettingError` for more traders than a sheet has
    rows.
    """
    require_room(live.ranking.num_rows)
    reasons, explained, base = _reasons(live, progress=progress, most_rows=most_rows)
    card = _table(CARD, list(_card(live, explained=explained, base=base, currency=currency)))
    sheets = [_sheet(RANKING, live.ranking), _sheet(REASONS, reasons), _sheet(CARD, card)]
    words = _table(WORDS, list(_words(sheets, currency=currency, language=live.language)))
    named = (
        replace(sheet, name=live.language.gettext(sheet.name)) for sheet in (*sheets, _sheet(WORDS, words))
    )
    return DayExport(tuple(named), live.ranking.num_rows, explained)


def _sheet(name: str, table: pa.Table) -> Sheet:
    """Return a table as a sheet, with those of the sheet's columns that the table has."""
    columns = [each for each in COLUMNS[name] if each.name in table.column_names]
    formats = {each.name: FORMATS[each.unit] for each in columns if each.unit in FORMATS}
    return Sheet(name, table.select([each.name for each in columns]), formats)


def _words(sheets: Sequence[Sheet], *, currency: str, language: Language) -> Iterator[tuple[object, ...]]:
    """Yield the rows of `WORDS`: of each column of the sheets, and of its own."""
    _ = language.gettext
    money = _("money, in {currency}").format(currency=currency or _("units of the reporting currency"))
    names = {sheet.name: set(sheet.table.column_names) for sheet in sheets}
    for sheet, columns in COLUMNS.items():
        for each in columns:
            if sheet == WORDS or each.name in names[sheet]:
                unit = money if each.unit == MONEY else _(each.unit)
                yield (_(sheet), each.name, _(each.meaning), unit, _(each.source))


def _table(name: str, rows: Sequence[tuple[object, ...]]) -> pa.Table:
    return pa.table({each.name: [row[at] for row in rows] for at, each in enumerate(COLUMNS[name])})


def _reasons(
    live: Live, *, progress: Callable[[int, int], None], most_rows: int
) -> tuple[pa.Table, int, float]:
    """Return a row for each topic and finding type of the first traders, how many these are, and the base."""
    each_has = len({(words.topic, words.finding_type) for words in live.bundle.words})
    traders = live.ranking.slice(0, most_rows // each_has)
    parts, base = [_table(REASONS, [])], 0.0
    for first in range(0, traders.num_rows, AT_ONCE):
        ranked = traders.slice(first, AT_ONCE).select(list(TRADER)).to_pylist()
        features = live.X[live.rows(each["trader_id"] for each in ranked)]
        explanation = live.bundle.model.explain(features)
        base = explanation.base
        rows: list[tuple[object, ...]] = []
        for row, trader in enumerate(ranked):
            about_it = tuple(trader.values())
            topics = by_topic(live.reasons(features[row], explanation.taken([row])), live.language)
            rows += ((*about_it, *reason) for topic in topics for reason in _by_type(topic, live.language))
        parts.append(_table(REASONS, rows))
        progress(first + len(ranked), traders.num_rows)
    return pa.concat_tables(parts, promote_options="permissive"), traders.num_rows, base


def _by_type(topic: TopicReason, language: Language) -> Iterator[tuple[object, ...]]:
    """Yield the columns of `REASONS` from the topic on, for each finding type of it."""
    for each in topic.by_type:
        feature, why = (each.leading.feature, each.leading.why) if each.leading else (None, None)
        finding_type = language.gettext(each.finding_type or NO_TYPE)
        sentence = each.sentence if each.money else None
        yield (topic.topic, finding_type, each.money, len(each.parts), feature, sentence, why)


def _card(live: Live, *, explained: int, base: float, currency: str) -> Iterator[tuple[object, ...]]:
    """Yield the rows of `CARD`: what the sheets rest on, what the model learned from, how well it does."""
    _, card, basis = live.language.gettext, live.bundle.card, live.basis
    data = card.data
    facts: Mapping[str, Mapping[str, object]] = {
        _("this workbook"): {
            _("as of: what was known before this day counts"): basis.as_of,
            _("traders"): live.ranking.num_rows,
            _("traders whose reasons are here, the first"): explained,
            _("base: money expected before anything is known of a trader"): base,
            _("part of audits between low and high, at least"): live.bundle.model.coverage,
            _("currency"): currency or None,
            _("digest of the snapshot"): basis.snapshot_digest,
        },
        _("model"): {
            _("version"): basis.model_version,
            _("digest"): basis.model_digest,
            _("kind"): card.model,
            _("learned from what was known before"): card.as_of,
            _("ranks"): _(card.ranked),
            _("intended use"): _(card.intended_use),
            _("predicts"): _(card.predicts),
        },
        _("learned from"): {
            _("closed audits"): data.audits,
            _("of them with an adjustment"): data.adjusted,
            _("weight of the written indicators beside them, of 1"): data.written_weight,
            _("measure of the money"): data.measure,
            _("features"): data.features,
            _("audits held out to test it"): data.tested_audits,
        },
    }
    for part, figures in facts.items():
        for figure, value in figures.items():
            is_number = isinstance(value, int | float)
            text = None if value is None or is_number else str(value)
            yield (part, figure, None, None, value if is_number else None, None, None, text)
    for each in card.performance:
        if each.fold is None:
            figure = _(METRICS.get(each.metric, each.metric))
            yield (
                _("performance"),
                figure,
                _(each.population),
                each.model,
                each.value,
                each.low,
                each.high,
                None,
            )
    sentences = {
        _("warning"): live.warnings(basis.as_of),
        _("leak"): card.leaks.raised,
        _("limit"): tuple(map(_, card.limits)),
    }
    for part, lines in sentences.items():
        yield from ((part, None, None, None, None, None, None, line) for line in lines)
