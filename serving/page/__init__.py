"""Pages for people: one trader, the ranking, the lines behind a reason; HTML that needs nothing else."""

from serving.page.behind import evidence_page
from serving.page.ranking import listed, ranking_page
from serving.page.render import HEADERS
from serving.page.trader import View, shown_features, trader_page

__all__ = ["HEADERS", "View", "evidence_page", "listed", "ranking_page", "shown_features", "trader_page"]
