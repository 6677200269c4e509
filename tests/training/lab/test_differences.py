"""Differences between policies, paired by seed and said beyond two standard errors; intervals counted."""

import re
from datetime import UTC, datetime
from html import escape
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from features.errors import SettingError
from training.lab.differences import MEASURES, compare, coverage
from training.lab.measures import ALL, ALL_YEARS, MEASURED, YEAR
from training.lab.policies import POLICIES
from training.lab.report import write_report
from training.lab.text import coverage_to_text, in_words, to_text
from training.lab.track import log_comparison
from training.tracking.store import experiment, store

NOT_MEASURED = (None, None, 0.0)


def _run(amount: float, *gaps: tuple[float | None, float | None, float]) -> pa.Table:
    """A run of four quarters of which all measures are `amount`, with (low, high, truth) of each year."""
    low, high, truth = ([gap[k] for gap in gaps or [NOT_MEASURED] * 4] for k in range(3))
    answers = [40.0 if amount else 0.0 for amount in truth]
    of_span = dict(zip(MEASURED, (truth, low, high, truth, answers), strict=True))
    spans = {
        f"{name}_{span}": pa.array(values, pa.float64())
        for span in (YEAR, ALL_YEARS)
        for name, values in of_span.items()
    }
    return pa.table(
        {"by": [ALL] * 4, "group": [""] * 4, **{name: [amount] * 4 for name in MEASURES}, **spans}
    )


def _runs(*amounts: float) -> list[pa.Table]:
    return [_run(amount) for amount in amounts]


BASE = [10.0, 20.0, 30.0, 40.0, 50.0]
MORE = [11.0, 21.5, 31.0, 41.5, 51.0]
UNSURE = [0.0, 40.0, 20.0, 60.0, 40.0]


def test_a_difference_is_called_one_only_beyond_two_standard_errors_of_five_seeds() -> None:
    runs = {"rules": _runs(*BASE), "more": _runs(*MORE), "unsure": _runs(*UNSURE)}

    by_policy = {each.policy: each for each in compare(runs) if each.measure == "captured_share"}
    few = list(compare({"rules": _runs(*BASE[:4]), "more": _runs(*MORE[:4])}))

    assert by_policy["more"].difference == pytest.approx(1.2)
    assert by_policy["more"].error == pytest.approx(np.std([1, 1.5, 1, 1.5, 1], ddof=1) / 5**0.5)
    assert (by_policy["more"].is_clear, by_policy["unsure"].is_clear) == (True, False)
    assert not any(each.is_clear for each in few)
    words = [line for line in to_text(list(compare(runs))) if line.startswith("captured_share")]
    assert [line.split()[-1] for line in words[1:]] == ["more", "tell"]


def test_the_paragraph_says_what_differs_and_of_what_it_cannot() -> None:
    runs = {"rules": _runs(*BASE), "more": _runs(*MORE), "unsure": _runs(*UNSURE)}

    assert in_words(list(compare(runs)), list(coverage(runs))) == (
        "Over 5 seeds, beside rules: more books 4% more, leaves unpaid 4% more, visits in vain 4% more. "
        "unsure cannot be told from it."
    )


def test_intervals_are_counted_where_there_are_any() -> None:
    years = [(5.0, 15.0, 10.0), (5.0, 9.0, 10.0), (None, None, 10.0), (8.0, 18.0, 10.0)]
    runs = {"lottery": [_run(1.0, *years)] * 2, "none": _runs(1.0)}

    of_year, _, none, _ = coverage(runs)

    assert (of_year.given, of_year.answers) == (0.75, 40.0)
    assert of_year.covered == pytest.approx(2 / 3)  # the second lies below the truth
    assert of_year.error == 0.0
    assert of_year.half_width == 0.5  # of 0.5, 0.2 and 0.5
    assert of_year.needed == 160.0  # four times as many for half the width
    assert (none.given, none.covered, none.half_width, none.needed) == (0.0, None, None, None)
    assert [line.split()[2] for line in coverage_to_text([of_year, none])][1:] == ["lottery"]


def test_the_page_says_the_paragraph_and_needs_no_other_file(tmp_path: Path) -> None:
    runs = {"rules": _runs(*BASE), "<b>more</b>": _runs(*MORE)}
    compared, covered = list(compare(runs)), list(coverage(runs))
    one, other = tmp_path / "one.html", tmp_path / "other.html"
    write_report(runs, compared, covered, path=one)
    write_report(runs, compared, covered, path=other)
    page = one.read_text(encoding="utf-8")

    assert escape(in_words(compared, covered)) in page
    assert "<b>more" not in page
    assert page.count("<svg ") == 2
    assert not re.search(r"(src|href)=\"(?!#)", page)
    assert one.read_bytes() == other.read_bytes()


@pytest.mark.long
def test_mlflow_has_a_run_a_policy(tmp_path: Path) -> None:
    runs = {"rules": _runs(*BASE), "model": _runs(*MORE)}
    policies = [POLICIES["rules"], POLICIES["model"]]
    compared, covered = list(compare(runs)), list(coverage(runs))
    log_comparison(policies, compared, covered, home=tmp_path, clock=lambda: datetime(2025, 1, 1, tzinfo=UTC))

    client = store(tmp_path)
    logged = client.search_runs([experiment(client, tmp_path)])

    assert {run.info.run_name: run.info.status for run in logged} == {
        "lab rules": "FINISHED",
        "lab model": "FINISHED",
    }
    differences = sorted(run.data.metrics["assessed_amount_difference"] for run in logged)
    assert differences == pytest.approx([0.0, 4.8])  # of four quarters


def test_groups_that_there_are_not_are_refused() -> None:
    with pytest.raises(SettingError, match="Did you mean 'sector'"):
        list(compare({"rules": _runs(1.0)}, by="sektor"))
