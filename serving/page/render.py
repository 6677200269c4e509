"""Render pages: templates that escape everything, and the headers under which they are sent."""

import base64
import hashlib
import re
from collections.abc import Mapping
from functools import cache, partial
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from features.data.check.report import visible
from features.language import ENGLISH, Language
from features.language.code_names import country_name, goods_name, sector_name
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
NO_BREAK = ("\N{NO-BREAK SPACE}", "\N{NARROW NO-BREAK SPACE}")
AFTER_DIGIT = re.compile(rf"(?<=\d)([{''.join(NO_BREAK)}])")
EXTENSIONS = ("jinja2.ext.i18n",)


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


def render_template(template: str, *, language: Language, **values: object) -> str:
    """Return a page in a language: a template with its values, every one of them escaped."""
    return _environment(language).get_template(template).render(values)


@cache
def _environment(language: Language) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        extensions=EXTENSIONS,
        autoescape=True,
        finalize=_escape_controls,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.policies["ext.i18n.trimmed"] = True
    environment.newstyle_gettext = True  # type: ignore[attr-defined]
    environment.globals.update(
        style=Markup(STYLE),  # noqa: S704  our own file, no value in it
        policy=POLICY,
        icon=ICON,
        language=language,
        nothing=language.gettext(NOTHING),
        gettext=lambda message, /, **values: _filled(language.gettext(message), values),
        pgettext=lambda context, message, /, **values: _filled(language.pgettext(context, message), values),
        ngettext=lambda one, several, count, /, **values: _filled(
            language.ngettext(one, several, count), values
        ),
    )
    environment.filters.update(
        change=partial(change, language=language),
        country_name=partial(country_name, language=language),
        day=language.day,
        goods_name=partial(goods_name, language=language),
        money=partial(money, language=language),
        number=language.number,
        part=part,
        percent=partial(percent, language=language),
        sector_name=partial(sector_name, language=language),
        translated=language.gettext,
        uncapitalise=uncapitalise,
    )
    return environment


def _filled(message: str, values: Mapping[str, object]) -> Markup:
    """Return a message of the catalogue, which may have markup, with values that are escaped."""
    shown = {name: _escape_controls(value) for name, value in values.items()}
    return Markup(message) % shown  # noqa: S704  a file of ours; Markup escapes the values


def _escape_controls(value: object) -> object:
    """Escape what a browser would not show as it is: NUL, controls, characters that turn the direction.

    A space that does not break stays after a digit: between the thousands of a number in Russian, in days.
    """
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return "".join(part if part in NO_BREAK else visible(part) for part in AFTER_DIGIT.split(value))


def money(amount: float, *, language: Language = ENGLISH) -> str:
    """Return an amount in whole units.

    >>> money(-1234.4), money(-0.2)
    ('−1,234', '0')
    """  # noqa: RUF002  a typographic minus
    return language.number(round(amount)).replace("-", MINUS)


def change(amount: float, *, language: Language = ENGLISH) -> str:
    """Return an amount that is added or taken away, with its sign.

    >>> change(1234.0), change(-5), change(0)
    ('+1,234', '−5', '0')
    """  # noqa: RUF002
    written = money(amount, language=language)
    return f"+{written}" if round(amount) > 0 else written


def percent(share: float, digits: int = 0, *, language: Language = ENGLISH) -> str:
    """Return a share as a percentage.

    >>> percent(0.123), percent(0.123, 1)
    ('12%', '12.3%')
    """
    return language.gettext("{number}%").format(number=language.number(100 * share, digits))


def part(text: str) -> str:
    """Return a text as one part of a path: a slash in an identifier opens no other page."""
    return quote(text, safe="")


def uncapitalise(text: str) -> str:
    """Return a label as it stands inside a sentence; one that begins with an abbreviation as it is.

    >>> uncapitalise("Duty and VAT above the rate due"), uncapitalise("VAT above the rate due")
    ('duty and VAT above the rate due', 'VAT above the rate due')
    """
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]
