"""A client's JWT: from the header's text to claims that hold (C146-C154). Keys, clock and memory come from outside.

joserfc verifies the signature. What is asked of a token beyond that is here, because libraries leave it open: one
spelling of each part, the headers and claims that CDS Hooks requires, how long a token may live.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from spmwatch.cds_hooks.wire import strict_json
from spmwatch.cds_hooks.wire.refusal import RequestError
from spmwatch.engine.errors import CdsError

Algorithm = Literal["ES384", "RS384", "ES256", "RS256"]
Key = ECKey | RSAKey
KEY_OF: Mapping[str, tuple[str, str | None]] = {
    "ES384": ("EC", "P-384"),
    "RS384": ("RSA", None),
    "ES256": ("EC", "P-256"),
    "RS256": ("RSA", None),
}
"""Type and curve of the key for each algorithm. `none` and HMAC do not stand here, so they are never taken (C146)."""

LONGEST = 8192
"""Characters of a token."""
_LONGEST_NAME = 255
_BEARER = re.compile(r"[Bb][Ee][Aa][Rr][Ee][Rr] +([A-Za-z0-9_.-]+)")
_PART = re.compile(r"[A-Za-z0-9_-]+")


class TokenError(CdsError):
    """A token that is not taken. `reason` is a fixed word for the log; the caller only ever sees 401 (C152).

    Attributes:
        reason: e.g. `expired`.
        trusted: has the signature been verified? Only then may claims be logged (C155).
    """

    code = "token"

    def __init__(self, reason: str, *, trusted: bool = False) -> None:
        self.reason, self.trusted = reason, trusted
        super().__init__(reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token that is well formed; nothing of it is true before its signature is verified.

    Attributes:
        text: as it came; never logged.
        key_set: `jku`, where the client says that its keys are.
    """

    text: str = field(repr=False)
    algorithm: str
    key_id: str
    key_set: str | None
    claims: Mapping[str, object] = field(repr=False)

    def named(self, claim: str) -> str | None:
        """A claim that is a name: text of reasonable length, or None."""
        value = self.claims.get(claim)
        return value if isinstance(value, str) and 0 < len(value) <= _LONGEST_NAME else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What the claims have to say.

    Attributes:
        issuers: one of these.
        audience: one of these; empty: the address that was called.
        subject, tenant: this one; None: any, or none.
        longest_life: seconds between `iat` and `exp`, at most.
        leeway: seconds by which clocks may differ.
    """

    issuers: tuple[str, ...]
    audience: tuple[str, ...] = ()
    subject: str | None = None
    tenant: str | None = None
    longest_life: int
    leeway: int


def token_of(authorization: str | None) -> Token:
    """The token of an `Authorization` header. Raises TokenError."""
    if authorization is None:
        raise TokenError("no-token")
    if len(authorization) > LONGEST:
        raise TokenError("too-long")
    found = _BEARER.fullmatch(authorization)
    parts = found[1].split(".") if found else []
    if found is None or len(parts) != 3:
        raise TokenError("not-a-bearer-jwt")
    header, claims, _ = (decoded(part) for part in parts)
    return _well_formed(found[1], _object(header), _object(claims))


def _well_formed(text: str, header: Mapping[str, object], claims: Mapping[str, object]) -> Token:
    algorithm, key_id, key_set = header.get("alg"), header.get("kid"), header.get("jku")
    if not isinstance(algorithm, str) or algorithm not in KEY_OF:
        raise TokenError("algorithm")
    if not isinstance(key_id, str) or not 0 < len(key_id) <= _LONGEST_NAME:
        raise TokenError("no-kid")
    if "jku" in header and not isinstance(key_set, str):
        raise TokenError("jku")
    if "crit" in header or "b64" in header:  # extensions that have to be understood; none is
        raise TokenError("critical-header")
    kind = header.get("typ", "JWT")
    if not isinstance(kind, str) or kind.upper() != "JWT":
        raise TokenError("typ")
    return Token(
        text=text,
        algorithm=algorithm,
        key_id=key_id,
        key_set=key_set if isinstance(key_set, str) else None,
        claims=claims,
    )


def decoded(part: str) -> bytes:
    """Base64url without padding, in its one right spelling: else two texts would be one token. Raises TokenError."""
    if not _PART.fullmatch(part):
        raise TokenError("encoding")
    try:
        content = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except (binascii.Error, ValueError):
        raise TokenError("encoding") from None
    if base64.urlsafe_b64encode(content).rstrip(b"=").decode() != part:
        raise TokenError("encoding")
    return content


def _object(content: bytes) -> Mapping[str, object]:
    try:
        value = strict_json.parse(content)
    except RequestError:
        raise TokenError("json") from None
    if not isinstance(value, dict):
        raise TokenError("json")
    return value


def verify(token: Token, keys: Sequence[Key], algorithms: Sequence[str]) -> None:
    """Pass if one of these keys signed the token by an algorithm that is allowed. Raises TokenError."""
    if token.algorithm not in algorithms:
        raise TokenError("algorithm")
    fitting = [key for key in keys if _fits(key, token.algorithm)]
    if not fitting:
        raise TokenError("key-of-another-kind")
    registry = jws.JWSRegistry(algorithms=[token.algorithm], strict_check_header=False)
    registry.max_header_length = LONGEST
    for key in fitting:
        try:
            jws.deserialize_compact(token.text, key, registry=registry)
        except (JoseError, ValueError, TypeError):
            continue
        return
    raise TokenError("signature")


def _fits(key: Key, algorithm: str) -> bool:
    kind, curve = KEY_OF[algorithm]
    if key.key_type != kind or (isinstance(key, ECKey) and key.curve_name != curve):
        return False
    return key.get("alg", algorithm) == algorithm


def check_claims(token: Token, expected: Expected, *, url: str, now: float) -> float:
    """Pass if a verified token's claims hold (C147-C149, C154).

    Args:
        token: its signature was verified.
        expected: what its client agreed to.
        url: the address that was called, as the client knows it.
        now: seconds since 1970.

    Returns:
        Until when the token could be used again, leeway included, in seconds since 1970.

    Raises:
        TokenError: the first claim that does not hold.
    """
    if token.named("iss") not in expected.issuers:
        raise TokenError("issuer", trusted=True)
    if expected.subject is not None and token.claims.get("sub") != expected.subject:
        raise TokenError("subject", trusted=True)
    if expected.tenant is not None and token.claims.get("tenant") != expected.tenant:
        raise TokenError("tenant", trusted=True)
    _check_audience(token.claims.get("aud"), expected.audience, url)
    if token.named("jti") is None:
        raise TokenError("no-jti", trusted=True)
    return _check_times(token.claims, expected, now)


def _check_audience(stated: object, configured: Sequence[str], url: str) -> None:
    audiences = stated if isinstance(stated, list) else [stated]
    accepted = set(configured) or {url.rstrip("/"), f"{url.rstrip('/')}/"}
    if not any(isinstance(one, str) and one in accepted for one in audiences):
        raise TokenError("audience", trusted=True)


def _check_times(claims: Mapping[str, object], expected: Expected, now: float) -> float:
    issued, expires = _time(claims, "iat"), _time(claims, "exp")
    if expires + expected.leeway <= now:
        raise TokenError("expired", trusted=True)
    if issued - expected.leeway > now:
        raise TokenError("issued-in-the-future", trusted=True)
    if "nbf" in claims and _time(claims, "nbf") - expected.leeway > now:
        raise TokenError("not-yet-valid", trusted=True)
    if not 0 < expires - issued <= expected.longest_life:
        raise TokenError("lives-too-long", trusted=True)
    return expires + expected.leeway


def _time(claims: Mapping[str, object], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise TokenError(f"no-{name}", trusted=True)
    return float(value)
