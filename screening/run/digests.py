"""Digests and line counts of the input: CRC-32 from the reading that is done anyway, SHA-256 where it is asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
from isal import isal_zlib

from spmwatch.fhir_adapters.packing import PIECE, Packing, pieces
from spmwatch.screening.scan.blocks import MARK
from spmwatch.screening.scan.sources import Shape, Source

_LINE_END = ord("\n")


@dataclass(frozen=True, slots=True)
class Content:
    """What is in a file, as unpacked. `crc32`: eight hexadecimal digits; None when not every byte was read."""

    crc32: str | None = None
    lines: int | None = None


def joined(source: Source, told: Iterable[Mapping[str, Any]]) -> Content:
    """The content of a source from what the step `gather` told of its chunks, in their order.

    Lines that are too long to hold, and what lies behind damage, pass no checksum: then there is none of the file.
    """
    crc, length, lines, whole = 0, 0, 0, True
    for one in told:
        crc = isal_zlib.crc32_combine(crc, one["crc32"], one["crc_bytes"])
        length += one["crc_bytes"]
        lines += one["lines"]
        whole = whole and not one["fault"] and not one["passed_over"]
    whole = whole and (source.packing is not Packing.PLAIN or length == source.size)
    return Content(f"{crc:08x}" if whole else None, lines)


def read_again(source: Source) -> Content:
    """The same by reading all of it once more; lines are counted where there are any."""
    crc, line_ends, last, whole = 0, 0, b"\n", True
    try:
        with source.open() as stream:
            for piece in pieces(stream, source.packing):
                crc = isal_zlib.crc32(piece, crc)
                line_ends += piece.count(b"\n")
                last = piece[-1:]
    except OSError:
        whole = False
    lines = {Shape.LINES: line_ends + (last != b"\n"), Shape.DOCUMENT: 1}.get(source.shape)
    return Content(f"{crc:08x}" if whole else None, lines)


def offsets_of(source: Source, lines: Collection[int]) -> dict[int, int]:
    """Line (from 1) -> offset of its first byte as unpacked; those that the file has, as far as it can be read."""
    found: dict[int, int] = {}
    at, before = 0, 0
    with suppress(OSError), source.open() as stream:
        for piece in pieces(stream, source.packing):
            if not at and 1 in lines:
                found[1] = len(MARK) if piece.startswith(MARK) else 0
            ends = np.flatnonzero(np.frombuffer(piece, np.uint8) == _LINE_END)
            behind = range(before + 2, before + len(ends) + 2)  # the lines that begin behind these line ends
            found.update((line, at + int(ends[line - behind.start]) + 1) for line in lines if line in behind)
            at, before = at + len(piece), before + len(ends)
    return found


def sha256_of(source: Source) -> str | None:
    """SHA-256 of the file as it lies there, packed or not; None when it cannot be read."""
    digest = hashlib.sha256()
    try:
        with source.open() as stream:
            while piece := stream.read(PIECE):
                digest.update(piece)
    except OSError:
        return None
    return digest.hexdigest()
