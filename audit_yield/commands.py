"""All commands, in the order in which a newcomer meets them."""

import sys
from _thread import interrupt_main
from io import TextIOWrapper
from threading import Timer
from typing import Annotated

import typer

from audit_yield import data, doctor, learning, planning, service
from audit_yield import run as run_command
from audit_yield.console import friendly, note_interruptions, results, show
from features.errors import AuditYieldError

EPILOG = """Exit status: 0 done, 1 could not be done, 2 the data or the arguments were refused, 130 stopped by
Ctrl-C, 141 nobody read on, as in `| head`. `audit-yield --install-completion` teaches your shell to complete
commands, options, versions of models and traders."""

app = typer.Typer(
    help="Expected audit yield in money, for every trader and as of any day.",
    epilog=EPILOG,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)
for part in (run_command, data, learning, planning, service, doctor):
    app.add_typer(part.app)


@friendly
def show_version(*, requested: bool) -> None:
    """Print the version in the package's metadata and exit; an `AuditYieldError` where there is none."""
    from importlib.metadata import PackageNotFoundError, version

    if not requested:
        return
    try:
        show([f"audit-yield {version('audit-yield')}"])
    except PackageNotFoundError as error:
        raise AuditYieldError(
            "This copy of audit-yield runs from source files that were not installed.",
            expected="an installed package, whose metadata records its version.",
            advice="See `version` in the pyproject.toml that it was built from.",
        ) from error
    raise typer.Exit


@app.callback()
def options(
    *,
    version: Annotated[  # noqa: ARG001  its callback has shown it
        bool, typer.Option("--version", callback=show_version, is_eager=True, help="Show the version.")
    ] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Print errors, and what machines read, alone.")
    ] = False,
) -> None:
    """Take the options that stand before a command."""
    results.quiet, results.stderr = quiet, False


def run() -> None:
    """Run the command that the arguments name; letters that a terminal's encoding lacks are written out."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    sys.unraisablehook = _again
    note_interruptions()
    app()


def _again(ignored: "sys.UnraisableHookArgs") -> None:
    """Raise a Ctrl-C once more that came while Python cleared an object away, where it is ignored."""
    if isinstance(ignored.exc_value, KeyboardInterrupt):
        Timer(0.05, interrupt_main).start()
    else:
        sys.__unraisablehook__(ignored)
