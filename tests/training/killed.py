"""What a child process does until it is killed."""

import tempfile
from multiprocessing.connection import Connection
from pathlib import Path
from time import sleep

from tests.clock import now
from tests.training.trained import audits, ended, money, sighted  # noqa: F401
from training.promotion.promote import promote
from training.tracking.run import tracked

FOREVER = 600.0


def train(home: Path, stop: str, reached: Connection) -> None:
    """Train; tell when a point is reached, and stop for ever at the one named `stop`."""
    tempfile.tempdir = str(home.parent)  # where the kill may leave MLflow's files

    def at(point: str) -> None:
        reached.send(point)
        if point == stop:
            sleep(FOREVER)

    with tracked("killed", home=home, clock=now) as run:
        at("started")
        ended(run)
        at("registered")
    at("finished")
    sleep(FOREVER)


def serve(home: Path, version: str, reached: Connection) -> None:
    """Promote a version by force, again and again."""
    reached.send("started")
    while True:
        promote(version, force="a test", home=home, clock=now)
        reached.send("promoted")
