"""Note on days: rows that have all become known at once, as a warehouse that was loaded late says."""

from collections.abc import Iterator
from datetime import timedelta

from features.data.check.plausibility.note import Tables, has, note, share
from features.data.contract import TABLES
from features.data.contract.violation import Violation
from features.data.mapping.dialect import Dialect

MOST = 0.5
"""Share of a table's rows that may have become known on one day."""
APART = timedelta(days=60)
"""From the first to the last event of rows that may become known on one day."""
TABLES_OF_EVENTS = ("declarations", "audits", "findings")
"""Those that features and labels stand on."""


def known_at_once(tables: Tables, _: Dialect) -> Iterator[Violation]:
    """Tell of tables most of whose rows, of months or years, became known on the same day."""
    for table in TABLES_OF_EVENTS:
        happened_on = TABLES[table]["known_on"].default or ""
        if not has(tables, table, "known_on", happened_on):
            continue
        checked, of = tables[table], tables[table].counts[0]
        rows = checked.good_rows("known_on", happened_on)
        days = rows.group_by("known_on").aggregate(
            rows=rows.count(), first=rows[happened_on].min(), last=rows[happened_on].max()
        )
        largest = days.drop_null("known_on").order_by(days.rows.desc(), "known_on").limit(1)
        for day in largest.to_pyarrow().to_pylist():
            if day["rows"] <= MOST * of or day["last"] - day["first"] <= APART:
                continue
            yield note(
                checked,
                "known_at_once",
                column="known_on",
                rows=day["rows"],
                found=f"{share(day['rows'], of)} rows became known on {day['known_on']}, with {happened_on} "
                f"from {day['first']} to {day['last']}.",
                expected="the day on which each row reached the data warehouse.",
                advice=f"As of {day['known_on']} or earlier they do not count: there is nothing to predict "
                "or to learn from. If it is the day of loading, leave known_on empty on these rows: "
                f"{happened_on} then stands for it.",
            )
