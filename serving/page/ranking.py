"""Ranking page: every trader by expected yield, filtered by a plain form."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.compute as pc

from features.data.contract.required import FINDING_TYPES
from features.unit import Unit, format_value
from serving.live.month_before import RanksBefore
from serving.live.ranking import (
    ANSWERS,
    FACETS,
    FLAGS,
    ORDERS,
    RankingQuery,
    feature_column,
    filter_ranking,
    with_features,
)
from serving.live.state import Live
from serving.page.render import render_template

ROWS_A_PAGE = 25


@dataclass(frozen=True)
class RankingPage:
    """The query, all its matches, and of these the page that is shown, of how many.

    `choices` are the values of each filter among the traders that the reader may see; `ranks_before` those of
    a month before, None where nobody knows them or the reader may not.
    """

    query: RankingQuery
    matches: pa.Table
    choices: Mapping[str, list[str]]
    page: int
    pages: int
    ranks_before: RanksBefore | None

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
    ranking_query = RankingQuery.of(query, features=live.bundle.names)
    before = live.ranks_before if only is None else None
    if before is None:
        ranking_query = replace(ranking_query, new_among=None)
    visible = filter_ranking(with_features(live, ranking_query.features), RankingQuery(), only=only)
    matches = filter_ranking(visible, ranking_query)
    pages = max(1, -(-matches.num_rows // ROWS_A_PAGE))
    choices = {name: sorted(filter(None, pc.unique(visible[name]).to_pylist())) for name in FACETS}
    return RankingPage(ranking_query, matches, choices, min(ranking_query.page, pages), pages, before)


def ranking_page(live: Live, shown: RankingPage) -> str:
    """Return a page of the ranking as HTML."""
    rows, column = shown.rows.to_pylist(), f"expected_{shown.query.finding_type or 'yield'}"
    words = {each.name: each for each in live.bundle.words}
    for row in rows:
        row["feature_values"] = {
            name: format_value(row[feature_column(name)], Unit(words[name].unit), live.language)
            for name in shown.query.columns
        }
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
        features={
            each.name: f"{live.language.gettext(each.label)} ({each.name})" for each in live.bundle.words
        },
        ranks_before=shown.ranks_before,
        choices=shown.choices,
        findings=FINDING_TYPES,
        flags=FLAGS,
        answers=ANSWERS,
        orders=ORDERS,
    )
