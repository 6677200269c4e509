"""Preferences, origins and reliefs."""

from tests.features.proofs.reference.arithmetic import Number, less, ratio, total, weighted
from tests.features.proofs.reference.audited import mean_finding_rate
from tests.features.proofs.reference.peers import habit, is_elsewhere
from tests.features.proofs.reference.rows import Row, value
from tests.features.proofs.reference.shortfall import due, missing, short
from tests.features.proofs.reference.then_and_now import then_and_now
from tests.features.proofs.reference.world import View


def _claimed(view: View, months: int) -> list[Row]:
    return [row for row in view.lines(months) if row["preference_code"]]


def preference_share(view: View, months: int) -> Number:
    return ratio(value(_claimed(view, months)), value(view.lines(months)))


def origin_not_dispatch(view: View, months: int) -> Number:
    return weighted((is_elsewhere(row), row["customs_value"]) for row in view.lines(months))


def origin_not_dispatch_gap(view: View, months: int) -> Number:
    gaps = [(less(is_elsewhere(row), habit(view, row, "is_elsewhere")), row) for row in view.lines(months)]
    return weighted((gap, row["customs_value"]) for gap, row in gaps)


def preference_no_doc(view: View, months: int) -> Number:
    return weighted((row["origin_proof_id"] is None, row["customs_value"]) for row in _claimed(view, months))


def origin_finding_exposure(view: View, months: int) -> Number:
    return mean_finding_rate(view, months, "hs4", "origin_country")


def relief_at_stake(view: View, months: int) -> Number:
    rows = view.lines(months)
    entered = [row for row in rows if row["procedure_code"][:2] in ("51", "53")]
    discharged = value(row for row in rows if row["procedure_code"][2:4] in ("51", "53"))
    still_open = 1 - discharged / value(entered) if value(entered) else 0
    return total(_unassessed(view, row) for row in entered) * max(still_open, 0)


def special_procedure_at_stake(view: View, months: int) -> Number:
    return total(_unassessed(view, row) for row in view.lines(months) if row["procedure_code"] != "4000")


def _unassessed(view: View, row: Row) -> float:
    return missing(row, less(due(view, row), ratio(row["plain_duty"], row["customs_value"])))


def levy_gap_money(view: View, months: int) -> Number:
    return (
        total(
            missing(row, less(habit(view, row, "levy_rate"), row["levy_rate"])) for row in view.lines(months)
        )
        if view.lines(months)
        else None
    )


def preference_at_stake(view: View, months: int) -> Number:
    return total(short(view, row) for row in _claimed(view, months))


def unproven_preference_at_stake(view: View, months: int) -> Number:
    return total(short(view, row) for row in _claimed(view, months) if row["origin_proof_id"] is None)


def detour_preference_at_stake(view: View, months: int) -> Number:
    return total(short(view, row) for row in _claimed(view, months) if is_elsewhere(row))


def risen_preference_at_stake(view: View, months: int) -> Number:
    late = view.lines(12)
    early = [row for row in view.lines(months) if not view.within(row["accepted_on"], 12)]
    before = ratio(_saved(view, early), value(early))
    return None if before is None else max(_saved(view, late) - before * value(late), 0)


def _saved(view: View, rows: list[Row]) -> float:
    return total(short(view, row) for row in rows if row["preference_code"])


def preference_share_change(view: View, months: None) -> Number:
    return less(preference_share(view, 12), preference_share(view, 24))


def origin_not_dispatch_change(view: View, months: None) -> Number:
    return less(origin_not_dispatch(view, 12), origin_not_dispatch(view, 24))


def origins_used(view: View, months: int) -> Number:
    return len({row["origin_country"] for row in view.lines(months)})


def new_origin_share(view: View, months: int) -> Number:
    known = [goods for goods in then_and_now(view) if goods.early_heading_value > 0]
    return weighted((goods.early_value == 0, goods.late_value) for goods in known)
