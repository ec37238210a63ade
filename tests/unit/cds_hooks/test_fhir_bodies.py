"""A FHIR server's answer, bounded while it is decompressed: C081."""

from __future__ import annotations

import asyncio
import gzip
import tracemalloc
from collections.abc import AsyncIterator

import httpx
import pytest

from spmwatch.cds_hooks.fhir_server.bodies import Allowance, UnusableError, body_of

PLENTY = 1_000_000_000


def read(*chunks: bytes, coding: str = "gzip", most: int = 100_000, left: int = PLENTY) -> bytes:
    async def arriving() -> AsyncIterator[bytes]:
        for chunk in chunks:
            yield chunk

    async def run() -> bytes:
        response = httpx.Response(200, headers={"Content-Encoding": coding} if coding else {}, content=arriving())
        return await body_of(response, most, Allowance(left))

    return asyncio.run(run())


def test_a_small_body_never_swells_in_memory() -> None:
    bomb = gzip.compress(b"\0" * 100_000_000)
    assert len(bomb) < 100_000
    tracemalloc.start()
    try:
        with pytest.raises(UnusableError, match="too long"):
            read(bomb)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 5_000_000


def test_the_limit_is_the_limit() -> None:
    text = bytes(range(256)) * 400
    zipped = gzip.compress(text)
    assert read(zipped, most=len(text)) == text
    assert read(*(zipped[at : at + 1] for at in range(len(zipped))), most=len(text)) == text
    assert read(text, coding="", most=len(text)) == text
    for coding, body in (("gzip", zipped), ("", text)):
        with pytest.raises(UnusableError, match="too long"):
            read(body, coding=coding, most=len(text) - 1)
        with pytest.raises(UnusableError, match="all together"):
            read(body, coding=coding, most=len(text), left=len(text) - 1)


def test_what_is_left_is_shared_by_all_answers() -> None:
    allowance = Allowance(10)
    allowance.take(6)
    with pytest.raises(UnusableError, match="all together"):
        allowance.take(5)
