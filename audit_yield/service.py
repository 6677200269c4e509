"""Commands about answers: the service, a trader's page, the prediction log, and tokens."""

import os
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from audit_yield.arguments import (
    AsJson,
    AsOf,
    Data,
    DialectFile,
    LanguageCode,
    LogFolder,
    Stale,
    TableFile,
    Trader,
    complete_trader,
    dataset_of,
    language_of,
    log_of,
    now,
    output,
)
from audit_yield.console import NOT_DONE, as_json, errors, friendly, progress_bar, show
from features.lightgbm_import import import_lightgbm
from serving.access.tokens import Role

if TYPE_CHECKING:
    from serving.log.key import LogKey

PART = "Answers"

app = typer.Typer()


@app.command(name="serve", rich_help_panel=PART)
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
    is_open: Annotated[
        bool, typer.Option("--open", help="Answer this machine without tokens, also after some were made.")
    ] = False,
    stale: Stale = False,
    dialect: DialectFile = None,
) -> None:
    """Answer over HTTP by the champion: predictions, reasons, the ranking and the pages of traders.

    A champion promoted later serves within seconds, without a restart. Other settings are environment
    variables, AUDIT_YIELD_*. Every answer is in the prediction log before it is sent.

    Example: `audit-yield serve demo/data --as-of 2024-10-01`
    """
    import_lightgbm()
    from serving.launch import LaunchSettings
    from serving.run import serve
    from serving.settings import Settings

    settings = Settings.read()
    launch = LaunchSettings(data, as_of.date() if as_of else None, dialect, drain, is_open, stale)
    with errors.status("Checking the data, proving the model and building features"):
        start = serve(
            launch, replace(settings, host=host or settings.host, port=port or settings.port), clock=now
        )
    show(start.text)
    start.begin()


@app.command(name="report", rich_help_panel=PART)
@friendly
def report_command(
    data: Data,
    trader: Trader,
    *,
    as_of: AsOf,
    out: Annotated[
        Path, typer.Option(callback=output, help="The page: FILE.html, or FILE.pdf; - is standard output.")
    ],
    notice: Annotated[
        bool, typer.Option("--notice", help="The page for the trader itself: no values, ranks or scores.")
    ] = False,
    pdf: Annotated[bool, typer.Option("--pdf", help="Print it as PDF, by a Chromium that is here.")] = False,
    language: LanguageCode = None,
    stale: Stale = False,
    dialect: DialectFile = None,
) -> None:
    """Write the page of a trader, with the lines behind each reason, as one file to read, print and keep.

    Example: `audit-yield report demo/data T0000123 --as-of 2024-10-01 --out page.html`
    """
    import_lightgbm()
    from serving.page.notice import Letterhead
    from serving.page.pdf import write_pdf
    from serving.page.report import report, write_page
    from serving.settings import Settings

    dataset = dataset_of(data, cutoff=as_of, dialect=dialect, stale=stale)
    with errors.status("Checking the data and building features"):
        letterhead = Letterhead.of(Settings.read(), dataset.today)
        page = report(
            dataset,
            trader,
            view="notice" if notice else "full",
            letterhead=letterhead,
            language=language_of(language),
        )
        (write_pdf if pdf else write_page)(page, out)
    show([f"The page is in {out}."])


@app.command(name="programme", rich_help_panel=PART)
@friendly
def programme_command(
    data: Data,
    trader: Trader,
    *,
    as_of: AsOf,
    out: TableFile = None,
    language: LanguageCode = None,
    stale: Stale = False,
    dialect: DialectFile = None,
    json: AsJson = False,
) -> None:
    """Say what an audit of a trader is to check, which documents to ask for and which declarations to pull.

    The checks come in the order of the money that their reasons add; the lines are those that carry four
    fifths of a reason, at most 40.

    Example: `audit-yield programme demo/data T0000123 --as-of 2024-10-01 --out programme.xlsx`
    """
    import_lightgbm()
    from features.storage.spreadsheet import write_table
    from serving.live.programme import programme_table, programme_to_plain, programme_to_text
    from serving.page.report import work_programme

    spoken = language_of(language)
    dataset = dataset_of(data, cutoff=as_of, dialect=dialect, stale=stale)
    with errors.status("Checking the data, building features and looking up the rows"):
        tasks, evidence = work_programme(dataset, trader, language=spoken)
        if out:
            write_table(programme_table(tasks, evidence, spoken), out)
    if json:
        show(as_json(programme_to_plain(tasks, evidence, spoken)))
    else:
        show([f"The programme is in {out}."] if out else programme_to_text(tasks, evidence, spoken))


@app.command(name="export", rich_help_panel=PART)
@friendly
def export_command(
    data: Data,
    out: Annotated[
        Path, typer.Argument(callback=output, help="The workbook: FILE.xlsx; - is standard output.")
    ],
    *,
    as_of: AsOf,
    language: LanguageCode = None,
    stale: Stale = False,
    dialect: DialectFile = None,
    json: AsJson = False,
) -> None:
    """Write ranking, reasons and card of a day as a workbook for pivot tables, with words for every column.

    Where the reasons of all traders are more than a sheet has rows, they are those of the first, and it is
    said of how many.

    Example: `audit-yield export demo/data analysis.xlsx --as-of 2024-10-01`
    """
    import_lightgbm()
    from features.storage.spreadsheet import require_xlsx, write_workbook
    from serving.live.export import export_day
    from serving.live.state import load_live
    from serving.settings import Settings

    require_xlsx(out)
    spoken = language_of(language)
    with progress_bar() as (stage, progress):
        stage("Checking the data and building features")
        live = load_live(dataset_of(data, cutoff=as_of, dialect=dialect, stale=stale))
        stage("Explaining traders")
        export = export_day(live.in_language(spoken), currency=Settings.read().currency, progress=progress)
        stage("Writing the workbook")
        write_workbook(export.sheets, out, progress=progress)
    rows = {sheet.name: sheet.table.num_rows for sheet in export.sheets}
    names = ", ".join(f"{name} ({count:,} rows)" for name, count in rows.items())
    written = filter(None, [f"{out} has the sheets {names}.", export.note])
    show(as_json({"rows": rows, "note": export.note}) if json else written)


log_app = typer.Typer(
    help="""Prove, seal and prune the prediction log; erase a trader from it.

Example: `audit-yield log verify`""",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)
app.add_typer(log_app, name="log", rich_help_panel=PART)


@log_app.command(name="verify")
@friendly
def log_verify_command(
    *,
    log: LogFolder = None,
    anchor: Annotated[
        Path | None,
        typer.Option(help="Anchors that were kept elsewhere: an older .anchor file, or X-Log-Head lines."),
    ] = None,
    segment: Annotated[
        int | None, typer.Option(help="Verify the segment of this number alone.", min=0)
    ] = None,
    json: AsJson = False,
) -> None:
    """Prove that every row of the prediction log is as it was written, and that none is missing.

    Finds rows that were changed, removed, moved or chained anew, a tail cut off, another home's log, and what
    the key in AUDIT_YIELD_LOG_KEY does not seal. Exits with 1 where it finds any. A service may write
    meanwhile.

    Example: `audit-yield log verify`
    """
    import_lightgbm()
    from serving.log import verify

    verdict = verify.verify(
        log_of(log),
        key=_log_key(),
        witnesses=verify.read_witnesses(anchor) if anchor else (),
        number=segment,
    )
    show(verdict.to_json() if json else verify.to_text(verdict))
    if verdict.faults:
        raise typer.Exit(NOT_DONE)


@log_app.command(name="seal")
@friendly
def log_seal_command() -> None:
    """Let the key in AUDIT_YIELD_LOG_KEY seal the log from here on; verify it first.

    Once for a new key: the service refuses to follow rows that its key does not seal, for somebody without
    the key may have made them anew. Stop the service first.

    Example: `audit-yield log seal`
    """
    import_lightgbm()
    from features.storage.home import home_path
    from serving.log.key import require_key
    from serving.log.writer import PredictionLog
    from serving.settings import Settings

    key = require_key(Settings.read().log_key, home=home_path())
    log = PredictionLog(log_of(None), clock=now, key=key, is_new_key=True)
    log.close()
    show([f"From row {log.head.rows + 1:,} on the log is sealed with the key {key.name}."])


@log_app.command(name="judgements")
@friendly
def log_judgements_command(*, log: LogFolder = None, out: TableFile = None, json: AsJson = False) -> None:
    """Count what people said of estimates and reasons, by model; or hand all of it out as a table.

    They are opinions with an author and a day, no findings: nothing learns from them as a label. What was
    said of an erased trader is not there any more.

    Example: `audit-yield log judgements --out judgements.csv`
    """
    from features.storage.spreadsheet import write_table
    from serving.log.judgements import all_judgements, judgement_table, judgements_to_text

    judgements = all_judgements(log_of(log))
    table = judgement_table(judgements)
    if out:
        write_table(table, out)
    if json:
        show(as_json(table.to_pylist()))
    else:
        show([f"{len(judgements):,} judgements are in {out}."] if out else judgements_to_text(judgements))


@log_app.command(name="prune")
@friendly
def log_prune_command(
    *,
    before: Annotated[
        datetime, typer.Option(formats=["%Y-%m-%d"], help="Every row of a month to remove is older.")
    ],
) -> None:
    """Remove the months of the log whose rows are all older than a day; the rest stays provable.

    A row of the log says what was removed and by whom. The month that is being written stays.

    Example: `audit-yield log prune --before 2020-01-01`
    """
    import_lightgbm()
    from serving.log.prune import prune

    removed = prune(log_of(None), before=before.date(), actor=_person(), clock=now, key=_log_key())
    names = ", ".join(file.name for file in removed)
    show([f"Removed: {names}." if removed else "Nothing is that old."])


@log_app.command(name="erase")
@friendly
def log_erase_command(
    trader: Trader,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask whether it is meant.")] = False,
) -> None:
    """Erase what the log says of a trader until now, for good: its key is destroyed, the rows stay provable.

    A row of the log says when and by whom, not of whom. Other traders of the same rows keep their parts. The
    service may run. Destroy the copies of log.keys too: with one of them all could be read again.

    Example: `audit-yield log erase T0000123 --yes`
    """
    import_lightgbm()
    from serving.log.erase import erase, to_text

    if not yes:
        typer.confirm(f"Erase what the log says of {trader}? Nothing brings it back.", abort=True, err=True)
    erased = erase(log_of(None), trader, actor=_person(), clock=now, key=_log_key())
    show(to_text(erased, trader))
    if erased.naming:
        raise typer.Exit(NOT_DONE)


def _person() -> str:
    """Return who calls, as the log names it."""
    return f"{os.environ.get('USER', 'user')} ({os.getuid()})"


def _log_key() -> "LogKey | None":
    from features.storage.home import home_path
    from serving.log.key import read_key
    from serving.settings import Settings

    return read_key(Settings.read().log_key, home=home_path())


@app.command(name="replay", rich_help_panel=PART)
@friendly
def replay_command(
    prediction_id: Annotated[str, typer.Argument(help="The id, as the answer or the page names it.")],
    *,
    log: LogFolder = None,
    json: AsJson = False,
) -> None:
    """Predict again from the features and by the model that the log names, and say whether it is the same.

    Says which part is gone, if one is. Exits with 1 where it cannot be predicted again or is not the same.

    Example: `audit-yield replay 17-1-9f86d081`
    """
    import_lightgbm()
    from features.storage.home import home
    from serving import replay

    result = replay.replay(prediction_id, log=log_of(log), home=home())
    show(result.to_json() if json else replay.to_text(result))
    if not result.same:
        raise typer.Exit(NOT_DONE)


token_app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="""Make, list and revoke the tokens by which people call the service.

Example: `audit-yield token new ann --role auditor`""",
)
app.add_typer(token_app, name="token", rich_help_panel=PART)


@token_app.command(name="new")
@friendly
def token_new_command(
    name: Annotated[str, typer.Argument(help="Whose it is; the log names every access by it.")],
    *,
    role: Annotated[Role, typer.Option(help="What they do.")],
    trader: Annotated[
        list[str] | None,
        typer.Option(autocompletion=complete_trader, help="Limit it to this trader; give it again for more."),
    ] = None,
    expires: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The last day on which it holds.")
    ] = None,
    any_day: Annotated[
        bool,
        typer.Option("--any-day", help="With --trader: it may ask what-if as of any day, not today's alone."),
    ] = False,
) -> None:
    """Make a token and show it, this once: only its hash is kept, beside the models.

    Example: `audit-yield token new ann-2 --role auditor --trader T0000123 --expires 2030-12-31`
    """
    from features.storage.home import home
    from serving.access.tokens import new_token

    ends = expires.date() if expires else None
    secret = new_token(
        home(), name, role=role, now=now(), traders=trader or None, expires_on=ends, any_day=any_day
    )
    show(secret)


@token_app.command(name="list")
@friendly
def token_list_command(*, json: AsJson = False) -> None:
    """List the tokens, whatever their state.

    Example: `audit-yield token list`
    """
    from features.storage.home import home
    from serving.access.tokens import FILE, read_tokens, to_plain, to_text

    tokens = read_tokens(home() / FILE)
    show(as_json(to_plain(tokens)) if json else to_text(tokens, today=date.today()))


@token_app.command(name="revoke")
@friendly
def token_revoke_command(
    name: Annotated[str, typer.Argument(help="The name of the token.")],
) -> None:
    """Let a token open nothing any more, from the next request on.

    Example: `audit-yield token revoke ann`
    """
    from features.storage.home import home
    from serving.access.tokens import revoke_token

    revoke_token(home(), name, now=now())
    show([f"The token '{name}' opens nothing any more."])


@token_app.command(name="verify")
@friendly
def token_verify_command(
    file: Annotated[
        typer.FileText, typer.Argument(help="The file of the token; - reads it from standard input.")
    ],
) -> None:
    """Say whom a token of the identity provider admits, or why it opens nothing.

    Which provider that is, the environment variables AUDIT_YIELD_OIDC_* say. Exits with 1 where it opens
    nothing.

    Example: `audit-yield token verify ann.jwt`
    """
    from serving.access.identity_provider import caller_of, to_text
    from serving.settings import Settings

    show(to_text(caller_of(file.read().strip(), Settings.read(), clock=now)))
