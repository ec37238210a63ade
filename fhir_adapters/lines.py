"""Lines of a file with bounded memory: byte order mark, CRLF, blank lines, and lines that are too long to hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from spmwatch.fhir_adapters.json_text import parse_strictly_once
from spmwatch.fhir_adapters.packing import unpacked
from spmwatch.fhir_adapters.problems import Problem

LINE_SUFFIXES = (".ndjson", ".jsonl")
JSON_SUFFIXES = (".json", *LINE_SUFFIXES)
_PACKED_SUFFIXES = (".gz", ".zst")

LONGEST_LINE = 64 * 1024 * 1024
"""Bytes. The largest resources hold documents of some megabytes; a longer line is an accident or an attack."""

LARGEST_DOCUMENT = 1024 * 1024 * 1024
"""Bytes of one JSON document that spreads over many lines (an indented Bundle)."""

_CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Line:
    """A line without its end; `complete` is False for a last line without a line end."""

    number: int
    data: bytes
    complete: bool = True


def open_bytes(path: Path) -> IO[bytes]:
    """The file's bytes, unpacked when it is gzip or zstd, told by content. Reading may raise DamagedFileError."""
    return unpacked(path.open("rb"))


def open_lines(path: Path) -> IO[bytes]:
    """The same for `lines_of`: of the line in which a damaged file ends comes what is there, and then the error."""
    return unpacked(path.open("rb"), ending_first=True)


_MARKS = ((b"\xff\xfe\0\0", "UTF-32"), (b"\0\0\xfe\xff", "UTF-32"), (b"\xff\xfe", "UTF-16"),
          (b"\xfe\xff", "UTF-16"), (b"{\0\0\0", "UTF-32"), (b"\0\0\0{", "UTF-32"), (b"{\0", "UTF-16"),
          (b"\0{", "UTF-16"))  # fmt: skip
"""How files begin that are no UTF-8: by their byte order mark, or by their first brace."""


def other_encoding(stream: IO[bytes], where: str) -> Problem | None:
    """What is said of a file that is UTF-16 or UTF-32; the stream is left at its beginning."""
    begin = stream.read(4)
    stream.seek(0)
    name = next((name for mark, name in _MARKS if begin.startswith(mark)), "")
    advice = f"Convert it, for instance with `iconv -f {name} -t UTF-8`; nothing of it was read."
    return Problem(where=where, found=f"a file in {name}", expected="UTF-8", advice=advice, lost=True) if name else None


def is_named_for(name: str, suffixes: tuple[str, ...]) -> bool:
    """Does a file's name end so, the suffix of its packing left out?"""
    small = name.lower()
    for suffix in _PACKED_SUFFIXES:
        small = small.removesuffix(suffix)
    return small.endswith(suffixes)


def stands_alone(second: Line | Problem | None, name: str) -> bool:
    """Is the file one of lines, although its first line is no JSON? Told by its second line, else by its name."""
    if second is None:
        return is_named_for(name, LINE_SUFFIXES)
    if isinstance(second, Problem):
        return True
    return second.data[:1] == b"{" and parse_strictly_once(second.data).error is None


def lines_of(stream: IO[bytes], where: str, *, longest: int = LONGEST_LINE) -> Iterator[Line | Problem]:
    """Every line that is not blank; a Problem for one that is longer than `longest`, which is passed over unread."""
    number = 0
    while data := stream.readline(longest + 1):
        number += 1
        ended = data.endswith(b"\n")
        if len(data) > longest and not ended:
            length = len(data) + _skip_line(stream)
            del data
            yield too_long(f"{where}:{number}", length, longest)
            continue
        if number == 1 and data.startswith(b"\xef\xbb\xbf"):
            data = data[3:]
        stripped = data.strip()
        if stripped:
            yield Line(number, stripped, ended)


def _skip_line(stream: IO[bytes]) -> int:
    passed = 0
    while chunk := stream.readline(_CHUNK):
        passed += len(chunk)
        if chunk.endswith(b"\n"):
            break
    return passed


def too_long(where: str, length: int, longest: int = LONGEST_LINE) -> Problem:
    """What is said of a line of `length` bytes."""
    return Problem(
        where=where,
        found=f"a line of {length:,} bytes",
        expected=f"at most {longest:,} bytes to a line",
        advice="Write one resource to a line, or a Bundle with line breaks; this line was passed over.",
        lost=True,
    )
