"""The command line: reads arguments, calls one function, shows what came of it."""

from collections.abc import Callable
from datetime import date, datetime
from functools import wraps
from pathlib import Path
from typing import Annotated, ParamSpec

import typer
from rich.console import Console

from features.check import DEFAULT_LIMIT, check, quarantine
from features.check.report import lines, visible
from features.errors import AuditYieldError
from features.warehouse import Dialect, open_warehouse

REFUSED = 2
Arguments = ParamSpec("Arguments")

app = typer.Typer(
    help="Expected audit yield in money, for every trader and as of any day.",
    epilog="Exit status: 0 done, 1 could not be done, 2 the data or the arguments were refused.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)
screen = Console(soft_wrap=True, highlight=False, markup=False)
errors = Console(stderr=True, soft_wrap=True, highlight=False, markup=False)

Data = Annotated[
    str,
    typer.Argument(help="A folder of Parquet or CSV, a DuckDB file, or a URL such as postgres://host/db."),
]
DialectFile = Annotated[
    Path | None,
    typer.Option("--dialect", help="How the tables are written; else dialect.toml in the folder of DATA."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON, for machines.")]


@app.callback()
def _front_door() -> None:
    """Keep `check` a subcommand while it is the only one."""


def friendly(command: Callable[Arguments, None]) -> Callable[Arguments, None]:
    """Show an error that a person can mend as three lines, and exit with status 2."""

    @wraps(command)
    def shown(*args: Arguments.args, **options: Arguments.kwargs) -> None:
        try:
            command(*args, **options)
        except AuditYieldError as error:
            errors.print(visible(error.found))
            errors.print(f"    expected: {visible(error.expected)}")
            errors.print(f"    → {visible(error.advice)}")
            raise typer.Exit(REFUSED) from error

    return shown


@app.command(name="check")
@friendly
def check_command(
    data: Data,
    *,
    out: Annotated[
        Path | None, typer.Option(help="Where the report and the quarantine go; else DATA.check beside DATA.")
    ] = None,
    limit: Annotated[
        float, typer.Option(min=0, max=1, help="Share of a table's rows that may be quarantined.")
    ] = DEFAULT_LIMIT,
    today: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="The day after which a day is in the future."),
    ] = None,
    dialect: DialectFile = None,
    as_json: AsJson = False,
) -> None:
    """Hold the tables of DATA against the contract and say everything that is wrong, at once.

    Rows that cannot be used are put into quarantine with their reasons. Exits with 2 where the data is
    refused; the report and quarantine of the last accepted check then stay as they were.

    Example: `audit-yield check demo/data`
    """
    with open_warehouse(data, dialect=Dialect.read(dialect) if dialect else None) as warehouse:
        checked = check(warehouse, today=today.date() if today else date.today(), limit=limit)
        written = quarantine.write(checked, out or quarantine.default_place(data))
    report = checked.report
    if as_json:
        screen.out(report.to_json(), end="")
    else:
        for line in lines(report):
            screen.print(line)
        screen.print(f"{'Accepted' if report.accepted else 'REFUSED'}. The report is in {written}.")
    if not report.accepted:
        raise typer.Exit(REFUSED)


def main() -> None:
    """Run the command line."""
    app()
