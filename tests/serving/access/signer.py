"""An identity provider of our own: it signs tokens, and hands out its public keys over HTTP."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, Key
from joserfc.jws import JWSRegistry

from serving.settings import Settings
from tests.clock import now

ISSUER, AUDIENCE = "https://login.customs.example/", "audit-yield"


def new_key(kid: str) -> ECKey:
    return ECKey.generate_key("P-256", {"kid": kid, "use": "sig", "alg": "ES256"})


class Signer:
    """Signs by the newest of its keys; `status` and `asked` are those of its address."""

    def __init__(self) -> None:
        self.keys: list[Key] = [new_key("first")]
        self.status, self.asked = 200, 0
        self.url = ""

    def token(self, *, key: Key | None = None, header: dict[str, Any] | None = None, **claims: Any) -> str:
        """Return a token of Ann, an auditor, good for five minutes; a claim that is None is left out."""
        moment = int(now().timestamp())
        usual = {"iss": ISSUER, "aud": AUDIENCE, "sub": "ann", "exp": moment + 300, "iat": moment}
        said = {**usual, "roles": ["auditor"], **claims}
        key = key or self.keys[-1]
        return jwt.encode(
            {"alg": "ES256", "kid": key.kid, **(header or {})},
            {name: value for name, value in said.items() if value is not None},
            key,
            registry=JWSRegistry(strict_check_header=False),
        )

    def key_set(self) -> bytes:
        return json.dumps({"keys": [key.as_dict(private=False) for key in self.keys]}).encode()

    def settings(self, **more: Any) -> Settings:
        return Settings(oidc_issuer=ISSUER, oidc_audience=AUDIENCE, oidc_keys=self.url, **more)


@contextmanager
def signing() -> Iterator[Signer]:
    """Run a provider at an address of this machine."""
    signer = Signer()

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            signer.asked += 1
            content = signer.key_set()
            self.send_response(signer.status)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Location", "/elsewhere")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        signer.url = f"http://127.0.0.1:{server.server_port}/keys"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield signer
        finally:
            server.shutdown()
            thread.join()
