"""Comparison of a lab in MLflow: a run a policy, side by side as MLflow compares runs."""

from collections.abc import Sequence
from pathlib import Path

from features.clock import Clock
from training.lab.differences import Compared, Covered
from training.lab.policies import LabPolicy
from training.lab.text import in_words
from training.tracking.run import tracked


def log_comparison(
    policies: Sequence[LabPolicy],
    compared: Sequence[Compared],
    covered: Sequence[Covered],
    *,
    home: Path,
    clock: Clock,
) -> None:
    """Log each policy as a run in a home's MLflow: its settings, means, and differences to the first."""
    for policy in policies:
        own = [each for each in compared if each.policy == policy.name]
        with tracked(f"lab {policy.name}", home=home, clock=clock) as run:
            run.parameters(policy.content())
            run.metrics({each.measure: each.mean for each in own})
            run.metrics({f"{each.measure}_difference": each.difference for each in own})
            run.metrics({f"{each.measure}_error": each.error for each in own})
            run.describe(in_words(compared, covered))
