"""Select traders for audit: by biased rules of thumb, by tips, and by a small random draw."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from features.simulate.arrays import Flags, Floats, Whole
from features.simulate.audits.audit import DESK, FIELD, JOINT, LETTER, TREATMENTS, Cases
from features.simulate.chance import Chance
from features.simulate.clock import SCOPE_QUARTERS
from features.simulate.trade.traders import Traders
from features.simulate.trade.world import TEAMS, World
from features.simulate.worlds.parameters import AuditParameters

RANDOM_WEIGHT = np.array([1.0, 1.4, 2.0, 3.0])  # by size band
REST = 8  # quarters after an audit in which the rules do not select the trader again
CHANNELS = ("random", "rule", "referral", "joint_tax", "complaint", "model")
RANDOM, RULE, REFERRAL, JOINT_TAX, COMPLAINT, MODEL = range(len(CHANNELS))
ROLES = ("lottery", "certain", "top_up", "held_out", "control")
LOTTERY, CERTAIN, TOP_UP, HELD_OUT, CONTROL = range(len(ROLES))
NOBODY = -1


@dataclass(frozen=True)
class Sight:
    """The information of the administration on each trader when it selects (arrays of traders).

    `declared` is the customs value of the last year, `past_finding` and `broker_findings` are
    counts, `since_audit` quarters since the last audit opened, `tip` the weight of a complaint,
    and `suspected` whom officers have heard of.
    """

    declared: Floats
    past_finding: Floats
    broker_findings: Floats
    border_hits: Floats
    tax_audit: Flags
    since_audit: Whole
    busy: Flags
    tip: Floats
    suspected: Flags


@dataclass(frozen=True)
class Assignments:
    """What a quarter's selection assigned to each trader, treated or not (arrays of traders).

    - `treatment`: an index of `TREATMENTS`, -1 for none; `role`: an index of `ROLES`, -1 where no lot could
      fall on the trader and nobody chose it.
    - `probability` (traders, treatments): with which each treatment was drawn, not a number where nobody
      knows it.
    - `expected`: yield expected of a field audit, not a number where nothing was.
    """

    treatment: Whole
    role: Whole
    probability: Floats
    expected: Floats


@dataclass(frozen=True)
class Selection:
    """The selected audits of a quarter: cases, channel, inclusion probability (not a number: none), team.

    `assignments` are on record where they say with what probability who was selected, else None.
    """

    cases: Cases
    channel: Whole
    probability: Floats
    team: Whole
    assignments: Assignments | None = None


class Policy(Protocol):
    """How the audits of a quarter are chosen, from what is known on its first day."""

    def __call__(
        self, chance: Chance, world: World, *, traders: Traders, sight: Sight, quarter: int
    ) -> Selection:
        """Return the audits that open in the quarter, no trader outside `frame_of` among them."""


def select(chance: Chance, world: World, *, traders: Traders, sight: Sight, quarter: int) -> Selection:
    """Select the audits that open in a quarter; the random draw comes first and depends on nothing else."""
    audits = world.parameters.audits
    capacity = audits.a_year * traders.count / 4
    frame = frame_of(traders, sight=sight, quarter=quarter)
    inclusion = inclusion_probabilities(traders, frame=frame, expected=audits.random_share * capacity)
    drawn = chance.stream("random audits", quarter).random(traders.count) < inclusion
    targeted = round((1 - audits.random_share) * capacity)
    rested = frame & ~drawn & (sight.since_audit >= REST)
    channel = _targeted(
        chance, world, traders=traders, sight=sight, frame=rested, count=targeted, quarter=quarter
    )
    channel = np.where(drawn, RANDOM, channel)
    trader = np.flatnonzero(channel >= 0)
    treatment = _treatments(chance, audits, channel=channel[trader], quarter=quarter)
    team = _teams(
        chance, world, traders=traders, trader=trader, random=channel[trader] == RANDOM, quarter=quarter
    )
    return Selection(
        cases=Cases(trader=trader, treatment=treatment, skill=world.skill[team]),
        channel=channel[trader],
        probability=np.where(channel[trader] == RANDOM, inclusion[trader], np.nan),
        team=team,
        assignments=_assigned(trader, treatment, channel=channel, frame=frame, inclusion=inclusion),
    )


def _assigned(
    trader: Whole, treatment: Whole, *, channel: Whole, frame: Flags, inclusion: Floats
) -> Assignments:
    """Return what was assigned to everybody: the lot could fall on all in the frame, rules took others."""
    assigned = np.full(frame.size, NOBODY)
    assigned[trader] = treatment
    probability = np.zeros((frame.size, len(TREATMENTS)))
    probability[:, FIELD] = inclusion
    probability[channel > RANDOM] = np.nan
    role = np.where(channel == RANDOM, LOTTERY, np.where(channel > RANDOM, TOP_UP, CONTROL))
    return Assignments(
        treatment=assigned,
        role=np.where(frame, role, NOBODY),
        probability=probability,
        expected=np.full(frame.size, np.nan),
    )


def frame_of(traders: Traders, *, sight: Sight, quarter: int) -> Flags:
    """Return the sampling frame: traders alive, with declarations in the last year, and not audited in it.

    Scopes of one trader's audits therefore never overlap.
    """
    rested = (sight.since_audit >= SCOPE_QUARTERS) & ~sight.busy
    return traders.alive(quarter) & (sight.declared > 0) & rested


def inclusion_probabilities(traders: Traders, *, frame: Flags, expected: float) -> Floats:
    """Return the probability with which the random draw selects each trader (Poisson sampling by size band).

    Draws are independent, so each probability is exact whatever the frame (Särndal, Swensson and
    Wretman 1992); larger traders weigh more, as they do in real random programmes.
    """
    weight = RANDOM_WEIGHT[traders.band] * frame
    return np.minimum(expected * weight / max(float(weight.sum()), 1.0), 1.0)


def _targeted(
    chance: Chance,
    world: World,
    *,
    traders: Traders,
    sight: Sight,
    frame: Flags,
    count: int,
    quarter: int,
) -> Whole:
    """Return the channel by which each trader is selected, -1 for none."""
    stream = chance.stream("targeted audits", quarter)
    channel = np.full(traders.count, -1)
    weights = {
        REFERRAL: sight.border_hits,
        JOINT_TAX: sight.tax_audit.astype(np.float64),
        COMPLAINT: sight.tip,
    }
    audits = world.parameters.audits
    shares = {REFERRAL: audits.referrals, JOINT_TAX: audits.joint_tax, COMPLAINT: audits.complaints}
    for code, weight in weights.items():
        free = weight * (frame & (channel < 0))
        key = stream.exponential(size=traders.count) / np.maximum(free, 1e-12)
        number = min(round(shares[code] * count), int(np.count_nonzero(free)))
        channel[np.argsort(key, kind="stable")[:number]] = code
    score = rule_score(stream, world, traders=traders, sight=sight)
    score[~frame | (channel >= 0)] = -np.inf
    left = min(count - int(np.count_nonzero(channel >= 0)), int(np.count_nonzero(np.isfinite(score))))
    channel[np.argsort(-score, kind="stable")[:left]] = RULE
    return channel


def rule_score(stream: np.random.Generator, world: World, *, traders: Traders, sight: Sight) -> Floats:
    """Score traders as a risk unit without a model does, with its biases.

    Large traders come first; sectors are suspected by habit, not by record; strict offices send more
    cases; traders with findings are audited again, and so are clients of brokers with findings; half of
    the score is the officer's judgement, in some worlds helped by what officers have heard.
    """
    audits = world.parameters.audits
    return np.asarray(
        audits.size * np.log1p(sight.declared)
        + audits.prejudice * world.sector_suspect[traders.sector]
        + 0.50 * np.log(world.strictness[traders.office])
        + audits.record * np.minimum(sight.past_finding, 2)
        + 0.45 * np.log1p(sight.broker_findings)
        + 0.80 * np.log1p(sight.border_hits)
        - 0.60 * (traders.aeo > 0)
        + audits.suspicion * sight.suspected
        + audits.judgement * stream.standard_normal(traders.count)
    )


def _treatments(chance: Chance, audits: AuditParameters, *, channel: Whole, quarter: int) -> Whole:
    """Draw treatments: field audits for random draws (the reference), joint ones for tax cases."""
    stream = chance.stream("treatments", quarter)
    rest = 1 - audits.field_share
    odds = [audits.field_share, rest * 12 / 19, rest * 7 / 19]
    treatment = stream.choice([FIELD, DESK, LETTER], size=channel.size, p=odds)
    treatment = np.where(channel == RANDOM, FIELD, treatment)
    return np.where(channel == JOINT_TAX, JOINT, treatment)


def _teams(
    chance: Chance, world: World, *, traders: Traders, trader: Whole, random: Flags, quarter: int
) -> Whole:
    """Assign teams: any to random draws, so that their mean skill is one; better ones to large traders."""
    stream = chance.stream("teams", quarter)
    anyone = stream.integers(0, TEAMS, size=trader.size)
    best = np.argsort(-world.skill, kind="stable")[: TEAMS // 2]
    big = (traders.band[trader] >= 2) & (stream.random(trader.size) < 0.4) & ~random
    return np.where(big, best[stream.integers(0, best.size, size=trader.size)], anyone)
