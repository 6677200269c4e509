"""Commands about the data: simulate, look, import, check, build and test features, show evidence."""

from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from audit_yield.arguments import (
    AsJson,
    AsOf,
    Data,
    DefaultCommand,
    DialectFile,
    Overwrite,
    Packages,
    Stale,
    TableFile,
    Top,
    Trader,
    dataset_of,
    dialect_of,
)
from audit_yield.console import NOT_DONE, REFUSED, as_json, errors, friendly, progress_bar, show

PART = "Data"


class FeaturesGroup(DefaultCommand):
    """`features DATA …` is short for `features build DATA …`."""

    default = "build"


app = typer.Typer()
features_app = typer.Typer(
    cls=FeaturesGroup,
    no_args_is_help=True,
    help="""Build features, and test those of one's own. `features DATA` is short for `features build DATA`.

Example: `audit-yield features demo/data --as-of 2024-07-01 --out features.parquet`

Example: `audit-yield features test harbour`""",
    rich_markup_mode="markdown",
)
app.add_typer(features_app, name="features", rich_help_panel=PART)


@app.command(name="simulate", rich_help_panel=PART)
@friendly
def simulate_command(
    out: Annotated[Path, typer.Argument(help="The folder that is made: OUT/data and, beside it, OUT/truth.")],
    *,
    traders: Annotated[int, typer.Option(help="How many traders there ever are.")] = 1000,
    years: Annotated[int, typer.Option(help="How many years, up to the end of 2024.")] = 4,
    seed: Annotated[int, typer.Option(help="The same arguments and seed give the same bytes.")] = 1,
    world: Annotated[
        str,
        typer.Option(
            help="standard, thin-tables, refunds, silent, giants, sourced, adapting, or random (by seed)."
        ),
    ] = "standard",
    overwrite: Overwrite = False,
    json: AsJson = False,
) -> None:
    """Make a customs administration whose truth is known, to try things on and to judge models by.

    About 33 declaration lines a trader and year. docs/simulation.md describes how it works.

    Worlds differ in who evades and how, in the marks that it leaves, in the audits, and in the tables there
    are (docs/worlds.md). A model that is better in one may be worse in the next: judge it in several. What
    holds in a world other than the standard one is printed, and stands in OUT/truth/world.json.

    Example: `audit-yield simulate demo --traders 6000 --years 5 --seed 1`

    Example: `audit-yield simulate elsewhere --world random --seed 7`
    """
    from features.simulate import simulate
    from features.simulate.worlds.description import as_lines
    from features.simulate.worlds.named import parameters_of

    with progress_bar() as (stage, progress):
        stage("Simulating quarters")
        administration = simulate(
            out,
            traders=traders,
            years=years,
            seed=seed,
            world=parameters_of(world, seed=seed),
            overwrite=overwrite,
            progress=progress,
        )
    drawn = [] if world == "standard" else [*as_lines(administration.world), ""]
    counted = [f"{name}: {rows:,} rows" for name, rows in administration.rows.items()]
    show(as_json(administration.rows) if json else [*drawn, *counted, f"All of it is in {out}."])


@app.command(name="look", rich_help_panel=PART)
@friendly
def look_command(
    sources: Annotated[
        list[str],
        typer.Argument(
            help="Files (CSV, XLSX, Parquet, ASYCUDA's XML), folders, a DuckDB file, the URL of a database.",
            metavar="FILE...",
        ),
    ],
    *,
    json: AsJson = False,
) -> None:
    """Show the first rows of any export, and propose the mapping that may read it.

    Before anything is mapped: which encoding, separator and header a file has, what stands in its columns,
    and which columns of the contract these may be.

    What is printed is a mapping: look at it, correct it, and save it as `mapping.toml` beside the files.
    A line that begins with `#?` is a guess and counts only when you take the mark away: it says why it is a
    guess. Lines without are sure by the names and the values of the rows that were looked at, the first 500.
    Nothing is written, and no command uses a proposal by itself.

    Then `audit-yield check FOLDER` says what is still wrong, each time with the line that would mend it.
    docs/mapping.md explains every setting, docs/bring-your-data.md the whole way.

    Example: `audit-yield look register.csv > mapping.toml`

    Example: `audit-yield look postgres://me@host/customs`
    """
    from features.data.look import look, to_json, to_text

    with errors.status("Looking at the data"):
        proposals = look(sources)
    show(to_json(proposals) if json else to_text(proposals))


@app.command(name="import", rich_help_panel=PART)
@friendly
def import_command(
    system: Annotated[str, typer.Argument(help="The source system: kcs or asycuda.")],
    files: Annotated[
        list[Path], typer.Argument(help="The files of the export, or a folder of them.", metavar="FILE...")
    ],
    out: Annotated[Path, typer.Argument(help="The folder that is made.")],
    *,
    dialect: Annotated[
        Path | None,
        typer.Option("--mapping", "--dialect", help="How the files name and write it: a mapping.toml."),
    ] = None,
    overwrite: Overwrite = False,
    json: AsJson = False,
) -> None:
    """Bring a source system's export into contract form, and say what was derived and assumed.

    The report stands beside OUT, as OUT.import.json. docs/systems.md describes each system.

    Example: `audit-yield import kcs train.csv valid.csv test.csv korea`
    """
    from features.data.systems import import_export, system_named
    from features.data.systems.report import to_text

    source = system_named(system)
    with errors.status("Reading the export"):
        report = import_export(
            source,
            files,
            out=out,
            dialect=dialect_of(dialect, tables={source.name: source.source}),
            overwrite=overwrite,
        )
    show(report.to_json() if json else to_text(report))


@app.command(name="check", rich_help_panel=PART)
@friendly
def check_command(
    data: Data,
    *,
    out: Annotated[
        Path | None, typer.Option(help="Where the report and the quarantine go; else DATA.check beside DATA.")
    ] = None,
    limit: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="Share of a table's rows that may be quarantined; else 0.01."),
    ] = None,
    today: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="The day after which a day is in the future."),
    ] = None,
    dialect: DialectFile = None,
    json: AsJson = False,
) -> None:
    """Hold the tables of DATA against the contract and say everything that is wrong, at once.

    Rows that cannot be used are put into quarantine with their reasons. Exits with 2 where the data is
    refused; the report and quarantine of the last accepted check then stay as they were.

    Example: `audit-yield check demo/data`
    """
    from features.data.check import DEFAULT_LIMIT, check, quarantine
    from features.data.check.report import to_text
    from features.data.warehouse import open_warehouse

    with (
        errors.status("Checking the data"),
        open_warehouse(data, dialect=dialect_of(dialect)) as warehouse,
    ):
        result = check(
            warehouse,
            today=today.date() if today else date.today(),
            limit=DEFAULT_LIMIT if limit is None else limit,
        )
        folder = quarantine.write(result, out or quarantine.default_folder(data))
    report = result.report
    verdict = f"{'Accepted' if report.accepted else 'REFUSED'}. The report is in {folder}."
    show(report.to_json() if json else [*to_text(report), verdict])
    if not report.accepted:
        raise typer.Exit(REFUSED)


@app.command(name="prepare", rich_help_panel=PART)
@friendly
def prepare_command(
    data: Data,
    *,
    as_of: Annotated[
        datetime | None,
        typer.Option(
            "--as-of", formats=["%Y-%m-%d"], help="The last cutoff to prepare for; else the newest day."
        ),
    ] = None,
    dialect: DialectFile = None,
    json: AsJson = False,
) -> None:
    """Work out the facts of all declaration lines ahead, such as peers' prices, and keep them by quarter.

    Other commands do so by themselves for the quarters that they need. What is there already is kept; after
    new data only the quarters are made that it touches. DATA is a folder: databases are read directly.

    Example: `audit-yield prepare demo/data`
    """
    from features.snapshots.line_parts import prepare

    with progress_bar() as (stage, progress):
        stage("Checking the data")
        dataset = dataset_of(data, cutoff=as_of, dialect=dialect)
        stage("Preparing lines")
        quarters = prepare(dataset, progress=progress)
    made = [str(quarter) for quarter, is_new in quarters.items() if is_new]
    text = f"Quarters prepared: {len(quarters):,}, of these now: {len(made):,}."
    show(as_json({"quarters": list(map(str, quarters)), "made": made}) if json else [text])


@features_app.command(name=FeaturesGroup.default)
@friendly
def features_command(
    data: Data,
    *,
    as_of: AsOf,
    package: Packages = None,
    out: TableFile = None,
    stale: Stale = False,
    dialect: DialectFile = None,
    json: AsJson = False,
) -> None:
    """Build the features of every active trader as of a day, and say how they came out.

    docs/features.md says what each means. Rows in quarantine do not count.

    Example: `audit-yield features demo/data --as-of 2024-07-01 --out features.parquet`
    """
    from features.packages import with_packages
    from features.snapshots.snapshot import snapshot, summary, to_text
    from features.snapshots.staleness import staleness_warnings
    from features.storage.spreadsheet import write_table

    with errors.status("Checking the data and building features"):
        dataset = dataset_of(data, cutoff=as_of, dialect=dialect, stale=stale)
        built = snapshot(dataset, with_packages(package or ()))
        if out:
            write_table(built.table, out)
    warnings = staleness_warnings(built.newest_on, cutoff=dataset.cutoff, today=dataset.today)
    written = [f"The table is in {out}."] if out else []
    content = summary(built) | {"warnings": warnings}
    show(as_json(content) if json else [*warnings, *to_text(built), *written])


@features_app.command(name="test")
@friendly
def prove_features_command(
    package: Annotated[
        str, typer.Argument(help="The package of private features, named as Python imports it.")
    ],
    *,
    json: AsJson = False,
) -> None:
    """Run the proofs over the features of a package, and say what failed and where.

    Worked examples, words and directions, inputs, as known over drawn histories, the same alone and in batch,
    numbers at the ends of what the contract allows. It needs no data. Exits with 1 where a proof failed.

    Example: `audit-yield features test harbour`
    """
    from features.proofs.run import prove, to_text

    with errors.status("Proving the features on drawn histories"):
        report = prove(package)
    show(report.to_json() if json else to_text(report))
    if not report.passed:
        raise typer.Exit(NOT_DONE)


@app.command(name="evidence", rich_help_panel=PART)
@friendly
def evidence_command(
    data: Data,
    trader: Trader,
    feature: Annotated[str, typer.Argument(help="The feature, as docs/features.md names it.")],
    *,
    as_of: AsOf,
    package: Packages = None,
    top: Top = 20,
    out: TableFile = None,
    dialect: DialectFile = None,
    json: AsJson = False,
) -> None:
    """Show the rows behind one value of one trader, each with its share of it.

    Example: `audit-yield evidence demo/data T0000123 customs_value_12m --as-of 2024-07-01`
    """
    from features.evidence import evidence, to_text
    from features.packages import with_packages
    from features.snapshots.line_parts import open_with_line_parts
    from features.storage.spreadsheet import write_table

    dataset, features = dataset_of(data, cutoff=as_of, dialect=dialect), with_packages(package or ())
    with (
        errors.status("Checking the data and looking up the rows"),
        open_with_line_parts(dataset) as (warehouse, _),
    ):
        rows_behind = evidence(
            features, feature, warehouse=warehouse, trader_id=trader, cutoff=dataset.cutoff
        )
        if out:
            write_table(rows_behind.rows, out)
    show(rows_behind.to_json(top=top) if json else to_text(rows_behind, top=top))
