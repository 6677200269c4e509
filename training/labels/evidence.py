"""Evidence of the label alarm: outcomes beside what models that had not seen them expected."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

import numpy as np
import pyarrow as pa

from features.as_known import known_before
from features.data.warehouse import Warehouse
from models.fitting.glm import logistic
from models.prediction import ExpectedOutcome, Floats
from training.leaks.area import Flags

RAREST = 1e-4
"""No chance is taken for smaller, or for surer, than this."""
ROBUST = 1.4826
"""A normal's standard deviation over its median absolute deviation."""
CIRCUMSTANCES = ("treatment", "selection_channel")


@dataclass(frozen=True)
class KnownOutcomes:
    """Outcomes of the same audits, as the champion's training knew them and as the ledger has them now.

    Both are as known before the same day, so that a ledger to which rows are only added has the same.
    """

    champion: str
    audit_ids: tuple[str, ...]
    then: Floats
    now: Floats


@dataclass(frozen=True)
class LabelEvidence:
    """Labelled audits, row for row with what was expected of each by those who had not seen it.

    - `audits`: rows of `features.outcomes`.
    - `expected`: of a reference audit (`models.base.YieldModel.held_out_`).
    - `actors`: who recorded the findings of each audit, where the ledger says so, by audit.
    - `known`: what the champion's training knew, where there is a champion.
    """

    audits: pa.Table
    expected: ExpectedOutcome
    actors: Mapping[str, str] = field(default_factory=dict)
    known: KnownOutcomes | None = None

    @cached_property
    def y(self) -> Floats:
        """The money found (n,), signed."""
        return self.audits["yield_amount"].to_numpy()  # type: ignore[no-any-return]

    @cached_property
    def hit(self) -> Flags:
        """Whether each audit booked an adjustment."""
        return np.asarray(self.y != 0, dtype=np.bool_)

    @cached_property
    def groups(self) -> Mapping[str, np.ndarray]:
        """The group of each audit (n,), by kind of group: team, actor, month in which it closed."""
        actors = [self.actors.get(audit) for audit in self.audits["audit_id"].to_pylist()]
        months = [f"{day:%Y-%m}" for day in self.audits["closed_on"].to_pylist()]
        columns = {"team": self.audits["team_id"].to_pylist(), "actor": actors, "month": months}
        return {kind: np.array(values, dtype=object) for kind, values in columns.items()}

    @cached_property
    def log_excess(self) -> Floats:
        """The log of each amount over the one expected of an adjustment, less the middle one; NaN without."""
        excess = np.full(len(self.y), np.nan)
        excess[self.hit] = np.log(np.abs(self.y[self.hit]) / self.expected.amount[self.hit])
        return excess - np.nanmedian(excess) if self.hit.any() else excess

    @cached_property
    def spread(self) -> float:
        """The standard deviation of `log_excess`, from its median absolute deviation: outliers leave it."""
        return ROBUST * float(np.nanmedian(np.abs(self.log_excess)))

    def log_odds(self, rows: Flags) -> Floats:
        """Return the log-odds of an adjustment in some rows, as all others have it.

        The others teach the level, and what treatment and selection channel change: the expectation is that
        of a reference audit, and teams do not share them evenly.
        """
        chance = np.clip(self.expected.probability, RAREST, 1 - RAREST)
        effects = [
            values == level
            for values in (np.array(self.audits[name].to_pylist()) for name in CIRCUMSTANCES)
            for level in np.unique(values)
        ]
        design = np.column_stack([np.ones_like(chance), np.log(chance / (1 - chance)), *effects])
        fitted = logistic(
            design[~rows],
            self.hit[~rows].astype(np.float64),
            weight=np.ones(int((~rows).sum())),
            ridge=np.append([0.0, 1.0], np.ones(len(effects))),
            prior=np.append([0.0, 1.0], np.zeros(len(effects))),
        )
        return np.asarray(design[rows] @ fitted, np.float64)


def recorded_by(warehouse: Warehouse, *, cutoff: date) -> Mapping[str, str]:
    """Return who recorded the findings of each audit, as known by a cutoff; none where no ledger says so.

    Of several the first by name stands for all.
    """
    findings = warehouse.table("findings")
    if "recorded_by" not in findings.columns:
        return {}
    known = findings.filter(known_before(findings, cutoff), findings.recorded_by.notnull())
    actors = known.group_by("audit_id").aggregate(actor=known.recorded_by.min()).to_pyarrow()
    return dict(zip(actors["audit_id"].to_pylist(), actors["actor"].to_pylist(), strict=True))
