"""Work programme of an audit: what to check, what to ask for and which lines to pull, by expected money."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa
import pyarrow.compute as pc

from features.evidence import LINE_NAMES, Evidence
from features.language import ENGLISH, Language
from features.library.checks import CHECK_OF, CHECKS, AuditCheck
from models.reasons import Reason
from serving.live.evidence import features_with_rows
from serving.live.state import Live

TASKS = 8
CARRIED = 0.8
"""The lines pulled carry this share of the value, or more."""
MOST_LINES = 40
NOTHING = "Nothing adds to what every trader is expected to bring: choose lines at random."
OF_LINES = frozenset({"lines", "amendments"})
"""The kinds of rows that are lines of declarations."""


@dataclass(frozen=True)
class Task:
    """One check of a programme, and what speaks for it.

    - `money`: what all features of the check add to the expected money, net of what some take away.
    - `reasons`: those that add as the literature expects, the weightiest first: what was learned against it
      is no ground for a check.
    - `pulled_by`: the feature whose rows say which lines to pull, and `pulled_for` the sentence of its
      reason; None where no reason is about lines.
    """

    check: AuditCheck
    money: float
    reasons: tuple[Reason, ...]
    pulled_by: str | None
    pulled_for: str | None

    @cached_property
    def finding_types(self) -> tuple[str, ...]:
        """The kinds of finding that the reasons speak of, the weightiest first."""
        return tuple(dict.fromkeys(each.finding_type for each in self.reasons if each.finding_type))


def tasks_of(live: Live, trader_id: str, *, limited: bool) -> tuple[Task, ...]:
    """Return the checks for which reasons add money, the most of it first.

    A `limited` reader is led to no rows that are other traders.
    """
    why = {words.name: live.language.gettext(words.why) for words in live.bundle.words}
    parts: dict[AuditCheck, list[Reason]] = {check: [] for check in CHECKS}
    for part in live.reasons(live.X[live.row_index[trader_id]], live.explanation(trader_id)):
        if check := CHECK_OF.get(live.snapshot.features.by_name[part.feature].indicator):
            parts[check].append(part)
    tasks = [_task(live, check, reasons, why=why, limited=limited) for check, reasons in parts.items()]
    adding = [task for task in tasks if task.money >= 0.5 and task.reasons]
    return tuple(sorted(adding, key=lambda task: (-task.money, task.check.what))[:TASKS])


def pulled_features(tasks: Sequence[Task]) -> list[str]:
    """Return the features whose rows say which lines to pull."""
    return [task.pulled_by for task in tasks if task.pulled_by]


def _task(
    live: Live, check: AuditCheck, parts: Sequence[Reason], *, why: Mapping[str, str], limited: bool
) -> Task:
    expected = [part for part in parts if part.money > 0 and part.why == why[part.feature]]
    reasons = tuple(sorted(expected, key=lambda part: (-part.money, part.feature)))
    leading_to_lines = (
        (feature.name, reason.sentence)
        for reason in reasons
        for feature in features_with_rows(live, reason.feature, limited=limited)
        if feature.source in OF_LINES
    )
    return Task(check, sum(part.money for part in parts), reasons, *next(leading_to_lines, (None, None)))


@dataclass(frozen=True)
class Pulled:
    """The lines to pull for a task, the weightiest first.

    Where the value is a sum of its rows, they carry `CARRIED` of it; `of_value` says so. Else they are those
    of the largest customs value. At most `MOST_LINES`, of `count` behind the value.
    """

    rows: pa.Table
    of_value: bool
    count: int

    def words(self, language: Language = ENGLISH) -> str:
        """Return which lines they are."""
        number = self.rows.num_rows
        if self.of_value:
            words = language.ngettext(
                "{number} line of {count}, carrying {share}% of the value",
                "{number} lines of {count}, carrying {share}% of the value",
                number,
            )
        else:
            words = language.gettext(
                "the {number} largest by customs value of {count}, for the value is no sum of its lines"
            )
        carried = sum(self.rows["carried"].to_pylist()) if self.of_value else 0.0
        return words.format(
            number=number, count=language.number(self.count), share=language.number(100 * carried)
        )


def pulled(evidence: Evidence) -> Pulled:
    """Return the lines to pull for a value."""
    rows, value = evidence.rows, evidence.value
    if not evidence.additive or not value:
        ordered = rows.sort_by([("customs_value", "descending"), ("declaration_id", "ascending")])
        return Pulled(ordered.slice(0, MOST_LINES), of_value=False, count=rows.num_rows)
    shares = pc.divide(rows["share"], pa.scalar(value))
    carrying = rows.append_column("carried", shares).filter(pc.greater(shares, 0.0))
    carrying = carrying.sort_by([("carried", "descending"), ("declaration_id", "ascending")])
    before, count = 0.0, 0
    for share in carrying["carried"].to_pylist()[:MOST_LINES]:
        if before >= CARRIED:
            break
        before, count = before + share, count + 1
    return Pulled(carrying.slice(0, count), of_value=True, count=rows.num_rows)


def programme_table(
    tasks: Sequence[Task], evidence: Mapping[str, Evidence], language: Language = ENGLISH
) -> pa.Table:
    """Return a programme with a row for each line to pull, and one for a task without lines."""
    rows = [
        row for number, task in enumerate(tasks, start=1) for row in _rows(number, task, evidence, language)
    ]
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def programme_to_plain(
    tasks: Sequence[Task], evidence: Mapping[str, Evidence], language: Language = ENGLISH
) -> list[dict[str, object]]:
    """Return a programme as plain data, each task with its lines."""
    return [
        {
            "check": language.gettext(task.check.what),
            "money": task.money,
            "finding_types": list(task.finding_types),
            "reasons": [reason.sentence for reason in task.reasons],
            "documents": language.gettext(task.check.documents),
            "source": task.check.source,
            "lines_for": task.pulled_for,
            "lines": _lines(task, evidence),
        }
        for task in tasks
    ]


def about_types(task: Task, language: Language = ENGLISH) -> str:
    """Return in words of which kinds of finding the reasons of a task speak; empty where of none."""
    kinds = ", ".join(language.gettext(each) for each in task.finding_types)
    return language.gettext("about {kinds}").format(kinds=kinds) if kinds else ""


def programme_to_text(
    tasks: Sequence[Task], evidence: Mapping[str, Evidence], language: Language = ENGLISH
) -> Iterator[str]:
    """Yield a programme as lines for a terminal."""
    for number, task in enumerate(tasks, start=1):
        money = f"{language.change(task.money)} {about_types(task, language)}".rstrip()
        reasons = " ".join(reason.sentence for reason in task.reasons[:3])
        documents = language.gettext(task.check.documents)
        yield f"{number}. {language.gettext(task.check.what)} ({money})"
        yield "   " + language.gettext("Because: {reasons}").format(reasons=reasons)
        yield "   " + language.gettext("Ask for: {documents}.").format(documents=documents)
        if behind := evidence.get(task.pulled_by or ""):
            lines = pulled(behind)
            numbers = ", ".join(dict.fromkeys(lines.rows["declaration_id"].to_pylist()))
            words = language.gettext("Pull {lines}: {numbers}")
            yield "   " + words.format(lines=lines.words(language), numbers=numbers)
    if not tasks:
        yield language.gettext(NOTHING)


SCHEMA = pa.schema(
    [
        ("task", pa.int64()),
        ("money", pa.float64()),
        ("check", pa.string()),
        ("documents", pa.string()),
        ("source", pa.string()),
        ("finding_types", pa.string()),
        ("reason", pa.string()),
        ("declaration_id", pa.string()),
        ("item_number", pa.int64()),
        ("version", pa.int64()),
        ("accepted_on", pa.date32()),
        ("hs_code", pa.string()),
        ("description", pa.string()),
        ("origin_country", pa.string()),
        ("seller_id", pa.string()),
        ("declarant_id", pa.string()),
        ("customs_value", pa.float64()),
        ("unit_price", pa.float64()),
        ("others_unit_price", pa.float64()),
        ("carried", pa.float64()),
    ]
)
"""Columns of a programme as a table; `carried` is the share of the reason's value that a line carries."""


def _rows(
    number: int, task: Task, evidence: Mapping[str, Evidence], language: Language
) -> list[dict[str, object]]:
    of_task: dict[str, object] = {
        "task": number,
        "money": round(task.money, 2),
        "check": language.gettext(task.check.what),
        "documents": language.gettext(task.check.documents),
        "source": task.check.source,
        "finding_types": ", ".join(language.gettext(each) for each in task.finding_types),
        "reason": task.pulled_for or task.reasons[0].sentence,
    }
    return [of_task | line for line in _lines(task, evidence)] or [of_task]


def _lines(task: Task, evidence: Mapping[str, Evidence]) -> list[dict[str, object]]:
    """Return the lines to pull for a task, with what identifies each and the share it carries."""
    behind = evidence.get(task.pulled_by or "")
    rows = pulled(behind).rows.to_pylist() if behind else []
    return [{name: row.get(name) for name in (*LINE_NAMES, "carried")} for row in rows]
