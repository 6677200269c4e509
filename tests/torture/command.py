"""The commands as processes of their own: to be killed, stopped, starved of room, or run side by side.

They fork from a server that has imported everything once.
"""

import multiprocessing
import os
import resource
import signal
import sys
import tempfile
import time
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

from training.tracking.registry import ModelVersion, bundle_folder

PATIENCE = 600.0
server = multiprocessing.get_context("forkserver")
server.set_forkserver_preload(["tests.torture.preloaded"])


@dataclass(frozen=True)
class Place:
    """Where commands run: in `work`, with a `home` and a folder for temporary files of their own."""

    work: Path
    home: Path
    temporary: Path

    @classmethod
    def made(cls, work: Path) -> "Place":
        """Make such a place below a folder."""
        place = cls(work, work / "home", work / "temporary")
        for folder in (place.home, place.temporary):
            folder.mkdir(parents=True, exist_ok=True)
        return place

    def leftovers(self) -> list[str]:
        """Return what no command should leave: temporary files, locks and journals of the dead."""
        marks = ("*.audit-yield-*", f"home/locks/{'?' * 32}.lock", "*.new", "*-journal")
        found = [file for mark in marks for file in self.work.rglob(mark)]
        return [str(file.relative_to(self.work)) for file in (*found, *self.temporary.iterdir())]


@dataclass(frozen=True)
class Running:
    """A command under way; what it says stands in the file `output`."""

    process: BaseProcess
    output: Path
    began: float

    def signal(self, number: signal.Signals, *, after: float) -> bool:
        """Send its process group a signal some seconds after its beginning; return whether it still ran."""
        self.process.join(max(0.0, self.began + after - time.monotonic()))
        alive = self.process.is_alive()
        if alive:
            assert self.process.pid
            os.killpg(self.process.pid, number)
        self.process.join(PATIENCE)
        return alive

    def ended(self) -> tuple[int, str]:
        """Wait for its end; return its exit status and what it said."""
        self.process.join(PATIENCE)
        assert self.process.exitcode is not None, f"still running after {PATIENCE:g} s"
        return self.process.exitcode, self.output.read_text(encoding="utf-8")


def begin(place: Place, *arguments: str, largest_file: int | None = None) -> Running:
    """Begin a command; none of its files may grow beyond `largest_file` bytes."""
    handle, said = tempfile.mkstemp(dir=place.work.parent, suffix=".said")
    os.close(handle)
    process = server.Process(target=_command, args=(place, arguments, largest_file, said))
    process.start()
    assert process.pid
    while process.is_alive() and os.getpgid(process.pid) != process.pid:
        time.sleep(0.001)
    return Running(process, Path(said), time.monotonic())


def call(place: Place, *arguments: str) -> tuple[str, float]:
    """Run a command that must end well; return what it said and the seconds it took."""
    running = begin(place, *arguments)
    status, said = running.ended()
    took = time.monotonic() - running.began
    assert status == 0, said
    return said, took


def _command(place: Place, arguments: tuple[str, ...], largest_file: int | None, output: str) -> None:
    from audit_yield.commands import run

    with Path(output).open("wb") as said:
        os.dup2(said.fileno(), 1)
        os.dup2(said.fileno(), 2)
    os.chdir(place.work)
    os.environ.update(AUDIT_YIELD_HOME=str(place.home), TMPDIR=str(place.temporary))
    tempfile.tempdir = None
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if largest_file is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))
    sys.argv = ["audit-yield", *arguments]
    os.setsid()
    run()


def learned(version: ModelVersion, home: Path) -> dict[str, bytes]:
    """Return what a version has learned; its seal also holds how it stood beside the champion of its day."""
    folder = bundle_folder(version, home=home)
    files = [folder / "model.json", *sorted(folder.glob("margin_*.txt"))]
    return {file.name: file.read_bytes() for file in files}
