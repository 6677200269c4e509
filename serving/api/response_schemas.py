"""Response schemas of the OpenAPI document, which shows their names; answers are serialised without them."""

from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.dataclasses import dataclass

from features.data.contract.required import FINDING_TYPES
from models.card import BY_INDICATORS, LEARNED
from models.reasons import Reason
from serving.api.serialise import JsonObject, unknown_problem


class ResponseSchema(BaseModel):
    """Base of every response: no members but these."""

    model_config = ConfigDict(extra="forbid")


EXAMPLE_PROBLEM: JsonObject = unknown_problem(["T9999999"]).document()


class Problem(BaseModel):
    """A problem document (RFC 9457), with members of its kind besides."""

    model_config = ConfigDict(extra="allow", json_schema_extra={"examples": [EXAMPLE_PROBLEM]})
    type: str
    title: str
    status: int
    detail: str
    expected: str | None = None
    advice: str | None = None


class Basis(ResponseSchema):
    """What an answer rests on; `snapshot_digest` is null where features came from declarations sent along."""

    model_version: str
    model_digest: str
    feature_digest: str
    as_of: date = Field(description="The day of the snapshot: what was known before it counts.")
    snapshot_digest: str | None
    ranked: str = Field(description=f"What the ranking is by: '{BY_INDICATORS}', or '{LEARNED}'.")
    warnings: list[str] = Field(
        description="What must be known of such an answer, such as that the model learned of later days."
    )


ByType = dict[str, float]
OF_TYPES = Field(description=f"`expected` by finding type: {', '.join(FINDING_TYPES)}; adds up to it.")

COVERAGE = "A share of 0.9 (the model's coverage)"


class Said(ResponseSchema):
    """What an audit of a trader would bring, in units of the reporting currency, to two decimals."""

    trader_id: str
    prediction_id: str
    expected: float
    probability: float = Field(ge=0, le=1)
    low: float = Field(le=0, description=f"{COVERAGE} of such audits, or more, bring from `low` to `high`.")
    high: float = Field(ge=0, description="The upper end; 0, nothing found, is always in between.")
    low_if_adjusted: float = Field(
        description=f"{COVERAGE} of such audits that end in an adjustment, up or down, bring from "
        "`low_if_adjusted` to `high_if_adjusted`."
    )
    high_if_adjusted: float = Field(description="The upper end of it.")
    by_type: ByType = OF_TYPES


class Predicted(Said):
    """A prediction of a trader of the snapshot; `rank` 1 is the highest expected yield."""

    rank: int | None = Field(
        ge=1, description="Among all traders; null for a token that is limited to some of them."
    )


class NotPredicted(ResponseSchema):
    """A trader of whom nothing can be said."""

    trader_id: str
    problem: Problem


class PredictAnswer(ResponseSchema):
    """Predictions in the order of the traders asked for."""

    basis: Basis
    answers: list[Predicted | NotPredicted]
    unknown: list[str]


@dataclass(frozen=True, config=ResponseSchema.model_config)
class ReasonGiven(Reason):
    """What one feature adds to the expected money, or takes away.

    `value` is null where unknown; at `turns_at` it would do the opposite; `why` is empty where the value says
    nothing by itself.
    """


class ReasonOfType(ResponseSchema):
    """What one feature adds, or takes away, among those of its topic and finding type."""

    feature: str
    label: str
    sentence: str
    why: str
    value: float | None
    turns_at: float | None
    money: float


class TypeGiven(ResponseSchema):
    """What the features of a topic that speak of one finding type add together, or take away."""

    finding_type: str | None = Field(description="Null: of none in particular.")
    money: float
    reasons: list[ReasonOfType] = Field(
        description="The weightiest first; with `silent_money` they add up to `money`."
    )
    silent: list[str] = Field(description="Features whose value says nothing by itself.")
    silent_money: float = Field(description="What these add together.")


class TopicGiven(ResponseSchema):
    """What the features of a topic add together, or take away: up and down are netted."""

    topic: str
    money: float
    feature: str | None = Field(
        description="The weightiest feature that says something and points the same way as the topic, if any."
    )
    sentence: str = Field(description="Its sentence.")
    why: str = Field(description="What follows from it.")
    features: list[str] = Field(description="All features of the topic, the weightiest first.")
    by_type: list[TypeGiven] = Field(description="The same by finding type; they add up to `money`.")


TOPICS = Field(
    description="All reasons by topic, the weightiest first; with `base` they add up to `expected`."
)


class EvidenceGiven(ResponseSchema):
    """The rows behind a feature's value, each with its `share` of it where it is a sum of them."""

    feature: str
    label: str
    sentence: str
    value: float | None
    additive: bool
    rows: list[dict[str, Any]]
    rows_in_all: int


class ExplainAnswer(ResponseSchema):
    """Why: `base`, the money of the reasons and `rest` (all others) add up to `expected` exactly."""

    basis: Basis
    prediction: Predicted
    base: float
    topics: list[TopicGiven] = TOPICS
    reasons: list[ReasonGiven]
    rest: float
    rest_count: int
    evidence: list[EvidenceGiven]


class Change(ResponseSchema):
    """A feature whose value the added declarations change."""

    feature: str
    label: str
    before: float | None
    after: float | None


class WhatIfAnswer(ResponseSchema):
    """The prediction with the declarations added.

    `expected_before` and `changes` are null where the snapshot is of another day or has no such trader.
    """

    basis: Basis
    prediction: Said
    expected_before: float | None
    changes: list[Change] | None
    base: float
    topics: list[TopicGiven] = TOPICS
    reasons: list[ReasonGiven]
    rest: float
    rest_count: int


class Ranked(Predicted):
    """A trader in the ranking, with what is known of it."""

    rank_before: int | None = Field(
        description="Its rank a month before, by this model on what was known then; null: none, or not known."
    )
    name: str | None
    sector: str | None
    size_band: str | None
    region: str | None
    office_code: str | None = Field(description="The customs office of most of its lines of 12 months.")
    last_opened_on: date | None = Field(description="The day on which its last audit was opened.")
    is_audited: bool = Field(description="Whether an audit of it is planned or open.")
    is_tax_audited: bool = Field(description="Whether an audit by the tax administration is open.")
    aeo_status: str | None = Field(description="none, aeo_c, aeo_s, aeo_f; null where unknown.")
    aeo_revalidation_due: date | None = Field(
        description="The day by which its authorisation must be looked at again."
    )
    expected_hours: float = Field(description="Hours that a field audit of it is expected to take.")
    money_an_hour: float = Field(description="`expected` for each of these hours.")
    features: dict[str, float | None] = Field(
        description="Values of the features asked for as `columns`; null where unknown."
    )


class RankingAnswer(ResponseSchema):
    """A page of the ranking."""

    basis: Basis
    page: int
    pages: int
    total: int = Field(description="Traders that the filters leave.")
    month_before: date | None = Field(
        description="The day of `rank_before`; null where no snapshot of about then is kept."
    )
    rows: list[Ranked]


class PlanListed(ResponseSchema):
    """A plan of a period: when it was made, by which model, and how many traders it treats."""

    name: str
    first_day: date
    last_day: date
    as_of: date
    model_version: str
    treated: int


class PlansAnswer(ResponseSchema):
    """The plans of the home, in the order of their periods."""

    basis: Basis
    plans: list[PlanListed]


class CapGiven(ResponseSchema):
    """A cap of a plan: what it bounds, how much of it is used, and what one more would bring in money."""

    name: str
    kind: str = Field(description="hours of an office and skill, a count of visits, or a share of them.")
    bound: float
    used: float
    price: float


class Assigned(ResponseSchema):
    """What a plan assigns to a trader; a probability is null for who fills hours, whose nobody knows."""

    trader_id: str
    treatment: str = Field(description="none, letter, desk, field or joint.")
    role: str = Field(description="certain, lottery, top_up, held_out, control; empty: not to be treated.")
    hours: float
    net_effect: float = Field(description="Money: booked and paid later, less what the hours cost.")
    office: str
    expected_yield: float = Field(description="Money that a field audit would bring.")
    probability_letter: float | None
    probability_desk: float | None
    probability_field: float | None
    probability_joint: float | None


class GroupBurdenGiven(ResponseSchema):
    """The burden of a plan on a group of traders, beside that of the best plan without the caps on visits."""

    by: str = Field(description="size_band, sector, region or aeo.")
    group: str
    traders: int = Field(description="Traders of the group.")
    visits: int
    selection_rate: float
    hours: float
    in_vain: float = Field(description="Visits that are expected to end without an adjustment.")
    visits_without_caps: float
    hours_without_caps: float


class PlanAnswer(PlanListed):
    """A plan: its worth, its caps with their prices, and the traders treated, those worth most first."""

    basis: Basis
    made_at: str
    reason: str | None = Field(description="Why it is not the first of its period.")
    value: float = Field(description="Expected net effect.")
    bound: float = Field(description="No plan within the caps is worth more on average over all draws.")
    value_without_caps_on_groups: float
    caps: list[CapGiven]
    burdens: list[GroupBurdenGiven]
    traders: list[Assigned] = Field(description="The traders treated.")


class PlannedAnswer(Assigned):
    """How one trader stands in a plan, and what its role means."""

    basis: Basis
    plan: str
    means: str


class PlanWhatIfAnswer(ResponseSchema):
    """What the best plan would be worth with another capacity, and what one more of each cap would bring."""

    basis: Basis
    plan: str
    bound: float = Field(description="Net effect that no plan exceeds, on average over all draws.")
    bound_of_plan: float = Field(description="The same with the capacity of the plan.")
    treated: dict[str, float] = Field(description="Traders by treatment, on average over all draws.")
    caps: list[CapGiven]


class DecidedTreatment(ResponseSchema):
    """What was decided of a trader, under its id in the log."""

    prediction_id: str
    trader_id: str
    treatment: str


class PlanDecisionAnswer(ResponseSchema):
    """Treatments of a plan that were taken on or declined; a decline is in the data from now on."""

    basis: Basis
    plan: str
    decision: Literal["taken", "declined"]
    by: str = Field(description="Who has those taken, or who declined.")
    traders: list[DecidedTreatment] = Field(description="The traders that were decided on, in their order.")


class GapAmount(ResponseSchema):
    """Money with its 95 % interval; null where too few audits by lot found any. In the reporting currency."""

    amount: float | None = Field(description="The estimate.")
    low: float | None = Field(description="The lower end of the interval.")
    high: float | None = Field(description="The upper end of the interval.")
    answers: int = Field(description="Audits by lot that are closed.")
    non_zero: int = Field(description="Of these, with money.")


class GapOfGroup(ResponseSchema):
    """The gap of a group of traders, or of a finding type."""

    group: str
    traders: int = Field(description="Traders within reach of the lot.")
    gap: GapAmount = Field(description="What audits of all of them would book.")


class GapOfYear(ResponseSchema):
    """What is known of the gap in a year."""

    year: int = Field(description="The year in which the middle one of the audits was opened.")
    lotteries: list[str] = Field(description="The plans or selection runs that measured it.")
    is_recorded: bool = Field(description="Whether a plan on record says what was expected of everybody.")
    drawn: int = Field(description="Audits by lot.")
    answered: int = Field(description="Of those drawn, closed.")
    refused: int = Field(description="Of those drawn, declined or abandoned.")
    is_provisional: bool = Field(description="Whether more than a twentieth of those drawn is under way.")
    traders: int = Field(description="Traders within reach of the lot.")
    beyond: float = Field(description="The share of traders whom no lot could reach.")
    predicted_beyond: float = Field(description="Money expected of these; measured by nothing.")
    gap: GapAmount = Field(description="What audits of all within reach would book.")
    by_today: GapAmount | None = Field(description="The same by today's model; null where not asked for.")
    leads_today: bool = Field(description="Whether the gap is that, as the plan's expectations are lost.")
    is_without_teams: bool = Field(description="Whether the skill of chosen teams was taken out.")
    change: GapAmount | None = Field(description="Since the year measured before; null in the first.")
    verdict: str | None = Field(description="rose, fell or cannot tell; null in the first year.")
    unpaid: GapAmount | None = Field(description="Money not paid, found or not; null: detection not known.")
    chosen: int = Field(description="Closed visits that were chosen, not drawn.")
    naive: float | None = Field(description="Wrong: as if all traders were like those chosen.")
    pursued: float | None = Field(description="The share of all that is expected which the plan goes after.")
    segments: list[GapOfGroup] = Field(description="The gap by group, the largest first.")
    sentences: list[str] = Field(description="The same in words.")


class DetectionKnown(ResponseSchema):
    """The part of the money not paid that audits find, its 95 % interval, and where it is known from."""

    share: float = Field(description="The part.")
    low: float = Field(description="The lower end of the interval.")
    high: float = Field(description="The upper end of the interval.")
    source: str = Field(description="Where it is known from; empty where visits made twice say it.")
    audits: int = Field(description="Visits made twice that say it; 0 where the source does.")


class GapAnswer(ResponseSchema):
    """The compliance gap by year; no year where no audit was drawn by lot with a known probability."""

    basis: Basis
    as_of: date
    years: list[GapOfYear] = Field(description="The years that were measured.")
    by: str | None
    detection: DetectionKnown | None = Field(description="What audits find of what is not paid, if known.")
    chosen: int = Field(description="Closed visits of all years that were chosen, not drawn.")
    adjusted: int = Field(description="Of these, with money.")
    widths: dict[str, float] = Field(
        description="For numbers of audits by lot a year: half the width of the interval over the gap."
    )
    trend: GapAmount | None = Field(description="The change a year; null below three years measured.")
    predicted: dict[str, float] = Field(description="What a model expects of years that nothing measured.")
    sentences: list[str] = Field(description="What holds for all years, in words.")


class FeatureTold(ResponseSchema):
    """A feature of the model in words."""

    name: str
    family: str
    topic: str
    unit: str
    label: str
    why: str
    finding_type: str | None
    months: int | None


class ModelsAnswer(ResponseSchema):
    """The champion: what it is, its card with its metrics, and the features it takes."""

    basis: Basis
    prediction_id: str
    promoted_at: str
    learned_before: date
    fingerprint: str
    card: dict[str, Any]
    features: list[FeatureTold]


class JudgementAnswer(ResponseSchema):
    """That a judgement is in the log, and under which id."""

    basis: Basis
    judgement_id: str


class OutcomeAnswer(ResponseSchema):
    """What became of an outcome: recorded now, or already there as it was sent."""

    basis: Basis
    prediction_id: str
    audit_id: str
    event_number: int
    recorded: bool
    known_on: date
    confirmed: bool = Field(description="The amount is beyond what was declared, and was confirmed.")
