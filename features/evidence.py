"""Evidence: the rows behind a feature's value, each with its share of the value."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date

import ibis
import ibis.expr.operations as ops
import pyarrow as pa
from ibis.expr import types as ir

from features.build import SPINE, FeatureSet, aggregated_rows
from features.data.warehouse import Warehouse
from features.errors import SettingError
from features.exact import as_float, order_free
from features.feature import Feature
from features.prepare import ROWS, Prepared
from features.prepare.peers import fact
from features.prepare.prepared import lines_in_parts
from features.prepare.script import Layout, Script, ScriptRun, Writer
from features.spine import Spine
from features.unit import format_value

LINE_NAMES = (
    "declaration_id",
    "item_number",
    "version",
    "accepted_on",
    "hs_code",
    "description",
    "origin_country",
    "seller_id",
    "declarant_id",
    "customs_value",
    "unit_price",
    "others_unit_price",
)
"""The columns that say which goods item a line is, and at what price, in this order."""
PRICES = {"unit_price": "log_price", "others_unit_price": fact("log_price", "middle")}
"""The columns of prices, and the logarithms they are made of; others' is the middle price for like goods."""


@dataclass(frozen=True)
class Evidence:
    """The rows behind one value.

    `rows` are the rows that the feature aggregates, each with its `share` of the value, the largest first.
    The shares add up to `value` where the feature is `additive` (a sum, or a ratio of sums); where it is not
    (a median, a count of different things) they are empty.
    """

    feature: Feature
    trader_id: str
    cutoff: date
    value: float | None
    additive: bool
    rows: pa.Table

    def to_json(self, *, top: int) -> str:
        """Return the value and its first `top` rows as JSON text; days are ISO 8601."""
        content = {
            "feature": self.feature.name,
            "trader_id": self.trader_id,
            "cutoff": self.cutoff,
            "value": self.value,
            "additive": self.additive,
            "rows": self.rows.slice(0, top).to_pylist(),
            "rows_in_all": self.rows.num_rows,
        }
        return json.dumps(content, indent=2, default=str, ensure_ascii=False) + "\n"


def to_text(evidence: Evidence, *, top: int) -> Iterator[str]:
    """Yield evidence as lines for a terminal: the sentence, then the first `top` rows."""
    yield evidence.feature.say(format_value(evidence.value, evidence.feature.unit))
    yield f"{evidence.rows.num_rows:,} rows of the kind: {ROWS[evidence.feature.source or ''].row}"
    for row in evidence.rows.slice(0, top).to_pylist():
        yield "    " + ", ".join(f"{name} {value}" for name, value in row.items() if value is not None)
    if not evidence.additive:
        yield "The value is no sum of its rows, so no row has a share of it."


def evidence(
    features: FeatureSet, name: str, *, warehouse: Warehouse, trader_id: str, cutoff: date
) -> Evidence:
    """Return the rows behind one value; raises as `evidence_of`."""
    return evidence_of(features, [name], warehouse=warehouse, trader_id=trader_id, cutoff=cutoff)[name]


def evidence_of(
    features: FeatureSet, names: Iterable[str], *, warehouse: Warehouse, trader_id: str, cutoff: date
) -> dict[str, Evidence]:
    """Return the rows behind several values of one trader, by feature; the rows are prepared once for all.

    Raises `SettingError` for a feature that does not exist, combines others, or whose inputs are missing.
    """
    wanted = [_feature_with_rows(features, name, warehouse) for name in names]
    columns = frozenset(column for feature in wanted for column in _line_columns(feature)) - SPINE
    spine = Spine.of([trader_id], [cutoff])
    parts = lines_in_parts(warehouse, spine.cutoffs, line_columns=columns)
    layout = Layout.of(warehouse, parts)

    def write() -> tuple[Script, dict[str, ir.Table]]:
        writer = Writer(layout, warehouse.written)
        prepared = Prepared(writer, line_columns=columns)
        visible = {feature.name: aggregated_rows(prepared, feature) for feature in wanted}
        return writer.script, visible

    names = tuple(feature.name for feature in wanted)
    script, visible = features.once((names, layout), write)
    with ScriptRun(script, warehouse, spine, parts) as run:
        run.store()
        return {
            feature.name: Evidence(
                feature, trader_id, cutoff, *_evidence(feature, visible[feature.name], run)
            )
            for feature in wanted
        }


def _line_columns(feature: Feature) -> frozenset[str]:
    """Return the columns of lines that the rows behind a feature need."""
    needs = ROWS[feature.source or ""].needs
    if feature.source != "lines":  # other kinds of rows make their own columns
        return needs
    named = {PRICES.get(name, name) for name in LINE_NAMES}
    return frozenset((*named, *feature.columns)) | needs


def _evidence(feature: Feature, visible: ir.Table, run: ScriptRun) -> tuple[float | None, bool, pa.Table]:
    """Return a feature's value, whether it adds up from its rows, and these."""

    def scalar(value: ir.Value) -> float | None:
        [row] = run.rows(visible.aggregate(value=as_float(order_free(value)))).to_pylist()
        return None if row["value"] is None else float(row["value"])

    expression = feature.function(visible)
    value = scalar(expression)
    part = _part(expression.op(), lambda op: scalar(op.to_expr()))
    shares = ibis.null("float64") if part is None else part.cast("float64")
    rows = visible.mutate(share=shares)
    if feature.source == "lines":
        rows = rows.mutate(**{price: rows[logarithm].exp() for price, logarithm in PRICES.items()})
    names = _descriptive_columns(rows, feature)
    table = run.rows(rows.order_by(rows.share.abs().desc(), *names).select(*names, "share"))
    return value, part is not None, table


def _feature_with_rows(features: FeatureSet, name: str, warehouse: Warehouse) -> Feature:
    feature = features.named(name)
    if feature.source is None:
        raise SettingError(
            f"'{name}' is combined of {' and '.join(feature.parameters)}.",
            expected="a feature that is made of rows.",
            advice=f"Ask for {feature.parameters[0]}.",
        )
    if missing := features.missing(warehouse).get(name):
        raise SettingError(
            f"'{name}' is empty: the data has no {', '.join(missing)}.",
            expected="a feature whose inputs are there.",
            advice="docs/contract.md describes the columns.",
        )
    return feature


def _descriptive_columns(rows: ir.Table, feature: Feature) -> list[str]:
    """Return the columns that identify and explain a row, without the spine's and the internal ones.

    Of a line they are those of the feature, whatever other features read with it.
    """
    if feature.source == "lines":
        return list(dict.fromkeys((*LINE_NAMES, "known_on", *feature.columns)))
    hidden = ("share", "cutoff", "trader_id", "number", "superseded_on", "happened_on", "quarter")
    return [name for name in rows.columns if name not in hidden and not name.startswith(("from_", "cutoff_"))]


def _part(op: ops.Node, scalar: Callable[[ops.Node], float | None]) -> ir.NumericValue | None:
    """Return what one row adds to an aggregate that is linear in sums; None where it is not linear."""
    match op:
        case ops.Sum(arg=arg, where=where):
            return _where(arg.to_expr().cast("float64"), where)
        case ops.CountStar(where=where):
            return _where(ibis.literal(1.0), where)
        case ops.Count(arg=arg, where=where):
            return _where(arg.to_expr().notnull().cast("float64"), where)
        case ops.Cast(arg=arg):
            return _part(arg, scalar)
        case ops.Coalesce(arg=(first, ops.Literal())):
            return _part(first, scalar)
        case ops.Divide(left=left, right=right):
            part, whole = _part(left, scalar), scalar(right)
            return None if part is None or not whole else part / whole
        case ops.Multiply(left=left, right=right):
            linear, other = (left, right) if isinstance(left, ops.Sum) else (right, left)
            part, factor = _part(linear, scalar), scalar(other)
            return None if part is None or factor is None else part * factor
        case _:
            return None


def _where(amount: ir.NumericValue, where: ops.Node | None) -> ir.NumericValue:
    amount = amount.fill_null(0.0)
    return amount if where is None else where.to_expr().fill_null(False).ifelse(amount, 0.0)
