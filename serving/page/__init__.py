"""HTML pages: a trader, its work programme, the ranking, the model, the rows behind a reason; each alone."""

from serving.page.behind import evidence_page
from serving.page.due_diligence import due_diligence_page
from serving.page.gap import gap_page
from serving.page.http_api import http_api_page
from serving.page.model import model_page, reading_page
from serving.page.plan import plan_page
from serving.page.programme import programme_page
from serving.page.ranking import list_ranking, ranking_page
from serving.page.render import HEADERS
from serving.page.trader import View, shown_features, trader_page

__all__ = [
    "HEADERS",
    "View",
    "due_diligence_page",
    "evidence_page",
    "gap_page",
    "http_api_page",
    "list_ranking",
    "model_page",
    "plan_page",
    "programme_page",
    "ranking_page",
    "reading_page",
    "shown_features",
    "trader_page",
]
