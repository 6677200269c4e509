"""Border: findings of controls of goods at import."""

from ibis.expr import types as ir

from features import exact
from features.feature import Example, feature
from features.library.literature import WCO_AUDIT
from features.unit import Unit

CONTROLLED = "controls.selected_by controls.revenue_delta controls.known_on"


def _hit(controls: ir.Table) -> ir.BooleanColumn:
    """A control hits where it found something wrong, be it against the trader or in its favour."""
    return (controls.revenue_delta != 0) | controls.finding_type.notnull()


@feature(
    source="controls",
    months=(24,),
    unit=Unit.SHARE,
    indicator="border_hits",
    reference=WCO_AUDIT,
    inputs=CONTROLLED,
    label="Random controls with a finding",
    phrase="{value} of the random controls at the border in {window} found something.",
    why="Nobody chose these goods: the oftener some were wrong, the likelier others are.",
    monotone=1,
    example=Example(
        "selected_by revenue_delta finding_type",
        [("random", 0.0, None), ("random", 50.0, "quantity"), ("rule", 80.0, "origin")],
        0.5,
    ),
)
def random_hit_rate(controls: ir.Table) -> ir.FloatingScalar:
    """Share of the controls selected at random that found something."""
    chosen = controls.selected_by == "random"
    return exact.share(controls.count(where=chosen & _hit(controls)), controls.count(where=chosen))


@feature(
    source="controls",
    months=(24,),
    unit=Unit.SHARE,
    indicator="border_hits",
    reference=WCO_AUDIT,
    inputs=CONTROLLED,
    label="Targeted controls with a finding",
    phrase="{value} of the targeted controls at the border in {window} found something.",
    why="The oftener suspicion at the border proved right, the likelier the fault reaches beyond the goods "
    "controlled.",
    monotone=1,
    example=Example(
        "selected_by revenue_delta finding_type",
        [("random", 50.0, None), ("rule", -50.0, None), ("model", 0.0, "origin"), ("manual", 0.0, None)],
        2.0 / 3.0,
    ),
)
def targeted_hit_rate(controls: ir.Table) -> ir.FloatingScalar:
    """Share of the controls selected by rule, model or hunch that found something."""
    chosen = controls.selected_by != "random"
    return exact.share(controls.count(where=chosen & _hit(controls)), controls.count(where=chosen))


@feature(
    source="controls",
    months=(24,),
    empty=0.0,
    unit=Unit.MONEY,
    indicator="border_hits",
    reference=WCO_AUDIT,
    inputs=CONTROLLED,
    label="Revenue from border controls",
    phrase="Controls at the border gained {value} in {window}.",
    why="Money found at the border shows what a like fault costs where nobody looked: the more was found, "
    "the more may be missing.",
    tends=1,
    example=Example("revenue_delta", [(0.0,), (250.0,), (-50.0,)], 200.0),
)
def border_revenue(controls: ir.Table) -> ir.FloatingScalar:
    """Revenue that controls gained, net of what they found paid too much."""
    return controls.revenue_delta.sum()


@feature(
    source="controls",
    months=(24,),
    unit=Unit.SHARE,
    indicator="border_hits",
    reference=WCO_AUDIT,
    inputs=CONTROLLED,
    label="Controls with a finding",
    phrase="{value} of the controls at the border in {window} found something.",
    why="What was wrong with the goods controlled may be wrong with others: the oftener it was, the "
    "likelier that is.",
    monotone=1,
    example=Example(
        "revenue_delta finding_type", [(0.0, None), (50.0, "quantity"), (0.0, None), (0.0, None)], 0.25
    ),
)
def border_hit_share(controls: ir.Table) -> ir.FloatingScalar:
    """Share of all controls that found something, however they were selected."""
    return exact.share(controls.count(where=_hit(controls)), controls.count())
