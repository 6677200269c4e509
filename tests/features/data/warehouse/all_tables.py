"""All ten tables, without a fault and with many, in values that are hard to carry from home to home."""

from datetime import date

from tests.features.tables import Row, Tables, good_tables

HARD_TEXT = (
    "Müller & Söhne",
    'the "best", cotton',
    "two\nlines",
    "semi;colon, comma\tand tab",
    "it's 100 % \\n {x} $1 'quoted'",
    " blanks around ",
    "=HYPERLINK(1)",
    "NULL",
    "nan",
    "007",
)
MAY = date(2024, 5, 6)


VERSION = ("declaration_id", "item_number", "version")


def all_tables() -> Tables:
    """All tables, without a fault."""
    tables = good_tables()
    tables["declarations"] += [
        tables["declarations"][0] | {"declaration_id": f"H{i}", "description": text, "version": 0}
        for i, text in enumerate(HARD_TEXT)
    ]
    tables["declarations"].append(
        tables["declarations"][0] | {"version": 1, "known_on": MAY, "amended_by": "customs"}
    )
    return tables | {
        "tariff": [
            {"hs_code": "010121", "preference_code": None, "valid_from": MAY, "valid_to": None, "rate": 0.05},
            {"hs_code": "010121", "preference_code": "300", "valid_from": MAY, "valid_to": MAY, "rate": 0.0},
        ],
        "hs_correlations": [
            {"former_code": "610910", "new_code": "610911", "valid_from": MAY},
            {"former_code": "610910", "new_code": "61091200", "valid_from": MAY},
        ],
        "tax_returns": [_tax_return("007"), _tax_return("0815", turnover=-12.5, arrears=1e-7)],
        "tax_audits": [
            {"trader_id": "007", "tax_audit_id": "X", "opened_on": MAY, "closed_on": None, "known_on": MAY}
        ],
        "controls": [_control("C1"), _control("C2", item_number=None, revenue_delta=-33.3)],
        "links": [
            {"from_id": "007", "to_id": "Ö-17", "link_type": "bank", "valid_from": MAY, "known_on": MAY}
        ],
        "payments": [_payment("007", paid_on=None), _payment("0815", paid_on=MAY)],
        "levies": [
            {**{name: tables["declarations"][0][name] for name in VERSION}, "kind": "surtax", "amount": 1e-4}
        ],
    }


def faulty_tables() -> Tables:
    """All tables with a fault of each kind; each rule is broken by five rows or fewer."""
    tables = all_tables()
    line, trader, audit, finding = (
        tables[name][0] for name in ("declarations", "traders", "audits", "findings")
    )
    tables["declarations"] += [
        _spoiled(line, "F1", customs_value=-1.0, duty_assessed=float("nan")),
        _spoiled(line, "F2", customs_value=float("inf"), vat_assessed=float("-inf")),
        _spoiled(line, "F3", accepted_on=date(2030, 1, 1), hs_code="1234567"[:5]),
        _spoiled(line, "F4", origin_country="cn", net_mass_kg=None, item_number=0),
        _spoiled(line, "F5", trader_id="7"),
        _spoiled(line, "F6", trader_id="007 ", accepted_on=date(1989, 12, 31), channel="GREEN"),
        _spoiled(line, "F7\x01", version=1, valuation_method=7, loading_port="DE HAM"),
        _spoiled(line, "F8", hs_code="12345678\n", office_code=None, trader_id="QUARANTINED"),
        tables["declarations"][1],
        tables["declarations"][1] | {"customs_value": 9.0},
        tables["declarations"][2],
    ]
    tables["traders"] += [
        trader | {"trader_id": "QUARANTINED", "size_band": "huge"},
        trader | {"trader_id": "0815 "},
        trader | {"trader_id": "t3"},
    ]
    tables["audits"] += [
        audit | {"audit_id": "Q1", "inclusion_probability": 0.0},
        audit | {"audit_id": "Q2", "closed_on": None, "period_from": date(2025, 2, 1)},
        audit | {"audit_id": "Q3", "status": "open", "closed_on": date(2024, 1, 1)},
        audit | {"audit_id": "Q4", "trader_id": "nobody"},
    ]
    tables["findings"] += [
        finding | {"audit_id": "Q1"},
        finding | {"audit_id": "Q2", "event": "reduced", "amount": 5.0},
        finding | {"audit_id": "nowhere"},
        finding | {"audit_id": None, "amount": float("nan"), "known_on": date(2020, 1, 1)},
    ]
    tables["tariff"] += [tables["tariff"][0], tables["tariff"][0] | {"rate": float("nan")}]
    tables["tax_returns"].append(_tax_return("nobody", turnover=float("inf")))
    tables["controls"].append(_control("C3", type="look", item_number=-1))
    tables["links"].append(tables["links"][0] | {"link_type": None})
    tables["payments"].append(_payment("0815", paid_on=date(2031, 1, 1)))
    return tables


def _spoiled(line: Row, declaration_id: str, **faults: object) -> Row:
    return line | {"declaration_id": declaration_id, **faults}


def _tax_return(trader_id: str, **other: object) -> Row:
    return {
        "trader_id": trader_id,
        "period_from": date(2024, 1, 1),
        "period_to": date(2024, 3, 31),
        "filed_on": MAY,
        "turnover": 1234567.89,
        **other,
    }


def _control(control_id: str, **other: object) -> Row:
    return {
        "control_id": control_id,
        "declaration_id": "D1",
        "item_number": 2,
        "controlled_on": MAY,
        "selected_by": "random",
        "type": "scan",
        "revenue_delta": 0.1,
        "known_on": MAY,
        **other,
    }


def _payment(trader_id: str, *, paid_on: date | None) -> Row:
    return {
        "trader_id": trader_id,
        "debt_id": "00012",
        "due_on": MAY,
        "paid_on": paid_on,
        "amount": 99.99,
        "known_on": MAY,
    }
