"""Worlds: the standard one is what it was, and whatever is drawn keeps the contract and adds up."""

import hashlib
import json
from dataclasses import fields, replace
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from features.data.check import check
from features.data.contract import TABLES
from features.data.warehouse import open_warehouse
from features.errors import SettingError
from features.simulate import simulate
from features.simulate.chance import Chance, heavy_tailed
from features.simulate.mechanisms import MECHANISMS, Scheme
from features.simulate.worlds import ranges
from features.simulate.worlds.description import as_lines
from features.simulate.worlds.drawn import draw
from features.simulate.worlds.named import WORLDS, parameters_of
from features.simulate.worlds.parameters import (
    STANDARD,
    AuditParameters,
    EvasionParameters,
    Parameters,
    SchemeParameters,
    TradeParameters,
)
from features.simulate.worlds.ranges import Range

LAST_DAY = date(2024, 12, 31)
SEEDS = (1, 2, 3, 4)
STANDARD_CONTENT = "85dcf5487099f5cecf2e5c8965d15f97fd92501d793842002de5aa36c726a86d"
ADDED = ["corrects", "recorded_by", "recorded_at", "confirmed"]
"""Columns that findings have since, empty here."""
REACTIONS = {"letter_reach", "letter_stop", "notified_stop", "cleared_ease", "adapts"}
"""How traders answer audits: the same in every drawn world."""
EVERY_RANGE = (*ranges.TRADE, *ranges.EVASION, *ranges.AUDITS, ranges.PHOENIXES, ranges.ASSISTS)


def _content(out: Path) -> str:
    """Digest what the tables of a simulation hold, amounts to the cent, whatever wrote the files."""
    digest = hashlib.sha256()
    written = [f"data/{table}" for table in TABLES if (out / "data" / f"{table}.parquet").exists()]
    for name in (*written, "truth/truth"):
        table = pq.read_table(out / f"{name}.parquet")
        for column in table.drop_columns(ADDED if name == "data/findings" else []).columns:
            amounts = pa.types.is_floating(column.type)
            values = pa.compute.round(column, 2) if amounts else column
            digest.update(repr(values.to_pylist()).encode())
    return digest.hexdigest()


@pytest.fixture(scope="module", params=SEEDS)
def drawn(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Parameters, Path]:
    """A drawn world, and where its administration is."""
    world, out = draw(request.param), tmp_path_factory.mktemp("drawn") / "out"
    simulate(out, traders=150, years=3, seed=request.param, world=world)
    return world, out


def test_the_standard_world_is_what_it_was_before_there_were_others(tmp_path: Path) -> None:
    simulate(tmp_path / "out", traders=250, years=3, seed=5)

    assert _content(tmp_path / "out") == STANDARD_CONTENT


def test_a_drawn_world_keeps_the_contract(drawn: tuple[Parameters, Path]) -> None:
    with open_warehouse(str(drawn[1] / "data")) as warehouse:
        assert check(warehouse, today=LAST_DAY).report.violations == ()


def test_tables_and_columns_that_are_left_out_are_absent_and_all_others_there(
    drawn: tuple[Parameters, Path],
) -> None:
    world, out = drawn
    required = {name for name, table in TABLES.items() if table.required}

    assert {path.stem for path in (out / "data").iterdir()} == required | set(world.tables)
    declared = set(pq.read_schema(out / "data" / "declarations.parquet").names)
    assert declared == set(TABLES["declarations"].names) - set(world.absent) - {"cancelled_on"}


def test_the_same_seed_draws_the_same_world_and_gives_the_same_bytes(
    drawn: tuple[Parameters, Path], tmp_path: Path
) -> None:
    world, out = drawn
    seed = int(world.about.split()[-1])

    simulate(tmp_path / "again", traders=150, years=3, seed=seed, world=draw(seed))

    for path in sorted(out.rglob("*.*")):
        assert path.read_bytes() == (tmp_path / "again" / path.relative_to(out)).read_bytes(), path.name


def test_the_truth_adds_up_over_mechanisms(drawn: tuple[Parameters, Path]) -> None:
    _, out = drawn
    truth, reference = (pq.read_table(out / "truth" / f"{n}.parquet") for n in ("truth", "reference_audits"))
    summed = np.sum([reference[f"expected_{name}"].to_numpy() for name in MECHANISMS], axis=0)

    assert reference.select(["trader_id", "cutoff"]).equals(truth.select(["trader_id", "cutoff"]))
    assert np.allclose(summed, truth["expected_yield"].to_numpy(), rtol=1e-9, atol=1e-6)
    assert np.abs(summed).sum() > 1000


def test_drawn_audits_follow_the_truth(drawn: tuple[Parameters, Path]) -> None:
    """Over all traders and cutoffs, as many drawn audits end with an adjustment as are expected to."""
    _, out = drawn
    chance = pq.read_table(out / "truth" / "truth.parquet")["probability"].to_numpy()
    reference = pq.read_table(out / "truth" / "reference_audits.parquet")
    adjusted = np.abs(reference["drawn_yield"].to_numpy()) > 0.005

    assert abs(adjusted.sum() - chance.sum()) < 4.5 * np.sqrt(np.sum(chance * (1 - chance))) + 1


def test_only_mechanisms_that_exist_hold_money(drawn: tuple[Parameters, Path]) -> None:
    world, out = drawn
    reference = pq.read_table(out / "truth" / "reference_audits.parquet")
    there = {name for name in MECHANISMS if np.any(reference[f"expected_{name}"].to_numpy() != 0)}

    exist = {s.name.lower() for s in Scheme if world.evasion.schemes[s].start > 0}
    assert there <= exist | {"mistake"} | ({"overpay"} if world.trade.overpayers else set())
    assert len(there) >= 3


def test_what_holds_in_a_world_stands_beside_its_truth(drawn: tuple[Parameters, Path]) -> None:
    world, out = drawn
    written = json.loads((out / "truth" / "world.json").read_text())

    assert written["trade"] == vars(world.trade)
    assert written["tables"] == list(world.tables)
    assert set(written["evasion"]["schemes"]) == {
        s.name.lower() for s in Scheme if world.evasion.schemes[s].start > 0
    }


def _only(scheme: Scheme) -> Parameters:
    """A world in which everybody soon takes up one scheme."""
    used = SchemeParameters(start=0.5, lowest=0.3, highest=0.5, coverage=1.0)
    schemes = tuple(used if each is scheme else SchemeParameters() for each in Scheme)
    return Parameters(
        trade=TradeParameters(assists=0.3, phoenixes=0.1), evasion=EvasionParameters(schemes=schemes)
    )


@pytest.mark.parametrize("scheme", Scheme)
def test_each_scheme_costs_money_by_itself(scheme: Scheme, tmp_path: Path) -> None:
    simulate(tmp_path / "out", traders=60, years=2, seed=1, world=_only(scheme))

    reference = pq.read_table(tmp_path / "out" / "truth" / "reference_audits.parquet")
    money = {name: pa.compute.sum(reference[f"expected_{name}"]).as_py() for name in MECHANISMS}
    assert money[scheme.name.lower()] > 0
    assert [
        name for name, sum_ in money.items() if sum_ and name not in {scheme.name.lower(), "mistake"}
    ] == []


def test_ranges_hold_every_parameter_and_every_draw_is_inside() -> None:
    by_name = {each.name: each for each in EVERY_RANGE}
    groups = (TradeParameters, EvasionParameters, AuditParameters)
    assert {each.name for group in groups for each in fields(group)} - {"schemes"} - REACTIONS == set(by_name)

    worlds = [draw(seed) for seed in range(300)]
    values = [vars(world.trade) | vars(world.evasion) | vars(world.audits) for world in worlds]
    for name, each in by_name.items():
        drawn_values = np.array([value[name] for value in values])
        assert np.all(_inside(each, drawn_values) | (drawn_values == 0)), name
        assert drawn_values.max() - drawn_values.min() > 0.9 * (each.highest - each.lowest), name


def _inside(drawn: Range, values: np.ndarray) -> np.ndarray:
    slack = 0.006 * max(abs(drawn.lowest), abs(drawn.highest))  # parameters are rounded to three digits
    return (values >= drawn.lowest - slack) & (values <= drawn.highest + slack)


def test_half_of_the_drawn_worlds_are_thin_and_each_scheme_exists_in_some() -> None:
    worlds = [draw(seed) for seed in range(300)]

    thin = [set(world.tables) <= {"tariff", "tax_returns"} for world in worlds]
    assert 0.4 < np.mean(thin) < 0.6
    exist = np.array([[each.start > 0 for each in world.evasion.schemes] for world in worlds])
    assert exist.sum(axis=1).min() == ranges.FEWEST_SCHEMES
    assert np.all((exist.mean(axis=0) > 0.4) & (exist.mean(axis=0) < 0.65))


def test_thin_tables_are_the_standard_world_without_its_optional_tables(tmp_path: Path) -> None:
    for world in (STANDARD, WORLDS["thin-tables"]):
        simulate(tmp_path / world.name, traders=60, years=2, seed=1, world=world)

    names = {path.stem for path in (tmp_path / "thin-tables" / "data").iterdir()}
    assert names == {"declarations", "traders", "audits", "findings"}
    for name in names:
        thin, full = (tmp_path / world / "data" / f"{name}.parquet" for world in ("thin-tables", "standard"))
        assert thin.read_bytes() == full.read_bytes()


def test_named_worlds_are_what_they_are_called(tmp_path: Path) -> None:
    truths = {}
    for name in ("standard", "refunds", "giants"):
        simulate(tmp_path / name, traders=400, years=3, seed=2, world=WORLDS[name])
        truths[name] = pq.read_table(tmp_path / name / "truth" / "truth.parquet")["expected_yield"].to_numpy()

    assert truths["standard"].sum() > 0 > truths["refunds"].sum()
    largest = {
        name: np.sort(truth)[-truth.size // 100 :].sum() / truth.sum() for name, truth in truths.items()
    }
    assert largest["giants"] > 1.2 * largest["standard"]
    silent = WORLDS["silent"].evasion
    assert {s for s in Scheme if silent.schemes[s].start} == {
        Scheme.OMIT_ASSIST,
        Scheme.UNDERDECLARE_QUANTITY,
    }
    assert silent.books_true == silent.gross_stays == 0


def test_a_world_that_is_not_there_is_refused_and_those_that_are_named() -> None:
    with pytest.raises(SettingError, match="atlantis"):
        parameters_of("atlantis", seed=1)

    assert [parameters_of(name, seed=1).name for name in WORLDS] == list(WORLDS)
    assert parameters_of("random", seed=7) == draw(7) != draw(8)


def test_a_world_is_described_by_what_differs_from_the_standard() -> None:
    world = replace(STANDARD, name="dear", trade=replace(STANDARD.trade, price_noise=2.0), tables=())

    lines = "\n".join(as_lines(world))

    assert "price_noise 2 (1)" in lines
    assert "size_spread" not in lines
    assert "missing tables: tariff" in lines


def test_heavy_tails_come_from_a_stream_of_their_own() -> None:
    noise = np.random.default_rng(1).standard_normal(100_000)
    heavy = heavy_tailed(Chance(1), "prices", noise, tail_weight=0.25)

    assert heavy_tailed(Chance(1), "prices", noise, tail_weight=0.0) is noise
    assert np.all(np.sign(heavy) == np.sign(noise))
    assert np.mean(np.abs(heavy) > 4) > 50 * np.mean(np.abs(noise) > 4)


def test_full_tables_add_levies_and_cancelled_entries_to_the_standard_world(tmp_path: Path) -> None:
    tables = {}
    for name in ("standard", "full-tables"):
        simulate(tmp_path / name, traders=60, years=2, seed=2, world=WORLDS[name])
        tables[name] = pq.read_table(tmp_path / name / "data" / "declarations.parquet")
    is_second = pc.greater_equal(tables["full-tables"]["declaration_id"], "D500000000")
    again = tables["full-tables"].filter(is_second)
    assert 0 < again["cancelled_on"].null_count < 0.2 * again.num_rows < 0.01 * is_second.length()
    first = tables["full-tables"].filter(pc.invert(is_second)).drop_columns("cancelled_on")
    assert first.equals(tables["standard"])
    with open_warehouse(str(tmp_path / "full-tables" / "data")) as warehouse:
        assert check(warehouse, today=LAST_DAY).report.violations == ()
        assert warehouse.table("levies").count().to_pyarrow().as_py() > 0
