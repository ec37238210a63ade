"""Files as they lie about: plain, gzip or zstd, told by content; unpacked piece by piece in bounded memory."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import IO, cast

import zstandard
from isal import igzip_lib, isal_zlib
from typing_extensions import Buffer

PIECE = 1024 * 1024
"""Bytes that are unpacked at once, about."""

_LINE_END = ord("\n")
_ZSTD_INPUT = 4096  # a frame may unpack to 30,000 times its size, and the library gives out all that one input makes
_MAGIC_BYTES = 4
_DAMAGED_GZIP = cast("type[Exception]", isal_zlib.IsalError)  # its stubs call it an instance
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"


class Packing(StrEnum):
    """How the bytes of a file are packed."""

    PLAIN = "plain"
    GZIP = "gzip"
    ZSTD = "zstd"


class DamagedFileError(OSError):
    """A packed file that cannot be unpacked to its end; `strerror` says what is wrong with it."""

    def __init__(self, why: str) -> None:
        super().__init__(0, why)


def packing_of(stream: IO[bytes]) -> Packing:
    """How the stream is packed, by its first bytes; it stands at its beginning again afterwards."""
    magic = stream.read(_MAGIC_BYTES)
    stream.seek(0)
    if magic.startswith(_GZIP):
        return Packing.GZIP
    return Packing.ZSTD if magic == _ZSTD else Packing.PLAIN


def pieces(stream: IO[bytes], packing: Packing) -> Iterator[bytes]:
    """The unpacked bytes of a stream, none of the pieces empty.

    Raises:
        DamagedFileError: after all that could be unpacked.
        OSError: the stream cannot be read.
    """
    if packing is Packing.GZIP:
        return _gzip(stream)
    return _zstd(stream) if packing is Packing.ZSTD else iter(lambda: stream.read(PIECE), b"")


def unpacked(stream: IO[bytes], *, ending_first: bool = False) -> IO[bytes]:
    """A stream to read, line by line too; gzip and zstd are unpacked on the way. Reading may raise as `pieces`.

    Args:
        stream: at its beginning.
        ending_first: before damage is raised, the stream ends once where a line has begun, so that whoever reads lines
            gets what is there of it. Read on until nothing comes, or damage goes unnoticed.
    """
    packing = packing_of(stream)
    if packing is Packing.PLAIN:
        return stream
    return io.BufferedReader(_Pieces(stream, packing, ending_first=ending_first), PIECE)


class _Pieces(io.RawIOBase):
    """Pieces as a stream that can go back to its beginning."""

    def __init__(self, stream: IO[bytes], packing: Packing, *, ending_first: bool) -> None:
        self._stream, self._packing, self._ending_first = stream, packing, ending_first
        self._pieces = pieces(stream, packing)
        self._left = memoryview(b"")
        self._in_line = False
        self._damage: DamagedFileError | None = None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if offset or whence != io.SEEK_SET:
            raise io.UnsupportedOperation("a packed stream only goes back to its beginning")
        self._stream.seek(0)
        self._pieces, self._left = pieces(self._stream, self._packing), memoryview(b"")
        self._in_line, self._damage = False, None
        return 0

    def readinto(self, buffer: Buffer) -> int:
        room = memoryview(buffer)
        if self._damage is not None:
            raise self._damage
        if not self._left:
            try:
                self._left = memoryview(next(self._pieces, b""))
            except DamagedFileError as damage:
                if not (self._ending_first and self._in_line):
                    raise
                self._damage = damage
        taken = self._left[: len(room)]
        if taken:
            self._in_line = taken[-1] != _LINE_END
        room[: len(taken)] = taken
        self._left = self._left[len(taken) :]
        return len(taken)

    def close(self) -> None:
        self._stream.close()
        super().close()


def _gzip(stream: IO[bytes]) -> Iterator[bytes]:
    given = stream.read(PIECE)
    while given:
        member = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP)
        while not member.eof:
            if member.needs_input and not given and not (given := stream.read(PIECE)):
                raise DamagedFileError("a gzip file that ends early")
            try:
                piece = member.decompress(given, PIECE)
            except _DAMAGED_GZIP as error:
                raise DamagedFileError("a damaged gzip file") from error
            given = b""
            if piece:
                yield piece
        given = member.unused_data or stream.read(PIECE)
        while given and not given.strip(b"\0"):  # some writers fill up the last block
            given = stream.read(PIECE)
        given = given.lstrip(b"\0") if given[:1] == b"\0" else given


def _zstd(stream: IO[bytes]) -> Iterator[bytes]:
    unpacking: Callable[[], zstandard.ZstdDecompressionObj] = zstandard.ZstdDecompressor().decompressobj
    frame = unpacking()
    waiting: list[bytes] = []
    size = 0
    started = False
    while given := stream.read(_ZSTD_INPUT):
        while given:
            if frame.eof:
                frame = unpacking()
            try:
                piece = frame.decompress(given)
            except zstandard.ZstdError as error:
                if waiting:
                    yield b"".join(waiting)
                raise DamagedFileError("a damaged zstd file") from error
            started, given = True, frame.unused_data if frame.eof else b""
            waiting.append(piece)
            size += len(piece)
            if size >= PIECE:
                yield b"".join(waiting)
                waiting, size = [], 0
    if size:
        yield b"".join(waiting)
    if started and not frame.eof:
        raise DamagedFileError("a zstd file that ends early")
