"""An EHR's side of trust: keys, the set that it publishes, tokens with any fault a test wants."""

from __future__ import annotations

import base64
import json
import time
import uuid
from functools import lru_cache
from typing import Any

from joserfc import jws
from joserfc.jwk import ECKey, RSAKey

ISSUER = "https://ehr.example.org"


@lru_cache
def rsa(bits: int = 2048) -> RSAKey:
    """An RSA key pair, made once: that takes a while."""
    return RSAKey.generate_key(bits)


def ec(curve: str = "P-384") -> ECKey:
    """A new EC key pair."""
    return ECKey.generate_key(curve)


def published(key: ECKey | RSAKey, kid: str, **more: Any) -> dict[str, Any]:
    """The public key as it stands in a JWK Set."""
    return {**key.as_dict(private=False), "kid": kid, **more}


def signed(
    key: ECKey | RSAKey, header: dict[str, Any], claims: dict[str, Any] | bytes, algorithm: str | None = None
) -> str:
    """A JWT by this key, whatever stands in it."""
    content = claims if isinstance(claims, bytes) else json.dumps(claims).encode()
    registry = jws.JWSRegistry(algorithms=[algorithm or header["alg"]], strict_check_header=False)
    registry.max_header_length = 100_000
    return jws.serialize_compact(header, content, key, registry=registry)


def part(value: object) -> str:
    """One part of a JWT that nobody signs."""
    content = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


class Ehr:
    """A client with a key; its tokens are right unless a test says otherwise."""

    def __init__(self, key: ECKey | RSAKey | None = None, kid: str = "k1", algorithm: str = "ES384") -> None:
        self.key, self.kid, self.algorithm = key or ec(), kid, algorithm

    @property
    def jwks(self) -> dict[str, Any]:
        """What it publishes."""
        return {"keys": [published(self.key, self.kid)]}

    def header(self, **changed: Any) -> dict[str, Any]:
        """A right header; None takes a member away."""
        return _changed({"alg": self.algorithm, "kid": self.kid, "typ": "JWT"}, changed)

    def claims(self, audience: str, now: float | None = None, **changed: Any) -> dict[str, Any]:
        """Right claims; None takes one away."""
        at = int(time.time() if now is None else now)
        right = {"iss": ISSUER, "aud": audience, "iat": at, "exp": at + 300, "jti": str(uuid.uuid4())}
        return _changed(right, changed)

    def token(self, audience: str, header: dict[str, Any] | None = None, **changed: Any) -> str:
        """A token for this address."""
        return signed(self.key, self.header(**(header or {})), self.claims(audience, **changed), self.algorithm)

    def bearer(self, audience: str, header: dict[str, Any] | None = None, **changed: Any) -> dict[str, str]:
        """The same as a request header."""
        return {"Authorization": f"Bearer {self.token(audience, header, **changed)}"}


def _changed(right: dict[str, Any], changed: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in (right | changed).items() if value is not None}
