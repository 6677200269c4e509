"""Problem documents (RFC 9457): what was found, what was expected, what to do next."""

from collections.abc import Mapping
from enum import Enum

import pydantic_core

MEDIA_TYPE = "application/problem+json"


class ProblemKind(Enum):
    """The kinds of problems: each a name, a status and a title."""

    MALFORMED = ("malformed-request", 400, "The request cannot be understood")
    NO_TOKEN = ("no-valid-token", 401, "No valid token")
    FORBIDDEN = ("forbidden", 403, "This is not for you")
    FOREIGN = ("foreign-host", 403, "The service does not go by this name")
    NOT_FOUND = ("not-found", 404, "There is nothing here")
    UNKNOWN_TRADERS = ("unknown-traders", 404, "Unknown traders")
    NO_SUCH_METHOD = ("method-not-allowed", 405, "The method is not allowed here")
    NOT_ACCEPTABLE = ("not-acceptable", 406, "There is no such form of the answer")
    TOO_SLOW = ("too-slow", 408, "The request took too long to arrive")
    CONFLICT = ("conflict", 409, "It contradicts what was said before")
    TOO_LARGE = ("too-large", 413, "The request is too large")
    NOT_JSON = ("not-json", 415, "The request is no JSON")
    REFUSED = ("breaks-the-contract", 422, "The rows break the data contract")
    UNCONFIRMED = ("needs-confirmation", 422, "It needs a second look")
    BUSY = ("busy", 429, "The service is busy")
    FAILED = ("failed", 500, "The service failed")
    UNAVAILABLE = ("unavailable", 503, "The service cannot answer now")

    @property
    def type(self) -> str:
        """The URI that names the kind."""
        return f"urn:audit-yield:problem:{self.value[0]}"

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.value[1]

    @property
    def title(self) -> str:
        """The kind in words."""
        return self.value[2]


class ProblemError(Exception):
    """A request that is not answered as asked; becomes a problem document with `more` members."""

    def __init__(
        self,
        kind: ProblemKind,
        detail: str,
        *,
        expected: str | None = None,
        advice: str | None = None,
        headers: Mapping[str, str] | None = None,
        **more: object,
    ) -> None:
        super().__init__(detail)
        self.kind, self.detail, self.headers = kind, detail, dict(headers or {})
        members = {"expected": expected, "advice": advice, **more}
        self.more = {name: value for name, value in members.items() if value is not None}

    def document(self) -> dict[str, object]:
        """Return the members of the document."""
        kind = self.kind
        return {
            "type": kind.type,
            "title": kind.title,
            "status": kind.status,
            "detail": self.detail,
            **self.more,
        }

    def body(self) -> bytes:
        """Return the document as JSON; a letter that UTF-8 lacks is written out."""
        return pydantic_core.to_json(_encodable(self.document()))


def failed(request_id: str) -> ProblemError:
    """Return the problem of an error that nobody foresaw."""
    return ProblemError(
        ProblemKind.FAILED,
        "An error was logged.",
        advice="Tell whoever runs the service the request id.",
        request_id=request_id,
    )


def busy() -> ProblemError:
    """Return the problem of a service that takes no more requests now."""
    return ProblemError(
        ProblemKind.BUSY,
        "Too many requests are in the making.",
        headers={"retry-after": "1"},
        advice="Ask again soon.",
    )


def _encodable(value: object) -> object:
    match value:
        case str():
            return value.encode("utf-8", "backslashreplace").decode()
        case dict():
            return {str(_encodable(name)): _encodable(each) for name, each in value.items()}
        case list() | tuple():
            return [_encodable(each) for each in value]
        case _:
            return value
