"""One worker process: a service on the sockets it was given, until it is told to end and has answered what came."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import ssl
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

from spmwatch.cds_hooks.server.app import create_app
from spmwatch.cds_hooks.server.board import Board
from spmwatch.cds_hooks.server.health import watch_app
from spmwatch.cds_hooks.server.listening import GuardedProtocol, Listener, Patience
from spmwatch.cds_hooks.server.service import Service

LINGER_SECONDS = 0.5
"""From the beginning of its end a worker keeps listening and keeps idle connections so long: a connection half begun is
still completed, a request on its way still answered, and told that the connection closes."""
_STEP_SECONDS = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """Where a worker stands.

    Attributes:
        number: its place on the board.
        board: shared with the others.
        peers: the numbers of all workers that accept.
        listening: socket for the services.
        watching: socket for `/healthz` and its like, where they have an address of their own.
        tls: for connections to the services that are encrypted here.
        parent_gone: becomes readable when the parent is no more.
        is_ready: to be called once requests are answered.
    """

    number: int
    board: Board
    peers: Sequence[int]
    listening: socket.socket
    watching: socket.socket | None
    tls: ssl.SSLContext | None
    parent_gone: int
    is_ready: Callable[[], None]


def work(service: Service, post: Post) -> int:
    """Serve until SIGTERM, or until the parent is gone.

    Returns:
        0 when every request that was taken in was answered, 1 when time ran out, 3 when it could not start.
    """
    config = _config(create_app(service), service, lifespan="on")
    server = _Server(config, service, post)
    try:
        server.run()
    except SystemExit:
        return 3
    return 0 if server.answered_all else 1


def _config(app: ASGIApp, service: Service, *, lifespan: str) -> uvicorn.Config:
    limits = service.limits
    return uvicorn.Config(
        app,
        http=GuardedProtocol,
        ws="none",
        loop="uvloop",
        lifespan="on" if lifespan == "on" else "off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=int(limits.keep_alive_seconds),
        timeout_graceful_shutdown=int(limits.shutdown_seconds) or 1,
    )


class _Server(uvicorn.Server):
    """uvicorn's server with our sockets, our signals and our end."""

    def __init__(self, config: uvicorn.Config, service: Service, post: Post) -> None:
        super().__init__(config)
        self.answered_all = False
        self._service, self._post = service, post
        self._listeners: list[Listener] = []

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """SIGTERM ends. The others are the parent's to take; the terminal sends them to all."""
        signal.signal(signal.SIGTERM, self.handle_exit)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        yield

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Every answer from now on tells its connection to close; the loop looks after the rest in a moment."""
        self._service.draining = True
        super().handle_exit(sig, frame)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:  # noqa: ARG002
        """The service is warm, then the sockets are read."""
        await self.lifespan.startup()
        if self.lifespan.should_exit:
            raise SystemExit(3)
        post, limits = self._post, self._service.limits
        counted = partial(post.board.set_connections, post.number)
        GuardedProtocol.patience = Patience(limits.read_seconds, counted)
        self._listen(self.config, post.listening, post.tls)
        if post.watching is not None:
            config = _config(watch_app(self._service), self._service, lifespan="off")
            config.load()
            self._listen(config, post.watching, None)
        asyncio.get_running_loop().add_reader(post.parent_gone, self._orphaned)
        self.servers = []
        self.started = True
        post.is_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:  # noqa: ARG002
        """Nobody new is let in; what was accepted is answered; what is remembered is written.

        Where the service goes on, with other rules or another worker, the others take whoever waits.
        """
        ends = time.monotonic() + self._service.limits.shutdown_seconds
        self._service.draining = True
        state = self.server_state
        lingers = min(ends, time.monotonic() + LINGER_SECONDS)
        alone = self._post.board.ending
        if not alone:
            for listener in self._listeners:
                listener.leave()
        while (alone or state.connections) and time.monotonic() < lingers:
            await asyncio.sleep(_STEP_SECONDS)
        while self._owes() and time.monotonic() < ends:
            await asyncio.sleep(_STEP_SECONDS)
        self.answered_all = not state.tasks
        for task in state.tasks:
            task.cancel()
        await self.lifespan.shutdown()

    def _owes(self) -> bool:
        """Whoever waits is let in, whoever waits for nothing is let go; does anybody else remain?"""
        finished = [listener.finish() for listener in self._listeners]
        connections = [each for each in self.server_state.connections if isinstance(each, GuardedProtocol)]
        for connection in connections:
            connection.shutdown()
        return not all(finished) or bool(self.server_state.tasks) or any(each.owed for each in connections)

    def _listen(self, config: uvicorn.Config, listening: socket.socket, tls: ssl.SSLContext | None) -> None:
        post, limits = self._post, self._service.limits
        others = [number for number in post.peers if number != post.number]

        def make_protocol() -> asyncio.Protocol:
            return GuardedProtocol(config=config, server_state=self.server_state, app_state=self.lifespan.state)

        def others_have_fewer() -> bool:
            mine = len(self.server_state.connections)
            return any(post.board.connections_of(number) < mine for number in others)

        listener = Listener(
            listening,
            make_protocol,
            tls=tls,
            has_room=lambda: len(self.server_state.connections) < limits.most_connections,
            others_have_fewer=others_have_fewer,
        )
        self._listeners.append(listener)

    def _orphaned(self) -> None:
        asyncio.get_running_loop().remove_reader(self._post.parent_gone)
        os.close(self._post.parent_gone)
        self._post.board.ending = True
        for listener in self._listeners:
            listener.let_nobody_in()
        self.should_exit = True
