"""The end of the service as single connections see it: each race of it, decided by stopping the worker at that moment.

One service ends, with a connection in each state; each test looks at one of them.
"""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from tests.integration.test_processes import BODY, HEAD, raw
from tests.support.processes import Served, served, until

REQUEST = HEAD.encode() + BODY
LONGER_THAN_LINGERING = 0.8
UNWANTED = b"POST /cds-services/spmwatch-patient-view HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"


@contextmanager
def stopped(running: Served) -> Iterator[None]:
    """The worker gets no processor while the block runs, as on a machine that is busy with others."""
    (worker,) = running.workers()
    os.kill(worker, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(worker, signal.SIGCONT)


def everything(connection: socket.socket) -> bytes:
    """All that comes until the other side ends the connection; what was raised where it is broken off."""
    got = b""
    try:
        while more := connection.recv(100_000):
            got += more
    except OSError as error:
        return got + repr(error).encode()
    return got


def ask(connection: socket.socket) -> None:
    """A request and its answer, after which the connection stays open."""
    connection.sendall(REQUEST)
    got = b""
    while not got.endswith(b"]}"):
        more = connection.recv(100_000)
        assert more
        got += more


def refused(running: Served) -> bytes:
    try:
        raw(running).__enter__().close()
    except ConnectionRefusedError:
        return b"refused"
    return b"let in"


def broken_bodies(running: Served) -> Iterator[tuple[str, bytes]]:
    """Requests that are answered while a long body of theirs still comes."""
    size = 1_500_000
    for name, line in (("media type", b"Content-Type: text/plain\r\n"), ("head", b"no header\r\n")):
        with raw(running) as connection:
            with stopped(running):
                connection.sendall(UNWANTED + line + b"Content-Length: %d\r\n\r\n" % (2 * size) + bytes(size))
            time.sleep(0.3)
            connection.sendall(bytes(size))
            yield name, everything(connection)


@pytest.fixture(scope="module")
def seen() -> Iterator[dict[str, bytes]]:
    """What each client got, by its name; the exit code of the service is among them."""
    with served() as running, ExitStack() as stack:
        found = dict(broken_bodies(running))
        busy, idle, new, begun = (stack.enter_context(raw(running)) for _ in range(4))
        ask(busy)
        ask(idle)
        ask(begun)
        begun.sendall(REQUEST[:20])
        with stopped(running):
            waiting = [stack.enter_context(raw(running)) for _ in range(20)]
            for each in waiting:
                each.sendall(REQUEST)
            running.send(signal.SIGTERM)
            until(lambda: bool(running.lines("ending")))
        time.sleep(0.3)  # the worker knows
        with stopped(running):
            busy.sendall(REQUEST)
            time.sleep(LONGER_THAN_LINGERING)
        found["idle, then busy"] = everything(busy)
        found["idle"] = everything(idle)
        found["too late"] = refused(running)
        new.sendall(REQUEST)
        begun.sendall(REQUEST[20:])
        found |= {"new": everything(new), "begun": everything(begun)}
        found |= {f"waiting {number}": everything(each) for number, each in enumerate(waiting)}
        found["exit"] = str(running.process.wait(timeout=30)).encode()
        yield found


def answered_and_closed(answer: bytes) -> bool:
    return answer.startswith(b"HTTP/1.1 200") and b"connection: close" in answer.lower() and answer.endswith(b"]}")


def test_a_request_on_an_idle_connection_that_the_worker_had_no_time_to_read_is_answered(
    seen: dict[str, bytes],
) -> None:
    assert answered_and_closed(seen["idle, then busy"])


def test_a_connection_that_was_accepted_may_take_its_time_for_the_first_request(seen: dict[str, bytes]) -> None:
    assert answered_and_closed(seen["new"])


def test_a_head_that_has_begun_may_be_finished(seen: dict[str, bytes]) -> None:
    assert answered_and_closed(seen["begun"])


def test_connections_that_wait_to_be_accepted_are_answered(seen: dict[str, bytes]) -> None:
    """Those taken before the worker knows of the end are not told to close, but their connections end in order too."""
    answers = [seen[f"waiting {number}"] for number in range(20)]
    assert all(answer.startswith(b"HTTP/1.1 200") and answer.endswith(b"]}") for answer in answers)


def test_who_comes_after_the_end_has_begun_is_refused(seen: dict[str, bytes]) -> None:
    assert seen["too late"] == b"refused"


def test_an_idle_connection_is_ended_and_not_broken_off(seen: dict[str, bytes]) -> None:
    assert seen["idle"] == b""


@pytest.mark.parametrize("refusal", ["media type", "head"])
def test_a_body_that_nobody_reads_does_not_cost_the_answer(seen: dict[str, bytes], refusal: str) -> None:
    """In service, too: a connection closed with bytes unread would be broken off, and the answer with it."""
    assert seen[refusal].startswith(b"HTTP/1.1 4")
    assert b"ConnectionReset" not in seen[refusal]


def test_the_service_has_ended_in_order(seen: dict[str, bytes]) -> None:
    assert seen["exit"] == b"0"
