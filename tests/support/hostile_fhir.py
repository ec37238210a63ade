"""A FHIR server that does whatever a test says, raw bytes included, and remembers what it was asked."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import orjson

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Heard:
    """One request: its target (path and query), and its headers with names in lower case."""

    method: str
    target: str
    headers: dict[str, str]

    @property
    def type(self) -> str:
        """The resource type that is asked for below `/fhir/`."""
        return self.target.removeprefix("/fhir/").partition("?")[0].partition("/")[0]


@dataclass(slots=True)
class Double:
    """The running server."""

    origin: str
    heard: list[Heard] = field(default_factory=list)

    @property
    def base(self) -> str:
        """Its FHIR base URL."""
        return f"{self.origin}/fhir"

    @property
    def tokens(self) -> list[str]:
        """Every Authorization header that came."""
        return [one.headers["authorization"] for one in self.heard if "authorization" in one.headers]


Act = Callable[[asyncio.StreamWriter, Heard], Awaitable[None]]
"""Answers one request on a connection; the connection stays open while it returns without closing the writer."""


def reply(status: int, body: object, *headers: str) -> bytes:
    """A whole HTTP answer."""
    content = body if isinstance(body, bytes) else orjson.dumps(body)
    lines = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(content)}", *headers]
    if not any(header.lower().startswith("content-type") for header in headers):
        lines.append("Content-Type: application/fhir+json")
    return "\r\n".join([*lines, "", ""]).encode() + content


def saying(status: int, body: object, *headers: str) -> Act:
    """Always the same answer."""

    async def act(writer: asyncio.StreamWriter, _: Heard) -> None:
        writer.write(reply(status, body, *headers))

    return act


@asynccontextmanager
async def double(act: Act, tls: ssl.SSLContext | None = None) -> AsyncIterator[Double]:
    """Serve on a free loopback port while the block runs; over TLS where there is a certificate."""
    conversations: set[asyncio.Task[None]] = set()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        conversations.add(task)
        try:
            while not writer.is_closing():
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                first, *lines = head.strip().split("\r\n")
                method, target, _ = first.split(" ")
                pairs = (line.split(": ", 1) for line in lines)
                heard = Heard(method, target, {name.lower(): value for name, value in pairs})
                running.heard.append(heard)
                await act(writer, heard)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError, asyncio.CancelledError):
            pass
        finally:
            conversations.discard(task)
            with contextlib.suppress(ConnectionError):
                writer.close()

    server = await asyncio.start_server(converse, HOST, 0, ssl=tls)
    running = Double(f"http{'s' if tls else ''}://{HOST}:{server.sockets[0].getsockname()[1]}")
    try:
        yield running
    finally:
        server.close()
        for task in list(conversations):
            task.cancel()
        if conversations:
            await asyncio.wait(list(conversations))
