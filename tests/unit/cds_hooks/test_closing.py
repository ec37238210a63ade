"""A listening socket is closed, and at the last moment somebody comes in: decided by the socket's own `close`."""

from __future__ import annotations

import asyncio
import errno
import socket
import sys
from collections.abc import Callable
from typing import Any

import pytest

from spmwatch.cds_hooks.server.closing import LingeringTransport, let_nobody_in
from spmwatch.cds_hooks.server.listening import Listener


class LateClient(socket.socket):
    """A listening socket to which a client connects between the last look into its queue and its end."""

    late: socket.socket | None = None

    def close(self) -> None:
        if self.late is None:
            self.late = socket.socket()
            self.late.setblocking(False)
            self.late.connect_ex(self.getsockname())
        super().close()


class Met(asyncio.Protocol):
    met = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        Met.met += 1
        transport.close()


def is_connected(client: socket.socket) -> bool:
    try:
        client.getpeername()
    except OSError:
        return False
    return True


async def finish(listening: socket.socket, *, room: int = 100) -> None:
    Met.met = 0
    listener = Listener(listening, Met, tls=None, has_room=lambda: Met.met < room, others_have_fewer=lambda: False)
    listener.let_nobody_in()
    for _ in range(100):
        if listener.finish():
            return
        await asyncio.sleep(0.01)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can keep newcomers out of a listening socket")
def test_nobody_comes_in_at_the_last_moment_and_who_waited_is_taken() -> None:
    with LateClient() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        waiting = [socket.create_connection(listening.getsockname()) for _ in range(5)]
        asyncio.run(finish(listening))
        assert listening.fileno() < 0
        assert listening.late is not None
        with listening.late:
            assert not is_connected(listening.late)  # so it was never accepted, and cannot be broken off
    assert Met.met == 5
    for client in waiting:
        with client:
            assert client.recv(10) == b""


class OutOfDescriptors(socket.socket):
    """Accepts nobody at first, as when a process has as many files open as it may."""

    failures = 3

    def accept(self) -> tuple[socket.socket, Any]:
        if self.failures:
            self.failures -= 1
            raise OSError(errno.EMFILE, "Too many open files")
        return super().accept()


def test_who_waits_and_finds_no_room_is_taken_when_there_is_some() -> None:
    with OutOfDescriptors() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        waiting = [socket.create_connection(listening.getsockname()) for _ in range(3)]
        asyncio.run(finish(listening, room=1))
        assert listening.fileno() < 0
    assert Met.met == 3
    for client in waiting:
        client.close()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can keep newcomers out of a listening socket")
@pytest.mark.parametrize(("family", "host"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")])
def test_a_socket_that_lets_nobody_in_keeps_its_connections(family: socket.AddressFamily, host: str) -> None:
    try:
        listening = socket.create_server((host, 0), family=family)
    except OSError:
        pytest.skip("no IPv6 here")
    with listening, socket.create_connection(listening.getsockname()[:2], timeout=30) as early:
        assert let_nobody_in(listening)
        with socket.socket(family) as late:
            late.setblocking(False)
            late.connect_ex(listening.getsockname())
            accepted, _ = listening.accept()
            with accepted:
                early.sendall(b"question")
                assert accepted.recv(100) == b"question"
                accepted.sendall(b"answer")
                assert early.recv(100) == b"answer"
            assert not is_connected(late)


class Recorder(asyncio.Transport):
    """Notes what is sent, and when it is over."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[bytes] = []
        self.gone = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.seen.append(bytes(data))

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self.seen.append(b"<eof>")

    def resume_reading(self) -> None:
        pass

    def is_closing(self) -> bool:
        return self.gone

    def close(self) -> None:
        self.gone = True


async def sent_by(*acts: Callable[[LingeringTransport, Recorder], None]) -> list[bytes]:
    beneath = Recorder()
    transport = LingeringTransport(beneath, asyncio.get_running_loop())
    for act in acts:
        act(transport, beneath)
    await asyncio.sleep(0)
    transport.lost()
    return beneath.seen


def says(text: bytes) -> Callable[[LingeringTransport, Recorder], None]:
    return lambda transport, _: transport.write(text)


def test_head_and_body_of_an_answer_are_sent_as_one() -> None:
    assert asyncio.run(sent_by(says(b"head "), says(b"body"))) == [b"head body"]


def test_what_was_written_is_sent_before_the_end() -> None:
    acts = (says(b"answer"), lambda transport, _: transport.close(), says(b"too late"))
    assert asyncio.run(sent_by(*acts)) == [b"answer", b"<eof>"]


def test_nothing_is_sent_to_a_client_that_went_meanwhile() -> None:
    assert asyncio.run(sent_by(says(b"answer"), lambda _, beneath: beneath.close())) == []
