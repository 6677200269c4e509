"""Optional tables of the contract: they sharpen a prediction where an administration has them."""

from collections.abc import Mapping

from ibis.expr import types as ir

from features.data.contract.required import FINDING_TYPES, HS_CODE
from features.data.contract.rule import (
    ANY_DAY,
    PLANNED_DAY,
    PROBABILITY,
    RATE,
    TablesRule,
    at_least,
    in_order,
    one_of,
    without,
)
from features.data.contract.table import (
    Reference,
    Table,
    amount,
    day,
    identifier,
    known_on,
    number,
    text,
    whole,
)
from features.data.contract.violation import Severity
from features.unit import Unit

_TRADER_REFERENCE = (Reference("trader_id", "traders", structural=False),)

TARIFF = Table(
    name="tariff",
    row="a rate and its validity; known from valid_from",
    key=("hs_code", "preference_code", "valid_from"),
    rules=(in_order("valid_from", "valid_to"),),
    note=(
        "Tariff and lines may stop at other levels, and lines at different ones: the rates of the longest "
        "code that the code of a line begins with hold for it, else those of the shortest code that adds "
        "only zeros to it. Prices and habits are compared by subheading (6 digits) and heading (4)."
    ),
    columns=(
        text("hs_code", "tariff classification", HS_CODE, required=True),
        text("preference_code", "preference; empty for the most-favoured-nation rate"),
        day("valid_from", "first day of the rate", PLANNED_DAY, required=True),
        day("valid_to", "last day of the rate", ANY_DAY),
        number("rate", "ad-valorem duty rate", Unit.RATE, RATE, required=True),
    ),
)

HS_CORRELATIONS = Table(
    name="hs_correlations",
    row="a code of the Harmonized System and one that holds goods of it in the next edition",
    key=("former_code", "new_code", "valid_from"),
    note=(
        "The correlation tables that the WCO publishes with an edition: all pairs of codes whose scope "
        "changed; a code that is in none stays as it is. Where one code became one of the same heading, "
        "lines of both are compared as the same goods. Where goods were divided, joined or moved, lines are "
        "compared within their edition, and across it by heading. The first six digits count."
    ),
    columns=(
        text("former_code", "code in the edition before", HS_CODE, required=True),
        text("new_code", "code in this edition, of the same goods or a part of them", HS_CODE, required=True),
        day("valid_from", "first day of this edition", PLANNED_DAY, required=True),
    ),
)

TAX_RETURNS = Table(
    name="tax_returns",
    row="a tax return of a trader and period, as filed on a day",
    key=("trader_id", "period_from", "period_to", "filed_on"),
    references=_TRADER_REFERENCE,
    rules=(in_order("period_from", "period_to"), in_order("filed_on", "known_on")),
    columns=(
        identifier("trader_id", "the trader", required=True),
        day("period_from", "first day of the period", required=True),
        day("period_to", "last day of the period", required=True),
        day("filed_on", "day of filing", required=True),
        known_on(default="filed_on"),
        number("turnover", "turnover", Unit.MONEY),
        number("purchases_imported", "purchases said to be imported", Unit.MONEY),
        number("import_vat_claimed", "import value added tax claimed back", Unit.MONEY),
        number("payments_abroad", "payments abroad", Unit.MONEY),
        number("royalties_abroad", "royalties paid abroad", Unit.MONEY),
        number("arrears", "tax owed and overdue", Unit.MONEY),
    ),
)

TAX_AUDITS = Table(
    name="tax_audits",
    row="a state of an audit by the tax administration (an open one is a chance for a joint audit)",
    key=("trader_id", "tax_audit_id", "known_on"),
    references=_TRADER_REFERENCE,
    rules=(in_order("opened_on", "closed_on"), in_order("planned_from", "planned_to")),
    columns=(
        identifier("trader_id", "the trader", required=True),
        identifier("tax_audit_id", "the tax audit", required=True),
        day("opened_on", "day of opening", required=True),
        day("closed_on", "day of closing; empty while open"),
        day("planned_from", "first day on which it means to be at the trader", PLANNED_DAY),
        day("planned_to", "last day on which it means to be there", PLANNED_DAY),
        number("adjustment", "tax adjusted", Unit.MONEY),
        known_on(required=True),
    ),
)

CONTROLS = Table(
    name="controls",
    row="a control of a declaration, or of an item of it, at or after the border",
    key=("control_id", "declaration_id", "item_number"),
    rules=(in_order("controlled_on", "known_on"),),
    columns=(
        identifier("control_id", "the control", required=True),
        identifier("declaration_id", "the declaration controlled", required=True),
        whole("item_number", "the goods item; empty where all were", at_least(1)),
        day("controlled_on", "day of the control", required=True),
        text(
            "selected_by",
            "how it was selected",
            one_of("random", "rule", "model", "manual"),
            required=True,
        ),
        text("type", "kind of control", one_of("document", "physical", "scan"), required=True),
        text("finding_type", "what was wrong; empty where nothing was", one_of(*FINDING_TYPES)),
        number("revenue_delta", "revenue gained by it", Unit.MONEY, required=True),
        known_on(required=True),
    ),
)

LINK = ("from_id", "to_id", "link_type", "valid_from")


def _successors(tables: Mapping[str, ir.Table]) -> ir.Table:
    links = tables["links"]
    return links.filter(links.link_type == "successor").select(*LINK)


def _succeeded_twice(tables: Mapping[str, ir.Table]) -> ir.Table:
    links = _successors(tables)
    pairs = links.join(links.view().select("from_id", other_id="to_id"), "from_id")
    return pairs.filter(pairs.to_id != pairs.other_id).select(*LINK).distinct()


def _succeeds_no_later(tables: Mapping[str, ir.Table]) -> ir.Table:
    """Return successions that follow another and do not begin after it: every cycle has one."""
    links = _successors(tables)
    before = links.view().select(from_id="to_id", begun_on="valid_from")
    pairs = links.join(before, "from_id")
    return pairs.filter(pairs.valid_from <= pairs.begun_on).select(*LINK).distinct()


LINKS = Table(
    name="links",
    row="a tie between two traders, or the number under which one goes on",
    key=LINK,
    rules=(in_order("valid_from", "valid_to"),),
    between=(
        TablesRule(
            name="one_successor",
            words="must name the one successor of from_id",
            column="to_id",
            columns=(),
            broken=_succeeded_twice,
            severity=Severity.STRUCTURE,
            advice="A trader goes on under one number: keep that link; who took over a part of it is tied to "
            "it as a group.",
        ),
        TablesRule(
            name="successor_later",
            words="must be after the succession by which from_id began, so that no number succeeds itself",
            column="valid_from",
            columns=(),
            broken=_succeeds_no_later,
            severity=Severity.STRUCTURE,
            advice="Correct the days, or leave out the link that leads back.",
        ),
    ),
    note=(
        "`successor` says that the trader from_id goes on under the number to_id. From the day after that is "
        "known, what was declared and found under the former number is that of the new one: its lines, "
        "audits, controls, amendments, returns and debts. Only the new number is ranked then. Description, "
        "sector and ties are those of the number itself. Several numbers may go on under one; "
        "a chain is followed over four."
    ),
    columns=(
        identifier("from_id", "a trader, or a person or company behind one", required=True),
        identifier("to_id", "the other end", required=True),
        text(
            "link_type",
            "what they share",
            one_of("group", "director", "address", "phone", "bank", "successor"),
            required=True,
        ),
        day("valid_from", "first day of the tie", required=True),
        day("valid_to", "last day of the tie; empty while it holds", ANY_DAY),
        known_on(required=True),
    ),
)

PAYMENTS = Table(
    name="payments",
    row="a state of a customs debt",
    key=("trader_id", "debt_id", "known_on"),
    references=_TRADER_REFERENCE,
    columns=(
        identifier("trader_id", "the trader", required=True),
        identifier("debt_id", "the debt", required=True),
        day("due_on", "day it was due", PLANNED_DAY, required=True),
        day("paid_on", "day it was paid; empty while unpaid"),
        amount("amount", "amount of the debt", required=True),
        known_on(required=True),
    ),
)

ASSIGNMENTS = Table(
    name="assignments",
    row="a state of what a plan assigned to a trader, treated or not: what came by lot measures compliance",
    key=("plan_id", "trader_id", "known_on"),
    references=_TRADER_REFERENCE,
    columns=(
        identifier("plan_id", "the plan; audits made for it name it as selection_run_id", required=True),
        identifier("trader_id", "the trader", required=True),
        text(
            "treatment",
            "what it was assigned",
            one_of("none", "letter", "desk", "field", "joint"),
            required=True,
        ),
        text(
            "role",
            "by what right; empty where it was not to be treated",
            one_of("certain", "lottery", "top_up", "held_out", "control"),
        ),
        number("probability_letter", "with which a letter was drawn", Unit.PROBABILITY, PROBABILITY),
        number("probability_desk", "with which a desk audit was", Unit.PROBABILITY, PROBABILITY),
        number("probability_field", "with which a field audit was", Unit.PROBABILITY, PROBABILITY),
        number("probability_joint", "with which a joint audit was", Unit.PROBABILITY, PROBABILITY),
        number("expected_yield", "yield expected of a field audit when it was assigned", Unit.MONEY),
        text("declined_because", "why officers declined the treatment; empty where they did not"),
        text("declined_by", "who declined it"),
        known_on(required=True),
    ),
)

SECOND_AUDITS = Table(
    name="second_audits",
    row="a fault that a second audit found which did not know what the first had found",
    key=("audit_id", "fault_number"),
    references=(Reference("audit_id", "audits", structural=True),),
    note=(
        "Of some visits drawn by lot another team does the work once more and is told nothing. What both "
        "find, beside what one alone finds, says which share of what is not paid a visit finds "
        "(`audit-yield gap`). Both name the goods item of each fault; what is booked without one is on "
        "neither side. A second audit is no audit of record: it stands neither in `audits` nor in "
        "`findings`. No feature reads it."
    ),
    columns=(
        identifier("audit_id", "the first audit", required=True),
        whole(
            "fault_number",
            "counts the faults of the second audit; 0 in the one row of an audit that found none",
            at_least(0),
            required=True,
        ),
        text("finding_type", "what was wrong; empty where nothing was", one_of(*FINDING_TYPES)),
        identifier("declaration_id", "the declaration on which it was found"),
        whole("item_number", "the goods item on which it was found", at_least(1)),
        known_on(required=True),
    ),
)

WATCHLIST = Table(
    name="watchlist",
    row="somebody whose name is to be compared with those of traders and of who stands behind them",
    key=("entry_id",),
    note=(
        "A list that the administration keeps or was given, such as one of sanctions. Names that are alike "
        "are shown to whoever looks into a trader, to be verified; no feature reads it."
    ),
    columns=(
        identifier("entry_id", "the entry", required=True),
        text("name", "its name, in any script", required=True),
        text("aliases", "other names, divided by semicolons"),
        text("kind", "what it is: a person, a company …"),
        text("countries", "countries it is tied to, divided by semicolons"),
        text("dataset", "the list that it is on"),
        known_on(required=True),
    ),
)

LEVY = ("declaration_id", "item_number", "version", "kind")


def _without_line(tables: Mapping[str, ir.Table]) -> ir.Table:
    return without(tables["levies"].select(*LEVY), tables["declarations"], LEVY[:3])


LEVIES = Table(
    name="levies",
    row="a levy on a version of a goods item, beside duty, VAT and excise",
    key=LEVY,
    between=(
        TablesRule(
            name="line_known",
            words="must be in declarations, with the item and the version",
            column="declaration_id",
            columns=(),
            broken=_without_line,
            severity=Severity.NOTE,
            advice="The levy counts nowhere. Export the declarations too, or correct item and version.",
        ),
    ),
    reads={"declarations": LEVY[:3]},
    note=(
        "What is levied on goods by their value, quantity or origin; leave out what is paid for a service, "
        "such as a fee for each document. A levy is known with the version on which it stands, and an "
        "amended version has levies of its own. Wherever money is at stake, levies count as duty does. A "
        "finding about one has the `tax_type` levy, or duty where a ledger keeps them together; it counts in "
        "the yield."
    ),
    columns=(
        identifier("declaration_id", "the declaration", required=True),
        whole("item_number", "the goods item in it", at_least(1), required=True),
        whole("version", "the version of the item on which it was assessed", at_least(0), required=True),
        text(
            "kind",
            "what it is",
            one_of("anti_dumping", "countervailing", "safeguard", "surtax", "fee", "other"),
            required=True,
        ),
        amount("amount", "amount assessed", required=True),
        number("rate", "its rate of the customs value, where it has one", Unit.RATE, RATE),
    ),
)
