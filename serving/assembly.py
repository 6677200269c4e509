"""Assemble the service: the model swapper, the log, the application, and the host of them."""

from collections.abc import Callable

from features.clock import Clock
from features.storage.home import home
from serving.access.identity_provider import identity_provider
from serving.access.tokens import Tokens
from serving.api.app import make_app
from serving.host import Host
from serving.launch import LaunchSettings
from serving.live.swap import ModelSwapper
from serving.log.key import read_key
from serving.log.reader import FOLDER
from serving.log.writer import PredictionLog
from serving.settings import Settings


def assemble(
    launch: LaunchSettings, settings: Settings, *, clock: Clock, on_failure: Callable[[Exception], None]
) -> Host:
    """Return a host that serves `launch` from the home; `on_failure` is called where it cannot begin."""
    folder = home()
    provider = identity_provider(settings, clock=clock)
    tokens = Tokens(folder, clock=clock, is_open=launch.is_open, provider=provider)
    swapper = ModelSwapper(lambda: launch.dataset(today=clock().astimezone().date(), home=folder))
    return Host(
        swapper,
        open_log=lambda: PredictionLog(
            folder / FOLDER, clock=clock, key=read_key(settings.log_key, home=folder)
        ),
        application=lambda log: make_app(swapper, log, settings, tokens, clock=clock),
        on_failure=on_failure,
        drain=launch.drain,
        clock=clock,
        provider_keys=provider.keys if provider else None,
    )
