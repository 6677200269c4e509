"""Commands about models: train, backtest, score, explain, and choose the one that serves."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from audit_yield.arguments import (
    AsJson,
    AsOf,
    Data,
    DialectFile,
    ExperimentFile,
    KnownVersion,
    LanguageCode,
    ModelName,
    Stale,
    TableFile,
    Top,
    Trader,
    Version,
    dataset_of,
    experiment_of,
    language_of,
    now,
    output,
)
from audit_yield.console import NOT_DONE, as_json, errors, friendly, progress_bar, show
from features.lightgbm_import import import_lightgbm

PART = "Models"

app = typer.Typer()


@app.command(name="train", rich_help_panel=PART)
@friendly
def train_command(
    data: Data,
    *,
    as_of: AsOf,
    experiment: ExperimentFile = None,
    trials: Annotated[
        int, typer.Option(min=0, help="Tune the trees in so many trials; a stopped tuning goes on later.")
    ] = 0,
    learning_curve: Annotated[
        bool,
        typer.Option(
            "--learning-curve",
            help="Learn from 25, 50 and 75 % of the audits before each fold too: would more audits help? It "
            "fits the model three times more on each fold; the training takes a quarter to a half longer.",
        ),
    ] = False,
    dialect: DialectFile = None,
    json: AsJson = False,
) -> None:
    """Train a model on what was known before a day, backtest it, look for leaks, and register it.

    The first model that the gate does not refuse becomes champion by itself; later
    ones are challengers until `promote`. State is kept in mlruns/, or in AUDIT_YIELD_HOME.

    Example: `audit-yield train demo/data --as-of 2024-10-01`
    """
    import_lightgbm()
    from training.train import train

    with progress_bar() as (stage, progress):
        trained = train(
            dataset_of(data, cutoff=as_of, dialect=dialect),
            experiment_of(experiment),
            clock=now,
            trials=trials,
            with_learning_curve=learning_curve,
            stage=stage,
            progress=progress,
        )
    show(trained.to_json() if json else trained.to_text())


@app.command(name="backtest", rich_help_panel=PART)
@friendly
def backtest_command(
    data: Data,
    *,
    as_of: AsOf,
    out: TableFile = None,
    experiment: ExperimentFile = None,
    dialect: DialectFile = None,
    json: AsJson = False,
) -> None:
    """Hold models against what audits found, in time order, without training one to keep.

    `--out` writes the scores, a line for each metric, model, fold and population.

    Example: `audit-yield backtest demo/data --as-of 2024-10-01 --out scores.xlsx`
    """
    import_lightgbm()
    from features.storage.spreadsheet import write_records
    from models.card import Score
    from training.backtest.report import backtest_to_json, backtest_to_text
    from training.backtest.run import run_backtest

    with progress_bar() as (stage, progress):
        stage("Building features and backtesting")
        dataset = dataset_of(data, cutoff=as_of, dialect=dialect)
        report = run_backtest(dataset, experiment_of(experiment), progress=progress)
    if out:
        write_records(Score, report.scores, out)
    show(backtest_to_json(report) if json else backtest_to_text(report))


@app.command(name="score", rich_help_panel=PART)
@friendly
def score_command(
    data: Data,
    *,
    as_of: AsOf,
    out: TableFile = None,
    model: ModelName = "champion",
    top: Top = 10,
    stale: Stale = False,
    dialect: DialectFile = None,
    json: AsJson = False,
) -> None:
    """Predict every active trader's audit yield as of a day, the highest first.

    Example: `audit-yield score demo/data --as-of 2024-10-01 --out ranking.csv`
    """
    import_lightgbm()
    from features.storage.spreadsheet import write_table
    from training.score import ranking_to_text, score

    with errors.status("Checking the data, building features and predicting"):
        ranking = score(dataset_of(data, cutoff=as_of, dialect=dialect, stale=stale), model=model)
        if out:
            write_table(ranking, out)
    written = [f"The table is in {out}."] if out else []
    show(
        as_json(ranking.slice(0, top).to_pylist()) if json else [*ranking_to_text(ranking, top=top), *written]
    )


@app.command(name="drift", rich_help_panel=PART)
@friendly
def drift_command(
    data: Data,
    *,
    as_of: AsOf,
    out: TableFile = None,
    model: ModelName = "champion",
    top: Top = 10,
    stale: Stale = False,
    dialect: DialectFile = None,
    json: AsJson = False,
) -> None:
    """Say whether audits by lot still find what the model expects, since when not, and what to do.

    Which inputs have moved stands beside it. What was found is kept: after an alarm the next plan draws more
    by lot, and the service shows it as gauges. `--out` writes the inputs that moved, as a table. Exits
    with 1 where there is an alarm.

    Example: `audit-yield drift demo/data --as-of 2025-03-01`
    """
    import_lightgbm()
    from features.storage.spreadsheet import write_records
    from training.drift import MovedInput, drift, drift_to_text

    with progress_bar() as (stage, _):
        report = drift(dataset_of(data, cutoff=as_of, dialect=dialect, stale=stale), model=model, stage=stage)
    if out:
        write_records(MovedInput, report.inputs, out)
    show(as_json(report.content()) if json else drift_to_text(report, top=top))
    if report.alarms:
        raise typer.Exit(NOT_DONE)


@app.command(name="lab", rich_help_panel=PART)
@friendly
def lab_command(
    out: Annotated[
        Path, typer.Argument(help="The folder of the runs: those that are there are not run again.")
    ],
    *,
    policies: Annotated[
        str,
        typer.Option(help="Names, or TOML files, with commas between; all are compared with the first."),
    ] = "rules,indicators,random,declared_value,model,model_lottery,treatments,plan,plan_uncapped",
    years: Annotated[int, typer.Option(min=1, max=17, help="Years that the policies choose in.")] = 10,
    seeds: Annotated[int, typer.Option(min=1, help="Simulated administrations for each policy.")] = 20,
    traders: Annotated[int, typer.Option(min=300, help="Traders of each administration.")] = 6000,
    world: Annotated[str, typer.Option(help="The simulated world; docs/worlds.md lists them.")] = "sourced",
    jobs: Annotated[int, typer.Option(min=1, help="Runs at a time, each in a process.")] = 1,
    by: Annotated[
        str, typer.Option(help="Compare by group of traders: size_band, sector or region.")
    ] = "all",
    report: Annotated[
        Path | None,
        typer.Option(
            callback=output,
            help="A page with plots, too: FILE.html, which needs no other file; - is standard output.",
        ),
    ] = None,
    table: TableFile = None,
    mlflow: Annotated[
        bool, typer.Option("--mlflow", help="Log a run a policy to MLflow, in a store in OUT.")
    ] = False,
    json: AsJson = False,
) -> None:
    """Let policies choose audits for years in simulated administrations, and compare what they bring.

    Each policy learns from its own audits alone. Differences are paired by seed, and nothing is said of one
    within two standard errors. Stopped or killed, the same command goes on where it was.

    Example: `audit-yield lab lab --policies rules,model,model_lottery --years 5 --seeds 5 --traders 1500`
    """
    import_lightgbm()
    from features.storage.spreadsheet import write_records
    from training.lab.differences import Compared, compare, coverage
    from training.lab.lab import LabSettings, lab
    from training.lab.policies import policy_of
    from training.lab.report import write_report
    from training.lab.text import coverage_to_text, in_words, to_text
    from training.lab.track import log_comparison

    chosen = [policy_of(name.strip()) for name in policies.split(",")]
    with progress_bar() as (stage, progress):
        stage("Simulating policies")
        runs = lab(
            out,
            chosen,
            seeds=seeds,
            settings=LabSettings(traders=traders, years=years, world=world),
            jobs=jobs,
            progress=progress,
        )
    compared, measured = list(compare(runs, by=by)), list(coverage(runs))
    of_all = list(compare(runs))
    words = in_words(of_all, measured)
    if table:
        write_records(Compared, compared, table)
    if report:
        write_report(runs, of_all, measured, path=report)
    if mlflow:
        log_comparison(chosen, of_all, measured, home=out, clock=now)
    if json:
        show(
            as_json(
                {
                    "compared": [asdict(each) for each in compared],
                    "gap": [asdict(each) for each in measured],
                    "words": words,
                }
            )
        )
    else:
        show([*to_text(compared), "", *coverage_to_text(measured), "", words])


@app.command(name="explain", rich_help_panel=PART)
@friendly
def explain_command(
    data: Data,
    trader: Trader,
    *,
    as_of: AsOf,
    model: ModelName = "champion",
    top: Top = 10,
    parts: Annotated[
        bool, typer.Option("--parts", help="Open each line down to its features, as the page does.")
    ] = False,
    language: LanguageCode = None,
    stale: Stale = False,
    dialect: DialectFile = None,
    json: AsJson = False,
) -> None:
    """Say in money why a trader's expected yield is what it is.

    `audit-yield evidence` then shows the lines behind a reason.

    Example: `audit-yield explain demo/data T0000123 --as-of 2024-10-01`
    """
    import_lightgbm()
    from training.score import explain

    spoken = language_of(language)
    with errors.status("Checking the data and building features"):
        dataset = dataset_of(data, cutoff=as_of, dialect=dialect, stale=stale)
        explanation = explain(dataset, trader, model=model, language=spoken)
    show(explanation.to_json(top=top) if json else explanation.to_text(top=top, parts=parts))


@app.command(name="models", rich_help_panel=PART)
@friendly
def models_command(*, out: TableFile = None, json: AsJson = False) -> None:
    """List the versions in the registry, the newest first.

    Example: `audit-yield models`
    """
    import_lightgbm()
    from features.storage.home import home
    from features.storage.spreadsheet import write_records
    from training.tracking import registry

    versions = registry.models(home())
    if out:
        write_records(registry.ModelVersion, versions, out)
    show(as_json([asdict(each) for each in versions]) if json else registry.versions_to_text(versions))


@app.command(name="compare", rich_help_panel=PART)
@friendly
def compare_command(
    first: KnownVersion,
    second: KnownVersion,
    *,
    out: TableFile = None,
    json: AsJson = False,
) -> None:
    """Compare two versions on the audits that both were tested on, and say what they are made of.

    Prints each metric of both with the standard error of the difference, features added and removed, settings
    that differ, and the audits whose rank moved most. `--out` writes the metrics. Nothing is trained
    and nothing promoted.

    Example: `audit-yield compare champion challenger`
    """
    import_lightgbm()
    from features.storage.home import home
    from features.storage.spreadsheet import write_records
    from training.comparison.compare import Difference, compare
    from training.comparison.text import comparison_to_text

    compared = compare(first, second, home=home())
    if out:
        write_records(Difference, compared.differences, out)
    show(compared.to_json() if json else comparison_to_text(compared))


@app.command(name="experiment", rich_help_panel=PART)
@friendly
def experiment_command() -> None:
    """Print the default experiment as a TOML file: every setting of `train` and `backtest`, with its meaning.

    Change what you like and give the file to `--experiment`; as it is, it changes nothing.

    Example: `audit-yield experiment > experiment.toml`
    """
    import_lightgbm()
    from training.backtest.experiment_file import experiment_toml

    show(experiment_toml())


@app.command(name="promote", rich_help_panel=PART)
@friendly
def promote_command(
    version: Version = None,
    *,
    margin: Annotated[
        float,
        typer.Option(
            min=0.0,
            max=1.0,
            help="How much worse than the champion it may be, of the Gini coefficient, at the lower end of "
            "the difference.",
        ),
    ] = 0.1,
    force: Annotated[
        str | None, typer.Option(help="Promote it whatever the gate says, for this reason; it is kept.")
    ] = None,
    json: AsJson = False,
) -> None:
    """Make a version the champion, the model that serves, if it passes the gate.

    It must not be credibly worse than champion and analyst on the newest folds and be shown to be no worse
    than the champion by the margin; its money and intervals must hold, no outcome may be doubted and no leak
    suspected. What cannot be told keeps the champion. The verdict comes first; exits with 1 where it is not
    promoted.

    Example: `audit-yield promote 3`
    """
    import_lightgbm()
    from features.storage.home import home
    from training.promotion.promote import promote

    promotion = promote(version, force=force, margin=margin, home=home(), clock=now)
    show(as_json(promotion.content()) if json else promotion.to_text())
    if not promotion.promoted:
        raise typer.Exit(NOT_DONE)
