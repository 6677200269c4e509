"""A trader's page as one file: what the service shows, with the rows behind each reason printed below it."""

from pathlib import Path

from features.dataset import Dataset
from features.output import atomic_file
from serving import logged
from serving.history import EarlierPrediction, earlier_predictions, known_audits
from serving.live import Live, load_live
from serving.page import View, shown_features, trader_page
from serving.rows_behind import rows_behind


def report(dataset: Dataset, trader_id: str, *, view: View = "full") -> str:
    """Return the page of a trader as the published champion sees it, whole in itself.

    Raises `SettingError` for a trader that is not active on the day, `DataError` where there is no champion
    or the data is refused.
    """
    live = load_live(dataset)
    if view == "notice":
        return trader_page(live, trader_id, view=view)
    names = shown_features(live, trader_id)
    with dataset.open() as warehouse:
        return trader_page(
            live,
            trader_id,
            history=known_audits(warehouse, before=dataset.cutoff).get(trader_id, ()),
            predictions=_predictions(live, trader_id, home=dataset.home),
            evidence=rows_behind(live, trader_id, names=names, warehouse=warehouse),
        )


def _predictions(live: Live, trader_id: str, *, home: Path) -> tuple[EarlierPrediction, ...]:
    folder = home / logged.PLACE
    if not (folder / logged.FILE).exists():
        return ()
    return earlier_predictions(logged.of_trader(folder, trader_id, limit=50), live=live)


def write_page(page: str, path: Path) -> None:
    """Write a page beside its place, then put it there; raises `OutputError` where the disk refuses."""
    with atomic_file(path) as fresh:
        fresh.write_text(page, encoding="utf-8")
