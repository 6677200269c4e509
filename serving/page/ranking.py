"""Ranking page: every trader by expected yield, filtered by a plain form."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from features.data.contract.required import FINDING_TYPES
from serving.live.ranking import ANSWERS, FACETS, FLAGS, ORDERS, RankingQuery, filter_ranking
from serving.live.state import Live
from serving.page.render import render_template

ROWS_A_PAGE = 25


@dataclass(frozen=True)
class RankingPage:
    """The query, all its matches, and of these the page that is shown, of how many.

    `choices` are the values of each filter among the traders that the reader may see.
    """

    query: RankingQuery
    matches: pa.Table
    choices: Mapping[str, list[str]]
    page: int
    pages: int

    @property
    def rows(self) -> pa.Table:
        """The rows that are shown."""
        return self.matches.slice((self.page - 1) * ROWS_A_PAGE, ROWS_A_PAGE)

    @property
    def trader_ids(self) -> tuple[str, ...]:
        """The traders that are shown."""
        return tuple(self.rows["trader_id"].to_pylist())


def list_ranking(
    live: Live, *, query: Mapping[str, str | Sequence[str]], only: Collection[str] | None = None
) -> RankingPage:
    """Return the page of the ranking that matches a query, 25 traders a page.

    - `query`: of the URL, as `RankingQuery` reads it, with `find` (part of an identifier or name) and `page`.
    - `only`: the traders that the reader may see; None for all.
    """
    ranking_query = RankingQuery.of(query)
    visible = filter_ranking(live.ranking, RankingQuery(), only=only)
    matches = filter_ranking(visible, ranking_query)
    pages = max(1, -(-matches.num_rows // ROWS_A_PAGE))
    choices = {name: sorted(filter(None, pc.unique(visible[name]).to_pylist())) for name in FACETS}
    return RankingPage(ranking_query, matches, choices, min(ranking_query.page, pages), pages)


def ranking_page(live: Live, shown: RankingPage) -> str:
    """Return a page of the ranking as HTML."""
    rows, column = shown.rows.to_pylist(), f"expected_{shown.query.finding_type or 'yield'}"
    return render_template(
        "ranking.html",
        language=live.language,
        live=live,
        query=shown.query,
        rows=rows,
        column=column,
        most=max((abs(row[column]) for row in rows), default=0) or 1,
        count=shown.matches.num_rows,
        total=pc.sum(shown.matches[column]).as_py() or 0.0,
        page=shown.page,
        pages=shown.pages,
        labels=FACETS,
        choices=shown.choices,
        findings=FINDING_TYPES,
        flags=FLAGS,
        answers=ANSWERS,
        orders=ORDERS,
    )
