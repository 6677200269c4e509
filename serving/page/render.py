"""Render pages: templates that escape everything, and the headers under which they are sent."""

import base64
import hashlib
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from features.data.check.report import visible
from serving.live.programme import NOTHING

TEMPLATES = Path(__file__).with_name("templates")
STYLE = (TEMPLATES / "page.css").read_text(encoding="utf-8")
ICON = (
    "data:image/png;base64,"
    "iVBORw0KGgoAAAANSUhEUgAAABAAAAAQAQMAAAAlPW0iAAAABlBMVEX///8LX27OvjFbAAAAAnRSTlMA/1uRIrUAAA"
    "AWSURBVHjaY2AAAhkEYp6DQMUYiIEBAJ6nCUe8wYy0AAAAAElFTkSuQmCC"
)
"""The icon of every page, in it: a browser asks the service for none."""
MINUS = "\N{MINUS SIGN}"


def _policy() -> str:
    """Return the content security policy: the one style sheet loads, by its hash, and the icon in the page.

    Forms go home.
    """
    digest = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; form-action 'self'; base-uri 'none'"
    )


POLICY = _policy()
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": f"{POLICY}; frame-ancestors 'none'",
    "Content-Type": "text/html; charset=utf-8",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
"""The headers of every page; a page by itself carries the policy too.

Browsers say where a form comes from only under a policy that lets them say so to the service itself.
"""


def render_template(template: str, **values: object) -> str:
    """Return a page: a template with its values, every one of them escaped."""
    return _environment().get_template(template).render(values)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        finalize=_escape_controls,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals.update(style=Markup(STYLE), policy=POLICY, icon=ICON, nothing=NOTHING)  # noqa: S704  our own file, no value in it
    environment.filters.update(money=money, change=change, day=day, part=part, uncapitalise=uncapitalise)
    return environment


def _escape_controls(value: object) -> object:
    """Escape what a browser would not show as it is: NUL, controls, characters that turn the direction."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def money(amount: float) -> str:
    """Return an amount in whole units.

    >>> money(-1234.4), money(-0.2)
    ('−1,234', '0')
    """  # noqa: RUF002  a typographic minus
    return f"{round(amount):,}".replace("-", MINUS)


def change(amount: float) -> str:
    """Return an amount that is added or taken away, with its sign.

    >>> change(1234.0), change(-5), change(0)
    ('+1,234', '−5', '0')
    """  # noqa: RUF002
    return f"+{money(amount)}" if round(amount) > 0 else money(amount)


def day(value: date) -> str:
    """Return a day as people write it, the same in every locale.

    >>> day(date(2024, 10, 1))
    '1 October 2024'
    """
    return f"{value.day} {MONTHS[value.month - 1]} {value.year}"


def part(text: str) -> str:
    """Return a text as one part of a path: a slash in an identifier opens no other page."""
    return quote(text, safe="")


def uncapitalise(text: str) -> str:
    """Return a label as it stands inside a sentence.

    >>> uncapitalise("Duty and VAT above the rate due")
    'duty and VAT above the rate due'
    """
    return text[:1].lower() + text[1:]


MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
