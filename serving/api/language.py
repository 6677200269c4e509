"""The language of a page: the one asked for, now or before, else the one that the browser likes best."""

from typing import Annotated

from fastapi import Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from features.errors import SettingError
from features.language import LANGUAGES, Language, language_named
from serving.api.context import context_of
from serving.problems import ProblemError, ProblemKind

COOKIE = "language"


class PageQuery(BaseModel):
    """The query of a page: in which language."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    language: Annotated[str | None, Field(json_schema_extra={"examples": [*LANGUAGES]})] = None


def language_of(request: Request) -> Language:
    """Return the language of the page that a request asks for.

    It is that of `?language=`, else of the last page that was asked for with one, else the first of
    Accept-Language that the service offers, else the first that it offers. Raises `ProblemError` for one that
    is not there.
    """
    try:
        if code := request.query_params.get("language"):
            return language_named(code)
    except SettingError as error:
        raise ProblemError(ProblemKind.MALFORMED, error.found, expected=error.expected) from error
    if (code := request.cookies.get(COOKIE, "")) in LANGUAGES:
        return LANGUAGES[code]
    offered = context_of(request).settings.languages
    wished = preferred_languages(request.headers.get("accept-language", ""))
    return LANGUAGES[next((code for code in wished if code in offered), offered[0])]


def keep_language(request: Request, response: Response) -> None:
    """Have the browser remember, until it is closed, the language that the address of a page names."""
    if code := request.query_params.get("language"):
        response.set_cookie(COOKIE, code, httponly=True, samesite="strict")


def preferred_languages(accept: str) -> list[str]:
    """Return the languages of an Accept-Language header (RFC 9110), without regions, the best liked first.

    >>> preferred_languages("en;q=0.3, kk-KZ, ru;q=0.8, de;q=0")
    ['kk', 'ru', 'en']
    """
    liked: dict[str, float] = {}
    for part in accept.split(","):
        tag, *parameters = (text.strip().lower() for text in part.split(";"))
        quality = next((text[2:] for text in parameters if text.startswith("q=")), "1")
        weight = float(quality) if quality.replace(".", "", 1).isdecimal() else 0.0
        code = tag.partition("-")[0]
        liked[code] = max(weight, liked.get(code, 0.0))
    return [code for code in sorted(liked, key=lambda code: -liked[code]) if liked[code] > 0]
