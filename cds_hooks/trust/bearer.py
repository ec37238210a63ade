"""Clients told by their JWT: the order in which a call's token is judged.

Nothing that a caller can learn depends on why it was refused: status, body and headers are the same (C152). The log
has a fixed word for the reason; of the token it has the `jti` alone, once the signature is known to be the client's.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from spmwatch.cds_hooks.trust.client import Client
from spmwatch.cds_hooks.trust.key_sources import KeySource
from spmwatch.cds_hooks.trust.replay import ReplayMemory, ReplayMemoryError
from spmwatch.cds_hooks.trust.token import Expected, Token, TokenError, check_claims, token_of, verify
from spmwatch.cds_hooks.wire.refusal import Issue, RequestError

_log = logging.getLogger("spmwatch.cds_hooks.trust")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9._~:-]{1,128}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedClient:
    """A client with what its tokens have to be like."""

    client: Client
    expected: Expected
    algorithms: tuple[str, ...]
    keys: KeySource

    def is_meant_by(self, token: Token) -> bool:
        """Does the token say that it is this client's? Not proved yet."""
        issuer, expected = token.named("iss"), self.expected
        return (
            issuer in expected.issuers
            and expected.subject in (None, token.named("sub"))
            and expected.tenant in (None, token.named("tenant"))
        )


class Bearers:
    """The authenticator for clients with tokens."""

    def __init__(
        self, clients: Sequence[TrustedClient], replay: ReplayMemory, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._clients, self._replay, self._clock = tuple(clients), replay, clock

    async def client_of(self, authorization: str | None, url: str) -> Client:
        """See Authenticator. Raises RequestError: 401 for every fault of a token, 503 when none can be told."""
        token: Token | None = None
        trusted: TrustedClient | None = None
        try:
            token = token_of(authorization)
            trusted = self._meant(token)
            await self._check(token, trusted, url)
        except TokenError as fault:
            _log.warning("refused reason=%s client=%s jti=%s", fault.reason, _id(trusted), _jti(token, fault))
            raise unauthorised() from None
        except ReplayMemoryError as error:
            _log.error("replay memory failed: %s client=%s", error, _id(trusted))
            says = "The service cannot check tokens at the moment; try again later"
            raise RequestError(503, Issue(code="transient", says=says)) from None
        return trusted.client

    def _meant(self, token: Token) -> TrustedClient:
        """The settings see to it that no token can mean two clients."""
        for one in self._clients:
            if one.is_meant_by(token):
                return one
        raise TokenError("unknown-client")

    async def _check(self, token: Token, trusted: TrustedClient, url: str) -> None:
        """Signature first: who has no key learns nothing about what else is asked for. The use is noted last."""
        if token.algorithm not in trusted.algorithms:
            raise TokenError("algorithm")
        verify(token, await trusted.keys.keys_for(token), trusted.algorithms)
        now = self._clock()
        until = check_claims(token, trusted.expected, url=url, now=now)
        jti = token.named("jti")
        assert jti is not None
        if not await self._replay.first_use(trusted.client.id, jti, until=until, now=now):
            raise TokenError("used-before", trusted=True)


def unauthorised() -> RequestError:
    """The one answer to every token that is not taken."""
    return RequestError(401, Issue(code="login", says="Send a valid token of a client that is registered here"))


def _id(trusted: TrustedClient | None) -> str:
    return "-" if trusted is None else trusted.client.id


def _jti(token: Token | None, fault: TokenError) -> str:
    """Only of a token that its client signed, and only if it looks like a name."""
    jti = token.named("jti") if token is not None and fault.trusted else None
    return jti if jti is not None and _PLAIN_NAME.fullmatch(jti) else "-"
