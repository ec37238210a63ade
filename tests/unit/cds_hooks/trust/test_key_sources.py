"""Keys at servers: fetched when needed, not more often, and kept when the server fails (C151, C153)."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator

import pytest

from spmwatch.cds_hooks.trust.key_sources import MOST_BYTES, FetchedKeys, KeyServer, Patience
from spmwatch.cds_hooks.trust.token import TokenError, token_of
from tests.support.key_servers import Answering, key_server
from tests.support.tokens import Ehr, part

PATIENCE = Patience(timeout=30, pause=30, fresh=3600, stale=86400)


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ehr() -> Ehr:
    return Ehr()


@pytest.fixture
def server(ehr: Ehr) -> Iterator[Answering]:
    with key_server(ehr.jwks) as running:
        yield running


def kids(server: KeyServer, kid: str) -> set[str]:
    return set(asyncio.run(server.having(kid)).keys)


def test_fetched_once(server: Answering, clock: Clock) -> None:
    keys = KeyServer(server.url, patience=PATIENCE, clock=clock)
    for _ in range(5):
        assert kids(keys, "k1") == {"k1"}
        clock.now += 600
    assert len(server.asked) == 1


def test_callers_at_the_same_time_share_one_fetch(server: Answering, clock: Clock) -> None:
    server.seconds = 0.2
    keys = KeyServer(server.url, patience=PATIENCE, clock=clock)

    async def together() -> None:
        found = await asyncio.gather(*(keys.having("k1") for _ in range(20)))
        assert all("k1" in one.keys for one in found)

    asyncio.run(together())
    assert len(server.asked) == 1


def test_a_rotated_key_is_fetched(server: Answering, ehr: Ehr, clock: Clock) -> None:
    keys = KeyServer(server.url, patience=PATIENCE, clock=clock)
    assert kids(keys, "k1") == {"k1"}
    new = Ehr(kid="k2")
    server.has({"keys": [*ehr.jwks["keys"], *new.jwks["keys"]]})
    clock.now = 30
    assert kids(keys, "k2") == {"k1", "k2"}
    assert len(server.asked) == 2


def test_unknown_names_cannot_make_us_flood_the_server(server: Answering, clock: Clock) -> None:
    keys = KeyServer(server.url, patience=PATIENCE, clock=clock)
    for number in range(100):
        assert "k1" in kids(keys, f"made-up-{number}")
        clock.now += 1
    assert len(server.asked) == 4  # at 0, 30, 60 and 90


def test_a_withdrawn_key_is_gone_when_the_set_is_old(server: Answering, clock: Clock) -> None:
    keys = KeyServer(server.url, patience=PATIENCE, clock=clock)
    assert kids(keys, "k1") == {"k1"}
    server.has(Ehr(kid="k2").jwks)
    clock.now = 3599
    assert kids(keys, "k1") == {"k1"}
    clock.now = 3600
    assert kids(keys, "k1") == {"k2"}


def test_keys_are_kept_while_the_server_is_down_but_not_for_ever(server: Answering, clock: Clock) -> None:
    keys = KeyServer(server.url, patience=PATIENCE, clock=clock)
    assert kids(keys, "k1") == {"k1"}
    server.status = 500
    clock.now = 86400
    assert kids(keys, "k1") == {"k1"}
    clock.now = 86401
    assert kids(keys, "k1") == set()
    server.status = 200
    clock.now = 86430
    assert kids(keys, "k1") == {"k1"}


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ({"status": 500}, "status 500"),
        ({"status": 404}, "status 404"),
        ({"status": 204, "body": b""}, "status 204"),
        ({"status": 302, "headers": {"Location": "https://evil.example.org/jwks.json"}}, "status 302"),
        ({"body": b"<html>login</html>"}, "JSON"),
        ({"body": b"{}"}, "JWK Set"),
        ({"body": b'{"keys": "none"}'}, "JWK Set"),
        ({"body": b'{"keys": [], "keys": []}'}, "JSON"),
        ({"body": b"[" * 100_000}, "JSON"),
        ({"body": b" " * (MOST_BYTES + 1)}, "longer"),
    ],
)
def test_answers_of_no_use(
    server: Answering, clock: Clock, caplog: pytest.LogCaptureFixture, fault: dict[str, object], says: str
) -> None:
    """Told in the log, and not asked again at once."""
    for name, value in fault.items():
        setattr(server, name, value)
    keys = KeyServer(server.url, patience=PATIENCE, clock=clock)
    with caplog.at_level(logging.WARNING):
        assert kids(keys, "k1") == set()
        assert kids(keys, "k1") == set()
    assert says in caplog.text
    assert len(server.asked) == 1


def test_a_slow_server_is_left(server: Answering, clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    server.seconds = 30  # far longer than a busy machine takes for what follows
    patience = Patience(timeout=0.2, pause=30, fresh=3600, stale=86400)
    keys = KeyServer(server.url, patience=patience, clock=clock)
    started = time.monotonic()
    assert kids(keys, "k1") == set()
    assert time.monotonic() - started < 10
    assert "cannot be had" in caplog.text


def test_nobody_listens(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    with key_server() as gone:
        url = gone.url
    assert kids(KeyServer(url, patience=PATIENCE, clock=clock), "k1") == set()
    assert "ConnectError" in caplog.text


def test_a_server_without_tls_where_https_was_said(server: Answering, clock: Clock) -> None:
    https = server.url.replace("http://", "https://")
    assert kids(KeyServer(https, patience=PATIENCE, clock=clock), "k1") == set()


def keys_for(source: FetchedKeys, ehr: Ehr, **header: str) -> list[str]:
    token = token_of(f"Bearer {part(ehr.header(**header))}.{part(ehr.claims('x'))}.{part(b's')}")
    return [str(key.key_type) for key in asyncio.run(source.keys_for(token))]


def test_only_addresses_on_the_list_are_fetched(server: Answering, ehr: Ehr, clock: Clock) -> None:
    """C147, C153."""
    with key_server(ehr.jwks) as foreign:
        source = FetchedKeys({server.url: KeyServer(server.url, patience=PATIENCE, clock=clock)})
        for address in (
            foreign.url,
            f"{server.url}?a=b",
            f"{server.url}/",
            server.url.upper(),
            "",
            "file:///etc/passwd",
        ):
            with pytest.raises(TokenError, match="jku-not-allowed"):
                keys_for(source, ehr, jku=address)
        with pytest.raises(TokenError, match="no-jku"):
            keys_for(source, ehr)
        assert keys_for(source, ehr, jku=server.url) == ["EC"]
        assert (len(server.asked), foreign.asked) == (1, [])


def test_the_usual_address_serves_tokens_that_name_none(server: Answering, ehr: Ehr, clock: Clock) -> None:
    source = FetchedKeys({server.url: KeyServer(server.url, patience=PATIENCE, clock=clock)}, server.url)
    assert keys_for(source, ehr) == ["EC"]
    with pytest.raises(TokenError, match="unknown-kid"):
        keys_for(source, Ehr(kid="other"))
