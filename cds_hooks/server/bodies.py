"""A request's body as bytes: of the right media type, and never more of them held than the limit."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from fastapi import Request

from spmwatch.cds_hooks.server.replies import JSON
from spmwatch.cds_hooks.wire import strict_json
from spmwatch.cds_hooks.wire.refusal import Issue, RequestError

if TYPE_CHECKING:
    from spmwatch.cds_hooks.server.service import Service

DRAINED = 4
"""A body that is too long is still read, and thrown away, up to so many times the limit: so the client sees the 413."""


def check_media_type(request: Request) -> None:
    """Raise RequestError (415) for anything but JSON in UTF-8, sent as it is."""
    media_type, _, parameters = request.headers.get("content-type", "").partition(";")
    if media_type.strip().lower() != JSON:
        raise RequestError(415, Issue(code="not-supported", says=f"Send the request with Content-Type: {JSON}"))
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset" and value.strip().strip('"').lower() not in ("utf-8", "utf8", "us-ascii"):
            raise RequestError(415, Issue(code="not-supported", says="Send the request in UTF-8"))
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise RequestError(415, Issue(code="not-supported", says="Send the request without Content-Encoding"))


@asynccontextmanager
async def received(service: Service, request: Request) -> AsyncGenerator[bytes]:
    """The whole body of a request, counted among what the worker holds while the block runs.

    Raises:
        RequestError: 413 when it is too long, 408 when it does not come in time, 503 when too much is held already.
        ClientDisconnect: the client went away.
    """
    with service.turns.holding() as hold:
        try:
            async with asyncio.timeout(service.limits.read_seconds):
                body = await read_body(request, hold)
        except TimeoutError:
            raise RequestError(408, Issue(code="timeout", says="The body did not arrive in time")) from None
        yield body


async def read_body(request: Request, hold: Callable[[int], None]) -> bytes:
    """The whole body; no more than the limit is ever held.

    Args:
        request: what comes in.
        hold: hears of every byte that is kept; it may raise.

    Raises:
        RequestError: 413 when the body is too long.
        ClientDisconnect: the client went away.
    """
    most = strict_json.MOST_BYTES
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > DRAINED * most:
        raise strict_json.too_long(most)
    chunks: list[bytes] = []
    length = 0
    async for chunk in request.stream():
        length += len(chunk)
        if length <= most:
            hold(len(chunk))
            chunks.append(chunk)
        elif length > DRAINED * most:
            break
    if length > most:
        raise strict_json.too_long(most)
    return b"".join(chunks)
