"""Stored plans: sealed, drawn again to the bit, one a period, and nobody chooses the seed."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from features.errors import DataError, SettingError
from models.plan.audit_plan import make_plan
from models.plan.store import (
    FOLDER,
    RECORD,
    TABLE,
    StoredPlan,
    drawn_by,
    names,
    new_name,
    nonce_of,
    read_plan,
    require_same_draw,
    seed_of,
    write_plan,
)
from models.plan.text import plan_to_text
from tests.models.plan.small import capacity, population

NAME = "2025-01-01_2025-12-31-1"


def stored(
    home: Path,
    *,
    name: str = NAME,
    seed: int | None = None,
    trader_ids: Sequence[str] | None = None,
    reason: str | None = None,
) -> StoredPlan:
    candidates, given, nonce = population(200), capacity(caps=()), nonce_of(home)
    candidates = replace(candidates, trader_ids=tuple(trader_ids)) if trader_ids else candidates
    own = seed_of(candidates, given, nonce=nonce, name=name) if seed is None else seed
    about = {
        "as_of": "2025-01-01",
        "made_at": "2025-01-01T08:00:00+00:00",
        "reason": reason,
        "drift": None,
        "model": {"version": "1", "digest": "d"},
        "capacity": given.content(),
        "aeo_price": 1_234.0,
        "drawn_by": drawn_by(own, nonce),
    }
    return write_plan(make_plan(candidates, given, seed=own), home, name=name, about=about)


def test_a_plan_is_read_as_it_was_written_and_drawn_again(tmp_path: Path) -> None:
    first = stored(tmp_path)
    require_same_draw(first)
    assert read_plan(tmp_path, NAME).table.equals(first.table)
    assert first.capacity == capacity(caps=())
    assert names(tmp_path) == [NAME]


@pytest.mark.parametrize("file", [TABLE, RECORD])
def test_a_plan_that_was_changed_is_not_trusted(tmp_path: Path, file: str) -> None:
    stored(tmp_path)
    path = tmp_path / FOLDER / NAME / file
    content = path.read_bytes()
    path.write_bytes(
        content.replace(b'"value": ', b'"value": 1') if file == RECORD else content[:-9] + b"x" * 9
    )
    with pytest.raises(DataError, match="cannot be trusted"):
        read_plan(tmp_path, NAME)


def test_a_seed_that_somebody_chose_is_found(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="its seed does not follow"):
        require_same_draw(stored(tmp_path, seed=1))


def test_another_draw_under_the_seal_is_found(tmp_path: Path) -> None:
    """Who can write the home can seal anew; the draw still does not come out."""
    first = stored(tmp_path)
    treatment = first.table["treatment"].to_pylist()[::-1]
    altered = first.table.set_column(
        first.table.column_names.index("treatment"), "treatment", pa.array(treatment)
    )
    with pytest.raises(DataError, match="another draw comes out: treatment"):
        require_same_draw(StoredPlan(first.name, first.record, altered))


def test_a_second_plan_of_a_period_needs_a_reason_and_both_stay(tmp_path: Path) -> None:
    assert new_name(tmp_path, capacity(), reason=None) == NAME
    stored(tmp_path)
    for reason in (None, "  "):
        with pytest.raises(SettingError, match="has a plan already"):
            new_name(tmp_path, capacity(), reason=reason)
    second = new_name(tmp_path, capacity(), reason="the office of XA2 burned down")
    assert second == "2025-01-01_2025-12-31-2"
    stored(tmp_path, name=second)
    assert names(tmp_path) == [NAME, second]


def test_the_secret_number_is_made_once_and_for_the_owner_alone(tmp_path: Path) -> None:
    assert nonce_of(tmp_path) == nonce_of(tmp_path)
    assert (tmp_path / FOLDER / "nonce").stat().st_mode & 0o077 == 0
    assert nonce_of(tmp_path) != nonce_of(tmp_path / "another")


def test_a_plan_that_there_is_not_is_said(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="There is no plan yet"):
        read_plan(tmp_path, NAME)
    stored(tmp_path)
    with pytest.raises(SettingError, match="There is no plan '2025-01-01_2025-12-31-7'"):
        read_plan(tmp_path, "2025-01-01_2025-12-31-7")


def test_the_text_says_what_hours_and_caps_are_worth(tmp_path: Path) -> None:
    lines = list(plan_to_text(stored(tmp_path), top=3))
    assert lines[0] == f"Plan {NAME}, 2025-01-01 to 2025-12-31, by model version 1."
    assert any("hours of XA1: one hour more is worth" in each for each in lines)
    assert any("size band large:" in each for each in lines)
    assert "  desk work before visits of the authorised (AEO) costs 1,234" in lines
    assert len(lines) - 1 - next(k for k, each in enumerate(lines) if each.startswith("trader ")) == 3


def test_the_record_is_json_that_anybody_can_read(tmp_path: Path) -> None:
    stored(tmp_path)
    record = json.loads((tmp_path / FOLDER / NAME / RECORD).read_text())
    assert record["caps"][0]["name"] == "field hours of XA1"
    assert {"value", "bound", "draws", "table", "seal"} <= set(record)
