"""Random rows of what customs itself keeps: traders, lines, audits, findings, controls, rates."""

from collections.abc import Iterable
from datetime import date, timedelta

from features.data.contract.required import FINDING_TYPES
from features.proofs.draw import LAST, Draw
from features.proofs.known import known
from features.proofs.tables import Row, Tables

CODES = ("010129", "01012100", "01012910", "610910", "6109909000", "61099020", "61099090", "85044090")
UNRATED = "01012910"
"""The code that the tariff lacks: the rates of the one that it begins with hold for it."""
COUNTRIES = ("CN", "DE", "VN")
RATES = (0.0, 0.05, 0.05, 0.12, 0.2)


def descriptions(draw: Draw, trader: str) -> Iterable[Row]:
    """Yield the descriptions of a trader, each from another day."""
    days = sorted({draw.day(date(2019, 1, 1)) for _ in range(draw.choice((1, 1, 2, 3)))})
    for day in (date(2018, 1, 1), *days) if draw.random() < 0.8 else days:
        yield description(draw, trader, day)


def description(draw: Draw, trader: str, valid_from: date) -> Row:
    """Return a description that holds from a day."""
    return {
        "trader_id": trader,
        "valid_from": valid_from,
        "known_on": draw.choice((None, draw.later(valid_from), valid_from - timedelta(days=20))),
        "registered_on": draw.day(date(2005, 1, 1), date(2019, 1, 1)) + timedelta(days=1275),
        "name": trader,
        "sector": draw.choice(("46", "46", "10", None)),
        "size_band": draw.choice(("small", "small", "large", None)),
        "region": draw.choice(("KR-11", "KR-26", None)),
        "legal_form": draw.choice(("company", "sole proprietor", "partnership", None)),
        "paid_in_capital": draw.perhaps(0.8, draw.amount()),
        "aeo_status": draw.choice(("none", "none", "aeo_c", "aeo_s", "aeo_f", None)),
        "aeo_since": draw.perhaps(0.6, draw.day(date(2015, 1, 1), date(2022, 1, 1))),
        "aeo_revalidation_due": draw.perhaps(0.6, draw.day(date(2021, 1, 1), date(2026, 1, 1))),
    }


def versions(draw: Draw, declaration: str, item: int, trader: str) -> Iterable[Row]:
    """Yield a line and its amendments; each is known after the one before."""
    row = line(draw, declaration, item, trader)
    yield row
    known = row["known_on"] or row["accepted_on"]
    for version in range(1, draw.choice((1, 1, 1, 2, 3))):
        known = draw.later(known + timedelta(days=draw.choice((0, 1, 40))), late=0.5)
        row = amended(draw, row, version, known)
        yield row


def cancelled(draw: Draw, lines: list[Row]) -> list[Row]:
    """Return the lines with the day on which some declarations were cancelled, on every row of them."""
    accepted: dict[str, date] = {}
    for row in lines:
        day = accepted.get(row["declaration_id"], row["accepted_on"])
        accepted[row["declaration_id"]] = max(day, row["accepted_on"])
    days = {name: draw.perhaps(0.1, draw.later(day, late=0.5)) for name, day in accepted.items()}
    return [row | {"cancelled_on": days[row["declaration_id"]]} for row in lines]


def amended(draw: Draw, row: Row, version: int, known_on: date) -> Row:
    """Return a line after an amendment: two values are others, at times its day, importer and seller too."""
    importer = draw.choice((str(row["trader_id"]), "T0", "T1"))
    changed = line(draw, str(row["declaration_id"]), int(str(row["item_number"])), importer)
    names = draw.sample(("hs_code", "customs_value", "duty_assessed", "declarant_id", "preference_code"), 2)
    rare = ("accepted_on", "trader_id", "seller_id") if draw.random() < 0.1 else ()
    asked_by = draw.choice(("trader", "trader", "customs", None))
    new = {name: changed[name] for name in (*names, *rare)}
    return row | new | {"version": version, "known_on": known_on, "amended_by": asked_by}


def line(draw: Draw, declaration: str, item: int, trader: str) -> Row:
    """Return a line in the version first declared."""
    accepted, value = draw.day(), draw.amount()
    net = draw.choice((0.0, 10.0, 10.0, round(draw.uniform(0.5, 90), 1)))
    unit = draw.choice((None, None, "NAR", "LTR"))
    rate = draw.choice(RATES)
    return {
        "declaration_id": declaration,
        "item_number": item,
        "version": 0,
        "accepted_on": accepted,
        "known_on": draw.choice((None, None, draw.later(accepted))),
        "trader_id": trader,
        "declarant_id": draw.choice(("B1", "B1", "B2", "B3", None)),
        "seller_id": draw.choice(("S1", "S2", "S3", "T1", None)),
        "office_code": draw.choice(("0010", "0020", "0020")),
        "procedure_code": draw.choice(("4000", "4000", "4200", "5100", "7100", "2300")),
        "hs_code": draw.choice(CODES),
        "origin_country": draw.choice(COUNTRIES),
        "dispatch_country": draw.choice((*COUNTRIES, "HK", None)),
        "preference_code": draw.choice((None, None, "100", "300")),
        "valuation_method": draw.choice((1, 1, 1, 2, 6, None)),
        "related_party": draw.choice((True, False, None)),
        "transport_mode": draw.choice(("1", "1", "4", None)),
        "customs_value": value,
        "freight_amount": draw.choice((None, 0.0, round(value * 0.1, 2), round(value * 0.02, 2))),
        "net_mass_kg": net,
        "gross_mass_kg": draw.choice((None, 0.0, net, round(net * 1.1, 2))),
        "supplementary_quantity": draw.choice((None, 0.0, 7.0, 24.0)) if unit else None,
        "supplementary_unit": unit,
        "duty_rate": rate,
        "duty_assessed": round(value * rate, 2),
        "vat_assessed": round(value * 0.1, 2),
        "excise_assessed": draw.choice((None, None, 0.0, 12.3)),
        "description": "goods",
        "origin_proof_id": draw.choice((None, "EUR.1")),
        "invoice_amount": draw.choice((None, value, round(value * 1.1, 2), 5000.0)),
        "invoice_currency": draw.choice(("USD", None)),
        "valuation_adjustment": draw.choice((None, None, 0.0, 12.5)),
        "loading_port": draw.choice(("CNSHA", "DEHAM", "VNSGN", None)),
        "channel": draw.choice(("green", "yellow", "red", None)),
        "amended_by": None,
    }


def audit(draw: Draw, audit_id: str, trader: str) -> Row:
    """Return an audit, ended or not."""
    opened = draw.day(date(2020, 7, 1))
    length = draw.choice((0, 30, 90, 400))
    status = draw.choice(("closed", "closed", "closed", "open", "planned", "abandoned"))
    period_from = draw.day(date(2019, 6, 1), opened)
    ended = status == "closed" or (status == "abandoned" and draw.random() < 0.5)
    return {
        "audit_id": audit_id,
        "trader_id": trader,
        "treatment": draw.choice(("field", "desk", "letter", "letter", "joint")),
        "selection_channel": draw.choice(("random", "model", "rule", "referral")),
        "inclusion_probability": draw.choice((None, 0.01, 0.5)),
        "selection_run_id": draw.choice((None, "R1", "R2")),
        "period_from": period_from,
        "period_to": draw.day(period_from, opened),
        "opened_on": opened,
        "closed_on": opened + timedelta(days=length) if ended else None,
        "known_on": draw.choice((None, None, draw.later(opened))),
        "status": status,
        "hours_spent": draw.choice((None, 10.0, 33.5)),
        "team_id": draw.choice(("K1", "K2")),
    }


def ledger(draw: Draw, audit: Row, lines: int) -> Iterable[Row]:
    """Yield the findings of an audit, in the order of their events."""
    day = audit["closed_on"] or audit["opened_on"]
    for number in range(1, draw.randint(2, 5)):
        yield finding(draw, str(audit["audit_id"]), number, day, lines)
        day = draw.later(day, late=0.4)


def answers(draw: Draw, letter: Row, tables: Tables) -> Iterable[Row]:
    """Yield amendments of lines in a letter's scope, by the trader, most of them soon after it."""
    newest = {(row["declaration_id"], row["item_number"]): row for row in tables["declarations"]}
    for row in newest.values():
        in_scope = letter["period_from"] <= row["accepted_on"] <= letter["period_to"]
        known_on = letter["opened_on"] + timedelta(days=draw.choice((0, 1, 120, 121)))
        if row["trader_id"] == letter["trader_id"] and in_scope and known("declarations", row) <= known_on:
            change = {
                "amended_by": draw.choice(("trader", "trader", "customs")),
                "duty_assessed": draw.amount(),
            }
            yield row | change | {"version": int(str(row["version"])) + 1, "known_on": known_on}


def finding(draw: Draw, audit_id: str, number: int, day: date, lines: int) -> Row:
    """Return an event of an audit's ledger."""
    event = "assessed" if number == 1 else draw.choice(("assessed", "reduced", "cancelled", "upheld"))
    event = draw.choice((event, event, event, "collected", "refunded"))
    amount = draw.choice((100.0, 100.0, 750.25, round(draw.uniform(1, 5000), 2)))
    lowers = event in ("reduced", "cancelled", "refunded")
    on_line = draw.random() < 0.6
    return {
        "audit_id": audit_id,
        "event_number": number,
        "corrects": number - 1 if number > 1 and draw.random() < 0.2 else None,
        "finding_type": draw.choice(FINDING_TYPES),
        "tax_type": draw.choice(("duty", "duty", "vat", "excise", "penalty", "interest")),
        "event": event,
        "amount": -amount if lowers or draw.random() < 0.1 else amount,
        "event_on": day,
        "known_on": draw.choice((None, draw.later(day))),
        "declaration_id": f"D{draw.randrange(lines // 2)}" if on_line else None,
        "item_number": draw.choice((1, 2, None)) if on_line else None,
        "culpability": draw.choice(("error", "negligence", "fraud", None)),
        "recorded_by": None,
        "recorded_at": None,
        "confirmed": None,
    }


def levies(draw: Draw, line: Row) -> Iterable[Row]:
    """Yield the levies on a version of a line, each with the day on which that is known."""
    for kind in draw.sample(("anti_dumping", "surtax"), draw.choice((0, 0, 1, 2))):
        rate = draw.choice((0.1, 0.35, None))
        yield {
            **{name: line[name] for name in ("declaration_id", "item_number", "version")},
            "kind": kind,
            "amount": draw.choice((0.0, 12.5, round(float(str(line["customs_value"])) * (rate or 0.2), 2))),
            "rate": rate,
            "known_on": line["known_on"] or line["accepted_on"],
        }


def tariff(draw: Draw) -> list[Row]:
    """Return rates by code, preference and day."""
    rates = [
        rate(draw, code, preference, day)
        for code in CODES
        for preference in (None, "100", "300")
        if preference is None or draw.random() < 0.5
        for day in sorted({date(2015, 1, 1), *(draw.day() for _ in range(draw.choice((0, 1, 3))))})
    ]
    return [row for row in rates if row["hs_code"] != UNRATED]


def correlations(draw: Draw) -> list[Row]:
    """Draw two editions that rename, divide and join subheadings, and give codes to other goods."""
    subheadings = sorted({code[:6] for code in CODES} | {"610991"})
    return [
        {"former_code": former, "new_code": new, "valid_from": day}
        for day in (date(2021, 7, 1), date(2022, 10, 1))
        for former in draw.sample(subheadings, 3)
        for new in draw.sample(subheadings, draw.choice((1, 1, 2)))
    ]


def rate(draw: Draw, code: str, preference: str | None, valid_from: date) -> Row:
    """Return a rate that holds from a day."""
    return {
        "hs_code": code,
        "preference_code": preference,
        "valid_from": valid_from,
        "valid_to": draw.choice((None, None, draw.day(valid_from, max(valid_from, LAST)))),
        "rate": draw.choice(RATES),
    }


def control(draw: Draw, control_id: str, lines: int) -> Row:
    """Return a control of a declaration that may not exist."""
    day = draw.day()
    return {
        "control_id": control_id,
        "declaration_id": f"D{draw.randrange(lines // 2 + 2)}",
        "item_number": draw.choice((None, 1, 2)),
        "controlled_on": day,
        "selected_by": draw.choice(("random", "rule", "model", "manual")),
        "type": draw.choice(("document", "physical", "scan")),
        "finding_type": draw.choice((None, None, *FINDING_TYPES)),
        "revenue_delta": draw.choice((0.0, 0.0, 55.5, -3.0)),
        "known_on": draw.later(day),
    }
