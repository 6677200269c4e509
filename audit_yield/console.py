"""Console output: results, progress and errors, as a person reads them."""

import json
import os
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import wraps
from signal import SIGINT, default_int_handler, getsignal, signal
from tempfile import NamedTemporaryFile
from threading import Event
from types import FrameType
from typing import Any, ParamSpec

import typer
from rich.console import Console
from rich.progress import Progress

from features.errors import AuditYieldError, DataError, SettingError

NOT_DONE, REFUSED, STOPPED, CUT_OFF = 1, 2, 130, 141
"""Statuses; the last is that of every Unix tool whose reader has read enough: 128 and SIGPIPE."""
Arguments = ParamSpec("Arguments")


class Output(Console):
    """A console that says so where nobody reads on; rich would end the process with 1."""

    def on_broken_pipe(self) -> None:
        """Leave it to `friendly`, as where a table was cut off."""
        raise BrokenPipeError


results = Output(soft_wrap=True, highlight=False, markup=False, emoji=False)
errors = Console(stderr=True, soft_wrap=True, highlight=False, markup=False, emoji=False)
_interrupted = Event()


def friendly(command: Callable[Arguments, None]) -> Callable[Arguments, None]:
    """Decorate a command: show an error in words and exit with its status, see `commands.EPILOG`."""

    @wraps(command)
    def wrapper(*args: Arguments.args, **options: Arguments.kwargs) -> None:
        try:
            command(*args, **options)
            sys.stdout.flush()
        except (typer.Exit, typer.Abort):
            raise
        except BrokenPipeError as error:
            raise typer.Exit(_cut_off()) from error
        except (KeyboardInterrupt, Exception) as error:
            stopped = _interrupted.is_set() or isinstance(error, KeyboardInterrupt)
            raise typer.Exit(_stop() if stopped else _show_error(error)) from error

    return wrapper


def note_interruptions() -> None:
    """Remember that Ctrl-C was pressed: libraries in C answer it with errors of their own.

    DuckDB says that a query was interrupted, Matplotlib that a box is no box. Where a shell has this process
    ignore Ctrl-C, as in the background, it stays ignored.
    """

    def note(number: int, frame: FrameType | None) -> None:
        _interrupted.set()
        default_int_handler(number, frame)

    if getsignal(SIGINT) is default_int_handler:
        signal(SIGINT, note)


def show(result: str | Iterable[str]) -> None:
    """Print a text for machines as it is, or lines for a person with nothing in them that acts on a terminal.

    `--quiet` leaves out the lines.
    """
    from features.data.check.report import visible

    if isinstance(result, str):
        typer.echo(result.rstrip("\n"), err=results.stderr)
    else:
        for line in result:
            results.print(visible(line))


def as_json(content: Any) -> str:
    """Return plain data as JSON text; days are written as ISO 8601."""
    return json.dumps(content, indent=2, ensure_ascii=False, default=str) + "\n"


@contextmanager
def progress_bar() -> Iterator[tuple[Callable[[str], None], Callable[[int, int], None]]]:
    """Show the stage of a command and its progress, on a terminal only; yield the functions that set them."""
    with Progress(console=errors, transient=True, disable=not errors.is_terminal) as bar:
        task = bar.add_task("", total=None)

        def stage(words: str) -> None:
            bar.update(task, description=words, completed=0, total=None)

        yield stage, lambda done, total: bar.update(task, completed=done, total=total)


def _cut_off() -> int:
    """Say nothing, for `| head` has what it wants, and let Python's last flush go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return CUT_OFF


def _stop() -> int:
    errors.print("Stopped. What earlier calls made is as it was.")
    return STOPPED


def _show_error(error: BaseException) -> int:
    """Print an error in three lines and return the exit status."""
    from features.data.check.report import visible

    shown_error = error if isinstance(error, AuditYieldError) else _as_audit_yield_error(error)
    errors.print(visible(shown_error.found))
    errors.print(f"    expected: {visible(shown_error.expected)}")
    errors.print(f"    → {visible(shown_error.advice)}")
    return REFUSED if isinstance(shown_error, DataError | SettingError) else NOT_DONE


def _as_audit_yield_error(error: BaseException) -> AuditYieldError:
    from features.storage.disk_full import is_disk_full

    if is_disk_full(error):
        return _disk_full(error)
    return _system_error(error) if isinstance(error, OSError) else _internal_error(error)


def _disk_full(error: BaseException) -> AuditYieldError:
    """Return one error for a full disk, which MLflow, SQLite and others each report in their own way."""
    path = f": {error.filename}" if isinstance(error, OSError) and error.filename else ""
    return AuditYieldError(
        f"A disk is full{path}.",
        expected="free space in AUDIT_YIELD_HOME, in TMPDIR, and where results are written.",
        advice="Free some and call again; what earlier calls made is as it was.",
    )


def _system_error(error: OSError) -> AuditYieldError:
    path = f"{error.filename}: " if error.filename else ""
    return AuditYieldError(
        f"The system refused: {path}{error.strerror or error}.",
        expected="files that may be read and written, and free space.",
        advice="Put that right and call again; what earlier calls made is as it was.",
    )


def _internal_error(error: BaseException) -> AuditYieldError:
    """Write the traceback to a file and return an error that names the file."""
    with NamedTemporaryFile("w", prefix="audit-yield-fault-", suffix=".txt", delete=False) as file:
        traceback.print_exception(error, file=file)
    return AuditYieldError(
        f"A fault of audit-yield itself: {type(error).__name__}.",
        expected="a result, or a message that says what you can put right.",
        advice=f"Please report it with {file.name}; what earlier calls made is as it was.",
    )
