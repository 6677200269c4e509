"""The declarations of ASYCUDA World (Sydonia, SIDUNEA): its Single Administrative Documents.

As a table of its database, or in XML as its client saves them (`asycuda_xml`).

ASYCUDA has declarations, and knows of no audit: audits and findings come from the administration's case
management. The import writes them as tables with all their columns and no row, and says so.
"""

from collections.abc import Mapping, Sequence
from functools import reduce
from operator import or_

import ibis
from ibis.expr import types as ir

from features.data.contract.rule import RowRule
from features.data.systems.asycuda_fields import FIELDS, OBTAIN, PARTS
from features.data.systems.asycuda_xml import xml_lines
from features.data.systems.exact import computable_amounts, computable_rates, of_percent, times
from features.data.systems.system import System, copied, without_rows

UNITS_OF_RATES = {1: "1", 10: "0.1", 100: "0.01", 1000: "0.001"}
LONGEST_CODE = 10
NOT_ASSESSED, CANCELLED = ("stored", "registered"), ("cancelled", "canceled")
ALL_NOT_IN_FORCE = (*NOT_ASSESSED, *CANCELLED)
"""States of a declaration in small letters, in which it is not in force."""
AMOUNTS = {part: f"VIT_{part}_AMT_FCX" for part in PARTS}
RATES = {part: f"VIT_{part}_CUR_RAT" for part in PARTS}
UNITS = {part: f"VIT_{part}_CUR_REF" for part in PARTS}

DERIVED = (
    "declarations.declaration_id: office, year of registration, serial and number",
    "declarations.known_on: the later of IDE_REG_DAT and IDE_AST_DAT for version 0, since its amounts are "
    "those assessed; IDE_PST_DAT for a post-entry, or IDE_AST_DAT where it was assessed once more",
    "declarations.version: 0 before any post-entry; post-entries, and assessments under another number after "
    "the first, count from 1 in the order of their days",
    "traders: valid_from, known_on and registered_on are the consignee's first IDE_REG_DAT, unknown before",
)

ASSUMPTIONS = (
    "NO AUDITS: ASYCUDA's declarations hold no audits and no findings. audits and findings are written "
    "without a row: replace both by those of your case management before you train or test a model",
    "The trader is the consignee (box 8). Lines of exports, and of declarations never registered, not yet "
    "assessed (in XML) or cancelled are left out",
    "An item that a post-entry removed stays as it was: the contract has no row for an item withdrawn",
    "A line without customs duty or value added tax bore none of it",
    "Who asked for a post-entry is not known: amended_by is not filled",
)


def tables(lines: ir.Table) -> Mapping[str, ir.Table]:
    """Return declarations and traders, and audits and findings without a row."""
    imports = _with_states(lines.filter(*_included(lines)))
    return {
        "declarations": _declarations(imports),
        "traders": _traders(imports),
        "audits": without_rows(lines, "audits"),
        "findings": without_rows(lines, "findings"),
    }


def _included(lines: ir.Table) -> tuple[ir.BooleanValue, ...]:
    """Return the conditions on a line: of imports, registered, in a state that counts."""
    registered = lines.IDE_REG_NBR.notnull() & lines.IDE_REG_DAT.notnull()
    return (lines.IDE_TYP_TYP == "I").fill_null(False), registered, ~_not_in_force(lines, ALL_NOT_IN_FORCE)


def _not_in_force(lines: ir.Table, states: Sequence[str]) -> ir.BooleanValue:
    return lines.PTY_STS.strip().lower().isin(states).fill_null(False)


def _posted(lines: ir.Table) -> ir.BooleanValue:
    """Return whether each line is of a post-entry."""
    return lines.IDE_PST_NBR.notnull() & (lines.IDE_PST_NBR != "0")


def _with_states(lines: ir.Table) -> ir.Table:
    """Add whether a line is of a later state of its declaration, and since when that is known."""
    order = ibis.window(group_by="INSTANCEID", order_by=["IDE_AST_DAT", "IDE_AST_NBR"])
    numbered = lines.mutate(assessment=ibis.dense_rank().over(order))
    posted = _posted(numbered)
    return numbered.mutate(
        amended=posted | (numbered.IDE_AST_NBR.notnull() & (numbered.assessment > 0)),
        amended_on=posted.ifelse(numbered.IDE_PST_DAT, numbered.IDE_AST_DAT),
    )


def _declarations(lines: ir.Table) -> ir.Table:
    return lines.select(
        **copied(lines, FIELDS, table="declarations"),
        declaration_id=_reference(lines),
        version=_version(lines),
        known_on=lines.amended.ifelse(lines.amended_on, _assessed_on(lines)),
        hs_code=_commodity_code(lines),
        customs_value=lines.VIT_CIF.coalesce(_built_value(lines).cast("float64")),
        freight_amount=_national(lines, "EFR").cast("float64"),
        invoice_amount=lines.VIT_INV_AMT_FCX,
        duty_rate=of_percent(lines.TAX_LIN_RAT_DTY).cast("float64").fill_null(0.0),
        duty_assessed=lines.TAX_LIN_AMT_DTY.fill_null(0.0),
        vat_assessed=lines.TAX_LIN_AMT_VAT.fill_null(0.0),
        channel=_channel(lines),
    )


def _assessed_on(lines: ir.Table) -> ir.DateValue:
    return ibis.greatest(lines.IDE_REG_DAT, lines.IDE_AST_DAT.coalesce(lines.IDE_REG_DAT))


def _reference(lines: ir.Table) -> ir.StringValue:
    year = lines.IDE_REG_DAT.year().cast("string")
    return lines.IDE_CUO_COD + "-" + year + "-" + lines.IDE_REG_SER.fill_null("") + lines.IDE_REG_NBR


def _version(lines: ir.Table) -> ir.IntegerValue:
    order = ibis.window(
        group_by=[lines.INSTANCEID, lines.amended],
        order_by=[lines.amended_on, lines.IDE_PST_NBR, lines.IDE_AST_NBR],
    )
    return lines.amended.ifelse(ibis.dense_rank().over(order) + 1, 0)


def _commodity_code(lines: ir.Table) -> ir.StringValue:
    whole = lines.TAR_HSC_NB1 + lines.TAR_HSC_NB2.fill_null("")
    return (whole.length() <= LONGEST_CODE).ifelse(whole, lines.TAR_HSC_NB1)


def _national(lines: ir.Table, part: str) -> ir.DecimalValue:
    """Return a part of the value in national currency: amount times rate, over the rate's units."""
    return times(lines[AMOUNTS[part]], lines[RATES[part]].fill_null(0.0)) * _one_over(lines[UNITS[part]])


def _one_over(units: ir.NumericValue) -> ir.DecimalValue:
    inverses = {
        number: ibis.literal(inverse).cast("decimal(4, 3)") for number, inverse in UNITS_OF_RATES.items()
    }
    return reduce(
        lambda otherwise, each: (units == each[0]).ifelse(each[1], otherwise), inverses.items(), inverses[1]
    )


def _built_value(lines: ir.Table) -> ir.DecimalValue:
    """Add up the parts as ASYCUDA does: all but the deductions, less those; null without an invoice."""
    zero = ibis.literal(0).cast("decimal(19, 8)")
    parts = {part: _national(lines, part) for part in PARTS}
    costs = [parts[part].fill_null(zero) for part in PARTS if part not in ("INV", "DED")]
    return sum(costs, start=parts["INV"]) - parts["DED"].fill_null(zero)


def _channel(lines: ir.Table) -> ir.StringValue:
    lanes = {"blue": lines.PTY_BLU, "red": lines.PTY_RED, "yellow": lines.PTY_YEL, "green": lines.PTY_GRE}
    return ibis.cases(*((selected.fill_null(False), lane) for lane, selected in lanes.items()))


def _traders(lines: ir.Table) -> ir.Table:
    with_trader = lines.filter(lines.CMP_CON_COD.notnull())
    order = ibis.window(
        group_by="CMP_CON_COD", order_by=["IDE_REG_DAT", "INSTANCEID", "KEY_ITM_NBR", "IDE_PST_DAT"]
    )
    numbered = with_trader.mutate(row_index=ibis.row_number().over(order))
    first = numbered.filter(numbered.row_index == 0)
    return first.select(
        trader_id=first.CMP_CON_COD,
        valid_from=first.IDE_REG_DAT,
        known_on=first.IDE_REG_DAT,
        registered_on=first.IDE_REG_DAT,
        name=first.CMP_CON_NAM,
    )


def _rate_missing(lines: ir.Table) -> ir.BooleanValue:
    def missing(part: str) -> ir.BooleanValue:
        has_amount = lines[AMOUNTS[part]].fill_null(0.0) != 0
        has_rate = lines[RATES[part]].fill_null(0.0) > 0
        return has_amount & ~has_rate

    return reduce(or_, map(missing, PARTS))


def _units_unknown(lines: ir.Table) -> ir.BooleanValue:
    return reduce(or_, (lines[UNITS[part]].notin(tuple(UNITS_OF_RATES)) for part in PARTS))


def remarks(lines: ir.Table) -> Mapping[str, ir.IntegerScalar]:
    """Return counts of the lines left out, and of the declarations whose first state is lost."""
    import_, registered, in_force = _included(lines)
    included = import_ & registered & in_force
    declarations = lines.INSTANCEID.nunique(where=included)
    with_first = lines.INSTANCEID.nunique(where=included & ~_posted(lines))
    return {
        "lines of exports or of no flow, left out": (~import_).sum(),
        "import lines never registered, left out": (import_ & ~registered).sum(),
        "import lines registered and not yet assessed, whose duties nobody knows, left out": (
            import_ & registered & _not_in_force(lines, NOT_ASSESSED)
        ).sum(),
        "import lines of cancelled declarations, left out": (
            import_ & registered & _not_in_force(lines, CANCELLED)
        ).sum(),
        "declarations of which only an amended state is there; what the trader said first is lost": (
            declarations - with_first
        ),
    }


ASYCUDA = System(
    name="asycuda",
    title="ASYCUDA World, Single Administrative Documents",
    row="a goods item of a declaration, in one state of it",
    key=("INSTANCEID", "KEY_ITM_NBR", "IDE_PST_NBR", "IDE_AST_NBR"),
    fields=FIELDS,
    rules=(
        RowRule(
            "rate_of_foreign_amount",
            "an amount in a currency needs its rate (1 for the national currency)",
            tuple(name for part in PARTS for name in (AMOUNTS[part], RATES[part])),
            _rate_missing,
        ),
        RowRule(
            "units_of_rate",
            "a rate must be for 1, 10, 100 or 1000 units",
            tuple(UNITS.values()),
            _units_unknown,
        ),
        computable_amounts(*AMOUNTS.values()),
        computable_rates(*RATES.values(), "TAX_LIN_RAT_DTY"),
    ),
    tables=tables,
    derived=DERIVED,
    assumptions=ASSUMPTIONS,
    remarks=remarks,
    obtain=OBTAIN,
    xml_lines=xml_lines,
)
