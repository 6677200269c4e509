"""Tokens of an identity provider: whom they admit, and what opens nothing; its keys are read now and then."""

import asyncio
import base64
import hashlib
import hmac
import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import ECKey, RSAKey
from typer.testing import CliRunner

from audit_yield.commands import app
from features.errors import SettingError
from serving.access import provider_keys
from serving.access.identity_provider import (
    TOKEN,
    IdentityProvider,
    TokenRefusedError,
    identity_provider,
    texts,
)
from serving.access.provider_keys import KEPT_SECONDS, LEAST_SECONDS, REFRESH_SECONDS, ProviderKeys
from serving.access.tokens import Role, Tokens, new_token
from serving.live.state import Live
from serving.metrics import FAILED_LOGINS, PROVIDER_FAULT
from serving.settings import Settings
from tests.clock import now
from tests.optional import not_none
from tests.serving.access.signer import AUDIENCE, ISSUER, Signer, new_key, signing
from tests.serving.caller import service


@pytest.fixture(scope="module")
def signer() -> Iterator[Signer]:
    with signing() as running:
        yield running


@pytest.fixture
def own_signer() -> Iterator[Signer]:
    """One to change."""
    with signing() as running:
        yield running


@pytest.fixture(scope="module")
def provider(signer: Signer) -> IdentityProvider:
    return ready(signer.settings())


def ready(settings: Settings) -> IdentityProvider:
    """The provider of settings, its keys read."""
    made = not_none(identity_provider(settings, clock=now))
    made.keys.require()
    return made


class Seconds:
    """A clock of seconds that stands still until it is set on."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def refusal(provider: IdentityProvider, token: str) -> str:
    """Why a token opens nothing."""
    assert provider.caller(token) is None
    with pytest.raises(TokenRefusedError) as raised:
        provider.verify(token)
    return raised.value.found


def encoded(part: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


def test_a_token_admits_its_subject_with_its_role(provider: IdentityProvider, signer: Signer) -> None:
    caller = not_none(provider.caller(signer.token(sub="8f3c", roles=["auditor", "risk_unit", "cook"])))
    assert (caller.name, caller.role, caller.is_limited) == ("oidc:8f3c", "auditor,risk_unit", False)


@pytest.mark.parametrize(
    ("claims", "found"),
    [
        ({"aud": "payroll"}, "aud"),
        ({"aud": None}, "aud"),
        ({"iss": "https://login.customs.example"}, "iss"),  # without its last stroke it is another
        ({"iss": None}, "iss"),
        ({"exp": int(now().timestamp()) - 31}, "expired"),
        ({"exp": None}, "exp"),
        ({"exp": "soon"}, "exp"),
        ({"nbf": int(now().timestamp()) + 3600}, "not yet valid"),
        ({"sub": None}, "sub"),
        ({"sub": ""}, "sub"),
        ({"sub": "ann\n"}, "sub"),
        ({"sub": "a" * 256}, "sub"),
        ({"roles": None}, "roles"),
        ({"roles": ["cook"]}, "none of: risk_unit"),
        ({"roles": {"auditor": True}}, "roles"),
        ({"roles": [["auditor"]]}, "roles"),
    ],
)
def test_a_token_of_which_one_claim_is_wrong_or_missing_opens_nothing(
    provider: IdentityProvider, signer: Signer, claims: dict[str, Any], found: str
) -> None:
    assert found in refusal(provider, signer.token(**claims))


def test_clocks_may_differ_by_the_leeway(provider: IdentityProvider, signer: Signer) -> None:
    moment = int(now().timestamp())
    assert provider.caller(signer.token(exp=moment - 20, nbf=moment + 20))


def test_a_token_ends_by_the_clock_of_the_service(provider: IdentityProvider, signer: Signer) -> None:
    later = replace(provider, clock=lambda: now() + timedelta(minutes=6))
    assert "expired" in refusal(later, signer.token())


def test_what_is_not_signed_opens_nothing(provider: IdentityProvider, signer: Signer) -> None:
    _, claims, signature = signer.token().split(".")
    for algorithm in ("none", "None", "NONE"):
        head = encoded({"alg": algorithm, "kid": "first"})
        for end in ("", signature):
            refusal(provider, f"{head}.{claims}.{end}")


def test_a_public_key_is_never_taken_for_a_shared_secret(provider: IdentityProvider, signer: Signer) -> None:
    """Who knows the public key, and everybody does, could sign by it otherwise."""
    _, claims, _ = signer.token().split(".")
    public = signer.keys[0]
    assert isinstance(public, ECKey)
    for secret in (public.as_pem(private=False), public.as_der(private=False), signer.key_set()):
        start = f"{encoded({'alg': 'HS256', 'kid': 'first'})}.{claims}"
        digest = hmac.new(secret, start.encode(), hashlib.sha256).digest()
        end = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        assert "HS256" in refusal(provider, f"{start}.{end}")


def test_a_shared_secret_in_the_key_set_is_passed_over(tmp_path: Path, signer: Signer) -> None:
    shared = {"kty": "oct", "k": "c2VjcmV0", "kid": "first"}
    path = tmp_path / "keys.json"
    path.write_text(json.dumps({"keys": [shared, *json.loads(signer.key_set())["keys"]]}))
    read = ready(replace(signer.settings(), oidc_keys=str(path)))
    assert [key.key_type for key in not_none(read.keys.current())] == ["EC"]
    assert read.caller(signer.token())


def test_a_token_signed_by_somebody_else_under_a_known_name_opens_nothing(
    provider: IdentityProvider, signer: Signer
) -> None:
    refusal(provider, signer.token(key=new_key("first")))


def test_a_signature_that_is_not_on_the_list_opens_nothing(signer: Signer) -> None:
    strict = ready(signer.settings(oidc_algorithms=("RS256",)))
    assert "ES256" in refusal(strict, signer.token())


def test_a_claim_that_was_changed_after_signing_opens_nothing(
    provider: IdentityProvider, signer: Signer
) -> None:
    head, claims, signature = signer.token().split(".")
    said = json.loads(base64.urlsafe_b64decode(claims + "=="))
    refusal(provider, f"{head}.{encoded({**said, 'roles': ['risk_unit']})}.{signature}")


@given(st.from_regex(TOKEN, fullmatch=True))
def test_whatever_is_sent_is_refused_in_words(provider: IdentityProvider, sent: str) -> None:
    refusal(provider, sent)


def test_rsa_keys_of_a_provider_verify(own_signer: Signer) -> None:
    own_signer.keys = [RSAKey.generate_key(2048, {"kid": "rsa"})]
    read = ready(own_signer.settings())
    assert read.caller(own_signer.token(header={"alg": "RS256", "x5t": "AAAA", "nonce": "1"}))


def test_roles_and_groups_of_a_provider_are_translated(signer: Signer) -> None:
    groups = ("customs/Risk Planning=risk_unit", "4d0e-77=auditor")
    own = ready(signer.settings(oidc_roles_claim="realm_access.roles", oidc_roles=groups))
    caller = not_none(own.caller(signer.token(realm_access={"roles": ["4d0e-77", "customs/Risk Planning"]})))
    assert caller.roles == {Role.AUDITOR, Role.RISK_UNIT}
    refusal(own, signer.token(realm_access={"roles": ["auditor"]}))


@pytest.mark.parametrize(
    ("claims", "name", "expected"),
    [
        ({"https://customs.example/roles": ["a"]}, "https://customs.example/roles", ("a",)),
        ({"a": {"b": {"c": "x y"}}}, "a.b.c", ("x", "y")),
        ({"a": "x"}, "a.b", ()),
        ({"a": [1, None, "x"]}, "a", ("x",)),
        ({}, "a", ()),
    ],
)
def test_a_claim_is_found_by_its_whole_name_or_by_its_way(
    claims: dict[str, Any], name: str, expected: tuple[str, ...]
) -> None:
    assert texts(claims, name) == expected


def test_a_token_may_be_limited_to_some_traders(signer: Signer) -> None:
    own = ready(signer.settings(oidc_traders_claim="traders"))
    caller = not_none(own.caller(signer.token(traders=["T1", "T2"])))
    assert [caller.may_see(trader) for trader in ("T1", "T2", "T3")] == [True, True, False]
    assert not not_none(own.caller(signer.token(traders=["*"]))).is_limited
    unusable: tuple[object, ...] = ([], None, 5)
    for named in unusable:
        assert "names no trader" in refusal(own, signer.token(traders=named))


def test_a_key_that_is_not_known_is_asked_for_and_the_provider_not_more_than_every_half_minute(
    own_signer: Signer,
) -> None:
    clock = Seconds()
    read = replace(ready(own_signer.settings()), keys=ProviderKeys(own_signer.url, clock=clock))
    read.keys.require()
    asked = own_signer.asked
    own_signer.keys.append(new_key("second"))  # rotated: the first is still good for tokens that it signed
    old, new = (own_signer.token(key=key) for key in own_signer.keys)
    for _ in range(100):
        assert "not known" in refusal(read, new)
    assert (own_signer.asked, read.keys.is_due()) == (asked, False)
    clock.now += LEAST_SECONDS
    assert read.keys.is_due()
    read.keys.refresh()
    assert all(map(read.caller, (old, new)))
    del own_signer.keys[0]
    clock.now += REFRESH_SECONDS
    assert read.keys.is_due()
    read.keys.refresh()
    assert read.caller(new)
    refusal(read, old)


@pytest.mark.parametrize("status", [500, 404, 302])
def test_while_the_provider_is_down_known_keys_are_good_for_a_day_and_new_tokens_of_ours_for_ever(
    own_signer: Signer, tmp_path: Path, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Seconds()
    read = replace(ready(own_signer.settings()), keys=ProviderKeys(own_signer.url, clock=clock))
    read.keys.require()
    tokens = Tokens(tmp_path, clock=now, provider=read)
    ours = new_token(tmp_path, "bob", role=Role.AUDITOR, now=now())
    own_signer.status = status
    clock.now += REFRESH_SECONDS
    with caplog.at_level(logging.WARNING, logger="serving"):
        for _ in range(3):
            read.keys.refresh()
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert PROVIDER_FAULT._value.get() == 1.0
    assert tokens.caller(own_signer.token())
    clock.now += KEPT_SECONDS
    assert tokens.caller(own_signer.token()) is None
    assert tokens.caller(ours)
    own_signer.status = 200
    read.keys.refresh()
    assert tokens.caller(own_signer.token())
    assert PROVIDER_FAULT._value.get() == 0.0


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b'{"keys": []}', b'{"keys": [{"kty": "RSA"}]}', b'{"keys": 1}', b"\xff", b" " * 300_000],
)
def test_what_is_no_key_set_lets_nobody_in(content: bytes, tmp_path: Path, signer: Signer) -> None:
    path = tmp_path / "keys.json"
    path.write_bytes(content)
    read = not_none(identity_provider(replace(signer.settings(), oidc_keys=str(path)), clock=now))
    read.keys.refresh()
    assert read.keys.fault is not None
    assert "not known" in refusal(read, signer.token())


def test_the_keys_are_read_beside_the_answers(own_signer: Signer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provider_keys, "REFRESH_SECONDS", 0.0)
    keys = ProviderKeys(own_signer.url)

    async def watched() -> None:
        task = asyncio.create_task(keys.watch(every=0.001))
        while own_signer.asked < 3:
            await asyncio.sleep(0.001)
        task.cancel()

    asyncio.run(watched())
    assert keys.current()


def test_with_a_provider_nobody_is_let_in_without_a_token(tmp_path: Path, provider: IdentityProvider) -> None:
    tokens = Tokens(tmp_path, clock=now, provider=provider)
    tokens.require_file()
    assert tokens.are_required()
    assert not Tokens(tmp_path, clock=now, is_open=True, provider=provider).are_required()


def test_no_token_of_ours_bears_the_name_of_a_caller_of_the_provider(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="no name for a token"):
        new_token(tmp_path, "oidc:ann", role=Role.AUDITOR, now=now())


def test_over_http_it_is_let_in_by_its_role_named_in_the_log_and_counted_where_it_fails(
    live: Live, tmp_path: Path, provider: IdentityProvider, signer: Signer
) -> None:
    def bearer(token: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {token}"}

    with service(live, tmp_path, provider=provider) as running:
        get = running.client.get
        failed = FAILED_LOGINS._value.get()
        assert get("/model").status_code == 401
        assert FAILED_LOGINS._value.get() == failed
        assert get("/model", headers=bearer(signer.token())).status_code == 200
        assert get("/model", headers=bearer(signer.token(roles="data_scientist"))).status_code == 403
        assert FAILED_LOGINS._value.get() == failed
        assert get("/model", headers=bearer(signer.token(aud="payroll"))).status_code == 401
        assert FAILED_LOGINS._value.get() == failed + 1
        basic = base64.b64encode(f"ann:{signer.token()}".encode()).decode()
        assert get("/model", headers={"Authorization": f"Basic {basic}"}).status_code == 200
        assert get("/model", headers=running.token(Role.AUDITOR)).status_code == 200


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"oidc_issuer": ""}, "AUDIT_YIELD_OIDC_ISSUER must be set as well"),
        ({"oidc_audience": "", "oidc_keys": ""}, "OIDC_AUDIENCE and AUDIT_YIELD_OIDC_KEYS must be set"),
        ({"oidc_keys": "http://login.customs.example/keys"}, "http://login.customs.example/keys"),
        ({"oidc_keys": "keys.json"}, "keys.json"),
        ({"oidc_algorithms": ("RS256", "none", "HS256")}, "none, HS256"),
        ({"oidc_roles": ("admins=king",)}, "admins=king"),
        ({"oidc_roles": ("auditor",)}, "'auditor'"),
    ],
)
def test_settings_that_cannot_be_used_are_refused(given: dict[str, Any], found: str) -> None:
    whole = Settings(oidc_issuer=ISSUER, oidc_audience=AUDIENCE, oidc_keys="https://login.customs.example/k")
    assert identity_provider(whole, clock=now)
    with pytest.raises(SettingError, match=found):
        identity_provider(replace(whole, **given), clock=now)


def test_without_its_settings_there_is_no_provider() -> None:
    assert identity_provider(Settings(), clock=now) is None


def test_an_operator_is_told_whom_a_token_admits_and_why_it_opens_nothing(
    signer: Signer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told(token: str) -> tuple[int, str]:
        shown = CliRunner().invoke(app, ["token", "verify", "-"], input=token + "\n")
        return shown.exit_code, shown.output

    assert told(signer.token())[0] == 2
    for name, value in (("ISSUER", ISSUER), ("AUDIENCE", AUDIENCE), ("KEYS", signer.url)):
        monkeypatch.setenv(f"AUDIT_YIELD_OIDC_{name}", value)
    assert told(signer.token()) == (0, "It admits oidc:ann as auditor, for all traders.\n")
    status, output = told(signer.token(aud="payroll"))
    assert (status, "aud" in output.splitlines()[0]) == (1, True)
    monkeypatch.setenv("AUDIT_YIELD_OIDC_KEYS", str(tmp_path / "none.json"))
    assert told(signer.token())[0] == 2
