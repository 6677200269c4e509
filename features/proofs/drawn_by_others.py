"""Random rows of what others tell customs: tax returns, tax audits, ties, and debts."""

from collections.abc import Iterable
from datetime import date, timedelta

from features.data.contract.required import FINDING_TYPES
from features.proofs.draw import LAST, Draw
from features.proofs.tables import Row


def tax_returns(draw: Draw, trader: str) -> Iterable[Row]:
    """Yield the returns of a trader's first quarters, some of them filed again."""
    for quarter in range(draw.choice((0, 6, 15))):
        first = date(2020 + quarter // 4, 1 + 3 * (quarter % 4), 1)
        last = date(first.year + first.month // 10, (first.month + 2) % 12 + 1, 1) - timedelta(days=1)
        for filed in sorted({draw.later(last) for _ in range(draw.choice((1, 1, 2)))}):
            yield tax_return(draw, trader, first, last, filed)


def tax_return(draw: Draw, trader: str, first: date, last: date, filed: date) -> Row:
    """Return a return of a period, as filed on a day."""
    names = ("turnover", "purchases_imported", "import_vat_claimed", "payments_abroad", "royalties_abroad")
    return {
        "trader_id": trader,
        "period_from": first,
        "period_to": last,
        "filed_on": filed,
        "known_on": draw.choice((None, filed, draw.later(filed))),
        "arrears": draw.choice((None, 0.0, 44.0)),
        **{name: draw.perhaps(0.8, draw.amount()) for name in names},
    }


def tax_audit(draw: Draw, tax_audit_id: str, trader: str) -> Iterable[Row]:
    """Yield what becomes known of an audit by the tax administration."""
    opened = known = draw.day()
    closed, adjustment = None, None
    for number in range(draw.choice((1, 2, 3))):
        known = draw.later(known, late=0.5) + timedelta(days=1) if number else draw.later(opened)
        if number == 1:
            closed = known - timedelta(days=draw.choice((0, 1)))
            closed, adjustment = max(closed, opened), draw.choice((None, 0.0, 800.0))
        yield {
            "trader_id": trader,
            "tax_audit_id": tax_audit_id,
            "opened_on": opened,
            "closed_on": closed,
            "planned_from": known,
            "planned_to": known + timedelta(days=30),
            "adjustment": adjustment,
            "known_on": known,
        }


def assignment(draw: Draw, plan: str, trader: str) -> Row:
    """Return what a plan assigned to a trader."""
    chances = {
        f"probability_{name}": draw.perhaps(0.8, 0.25) for name in ("letter", "desk", "field", "joint")
    }
    return {
        "plan_id": plan,
        "trader_id": trader,
        "treatment": draw.choice(("none", "letter", "field")),
        "role": draw.choice((None, "certain", "lottery", "control")),
        "expected_yield": draw.amount(),
        "declined_because": draw.perhaps(0.1, "no interpreter"),
        "declined_by": draw.perhaps(0.1, "ann"),
        "known_on": draw.day(),
        **chances,
    }


def links(draw: Draw, ids: list[str]) -> list[Row]:
    """Return ties, one a key."""
    ends = [*ids, "PERSON", "Ö-17", "S1"]
    rows = [link(draw, draw.choice(ids), draw.choice(ends)) for _ in range(4 * len(ids))]
    keyed = {(r["from_id"], r["to_id"], r["link_type"], r["valid_from"]): r for r in rows}
    return list(keyed.values())


def link(draw: Draw, from_id: str, to_id: str) -> Row:
    """Return a tie."""
    began = draw.day()
    return {
        "from_id": from_id,
        "to_id": to_id,
        "link_type": draw.choice(("group", "group", "director", "address", "phone", "bank")),
        "valid_from": began,
        "valid_to": draw.choice((None, None, draw.day(began, max(began, LAST)))),
        "known_on": draw.later(began),
    }


def debt(draw: Draw, debt_id: str, trader: str) -> Iterable[Row]:
    """Yield what becomes known of a debt."""
    due = known = draw.day()
    paid = None
    for number in range(draw.choice((1, 2, 2))):
        if number:
            paid = draw.later(due)
            known = max(known + timedelta(days=1), draw.later(paid))
        yield {
            "trader_id": trader,
            "debt_id": debt_id,
            "due_on": due,
            "paid_on": paid,
            "amount": draw.amount(),
            "known_on": known,
        }


def audited_twice(draw: Draw, audit_id: str, lines: int) -> Iterable[Row]:
    """Yield the faults that a second audit found, or a row for none."""
    known_on, faults = draw.day(), draw.choice((0, 1, 2))
    for number in range(1, faults + 1) if faults else (0,):
        yield {
            "audit_id": audit_id,
            "fault_number": number,
            "finding_type": draw.choice(FINDING_TYPES) if number else None,
            "declaration_id": f"D{draw.randrange(lines // 2)}" if number else None,
            "item_number": draw.choice((1, 2)) if number else None,
            "known_on": known_on,
        }


def watched(draw: Draw, entry_id: str) -> Row:
    """Return an entry of a watchlist."""
    return {
        "entry_id": entry_id,
        "name": draw.choice(("Acme", "Müller & Söhne")),
        "aliases": draw.choice((None, "Muller")),
        "kind": draw.choice((None, "company")),
        "countries": draw.choice((None, "CN")),
        "dataset": draw.choice((None, "a list")),
        "known_on": draw.day(),
    }
