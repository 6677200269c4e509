"""Levels: plain counts and means of what a trader declares."""

from ibis.expr import types as ir

from features import exact
from features.feature import Example, combined, feature
from features.library.literature import DATE, WCO_AUDIT
from features.unit import Unit


@combined(
    months=24,
    unit=Unit.MONEY,
    indicator="activity",
    reference=WCO_AUDIT,
    label="Value of a declaration",
    phrase="A declaration of {window} was worth {value} on average.",
    why="The more one declaration is worth, the more a single fault costs.",
    tends=1,
    example=Example("customs_value_24m declaration_count_24m", [(900.0, 3.0)], 300.0),
)
def value_per_declaration(
    customs_value_24m: ir.FloatingValue, declaration_count_24m: ir.FloatingValue
) -> ir.Value:
    """Customs value / declarations; empty without a declaration."""
    return customs_value_24m / declaration_count_24m.nullif(0.0)


@combined(
    months=24,
    unit=Unit.RATIO,
    indicator="activity",
    reference=WCO_AUDIT,
    label="Lines of a declaration",
    phrase="A declaration of {window} had {value} goods items on average.",
    why="The more goods stand on one declaration, the less care goes into the code and value of each.",
    tends=1,
    example=Example("line_count_24m declaration_count_24m", [(9.0, 3.0)], 3.0),
)
def lines_per_declaration(
    line_count_24m: ir.FloatingValue, declaration_count_24m: ir.FloatingValue
) -> ir.Value:
    """Goods items / declarations; empty without a declaration."""
    return line_count_24m / declaration_count_24m.nullif(0.0)


@combined(
    months=24,
    unit=Unit.RATE,
    indicator="effective_rate",
    reference=f"{WCO_AUDIT}; {DATE}",
    label="Duty on the value",
    phrase="Duty was {value} of the customs value of {window}.",
    why="Without the VAT, which all goods bear, low codes and preferences stand out: the less duty on the "
    "value, the more there is to check.",
    tends=-1,
    example=Example("duty_24m customs_value_24m", [(20.0, 400.0)], 0.05),
)
def duty_on_value(duty_24m: ir.FloatingValue, customs_value_24m: ir.FloatingValue) -> ir.Value:
    """Duty / customs value of 24 months; empty without a value."""
    return duty_24m / customs_value_24m.nullif(0.0)


@feature(
    source="lines",
    months=(24,),
    unit=Unit.RATE,
    indicator="effective_rate",
    reference=DATE,
    inputs="declarations.customs_value declarations.hs_code declarations.duty_rate",
    label="Duty rate that others pay for its goods",
    phrase="Others paid duty of {value} on goods like those of {window}, weighted by value.",
    why="The dearer the goods are taxed, the more a wrong code, origin or value saves.",
    tends=1,
    example=Example("customs_value peer_mean_full_rate", [(300.0, 0.1), (100.0, 0.02), (50.0, None)], 0.08),
)
def peer_duty_rate(lines: ir.Table) -> ir.FloatingScalar:
    """Mean rate of other importers of the heading who claim no preference, weighted by value."""
    return exact.weighted_mean(lines.peer_mean_full_rate, lines.customs_value)
