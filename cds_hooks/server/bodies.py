"""A request's body as bytes: of the right media type, and never more of them held than the limit."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import Request

from spmwatch.cds_hooks.server.replies import JSON
from spmwatch.cds_hooks.wire import strict_json
from spmwatch.cds_hooks.wire.refusal import Issue, RequestError

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
