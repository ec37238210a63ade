"""An answer's body as bytes, never more of them held than agreed, however it was compressed."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Literal

import httpx

LATE = "the FHIR server does not answer in time"
_GZIP = 16 + zlib.MAX_WBITS


Outcome = Literal["refused", "failed", "unreachable", "too-late"]
"""What kind of uselessness: a 4xx; a 5xx, no FHIR, too much; no connection, or one that broke; out of time."""


class UnusableError(Exception):
    """A server's answer, or its absence, from which nothing can be taken.

    Its text says why, in words that hold no address, no token and nothing of the answer.

    Attributes:
        alive: did the server give an answer of its own, other than a fault?
        again: seconds after which to ask once more may help; None where it would not.
    """

    def __init__(
        self, why: str, outcome: Outcome = "failed", *, alive: bool = True, again: float | None = None
    ) -> None:
        self.why, self.alive, self.again = why, alive, again
        self.outcome: Outcome = outcome
        super().__init__(why)


@dataclass(slots=True)
class Allowance:
    """Bytes that all answers for one request may still have together, decompressed."""

    left: int

    def take(self, count: int) -> None:
        """Use some. Raises UnusableError when there are not so many left."""
        self.left -= count
        if self.left < 0:
            raise UnusableError("the FHIR server's answers are too long all together")


async def body_of(response: httpx.Response, most: int, allowance: Allowance) -> bytes:
    """The decompressed body of an answer whose headers have come.

    Compressed bytes are let out in steps, so that a small body cannot swell beyond the limit (C081).

    Raises:
        UnusableError: it is too long, cut off, or compressed in another way than asked for.
    """
    coding = response.headers.get("content-encoding", "identity").strip().lower()
    if coding not in ("identity", "gzip", ""):
        raise UnusableError("the FHIR server's answer is compressed in a way that was not asked for")
    gunzip = zlib.decompressobj(_GZIP) if coding == "gzip" else None
    body = bytearray()
    async for chunk in response.aiter_raw():
        try:
            piece = gunzip.decompress(chunk, most + 1 - len(body)) if gunzip is not None else chunk
        except zlib.error:
            raise UnusableError("the FHIR server's answer cannot be decompressed") from None
        body += piece
        if len(body) > most:
            raise UnusableError("the FHIR server's answer is too long")
        allowance.take(len(piece))
    if gunzip is not None and not gunzip.eof:
        raise UnusableError("the FHIR server's answer breaks off")
    return bytes(body)
