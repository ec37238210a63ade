"""A source as blocks of whole lines, in bounded memory; a plain file also in chunks that workers read side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from spmwatch.fhir_adapters.lines import LONGEST_LINE
from spmwatch.fhir_adapters.packing import DamagedFileError, Packing, pieces
from spmwatch.screening.scan.cloud import is_url
from spmwatch.screening.scan.sources import Source

CHUNK = 128 * 1024 * 1024
"""Bytes of a plain file that one task reads."""

BLOCK = 1024 * 1024
"""Bytes that are looked at together: as much as stays in a processor's own memory while it is scanned."""

_LAST = 8 * 1024
"""Bytes at the end of a block in which a line end is looked for before it is read."""

MARK = b"\xef\xbb\xbf"
"""A byte order mark; it is no part of the first line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """A part of a source: the lines that begin in `start:end` of its bytes; of a packed one, all of it (`end` None)."""

    source: Source
    start: int = 0
    end: int | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """Lines one after the other; or, with empty `data`, why there are none at this place.

    Attributes:
        data: whole lines with their ends.
        offset: where they begin, in bytes of the unpacked source.
        complete: does `data` end with a line end? False only for the last line of a source.
        passed_over: bytes of one line that is longer than is held, and was passed over unread.
        fault: why the rest of the source cannot be read; the last block then.
    """

    data: bytes
    offset: int
    complete: bool = True
    passed_over: int = 0
    fault: str = ""


def chunks(source: Source, *, size: int = CHUNK) -> list[Chunk]:
    """The parts of a source, in order. They need no look at the file: a line belongs where its first byte lies."""
    if source.packing is not Packing.PLAIN:
        return [Chunk(source=source)]
    return [
        Chunk(source=source, start=start, end=min(start + size, source.size)) for start in range(0, source.size, size)
    ]


def blocks(chunk: Chunk, *, size: int = BLOCK, longest: int = LONGEST_LINE) -> Iterator[Block]:
    """The lines of a chunk in order.

    Args:
        chunk: what to read.
        size: bytes that are read at once; a block is about as long, or as long as its one line.
        longest: bytes of one line above which it is passed over.

    A byte order mark at the beginning is left out. What goes wrong in reading ends it with a block that has a `fault`.
    """
    at = chunk.start
    try:
        with chunk.source.open() as stream:
            if chunk.source.packing is Packing.PLAIN:
                window = _Window(stream.seek, stream.read, not is_url(chunk.source.path))
                yield from _plain(window, chunk, size, longest)
                return
            for block in _packed(pieces(stream, chunk.source.packing), longest):
                at = block.offset + len(block.data) + block.passed_over
                yield block
    except DamagedFileError as error:
        yield Block(b"", at, fault=f"{error.strerror} and cannot be read to its end")
    except OSError as error:
        yield Block(b"", at, fault=f"a file that cannot be read ({error.strerror or type(error).__name__})")


@dataclass(slots=True)
class _Window:
    """Bytes of a file at any place."""

    seek: Callable[[int], int]
    read: Callable[[int], bytes]
    is_local: bool

    def bytes_at(self, offset: int, size: int) -> bytes:
        """As many as there are, at most `size`."""
        self.seek(offset)
        return self.read(size)

    def whole_lines(self, offset: int, size: int) -> int:
        """Bytes at most `size` that end with a line end, where one is soon found: to cut them off later is to copy all.

        In a store to go forth and back is to fetch twice, so there it is `size`.
        """
        if not self.is_local or size <= _LAST:
            return size
        found = self.bytes_at(offset + size - _LAST, _LAST).rfind(b"\n")
        return size - _LAST + found + 1 if found >= 0 else size

    def line_end(self, offset: int, size: int) -> int:
        """Where the line that goes on at `offset` ends, behind its line end; the end of the file if it has none."""
        while data := self.bytes_at(offset, size):
            found = data.find(b"\n")
            if found >= 0:
                return offset + found + 1
            offset += len(data)
        return offset


def _plain(window: _Window, chunk: Chunk, size: int, longest: int) -> Iterator[Block]:
    """Lines that begin in the chunk; the last of them may end behind it."""
    at, end = chunk.start, chunk.source.size if chunk.end is None else chunk.end
    size = min(size, longest + 1)
    if at:
        at = window.line_end(at - 1, size)
    elif window.bytes_at(0, len(MARK)) == MARK:
        at = len(MARK)
    wanted = size
    while at < end:
        data = window.bytes_at(at, window.whole_lines(at, wanted) if wanted == size else wanted)
        cut = _cut(data, end - at)
        if cut:
            yield Block(data if cut == len(data) else data[:cut], at)
            at, wanted = at + cut, size
        elif len(data) < wanted:  # the end of the file
            if data:
                yield Block(data, at, complete=False)
            return
        elif wanted > longest:
            behind = window.line_end(at, size)
            yield Block(b"", at, passed_over=behind - at)
            at, wanted = behind, size
        else:
            wanted = min(wanted * 4, longest + 1)


def _cut(data: bytes, room: int) -> int:
    """Where the last whole line ends of those that begin in the first `room` bytes; 0 when there is none."""
    if len(data) > room:
        behind = data.find(b"\n", room - 1)
        return behind + 1 if behind >= 0 else data.rfind(b"\n", 0, room) + 1
    return data.rfind(b"\n") + 1


def _packed(given: Iterator[bytes], longest: int) -> Iterator[Block]:
    """The same of bytes that come one piece after the other. What was unpacked before a fault comes before it."""
    at, held, rest = 0, 0, list[bytes]()
    passing = False  # in the middle of a line that is too long to hold
    fault: OSError | None = None
    while True:
        try:
            piece = next(given, b"")
        except OSError as error:
            fault, piece = error, b""
        if not piece:
            break
        first = piece.find(b"\n") + 1
        if (not first and held + len(piece) > longest) or held + first > longest + 1:
            passing, rest = True, []
        if not first:
            held += len(piece)
            if not passing:
                rest.append(piece)
            continue
        if passing:
            yield Block(b"", at, passed_over=held + first)
            at, held, piece, passing = at + held + first, 0, piece[first:], False
        cut = piece.rfind(b"\n") + 1
        if cut:
            data = b"".join([*rest, memoryview(piece)[:cut]])
            yield from _without_mark(data, at)
            at += len(data)
        rest = [*([] if cut else rest), piece[cut:]] if cut < len(piece) else []
        held = len(piece) - cut
    if passing:
        yield Block(b"", at, passed_over=held)
    elif held:
        yield from _without_mark(b"".join(rest), at, complete=False)
    if fault is not None:
        raise fault


def _without_mark(data: bytes, at: int, *, complete: bool = True) -> Iterator[Block]:
    skip = len(MARK) if at == 0 and data.startswith(MARK) else 0
    if len(data) > skip:
        yield Block(data[skip:], at + skip, complete)
