"""The command's promises: same bytes, safe writing, arguments that are checked."""

from pathlib import Path

import pytest

from features.errors import OutputError, SettingError
from features.simulate import simulate


def _bytes(out: Path) -> dict[str, bytes]:
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in sorted(out.rglob("*.parquet"))}


def test_the_same_arguments_give_the_same_bytes_and_another_seed_does_not(tmp_path: Path) -> None:
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        simulate(tmp_path / name, traders=80, years=2, seed=seed)

    assert _bytes(tmp_path / "a") == _bytes(tmp_path / "b")
    other = _bytes(tmp_path / "c")
    assert all(content != other[name] for name, content in _bytes(tmp_path / "a").items())


def test_progress_counts_every_quarter_and_the_summary_every_row(tmp_path: Path) -> None:
    calls: list[tuple[int, int]] = []

    summary = simulate(
        tmp_path / "out",
        traders=60,
        years=2,
        seed=1,
        progress=lambda done, total: calls.append((done, total)),
    )

    assert calls == [(quarter, 8) for quarter in range(1, 9)]
    assert summary.out == tmp_path / "out"
    assert summary.rows["declarations"] > 60 * 2 * 10


@pytest.mark.parametrize(
    "arguments", [{"traders": 3}, {"years": 1}, {"years": 50}, {"seed": -1}], ids=lambda given: str(given)
)
def test_arguments_that_cannot_be_used_are_named_and_nothing_is_written(
    arguments: dict[str, int], tmp_path: Path
) -> None:
    (name,) = arguments
    given = {"traders": 60, "years": 2, "seed": 1, **arguments}
    with pytest.raises(SettingError, match=name):
        simulate(tmp_path / "out", traders=given["traders"], years=given["years"], seed=given["seed"])

    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_other_things_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("years of work")

    with pytest.raises(OutputError, match="not a simulation"):
        simulate(tmp_path / "out", traders=60, years=2, seed=1, overwrite=True)

    assert (tmp_path / "out" / "thesis.txt").read_text() == "years of work"


def test_an_earlier_simulation_is_replaced_only_on_request(tmp_path: Path) -> None:
    simulate(tmp_path / "out", traders=60, years=2, seed=1)
    before = _bytes(tmp_path / "out")

    with pytest.raises(OutputError, match="already"):
        simulate(tmp_path / "out", traders=60, years=2, seed=2)
    assert _bytes(tmp_path / "out") == before

    simulate(tmp_path / "out", traders=60, years=2, seed=2, overwrite=True)
    assert _bytes(tmp_path / "out") != before


def test_a_run_that_is_stopped_leaves_the_earlier_simulation(tmp_path: Path) -> None:
    simulate(tmp_path / "out", traders=60, years=2, seed=1)
    before = _bytes(tmp_path / "out")

    def stop(done: int, total: int) -> None:
        if done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate(tmp_path / "out", traders=60, years=2, seed=2, overwrite=True, progress=stop)

    assert _bytes(tmp_path / "out") == before
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == ["out"]
