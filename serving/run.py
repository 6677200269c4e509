"""Start the service: what can be refused is refused here, before a supervisor restarts for ever."""

import ipaddress
import os
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NoReturn

from features.clock import Clock
from features.errors import SettingError
from features.storage.home import home
from serving.access.identity_provider import IdentityProvider, identity_provider
from serving.access.tokens import Tokens
from serving.launch import LaunchSettings
from serving.live.state import TRIED_BEFORE, Live, load_live
from serving.log.key import read_key
from serving.log.reader import FOLDER
from serving.log.writer import PredictionLog
from serving.settings import Settings

ROOT = Path(__file__).parents[1]
QUIET = {"BENTOML_DO_NOT_TRACK": "true", "DO_NOT_TRACK": "true"}
LAST_ANSWERS = 30
"""Seconds that answers in the making get when the service ends."""


@dataclass(frozen=True)
class Start:
    """A service that is proved able to begin: `text` describes what it answers from, `begin` begins."""

    text: tuple[str, ...]
    begin: Callable[[], NoReturn]


def serve(launch: LaunchSettings, settings: Settings, *, clock: Clock) -> Start:
    """Prove that everything is there: model, snapshot, log, address and port.

    Raises `SettingError`, `DataError` and `OutputError` where the service could not begin.
    """
    folder, host = home(), _address(settings)
    provider = identity_provider(settings, clock=clock)
    tokens = Tokens(folder, clock=clock, is_open=launch.is_open, provider=provider)
    tokens.require_file()
    _require_allowed(host, tokens)
    _require_free(host, settings.port)
    live = load_live(launch.dataset(today=clock().astimezone().date(), home=folder))
    PredictionLog(folder / FOLDER, clock=clock, key=read_key(settings.log_key, home=folder)).close()
    return Start(
        tuple(_to_text(live, tokens, provider, url=f"http://{host}:{settings.port}")),
        partial(_become_supervisor, launch, live.champion.digest, host=host, port=settings.port),
    )


def _become_supervisor(launch: LaunchSettings, digest: str, *, host: str, port: int) -> NoReturn:
    """Replace this process, so that signals reach the supervisor and nothing of the proof stays in memory."""
    command = [sys.executable, "-P", "-m", "bentoml", "serve", "serving.service:AuditYield"]
    command += ["--working-dir", str(ROOT), "--host", host, "--port", str(port)]
    command += ["--timeout-graceful-shutdown", str(LAST_ANSWERS)]
    own = {
        "AUDIT_YIELD_HOME": str(home()),
        TRIED_BEFORE: digest,
        "PYTHONSAFEPATH": "1",  # a folder `models` where somebody stands is not ours
    }
    os.execve(sys.executable, command, {**os.environ, **QUIET, **launch.environment(), **own})  # noqa: S606


def _address(settings: Settings) -> str:
    host_name = "127.0.0.1" if settings.host == "localhost" else settings.host
    try:
        return str(ipaddress.ip_address(host_name))
    except ValueError as error:
        raise SettingError(
            f"The service cannot listen at '{settings.host}'.",
            expected="an address of this machine, such as 127.0.0.1, or 0.0.0.0 for all of them.",
            advice="Give one with --host or AUDIT_YIELD_HOST.",
        ) from error


def _require_allowed(host: str, tokens: Tokens) -> None:
    if not ipaddress.ip_address(host).is_loopback and not tokens.are_required():
        raise SettingError(
            f"The service would listen at {host} for anybody: no tokens are asked for.",
            expected="tokens, or an address that this machine alone can reach, such as 127.0.0.1.",
            advice="Make a token, and leave out --open: audit-yield token new NAME --role risk_unit.",
        )


def _require_free(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except (OSError, OverflowError) as error:
            raise SettingError(
                f"The service cannot listen at {host}, port {port}: {getattr(error, 'strerror', error)}.",
                expected="an address of this machine and a port that nobody listens at.",
                advice="Give another with --port or AUDIT_YIELD_PORT.",
            ) from error


def _to_text(live: Live, tokens: Tokens, provider: IdentityProvider | None, *, url: str) -> Iterator[str]:
    traders = live.snapshot.table.num_rows
    yield f"Model {live.version} and {traders:,} traders as known before {live.dataset.cutoff}."
    if tokens.are_required():
        yield "Callers need a token: a browser asks for it as a password, with any name."
    else:
        yield "No tokens are asked for: this machine alone is answered."
    if provider and tokens.are_required():
        provider.keys.start()
        yield f"Tokens of {provider.issuer} are taken too."
        if provider.keys.fault is not None:
            yield f"They open nothing yet, for its keys cannot be read: {provider.keys.fault}."
    yield f"Open {url} in a browser. Ctrl-C ends it."
