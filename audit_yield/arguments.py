"""Arguments and options of several commands, and how they are parsed."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar

import typer
from typer.core import TyperGroup

from audit_yield.console import results

if TYPE_CHECKING:
    from collections.abc import Mapping

    from features.data.contract import Table
    from features.data.dataset import Dataset
    from features.data.warehouse import Dialect
    from features.language import Language
    from training.backtest.experiment import Experiment


class DefaultCommand(TyperGroup):
    """A group with a command that need not be named: `plan DATA …` is short for `plan make DATA …`."""

    default: ClassVar[str]

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        """Put the command before arguments that name none."""
        if args and args[0] not in {*self.commands, "--help"}:
            args = [self.default, *args]
        return super().parse_args(ctx, args)


Data = Annotated[
    str,
    typer.Argument(
        help="A folder of Parquet, CSV or XLSX, a DuckDB file, or a URL such as postgres://host/db."
    ),
]


def complete_version(incomplete: str) -> list[str]:
    """Return the names of models that begin so, for a shell to complete."""
    from features.storage.home import home_path
    from training.tracking.store import registered_versions

    names = ("champion", "challenger", *registered_versions(home_path()))
    return [name for name in names if name.startswith(incomplete)]


def complete_trader(incomplete: str) -> list[str]:
    """Return the traders of the newest snapshot that begin so, for a shell to complete."""
    from features.snapshots.cache import FOLDER
    from features.snapshots.store import traders_of_newest
    from features.storage.home import home_path

    return [name for name in traders_of_newest(home_path() / FOLDER) if name.startswith(incomplete)]


def complete_plan(incomplete: str) -> list[str]:
    """Return the plans that begin so, for a shell to complete."""
    from features.storage.home import home_path
    from models.plan.store import names

    return [name for name in names(home_path()) if name.startswith(incomplete)]


Trader = Annotated[str, typer.Argument(autocompletion=complete_trader, help="The trader's identifier.")]
KnownVersion = Annotated[
    str,
    typer.Argument(autocompletion=complete_version, help="A version: its number, champion or challenger."),
]
Version = Annotated[
    str | None, typer.Argument(autocompletion=complete_version, help="The version; else the challenger.")
]
AsOf = Annotated[
    datetime,
    typer.Option("--as-of", formats=["%Y-%m-%d"], help="The cutoff: what was known before this day counts."),
]


def output(path: Path | None) -> Path | None:
    """Return where a result goes; what is for people goes to standard error where that is standard output."""
    if path and str(path) == "-":
        results.stderr = True
    return path


TableFile = Annotated[
    Path | None,
    typer.Option(
        callback=output,
        help="Write the whole table here: FILE.csv, FILE.xlsx or FILE.parquet; - is standard output, as CSV.",
    ),
]
Overwrite = Annotated[bool, typer.Option(help="Replace what an earlier call made there.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON, for machines.")]
Top = Annotated[int, typer.Option(min=1, help="How many to show.")]
ModelName = Annotated[
    str,
    typer.Option(
        "--model",
        autocompletion=complete_version,
        help="The version to use: its number, champion or challenger.",
    ),
]
DialectFile = Annotated[
    Path | None,
    typer.Option(
        "--mapping",
        "--dialect",
        help="How the source names and writes its tables; else mapping.toml in the folder of DATA.",
    ),
]
Stale = Annotated[
    bool,
    typer.Option("--stale", help="Go on although the newest declaration is 400 days before the day or more."),
]
ExperimentFile = Annotated[
    Path | None,
    typer.Option(
        "--experiment",
        help="A TOML file with settings, as audit-yield experiment prints it; see docs/data-scientists.md.",
    ),
]
Packages = Annotated[
    list[str] | None,
    typer.Option(
        "--package", help="A package of private features to add to the library; may be given again."
    ),
]
LogFolder = Annotated[
    Path | None, typer.Option("--log", help="The folder of the prediction log; else log/ in the home.")
]


LanguageCode = Annotated[
    str | None,
    typer.Option(
        "--language", help="The language of its words: en, ru or kk; else the first of AUDIT_YIELD_LANGUAGES."
    ),
]


def language_of(code: str | None) -> "Language":
    """Return the language asked for, or else the first that the settings offer.

    Raises `SettingError` for one that is not there.
    """
    from features.language import language_named
    from serving.settings import Settings

    return language_named(code or Settings.read().languages[0])


def dialect_of(path: Path | None, *, tables: "Mapping[str, Table] | None" = None) -> "Dialect | None":
    """Read how a source names and writes its tables, where a file says so; else those of the contract."""
    from features.data.contract import TABLES
    from features.data.warehouse import Dialect

    return Dialect.read(path, tables=tables or TABLES) if path else None


def dataset_of(data: str, *, cutoff: datetime | None, dialect: Path | None, stale: bool = False) -> "Dataset":
    """Return the data as known before a day, or else before the day after the newest declaration."""
    from features.data.dataset import Dataset
    from features.storage.home import home_path

    today = date.today()
    dataset = Dataset(
        data=data,
        cutoff=cutoff.date() if cutoff else today,
        today=today,
        home=home_path(),
        dialect=dialect_of(dialect),
        stale=stale,
    )
    return dataset if cutoff else dataset.as_of_newest()


def now() -> datetime:
    """Return the present moment, in UTC."""
    return datetime.now(UTC)


def experiment_of(path: Path | None) -> "Experiment":
    """Read the settings of a training; every one has a default."""
    from training.backtest.experiment import Experiment

    return Experiment.read(path) if path else Experiment()


def log_of(path: Path | None) -> Path:
    """Return the folder of the prediction log."""
    from features.storage.home import home
    from serving.log.reader import FOLDER

    return path or home() / FOLDER
