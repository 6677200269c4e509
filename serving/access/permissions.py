"""Permissions: every endpoint of the service, and the roles that may call it; any other path is closed."""

import re
from dataclasses import dataclass
from functools import cached_property

from starlette.routing import compile_path

from serving.access.tokens import Caller, Role

EVERYBODY = frozenset(Role)
CASE_WORKERS = frozenset({Role.RISK_UNIT, Role.AUDITOR})


@dataclass(frozen=True)
class Endpoint:
    """A method and path, and the roles that may call it; `takes_form` where a page may post a form to it."""

    method: str
    path: str
    roles: frozenset[Role]
    takes_form: bool = False

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return compile_path(self.path)[0]

    def matches(self, path: str) -> bool:
        """Whether a path is this endpoint's."""
        return self._pattern.match(path) is not None


ENDPOINTS = (
    Endpoint("POST", "/predict", EVERYBODY),
    Endpoint("POST", "/explain", EVERYBODY),
    Endpoint("POST", "/score_declarations", EVERYBODY),
    Endpoint("GET", "/ranking", EVERYBODY),
    Endpoint("GET", "/ranking.csv", EVERYBODY),
    Endpoint("GET", "/ranking.xlsx", EVERYBODY),
    Endpoint("GET", "/models", EVERYBODY),
    Endpoint("GET", "/plans", CASE_WORKERS),
    Endpoint("POST", "/plans/what-if", CASE_WORKERS),
    Endpoint("POST", "/plans/{plan}/decisions", CASE_WORKERS, takes_form=True),
    Endpoint("GET", "/plans/{plan}", CASE_WORKERS),
    Endpoint("GET", "/plans/{plan}/traders/{trader_id}", CASE_WORKERS),
    Endpoint("GET", "/plans/{plan}/sheet", CASE_WORKERS),
    Endpoint("GET", "/gap", CASE_WORKERS),
    Endpoint("GET", "/gap/sheet", CASE_WORKERS),
    Endpoint("POST", "/outcomes", CASE_WORKERS),
    Endpoint("POST", "/judgements", CASE_WORKERS, takes_form=True),
    Endpoint("GET", "/", CASE_WORKERS),
    Endpoint("GET", "/model", CASE_WORKERS),
    Endpoint("GET", "/help", CASE_WORKERS),
    Endpoint("GET", "/traders/{trader_id}", CASE_WORKERS),
    Endpoint("GET", "/traders/{trader_id}/evidence/{feature}", CASE_WORKERS),
    Endpoint("GET", "/traders/{trader_id}/programme", CASE_WORKERS),
    Endpoint("GET", "/traders/{trader_id}/due_diligence", CASE_WORKERS),
    Endpoint("GET", "/traders/{trader_id}/what_if", CASE_WORKERS),
    Endpoint("GET", "/traders/{trader_id}/change", CASE_WORKERS),
    Endpoint("GET", "/compare", CASE_WORKERS),
    Endpoint("GET", "/openapi.json", EVERYBODY),
    Endpoint("GET", "/docs", EVERYBODY),
)


def may_record(caller: Caller) -> bool:
    """Whether the caller may record outcomes: auditors may, who chooses audits may not."""
    return Role.AUDITOR in caller.roles


def may_correct(caller: Caller, *, recorded_by: str | None) -> bool:
    """Whether the caller may correct an outcome: its own, or as a risk unit anybody's."""
    return Role.RISK_UNIT in caller.roles or caller.name == recorded_by
