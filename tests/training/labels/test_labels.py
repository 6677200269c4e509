"""The label alarm: what it doubts is named; honest outcomes, honest teams and few audits leave it silent."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest

from features.errors import DataError
from models.prediction import ExpectedOutcome, Floats
from training.labels import KnownOutcomes, LabelEvidence, label_report
from training.labels.report import LabelReport
from training.leaks.alarm import Alarm

COUNT = 500
TEAM = np.array([f"K{number % 8}" for number in range(COUNT)])
RNG = np.random.default_rng(1)
CHANCE = RNG.uniform(0.05, 0.4, COUNT)
AMOUNT = RNG.lognormal(8, 1, COUNT)
HONEST = np.where(RNG.random(COUNT) < CHANCE, AMOUNT * RNG.lognormal(0, 1.3, COUNT), 0.0)


def evidence(y: Floats, *, actors: Mapping[str, str] | None = None) -> LabelEvidence:
    """Audits of eight teams, one after the other, ten a month; what is expected of them is right."""
    count = len(y)
    audits = pa.table(
        {
            "audit_id": [f"A{number}" for number in range(count)],
            "closed_on": [date(2021, 1, 1) + timedelta(days=3 * number) for number in range(count)],
            "treatment": ["field", "desk"] * (count // 2),
            "selection_channel": ["rule"] * count,
            "team_id": pa.array(TEAM[:count].tolist(), pa.string()),
            "yield_amount": pa.array(y, pa.float64()),
        }
    )
    chance, amount = CHANCE[:count], AMOUNT[:count]
    expected = ExpectedOutcome(chance * amount, chance, amount, np.ones(count))
    return LabelEvidence(audits, expected, actors=actors or {})


def raised(evidence: LabelEvidence) -> dict[str, str]:
    return {alarm.name: alarm.sentence for alarm in label_report(evidence).raised}


def test_honest_outcomes_are_not_doubted() -> None:
    assert raised(evidence(HONEST)) == {}


def test_a_team_that_invents_findings_is_named() -> None:
    invented = (TEAM == "K3") & (HONEST == 0) & (RNG.random(COUNT) < 0.5)
    doubts = raised(evidence(np.where(invented, 5_000.0, HONEST)))
    assert "hits_by_team" in doubts
    assert doubts["hits_by_team"].startswith("K3 books ")


def test_a_team_that_books_ten_times_too_much_is_named_and_one_that_books_a_quarter_more_is_not() -> None:
    doubts = raised(evidence(np.where(TEAM == "K3", 10 * HONEST, HONEST)))
    assert list(doubts) == ["amounts_by_team"]
    assert doubts["amounts_by_team"].startswith("K3 books ")
    assert raised(evidence(np.where(TEAM == "K3", 1.25 * HONEST, HONEST))) == {}


def test_who_records_a_hundred_times_too_much_is_named() -> None:
    """In every team a few: by team nothing stands out so far."""
    theirs = np.flatnonzero(HONEST)[::8]
    y = HONEST.copy()
    y[theirs] *= 100
    actors = {f"A{number}": "clerk 7" if number in theirs else "clerk 1" for number in np.flatnonzero(HONEST)}
    doubts = raised(evidence(y, actors=actors))
    assert doubts["amounts_by_actor"].startswith("clerk 7 books ") or doubts["amounts_by_actor"].startswith(
        "clerk 1 books 0.0"
    )


def test_a_month_in_which_nearly_every_audit_finds_something_is_named() -> None:
    doubts = raised(evidence(np.where((np.arange(COUNT) >= 111) & (np.arange(COUNT) < 121), AMOUNT, HONEST)))
    assert doubts["hits_by_month"].startswith("2021-12 books ")


def test_one_absurd_amount_is_named_by_its_audit_and_changes_nothing_about_its_team() -> None:
    first = int(np.flatnonzero(HONEST)[0])
    y = HONEST.copy()
    y[first] = 1e12
    doubts = raised(evidence(y))
    assert list(doubts) == ["single_amounts"]
    assert f"A{first} (1,000,000,000,000.00)" in doubts["single_amounts"]


@pytest.mark.parametrize(("changed", "doubted"), [(0, False), (5, False), (6, True)])
def test_a_ledger_whose_past_was_changed_is_doubted_beyond_what_a_clerk_puts_right(
    changed: int, doubted: bool
) -> None:
    """Of 500 audits five are one in a hundred; that one is gone from the data is a change too."""
    now = HONEST.copy()
    now[:changed] = np.where(HONEST[:changed] == 0, 700.0, 0.0)
    if changed:
        now[changed - 1] = np.nan
    known = KnownOutcomes("4", tuple(f"A{number}" for number in range(COUNT)), HONEST, now)
    doubts = raised(replace(evidence(HONEST), known=known))
    assert ("changed_outcomes" in doubts) is doubted
    if doubted:
        assert doubts["changed_outcomes"].startswith("6 of 500 audits by which version 4 was tested have")


@pytest.mark.parametrize("count", [0, 2, 30])
def test_few_audits_are_not_judged(count: int) -> None:
    report = label_report(evidence(HONEST[:count]))
    assert report.raised == ()
    assert "not judged, for want of data: changed_outcomes, single_amounts" in list(report.to_text())[-1]


def test_a_report_is_read_as_it_was_written_or_refused() -> None:
    report = LabelReport((Alarm("hits_by_team", True, 3.0, 1.5, "K3."), Alarm("b", False, None, None, "-")))
    assert LabelReport.from_json(report.to_json()) == report
    assert next(report.to_text()) == "OUTCOMES DOUBTED: 1 of 2 alarms are raised"
    for text in ("", "[]", "{}", '{"alarms": [{"name": "a"}]}'):
        with pytest.raises(DataError, match="label alarm cannot be read"):
            LabelReport.from_json(text)
