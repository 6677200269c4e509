"""The command line: reads arguments, calls one function, shows what came of it."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from functools import wraps
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ParamSpec

import typer
from rich.console import Console
from rich.progress import Progress

from features.check import DEFAULT_LIMIT, check, quarantine, usable
from features.check.report import lines as check_lines
from features.check.report import visible
from features.errors import AuditYieldError
from features.evidence import evidence
from features.evidence import lines as evidence_lines
from features.home import home
from features.library import LIBRARY
from features.simulate import simulate
from features.snapshot import lines as snapshot_lines
from features.snapshot import snapshot
from features.spine import day_after_newest
from features.spreadsheet import write_table
from features.systems import SYSTEMS, import_export, system_named
from features.systems.report import lines as import_lines
from features.warehouse import Dialect, open_warehouse
from serving.tokens import FILE as TOKENS
from serving.tokens import Role, new_token, read_tokens, revoke_token, token_lines

if TYPE_CHECKING:
    from training.experiment import Experiment

NOT_DONE, REFUSED = 1, 2
DEMONSTRATION = Path("demo")
Arguments = ParamSpec("Arguments")

app = typer.Typer(
    help="Expected audit yield in money, for every trader and as of any day.",
    epilog="Exit status: 0 done, 1 could not be done, 2 the data or the arguments were refused.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)
screen = Console(soft_wrap=True, highlight=False, markup=False, emoji=False)
errors = Console(stderr=True, soft_wrap=True, highlight=False, markup=False, emoji=False)

Data = Annotated[
    str,
    typer.Argument(help="A folder of Parquet or CSV, a DuckDB file, or a URL such as postgres://host/db."),
]
DialectFile = Annotated[
    Path | None,
    typer.Option("--dialect", help="How the tables are written; else dialect.toml in the folder of DATA."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON, for machines.")]
AsOf = Annotated[
    datetime,
    typer.Option("--as-of", formats=["%Y-%m-%d"], help="The cutoff: what was known before this day counts."),
]
Overwrite = Annotated[bool, typer.Option(help="Replace what an earlier call made there.")]


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
    with open_warehouse(data, dialect=_dialect(dialect)) as warehouse:
        checked = check(warehouse, today=today.date() if today else date.today(), limit=limit)
        written = quarantine.write(checked, out or quarantine.default_place(data))
    report = checked.report
    verdict = f"{'Accepted' if report.accepted else 'REFUSED'}. The report is in {written}."
    _show(report.to_json() if as_json else [*check_lines(report), verdict])
    if not report.accepted:
        raise typer.Exit(REFUSED)


@app.command(name="features")
@friendly
def features_command(
    data: Data,
    *,
    as_of: AsOf,
    out: Annotated[Path | None, typer.Option(help="Write the table here: FILE.parquet or FILE.csv.")] = None,
    dialect: DialectFile = None,
) -> None:
    """Build the features of every active trader as of a day, and say how they came out.

    docs/features.md says what each means. Rows in quarantine do not count.

    Example: `audit-yield features demo/data --as-of 2024-07-01 --out features.parquet`
    """
    with errors.status("Checking the data and building features"):
        built = snapshot(
            data,
            features=LIBRARY,
            as_of=as_of.date(),
            today=date.today(),
            dialect=_dialect(dialect),
        )
        if out:
            write_table(built.table, out)
    _show([*snapshot_lines(built), *([f"The table is in {out}."] if out else [])])


@app.command(name="evidence")
@friendly
def evidence_command(
    data: Data,
    trader: Annotated[str, typer.Argument(help="The trader's identifier.")],
    feature: Annotated[str, typer.Argument(help="The feature, as docs/features.md names it.")],
    *,
    as_of: AsOf,
    top: Annotated[int, typer.Option(min=1, help="How many rows to show.")] = 20,
    dialect: DialectFile = None,
    as_json: AsJson = False,
) -> None:
    """Show the rows behind one value of one trader, each with its share of it.

    Example: `audit-yield evidence demo/data T0000123 customs_value_12m --as-of 2024-07-01`
    """
    with open_warehouse(data, dialect=_dialect(dialect)) as opened:
        warehouse = usable(opened, today=date.today())
        found = evidence(LIBRARY, feature, warehouse=warehouse, trader_id=trader, cutoff=as_of.date())
    _show(found.to_json(top=top) if as_json else evidence_lines(found, top=top))


@app.command(name="import")
@friendly
def import_command(
    system: Annotated[str, typer.Argument(help=f"The source system: {', '.join(SYSTEMS)}.")],
    files: Annotated[list[Path], typer.Argument(help="The files of the export.", metavar="FILE...")],
    out: Annotated[Path, typer.Argument(help="The folder that is made.")],
    *,
    dialect: Annotated[
        Path | None, typer.Option("--dialect", help="How the files are written: a dialect.toml.")
    ] = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Bring a source system's export into contract form, and say what was derived and assumed.

    The report stands beside OUT, as OUT.import.json. docs/systems.md describes each system.

    Example: `audit-yield import kcs train.csv valid.csv test.csv korea`
    """
    spoken = Dialect.read(dialect) if dialect else None
    report = import_export(system_named(system), files, out=out, dialect=spoken, overwrite=overwrite)
    _show(report.to_json() if as_json else import_lines(report))


@app.command(name="simulate")
@friendly
def simulate_command(
    out: Annotated[Path, typer.Argument(help="The folder that is made: OUT/data and, beside it, OUT/truth.")],
    *,
    traders: Annotated[int, typer.Option(help="How many traders there ever are.")] = 1000,
    years: Annotated[int, typer.Option(help="How many years, up to the end of 2024.")] = 4,
    seed: Annotated[int, typer.Option(help="The same arguments and seed give the same bytes.")] = 1,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Make a customs administration whose truth is known, to try things on and to judge models by.

    About 33 declaration lines a trader and year. docs/simulation.md describes how it works.

    Example: `audit-yield simulate demo --traders 6000 --years 5 --seed 1`
    """
    with Progress(console=errors, transient=True, disable=not errors.is_terminal) as bar:
        task = bar.add_task("Quarters simulated")
        summary = simulate(
            out,
            traders=traders,
            years=years,
            seed=seed,
            overwrite=overwrite,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    counted = [f"{name}: {rows:,} rows" for name, rows in summary.rows.items()]
    _show(json.dumps(summary.rows, indent=2) if as_json else [*counted, f"All of it is in {out}."])


ExperimentFile = Annotated[
    Path | None,
    typer.Option("--experiment", help="A TOML file with settings; docs/data-scientists.md lists them."),
]
ModelName = Annotated[
    str, typer.Option("--model", help="The version to use: its number, champion or challenger.")
]
Top = Annotated[int, typer.Option(min=1, help="How many to show.")]


@app.command(name="train")
@friendly
def train_command(
    data: Data,
    *,
    as_of: AsOf,
    experiment: ExperimentFile = None,
    trials: Annotated[
        int, typer.Option(min=0, help="Tune the trees in so many trials; a stopped tuning goes on later.")
    ] = 0,
    dialect: DialectFile = None,
    as_json: AsJson = False,
) -> None:
    """Train a model on what was known before a day, backtest it, look for leaks, and register it.

    The first model that passes the gate against what a risk unit would otherwise use becomes champion by
    itself; later ones are challengers until `promote`. State is kept in mlruns/, or in AUDIT_YIELD_HOME.

    Example: `audit-yield train demo/data --as-of 2024-10-01`
    """
    from training import train

    with _staged() as (stage, progress):
        trained = train.train(
            data,
            as_of=as_of.date(),
            experiment=_experiment(experiment),
            today=date.today(),
            trials=trials,
            dialect=_dialect(dialect),
            stage=stage,
            progress=progress,
        )
    _show(trained.to_json() if as_json else train.lines(trained))


@app.command(name="backtest")
@friendly
def backtest_command(
    data: Data,
    *,
    as_of: AsOf,
    experiment: ExperimentFile = None,
    dialect: DialectFile = None,
    as_json: AsJson = False,
) -> None:
    """Hold models against what audits found, in time order, without training one to keep.

    Example: `audit-yield backtest demo/data --as-of 2024-10-01`
    """
    from training import backtest_report
    from training.backtest import run_backtest

    with _staged() as (stage, progress):
        stage("Building features and backtesting")
        report = run_backtest(
            data,
            as_of=as_of.date(),
            experiment=_experiment(experiment),
            today=date.today(),
            dialect=_dialect(dialect),
            progress=progress,
        )
    _show(backtest_report.to_json(report) if as_json else backtest_report.lines(report))


@app.command(name="score")
@friendly
def score_command(
    data: Data,
    *,
    as_of: AsOf,
    out: Annotated[Path | None, typer.Option(help="Write the table here: FILE.parquet or FILE.csv.")] = None,
    model: ModelName = "champion",
    top: Top = 10,
    dialect: DialectFile = None,
) -> None:
    """Predict every active trader's audit yield as of a day, the highest first.

    Example: `audit-yield score demo/data --as-of 2024-10-01 --out ranking.csv`
    """
    from training.score import score, score_lines

    with errors.status("Checking the data, building features and predicting"):
        ranking = score(data, as_of=as_of.date(), today=date.today(), model=model, dialect=_dialect(dialect))
        if out:
            write_table(ranking, out)
    _show([*score_lines(ranking, top=top), *([f"The table is in {out}."] if out else [])])


@app.command(name="explain")
@friendly
def explain_command(
    data: Data,
    trader: Annotated[str, typer.Argument(help="The trader's identifier.")],
    *,
    as_of: AsOf,
    model: ModelName = "champion",
    top: Top = 10,
    dialect: DialectFile = None,
    as_json: AsJson = False,
) -> None:
    """Say in money why a trader's expected yield is what it is.

    `audit-yield evidence` then shows the lines behind a reason.

    Example: `audit-yield explain demo/data T0000123 --as-of 2024-10-01`
    """
    from training.score import explain, explain_lines

    with errors.status("Checking the data and building features"):
        found = explain(
            data, trader, as_of=as_of.date(), today=date.today(), model=model, dialect=_dialect(dialect)
        )
    _show(found.to_json(top=top) if as_json else explain_lines(found, top=top))


@app.command(name="promote")
@friendly
def promote_command(
    version: Annotated[str | None, typer.Argument(help="The version; else the challenger.")] = None,
    *,
    force: Annotated[
        str | None, typer.Option(help="Promote it although the gate fails, for this reason; it is kept.")
    ] = None,
) -> None:
    """Make a version the champion, the model that serves, if it passes the gate.

    It must not be credibly worse than the champion on the newest folds, be calibrated within limits, and
    no leak may be suspected. Exits with 1 where it does not pass.

    Example: `audit-yield promote 3`
    """
    from training import promote

    done = promote.promote(version, force=force)
    _show(promote.lines(done))
    if not done.promoted:
        raise typer.Exit(NOT_DONE)


@app.command(name="models")
@friendly
def models_command() -> None:
    """List the versions in the registry, the newest first.

    Example: `audit-yield models`
    """
    from training import registry

    _show(registry.lines(registry.models()))


@app.command(name="report")
@friendly
def report_command(
    data: Data,
    trader: Annotated[str, typer.Argument(help="The trader's identifier.")],
    *,
    as_of: AsOf,
    out: Annotated[Path, typer.Option(help="The page: FILE.html.")],
    notice: Annotated[
        bool, typer.Option("--notice", help="The page for the trader itself: no values, ranks or scores.")
    ] = False,
    dialect: DialectFile = None,
) -> None:
    """Write the page of a trader, with the lines behind each reason, as one file to read, print and keep.

    Example: `audit-yield report demo/data T0000123 --as-of 2024-10-01 --out page.html`
    """
    from serving.live import Source
    from serving.report import report, write_page

    source = Source(data, as_of.date(), date.today(), _dialect(dialect))
    with errors.status("Checking the data and building features"):
        write_page(report(source, trader, home=home(), view="notice" if notice else "full"), out)
    _show([f"The page is in {out}."])


LogFolder = Annotated[
    Path | None, typer.Option("--log", help="The folder of the prediction log; else log/ in the home.")
]


@app.command(name="serve")
@friendly
def serve_command(
    data: Data,
    *,
    as_of: Annotated[
        datetime | None,
        typer.Option("--as-of", formats=["%Y-%m-%d"], help="The cutoff; else today, every day anew."),
    ] = None,
    port: Annotated[
        int | None, typer.Option(help="Where it listens; else AUDIT_YIELD_PORT, else 3000.")
    ] = None,
    host: Annotated[
        str | None, typer.Option(help="At which address; other than this machine's own only with tokens.")
    ] = None,
    drain: Annotated[
        float, typer.Option(min=0, help="Seconds to answer on, not ready, before it ends.")
    ] = 5.0,
    dialect: DialectFile = None,
) -> None:
    """Answer over HTTP by the champion: predictions, reasons, the ranking and the pages of traders.

    A champion promoted later serves within seconds, without a restart. Other settings are environment
    variables, AUDIT_YIELD_*. Every answer is in the prediction log before it is sent.

    Example: `audit-yield serve demo/data --as-of 2024-10-01`
    """
    from serving.order import Order
    from serving.run import serve
    from serving.settings import Settings

    settings, order = Settings.read(), Order(data, as_of.date() if as_of else None, dialect, drain)
    with errors.status("Checking the data, proving the model and building features"):
        start = serve(order, replace(settings, host=host or settings.host, port=port or settings.port))
    _show(start.lines)
    start.begin()


@app.command(name="run")
@friendly
def run_command(
    data: Annotated[
        str | None, typer.Argument(help="The data; else an administration is simulated in ./demo.")
    ] = None,
    *,
    as_of: Annotated[
        datetime | None,
        typer.Option("--as-of", formats=["%Y-%m-%d"], help="The cutoff; else the day after the newest line."),
    ] = None,
    serving: Annotated[bool, typer.Option("--serve/--no-serve", help="Stay up and answer over HTTP.")] = True,
) -> None:
    """Do all of it: check the data, train where nothing serves yet, score every trader, serve.

    A few minutes the first time on two cores, seconds after. Ctrl-C ends the service.

    Example: `audit-yield run demo/data`
    """
    from models.bundle_champion import read_champion
    from training import train
    from training.brief import brief
    from training.score import bundle_of_day

    with _staged() as (stage, progress):
        data = data or _demonstration(stage, progress)
        stage("Checking the data")
        with open_warehouse(data) as opened:
            day = as_of.date() if as_of else day_after_newest(usable(opened, today=date.today()))
        if read_champion(home()) is None:
            train.train(
                data,
                as_of=day,
                experiment=_experiment(None),
                today=date.today(),
                stage=stage,
                progress=progress,
            )
        stage("Building the features of every trader")
        champion = read_champion(home()) is not None
        version, bundle, built = bundle_of_day(
            data, as_of=day, today=date.today(), model="champion" if champion else "challenger"
        )
    _show(brief(bundle, built, version=version, as_of=day))
    _show(["", f"Experiments: mlflow ui --backend-store-uri sqlite:///{home() / 'mlflow.db'}"])
    if not champion:
        _show(["No model passed the gate, so none serves. `audit-yield promote` says why."])
    elif serving:
        serve_command(data, as_of=datetime.combine(day, datetime.min.time()))


def _demonstration(stage: Callable[[str], None], progress: Callable[[int, int], None]) -> str:
    """Simulate an administration in ./demo, where there is none yet; return where its data is."""
    if not DEMONSTRATION.exists():
        stage("Simulating an administration in ./demo")
        simulate(DEMONSTRATION, traders=2500, years=5, seed=1, progress=progress)
    return str(DEMONSTRATION / "data")


log_app = typer.Typer(
    help="""Prove the prediction log.

Example: `audit-yield log verify`""",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)
app.add_typer(log_app, name="log")


@log_app.command(name="verify")
@friendly
def log_verify_command(*, log: LogFolder = None, as_json: AsJson = False) -> None:
    """Prove that every row of the prediction log is as it was written, and that none is missing.

    Finds rows that were changed, removed, moved or chained anew, and a tail cut off. Exits with 1 where it
    finds any. A service may write meanwhile.

    Example: `audit-yield log verify`
    """
    from serving import log_verify
    from serving.logged import PLACE

    verdict = log_verify.verify(log or home() / PLACE)
    _show(verdict.to_json() if as_json else log_verify.lines(verdict))
    if verdict.faults:
        raise typer.Exit(NOT_DONE)


@app.command(name="replay")
@friendly
def replay_command(
    prediction_id: Annotated[str, typer.Argument(help="The id, as the answer or the page names it.")],
    *,
    log: LogFolder = None,
    as_json: AsJson = False,
) -> None:
    """Predict again from the features and by the model that the log names, and say whether it is the same.

    Says which part is gone, if one is. Exits with 1 where it cannot be predicted again or is not the same.

    Example: `audit-yield replay 17-1-9f86d081`
    """
    from serving import replay
    from serving.logged import PLACE

    done = replay.replay(prediction_id, log=log or home() / PLACE, home=home())
    _show(done.to_json() if as_json else replay.lines(done))
    if not done.same:
        raise typer.Exit(NOT_DONE)


token_app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="""Make, list and revoke the tokens by which people call the service.

Example: `audit-yield token new ann --role auditor`""",
)
app.add_typer(token_app, name="token")


@token_app.command(name="new")
@friendly
def token_new_command(
    name: Annotated[str, typer.Argument(help="Whose it is; the log names every access by it.")],
    *,
    role: Annotated[Role, typer.Option(help="What they do.")],
    trader: Annotated[
        list[str] | None, typer.Option(help="Limit it to this trader; give it again for more.")
    ] = None,
    expires: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The last day on which it holds.")
    ] = None,
) -> None:
    """Make a token and show it, this once: only its hash is kept, beside the models.

    Example: `audit-yield token new ann --role auditor --trader T0000123 --expires 2025-12-31`
    """
    secret = new_token(
        home(), name, role=role, traders=trader or None, expires_on=expires.date() if expires else None
    )
    _show([secret])


@token_app.command(name="list")
@friendly
def token_list_command() -> None:
    """List the tokens, whatever their state.

    Example: `audit-yield token list`
    """
    _show(token_lines(read_tokens(home() / TOKENS), today=date.today()))


@token_app.command(name="revoke")
@friendly
def token_revoke_command(
    name: Annotated[str, typer.Argument(help="The name of the token.")],
) -> None:
    """Let a token open nothing any more, from the next request on.

    Example: `audit-yield token revoke ann`
    """
    revoke_token(home(), name)
    _show([f"The token '{name}' opens nothing any more."])


@contextmanager
def _staged() -> Iterator[tuple[Callable[[str], None], Callable[[int, int], None]]]:
    """Show what is being done and how far it is, on a terminal only."""
    with Progress(console=errors, transient=True, disable=not errors.is_terminal) as bar:
        task = bar.add_task("", total=None)

        def stage(words: str) -> None:
            bar.update(task, description=words, completed=0, total=None)

        yield stage, lambda done, total: bar.update(task, completed=done, total=total)


def _experiment(path: Path | None) -> "Experiment":
    from training.experiment import Experiment

    return Experiment.read(path) if path else Experiment()


def _dialect(path: Path | None) -> Dialect | None:
    return Dialect.read(path) if path else None


def _show(result: str | Iterable[str]) -> None:
    """Print JSON as it is, or lines for a person with nothing in them that acts on a terminal."""
    if isinstance(result, str):
        screen.out(result.rstrip("\n"))
    else:
        for line in result:
            screen.print(visible(line))


def main() -> None:
    """Run the command line; letters that the terminal's encoding lacks are written out."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    app()


if __name__ == "__main__":
    main()
