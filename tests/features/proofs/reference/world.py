"""What there is, what of it a trader's cutoff may see, and nothing of what features make of it."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, cached_property

from features.proofs.known import known
from features.spine import months_before, quarter_of
from tests.features.proofs.reference.arithmetic import Number, ratio, step, total
from tests.features.proofs.reference.rows import Row, cancelled
from tests.features.tables import Tables

TAXES = ("duty", "vat", "excise", "levy")
STANDS = ("assessed", "reduced", "cancelled")


class World:
    """All tables, each row with the day it became `known`."""

    def __init__(self, tables: Tables) -> None:
        self.tables: dict[str, list[Row]] = {
            name: [{**row, "known": known(name, row)} for row in rows] for name, rows in tables.items()
        }
        self._add_levies()
        self._add_subheadings()
        self.first_versions = [row for row in self.tables["declarations"] if row["version"] == 0]
        self.findings = defaultdict(list)
        for row in self.tables["findings"]:
            self.findings[row["audit_id"]].append(row)
        self.importers = sorted({row["trader_id"] for row in self.tables["declarations"]})
        self.versions = cache(self._versions)
        self.rate = cache(self._rate)
        self.audits = cache(self._audits)
        self.cell = cache(self._cell)

    def _add_levies(self) -> None:
        """Let the duty of a line hold its levies too, beside the duty alone."""
        levies = defaultdict(list)
        for levy in self.tables["levies"]:
            levies[levy["declaration_id"], levy["item_number"], levy["version"]].append(levy)
        for row in self.tables["declarations"]:
            own = levies[row["declaration_id"], row["item_number"], row["version"]]
            row["plain_duty"], row["levied"] = row["duty_assessed"], total(levy["amount"] for levy in own)
            row["duty_assessed"] += row["levied"]
            unrated = total(levy["amount"] for levy in own if levy["rate"] is None)
            rate = total(levy["rate"] or 0.0 for levy in own) + (ratio(unrated, row["customs_value"]) or 0.0)
            row["levy_rate"] = step(min(rate, 40.0))

    def _add_subheadings(self) -> None:
        """Follow the code of each line through the editions that began after it was accepted."""
        editions = defaultdict(set)
        for row in self.tables["hs_correlations"]:
            editions[row["valid_from"]].add((row["former_code"][:6], row["new_code"][:6]))
        for line in self.tables["declarations"]:
            code = line["hs_code"][:6]
            for begun_on in [day for day in sorted(editions) if day > line["accepted_on"]]:
                code = _in_edition(code, editions[begun_on], begun_on)
            line["hs6"] = code

    def _versions(self, day: date) -> list[Row]:
        """Lines as last amended before a day, without those cancelled by then."""
        newest: dict[tuple[str, int], Row] = {}
        for row in self.tables["declarations"]:
            item = (row["declaration_id"], row["item_number"])
            if row["known"] < day and row["version"] >= newest.get(item, row)["version"]:
                newest[item] = row
        return [row for row in newest.values() if not cancelled(row, day)]

    def _rate(self, code: str, preference: str | None, day: date) -> Number:
        """The rate in force: of several, the one that began last."""
        held = [
            (row["valid_from"], row["rate"])
            for row in self.tables["tariff"]
            if (row["hs_code"], row["preference_code"]) == (code, preference)
            and row["valid_from"] <= day <= (row["valid_to"] or date.max)
        ]
        return max(held)[1] if held else None

    def general_rate(self, row: Row) -> Number:
        """The rate of a line without a preference, on the day it was accepted."""
        return self.rate(self.rated_code(row), None, row["accepted_on"])

    def rated_code(self, row: Row) -> str:
        """The code of the tariff whose rates hold on acceptance: the longest begun, or the code and zeros."""
        code: str = row["hs_code"]
        rated = {
            each["hs_code"] for each in self.tables["tariff"] if each["valid_from"] <= row["accepted_on"]
        }
        begun = [each for each in rated if code.startswith(each)]
        undivided = [each for each in rated if each.startswith(code) and not each[len(code) :].strip("0")]
        return max(begun, key=len) if begun else min(undivided, key=len, default=code)

    def _audits(self, day: date) -> list[Row]:
        """Audits as known before a day, with the money found by then."""
        return [self._audit(row, day) for row in self.tables["audits"] if row["known"] < day]

    def _audit(self, row: Row, day: date) -> Row:
        events = [f for f in self.findings[row["audit_id"]] if f["known"] < day]
        corrected = {f["corrects"] for f in events}
        ledger = [f for f in events if f["event_number"] not in corrected]
        taxed = [f for f in ledger if f["tax_type"] in TAXES and f["event"] in STANDS]
        closed = row["status"] == "closed" and row["closed_on"] < day
        scope = [
            line
            for line in self.in_scope(row)
            if closed
            and line["known"] <= row["closed_on"]
            and not cancelled(line, row["closed_on"] + timedelta(days=1))
        ]
        return {
            **row,
            "closed": closed,
            "ledger": ledger,
            "taxed": taxed,
            "assessed": total(f["amount"] for f in taxed),
            "audited_value": total(line["customs_value"] for line in scope),
        }

    def in_scope(self, audit: Row) -> list[Row]:
        """The lines that an audit is about, as first declared."""
        return [
            row
            for row in self.first_versions
            if row["trader_id"] == audit["trader_id"]
            and audit["period_from"] <= row["accepted_on"] <= audit["period_to"]
        ]

    def _cell(self, trader: str, day: date) -> tuple[str, str]:
        """Sector and size."""
        row = self.description(trader, day) or {}
        return row.get("sector") or "", row.get("size_band") or ""

    def description(self, trader: str, day: date) -> Row | None:
        """The description in force before a day: of those valid and known, the one valid last."""
        descriptions = View(self, trader, day).own("traders")
        held = [row for row in descriptions if row["valid_from"] < day]
        return max(held, key=lambda row: row["valid_from"], default=None)

    def ties(self, day: date, end: str) -> list[tuple[str, str]]:
        """Who is tied to one end, and by what, as known before a day; a tie holds through its last day."""
        eve = day - timedelta(days=1)
        held = [
            row
            for row in self.tables["links"]
            if row["known"] <= eve and row["valid_from"] <= eve <= (row["valid_to"] or date.max)
        ]
        there = [(row["to_id"], row["link_type"]) for row in held if row["from_id"] == end]
        back = [(row["from_id"], row["link_type"]) for row in held if row["to_id"] == end]
        return [(other, kind) for other, kind in there + back if other != end]


@dataclass(frozen=True)
class View:
    """What is known of a trader before a cutoff."""

    world: World
    trader: str
    cutoff: date

    @property
    def quarter(self) -> date:
        return quarter_of(self.cutoff)

    def within(self, day: date, months: int) -> bool:
        return months_before(self.cutoff, months) <= day < self.cutoff

    @cached_property
    def all_lines(self) -> list[Row]:
        return [
            row
            for row in self.world.versions(self.cutoff)
            if row["trader_id"] == self.trader and row["accepted_on"] < self.cutoff
        ]

    def lines(self, months: int) -> list[Row]:
        return [row for row in self.all_lines if self.within(row["accepted_on"], months)]

    @cached_property
    def first_versions(self) -> list[Row]:
        """The trader's lines as first declared, whenever that became known."""
        return [row for row in self.world.first_versions if row["trader_id"] == self.trader]

    @cached_property
    def audits(self) -> list[Row]:
        return [
            row
            for row in self.world.audits(self.cutoff)
            if row["trader_id"] == self.trader and row["opened_on"] < self.cutoff
        ]

    def own(self, table: str) -> list[Row]:
        rows = self.world.tables[table]
        return [row for row in rows if row["trader_id"] == self.trader and row["known"] < self.cutoff]

    def latest(self, table: str, *key: str) -> list[Row]:
        """The last known state of each of a table's things."""
        order = "filed_on" if table == "tax_returns" else "known"
        in_order = sorted(self.own(table), key=lambda row: row[order])
        return list({tuple(row[name] for name in key): row for row in in_order}.values())


def _in_edition(code: str, pairs: set[tuple[str, str]], begun_on: date) -> str:
    """The code in the next edition: another where one became one of its heading, itself where nothing did."""
    touching = [pair for pair in pairs if code in pair]
    became = [new for former, new in touching if former == code]
    if not touching:
        return code
    is_one = len(became) == 1 and sum(new == became[0] for _, new in pairs) == 1
    if is_one and became[0][:4] == code[:4]:
        return became[0]
    return f"{code} before {begun_on}"
