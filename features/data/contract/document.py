"""Write docs/contract.md from the contract in code."""

from collections.abc import Iterator

from features.data.contract import TABLES, Column, Table

PREFACE = """\
# Data contract

This page lists the tables and columns that an administration hands over. It is written from the code (`make fix`); a
test proves that they agree. Words of customs and of time are defined in the [glossary](glossary.md).

Tables are Parquet files, CSV files or database tables of the same name. Money is in one reporting currency, mass in
kg, rates are fractions (0.05 is 5 %) of at most 40, dates are ISO 8601 days. Identifiers are opaque texts: leading zeros matter.

**Numbers have one domain.** An amount, mass or other quantity is at most 1,000,000,000,000,000 (1e15) in size, in whatever
currency or unit, a whole number at most 2^53; what is larger is refused by `check` and over HTTP alike. What is let through
adds up [exactly](glossary.md#exact-sum): totals of 1e18 as well as amounts of 0.0001. Choose a reporting currency in which
no line is larger.

How a source may differ from this, its [dialect](glossary.md#dialect), is declared in a [mapping](mapping.md).

**Two clocks.** Every table that can change has `known_on`: the day the row reached the data warehouse. A feature as of
a [cutoff](glossary.md#cutoff-as-of) uses a row only if `known_on` is before the cutoff, whatever the row's own event date says.

**Versions, never overwrites.** An amended declaration is a new row with the next `version`; the first version is what
the trader said before anyone looked. Corrections written over declared values are the best-known way in which a
model of customs fraud learns its own label ([target leakage](glossary.md#leak-target-leakage)).

**Must** marks a column that a table must have and a row must fill. An optional table or column that is absent leaves
the features that need it empty. In brackets is the identifier of the data element in the WCO Data Model.
"""

OUTCOME = """\
## Faults and what follows

`audit-yield check DATA` reports every violation at once: table, column, rule, number of rows, and up to five rows by
key, file and number.

| fault | what happens |
|---|---|
| **structure**: a file that cannot be read, a required table or column missing, an unknown column, a value that does \
not fit its type, two rows of one key that differ, an audit of an unknown trader, a finding of an unknown audit | \
refused, exit status 2; earlier results stay as they were |
| **row**: a value or row that breaks a rule below, or refers to a row in quarantine | the row goes to quarantine with \
its reasons; above 1 % of a table's rows the data is refused (`check --limit` moves that for the check alone) |
| **note**: an optional column at least 95 % of whose values are wrong, and that no key, reference or rule between \
columns needs | the column counts as absent; its rows stay |
| **note**: rows repeated alike in every column (one is kept), identifiers that look alike (kept apart), a file that \
is no table | reported |
| **note**: what keeps the contract and looks wrong all the same, such as duties a hundredth of value by rate, `NULL` \
as a broker, everything known on one day | reported ([bring-your-data.md](bring-your-data.md#read-the-notes)) |
| countries that are neither in ISO 3166-1, nor left to users by it, nor declared in the mapping | a **note** on up to \
5 % of the lines, above that refused (`unknown_country_share`) |
"""


def document() -> str:
    """Return the page as Markdown."""
    return "\n".join((PREFACE, *("\n".join(_section(table)) for table in TABLES.values()), OUTCOME))


def _section(table: Table) -> Iterator[str]:
    yield f"## {table.name}{'' if table.required else ' (optional)'}"
    yield ""
    yield f"One row: {table.row}. Key: {', '.join(f'`{name}`' for name in table.key)}."
    if table.note:
        yield ""
        yield table.note
    yield ""
    yield "| column | type | must | meaning | rule |"
    yield "|---|---|---|---|---|"
    yield from map(_row, table.columns)
    between = [rule.words for rule in table.rules] + [
        f"{reference.column} must be in {reference.table}" for reference in table.references
    ]
    if between:
        yield ""
        yield f"Within a row: {'; '.join(between)}."
    if table.between:
        yield ""
        yield f"Between rows and tables: {'; '.join(rule.sentence for rule in table.between)}."
    yield ""


def _row(column: Column) -> str:
    must = "" if not column.required else "must" if not column.nullable else "column"
    unit = f", {column.unit}" if column.unit else ""
    wco = f" [{column.wco}]" if column.wco else ""
    default = f"; else {column.default}" if column.default else ""
    rules = "; ".join(rule.words for rule in column.values)
    return f"| {column.name} | {column.kind}{unit} | {must} | {column.meaning}{default}{wco} | {rules} |"
