"""Preferences, origins and reliefs."""

from collections.abc import Iterable

from tests.features.proofs.reference import moves
from tests.features.proofs.reference.arithmetic import Number, less, ratio, total, weighted
from tests.features.proofs.reference.audited import mean_finding_rate
from tests.features.proofs.reference.peers import habit, is_elsewhere
from tests.features.proofs.reference.rows import Row, value
from tests.features.proofs.reference.shortfall import due, missing, short
from tests.features.proofs.reference.then_and_now import then_and_now
from tests.features.proofs.reference.world import View


def _claimed(view: View, months: int) -> list[Row]:
    return [row for row in view.lines(months) if row["preference_code"]]


def _forgone(view: View, rows: Iterable[Row]) -> float:
    """Value x (general rate - rate paid), where that is above zero."""
    rated = [(view.world.general_rate(row), row) for row in rows]
    return total(
        max(rate - row["duty_rate"], 0) * row["customs_value"] for rate, row in rated if rate is not None
    )


def preference_share(view: View, months: int) -> Number:
    return ratio(value(_claimed(view, months)), value(view.lines(months)))


def preference_money(view: View, months: int) -> Number:
    return _forgone(view, _claimed(view, months))


def origin_not_dispatch(view: View, months: int) -> Number:
    return weighted((is_elsewhere(row), row["customs_value"]) for row in view.lines(months))


def origin_not_dispatch_gap(view: View, months: int) -> Number:
    gaps = [(less(is_elsewhere(row), habit(view, row, "is_elsewhere")), row) for row in view.lines(months)]
    return weighted((gap, row["customs_value"]) for gap, row in gaps)


def preference_no_doc(view: View, months: int) -> Number:
    return weighted((row["origin_proof_id"] is None, row["customs_value"]) for row in _claimed(view, months))


def preference_no_doc_money(view: View, months: int) -> Number:
    return _forgone(view, (row for row in _claimed(view, months) if row["origin_proof_id"] is None))


def origin_finding_exposure(view: View, months: int) -> Number:
    return mean_finding_rate(view, months, "hs4", "origin_country")


def origin_shift_value(view: View, months: int) -> Number:
    return value(row for row, moved in _after_measures(view, months) if moved)


def origin_shift_share(view: View, months: int) -> Number:
    return weighted((moved, row["customs_value"]) for row, moved in _after_measures(view, months))


def _after_measures(view: View, months: int) -> Iterable[tuple[Row, bool]]:
    """Lines of codes that had got dearer, and whether they came from an origin not used before."""
    dearer = [change for change in moves.changes(view.world) if change.rises or change.ends_preference]
    measures = list(moves.met(view, dearer, _so_used))
    for row in view.lines(months):
        before = [m.day for m in measures if m.code == row["hs_code"] and m.soon_before(row)]
        if before:
            yield row, any(moves.is_new(view, row, "hs_code", "origin_country", day=day) for day in before)


def _so_used(change: moves.Change, row: Row) -> bool:
    return (row["hs_code"], row["preference_code"]) == (change.code, change.preference)


def relief_open(view: View, months: int) -> Number:
    rows = view.lines(months)
    entered = value(row for row in rows if row["procedure_code"][:2] in ("51", "53"))
    return max(entered - value(row for row in rows if row["procedure_code"][2:4] in ("51", "53")), 0)


def relief_at_stake(view: View, months: int) -> Number:
    rows = view.lines(months)
    entered = [row for row in rows if row["procedure_code"][:2] in ("51", "53")]
    discharged = value(row for row in rows if row["procedure_code"][2:4] in ("51", "53"))
    still_open = 1 - discharged / value(entered) if value(entered) else 0
    return total(_unassessed(view, row) for row in entered) * max(still_open, 0)


def special_procedure_at_stake(view: View, months: int) -> Number:
    return total(_unassessed(view, row) for row in view.lines(months) if row["procedure_code"] != "4000")


def _unassessed(view: View, row: Row) -> float:
    return missing(row, less(due(view, row), ratio(row["duty_assessed"], row["customs_value"])))


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
