"""Headers of a request: host, token, request id and media type."""

import base64
import hashlib
import re
from collections import Counter
from collections.abc import Mapping

from starlette.types import Scope

from serving.problems import ProblemError, ProblemKind

Headers = Mapping[str, str]
FORWARDED = {"forwarded", "via", "x-forwarded-for", "x-real-ip"}
"""Headers that proxies add."""
READ_ONCE = (
    "authorization",
    "content-encoding",
    "content-type",
    "host",
    "origin",
    "sec-fetch-site",
    "x-request-id",
)
"""Headers that decide about a request."""
FORM = "application/x-www-form-urlencoded"
REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")


def headers_of(scope: Scope) -> Headers:
    """Return the headers of a request, their names in lower case; raises `ProblemError` for two in one name.

    A proxy may have read the other one: httptools refuses a second length alone.
    """
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    if len(headers) < len(scope["headers"]):
        names = Counter(name.decode("latin-1").lower() for name, _ in scope["headers"])
        if any(names[name] > 1 for name in READ_ONCE):
            raise ProblemError(
                ProblemKind.MALFORMED,
                "A header that may stand once stands twice.",
                expected=f"at most one of each: {', '.join(READ_ONCE)}.",
            )
    return headers


def without_port(host: str) -> str:
    """Return the name of a host.

    >>> without_port("LocalHost:3000"), without_port("[::1]:3000")
    ('localhost', '[::1]')
    """
    return re.sub(r":\d*$", "", host).lower()


def address_of(scope: Scope) -> str:
    """Return the address that a request comes from; behind a proxy of this machine, that which it names."""
    client = scope.get("client")
    return "unknown" if client is None else str(client[0])


def is_local(scope: Scope, headers: Headers) -> bool:
    """Whether a request comes from this machine, and was not forwarded by a proxy on it."""
    return address_of(scope) in ("127.0.0.1", "::1") and not FORWARDED & headers.keys()


def secret_of(authorization: str) -> str:
    """Return the token: the credentials of Bearer, or the password of Basic, which browsers send."""
    scheme, _, credentials = authorization.strip().partition(" ")
    if scheme.lower() == "bearer":
        return credentials.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(credentials, validate=True).decode().partition(":")[2]
        except ValueError:
            return ""
    return ""


def request_id_of(headers: Headers) -> str | None:
    """Return the caller's own id of a request, None without one; raises `ProblemError` for one of no use."""
    request_id = headers.get("x-request-id")
    if request_id is not None and not REQUEST_ID.fullmatch(request_id):
        raise ProblemError(
            ProblemKind.MALFORMED,
            "X-Request-Id cannot be used.",
            expected="1 to 64 of A-Z, a-z, 0-9 and . _ : -",
        )
    return request_id


def is_form(headers: Headers) -> bool:
    """Whether the headers declare the body as a form, as a page sends one."""
    return headers.get("content-type", "").partition(";")[0].strip().lower() == FORM


def form_id(path: str, body: bytes) -> str:
    """Return the request id of a form: what is sent to a path twice, from one page, is one request.

    A page puts the id of its own answer into each form, so that the same said from another page is another.
    """
    return f"form-{hashlib.sha256(path.encode() + bytes(1) + body).hexdigest()[:32]}"


def require_same_origin(headers: Headers) -> None:
    """Raise `ProblemError` unless a browser says that a form comes from a page of this service.

    It sends the token with every request, also with a form that a page elsewhere made. `Sec-Fetch-Site`
    says where that was; without it, as over plain HTTP, `Origin` must be the host that is called.
    """
    site, origin = headers.get("sec-fetch-site"), headers.get("origin", "")
    same = site == "same-origin" if site is not None else origin.partition("://")[2] == headers.get("host")
    if not same:
        raise ProblemError(
            ProblemKind.FOREIGN,
            "The form was not sent from a page of this service.",
            expected="a form of a page that this service made, or JSON.",
        )


def require_json(headers: Headers) -> None:
    """Raise `ProblemError` unless the headers declare the body as JSON in UTF-8, not compressed."""
    media_type, _, options = headers.get("content-type", "").partition(";")
    plain = options.strip().lower().replace('"', "") in ("", "charset=utf-8")
    if media_type.strip().lower() != "application/json" or not plain or "content-encoding" in headers:
        raise ProblemError(
            ProblemKind.NOT_JSON,
            "The body is no plain JSON.",
            expected="Content-Type: application/json, in UTF-8, not compressed.",
        )
