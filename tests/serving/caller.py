"""The service as a caller meets it: the app behind its guard, with a real log and a live model."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from uuid import uuid4

from starlette.routing import Route
from starlette.testclient import TestClient

from serving.access.guard import Guard
from serving.access.tokens import Provider, Role, Tokens, new_token
from serving.api.app import Dispatch, make_app
from serving.live.state import Live
from serving.log.writer import PredictionLog
from serving.settings import Settings
from tests.clock import now

LOCAL = "http://localhost"
JSON = {"content-type": "application/json"}


@dataclass
class Held:
    """A model that is live."""

    current: Live


@dataclass(frozen=True)
class Service:
    """A client of a running service, and what stands behind it."""

    client: TestClient
    held: Held
    log: PredictionLog
    home: Path

    @property
    def guard(self) -> Guard:
        """The guard before all of it, whose books say what everybody holds."""
        guard = self.client.app
        assert isinstance(guard, Guard)
        return guard

    @property
    def dispatch(self) -> Dispatch:
        """What stands behind the guard."""
        assert isinstance(self.guard.app, Dispatch)
        return self.guard.app

    @property
    def routes(self) -> list[Route]:
        """All that the service answers at; it has nothing but routes."""
        app = self.dispatch.app
        routes = [route for route in app.routes if isinstance(route, Route)]
        assert len(routes) == len(app.routes)
        return routes

    def token(
        self, role: Role, *, traders: Iterable[str] | None = None, any_day: bool = False
    ) -> dict[str, str]:
        """Make a token and return the header that carries it."""
        name = f"{role} {uuid4().hex}"
        secret = new_token(self.home, name, role=role, traders=traders, now=now(), any_day=any_day)
        return {"Authorization": f"Bearer {secret}"}


@contextmanager
def service(
    live: Live,
    home: Path,
    *,
    settings: Settings = Settings(),  # noqa: B008  frozen
    provider: Provider | None = None,
) -> Iterator[Service]:
    """Run the service on a live model, its tokens and log below `home`."""
    home.mkdir(exist_ok=True)
    held, log = Held(live), PredictionLog(home / "log", clock=now)
    app = make_app(held, log, settings, Tokens(home, clock=now, provider=provider), clock=now)
    with TestClient(app, base_url=LOCAL, client=("127.0.0.1", 5), raise_server_exceptions=False) as client:
        client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))  # no test hands another one on
        yield Service(client, held, log, home)
    log.close()
