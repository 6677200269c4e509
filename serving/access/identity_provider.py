"""Identity provider (OpenID Connect): the tokens that it signed, and the callers that they stand for."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jws import JWSRegistry

from features.clock import Clock
from features.errors import AuditYieldError, SettingError
from serving.access.provider_keys import ProviderKeys
from serving.access.tokens import PROVIDER_PREFIX, Caller, Role
from serving.settings import Settings, variable

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519")
"""Signatures that a public key proves: `none` proves nothing, and HS256 takes what is public for a secret."""
LONGEST_SUBJECT = 255
"""Of OpenID Connect Core, section 2."""
ALL_TRADERS = "*"
TOKEN = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+", re.ASCII)


class TokenRefusedError(AuditYieldError):
    """A token that opens nothing; says why to whoever runs the service, never to the caller."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            reason,
            expected="a token that the provider signed for this service, in force, with a role known here.",
            advice="Compare its claims with the settings AUDIT_YIELD_OIDC_*.",
        )


@dataclass(frozen=True)
class IdentityProvider:
    """Verifies tokens (RFC 7519) by `keys`: signature, issuer, audience, time, then what its claims say.

    A caller is named by `sub`, the one claim that the provider never gives to somebody else; its roles are
    `roles` of what stands under `roles_claim`, and where there is a `traders_claim` it is limited to those.
    """

    keys: ProviderKeys
    clock: Clock
    issuer: str
    audience: str
    algorithms: Sequence[str]
    leeway: float
    roles_claim: str
    roles: Mapping[str, Role]
    traders_claim: str | None

    def caller(self, secret: str) -> Caller | None:
        """Return the caller of a token, None where it opens nothing."""
        try:
            return self.verify(secret)
        except TokenRefusedError:
            return None

    def verify(self, secret: str) -> Caller:
        """Return the caller of a token; raises `TokenRefusedError` with the reason where it opens nothing."""
        if not TOKEN.fullmatch(secret):
            raise TokenRefusedError("It is no token of an identity provider.")
        keys = self.keys.current()
        if keys is None:
            raise TokenRefusedError("The keys of the identity provider are not known.")
        try:
            token = jwt.decode(
                secret,
                keys,
                algorithms=self.algorithms,
                registry=JWSRegistry(algorithms=self.algorithms, strict_check_header=False),
            )
            self._required_claims().validate(token.claims)
        except InvalidKeyIdError as error:
            self.keys.want()
            raise TokenRefusedError("It is signed by a key that is not known, or not yet.") from error
        except (JoseError, ValueError, TypeError, RecursionError) as error:
            raise TokenRefusedError(f"{error}") from error
        return self._caller_of(token.claims)

    def _required_claims(self) -> jwt.JWTClaimsRegistry:
        return jwt.JWTClaimsRegistry(
            now=int(self.clock().timestamp()),
            leeway=int(self.leeway),
            iss={"essential": True, "value": self.issuer},
            aud={"essential": True, "value": self.audience},
            exp={"essential": True},
            sub={"essential": True},
        )

    def _caller_of(self, claims: Mapping[str, Any]) -> Caller:
        subject = claims["sub"]
        if not subject.isprintable() or len(subject) > LONGEST_SUBJECT:
            raise TokenRefusedError("Its `sub` is no name.")
        given = texts(claims, self.roles_claim)
        roles = frozenset(self.roles[each] for each in given if each in self.roles)
        if not roles:
            known = ", ".join(self.roles)
            raise TokenRefusedError(f"Its `{self.roles_claim}` has {list(given)}, and none of: {known}.")
        traders = None
        if self.traders_claim is not None:
            traders = frozenset(texts(claims, self.traders_claim))
            if not traders:
                raise TokenRefusedError(f"Its `{self.traders_claim}` names no trader.")
        return Caller(
            f"{PROVIDER_PREFIX}{subject}", roles, None if traders and ALL_TRADERS in traders else traders
        )


def texts(claims: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """Return the texts of a claim: of a list, or divided by blanks as in `scope`; none where it has none.

    >>> texts({"realm_access": {"roles": ["auditor"]}}, "realm_access.roles")
    ('auditor',)
    >>> texts({"scope": "openid auditor"}, "scope")
    ('openid', 'auditor')
    """
    value: object = claims
    for part in [name] if name in claims else name.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    if isinstance(value, str):
        return tuple(value.split())
    return tuple(each for each in value if isinstance(each, str)) if isinstance(value, list) else ()


def caller_of(secret: str, settings: Settings, *, clock: Clock) -> Caller:
    """Return the caller of a token by the provider of the settings, its keys read for it.

    Raises `TokenRefusedError` where it opens nothing, `DataError` where the keys cannot be read,
    `SettingError` where there is no provider.
    """
    provider = identity_provider(settings, clock=clock)
    if provider is None:
        raise SettingError(
            "No identity provider is set.",
            expected=f"an issuer, an audience and keys, in {variable('oidc_issuer')} and its neighbours.",
            advice="Set them as they are for the service; `audit-yield token list` shows tokens made here.",
        )
    provider.keys.require()
    return provider.verify(secret)


def to_text(caller: Caller) -> Iterator[str]:
    """Describe a caller to a person, in one line."""
    traders = "all traders" if caller.traders is None else f"traders {', '.join(sorted(caller.traders))}"
    yield f"It admits {caller.name} as {caller.role}, for {traders}."


def identity_provider(settings: Settings, *, clock: Clock) -> IdentityProvider | None:
    """Return the identity provider of the settings, None without one; its keys are not read yet.

    Raises `SettingError` for settings that cannot be used, or that go only together.
    """
    needed = {name: getattr(settings, name) for name in ("oidc_issuer", "oidc_audience", "oidc_keys")}
    if not any(needed.values()):
        return None
    if missing := [variable(name) for name, value in needed.items() if not value]:
        raise SettingError(
            f"{' and '.join(missing)} must be set as well.",
            expected=f"all of {', '.join(map(variable, needed))}, or none.",
            advice="Set what is missing, or remove the others.",
        )
    if unfit := [each for each in settings.oidc_algorithms if each not in ALGORITHMS]:
        raise SettingError(
            f"AUDIT_YIELD_OIDC_ALGORITHMS has {', '.join(unfit)}.",
            expected=f"some of {', '.join(ALGORITHMS)}: those that a public key proves.",
            advice="Ask whoever runs the provider which of them it signs with.",
        )
    return IdentityProvider(
        keys=ProviderKeys(settings.oidc_keys),
        clock=clock,
        issuer=settings.oidc_issuer,
        audience=settings.oidc_audience,
        algorithms=settings.oidc_algorithms,
        leeway=settings.oidc_leeway_seconds,
        roles_claim=settings.oidc_roles_claim,
        roles=dict(_roles(settings.oidc_roles)),
        traders_claim=settings.oidc_traders_claim or None,
    )


def _roles(pairs: Sequence[str]) -> Iterator[tuple[str, Role]]:
    for pair in pairs:
        theirs, _, ours = pair.rpartition("=")
        if not theirs or ours not in set(Role):
            raise SettingError(
                f"AUDIT_YIELD_OIDC_ROLES has '{pair}'.",
                expected=f"THEIRS=OURS, where OURS is one of {', '.join(Role)}.",
                advice="Write one such pair for each of its roles or groups, divided by commas.",
            )
        yield theirs.strip(), Role(ours)
