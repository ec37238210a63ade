"""Connections taken from one listening socket that several workers share, and what a slow client may cost.

uvicorn does HTTP. Two decisions are taken from it: who accepts a connection (its event loop takes all that wait,
so one worker of two has nearly all), and how long the head of a request may take (it would wait for ever).
"""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
import sys
from collections.abc import Callable
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from spmwatch.cds_hooks.server.closing import LingeringTransport, let_nobody_in

MOST_HEAD_BYTES = 64 * 1024
"""Address and headers of one request; a token takes a few thousand."""
MOST_UNREAD_BYTES = 256 * 1024
"""Of a body, while the route has not taken them: what one reading brings. uvicorn stops reading at a quarter of it; for
a chart of middling size that means to stop, look for other events, and go on, each time."""
_LET_OTHERS_SECONDS = 0.002
_PAUSE_SECONDS = 0.1
_UNREAD_SECONDS = 30
_ONCE = frozenset(
    (
        b"host",
        b"authorization",
        b"origin",
        b"content-type",
        b"content-encoding",
        b"transfer-encoding",
        b"sec-fetch-site",
        b"sec-fetch-mode",
    )
)
"""Headers that something is decided by: of two, a proxy may go by one and we by the other."""
_OUT_OF_DESCRIPTORS = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


class Listener:
    """Accepts one connection at a time."""

    def __init__(
        self,
        listening: socket.socket,
        make_protocol: Callable[[], asyncio.Protocol],
        *,
        tls: ssl.SSLContext | None,
        has_room: Callable[[], bool],
        others_have_fewer: Callable[[], bool],
    ) -> None:
        """What to listen on and when to.

        Args:
            listening: bound and listening; shared with other processes, so it is closed, never shut down.
            make_protocol: speaks HTTP on one connection.
            tls: for connections that are encrypted here.
            has_room: may this worker hold another connection?
            others_have_fewer: is there a worker with fewer connections? Then it gets a moment to be quicker.
        """
        self._listening, self._make_protocol, self._tls = listening, make_protocol, tls
        self._has_room, self._others_have_fewer = has_room, others_have_fewer
        self._loop = asyncio.get_running_loop()
        self._begun: set[asyncio.Task[object]] = set()
        self._pause: asyncio.TimerHandle | None = None
        listening.setblocking(False)
        self._watch()

    def let_nobody_in(self) -> None:
        """No connection begins here any more, for none of the processes that share the socket."""
        if self._listening.fileno() >= 0:
            let_nobody_in(self._listening)

    def leave(self) -> None:
        """Listen no more. Whoever waits is left to the other processes that share the socket."""
        if self._listening.fileno() < 0:
            return
        self._loop.remove_reader(self._listening.fileno())
        if self._pause is not None:
            self._pause.cancel()
        self._listening.close()

    def finish(self) -> bool:
        """Take all that wait, more than there is room for too, and listen no more.

        Returns:
            Is that done, and has every connection its protocol? If not, ask again, e.g. when descriptors are free.
        """
        while self._listening.fileno() >= 0:
            try:
                connection, _ = self._listening.accept()
            except BlockingIOError:
                self.leave()
            except OSError:
                return False
            else:
                self._take(connection)
        return self._listening.fileno() < 0 and not self._begun

    def _watch(self) -> None:
        self._loop.add_reader(self._listening.fileno(), self._someone_waits)

    def _someone_waits(self) -> None:
        if not self._has_room():
            self._rest(_PAUSE_SECONDS, self._watch)
        elif self._others_have_fewer():
            self._rest(_LET_OTHERS_SECONDS, self._accept_and_watch)
        else:
            self._accept()

    def _accept_and_watch(self) -> None:
        self._accept()
        self._watch()

    def _rest(self, seconds: float, then: Callable[[], None]) -> None:
        self._loop.remove_reader(self._listening.fileno())
        self._pause = self._loop.call_later(seconds, then)

    def _accept(self) -> None:
        """One connection, where one waits."""
        try:
            connection, _ = self._listening.accept()
        except OSError as error:
            if error.errno in _OUT_OF_DESCRIPTORS:
                self._rest(_PAUSE_SECONDS, self._watch)
            return  # another worker was quicker, or the client has gone
        self._take(connection)

    def _take(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        if connection.family in (socket.AF_INET, socket.AF_INET6):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux: a client that does not read its answer
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNREAD_SECONDS * 1000)
        task = self._loop.create_task(self._begin(connection))
        self._begun.add(task)
        task.add_done_callback(self._begun.discard)

    async def _begin(self, connection: socket.socket) -> None:
        try:
            await self._loop.connect_accepted_socket(self._make_protocol, connection, ssl=self._tls)
        except (OSError, TimeoutError):
            connection.close()  # it spoke no TLS, or went away


class Patience:
    """How long one connection may take, and whom to tell how many there are."""

    def __init__(self, read_seconds: float, counted: Callable[[int], None]) -> None:
        self.read_seconds, self.counted = read_seconds, counted


class GuardedProtocol(HttpToolsProtocol):
    """HTTP by uvicorn, with bounds on the head of a request, and on a body that nobody wants any more."""

    patience = Patience(10, lambda _: None)

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - uvicorn's affair
        super().__init__(*args, **kwargs)
        self._timer: asyncio.TimerHandle | None = None
        self._head_bytes = 0
        self._asked, self._in_head, self._body_over = False, False, True
        self._fed, self._offered = b"", False
        self._let_go = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Someone is there."""
        self._lingering = LingeringTransport(transport, self.loop)
        super().connection_made(self._lingering)
        self.patience.counted(len(self.connections))
        self._set_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """Someone has gone."""
        self._set_timer(stop=True)
        self._lingering.lost()
        super().connection_lost(exc)
        self.patience.counted(len(self.connections))

    def data_received(self, data: bytes) -> None:
        """Bytes of a request; once the connection is over they are thrown away."""
        if self._lingering.is_closing():
            return
        self._fed = data
        super().data_received(data)

    def _unsupported_upgrade_warning(self) -> None:
        """Another protocol is offered, as Java's client does with `Upgrade: h2c`: the answer comes in this one.

        The parser stops at such an offer and would lose the body, so another reads the request again without it.
        """
        error = sys.exc_info()[1]
        if not self._offered or not isinstance(error, httptools.HttpParserUpgrade):
            return
        method, version = self.parser.get_method(), self.parser.get_http_version().encode()
        kept = [name + b": " + value + b"\r\n" for name, value in self.headers if name != b"upgrade"]
        rest = self._fed[error.args[0] :]
        self._offered = False
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn's own
        head = method + b" " + self.url + b" HTTP/" + version + b"\r\n"
        self.data_received(head + b"".join(kept) + b"\r\n" + rest)

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._head_bytes, self._in_head, self._body_over = 0, True, False
        self._set_timer()

    def on_url(self, url: bytes) -> None:
        """More of the address."""
        self._weigh(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header more."""
        self._weigh(len(name) + len(value))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is there; the body's time is the route's to bound."""
        self._offered = self.parser.should_upgrade() and self.parser.get_method() != b"CONNECT"
        if self._offered:
            return  # it is read again, without the offer
        self._check_head()
        self._set_timer(stop=True)
        self._in_head = False
        super().on_headers_complete()
        self._asked = True

    def on_body(self, body: bytes) -> None:
        """More of the body. Reading pauses when more than `MOST_UNREAD_BYTES` wait for the route."""
        if self._offered or self.cycle.response_complete:
            return
        self.cycle.body += body
        if len(self.cycle.body) > MOST_UNREAD_BYTES:
            self.flow.pause_reading()
        self.cycle.message_event.set()

    def on_message_complete(self) -> None:
        """The body is there."""
        if self._offered:
            return
        self._body_over = True
        if self.cycle.response_complete:
            self._set_timer(stop=True)
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """It is answered; a body that still comes is thrown away, but not for ever."""
        super().on_response_complete()
        if not self._body_over and not self.transport.is_closing():
            self._set_timer()

    @property
    def owed(self) -> bool:
        """Would the client lose something if this process ended now?

        Its first request on a connection that was accepted, for as long as it may take; a request that has begun; an
        answer, until the client has closed.
        """
        if self._lingering.is_closing():
            return not self._let_go
        return not self._idle

    @property
    def _idle(self) -> bool:
        return self._asked and self.cycle.response_complete and not self.pipeline and not self._in_head

    def shutdown(self) -> None:
        """Close if the client waits for nothing; to be called again until it is closed.

        What arrived and was not read yet is a request that will be answered. One that arrives a moment later is not:
        its client sees the connection end before an answer begins, and may send it again (RFC 9112, section 9.5).
        """
        if self._lingering.is_closing():
            return
        if self._idle and not self._lingering.has_unread():
            self._let_go = True
            self._lingering.close()
        elif self._asked:
            self.cycle.keep_alive = False

    def _check_head(self) -> None:
        """Raise for what can be read in two ways; the parser turns it into 400 and the end of the connection.

        The parser lets a list of transfer codings pass if it ends in `chunked`, and would hand on what is packed.
        """
        named = [name for name, _ in self.headers if name in _ONCE]
        if len(named) != len(set(named)):
            raise ValueError("a header twice")
        if b"host" not in named and self.parser.get_http_version() == "1.1":
            raise ValueError("no Host")  # RFC 9112, section 3.2
        codings = [value for name, value in self.headers if name == b"transfer-encoding"]
        if codings and codings[0].strip().lower() != b"chunked":
            raise ValueError("a transfer coding that is not taken")

    def _weigh(self, count: int) -> None:
        self._head_bytes += count
        if self._head_bytes > MOST_HEAD_BYTES:
            raise ValueError("head too long")  # the parser turns it into its own error: 400, and the connection ends

    def _set_timer(self, *, stop: bool = False) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None if stop else self.loop.call_later(self.patience.read_seconds, self._give_up)

    def _give_up(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()
