"""Which files a run reads: folders, files, URLs and standard input, in a fixed order, each told by its content."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import IO

from spmwatch.engine.errors import InputError
from spmwatch.fhir_adapters.folders import check_path, files_under
from spmwatch.fhir_adapters.json_text import parse_strictly_once
from spmwatch.fhir_adapters.lines import (
    JSON_SUFFIXES,
    LINE_SUFFIXES,
    Line,
    is_named_for,
    lines_of,
    other_encoding,
    stands_alone,
)
from spmwatch.fhir_adapters.packing import DamagedFileError, Packing, packing_of, unpacked
from spmwatch.fhir_adapters.problems import Problem
from spmwatch.screening.scan import cloud

STANDARD_INPUT = "-"
STDIN_NAME = "standard-input.ndjson"
_BEGINNING = 4096
_MARKS = b"\xef\xbb\xbf \t\r\n"


class Shape(StrEnum):
    """What a source is made of."""

    LINES = "lines"
    """A resource, a Bundle or a list of resources to a line."""
    DOCUMENT = "document"
    """One JSON value over many lines."""
    MANIFEST = "manifest"
    """What the exporting server says of its files."""
    EMPTY = "empty"
    UNREADABLE = "unreadable"
    """It cannot be opened, or is damaged before its first line ends; a problem says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One file of the input.

    Attributes:
        name: what messages call it: its path below the folder that was named, else its own name.
        path: where it lies, a local path or a URL.
        size: bytes as it lies there, packed or not.
        stamp: changes when its content does: the time of its last change in ns, or what the store has instead.
        kind: the resource type that its first line, else its name, tells of, or ""; other types may follow.
    """

    name: str
    path: str
    size: int
    stamp: str
    packing: Packing
    shape: Shape
    kind: str = ""

    def open(self) -> IO[bytes]:
        """Its bytes as they lie there. Raises OSError."""
        return cloud.open_url(self.path) if cloud.is_url(self.path) else Path(self.path).open("rb")

    @property
    def is_named_for_lines(self) -> bool:
        """Does its name end as that of NDJSON does?"""
        return is_named_for(self.name, LINE_SUFFIXES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """The sources of a run, sorted by name, and what is wrong with the folders around them."""

    sources: tuple[Source, ...]
    problems: tuple[Problem, ...] = ()


def inventory(paths: Iterable[Path | str], *, spool: Path | None = None, stdin: IO[bytes] | None = None) -> Inventory:
    """What lies under these paths.

    Args:
        paths: files, folders, URLs that fsspec knows (`s3://...`), or `-` for standard input.
        spool: folder that standard input is written to first, because it cannot be read twice.
        stdin: where standard input comes from.

    Raises:
        InputError: a path is not there or is no file or folder, or standard input has no place to go to.
    """
    given = list(paths)
    sources: list[Source] = []
    problems: list[Problem] = []
    for path in given:
        for name, place in _files(path, spool, stdin, problems):
            whole = f"{_label(path)}/{name}" if len(given) > 1 and name != _label(path) else name
            named = is_named_for(name, JSON_SUFFIXES)
            source = _source(whole, place, named=named, problems=problems)
            if source is not None:
                sources.append(source)
    return Inventory(sources=tuple(sorted(sources, key=lambda one: (one.name, one.path))), problems=tuple(problems))


def _files(
    path: Path | str, spool: Path | None, stdin: IO[bytes] | None, problems: list[Problem]
) -> Iterator[tuple[str, str]]:
    """(name, place) of each file under a path."""
    if str(path) == STANDARD_INPUT:
        if spool is None or stdin is None:
            raise InputError(STANDARD_INPUT, "-", "standard input needs a folder to lie in", "Name one with --out")
        yield STDIN_NAME, str(_spooled(spool, stdin))
    elif cloud.is_url(str(path)):
        yield from cloud.files_below(str(path))
    else:
        path = Path(path)
        check_path(path)
        if path.is_dir():
            for file in files_under(path, problems.append):
                yield file.relative_to(path).as_posix(), str(file)
        else:
            yield path.name, str(path)


def _spooled(folder: Path, stdin: IO[bytes]) -> Path:
    """Standard input as a file. One that is there already was written whole by an earlier run, and stays."""
    place = folder / STDIN_NAME
    if not place.exists():
        folder.mkdir(parents=True, exist_ok=True)
        part = place.with_name(f".{STDIN_NAME}.part")
        with part.open("wb") as file:
            shutil.copyfileobj(stdin, file, 1024 * 1024)
            file.flush()
            os.fsync(file.fileno())
        part.replace(place)
    return place


def _label(path: Path | str) -> str:
    return STDIN_NAME if str(path) == STANDARD_INPUT else str(path).rstrip("/").rsplit("/", 1)[-1]


def _source(name: str, place: str, *, named: bool, problems: list[Problem]) -> Source | None:
    """The source at a place; None for a file that neither is named like JSON nor begins like JSON."""
    packing, shape, kind, size, stamp = Packing.PLAIN, Shape.UNREADABLE, "", 0, ""
    try:
        size, stamp = cloud.size_and_stamp(place) if cloud.is_url(place) else _size_and_stamp(place)
        with cloud.open_url(place) if cloud.is_url(place) else Path(place).open("rb") as raw:
            packing = packing_of(raw)
            stream = unpacked(raw)
            other = other_encoding(stream, name)
            if other is not None:
                problems.append(other)
            elif not named and stream.read(_BEGINNING).lstrip(_MARKS)[:1] not in (b"{", b"["):
                return None
            stream.seek(0)
            shape, kind = _shape(stream, name) if other is None else (shape, kind)
    except DamagedFileError as error:
        found = f"{error.strerror} and cannot be read to its end"
        advice = "Write the file again; what could be unpacked was used."
        problems.append(Problem(where=name, found=found, expected="a whole one", advice=advice, lost=True))
    except OSError as error:
        found = f"a file that cannot be read ({error.strerror or type(error).__name__})"
        advice = "Check the file and its rights."
        problems.append(Problem(where=name, found=found, expected="a readable file", advice=advice, lost=True))
    kind = kind or _kind_in_name(name)
    return Source(name=name, path=place, size=size, stamp=stamp, packing=packing, shape=shape, kind=kind)


def _size_and_stamp(place: str) -> tuple[int, str]:
    status = Path(place).stat()
    return status.st_size, str(status.st_mtime_ns)


def _shape(stream: IO[bytes], name: str) -> tuple[Shape, str]:
    """The shape of a file and the type of its first resource."""
    lines = lines_of(stream, name)
    first = next(lines, None)
    if first is None:
        return Shape.EMPTY, ""
    if not isinstance(first, Line):
        return Shape.LINES, ""
    parsed = parse_strictly_once(first.data)
    if parsed.error is not None:
        return (Shape.LINES if stands_alone(next(lines, None), name) else Shape.DOCUMENT), ""
    value = parsed.value
    if not isinstance(value, dict):
        return Shape.LINES, ""
    kind = value.get("resourceType")
    if kind is None and isinstance(value.get("output"), list) and next(lines, None) is None:
        return Shape.MANIFEST, ""
    return Shape.LINES, kind if isinstance(kind, str) else ""


def _kind_in_name(name: str) -> str:
    """`MedicationRequest.000.ndjson` is told by its name."""
    kind = name.rsplit("/", 1)[-1].partition(".")[0]
    return kind if kind.isalpha() and kind[:1].isupper() else ""
