"""Report: a trader's page as one file, with the rows behind each reason; its work programme alone."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from features.data.dataset import Dataset
from features.evidence import Evidence
from features.language import ENGLISH, Language
from features.storage.atomic import output_file
from serving.live.evidence import read_rows, rows_behind
from serving.live.history import EarlierPrediction, earlier_predictions, known_audits
from serving.live.programme import Task, pulled_features, tasks_of
from serving.live.state import Live, load_live
from serving.log import reader
from serving.log.judgements import judgements_of
from serving.page import View, shown_features, trader_page
from serving.page.notice import Letterhead
from serving.page.trader import ranking_row


def report(
    dataset: Dataset,
    trader_id: str,
    *,
    view: View = "full",
    letterhead: Letterhead | None = None,
    language: Language = ENGLISH,
) -> str:
    """Return the page of a trader as the published champion sees it, whole in itself.

    Raises `SettingError` for a trader that is not active on the day, `DataError` where there is no champion
    or the data is refused.
    """
    live = load_live(dataset).in_language(language)
    if view == "notice":
        return trader_page(live, trader_id, view=view, letterhead=letterhead)
    names = shown_features(live, trader_id)
    with dataset.open() as warehouse:
        return trader_page(
            live,
            trader_id,
            history=known_audits(warehouse, cutoff=dataset.cutoff).get(trader_id, ()),
            predictions=_predictions(live, trader_id, home=dataset.home),
            judgements=judgements_of(dataset.home / reader.FOLDER, trader_id),
            evidence=rows_behind(live, trader_id, names=names, warehouse=warehouse),
        )


def work_programme(
    dataset: Dataset, trader_id: str, *, language: Language = ENGLISH
) -> tuple[Sequence[Task], Mapping[str, Evidence]]:
    """Return the work programme of a trader as the published champion sees it, and the rows to pull from.

    Raises as `report`.
    """
    live = load_live(dataset).in_language(language)
    ranking_row(live, trader_id)
    tasks = tasks_of(live, trader_id, limited=False)
    names = pulled_features(tasks)
    return tasks, read_rows(live, trader_id, names=names) if names else {}


def _predictions(live: Live, trader_id: str, *, home: Path) -> tuple[EarlierPrediction, ...]:
    return earlier_predictions(reader.of_trader(home / reader.FOLDER, trader_id, limit=50), live=live)


def write_page(page: str, path: Path) -> None:
    """Write a page to a file atomically, or to standard output as `-`; raises `OutputError` as that does."""
    with output_file(path) as file:
        file.write(page.encode())
