"""Requests at a fixed rate, whatever the answers do: how long clients wait that do not wait for each other.

    .venv/bin/python benchmarks/open_loop.py URL FOLDER RATE SECONDS

The requests of the folder are sent in rotation, each with a `hookInstance` of its own.

A closed loop (wrk) sends the next request when the last is answered, so a slow server is asked less and looks better
than it is. Here each request has its moment; its time counts from that moment, also when it had to wait for a free
connection. Bare sockets on one event loop: the generator takes well below a millisecond for each request. Prints JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
import uuid
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import uvloop

CONNECTIONS = 64
INSTANCE = b'"hookInstance":"'
PATIENCE_SECONDS = 10
"""How long after the last request answers are waited for; those that did not come count as broken."""


class Connection(asyncio.Protocol):
    """One connection, one request at a time."""

    def __init__(self) -> None:
        self._received = bytearray()
        self._answer: asyncio.Future[int] | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Connected."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by inheritance

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        """Gone: an answer that was awaited will not come."""
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(0)

    def data_received(self, data: bytes) -> None:
        """Is the answer complete?"""
        self._received += data
        head, found, body = self._received.partition(b"\r\n\r\n")
        if not found or self._answer is None or self._answer.done():
            return
        length = int(head.lower().split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
        if len(body) >= length:
            self._answer.set_result(int(head.split(b" ", 2)[1]))

    async def ask(self, request: bytes) -> int:
        """The status of the answer; 0 when the connection broke."""
        assert self._transport is not None
        if self._transport.is_closing():
            return 0
        self._received.clear()
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answer


async def load(url: str, bodies: Sequence[bytes], rate: float, seconds: float) -> dict[str, object]:
    """Statuses, and percentiles of the times in milliseconds."""
    parts, loop = urlsplit(url), asyncio.get_running_loop()
    host, port = parts.hostname or "", parts.port or 80
    head = f"POST {parts.path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json"
    parted = [_parted(head, body) for body in bodies]
    free: asyncio.LifoQueue[Connection] = asyncio.LifoQueue()
    for _ in range(CONNECTIONS):
        _, connection = await loop.create_connection(Connection, host, port)
        free.put_nowait(connection)
    times: list[float] = []
    statuses: Counter[int] = Counter()

    async def one(moment: float, at: int) -> None:
        connection = await free.get()
        before, behind = parted[at % len(parted)]
        status = await connection.ask(before + str(uuid.uuid4()).encode() + behind)
        times.append(1000 * (loop.time() - moment))
        statuses[status] += 1
        if status == 0:
            _, connection = await loop.create_connection(Connection, host, port)
        free.put_nowait(connection)

    begun, running = loop.time() + 0.1, list[asyncio.Task[None]]()
    for at in range(int(rate * seconds)):
        moment = begun + at / rate
        if (early := moment - loop.time()) > 0:
            await asyncio.sleep(early)
        task = loop.create_task(one(moment, at))
        running.append(task)
    _, late = await asyncio.wait(running, timeout=PATIENCE_SECONDS)
    for task in late:
        task.cancel()
        times.append(1000 * (seconds + PATIENCE_SECONDS))
        statuses[0] += 1
    times.sort()
    percentiles = {f"p{share}": times[min(len(times) - 1, len(times) * share // 100)] for share in (50, 99)}
    return {"rate": len(times) / (loop.time() - begun), "statuses": statuses, **percentiles}


def _parted(head: str, body: bytes) -> tuple[bytes, bytes]:
    """A whole request before and behind its `hookInstance`."""
    whole = f"{head}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
    at = whole.index(INSTANCE) + len(INSTANCE)
    return whole[:at], whole[at + 36 :]


if __name__ == "__main__":
    url_, folder, rate_, seconds_ = sys.argv[1:]
    bodies_ = [path.read_bytes() for path in sorted(Path(folder).iterdir())]
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(json.dumps(runner.run(load(url_, bodies_, float(rate_), float(seconds_)))))
