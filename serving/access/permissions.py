"""Which ways lead into the service, and who may take each; there are no others."""

import re
from dataclasses import dataclass
from functools import cached_property

from starlette.routing import compile_path

from serving.access.tokens import Role

EVERYBODY = frozenset(Role)
AT_CASES = frozenset({Role.RISK_UNIT, Role.AUDITOR})


@dataclass(frozen=True)
class Door:
    """A method and path, and the roles to which it opens."""

    method: str
    path: str
    roles: frozenset[Role]

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return compile_path(self.path)[0]

    def leads(self, path: str) -> bool:
        """Whether a path is this door's."""
        return self._pattern.match(path) is not None


DOORS = (
    Door("POST", "/predict", EVERYBODY),
    Door("POST", "/explain", EVERYBODY),
    Door("POST", "/score_declarations", EVERYBODY),
    Door("GET", "/ranking", EVERYBODY),
    Door("GET", "/models", EVERYBODY),
    Door("POST", "/outcomes", frozenset({Role.AUDITOR})),
    Door("GET", "/", AT_CASES),
    Door("GET", "/traders/{trader_id}", AT_CASES),
    Door("GET", "/traders/{trader_id}/evidence/{feature}", AT_CASES),
    Door("GET", "/openapi.json", EVERYBODY),
)
