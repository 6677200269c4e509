"""Detection: only from double audits or a source, and never surer than they are."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from features.data.dataset import Dataset
from features.errors import SettingError
from models.gap.detection import Detection, by_double_audits, by_second_audits, detection_in
from tests.features.tables import Row, Tables, audit, finding, line, trader, write_parquet


def written(folder: Path, text: str) -> Path:
    path = folder / "detection.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_double_audits_give_chapmans_share(tmp_path: Path) -> None:
    share, low, high = by_double_audits(39, 31, 19)
    assert share == pytest.approx(39 / (40 * 32 / 20 - 1))
    assert 0.4 < low < share < high < 0.8
    read = Detection.read(
        written(tmp_path, "first = 39\nsecond = 31\nboth = 19\nsource = 'double audits 2024'")
    )
    assert (read.share, read.low, read.high) == (share, low, high)


def test_a_sourced_share_is_taken_with_its_deviation(tmp_path: Path) -> None:
    read = Detection.read(
        written(tmp_path, "share = 0.4\ndeviation = 0.05\nsource = 'Erard and Feinstein 2011'")
    )
    assert read.low == pytest.approx(0.302, abs=1e-3)
    assert read.high == pytest.approx(0.498, abs=1e-3)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("share = 0.4\ndeviation = 0.05", "source"),
        ("share = 0.4\nsource = 'a study'", "share"),
        ("share = 0.1\ndeviation = 0.1\nsource = 'a study'", "give or take"),
        ("share = 1.4\ndeviation = 0.1\nsource = 'a study'", "give or take"),
        ("first = 9\nsecond = 9\nboth = 6\nsource = 'a study'", "both teams"),
        ("first = 9\nsecond = 9\nboth = 10\nsource = 'a study'", "both teams"),
        ("share = 0.4\ndeviation = 0.05\nsource = 'a study'\nmore = 1", "more"),
        ("source = 'a study'", "source alone"),
    ],
)
def test_anything_else_is_refused_in_words(tmp_path: Path, text: str, word: str) -> None:
    with pytest.raises(SettingError, match=word):
        Detection.read(written(tmp_path, text))


VISITS = 8
CUTOFF = date(2026, 1, 1)


def fault(visit: str, number: int, item: int | None = 1, **other: object) -> Row:
    return {
        "audit_id": visit,
        "fault_number": number,
        "finding_type": "valuation" if number else None,
        "declaration_id": f"D-{visit}" if number else None,
        "item_number": item if number else None,
        "known_on": date(2025, 9, 1),
        **other,
    }


def made_twice() -> Tables:
    """Each first audit found two faults, and each second one of these, but for the last, which found none."""
    ids = [f"A{n}" for n in range(VISITS)]
    days = {"opened_on": date(2025, 2, 1), "closed_on": date(2025, 8, 1), "known_on": date(2025, 2, 1)}
    return {
        "traders": [trader(f"T-{each}") for each in ids],
        "declarations": [
            line(customs_value=9_000.0, trader_id=f"T-{each}", declaration_id=f"D-{each}", item_number=item)
            for each in ids
            for item in (1, 2)
        ],
        "audits": [audit(each, f"T-{each}", **days) for each in ids],
        "findings": [
            finding(
                each,
                item,
                amount=50.0,
                event_on=date(2025, 8, 1),
                declaration_id=f"D-{each}",
                item_number=item,
                finding_type="valuation",
            )
            for each in ids
            for item in (1, 2)
        ],
        "second_audits": [*(fault(each, 1) for each in ids[:-1]), fault(ids[-1], 0)],
    }


def detected(folder: Path, tables: Tables, *, cutoff: date = CUTOFF) -> Detection | None:
    write_parquet(folder / "data", tables)
    dataset = Dataset(
        data=str(folder / "data"), cutoff=cutoff, today=CUTOFF, home=folder / "home", stale=True
    )
    with dataset.open() as warehouse:
        return detection_in(warehouse, cutoff)


def test_second_audits_in_the_data_say_what_share_one_audit_finds(tmp_path: Path) -> None:
    """Of 16 faults of the first audits the second ones found 7, of 7 of the second ones the first ones 7."""
    found = detected(tmp_path, made_twice())
    assert found is not None
    assert found.share == pytest.approx((7 + 7) / (16 + 7))
    assert found.audits == VISITS
    assert found.low < found.share < found.high


def test_what_is_not_known_yet_or_names_no_goods_counts_on_neither_side(tmp_path: Path) -> None:
    assert detected(tmp_path, made_twice(), cutoff=date(2025, 9, 1)) is None
    tables = made_twice()
    tables["second_audits"] += [fault("A0", 2, None), fault("A1", 2, known_on=date(2026, 1, 1))]
    tables["findings"].append(
        finding("A0", 3, amount=9.0, event_on=date(2025, 8, 1), finding_type="valuation")
    )
    with_more = detected(tmp_path, tables)
    assert with_more == detected(tmp_path, made_twice())


def test_without_second_audits_or_with_few_nobody_knows_detection(tmp_path: Path) -> None:
    tables = made_twice()
    assert detected(tmp_path, {**tables, "second_audits": tables["second_audits"][:6]}) is None
    del tables["second_audits"]
    assert detected(tmp_path, tables) is None


def test_the_share_is_found_again_and_its_interval_holds_it() -> None:
    """Traders whose faults are found all or none, with the probability 0.4, by each of two audits."""
    rng, held = np.random.default_rng(1), 0
    for _ in range(100):
        faults = rng.integers(0, 12, (150, 2)) * (rng.random((150, 2)) < 0.4).astype(float)
        first, second = (faults * (rng.random(faults.shape) < 0.4) for _ in range(2))
        found = by_second_audits(first, second, np.minimum(first, second))
        assert found is not None
        held += found.low <= 0.4 <= found.high
    assert held >= 90
