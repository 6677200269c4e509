"""Command `doctor`: what is installed, what the machine gives, and what the home holds."""

from dataclasses import asdict

import typer

from audit_yield.arguments import AsJson, now
from audit_yield.console import NOT_DONE, as_json, friendly, show
from features.lightgbm_import import import_lightgbm

app = typer.Typer()


@app.command(name="doctor", rich_help_panel="Answers")
@friendly
def doctor_command(*, json: AsJson = False) -> None:
    """Look whether all is well here: packages, settings, home, disk, clock, champion, tokens and log.

    It changes nothing. The exit status is 1 where something is wrong.

    Example: `audit-yield doctor`
    """
    import_lightgbm()
    from serving.doctor import diagnose, to_text

    diagnoses = diagnose(now=now())
    show(as_json([asdict(each) for each in diagnoses]) if json else to_text(diagnoses))
    if any(each.state == "wrong" for each in diagnoses):
        raise typer.Exit(NOT_DONE)
