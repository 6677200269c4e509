"""The import declarations that the Korea Customs Service published: 54,000 lines, synthetic, MIT licence.

Jeong, Kim, Park, Choi, "Customs Import Declaration Datasets", arXiv 2208.02484; the repository
Seondong/Customs-Declaration-Datasets holds the export. Each line was inspected and says whether it was
fraudulent. No trader was audited and no money is given: **the audits and findings made here are a proxy**,
one desk audit an importer and quarter, whose finding is item price times tax rate over the lines found
fraudulent. They show that the system runs on a real schema, and are no evidence of what an audit yields.
"""

from collections.abc import Mapping

import ibis
from ibis.expr import types as ir

from features.data.contract.table import day, flag, identifier, number, text
from features.data.systems.exact import computable_amounts, computable_rates, of_percent, times
from features.data.systems.system import Field, System, copied
from features.unit import Unit

DAYS_TO_CLOSE = 60
PREFERENCE = "^(F[A-Z]{2}[0-9]|E[0-9]|R)$"

FIELDS = (
    Field(
        identifier("Declaration ID", "key of the line", required=True),
        ("declarations.declaration_id", "controls.declaration_id", "controls.control_id"),
    ),
    Field(
        day("Date", "day on which the declaration was reported", required=True),
        ("declarations.accepted_on", "declarations.known_on", "controls.controlled_on"),
    ),
    Field(text("Office ID", "customs office", required=True), ("declarations.office_code",)),
    Field(text("Process Type", "declaration process, such as paperless")),
    Field(
        text("Import Type", "kind of import, such as e-commerce", required=True),
        ("declarations.procedure_code",),
        "after Import Use: use 21 and type 11 become KR2111, which nobody takes for a procedure of the SAD",
    ),
    Field(
        text("Import Use", "what the goods are for, such as raw material", required=True),
        ("declarations.procedure_code",),
        "see Import Type",
    ),
    Field(text("Payment Type", "how the duty is paid")),
    Field(text("Mode of Transport", "mode of transport"), ("declarations.transport_mode",)),
    Field(identifier("Declarant ID", "declarant"), ("declarations.declarant_id",)),
    Field(
        identifier("Importer ID", "importer", required=True),
        ("declarations.trader_id", "traders.trader_id", "audits.trader_id"),
    ),
    Field(identifier("Seller ID", "partner abroad"), ("declarations.seller_id",)),
    Field(identifier("Courier ID", "delivery service")),
    Field(text("HS6 Code", "tariff classification", required=True), ("declarations.hs_code",)),
    Field(text("Country of Departure", "country of departure"), ("declarations.dispatch_country",)),
    Field(text("Country of Origin", "country of origin", required=True), ("declarations.origin_country",)),
    Field(
        number("Tax Rate", "duty rate, in percent", None, required=True),
        ("declarations.duty_rate",),
        "divided by 100",
    ),
    Field(
        text("Tax Type", "which rate was applied"),
        ("declarations.preference_code",),
        "the rates of free trade agreements (FEU1, FCN1 …), of the Asia-Pacific agreement (E1) and for "
        "least developed countries (R) are preferences claimed; A, C, CIT, F, L, P1, W2 and the like depend "
        "on the goods and not on their origin, and are none",
    ),
    Field(text("Country of Origin Indicator", "how the origin is marked on the goods")),
    Field(
        number("Net Mass", "net mass", Unit.KILOGRAM, required=True),
        ("declarations.net_mass_kg",),
    ),
    Field(
        number("Item Price", "assessed value, in won", Unit.MONEY, required=True),
        ("declarations.customs_value",),
    ),
    Field(
        flag("Fraud", "found to reduce the duty unlawfully", required=True, nullable=True),
        ("controls.finding_type",),
        "1 becomes other, 0 nothing found; a line without either is taken as not inspected",
    ),
    Field(text("Critical Fraud", "degree of it, with danger to the public")),
)

DERIVED = (
    "declarations: every line is item 1, version 0, of its own declaration; known_on is its Date",
    "declarations.duty_assessed: Item Price times Tax Rate; the export has no amount of duty",
    "traders: valid_from, known_on and registered_on are the first Date of the importer, unknown before",
    "audits, one an importer and calendar quarter with lines: the quarter is the period; opened on the day "
    f"after it; closed {DAYS_TO_CLOSE} days later; known_on is opened_on",
    "findings, one an audit whose sum is above 0: event_on and known_on are the day the audit closed",
    "controls.known_on: the day the audit of its quarter closed. Were it earlier, the controls of a quarter "
    "would tell the finding of its audit before that opens",
)

ASSUMPTIONS = (
    "PROXY: nobody audited these importers. The findings are item price times tax rate, summed over the "
    "lines found fraudulent: the whole duty on a line, not the part that was evaded",
    "PROXY: controls.revenue_delta is the same product for a fraudulent line, 0 for another",
    "A fraudulent line at a rate of 0 yields no money, so the audit of a quarter with no other closes at 0",
    "finding_type is other: the export does not say what was wrong",
    "selected_by and selection_channel are rule: the publisher does not say how lines were chosen for "
    "inspection, and rule claims neither chance nor a model. No inclusion probability is known",
    "controls.type is document: the export does not say how a line was inspected",
    "vat_assessed is 0: the export has no value added tax",
    "Item Price is the assessed value: it may already hold what the inspection corrected",
    "The lines were drawn by a generator (CTGAN) from inspected declarations: an importer has no history "
    "to learn from",
)


def tables(lines: ir.Table) -> Mapping[str, ir.Table]:
    """Return declarations, traders, controls, and the proxy audits and findings."""
    lines = _with_duty_and_days(lines)
    audits = _audits(lines)
    return {
        "declarations": _declarations(lines),
        "traders": _traders(lines),
        "controls": _controls(lines),
        "audits": audits.drop("evaded"),
        "findings": _findings(audits),
    }


def _with_duty_and_days(lines: ir.Table) -> ir.Table:
    """Add the quarter of a line, the days its audit opens and closes, and the duty on it."""
    quarter = lines.Date.cast("timestamp").truncate("Q").cast("date")
    opened_on = _later(quarter, months=3)
    rate = of_percent(lines["Tax Rate"])
    return lines.mutate(
        rate=rate,
        duty=times(lines["Item Price"], rate),
        quarter=quarter,
        opened_on=opened_on,
        closed_on=_later(opened_on, days=DAYS_TO_CLOSE),
    )


def _later(start: ir.DateValue, *, months: int = 0, days: int = 0) -> ir.DateValue:
    """Add months or days; by way of a timestamp, since DuckDB returns one and Ibis does not know."""
    step = ibis.interval(months=months) if months else ibis.interval(days=days)
    return (start.cast("timestamp") + step).cast("date")


def _declarations(lines: ir.Table) -> ir.Table:
    claimed = lines["Tax Type"].re_search(PREFERENCE)
    return lines.select(
        **copied(lines, FIELDS, table="declarations"),
        item_number=ibis.literal(1),
        version=ibis.literal(0),
        procedure_code="KR" + lines["Import Use"] + lines["Import Type"],
        preference_code=claimed.ifelse(lines["Tax Type"], ibis.null("string")),
        duty_rate=lines.rate.cast("float64"),
        duty_assessed=lines.duty.cast("float64"),
        vat_assessed=ibis.literal(0.0),
    )


def _traders(lines: ir.Table) -> ir.Table:
    known = lines.filter(lines["Importer ID"].notnull() & lines.Date.notnull())
    first = known.group_by(trader_id="Importer ID").aggregate(valid_from=known.Date.min())
    return first.mutate(known_on=first.valid_from, registered_on=first.valid_from)


def _controls(lines: ir.Table) -> ir.Table:
    inspected = lines.filter(lines.Fraud.notnull() & lines.Date.notnull())
    return inspected.select(
        **copied(inspected, FIELDS, table="controls"),
        item_number=ibis.literal(1),
        selected_by=ibis.literal("rule"),
        type=ibis.literal("document"),
        finding_type=inspected.Fraud.ifelse("other", ibis.null("string")),
        revenue_delta=inspected.Fraud.ifelse(inspected.duty.cast("float64"), 0.0),
        known_on=inspected.closed_on,
    )


def _audits(lines: ir.Table) -> ir.Table:
    """Return one desk audit an importer and quarter; `evaded` is the duty on its fraudulent lines."""
    dated = lines.filter(lines["Importer ID"].notnull() & lines.Date.notnull())
    audits = dated.group_by("quarter", "opened_on", "closed_on", trader_id="Importer ID").aggregate(
        evaded=dated.duty.sum(where=dated.Fraud)
    )
    quarter = audits.quarter.year().cast("string") + "Q" + audits.quarter.quarter().cast("string")
    return audits.select(
        "trader_id",
        "opened_on",
        "closed_on",
        "evaded",
        audit_id=audits.trader_id + "-" + quarter,
        treatment=ibis.literal("desk"),
        selection_channel=ibis.literal("rule"),
        period_from=audits.quarter,
        period_to=_later(audits.opened_on, days=-1),
        known_on=audits.opened_on,
        status=ibis.literal("closed"),
    )


def _findings(audits: ir.Table) -> ir.Table:
    adjusted = audits.filter(audits.evaded > 0)
    return adjusted.select(
        "audit_id",
        event_number=ibis.literal(1),
        finding_type=ibis.literal("other"),
        tax_type=ibis.literal("duty"),
        event=ibis.literal("assessed"),
        amount=adjusted.evaded.cast("float64"),
        event_on=adjusted.closed_on,
        known_on=adjusted.closed_on,
    )


def remarks(lines: ir.Table) -> Mapping[str, ir.IntegerScalar]:
    """Return counts of what limits the proxy."""
    return {
        "lines found fraudulent": lines.Fraud.sum(),
        "of them at a tax rate of 0, which add nothing to a finding": (
            lines.Fraud & (lines["Tax Rate"] == 0)
        ).sum(),
    }


KCS = System(
    name="kcs",
    title="Korea Customs Service, published import declarations",
    row="a goods item, inspected",
    key=("Declaration ID",),
    fields=FIELDS,
    rules=(computable_amounts("Item Price"), computable_rates("Tax Rate")),
    tables=tables,
    derived=DERIVED,
    assumptions=ASSUMPTIONS,
    remarks=remarks,
    obtain=(
        "Take `df_syn_train_eng.csv`, `df_syn_valid_eng.csv` and `df_syn_test_eng.csv` from the folder\n"
        "`data`, branch `en`, of the public repository Seondong/Customs-Declaration-Datasets, as they are;\n"
        "`make run-kcs` wants them named `train.csv`, `valid.csv` and `test.csv`."
    ),
)
