"""Reports: what was looked at, for a person and for machines."""

import json
from collections.abc import Iterator, Sequence

from features.data.look.proposal import Proposal, as_toml

ROWS_SHOWN = 3
LONGEST_CELL = 40


def to_text(proposals: Sequence[Proposal]) -> Iterator[str]:
    """Yield what the sources look like as comments of TOML, then the proposed mapping."""
    for proposal in proposals:
        yield from _described(proposal)
    yield from as_toml(proposals).splitlines()


def _described(proposal: Proposal) -> Iterator[str]:
    excerpt = proposal.excerpts[0]
    more = f", and {len(proposal.excerpts) - 1} like it" if len(proposal.excerpts) > 1 else ""
    looks = f"looks like {proposal.table.name}" if proposal.table else "is no table of the contract"
    if excerpt.system:
        looks = f"is read by audit-yield import {excerpt.system} FILE… OUT --mapping mapping.toml"
    layout = ", ".join(
        f"{name} {value!r}" for name, value in excerpt.settings.items() if name not in ("names", "table")
    )
    yield f"# {excerpt.name}{more}: {excerpt.kind}{', ' + layout if layout else ''}; it {looks}"
    for number, name in enumerate(excerpt.columns):
        cells = [row[number] for row in excerpt.rows[:ROWS_SHOWN]]
        yield f"#     {name}: {' | '.join(_shown(cell) for cell in cells)}"
    yield "#"


def _shown(cell: str | None) -> str:
    text = " ".join((cell or "").split())
    return text if len(text) <= LONGEST_CELL else f"{text[:LONGEST_CELL]}…"


def to_json(proposals: Sequence[Proposal]) -> str:
    """Return all of it as JSON."""
    sources = [
        {
            "files": [excerpt.name for excerpt in proposal.excerpts],
            "kind": proposal.excerpt.kind,
            "table": proposal.table.name if proposal.table else None,
            "settings": proposal.settings,
            "columns": proposal.excerpt.columns,
            "rows": proposal.excerpts[0].rows[:ROWS_SHOWN],
            "matches": [
                {
                    "column": match.column.name,
                    "source": match.source,
                    "settings": match.settings,
                    "doubt": match.doubt,
                }
                for match in proposal.columns
            ],
            "leave_out": proposal.left_out,
            "missing": proposal.missing,
            "unmapped": proposal.unmapped,
            "doubts": proposal.doubts,
        }
        for proposal in proposals
    ]
    content = {"sources": sources, "mapping": as_toml(proposals)}
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"
