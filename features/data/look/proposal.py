"""Proposals: a mapping of what was looked at, as TOML whose guesses are comments."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from features.data.check.artefacts import TOTALS
from features.data.contract import TABLES, Table
from features.data.look.excerpt import Excerpt, files_of
from features.data.look.forms import forms, words_and_blanks
from features.data.look.match import NUMBERED, Match, matches, numbered_text, table_of, with_settings
from features.data.mapping.code_list import folded
from features.data.mapping.form import Form
from features.data.systems import SYSTEMS
from features.errors import listed
from features.settings import frozen, toml, toml_key

GUESS = "#? "
"""What a line begins with that somebody must read before it counts."""
FLOWS = re.compile(r"flow|direction|sens|regime_?type|impexp|tipo_?operacion|направление", re.IGNORECASE)
FEW_WORDS = 6
PREAMBLE = (
    "# Proposed by `audit-yield look`, to be corrected by hand and saved as mapping.toml beside the files.",
    f"# A line that begins with {GUESS.strip()} is a guess: remove the mark if it is right, else the line.",
)
ONE_DAY = "a day that holds for all rows, where no column has it"
WHO = "whom the ranking ranks: where the source names no trader, the office or port, say"


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """What a source, or several files of one, may be in the contract.

    `excerpts` are alike; `excerpt` is the first of them without rows that are none. `table` is None where it
    is none of the contract. `settings` are those of the table, `columns` the matches,
    `left_out` words of rows that are none, by column, `doubts` sentences.
    """

    excerpts: Sequence[Excerpt]
    excerpt: Excerpt
    table: Table | None
    settings: Mapping[str, Any]
    columns: Sequence[Match]
    left_out: Mapping[str, Sequence[str]]
    doubts: Sequence[str]

    @property
    def missing(self) -> list[str]:
        """The required columns that nothing was found for."""
        present = {each.column.name for each in self.columns}
        columns = self.table.columns if self.table else ()
        required = [column.name for column in columns if column.required]
        return [name for name in required if name not in present]

    @property
    def unmapped(self) -> list[str]:
        """The columns of the source that nothing is made of."""
        used = {folded(each.source) for each in self.columns}
        return [name for name in self.excerpt.columns if name and folded(name) not in used]


def propose(excerpts: Sequence[Excerpt]) -> Proposal:
    """Return what files of the same columns may be."""
    excerpt, left_out = _without_artefacts(excerpts[0])
    table = SYSTEMS[excerpt.system].source if excerpt.system else table_of(excerpt)
    if table is None:
        return Proposal(
            excerpts=excerpts,
            excerpt=excerpt,
            table=None,
            settings=excerpt.settings,
            columns=(),
            left_out=left_out,
            doubts=excerpt.doubts,
        )
    common = words_and_blanks(excerpt)
    columns = matches(excerpt, table, replace(Form(), **frozen(common)))
    settings, own, doubts = forms(excerpt, columns, common)
    columns = [with_settings(each, own.get(each.column.name, {})) for each in columns]
    layout = {name: value for name, value in excerpt.settings.items() if name != "table"}
    return Proposal(
        excerpts=excerpts,
        excerpt=excerpt,
        table=table,
        settings={**_where(excerpts, table), **layout, **settings},
        columns=columns,
        left_out=left_out,
        doubts=(*excerpt.doubts, *doubts),
    )


def _where(excerpts: Sequence[Excerpt], table: Table) -> Mapping[str, Any]:
    """Return which files or which table of a database it is, where its name does not say so."""
    if excerpts[0].system:
        return {}
    if stored := excerpts[0].settings.get("table"):
        return {} if stored == table.name else {"table": stored}
    pattern = files_of(excerpts)
    return {} if pattern.partition(".")[0] == table.name else {"files": pattern}


def _without_artefacts(excerpt: Excerpt) -> tuple[Excerpt, Mapping[str, Sequence[str]]]:
    """Return an excerpt without rows that are none, and the words by which these are told, by column."""
    words: dict[str, list[str]] = {}
    rows = []
    for row in excerpt.rows:
        cells = [folded(cell or "") for cell in row]
        repeated = [
            name for name, cell in zip(excerpt.columns, cells, strict=True) if cell and cell == folded(name)
        ]
        total = next((index for index, cell in enumerate(cells) if re.search(TOTALS, cell)), None)
        if not any(cells):
            words.setdefault(excerpt.columns[0], []).append("")
        elif len(repeated) * 2 >= len(cells):
            words.setdefault(repeated[0], []).append(repeated[0])
        elif total is not None and sum(map(bool, cells)) * 2 <= len(cells) + 1:
            words.setdefault(excerpt.columns[total], []).append(f"{str(row[total]).split()[0].rstrip(':')}*")
        else:
            rows.append(row)
    left_out = {column: list(dict.fromkeys(each)) for column, each in words.items()}
    return replace(excerpt, rows=tuple(rows)), left_out


def as_toml(proposals: Sequence[Proposal]) -> str:
    """Return a mapping of all sources: sure lines as they are, guesses as comments."""
    lines = [*PREAMBLE]
    for proposal in proposals:
        if proposal.table is not None:
            lines += ["", *_table(proposal, proposal.table)]
    lines += _other_tables({each.table.name for each in proposals if each.table})
    return "\n".join(lines) + "\n"


def _table(proposal: Proposal, table: Table) -> Iterator[str]:
    yield from (f"# {_on_one_line(doubt)}" for doubt in proposal.doubts)
    yield f"[{table.name}]"
    yield from (f"{name} = {toml(value)}" for name, value in proposal.settings.items())
    missing = proposal.missing
    if absent := [name for name in missing if name not in _never_absent(table)]:
        yield f"{GUESS}absent = {toml(absent)}  # no column looks like these"
    if (unmapped := _never_used(proposal)) and table.name not in SYSTEMS:
        yield f"{GUESS}ignore = {toml(unmapped)}  # nothing is made of these"
    flows = {name: words for name in proposal.unmapped if (words := _flow(proposal.excerpt, name))}
    for name, words in flows.items():
        yield ""
        yield f"{GUESS}[{table.name}.keep]"
        yield f"{GUESS}{toml_key(name)} = {toml(words)}  # keep the words of imports; other rows are left out"
    if proposal.left_out:
        yield ""
        yield f"[{table.name}.leave_out]"
        yield from (f"{toml_key(name)} = {toml(words)}" for name, words in proposal.left_out.items())
    others = [
        each for each in proposal.columns if each.doubt or each.settings or each.source != each.column.name
    ]
    made = [name for name in missing if name in _never_absent(table)]
    if len(others) < len(proposal.columns):
        yield "# columns that have the names of the contract need no line"
    if others or made:
        yield ""
        yield f"[{table.name}.columns]"
        yield from map(_column, others)
        yield from (_made(name, proposal) for name in made)


def _column(match: Match) -> str:
    name = match.column.name
    if match.settings:
        source = {} if match.source == name else {"column": match.source}
        made_of = toml({**source, **match.settings})
    else:
        made_of = toml(match.source)
    mark, remark = (GUESS, f"  # {_on_one_line(match.doubt)}") if match.doubt else ("", "")
    return f"{mark}{name} = {made_of}{remark}"


def _made(name: str, proposal: Proposal) -> str:
    """Return the line for a column that a row cannot go without and that the source does not have."""
    text = numbered_text(proposal.excerpt)
    ways: dict[str, tuple[Mapping[str, object], str]] = {
        "item_number": ({"column": text, "pattern": NUMBERED}, "the number that its values begin with")
        if text
        else ({"count": True}, "counted in the order of the rows, within the rest of the key"),
        "version": ({"value": 0}, "each row is what was declared first"),
        "event_number": ({"count": True}, "counted in the order of the rows"),
    }
    if name in ways:
        made_of, remark = ways[name]
        return f"{GUESS}{name} = {toml(made_of)}  # {remark}"
    others = f", perhaps one of {listed(proposal.unmapped)}" if proposal.unmapped else ""
    remark = f"nothing looks so{others}"
    if name.endswith("_on"):
        remark = ONE_DAY
    if name == "trader_id":
        remark = WHO
    unknown = '{ value = "…" }' if remark is ONE_DAY else '"…"'
    return f"{GUESS}{name} = {unknown}  # {remark}"


def _never_absent(table: Table) -> set[str]:
    """Return the columns that cannot be declared absent: of a source system all."""
    if table.name in SYSTEMS:
        return set(table.names)
    defaults = {column.default for column in table.columns if column.default}
    return {*table.key, *defaults, *(reference.column for reference in table.references)}


def _never_used(proposal: Proposal) -> list[str]:
    text = numbered_text(proposal.excerpt) if "item_number" in proposal.missing else None
    return [name for name in proposal.unmapped if name != text and not _flow(proposal.excerpt, name)]


def _flow(excerpt: Excerpt, name: str) -> list[str]:
    """Return the words of a column that tells imports from exports, by its name and its few words."""
    words = excerpt.values(name) if FLOWS.search(name) else []
    return sorted(words) if 0 < len(words) <= FEW_WORDS else []


def _other_tables(present: set[str]) -> Iterator[str]:
    """Yield what holds for the required tables that nothing was looked at for."""
    if "declarations" in present and "traders" not in present:
        yield from ("", "[traders]  # no file of them was looked at", 'from = "declarations"')
    for name in ("audits", "findings"):
        if "declarations" in present and name not in present and TABLES[name].required:
            yield from ("", f"[{name}]  # no file of them was looked at", "absent = true")


def _on_one_line(text: str) -> str:
    return " ".join(text.split())
