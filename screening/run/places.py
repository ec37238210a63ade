"""Where tasks read: chunks of the sources, each line in it with its place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from isal import isal_zlib

from spmwatch.fhir_adapters.lines import LARGEST_DOCUMENT, LONGEST_LINE
from spmwatch.fhir_adapters.packing import unpacked
from spmwatch.screening.scan.blocks import MARK, Block, Chunk, blocks, chunks
from spmwatch.screening.scan.scanner import Scanner, Span
from spmwatch.screening.scan.sources import Inventory, Shape


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A chunk of a source, with its number in the run."""

    number: int
    source: int
    chunk: Chunk

    @property
    def size(self) -> int:
        """Bytes as they lie there."""
        return (self.chunk.source.size if self.chunk.end is None else self.chunk.end) - self.chunk.start


@dataclass(frozen=True, slots=True)
class Found:
    """A candidate line: its bytes without blanks around it, its number in the chunk from 1, and its byte offset."""

    data: bytes
    line: int
    offset: int
    complete: bool = True


@dataclass(slots=True)
class Seen:
    """What was read of a chunk, counted while it is being read.

    Attributes:
        lines: all of them; `blank`: of these, those with nothing on them.
        candidates: lines that were looked at.
        passed_over: (line, offset, bytes) of lines that are too long to hold.
        fault: why the rest could not be read, or "".
        types: resource types that lines begin with, of those that are read; others are among the candidates.
        read: bytes, unpacked.
        crc: CRC-32 of `crc_bytes` bytes, if it is asked for by `with_crc`: of all but lines too long to hold.
    """

    lines: int = 0
    blank: int = 0
    candidates: int = 0
    passed_over: list[tuple[int, int, int]] = field(default_factory=list)
    fault: str = ""
    types: set[str] = field(default_factory=set)
    read: int = 0
    crc: int = 0
    crc_bytes: int = 0
    with_crc: bool = False


def parts_of(inventory: Inventory, chunk_bytes: int) -> list[Part]:
    """Everything that there is to read, in order."""
    parts: list[Part] = []
    for index, source in enumerate(inventory.sources):
        if source.shape is Shape.LINES:
            for chunk in chunks(source, size=chunk_bytes):
                parts.append(Part(number=len(parts), source=index, chunk=chunk))
        elif source.shape is Shape.DOCUMENT:
            parts.append(Part(number=len(parts), source=index, chunk=Chunk(source=source)))
    return parts


def candidates(part: Part, scanner: Scanner, seen: Seen, *, longest: int = LONGEST_LINE) -> Iterator[Found]:
    """The lines of a chunk that the scanner names; `seen` is complete once all were taken."""
    for block in blocks(part.chunk, longest=longest):
        if block.fault:
            seen.fault = block.fault
            return
        if block.passed_over:
            seen.lines += 1
            seen.read += block.passed_over
            seen.passed_over.append((seen.lines, block.offset, block.passed_over))
            continue
        if seen.with_crc:
            _sum_up(block, part.chunk.start == 0 and not seen.read, seen)
        yield from _of_block(block.data, block.offset, scanner, seen, complete=block.complete)


def _sum_up(block: Block, first: bool, seen: Seen) -> None:
    """Take a block into the checksum, with the byte order mark that was left out before it."""
    data = MARK if first and block.offset == len(MARK) else b""
    for one in (data, block.data):
        seen.crc = isal_zlib.crc32(one, seen.crc)
        seen.crc_bytes += len(one)


def _of_block(data: bytes, offset: int, scanner: Scanner, seen: Seen, *, complete: bool) -> Iterator[Found]:
    line, at = seen.lines, 0
    found = scanner.scan(data)
    seen.types |= found.begun
    seen.blank += found.blank
    spans = list(found.lines)
    last = data.rfind(b"\n") + 1
    if not complete and not (spans and spans[-1].end > last):
        spans.append(Span(last, len(data)))  # the end of a file that ends early: it may be torn wherever that is
    for span in spans:
        line += data.count(b"\n", at, span.start) + 1
        at = span.end
        raw = data[span.start : span.end]
        if stripped := raw.strip():
            seen.candidates += 1
            yield Found(stripped, line, offset + span.start, complete or raw.endswith(b"\n"))
    seen.lines += found.newlines + (not complete)
    seen.read += len(data)


def document(part: Part) -> bytes:
    """The one document of a source. Raises OSError; more bytes than are held come as one more than that."""
    with part.chunk.source.open() as raw:
        return unpacked(raw).read(LARGEST_DOCUMENT + 1)
