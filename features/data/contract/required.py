"""Required tables of the contract: declarations, traders and audits; the findings are in `ledger`."""

from ibis.expr import types as ir

from features.data.contract.rule import (
    NOT_NEGATIVE,
    PLANNED_DAY,
    PROBABILITY,
    RATE,
    RowRule,
    at_least,
    between,
    in_order,
    matches,
    one_of,
)
from features.data.contract.table import (
    Reference,
    Table,
    amount,
    day,
    flag,
    identifier,
    known_on,
    number,
    text,
    whole,
)
from features.unit import Unit

HS_CODE = matches("hs_code", "must be 6 to 12 digits (a leading zero may have been lost)", "[0-9]{6,12}")
COUNTRY = matches("country", "must be two capital letters, ISO 3166-1 alpha-2 or declared", "[A-Z]{2}")
CURRENCY = matches("currency", "must be three capital letters, ISO 4217", "[A-Z]{3}")
REGION = matches("region", "must be an ISO 3166-2 code such as KR-11", "[A-Z]{2}-[A-Z0-9]{1,3}")
SECTOR = matches("sector", "must be an ISIC section (A to U) or division (two digits)", "[A-U]|[0-9]{2}")
PORT = matches("port", "must be a UN/LOCODE of five characters", "[A-Z]{2}[A-Z2-9]{3}")

FINDING_TYPES = ("valuation", "classification", "origin", "quantity", "procedure", "other")


def _later_version_undated(row: ir.Table) -> ir.BooleanValue:
    return (row.version > 0) & row.known_on.isnull()


def _closed_undated(row: ir.Table) -> ir.BooleanValue:
    return (row.status == "closed") & row.closed_on.isnull()


def _unfinished_dated(row: ir.Table) -> ir.BooleanValue:
    return row.status.isin(("planned", "open")) & row.closed_on.notnull()


DECLARATIONS = Table(
    name="declarations",
    row="a goods item and version",
    required=True,
    key=("declaration_id", "item_number", "version"),
    references=(Reference("trader_id", "traders", structural=False),),
    rules=(
        RowRule(
            "known_on_of_amendment",
            "known_on must be given for version 1 and later",
            ("version", "known_on"),
            _later_version_undated,
        ),
        in_order("accepted_on", "cancelled_on"),
    ),
    note=(
        "An amended declaration is a new row with the next version; nothing is overwritten, but for "
        "`cancelled_on`, which is written into every row of a declaration that is cancelled. It counts until "
        "that day, on which the cancellation is known, and from the day after no more; what audits and "
        "controls found on it stays. Others compare their lines of a quarter with it as known when the "
        "quarter began."
    ),
    columns=(
        identifier("declaration_id", "the declaration", required=True, wco="D014"),
        whole("item_number", "the goods item in it", at_least(1), required=True, wco="006"),
        whole(
            "version",
            "0 as first accepted; each amendment adds a row",
            at_least(0),
            required=True,
            wco="06A",
        ),
        day("accepted_on", "day of acceptance", required=True, wco="023"),
        known_on(default="accepted_on"),
        identifier("trader_id", "importer of record", required=True, wco="R038"),
        identifier("declarant_id", "broker or other declarant", wco="R123"),
        identifier("seller_id", "seller", wco="R051"),
        text("office_code", "customs office", required=True, wco="065"),
        text("procedure_code", "requested procedure, e.g. 4000", required=True, wco="166"),
        text("hs_code", "tariff classification, 6 to 12 digits", HS_CODE, required=True, wco="145"),
        text("origin_country", "country of origin", COUNTRY, required=True, wco="063"),
        text("dispatch_country", "country of export", COUNTRY, wco="062"),
        text("preference_code", "preference claimed; empty where none is", wco="164"),
        whole("valuation_method", "WTO valuation method", between(1, 6), wco="122"),
        flag("related_party", "buyer and seller declared as related"),
        text("transport_mode", "mode of transport", wco="T020"),
        amount("customs_value", "customs value of the item", required=True, wco="108"),
        amount("freight_amount", "freight apportioned to the item", wco="117"),
        number("net_mass_kg", "net mass", Unit.KILOGRAM, NOT_NEGATIVE, required=True, wco="128"),
        number("gross_mass_kg", "gross mass", Unit.KILOGRAM, NOT_NEGATIVE, wco="126"),
        number("supplementary_quantity", "quantity in the tariff's unit", None, NOT_NEGATIVE, wco="130"),
        text("supplementary_unit", "that unit"),
        number("duty_rate", "ad-valorem duty rate applied", Unit.RATE, RATE, required=True, wco="115"),
        amount("duty_assessed", "duty assessed", required=True, wco="120"),
        amount("vat_assessed", "value added tax assessed", required=True, wco="120"),
        amount("excise_assessed", "excise assessed", wco="120"),
        text("description", "description of the goods", wco="137"),
        identifier("origin_proof_id", "document behind a preference claim", wco="D005"),
        number("invoice_amount", "as on the invoice line, in its currency", None, NOT_NEGATIVE, wco="112"),
        text("invoice_currency", "currency of the invoice", CURRENCY),
        number(
            "valuation_adjustment", "additions declared to the price paid (royalties, assists)", Unit.MONEY
        ),
        text("loading_port", "port of loading, UN/LOCODE", PORT),
        day("cancelled_on", "day of cancellation, on every row of the declaration; empty where it stands"),
        text("channel", "lane at clearance", one_of("green", "yellow", "red", "blue")),
        text("amended_by", "who asked for this version; empty for version 0", one_of("trader", "customs")),
    ),
)

TRADERS = Table(
    name="traders",
    row="a trader and validity period",
    required=True,
    key=("trader_id", "valid_from"),
    columns=(
        identifier("trader_id", "the trader", required=True),
        day("valid_from", "first day this description holds", required=True),
        known_on(default="valid_from"),
        day("registered_on", "day of registration", required=True),
        text("name", "shown only in reports"),
        text("sector", "ISIC section or division", SECTOR),
        text("size_band", "size", one_of("micro", "small", "medium", "large")),
        text("region", "ISO 3166-2", REGION),
        text("legal_form", "legal form"),
        amount("paid_in_capital", "paid-in capital"),
        text("aeo_status", "authorised economic operator", one_of("none", "aeo_c", "aeo_s", "aeo_f")),
        day("aeo_since", "authorised since"),
        day("aeo_revalidation_due", "next revalidation due", PLANNED_DAY),
    ),
)

AUDITS = Table(
    name="audits",
    row="an audit, whatever its treatment",
    required=True,
    key=("audit_id",),
    references=(Reference("trader_id", "traders", structural=True),),
    rules=(
        in_order("period_from", "period_to"),
        in_order("opened_on", "closed_on"),
        RowRule(
            "closed_on_of_closed",
            "closed_on must be given where status is closed",
            ("status", "closed_on"),
            _closed_undated,
        ),
        RowRule(
            "closed_on_of_unfinished",
            "closed_on must be empty where status is planned or open",
            ("status", "closed_on"),
            _unfinished_dated,
        ),
    ),
    columns=(
        identifier("audit_id", "the audit", required=True),
        identifier("trader_id", "the trader audited", required=True),
        text(
            "treatment",
            "how the trader was treated",
            one_of("field", "desk", "letter", "joint"),
            required=True,
        ),
        text(
            "selection_channel",
            "why it was selected",
            one_of("random", "model", "rule", "referral", "joint_tax", "complaint"),
            required=True,
        ),
        number(
            "inclusion_probability",
            "probability with which the selection drew this trader; empty for legacy rows",
            Unit.PROBABILITY,
            PROBABILITY,
        ),
        identifier("selection_run_id", "the plan that selected it"),
        day("period_from", "first day of the declarations in scope", required=True),
        day("period_to", "last day of the declarations in scope", PLANNED_DAY, required=True),
        day("opened_on", "day of opening", PLANNED_DAY, required=True),
        day("closed_on", "day of closing; empty while open"),
        day("known_on", "day the opening was known", PLANNED_DAY, default="opened_on"),
        text("status", "state", one_of("planned", "open", "closed", "abandoned"), required=True),
        number("hours_spent", "auditor hours", Unit.HOUR, NOT_NEGATIVE),
        identifier("team_id", "pseudonymous; corrects for detection skill, never a trader feature"),
    ),
)
