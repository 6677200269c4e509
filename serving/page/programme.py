"""Work programme for pages: tasks in whole units, and the page of the lines to pull."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from features.evidence import Evidence
from features.language import Language
from serving.live.programme import Pulled, Task, about_types, pulled
from serving.live.state import Live
from serving.page.behind import PageColumn, cells_by_row, page_columns
from serving.page.render import render_template

REASONS = 3
"""Reasons shown of a task, the weightiest."""


@dataclass(frozen=True)
class TaskView:
    """A task as a person reads it; `lines` are what to pull, None where none were read."""

    what: str
    documents: str
    source: str
    money: int
    about: str
    reasons: tuple[str, ...]
    pulled_by: str | None
    pulled_for: str | None
    lines: "LinesView | None"


@dataclass(frozen=True)
class LinesView:
    """The lines to pull for a task: in words which of how many, their numbers, and their columns."""

    words: str
    numbers: tuple[str, ...]
    columns: tuple[PageColumn, ...]

    @property
    def rows(self) -> list[tuple[tuple[str, bool], ...]]:
        """The cells row by row, each with whether it is a number."""
        return cells_by_row(self.columns)


def task_views(tasks: Sequence[Task], evidence: Mapping[str, Evidence], language: Language) -> list[TaskView]:
    """Return the views of tasks, with the lines to pull where their rows are in `evidence`."""
    return [_task_view(task, evidence.get(task.pulled_by or ""), language) for task in tasks]


def programme_page(
    live: Live, trader_id: str, tasks: Sequence[Task], evidence: Mapping[str, Evidence]
) -> str:
    """Return the page of a trader's work programme with the lines to pull."""
    tasks_shown = task_views(tasks, evidence, live.language)
    return render_template(
        "programme.html", language=live.language, live=live, trader_id=trader_id, tasks=tasks_shown
    )


def _task_view(task: Task, evidence: Evidence | None, language: Language) -> TaskView:
    return TaskView(
        what=language.gettext(task.check.what),
        documents=language.gettext(task.check.documents),
        source=task.check.source,
        money=round(task.money),
        about=about_types(task, language),
        reasons=tuple(reason.sentence for reason in task.reasons[:REASONS]),
        pulled_by=task.pulled_by,
        pulled_for=task.pulled_for,
        lines=_lines_view(pulled(evidence), language) if evidence else None,
    )


def _lines_view(lines: Pulled, language: Language) -> LinesView:
    numbers = dict.fromkeys(lines.rows["declaration_id"].to_pylist())
    return LinesView(lines.words(language), tuple(numbers), page_columns(lines.rows, language))
