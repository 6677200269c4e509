"""Command `run`: from data, or from nothing, to a service that answers."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from audit_yield.arguments import DialectFile, ExperimentFile, dataset_of, experiment_of, now
from audit_yield.console import friendly, progress_bar, show
from audit_yield.service import serve_command
from features.lightgbm_import import import_lightgbm

DEMONSTRATION = Path("demo")
EXPERIMENTS = (
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false "
    "mlflow ui --workers 1 --backend-store-uri sqlite:///{home}/mlflow.db"
)
"""Shows trainings in a browser, and runs nothing for whoever reaches it."""

app = typer.Typer()


@app.command(name="run", rich_help_panel="All of it")
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
    experiment: ExperimentFile = None,
    dialect: DialectFile = None,
    port: Annotated[
        int | None, typer.Option(help="Where it listens; else AUDIT_YIELD_PORT, else 3000.")
    ] = None,
    serving: Annotated[bool, typer.Option("--serve/--no-serve", help="Stay up and answer over HTTP.")] = True,
) -> None:
    """Do all of it: check the data, train where there is no model yet, score every trader, serve.

    A few minutes the first time on two cores, seconds after. Ctrl-C ends the service.

    Example: `audit-yield run demo/data`
    """
    import_lightgbm()
    from features.storage.home import home
    from training.current_model import current_model
    from training.summary import summary_to_text

    with progress_bar() as (stage, progress):
        data = data or _demonstration(stage, progress)
        stage("Checking the data")
        dataset = dataset_of(data, cutoff=as_of, dialect=dialect)
        current = current_model(dataset, experiment_of(experiment), clock=now, stage=stage, progress=progress)
    show(summary_to_text(current.bundle, current.snapshot, version=current.version, cutoff=dataset.cutoff))
    show(["", f"Gate: {current.gate}", f"Experiments: {EXPERIMENTS.format(home=home())}"])
    if not current.serves:
        show(["The gate refused the model, so none serves. `audit-yield promote` says why."])
    elif serving:
        day = datetime.combine(dataset.cutoff, datetime.min.time())
        serve_command(data, as_of=day, port=port, dialect=dialect)


def _demonstration(stage: Callable[[str], None], progress: Callable[[int, int], None]) -> str:
    """Simulate an administration in ./demo, where there is none yet; return where its data is."""
    from features.simulate import simulate

    if not DEMONSTRATION.exists():
        stage("Simulating an administration in ./demo")
        simulate(DEMONSTRATION, traders=2500, years=5, seed=1, progress=progress)
    return str(DEMONSTRATION / "data")
