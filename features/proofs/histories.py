"""Random administrations: small tables, rich in shared groups, ties, late news and days that meet a cutoff.

A history is drawn from a seed, so that a failure can be repeated by its number.
"""

from features.proofs.draw import Draw
from features.proofs.drawn_by_customs import (
    answers,
    audit,
    cancelled,
    control,
    correlations,
    descriptions,
    ledger,
    levies,
    tariff,
    versions,
)
from features.proofs.drawn_by_others import (
    assignment,
    audited_twice,
    debt,
    links,
    tax_audit,
    tax_returns,
    watched,
)
from features.proofs.tables import Tables


def history(seed: int, *, traders: int = 8, lines: int = 200) -> Tables:
    """Return all tables of one administration."""
    draw = Draw(seed)
    ids = [f"T{n}" for n in range(traders)]
    tables: Tables = {"traders": [], "declarations": [], "audits": [], "findings": []}
    tables["traders"] = [row for trader in ids for row in descriptions(draw, trader)]
    tables["declarations"] = [
        row for n in range(lines) for row in versions(draw, f"D{n // 2}", 1 + n % 2, draw.choice(ids[:-1]))
    ]
    tables["audits"] = [audit(draw, f"A{n}", draw.choice(ids)) for n in range(3 * traders)]
    for number, each in enumerate(tables["audits"]):
        if number % 4:
            tables["findings"] += ledger(draw, each, lines)
    for letter in [each for each in tables["audits"] if each["treatment"] == "letter"]:
        tables["declarations"] += list(answers(draw, letter, tables))
    tables["tariff"] = tariff(draw)
    tables["hs_correlations"] = correlations(draw)
    tables["controls"] = [control(draw, f"C{n}", lines) for n in range(lines // 4)]
    tables["tax_returns"] = [row for trader in ids for row in tax_returns(draw, trader)]
    tables["tax_audits"] = [row for n in range(traders) for row in tax_audit(draw, f"X{n}", draw.choice(ids))]
    tables["links"] = links(draw, ids)
    tables["payments"] = [row for n in range(5 * traders) for row in debt(draw, f"P{n}", draw.choice(ids))]
    tables["declarations"] = cancelled(draw, tables["declarations"])
    tables["assignments"] = [assignment(draw, "PLAN", trader) for trader in ids]
    tables["levies"] = [row for line in tables["declarations"] for row in levies(draw, line)]
    tables["watchlist"] = [watched(draw, f"W{n}") for n in range(4)]
    tables["second_audits"] = [row for n in range(traders) for row in audited_twice(draw, f"A{n}", lines)]
    return tables
