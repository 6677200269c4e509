"""Alarms and leak reports: plain data, with a sentence for the person who must act on it."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import Self

from features.errors import DataError
from training.backtest.wilson import wilson

CHANCE = 0.001
SURE = NormalDist().inv_cdf(1 - CHANCE)
"""Standard errors that chance exceeds once in a thousand times."""


@dataclass(frozen=True)
class Alarm:
    """One way in which outcomes may have reached the data, and whether it looks so.

    `value` was measured, None where there is too little to measure; `limit` is what it must pass, by more
    than chance, to raise the alarm. `sentence` tells a person what was measured and what to do.
    """

    name: str
    raised: bool
    value: float | None
    limit: float | None
    sentence: str


@dataclass(frozen=True)
class LeakReport:
    """All alarms that were tried, in a fixed order."""

    alarms: tuple[Alarm, ...]

    @property
    def suspected(self) -> bool:
        """Whether any alarm is raised: such a model must not be promoted unseen."""
        return any(alarm.raised for alarm in self.alarms)

    @property
    def raised(self) -> tuple[Alarm, ...]:
        """The alarms that are raised."""
        return tuple(alarm for alarm in self.alarms if alarm.raised)

    def to_json(self) -> str:
        """Return the report as JSON text."""
        content = {"suspected": self.suspected, "alarms": [asdict(alarm) for alarm in self.alarms]}
        return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"

    def to_text(self) -> Iterator[str]:
        """Return what is suspected, alarm by alarm, then what could not be judged, as lines of text."""
        return alarm_lines(self.alarms, raised="LEAK SUSPECTED", silent="no leak suspected")

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Return the report that `to_json` wrote; raises `DataError` where it is none."""
        try:
            content = json.loads(text)
            report = cls(tuple(Alarm(**alarm) for alarm in content["alarms"]))
            if content["suspected"] is not report.suspected:
                raise ValueError("its alarms do not say whether a leak is suspected")
        except (ValueError, TypeError, KeyError) as error:
            raise unreadable("leak alarm", error) from error
        return report


def alarm_lines(alarms: Sequence[Alarm], *, raised: str, silent: str) -> Iterator[str]:
    """Yield what is raised, alarm by alarm, then what could not be judged; begins with one of the words."""
    sounding = [alarm for alarm in alarms if alarm.raised]
    unjudged = [alarm.name for alarm in alarms if alarm.value is None]
    if sounding:
        yield f"{raised}: {len(sounding)} of {len(alarms)} alarms are raised"
    else:
        yield f"{silent}: {len(alarms) - len(unjudged)} alarms are silent"
    for alarm in sounding:
        yield f"  {alarm.name}: {alarm.sentence}"
    if unjudged:
        yield f"not judged, for want of data: {', '.join(unjudged)}"


def unreadable(alarm: str, error: Exception) -> DataError:
    """Return the error of a report that is not as it was written."""
    return DataError(
        f"The report of the {alarm} cannot be read: {type(error).__name__}: {error}.",
        expected="a report as `audit-yield train` writes it.",
        advice="Train the model anew.",
    )


def unjudged(name: str, *, limit: float | None, reason: str) -> Alarm:
    """Return an alarm that is silent because there is too little to judge."""
    return Alarm(name, raised=False, value=None, limit=limit, sentence=f"Not judged: {reason}")


def too_often(
    name: str, count: int, *, of: int, limit: float, what: str, advice: str, fewest: int = 1
) -> Alarm:
    """Return an alarm that is raised when a share passes its limit, by more than chance.

    `what` describes the rows counted, in the plural: "lines that …".
    """
    if of < fewest:
        return unjudged(name, limit=limit, reason=f"{of:,} rows to look at, {fewest:,} are needed.")
    raised = least_share(count, of) > limit
    seen = f"{count:,} of {of:,} ({count / of:.1%}) {what}"
    return Alarm(name, raised, count / of, limit, f"{seen}. {advice}" if raised else f"{seen}.")


def least_share(count: int, of: int) -> float:
    """Return the lower end of a share's interval (Wilson 1927), that one time in a thousand is too high."""
    return wilson(count / of, of, z=SURE)[0]
