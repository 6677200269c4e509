"""What audits, controls and letters found of a trader, how it amends and pays, and who it is."""

from collections import Counter, defaultdict
from datetime import date, timedelta
from itertools import pairwise

from tests.features.proofs.reference.arithmetic import Number, ratio, total, weighted
from tests.features.proofs.reference.audited import closed, drawn
from tests.features.proofs.reference.exposure import customs_value
from tests.features.proofs.reference.rows import Row, by, cancelled, taxes
from tests.features.proofs.reference.world import STANDS, TAXES, View

MONTH_DAYS = 365.25 / 12


def closed_audits(view: View, months: None) -> Number:
    return len(closed(view.audits))


def months_since_audit(view: View, months: None) -> Number:
    days = [row["closed_on"] for row in closed(view.audits)]
    return (view.cutoff - max(days)).days / MONTH_DAYS if days else None


def adjustment_rate(view: View, months: None) -> Number:
    return drawn(view, lambda audit: audit["assessed"] > 0, per=lambda audit: 1.0)


def yield_on_value(view: View, months: None) -> Number:
    return drawn(view, lambda audit: audit["assessed"], per=lambda audit: audit["audited_value"])


def valuation_yield(view: View, months: None) -> Number:
    return _yield_of_type(view, "valuation")


def classification_yield(view: View, months: None) -> Number:
    return _yield_of_type(view, "classification")


def origin_yield(view: View, months: None) -> Number:
    return _yield_of_type(view, "origin")


def quantity_yield(view: View, months: None) -> Number:
    return _yield_of_type(view, "quantity")


def procedure_yield(view: View, months: None) -> Number:
    return _yield_of_type(view, "procedure")


def _yield_of_type(view: View, kind: str) -> Number:
    return drawn(
        view,
        lambda audit: total(f["amount"] for f in audit["taxed"] if f["finding_type"] == kind),
        per=lambda audit: audit["audited_value"],
    )


def fraud_audits(view: View, months: None) -> Number:
    return _audits_with(view, "fraud")


def negligence_audits(view: View, months: None) -> Number:
    return _audits_with(view, "negligence")


def error_audits(view: View, months: None) -> Number:
    return _audits_with(view, "error")


def _audits_with(view: View, degree: str) -> int:
    amounts_of_audits = [
        [f["amount"] for f in audit["taxed"] if f["culpability"] == degree] for audit in view.audits
    ]
    return sum(total(amounts) > 0 for amounts in amounts_of_audits)


def penalties(view: View, months: None) -> Number:
    return total(
        f["amount"]
        for audit in view.audits
        for f in audit["ledger"]
        if f["tax_type"] == "penalty" and f["event"] in STANDS
    )


def letters_answered_share(view: View, months: None) -> Number:
    letters = _letters(view)
    answered = [letter for letter in letters if _is_answered(view, letter)]
    return ratio(len(answered), sum(letter["closed"] or letter in answered for letter in letters))


def self_corrected_share(view: View, months: None) -> Number:
    letters = _letters(view)
    corrected = total(max(change, 0) for letter in letters for change in _corrections(view, letter))
    assessed = [f["amount"] for letter in letters for f in letter["taxed"] if f["event"] == "assessed"]
    return ratio(corrected, total(amount for amount in assessed if amount > 0))


def _letters(view: View) -> list[Row]:
    return [audit for audit in view.audits if audit["treatment"] == "letter"]


def _is_answered(view: View, letter: Row) -> bool:
    """By money, assessed or collected, or by the trader's own amendments."""
    money = [f for f in letter["ledger"] if f["tax_type"] in TAXES]
    collected = total(f["amount"] for f in money if f["event"] in ("collected", "refunded"))
    return letter["assessed"] > 0 or collected > 0 or bool(_corrections(view, letter))


def _corrections(view: View, letter: Row) -> list[float]:
    """How the trader's amendments of lines in scope changed taxes, in the 120 days after a letter."""
    last = letter["opened_on"] + timedelta(days=120)
    return [
        change
        for row, change in _amended(view)
        if row["amended_by"] == "trader"
        and letter["period_from"] <= row["accepted_on"] <= letter["period_to"]
        and letter["opened_on"] < row["known"] <= last
    ]


def overturned_share(view: View, months: None) -> Number:
    taxed = [f for audit in view.audits for f in audit["taxed"]]
    back = total(-f["amount"] for f in taxed if f["event"] != "assessed")
    return ratio(back, total(f["amount"] for f in taxed if f["event"] == "assessed" and f["amount"] > 0))


def _controls(view: View, months: int) -> list[Row]:
    """The controls of the trader's declarations, once both are known."""
    owners: dict[str, tuple[date, str]] = {}
    for row in view.world.first_versions:
        owner = (row["known"], row["trader_id"])
        owners[row["declaration_id"]] = min(owners.get(row["declaration_id"], owner), owner)
    return [
        row
        for row in view.world.tables["controls"]
        if row["declaration_id"] in owners
        and owners[row["declaration_id"]][1] == view.trader
        and max(row["known"], owners[row["declaration_id"]][0]) < view.cutoff
        and view.within(row["controlled_on"], months)
    ]


def _found_something(row: Row) -> bool:
    return row["finding_type"] is not None or row["revenue_delta"] != 0


def _hit_rate(rows: list[Row]) -> Number:
    return ratio(sum(map(_found_something, rows)), len(rows))


def random_hit_rate(view: View, months: int) -> Number:
    return _hit_rate([row for row in _controls(view, months) if row["selected_by"] == "random"])


def targeted_hit_rate(view: View, months: int) -> Number:
    return _hit_rate([row for row in _controls(view, months) if row["selected_by"] != "random"])


def border_revenue(view: View, months: int) -> Number:
    return total(row["revenue_delta"] for row in _controls(view, months))


def _amended(view: View) -> list[tuple[Row, float]]:
    """Amendments, each with the change in taxes."""
    items = by(view.world.tables["declarations"], "declaration_id", "item_number")
    versions = [sorted(rows, key=lambda row: row["version"]) for rows in items.values()]
    return [
        (after, taxes(after) - taxes(before))
        for rows in versions
        for before, after in pairwise(rows)
        if after["trader_id"] == view.trader and after["known"] < view.cutoff
        if not cancelled(after, view.cutoff)
    ]


def _lately(view: View, months: int) -> list[tuple[Row, float]]:
    return [(row, change) for row, change in _amended(view) if view.within(row["known"], months)]


def amendments(view: View, months: int) -> Number:
    return len(_lately(view, months))


def own_amendment_share(view: View, months: int) -> Number:
    by_party = Counter(row["amended_by"] for row, _ in _lately(view, months))
    return ratio(by_party["trader"], by_party["trader"] + by_party["customs"])


def amended_taxes(view: View, months: int) -> Number:
    return total(change for _, change in _lately(view, months))


def _debts(view: View, months: int) -> list[Row]:
    return [row for row in view.latest("payments", "debt_id") if view.within(row["due_on"], months)]


def days_late(view: View, months: int) -> Number:
    return weighted(
        (max(((row["paid_on"] or view.cutoff) - row["due_on"]).days, 0), row["amount"])
        for row in _debts(view, months)
    )


def unpaid_share(view: View, months: int) -> Number:
    return weighted((row["paid_on"] is None, row["amount"]) for row in _debts(view, months))


def _described(view: View) -> Row:
    return view.world.description(view.trader, view.cutoff) or defaultdict(lambda: None)


def _authorised(view: View) -> bool:
    return _described(view)["aeo_status"] in ("aeo_c", "aeo_s", "aeo_f")


def _in_status(view: View, *kinds: str) -> Number:
    status = _described(view)["aeo_status"]
    return None if status is None else float(status in kinds)


def authorised_for_customs(view: View, months: None) -> Number:
    return _in_status(view, "aeo_c", "aeo_f")


def authorised_for_security(view: View, months: None) -> Number:
    return _in_status(view, "aeo_s", "aeo_f")


def authorised_years(view: View, months: None) -> Number:
    since = _described(view)["aeo_since"]
    return (view.cutoff - since).days / 365.25 if since and _authorised(view) else None


def months_to_revalidation(view: View, months: None) -> Number:
    due = _described(view)["aeo_revalidation_due"]
    return (due - view.cutoff).days / MONTH_DAYS if due and _authorised(view) else None


def authorisation_lost(view: View, months: None) -> Number:
    descriptions = sorted(view.own("traders"), key=lambda row: row["valid_from"])
    states = [
        row["aeo_status"] for row in descriptions if row["valid_from"] < view.cutoff and row["aeo_status"]
    ]
    return float(states[-1] == "none" and set(states) != {"none"}) if states else None


def trader_age(view: View, months: None) -> Number:
    since = _described(view)["registered_on"]
    return (view.cutoff - since).days / 365.25 if since else None


def not_a_company(view: View, months: None) -> Number:
    forms = {"company": 0.0, "sole proprietor": 1.0, "partnership": 1.0}
    return forms.get(_described(view)["legal_form"])


def paid_in_capital(view: View, months: None) -> Number:
    capital: Number = _described(view)["paid_in_capital"]
    return capital


def imports_to_capital(view: View, months: None) -> Number:
    return ratio(customs_value(view, 12) or 0.0, paid_in_capital(view, None) or 0.0)


def past_hit_share(view: View, months: None) -> Number:
    return ratio(sum(audit["assessed"] > 0 for audit in closed(view.audits)), len(closed(view.audits)))


def assessed_per_audit(view: View, months: None) -> Number:
    return ratio(total(audit["assessed"] for audit in closed(view.audits)) or 0, len(closed(view.audits)))


def past_refund_share(view: View, months: None) -> Number:
    return ratio(sum(audit["assessed"] < 0 for audit in closed(view.audits)), len(closed(view.audits)))


def record_money(view: View, months: None) -> Number:
    return _on_value(view, yield_on_value(view, None))


def valuation_record_money(view: View, months: None) -> Number:
    return _on_value(view, valuation_yield(view, None))


def classification_record_money(view: View, months: None) -> Number:
    return _on_value(view, classification_yield(view, None))


def origin_record_money(view: View, months: None) -> Number:
    return _on_value(view, origin_yield(view, None))


def quantity_record_money(view: View, months: None) -> Number:
    return _on_value(view, quantity_yield(view, None))


def procedure_record_money(view: View, months: None) -> Number:
    return _on_value(view, procedure_yield(view, None))


def _on_value(view: View, each: Number) -> Number:
    return None if each is None else each * (customs_value(view, 24) or 0.0)


def border_hit_share(view: View, months: int) -> Number:
    return _hit_rate(_controls(view, months))


def lowered_taxes(view: View, months: int) -> Number:
    return total(max(-change, 0) for _, change in _lately(view, months))


def young_at_stake(view: View, months: int) -> Number:
    age, rows = trader_age(view, None), view.lines(months)
    if age is None or age >= 3:
        return 0.0
    return total(map(taxes, rows)) if rows else None
