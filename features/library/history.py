"""History: what audits, controls, letters and payments have shown of a trader, and who the trader is."""

from datetime import date

import ibis
from ibis.expr import types as ir

from features import exact
from features.feature import Example, combined, feature
from features.prepare.track import shrunk
from features.unit import Unit

WCO_AUDIT = "WCO Guidelines for Post-Clearance Audit, vol. 2"
DATE = "DATE: Kim et al., Dual Attentive Tree-aware Embedding for Customs Fraud Detection, KDD 2020"
ARMENIA = "Armenia, Government Decree 570-N of 25 May 2017: risk criteria for choosing taxpayers to audit"
AEO = "European Commission, Authorised Economic Operators Guidelines, TAXUD/B2/047/2011 rev. 6"
HMRC = "HM Revenue and Customs, Compliance Handbook: one to many approach"

AUDITED = "audits.status audits.closed_on audits.known_on"
FOUND = f"{AUDITED} findings.event findings.amount findings.known_on"
RECORD = f"{FOUND} audits.period_from audits.period_to declarations.customs_value"
CONTROLLED = "controls.selected_by controls.revenue_delta controls.known_on"
DUE = "payments.due_on payments.paid_on payments.amount payments.known_on"

DAYS_A_YEAR = 365.25
DAYS_A_MONTH = DAYS_A_YEAR / 12
LIMITED_FORMS = ("limited", "stock", "company", "corporation", "cooperative")
PERSONAL_FORMS = ("sole", "sole trader", "sole proprietor", "individual", "natural person", "partnership")


def _days(since: ir.DateValue, until: ir.DateValue) -> ir.FloatingValue:
    return until.delta(since, unit="day").cast("float64")


@feature(
    source="audits",
    empty=0.0,
    unit=Unit.COUNT,
    indicator="audits_and_recency",
    reference=f"{WCO_AUDIT}; {ARMENIA}",
    inputs=AUDITED,
    label="Audits so far",
    phrase="Audits of this trader closed so far: {value}.",
    why="What audits have seen is better known than what they have not.",
    example=Example("is_closed", [(True,), (False,), (True,)], 2.0),
)
def closed_audits(audits: ir.Table) -> ir.IntegerScalar:
    """Number of audits closed; one that is still open or was abandoned is none."""
    return audits.count(where=audits.is_closed)


@feature(
    source="audits",
    unit=Unit.MONTH,
    indicator="audits_and_recency",
    reference=f"{WCO_AUDIT}; {ARMENIA}",
    inputs=AUDITED,
    label="Time since the last audit",
    phrase="The last audit was closed {value} ago.",
    why="Habits slip when nobody has looked for long; just after an audit they are better.",
    example=Example(
        "cutoff closed_on",
        [
            (date(2024, 7, 1), date(2023, 7, 2)),
            (date(2024, 7, 1), date(2020, 1, 1)),
            (date(2024, 7, 1), None),
        ],
        365 / (365.25 / 12),
    ),
)
def months_since_audit(audits: ir.Table) -> ir.FloatingScalar:
    """Months from the closing of the last closed audit; empty where none is closed."""
    return (_days(audits.closed_on, audits.cutoff) / DAYS_A_MONTH).min()


@feature(
    source="audits",
    empty=1.0,
    unit=Unit.FLAG,
    indicator="audits_and_recency",
    reference=f"{WCO_AUDIT}; {ARMENIA}",
    inputs=AUDITED,
    label="Never audited",
    phrase="No audit of this trader has ever been closed: {value}.",
    why="Of a trader that was never audited nothing is known from the inside.",
    example=Example("is_closed", [(False,)], 1.0),
)
def never_audited(audits: ir.Table) -> ir.FloatingScalar:
    """1 where no audit is closed, be it that one is open; else 0."""
    return (audits.count(where=audits.is_closed) == 0).ifelse(1.0, 0.0)


@feature(
    source="track_record",
    unit=Unit.PROBABILITY,
    indicator="shrunk_adjustment_rate",
    reference=f"{DATE}; {ARMENIA}",
    inputs=FOUND,
    label="Share of audits with an adjustment",
    phrase="By its own audits and those of others of its sector and size, {value} of audits find something.",
    why="Who was adjusted before, or trades like those who were, is more often adjusted again.",
    monotone=1,
    example=Example("audits adjusted other_audits other_adjusted", [(2.0, 1.0, 1.0, 0.25)], 3.5 / 12.0),
)
def adjustment_rate(record: ir.Table) -> ir.FloatingScalar:
    """(own audits adjusted + 10 x others' share) / (own audits + 10), others of the same sector and size."""
    return shrunk(record, "adjusted", per="audits")


@feature(
    source="track_record",
    unit=Unit.SHARE,
    indicator="shrunk_yield_per_value",
    reference=DATE,
    inputs=RECORD,
    label="Audit yield on value",
    phrase="By its own audits and those of others of its sector and size, audits assess {value} of the "
    "customs value they cover.",
    why="What past audits brought in on the goods they covered is the plainest forecast of the next.",
    monotone=1,
    example=Example(
        "assessed audited_value other_assessed other_audited_value",
        [(500.0, 10_000.0, 100.0, 9_000.0)],
        1_500.0 / 100_000.0,
    ),
)
def yield_on_value(record: ir.Table) -> ir.FloatingScalar:
    """(own net assessed + 10 x others' mean) / (own audited value + 10 x others' mean), both an audit."""
    return shrunk(record, "assessed", per="audited_value")


@feature(
    source="track_record",
    unit=Unit.SHARE,
    indicator="shrunk_yield_per_value",
    reference=DATE,
    inputs=f"{RECORD} findings.finding_type",
    label="Audit yield from valuation",
    phrase="By its own audits and those of others of its sector and size, audits assess {value} of the "
    "customs value they cover for values declared too low.",
    why="Who declared values too low before, or trades like those who did, does so more often.",
    finding_type="valuation",
    monotone=1,
    example=Example(
        "assessed_valuation audited_value other_assessed_valuation other_audited_value",
        [(0.0, 0.0, 90.0, 9_000.0)],
        0.01,
    ),
)
def valuation_yield(record: ir.Table) -> ir.FloatingScalar:
    """As `yield_on_value`, of findings on valuation alone."""
    return shrunk(record, "assessed_valuation", per="audited_value")


@feature(
    source="track_record",
    unit=Unit.SHARE,
    indicator="shrunk_yield_per_value",
    reference=DATE,
    inputs=f"{RECORD} findings.finding_type",
    label="Audit yield from classification",
    phrase="By its own audits and those of others of its sector and size, audits assess {value} of the "
    "customs value they cover for wrong tariff codes.",
    why="Who used wrong tariff codes before, or trades like those who did, does so more often.",
    finding_type="classification",
    monotone=1,
    example=Example(
        "assessed_classification audited_value other_assessed_classification other_audited_value",
        [(200.0, 10_000.0, 0.0, 1_000.0)],
        0.01,
    ),
)
def classification_yield(record: ir.Table) -> ir.FloatingScalar:
    """As `yield_on_value`, of findings on classification alone."""
    return shrunk(record, "assessed_classification", per="audited_value")


@feature(
    source="track_record",
    unit=Unit.SHARE,
    indicator="shrunk_yield_per_value",
    reference=DATE,
    inputs=f"{RECORD} findings.finding_type",
    label="Audit yield from origin",
    phrase="By its own audits and those of others of its sector and size, audits assess {value} of the "
    "customs value they cover for wrong origins and preferences.",
    why="Who claimed wrong origins before, or trades like those who did, does so more often.",
    finding_type="origin",
    monotone=1,
    example=Example(
        "assessed_origin audited_value other_assessed_origin other_audited_value",
        [(200.0, 10_000.0, 0.0, 1_000.0)],
        0.01,
    ),
)
def origin_yield(record: ir.Table) -> ir.FloatingScalar:
    """As `yield_on_value`, of findings on origin alone."""
    return shrunk(record, "assessed_origin", per="audited_value")


@feature(
    source="track_record",
    unit=Unit.SHARE,
    indicator="shrunk_yield_per_value",
    reference=DATE,
    inputs=f"{RECORD} findings.finding_type",
    label="Audit yield from quantity",
    phrase="By its own audits and those of others of its sector and size, audits assess {value} of the "
    "customs value they cover for wrong quantities.",
    why="Who declared wrong quantities before, or trades like those who did, does so more often.",
    finding_type="quantity",
    monotone=1,
    example=Example(
        "assessed_quantity audited_value other_assessed_quantity other_audited_value",
        [(200.0, 10_000.0, 0.0, 1_000.0)],
        0.01,
    ),
)
def quantity_yield(record: ir.Table) -> ir.FloatingScalar:
    """As `yield_on_value`, of findings on quantity alone."""
    return shrunk(record, "assessed_quantity", per="audited_value")


@feature(
    source="track_record",
    unit=Unit.SHARE,
    indicator="shrunk_yield_per_value",
    reference=DATE,
    inputs=f"{RECORD} findings.finding_type",
    label="Audit yield from procedure",
    phrase="By its own audits and those of others of its sector and size, audits assess {value} of the "
    "customs value they cover for misused procedures and reliefs.",
    why="Who misused procedures before, or trades like those who did, does so more often.",
    finding_type="procedure",
    monotone=1,
    example=Example(
        "assessed_procedure audited_value other_assessed_procedure other_audited_value",
        [(200.0, 10_000.0, 0.0, 1_000.0)],
        0.01,
    ),
)
def procedure_yield(record: ir.Table) -> ir.FloatingScalar:
    """As `yield_on_value`, of findings on procedure alone."""
    return shrunk(record, "assessed_procedure", per="audited_value")


@feature(
    source="audits",
    empty=0.0,
    unit=Unit.COUNT,
    indicator="offences",
    reference=f"{WCO_AUDIT}; {AEO}",
    inputs=f"{FOUND} findings.culpability",
    label="Audits that found fraud",
    phrase="Audits of this trader in which money assessed for fraud stands: {value}.",
    why="Intent once proven is the strongest sign that a trader may evade again.",
    monotone=1,
    example=Example("assessed_as_fraud", [(500.0,), (0.0,), (20.0,)], 2.0),
)
def fraud_audits(audits: ir.Table) -> ir.IntegerScalar:
    """Number of audits in which money assessed for fraud stands."""
    return audits.count(where=audits.assessed_as_fraud > 0)


@feature(
    source="audits",
    empty=0.0,
    unit=Unit.COUNT,
    indicator="offences",
    reference=f"{WCO_AUDIT}; {AEO}",
    inputs=f"{FOUND} findings.culpability",
    label="Audits that found negligence",
    phrase="Audits of this trader in which money assessed for negligence stands: {value}.",
    why="Who did not take care before seldom takes much more now.",
    example=Example("assessed_as_negligence", [(500.0,), (0.0,)], 1.0),
)
def negligence_audits(audits: ir.Table) -> ir.IntegerScalar:
    """Number of audits in which money assessed for negligence stands."""
    return audits.count(where=audits.assessed_as_negligence > 0)


@feature(
    source="audits",
    empty=0.0,
    unit=Unit.COUNT,
    indicator="offences",
    reference=f"{WCO_AUDIT}; {AEO}",
    inputs=f"{FOUND} findings.culpability",
    label="Audits that found errors",
    phrase="Audits of this trader in which money assessed for honest errors stands: {value}.",
    why="Honest errors come from weak procedures, which may or may not have been mended.",
    example=Example("assessed_as_error", [(500.0,), (0.0,)], 1.0),
)
def error_audits(audits: ir.Table) -> ir.IntegerScalar:
    """Number of audits in which money assessed for errors without fault stands."""
    return audits.count(where=audits.assessed_as_error > 0)


@feature(
    source="audits",
    empty=0.0,
    unit=Unit.MONEY,
    indicator="offences",
    reference=f"{WCO_AUDIT}; {AEO}",
    inputs=f"{FOUND} findings.tax_type",
    label="Penalties",
    phrase="Penalties of {value} have been charged to this trader and stand.",
    why="Penalties are charged where the fault is the trader's own.",
    example=Example("penalties", [(500.0,), (-100.0,)], 400.0),
)
def penalties(audits: ir.Table) -> ir.FloatingScalar:
    """Penalties assessed in all audits, net of what was reduced or cancelled."""
    return audits.penalties.sum()


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
    why="Nobody chose these goods, so what was wrong with them is likely wrong with others.",
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
    why="Suspicion at the border that proved right may reach beyond the goods controlled.",
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
    unit=Unit.COUNT,
    indicator="border_hits",
    reference=WCO_AUDIT,
    inputs=CONTROLLED,
    label="Border findings",
    phrase="Controls at the border that found something in {window}: {value}.",
    why="Findings at the border are a sample of what came in unseen.",
    monotone=1,
    example=Example("revenue_delta finding_type", [(0.0, None), (50.0, "quantity"), (0.0, "procedure")], 2.0),
)
def border_hits(controls: ir.Table) -> ir.IntegerScalar:
    """Number of controls that found something, however selected."""
    return controls.count(where=_hit(controls))


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
    why="Money found at the border shows what a like fault costs where nobody looked.",
    example=Example("revenue_delta", [(0.0,), (250.0,), (-50.0,)], 200.0),
)
def border_revenue(controls: ir.Table) -> ir.FloatingScalar:
    """Revenue that controls gained, net of what they found paid too much."""
    return controls.revenue_delta.sum()


@feature(
    source="amendments",
    months=(12, 24),
    empty=0.0,
    unit=Unit.COUNT,
    indicator="amendments",
    reference=WCO_AUDIT,
    inputs="declarations.version declarations.known_on",
    label="Amended lines",
    phrase="Amendments of lines in {window}: {value}.",
    why="Many amendments point to declarations made without the facts at hand.",
    example=Example("version", [(1,), (1,), (2,)], 3.0),
)
def amendments(amended: ir.Table) -> ir.IntegerScalar:
    """Number of versions after the first, by the day they became known."""
    return amended.count()


@feature(
    source="amendments",
    months=(24,),
    unit=Unit.SHARE,
    indicator="amendments",
    reference=WCO_AUDIT,
    inputs="declarations.version declarations.known_on declarations.amended_by",
    label="Amendments by the trader itself",
    phrase="{value} of the amendments in {window} were asked for by the trader itself.",
    why="Who comes forward with its own errors has less left to find than who must be corrected.",
    monotone=-1,
    example=Example("amended_by", [("trader",), ("customs",), ("customs",), (None,)], 1.0 / 3.0),
)
def own_amendment_share(amended: ir.Table) -> ir.FloatingScalar:
    """Share of the amendments whose initiator is known that the trader asked for."""
    return exact.share(amended.count(where=amended.amended_by == "trader"), amended.amended_by.count())


@feature(
    source="amendments",
    months=(24,),
    empty=0.0,
    unit=Unit.MONEY,
    indicator="amendments",
    reference=WCO_AUDIT,
    inputs="declarations.version declarations.known_on declarations.duty_assessed",
    label="Taxes changed by amendments",
    phrase="Amendments in {window} changed taxes by {value}.",
    why="Amendments that lower taxes deserve a second look; ones that raise them show what was missed.",
    example=Example("tax_change", [(120.0,), (-20.0,), (None,)], 100.0),
)
def amended_taxes(amended: ir.Table) -> ir.FloatingScalar:
    """Duty, VAT and excise of the new versions less those of the ones before."""
    return amended.tax_change.sum()


@feature(
    source="letters",
    unit=Unit.SHARE,
    indicator="letter_response",
    reference=HMRC,
    inputs=f"{FOUND} audits.treatment declarations.amended_by",
    label="Letters answered",
    phrase="{value} of the letters to this trader were answered by a payment or an amendment.",
    why="Who leaves letters unanswered may need a visit.",
    example=Example(
        "is_answered is_over", [(True, True), (False, True), (False, True), (False, False)], 1.0 / 3.0
    ),
)
def letters_answered_share(letters: ir.Table) -> ir.FloatingScalar:
    """Share of the letters, closed or answered, that the trader answered.

    An answer is money assessed or collected, or an amendment of a line in scope by the trader, in 120 days.
    """
    return exact.share(letters.count(where=letters.is_answered), letters.count(where=letters.is_over))


@feature(
    source="letters",
    unit=Unit.RATIO,
    indicator="letter_response",
    reference=HMRC,
    inputs=f"{FOUND} audits.treatment declarations.amended_by declarations.duty_assessed",
    label="Self-corrected after letters",
    phrase="After letters the trader itself put right {value} of the money that was asked.",
    why="Who puts right what a letter asks needs no audit for it; who puts right little may hold back more.",
    example=Example("corrected asked", [(150.0, 200.0), (0.0, 100.0)], 0.5),
)
def self_corrected_share(letters: ir.Table) -> ir.FloatingScalar:
    """Taxes added by the trader's amendments within 120 days of letters, by what the letters assessed."""
    return exact.share(letters.corrected.sum(), letters.asked.sum())


@feature(
    source="audits",
    unit=Unit.SHARE,
    indicator="overturned_share",
    reference=HMRC,
    inputs=FOUND,
    label="Assessments overturned",
    phrase="{value} of what audits assessed was later reduced or cancelled.",
    why="Assessments that do not stand bring in less than they first say.",
    monotone=-1,
    example=Example("overturned gross_assessed", [(50.0, 200.0), (0.0, 300.0)], 0.1),
)
def overturned_share(audits: ir.Table) -> ir.FloatingScalar:
    """Money reduced or cancelled, by the additional revenue first assessed."""
    return exact.share(audits.overturned.sum(), audits.gross_assessed.sum())


@feature(
    source="payments",
    months=(12, 24),
    unit=Unit.DAY,
    indicator="lateness",
    reference=WCO_AUDIT,
    inputs=DUE,
    label="Days late in paying",
    phrase="Customs debts due in {window} were paid {value} late, on average by amount.",
    why="Who is short of money pays late, and is tempted to declare less.",
    monotone=1,
    example=Example(
        "cutoff due_on paid_on amount",
        [
            (date(2024, 7, 1), date(2024, 6, 1), None, 100.0),
            (date(2024, 7, 1), date(2024, 4, 1), date(2024, 4, 11), 200.0),
            (date(2024, 7, 1), date(2024, 3, 1), date(2024, 2, 1), 100.0),
        ],
        (30.0 * 100.0 + 10.0 * 200.0) / 400.0,
    ),
)
def days_late(payments: ir.Table) -> ir.FloatingScalar:
    """Mean days from due to paid, weighted by amount; unpaid debts are late up to the cutoff."""
    late = _days(payments.due_on, payments.paid_on.coalesce(payments.cutoff))
    return exact.weighted_mean(ibis.greatest(late, 0.0), payments.amount)


@feature(
    source="payments",
    months=(24,),
    unit=Unit.SHARE,
    indicator="lateness",
    reference=WCO_AUDIT,
    inputs=DUE,
    label="Unpaid debts",
    phrase="{value} of the customs debts due in {window} are not paid.",
    why="Unpaid debts show a trader in trouble, and money that an audit may not collect.",
    example=Example(
        "paid_on amount", [(None, 100.0), (date(2024, 4, 11), 200.0), (date(2024, 2, 1), 100.0)], 0.25
    ),
)
def unpaid_share(payments: ir.Table) -> ir.FloatingScalar:
    """Share of the money due that is not known to be paid."""
    return exact.share_where(payments.amount, payments.paid_on.isnull())


def _status_is(described: ir.Table, *statuses: str) -> ir.FloatingScalar:
    holds = ibis.cases((described.aeo_status.isin(statuses), 1.0), (described.aeo_status.notnull(), 0.0))
    return holds.max()


@feature(
    source="descriptions",
    unit=Unit.FLAG,
    indicator="aeo_state",
    reference=AEO,
    inputs="traders.aeo_status",
    label="Authorised for customs simplifications",
    phrase="Authorised economic operator for customs simplifications: {value}.",
    why="Authorised traders have had their procedures examined.",
    monotone=-1,
    example=Example("aeo_status", [("aeo_f",)], 1.0),
)
def authorised_for_customs(described: ir.Table) -> ir.FloatingScalar:
    """1 where the trader is an authorised operator of type C or F (full), else 0."""
    return _status_is(described, "aeo_c", "aeo_f")


@feature(
    source="descriptions",
    unit=Unit.FLAG,
    indicator="aeo_state",
    reference=AEO,
    inputs="traders.aeo_status",
    label="Authorised for security",
    phrase="Authorised economic operator for security and safety: {value}.",
    why="Authorised traders have had their supply chain examined.",
    monotone=-1,
    example=Example("aeo_status", [("aeo_c",)], 0.0),
)
def authorised_for_security(described: ir.Table) -> ir.FloatingScalar:
    """1 where the trader is an authorised operator of type S or F (full), else 0."""
    return _status_is(described, "aeo_s", "aeo_f")


@feature(
    source="descriptions",
    unit=Unit.YEAR,
    indicator="aeo_state",
    reference=AEO,
    inputs="traders.aeo_status traders.aeo_since",
    label="Time as authorised operator",
    phrase="The trader has been an authorised economic operator for {value}.",
    why="An authorisation long held rests on what was examined long ago.",
    example=Example(
        "cutoff aeo_status aeo_since", [(date(2024, 7, 1), "aeo_c", date(2023, 7, 2))], 365 / 365.25
    ),
)
def authorised_years(described: ir.Table) -> ir.FloatingScalar:
    """Years since the authorisation in force; empty without one."""
    years = _days(described.aeo_since, described.cutoff) / DAYS_A_YEAR
    return years.max(where=described.aeo_status != "none")


@feature(
    source="descriptions",
    unit=Unit.MONTH,
    indicator="aeo_state",
    reference=AEO,
    inputs="traders.aeo_status traders.aeo_revalidation_due",
    label="Time to revalidation",
    phrase="The authorisation is due to be revalidated in {value} (below zero: overdue).",
    why="An authorisation that is due or overdue has not been examined for long.",
    example=Example(
        "cutoff aeo_status aeo_revalidation_due",
        [(date(2024, 7, 1), "aeo_c", date(2024, 6, 1))],
        -30 / (365.25 / 12),
    ),
)
def months_to_revalidation(described: ir.Table) -> ir.FloatingScalar:
    """Months until the next revalidation is due; empty without an authorisation."""
    months = _days(described.cutoff, described.aeo_revalidation_due) / DAYS_A_MONTH
    return months.max(where=described.aeo_status != "none")


@feature(
    source="past_descriptions",
    unit=Unit.FLAG,
    indicator="aeo_state",
    reference=AEO,
    inputs="traders.aeo_status",
    label="Authorisation lost",
    phrase="The trader was an authorised economic operator and is none now: {value}.",
    why="Authorisations are suspended or given up where the conditions are no longer met.",
    monotone=1,
    example=Example("valid_from aeo_status", [(date(2020, 1, 1), "aeo_c"), (date(2023, 1, 1), "none")], 1.0),
)
def authorisation_lost(described: ir.Table) -> ir.FloatingScalar:
    """1 where a description without authorisation follows the last one with; empty where none tells."""
    none = described.valid_from.max(where=described.aeo_status == "none")
    held = described.valid_from.max(where=described.aeo_status != "none")
    told = (none.notnull() | held.notnull()).ifelse(0.0, ibis.null("float64"))
    return (none > held).fill_null(False).ifelse(1.0, told)


@feature(
    source="descriptions",
    unit=Unit.YEAR,
    indicator="entity",
    reference=f"{WCO_AUDIT}; {ARMENIA}",
    inputs="traders.registered_on",
    label="Age of the trader",
    phrase="The trader has been registered for {value}.",
    why="New traders know the rules less, and some are set up to be given up.",
    example=Example("cutoff registered_on", [(date(2024, 7, 1), date(2023, 7, 2))], 365 / 365.25),
)
def trader_age(described: ir.Table) -> ir.FloatingScalar:
    """Years since registration."""
    return (_days(described.registered_on, described.cutoff) / DAYS_A_YEAR).max()


@feature(
    source="descriptions",
    unit=Unit.FLAG,
    indicator="entity",
    reference=f"{WCO_AUDIT}; {ARMENIA}",
    inputs="traders.legal_form",
    label="Not a company",
    phrase="The trader is a person or partnership, not a company with capital: {value}.",
    why="Persons and partnerships keep simpler books, and their debts are harder to collect.",
    example=Example("legal_form", [("Sole",)], 1.0),
)
def not_a_company(described: ir.Table) -> ir.FloatingScalar:
    """1 for sole traders and partnerships, 0 for companies; empty for forms under other names."""
    form = described.legal_form.lower()
    personal = ibis.cases((form.isin(PERSONAL_FORMS), 1.0), (form.isin(LIMITED_FORMS), 0.0))
    return personal.max()


@feature(
    source="descriptions",
    unit=Unit.MONEY,
    indicator="entity",
    reference=f"{WCO_AUDIT}; {ARMENIA}",
    inputs="traders.paid_in_capital",
    label="Paid-in capital",
    phrase="The trader's paid-in capital is {value}.",
    why="Little capital means little to lose, and little from which to collect.",
    example=Example("paid_in_capital", [(25_000.0,)], 25_000.0),
)
def paid_in_capital(described: ir.Table) -> ir.FloatingScalar:
    """Paid-in capital as last described."""
    return described.paid_in_capital.max()


@combined(
    unit=Unit.RATIO,
    indicator="entity",
    reference=f"{WCO_AUDIT}; {ARMENIA}",
    label="Imports to capital",
    phrase="The customs value of the last 12 months is {value} the paid-in capital.",
    why="Large imports on little capital are typical of firms set up to trade for others and vanish.",
    monotone=1,
    example=Example("customs_value_12m paid_in_capital", [(500_000.0, 25_000.0)], 20.0),
)
def imports_to_capital(customs_value_12m: ir.FloatingColumn, paid_in_capital: ir.FloatingColumn) -> ir.Value:
    """Customs value of 12 months / paid-in capital; empty without capital."""
    return exact.share(customs_value_12m, paid_in_capital)
