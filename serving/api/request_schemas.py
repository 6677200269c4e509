"""Request schemas: whatever they do not name, or of another type, is refused."""

import re
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    create_model,
    model_validator,
)

from features.data.contract import TABLES, Column, ColumnType, Table
from features.data.contract.ledger import RECORDED
from features.data.contract.required import FINDING_TYPES
from features.data.contract.rule import LARGEST_NUMBER, LARGEST_WHOLE
from features.storage.spreadsheet import MOST_ROWS as ROWS_OF_A_SHEET
from serving.live.ranking import BOUND
from serving.log.judgements import STATUSES

MOST_TRADERS = 10_000
MOST_DECLARATIONS = 1_000
MOST_ROWS = 10_000
MOST_LEFT_OUT = 100
MOST_CAPS = 200
MOST_COLUMNS = 50

Identifier = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=r"^[^\x00]*$")]
"""No engine takes a NUL in a text."""


def _written_as_day(value: object) -> object:
    """Read a day as YYYY-MM-DD; as numbers pydantic would count seconds from 1970."""
    if not isinstance(value, str):
        return value
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII):
        raise ValueError("a day as YYYY-MM-DD")
    return date.fromisoformat(value)


Day = Annotated[date, BeforeValidator(_written_as_day)]
Purpose = Annotated[
    str | None,
    Field(
        min_length=1,
        max_length=200,
        description="What the answer is for; it is kept in the log.",
        examples=["audit plan 2024 Q4"],
    ),
]
FindingType = Literal["valuation", "classification", "origin", "quantity", "procedure", "other"]
assert FindingType.__args__ == FINDING_TYPES  # type: ignore[attr-defined]  # noqa: S101  repeated for mypy

TYPES = {
    ColumnType.TEXT: Text,
    ColumnType.WHOLE: Annotated[int, Field(ge=-LARGEST_WHOLE, le=LARGEST_WHOLE)],
    ColumnType.NUMBER: Annotated[float, Field(ge=-LARGEST_NUMBER, le=LARGEST_NUMBER)],
    ColumnType.DAY: Day,
    ColumnType.FLAG: bool,
}
"""The contract's types in JSON; a day is ISO 8601 text."""


Status = Literal["new", "assigned", "under audit", "closed"]
assert Status.__args__ == STATUSES  # type: ignore[attr-defined]  # noqa: S101  repeated for mypy
PARTS = ("verdict", "audited", "status", "assigned_to", "note")
"""The parts of a judgement of which at least one is said."""


class RequestSchema(BaseModel):
    """Base of every request: strict, and without members that nobody reads."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def _each_once(trader_ids: list[str]) -> list[str]:
    if len(set(trader_ids)) < len(trader_ids):
        raise ValueError("each trader once")
    return trader_ids


TraderIds = Annotated[
    list[Identifier],
    Field(min_length=1, max_length=MOST_TRADERS, json_schema_extra={"uniqueItems": True}),
    AfterValidator(_each_once),
]


class Predict(RequestSchema):
    """For which traders a prediction is asked."""

    trader_ids: TraderIds
    purpose: Purpose = None


class Explain(RequestSchema):
    """For which trader reasons are asked: the `top` weightiest, and the rows behind the first `evidence`."""

    trader_id: Identifier
    top: Annotated[int, Field(ge=1, le=500, description="How many reasons; the others are summed up.")] = 10
    evidence: Annotated[
        int, Field(ge=0, le=5, description="For how many features to give the rows behind; takes seconds.")
    ] = 0
    purpose: Purpose = None


Values = Annotated[list[Text], Field(max_length=MOST_CAPS)]
YesNo = Literal["yes", "no"]
FeatureBound = Annotated[str, StringConstraints(pattern=f"^{BOUND.pattern}$", max_length=200)]


class Filters(BaseModel):
    """The filters of a page of the ranking; those that are lists may stand several times."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    region: Annotated[Values, Field(description="ISO 3166-2; several: any of them.")] = []
    sector: Annotated[Values, Field(description="ISIC section or division; several: any of them.")] = []
    size_band: Annotated[
        list[Literal["micro", "small", "medium", "large"]], Field(max_length=4, description="Any of them.")
    ] = []
    office_code: Annotated[
        Values, Field(description="The customs office of most of its lines; several: any of them.")
    ] = []
    audited: Annotated[
        YesNo | None, Field(description="Whether an audit of the trader is planned or open.")
    ] = None
    tax_audited: Annotated[
        YesNo | None, Field(description="Whether an audit by the tax administration is open.")
    ] = None
    aeo: Annotated[YesNo | None, Field(description="Whether it is an authorised economic operator.")] = None
    not_since: Annotated[Day | None, Field(description="No audit of it was opened on this day or later.")] = (
        None
    )
    due_before: Annotated[
        Day | None, Field(description="Its authorisation must be looked at again before this day.")
    ] = None
    least_money: Annotated[
        float | None,
        Field(
            ge=-LARGEST_NUMBER,
            le=LARGEST_NUMBER,
            description="Money expected at least, of the finding type where one is given.",
        ),
    ] = None
    most_hours: Annotated[
        float | None, Field(gt=0, le=LARGEST_NUMBER, description="Of a field audit at most.")
    ] = None
    new_among: Annotated[
        int | None,
        Field(
            ge=1,
            le=MOST_ROWS,
            description="Only traders among so many first ones that were not among them a month before.",
        ),
    ] = None
    columns: Annotated[
        list[Identifier],
        Field(max_length=MOST_COLUMNS, description="Features whose values to give too, by name."),
    ] = []
    where: Annotated[
        list[FeatureBound],
        Field(
            max_length=MOST_COLUMNS,
            description="Bounds on features, in the feature's unit; several: all of them.",
            examples=[["customs_value_12m>=100000"]],
        ),
    ] = []
    order: Annotated[
        Literal["money_an_hour"] | None, Field(description="Order by the money expected for an hour.")
    ] = None
    finding_type: Annotated[
        FindingType | None, Field(description="Order by the money expected from this kind of finding.")
    ] = None
    page: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    page_size: Annotated[int, Field(ge=1, le=MOST_ROWS)] = 100
    purpose: Purpose = None


class FileFilters(Filters):
    """The filters of the ranking as a file."""

    page_size: Annotated[int, Field(ge=1, le=ROWS_OF_A_SHEET)] = MOST_ROWS


class CsvFilters(Filters):
    """The filters of the ranking as CSV, and the form of it, which is else as the service is set."""

    page_size: Annotated[int, Field(ge=1, le=LARGEST_WHOLE)] = MOST_ROWS
    separator: Annotated[
        Literal["comma", "semicolon", "tab"] | None, Field(description="What stands between columns.")
    ] = None
    decimal: Annotated[
        Literal["point", "comma"] | None,
        Field(description="The decimal sign of numbers; a comma only with another separator."),
    ] = None
    byte_order_mark: Annotated[
        Literal["yes", "no"] | None,
        Field(description="Whether it begins with one, by which spreadsheets know UTF-8."),
    ] = None


def row_schema(
    table: Table,
    name: str,
    words: str,
    *,
    without: tuple[str, ...] = (),
    base: type[RequestSchema] = RequestSchema,
) -> type[RequestSchema]:
    """Return the schema of a submitted row, from the contract's own columns and words."""
    fields = {column.name: _field(column) for column in table.columns if column.name not in without}
    return create_model(name, __base__=base, __doc__=words, **fields)  # type: ignore[call-overload,no-any-return]


def _field(column: Column) -> tuple[object, object]:
    column_type = TYPES[column.kind]
    words = "; ".join([column.meaning, *(rule.words for rule in column.rules if rule.name != "filled")])
    described = Field(description=words, json_schema_extra={"x-unit": column.unit} if column.unit else None)
    if column.required:
        return (Annotated[column_type, described], ...)
    return (Annotated[column_type | None, described], None)  # type: ignore[operator]


Declaration = row_schema(
    TABLES["declarations"],
    "Declaration",
    "A goods item of a declaration, as the data contract describes it.",
    without=("trader_id",),
)


class Line(RequestSchema):
    """A goods item of a declaration of the trader, in all its versions."""

    declaration_id: Identifier
    item_number: Annotated[int, Field(ge=1, le=LARGEST_WHOLE)]


class ScoreDeclarations(RequestSchema):
    """Which declarations to add to those known of a trader, or leave out, to see what would be predicted.

    A line that is left out and added in another form is changed.
    """

    trader_id: Identifier
    declarations: Annotated[list[Declaration], Field(max_length=MOST_DECLARATIONS)] = []  # type: ignore[valid-type]
    leave_out: Annotated[list[Line], Field(max_length=MOST_LEFT_OUT)] = []
    as_of: Annotated[
        Day | None,
        Field(description="The cutoff; else the day of the snapshot. Rows must be known before it."),
    ] = None
    purpose: Purpose = None


Hours = Annotated[float, Field(gt=0, le=LARGEST_NUMBER)]


class HoursGiven(RequestSchema):
    """Hours of auditors of an office, where they are others than the plan's."""

    field: Hours | None = None
    desk: Hours | None = None


class VisitsCap(RequestSchema):
    """A cap on visits to a group of traders: so many, or such a share of all visits."""

    by: Literal["size_band", "sector", "region", "aeo"]
    group: Text
    visits: Annotated[float | None, Field(ge=0, le=LARGEST_NUMBER)] = None
    share: Annotated[float | None, Field(ge=0, le=1)] = None

    @model_validator(mode="after")
    def _one_limit(self) -> Self:
        if (self.visits is None) == (self.share is None):
            raise ValueError("either visits or share")
        return self


class PlanWhatIf(RequestSchema):
    """What to change of a plan's capacity, to see what the period would be worth; the rest stays."""

    plan: Identifier
    hours: Annotated[
        Hours | None, Field(description="So many in all; each office and skill keeps its part.")
    ] = None
    offices: Annotated[dict[Identifier, HoursGiven], Field(max_length=MOST_CAPS)] = {}
    random_share: Annotated[float | None, Field(ge=0, le=0.5)] = None
    caps: Annotated[
        list[VisitsCap] | None, Field(max_length=MOST_CAPS, description="Instead of the plan's caps.")
    ] = None
    purpose: Purpose = None


class PlanDecision(RequestSchema):
    """Treatments of a plan that somebody takes on, or that officers do not carry out, and why."""

    trader_ids: Annotated[TraderIds, Field(description="The traders that are decided on, each once.")]
    decision: Literal["taken", "declined"]
    assigned_to: Annotated[
        Text | None, Field(description="Who has those that are taken; else whoever calls.")
    ] = None
    because: Annotated[Text | None, Field(description="Why they are declined.")] = None
    page_id: Annotated[
        Text | None,
        Field(
            description="The answer whose page a form stands on; it counts once, however often it is sent."
        ),
    ] = None
    purpose: Purpose = None

    @model_validator(mode="after")
    def _of_one_kind(self) -> Self:
        if (self.decision == "declined") != (self.because is not None):
            raise ValueError("`because` where they are declined, and there alone")
        if self.decision == "declined" and self.assigned_to is not None:
            raise ValueError("`assigned_to` where they are taken")
        return self


class Judgement(RequestSchema):
    """The judgement of people on an earlier prediction, beside the outcome."""

    prediction_id: Annotated[
        Text | None, Field(description="The prediction that the audit followed, as an answer named it.")
    ] = None
    human_decision: Annotated[Text | None, Field(description="What was decided.")] = None
    override_reason: Annotated[Text | None, Field(description="Why it was decided against the score.")] = None
    purpose: Purpose = None


class CaseJudgement(RequestSchema):
    """What somebody says of an estimate: of the whole, or of one of its reasons by its feature.

    It is kept in the log, with who said it. Nothing learns from it as if an audit had found it.
    """

    trader_id: Identifier
    prediction_id: Annotated[
        Text | None, Field(description="The prediction that is meant, as an answer or a page named it.")
    ] = None
    verdict: Annotated[Literal["agree", "wrong"] | None, Field(description="Wrong only with `because`.")] = (
        None
    )
    feature: Annotated[
        Identifier | None, Field(description="The reason that the verdict is on; else it is on the whole.")
    ] = None
    because: Annotated[Text | None, Field(description="Why, in a sentence.")] = None
    audited: Annotated[bool | None, Field(description="Whether an audit follows.")] = None
    not_audited_because: Annotated[Text | None, Field(description="Why none does.")] = None
    status: Annotated[Status | None, Field(description="The status of the case from now on.")] = None
    assigned_to: Annotated[Text | None, Field(description="Who has the case from now on.")] = None
    note: Annotated[str | None, Field(max_length=4000, pattern=r"^[^\x00]*$")] = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.verdict == "wrong" and self.because is None:
            raise ValueError("`because` with the verdict wrong")
        if self.feature is not None and self.verdict is None:
            raise ValueError("a verdict on the feature")
        if self.not_audited_because is not None and self.audited is not False:
            raise ValueError("`audited` false with `not_audited_because`")
        if not any(getattr(self, name) not in (None, "") for name in PARTS):
            raise ValueError("at least one thing said")
        return self


class Reported(Judgement):
    """What is said beside a money event: the judgement, and that an odd amount was looked at again."""

    confirm: Annotated[
        bool, Field(description="The amount was looked at again and is right, large as it is.")
    ] = False


Outcome = row_schema(
    TABLES["findings"],
    "Outcome",
    "A money event of an audit; who recorded it, and when, is written beside it.",
    without=RECORDED,
    base=Reported,
)
