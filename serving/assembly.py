"""Puts the rooms of the service together: what serves, its log, the application, and the host of them all."""

from collections.abc import Callable

from features.clock import Clock
from features.storage.home import home
from serving.access.tokens import Tokens
from serving.api.app import make_app
from serving.host import Host
from serving.launch import Order
from serving.live.swap import Holder
from serving.log.reader import PLACE
from serving.log.writer import PredictionLog
from serving.settings import Settings


def assembled(order: Order, settings: Settings, *, clock: Clock, failed: Callable[[Exception], None]) -> Host:
    """Return a host that serves `order` from the home; `failed` is told where it cannot begin."""
    place = home()
    holder = Holder(lambda: order.dataset(today=clock().astimezone().date(), home=place))
    return Host(
        holder,
        open_log=lambda: PredictionLog(place / PLACE, clock=clock),
        application=lambda log: make_app(holder, log, settings, Tokens(place, clock=clock), clock=clock),
        failed=failed,
        drain=order.drain,
        clock=clock,
    )
