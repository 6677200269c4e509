"""Levies that others bear on the same goods, such as those against dumping."""

from ibis.expr import types as ir

from features.feature import Example, feature
from features.library.at_stake import TAXES, on_missing_rate
from features.library.literature import CBP
from features.unit import Unit

HS6 = "hs6"


@feature(
    source="lines",
    months=(24,),
    unit=Unit.MONEY,
    indicator="levies_avoided",
    reference=CBP,
    inputs=f"levies.amount declarations.hs_code declarations.customs_value {TAXES}",
    label="Levies that others bear",
    phrase="At the levies that other traders bear on average on the same goods, {value} more would have been "
    "due on the lines of {window}, with the VAT on it.",
    why="Levies against dumping and surtaxes hold for some origins and codes alone: who declares another "
    "pays none.",
    finding_type="origin",
    monotone=1,
    prior_yield=0.05,
    example=Example(
        "levy_rate peer_mean_levy_rate customs_value duty_assessed vat_assessed "
        "peer_traders_levy_rate peer_group_levy_rate",
        [
            (0.0, 0.3, 100.0, 0.0, 20.0, 9, HS6),
            (0.5, 0.3, 100.0, 50.0, 30.0, 9, HS6),
            (0.0, None, 100.0, 0.0, 20.0, None, None),
        ],
        36.0,
    ),
)
def levy_gap_money(lines: ir.Table) -> ir.FloatingScalar:
    """Sum of value x (mean rate of others' levies - the line's), where above zero, and the VAT on it.

    Most goods of other origins are declared as they are, so a twentieth is expected.
    """
    gap = lines.peer_mean_levy_rate - lines.levy_rate
    return on_missing_rate(lines, gap).fill_null(0.0).sum()
