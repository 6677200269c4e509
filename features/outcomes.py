"""Outcomes of audits as known at a cutoff: models learn from them, and no feature may read them."""

from collections.abc import Mapping
from datetime import date
from typing import Literal, get_args

from ibis.expr import types as ir

from features import exact
from features.as_known import in_force, known_before
from features.data.contract.required import FINDING_TYPES
from features.data.warehouse import Warehouse
from features.errors import SettingError
from features.prepare.audits import ASSESSED, TAXES
from features.prepare.corrections import with_corrections

Measure = Literal["assessed", "collected"]
EVENTS: Mapping[str, tuple[str, ...]] = {"assessed": ASSESSED, "collected": ("collected", "refunded")}
BY_TYPE = tuple(f"{kind}_amount" for kind in FINDING_TYPES)
OPTIONAL = ("inclusion_probability", "hours_spent", "team_id")


def outcomes(
    warehouse: Warehouse,
    *,
    cutoff: date,
    measure: Measure = "assessed",
    with_penalties: bool = False,
) -> ir.Table:
    """Return one row for each audit that was closed, and known to be so, before `cutoff`, by opening day.

    `yield_amount` is the money of the findings ledger known by then, signed: a refund to the trader is
    negative, and an audit that closed without a finding has 0. An event that was corrected by then counts as
    corrected. `<type>_amount` are its parts by finding
    type. An audit still open, or abandoned, has no outcome and is absent: it is censored, not zero.
    Duty, VAT, excise and levies count; penalties on request, interest never. Columns beside: audit_id,
    trader_id, opened_on, closed_on, period_from, period_to, treatment, selection_channel, and where the
    administration keeps them inclusion_probability, hours_spent and team_id (else empty).

    Raises `SettingError` for an unknown measure.
    """
    if measure not in get_args(Measure):
        raise SettingError(
            f"There is no measure '{measure}'.",
            expected=" or ".join(get_args(Measure)) + ".",
            advice="assessed is what was claimed, collected what was paid.",
        )
    taxes = (*TAXES, "penalty") if with_penalties else TAXES
    audits = _closed(warehouse, cutoff)
    money = _money(warehouse, cutoff, events=EVENTS[measure], taxes=taxes)
    joined = audits.left_join(money, audits.audit_id == money.money_audit_id)
    amounts = {name: joined[name].fill_null(0.0) for name in ("yield_amount", *BY_TYPE)}
    return joined.select(*audits.columns, **amounts).order_by("opened_on", "audit_id")


def _money(
    warehouse: Warehouse, cutoff: date, *, events: tuple[str, ...], taxes: tuple[str, ...]
) -> ir.Table:
    findings = with_corrections(warehouse.table("findings"))
    counted = findings.filter(
        in_force(findings, cutoff), findings.event.isin(events), findings.tax_type.isin(taxes)
    )
    of_type = {f"{kind}_amount": counted.finding_type == kind for kind in FINDING_TYPES}
    return counted.group_by(money_audit_id="audit_id").aggregate(
        yield_amount=exact.total(counted.amount),
        **{name: exact.total(where.ifelse(counted.amount, 0.0)) for name, where in of_type.items()},
    )


def _closed(warehouse: Warehouse, cutoff: date) -> ir.Table:
    audits = warehouse.table("audits")
    closed = audits.filter(audits.status == "closed", audits.closed_on < cutoff, known_before(audits, cutoff))
    return closed.select(
        "audit_id",
        "trader_id",
        "opened_on",
        "closed_on",
        "period_from",
        "period_to",
        "treatment",
        "selection_channel",
        *OPTIONAL,
    )
