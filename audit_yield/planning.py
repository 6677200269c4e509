"""Commands about plans: make, show, verify and order the audit plan of a period; measure the gap by lot."""

from getpass import getuser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from audit_yield.arguments import (
    AsJson,
    AsOf,
    Data,
    DefaultCommand,
    DialectFile,
    ExperimentFile,
    LanguageCode,
    ModelName,
    Stale,
    TableFile,
    Top,
    Trader,
    complete_plan,
    complete_version,
    dataset_of,
    experiment_of,
    language_of,
    now,
    output,
)
from audit_yield.console import as_json, friendly, progress_bar, show
from features.errors import SettingError
from features.lightgbm_import import import_lightgbm

if TYPE_CHECKING:
    from models.plan.store import StoredPlan

PART = "Plans"


class PlanGroup(DefaultCommand):
    """`plan DATA …` is short for `plan make DATA …`."""

    default = "make"


app = typer.Typer()
plan_app = typer.Typer(
    cls=PlanGroup,
    no_args_is_help=True,
    help="""Make the audit plan of a period; show and verify it. `plan DATA` is short for `plan make DATA`.

Example: `audit-yield plan demo/data --as-of 2024-10-01 --capacity capacity.toml`""",
    rich_markup_mode="markdown",
)
app.add_typer(plan_app, name="plan", rich_help_panel=PART)
BurdenFile = Annotated[
    Path | None,
    typer.Option(
        callback=output,
        help="Write here whom it burdens, a line a group: FILE.csv, FILE.xlsx or FILE.parquet; or -.",
    ),
]
PlanName = Annotated[
    str,
    typer.Argument(
        autocompletion=complete_plan, help="The plan's name: its first and last day, and its number."
    ),
]


@plan_app.command(name=PlanGroup.default)
@friendly
def make_command(
    data: Data,
    *,
    as_of: AsOf,
    capacity: Annotated[
        Path, typer.Option(help="A TOML file with the period, the hours of each office, and caps.")
    ],
    hours: Annotated[
        float | None,
        typer.Option(
            min=1, help="So many hours in all, each office and skill having its part of the file's."
        ),
    ] = None,
    treatments: Annotated[
        Path | None,
        typer.Option(help="A TOML file with what each treatment reaches and costs; else what ships."),
    ] = None,
    reason: Annotated[
        str | None, typer.Option(help="Why the period needs another plan; the earlier one stays.")
    ] = None,
    out: TableFile = None,
    burden: BurdenFile = None,
    top: Top = 20,
    model: ModelName = "champion",
    stale: Stale = False,
    dialect: DialectFile = None,
    json: AsJson = False,
) -> None:
    """Plan a period: who gets a letter, a desk, field or joint audit, within hours, and by what chance.

    Most hours go where an audit brings most; a part goes by lot over all traders, so that compliance is
    measured and the next model learns of those nobody would have chosen.

    Example: `audit-yield plan demo/data --as-of 2024-10-01 --capacity capacity.toml`
    """
    import_lightgbm()
    from models.plan.capacity import Capacity
    from models.plan.treatments import SHIPPED
    from training.plan import plan

    given = Capacity.read(capacity)
    with progress_bar() as (stage, _):
        stored = plan(
            dataset_of(data, cutoff=as_of, dialect=dialect, stale=stale),
            given if hours is None else given.scaled(hours),
            clock=now,
            model=model,
            treatments=treatments or SHIPPED,
            reason=reason,
            stage=stage,
        )
    _show(stored, out=out, burden=burden, top=top, as_record=json)


@plan_app.command(name="show")
@friendly
def show_command(
    name: Annotated[
        str | None,
        typer.Argument(autocompletion=complete_plan, help="The plan's name; all are listed without."),
    ] = None,
    *,
    out: TableFile = None,
    burden: BurdenFile = None,
    top: Top = 20,
    json: AsJson = False,
) -> None:
    """Show a plan, or list all of them; `--out` writes who is treated, `--burden` whom it burdens.

    Example: `audit-yield plan show 2025-01-01_2025-12-31-1 --out plan.csv`
    """
    import_lightgbm()
    from features.storage.home import home
    from models.plan.store import names, read_plan

    if name is None:
        plans = names(home())
        show(as_json(plans) if json else plans or ["There is no plan yet: audit-yield plan DATA makes one."])
        return
    stored = read_plan(home(), name)
    _show(stored, out=out, burden=burden, top=top, as_record=json)


def _show(stored: "StoredPlan", *, out: Path | None, burden: Path | None, top: int, as_record: bool) -> None:
    """Write who is treated and whom it burdens where files are named, and show the plan."""
    import pyarrow as pa

    from features.storage.spreadsheet import write_table
    from models.plan.text import plan_to_text, treated_rows

    if out:
        write_table(treated_rows(stored.table), out)
    if burden:
        write_table(pa.Table.from_pylist(stored.record["burdens"]), burden)
    show(as_json(stored.record) if as_record else plan_to_text(stored, top=top))


@plan_app.command(name="verify")
@friendly
def verify_command(name: PlanName) -> None:
    """Verify a plan: its seal, its seed, and that the draw comes out the same, to the bit.

    Example: `audit-yield plan verify 2025-01-01_2025-12-31-1`
    """
    import_lightgbm()
    from features.storage.home import home
    from models.plan.store import read_plan, require_same_draw

    stored = read_plan(home(), name)
    require_same_draw(stored)
    show([f"{name} is as it was written, and its draw comes out the same."])


@plan_app.command(name="accept")
@friendly
def accept_command(
    name: PlanName,
    data: Data,
    *,
    as_of: AsOf,
    out: Annotated[
        Path | None, typer.Option(help="Write the rows to this folder as files, and leave DATA as it is.")
    ] = None,
    dialect: DialectFile = None,
) -> None:
    """Accept a plan: write its audits, planned, and what was assigned to every trader, into the data.

    What came by lot, and with which probability, is on record from then on, for those not treated too. Audits
    begin in the weeks of the calendar; the data says of each what became of it, as of every audit. DATA is a
    folder of Parquet or a DuckDB file.

    Example: `audit-yield plan accept 2025-01-01_2025-12-31-1 demo/data --as-of 2025-01-01`
    """
    import_lightgbm()
    from training.plan import accept

    rows = accept(dataset_of(data, cutoff=as_of, dialect=dialect, stale=True), name, out=out)
    counts = " and ".join(f"{count:,} rows of {table}" for table, count in rows.items())
    show([f"{name} is accepted: {counts} were written to {out or data}."])


@plan_app.command(name="decline")
@friendly
def decline_command(
    name: PlanName,
    trader: Trader,
    data: Data,
    *,
    as_of: AsOf,
    because: Annotated[str, typer.Option(help="Why the treatment is not carried out.")],
    by: Annotated[str | None, typer.Option(help="Who declines it; else whoever is logged in.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Write the row to this folder as a file, and leave DATA as it is.")
    ] = None,
    dialect: DialectFile = None,
) -> None:
    """Decline the treatment of a trader in an accepted plan, with the reason, on record in the data.

    A lottery holds only if it is known who was drawn and not looked at: measurements count it as an answer
    that is missing. The calendar leaves it out from then on.

    Example: `audit-yield plan decline PLAN T0000012 demo/data --as-of 2025-02-01 --because "closed down"`
    """
    from models.plan.decline import decline

    row = decline(
        dataset_of(data, cutoff=as_of, dialect=dialect, stale=True),
        name,
        [trader],
        because=because,
        by=by or _logged_in(),
        on=as_of.date(),
        out=out,
    )
    [treatment] = row["treatment"].to_pylist()
    show([f"The {treatment} of {trader} is declined; a row of assignments was written to {out or data}."])


def _logged_in() -> str:
    """Return the name of whoever is logged in; raises `SettingError` where there is none."""
    try:
        return getuser()
    except (KeyError, OSError) as error:
        raise SettingError(
            "Nobody knows who is logged in.",
            expected="the name of who declines.",
            advice="Say it with --by.",
        ) from error


@plan_app.command(name="letters")
@friendly
def letters_command(
    name: PlanName,
    data: Data,
    *,
    as_of: AsOf,
    out: Annotated[
        Path,
        typer.Option(
            callback=output,
            help="A line a letter: FILE.csv, FILE.xlsx or FILE.parquet; - is standard output, as CSV.",
        ),
    ],
    language: LanguageCode = None,
    stale: Stale = False,
    dialect: DialectFile = None,
) -> None:
    """Write the letters of a plan as a file for mail merge: to whom, and what was looked at.

    In the words of the notice, without values, thresholds, ranks or money; office and legal basis are those
    of AUDIT_YIELD_NOTICE_OFFICE and AUDIT_YIELD_NOTICE_LEGAL_BASIS. Those held out by lot are not in it.

    Example: `audit-yield plan letters PLAN demo/data --as-of 2025-01-02 --out letters.xlsx`
    """
    import_lightgbm()
    from features.storage.spreadsheet import write_table
    from serving.page.letters import letters_of
    from serving.page.notice import Letterhead
    from serving.settings import Settings

    dataset = dataset_of(data, cutoff=as_of, dialect=dialect, stale=stale)
    letterhead = Letterhead.of(Settings.read(), dataset.today)
    table = letters_of(dataset, name, letterhead=letterhead, language=language_of(language))
    write_table(table, out)
    show([f"{table.num_rows:,} letters are in {out}."])


@plan_app.command(name="uplift")
@friendly
def uplift_command(
    data: Data,
    *,
    as_of: AsOf,
    treatments: Annotated[
        Path | None, typer.Option(help="A TOML file with what each treatment reaches; else what ships.")
    ] = None,
    dialect: DialectFile = None,
    json: AsJson = False,
) -> None:
    """Say what letters made traders correct by themselves, against those who by lot got none.

    Beside it stands what the source says, and both combined by their precision.

    Example: `audit-yield plan uplift demo/data --as-of 2026-07-01`
    """
    from dataclasses import asdict

    from features.assignments import own_amendments
    from models.plan.treatments import SHIPPED, Treatments
    from models.plan.uplift import uplift_of_letters, uplift_to_text

    dataset = dataset_of(data, cutoff=as_of, dialect=dialect, stale=True)
    with dataset.open() as warehouse:
        rows = own_amendments(warehouse, dataset.cutoff)
    uplift = uplift_of_letters(rows, Treatments.read(treatments or SHIPPED))
    show(as_json(asdict(uplift)) if json else uplift_to_text(uplift))


@app.command(name="calendar", rich_help_panel=PART)
@friendly
def calendar_command(
    name: PlanName,
    data: Data,
    *,
    as_of: AsOf,
    out: TableFile = None,
    icalendar: Annotated[
        Path | None, typer.Option(help="Write a file for calendars an office here: FOLDER/OFFICE.ics.")
    ] = None,
    top: Top = 20,
    dialect: DialectFile = None,
    json: AsJson = False,
) -> None:
    """Say in which week each treatment of a plan begins, and which team makes the visit.

    What is worth most comes first, what must be done by a day in time, and no visit while the tax
    administration is at the trader. Called again with a later day, it keeps what has begun and orders the
    rest anew.

    Example: `audit-yield calendar 2025-01-01_2025-12-31-1 demo/data --as-of 2025-01-01 --out calendar.csv`
    """
    import_lightgbm()
    from features.storage.spreadsheet import write_table
    from models.plan.calendar import calendar_to_text
    from models.plan.icalendar_file import write_icalendars
    from training.plan import calendar_of

    calendar = calendar_of(dataset_of(data, cutoff=as_of, dialect=dialect, stale=True), name)
    if out:
        write_table(calendar.table, out)
    if icalendar:
        write_icalendars(calendar, icalendar, made_at=now())
    show(as_json(calendar.table.to_pylist()) if json else calendar_to_text(calendar, top=top))


@app.command(name="gap", rich_help_panel=PART)
@friendly
def gap_command(
    data: Data,
    *,
    as_of: AsOf,
    by: Annotated[
        str | None,
        typer.Option(help="Show it by size_band, sector, region, aeo_status or finding_type too."),
    ] = None,
    since: Annotated[int | None, typer.Option(help="Begin with this year.")] = None,
    detection: Annotated[
        Path | None,
        typer.Option(help="A TOML file with the share of unpaid money that visits find; else the home's."),
    ] = None,
    out: TableFile = None,
    plot: Annotated[
        Path | None,
        typer.Option(
            callback=output, help="Write a picture of the years here: FILE.svg; - is standard output."
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            autocompletion=complete_version,
            help="Show what this version predicts of years from --since on too.",
        ),
    ] = None,
    todays_model: Annotated[
        bool,
        typer.Option(
            "--todays-model",
            help="Say it by today's model too, fitted without each trader; takes minutes.",
        ),
    ] = False,
    experiment: ExperimentFile = None,
    dialect: DialectFile = None,
    json: AsJson = False,
) -> None:
    """Measure compliance: what audits of all traders would book, how sure that is, and whether it changed.

    From visits drawn by lot with a known probability, as plans record them. Where there are none it says what
    nobody can know then, and what the first hundred would tell.

    Example: `audit-yield gap demo/data --as-of 2024-10-01 --by size_band`
    """
    import_lightgbm()
    from features.storage.spreadsheet import write_table
    from models.gap.detection import Detection, detection_of
    from models.gap.report import gap_of
    from models.gap.text import gap_content, gap_table, gap_to_text
    from training import gap as training

    dataset = dataset_of(data, cutoff=as_of, dialect=dialect, stale=True)
    known = Detection.read(detection) if detection else detection_of(dataset.home)
    today = None
    if todays_model:
        with progress_bar() as (stage, _):
            today = training.todays_model(dataset, experiment_of(experiment), stage=stage)
    report = gap_of(dataset, by=by, since=since, detection=known, today=today)
    if model is not None:
        report = training.with_predictions(report, dataset, since=since, model=model)
    if out:
        write_table(gap_table(report), out)
    if plot:
        training.write_plot(report, plot)
    show(as_json(gap_content(report)) if json else gap_to_text(report))
