"""Policies of the lab: by what score or plan traders are chosen, and how a quarter's hours are shared out."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from typing import Any

from features.errors import SettingError, unknown
from features.settings import read_toml
from models.plan.capacity import Capacity, GroupCap, OfficeHours

SCORES = ("declared_value", "rules", "indicators", "model")
IN_MONEY = ("indicators", "model")
"""Scores that are money to be found, so that traders are ordered by it for each hour."""


@dataclass(frozen=True)
class LabPolicy:
    """How a quarter's hours are spent: shares by lot, at the desk and on letters; visits get the rest.

    `score` orders traders, the best first, for each hour where it is money; `by_lot` draws visits with known
    probabilities from all who can be audited, larger ones more often, and before anybody is chosen. With a
    `plan` its capacity says all this: its caps and shares are kept, and its hours are those of the lab.
    """

    name: str
    score: str = "model"
    by_lot: float = 0.0
    desk: float = 0.0
    letters: float = 0.0
    plan: Capacity | None = None

    def content(self) -> dict[str, Any]:
        """Return the policy as data."""
        return {**vars(self), "plan": self.plan.content() if self.plan else None}


def _plan(*caps: GroupCap, aeo_share: float) -> Capacity:
    """Return the capacity of a plan that spends 15 % of all hours by lot, and 30 % at the desk.

    Hours cost nothing: they are given, and all policies are to spend them.
    """
    return Capacity(
        first_day=date(2025, 1, 1),
        last_day=date(2025, 3, 31),
        hour_costs=0.0,
        offices={"lab": OfficeHours(field=0.7, desk=0.3)},
        random_share=0.15 / 0.7,
        caps=caps,
        aeo_share=aeo_share,
    )


EQUITY = (GroupCap("size_band", "large", share=0.2), GroupCap("region", "XA-01", share=0.37))
"""Caps of `plan`: large traders are a twentieth of all, and 37 % belong to the first region; without caps
they get about a third and two fifths of the visits."""
POLICIES: Mapping[str, LabPolicy] = {
    policy.name: policy
    for policy in (
        LabPolicy("random", by_lot=1.0),
        LabPolicy("declared_value", score="declared_value"),
        LabPolicy("rules", score="rules"),
        LabPolicy("indicators", score="indicators"),
        LabPolicy("model"),
        LabPolicy("model_lottery", by_lot=0.15),
        LabPolicy("treatments", by_lot=0.15, desk=0.15, letters=0.15),
        LabPolicy("plan", plan=_plan(*EQUITY, aeo_share=0.5)),
        LabPolicy("plan_uncapped", plan=_plan(aeo_share=1.0)),
    )
}


def policy_of(name: str) -> LabPolicy:
    """Return a policy by its name, or from a TOML file: a capacity, or else with the keys of `LabPolicy`.

    Raises `SettingError` for a name or key that does not exist, and for shares that are none.
    """
    if not name.endswith(".toml"):
        if name not in POLICIES:
            raise unknown(name, POLICIES, what="There is no policy")
        return POLICIES[name]
    path = Path(name)
    content = read_toml(path)
    if "offices" in content:
        return LabPolicy(name=path.stem, plan=Capacity.read(path))
    known = [field.name for field in fields(LabPolicy) if field.name not in ("name", "plan")]
    for key in content:
        if key not in known:
            raise unknown(key, known, what=f"{path.name} has the key")
    if content.get("score", "model") not in SCORES:
        raise unknown(str(content["score"]), SCORES, what=f"{path.name} has the score")
    shares = [content.get(key, 0.0) for key in ("by_lot", "desk", "letters")]
    if not all(isinstance(each, int | float) and 0 <= each <= 1 for each in shares) or sum(shares) > 1:
        raise SettingError(
            f"{path.name} shares the hours out as {shares}.",
            expected="by_lot, desk and letters from 0 to 1, together at most 1.",
            advice="Visits by score get what is left.",
        )
    return LabPolicy(name=path.stem, **content)
