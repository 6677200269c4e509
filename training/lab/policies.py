"""Policies of the lab: by what score traders are chosen, and how the hours of a quarter are shared out."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from features.errors import SettingError, unknown
from features.settings import read_toml

SCORES = ("declared_value", "rules", "model")


@dataclass(frozen=True)
class LabPolicy:
    """How a quarter's hours are spent: shares by lot, at the desk and on letters; visits get the rest.

    `score` orders traders, the best for each hour first; `by_lot` draws visits with known probabilities from
    all who can be audited, larger ones more often, and before anybody is chosen.
    """

    name: str
    score: str = "model"
    by_lot: float = 0.0
    desk: float = 0.0
    letters: float = 0.0


POLICIES: Mapping[str, LabPolicy] = {
    policy.name: policy
    for policy in (
        LabPolicy("random", by_lot=1.0),
        LabPolicy("declared_value", score="declared_value"),
        LabPolicy("rules", score="rules"),
        LabPolicy("model"),
        LabPolicy("model_lottery", by_lot=0.15),
        LabPolicy("treatments", by_lot=0.15, desk=0.15, letters=0.15),
    )
}


def policy_of(name: str) -> LabPolicy:
    """Return a policy by its name, or from a TOML file whose keys are those of `LabPolicy`.

    Raises `SettingError` for a name or key that does not exist, and for shares that are none.
    """
    if not name.endswith(".toml"):
        if name not in POLICIES:
            raise unknown(name, POLICIES, what="There is no policy")
        return POLICIES[name]
    path = Path(name)
    content = read_toml(path)
    known = [field.name for field in fields(LabPolicy) if field.name != "name"]
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
