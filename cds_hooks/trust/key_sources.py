"""Where the keys of a client come from: pinned in the configuration, or fetched from key servers that it may name."""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import httpx

from spmwatch.cds_hooks.trust.keys import KeySet, KeySetError, key_set
from spmwatch.cds_hooks.trust.token import Key, Token, TokenError
from spmwatch.cds_hooks.wire import strict_json
from spmwatch.cds_hooks.wire.refusal import RequestError

_log = logging.getLogger("spmwatch.cds_hooks.trust")

MOST_BYTES = 256 * 1024
"""Of an answer of a key server."""
_PLAIN_JSON = {"Accept": "application/json", "Accept-Encoding": "identity"}  # packed content could be of any size


class KeySource(Protocol):
    """Gives the keys that a token may be signed with."""

    async def keys_for(self, token: Token) -> Sequence[Key]:
        """The keys by the token's `kid`; at least one. Raises TokenError."""
        ...


@dataclass(frozen=True, slots=True)
class PinnedKeys:
    """Keys that the operator wrote down; no server is ever asked.

    Attributes:
        keys: the set.
        key_sets: addresses that the client's tokens may name as their `jku`.
    """

    keys: KeySet
    key_sets: frozenset[str] = frozenset()

    async def keys_for(self, token: Token) -> Sequence[Key]:
        """Those with the token's `kid`."""
        if token.key_set is not None and token.key_set not in self.key_sets:
            raise TokenError("jku-not-allowed")
        return _named(self.keys, token)


@dataclass(frozen=True, slots=True)
class FetchedKeys:
    """Keys at servers.

    Attributes:
        servers: by address; a `jku` that is none of these is not even fetched (C153).
        usual: the address for tokens that name none.
    """

    servers: Mapping[str, KeyServer]
    usual: str | None = None

    async def keys_for(self, token: Token) -> Sequence[Key]:
        """Those with the token's `kid`, fetched where they are not known yet."""
        address = self.usual if token.key_set is None else token.key_set
        server = None if address is None else self.servers.get(address)
        if server is None:
            raise TokenError("no-jku" if token.key_set is None else "jku-not-allowed")
        return _named(await server.having(token.key_id), token)


def _named(keys: KeySet, token: Token) -> Sequence[Key]:
    found = keys.keys.get(token.key_id, ())
    if not found:
        raise TokenError("unknown-kid")
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How key servers are asked. All times are seconds.

    Attributes:
        timeout: for one fetch, from first to last byte.
        pause: between two attempts at one server, so that unknown `kid`s cannot make us flood it.
        fresh: as long are keys used without asking again; so long may a withdrawn key still be taken.
        stale: as long are they used when the server cannot be had.
    """

    timeout: float = 3
    pause: float = 30
    fresh: float = 3600
    stale: float = 86400


class KeyServer:
    """One key server: its keys are kept, and fetched again when they are old or a `kid` is unknown."""

    def __init__(
        self,
        url: str,
        *,
        patience: Patience,
        verify: ssl.SSLContext | bool = True,
        proxy: str | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url, self._patience, self._clock = url, patience, clock
        self._verify, self._proxy = verify, proxy
        self._keys = KeySet()
        self._fetched: float | None = None
        self._tried: float | None = None
        self._asking = asyncio.Lock()

    async def having(self, kid: str) -> KeySet:
        """The keys, with the one of this `kid` if the server has it; none when there are none that may be used."""
        if not self._has(kid):
            async with self._asking:  # whoever waited here finds what the one before fetched
                if not self._has(kid) and self._may_ask():
                    await self._fetch()
        usable = self._fetched is not None and self._clock() - self._fetched <= self._patience.stale
        return self._keys if usable else KeySet()

    def _has(self, kid: str) -> bool:
        fresh = self._fetched is not None and self._clock() - self._fetched < self._patience.fresh
        return fresh and kid in self._keys.keys

    def _may_ask(self) -> bool:
        return self._tried is None or self._clock() - self._tried >= self._patience.pause

    async def _fetch(self) -> None:
        self._tried = self._clock()
        try:
            keys = key_set(strict_json.parse(await self._content()))
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, ssl.SSLError, OSError) as error:
            _log.warning("key server %s cannot be had: %s", self._url, type(error).__name__)
        except KeySetError as error:
            _log.warning("key server %s: %s", self._url, error)
        except RequestError:
            _log.warning("key server %s does not answer with JSON", self._url)
        else:
            self._keys, self._fetched = keys, self._clock()
            _log.info("key server %s: %d keys, %d of no use", self._url, len(keys.keys), len(keys.unusable))

    async def _content(self) -> bytes:
        """The body, never more than the limit of it. A redirect is not followed: it would leave the allow-list."""
        seconds = self._patience.timeout
        async with (
            asyncio.timeout(seconds),
            httpx.AsyncClient(verify=self._verify, proxy=self._proxy, trust_env=False, timeout=seconds) as http,
            http.stream("GET", self._url, headers=_PLAIN_JSON) as answer,
        ):
            if answer.status_code != 200:
                raise KeySetError(f"it answers with status {answer.status_code}")
            content = bytearray()
            async for piece in answer.aiter_raw():
                content += piece
                if len(content) > MOST_BYTES:
                    raise KeySetError(f"its answer is longer than {MOST_BYTES} bytes")
            return bytes(content)
