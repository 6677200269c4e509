"""Watchlist: names of a list that are like those of a trader or of who stands behind it, to be verified.

Nothing here reaches a model: no feature reads the table, and an estimate does not change with it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from features.as_known import known_before
from features.data.warehouse import Warehouse
from serving.live.submitted import Row

LEAST_SCORE = 85.0
"""The least likeness that is shown, from 0 to 100: below it, names that merely share a word are most."""
MOST_MATCHES = 10
"""Entries shown for a name, the most alike."""
DIVIDER = ";"


@dataclass(frozen=True)
class NameMatch:
    """A name that is like that of an entry of a watchlist: `score` to 100, where they are the same words.

    `listed_as` is the name or alias of the entry that is the most alike.
    """

    party_id: str
    name: str
    entry_id: str
    listed_as: str
    kind: str | None
    countries: str | None
    dataset: str | None
    score: float


def read_watchlist(warehouse: Warehouse, cutoff: date) -> Sequence[Row]:
    """Return the entries of the watchlist known before a day; none where there is no such table."""
    entries = warehouse.optional_table("watchlist")
    if entries is None:
        return []
    rows: list[Row] = entries.filter(known_before(entries, cutoff)).to_pyarrow().to_pylist()
    return rows


def plain_name(name: str) -> str:
    """Return a name in Latin letters of one case, without marks, so that scripts can be compared.

    >>> plain_name("Общество «Ромашка»")
    'obshchestvo romashka'
    """
    from anyascii import anyascii  # with rapidfuzz loaded by the first who looks, not by every start
    from rapidfuzz.utils import default_process

    return " ".join(default_process(anyascii(name)).split())


def matches(parties: Iterable[tuple[str, str]], watchlist: Sequence[Row]) -> tuple[NameMatch, ...]:
    """Return the entries whose name or alias is like that of a party, the most alike first.

    `parties` are identifiers with their names. Words are compared in any order (token sort ratio).
    """
    from rapidfuzz import fuzz, process

    names = [(entry, name) for entry in watchlist for name in _names(entry)]
    choices = [plain_name(name) for _, name in names]
    matched: dict[tuple[str, str], NameMatch] = {}
    for party_id, name in parties:
        plain = plain_name(name)
        alike = process.extract(
            plain,
            choices,
            scorer=fuzz.token_sort_ratio,
            score_cutoff=LEAST_SCORE,
            limit=MOST_MATCHES if plain else 0,
        )
        for _, score, index in alike:
            entry, listed_as = names[index]
            matched.setdefault(
                (party_id, entry["entry_id"]),
                NameMatch(
                    party_id,
                    name,
                    entry["entry_id"],
                    listed_as,
                    entry["kind"],
                    entry["countries"],
                    entry["dataset"],
                    round(score, 1),
                ),
            )
    return tuple(sorted(matched.values(), key=lambda each: (-each.score, each.party_id, each.entry_id)))


def _names(entry: Row) -> Iterator[str]:
    """Yield the name of an entry and its aliases."""
    yield entry["name"]
    yield from filter(None, (alias.strip() for alias in (entry["aliases"] or "").split(DIVIDER)))
