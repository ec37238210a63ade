"""Which lines of a block could matter: every line (the reference), or those in which a pattern is found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from spmwatch.fhir_adapters.resource_types import is_resource_type
from spmwatch.screening.scan.patterns import UNKNOWN, UNREAD, Looked, Patterns
from spmwatch.screening.scan.searching import (
    FIRST_TYPE,
    TOLD_APART,
    Frame,
    Group,
    Raw,
    Search,
    Uniform,
    is_ascii,
    read_all,
)

_MOST_TYPES = 200
"""Types of resources for which a database of their own is made."""


class Span(NamedTuple):
    """A whole line of a block: `data[start:end]`, with its line end if it has one."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Found:
    """What a block holds.

    Attributes:
        lines: the lines that could matter, in order, each once.
        newlines: line ends in the block.
        types: resource types of its lines, of those that are read; all where a line does not begin with its type.
        begun: types that lines begin with, of those that are read; a line that begins otherwise is among `lines`.
        blank: lines with nothing on them.
    """

    lines: Sequence[Span]
    newlines: int
    types: frozenset[str]
    begun: frozenset[str] = frozenset()
    blank: int = 0


class Scanner(Protocol):
    """Finds the lines of a block that could matter. It may name too many, never too few."""

    def scan(self, block: bytes) -> Found:
        """The lines in their order, each once, with what else was seen."""
        ...

    def candidates(self, block: bytes) -> Sequence[Span]:
        """The lines alone."""
        ...


class PlainScanner:
    """Every line that is not empty."""

    def scan(self, block: bytes) -> Found:
        """All lines; their types are not looked at."""
        lines, newlines = self.candidates(block), block.count(b"\n")
        blank = newlines + (block[-1:] not in (b"", b"\n")) - len(lines)
        return Found(lines, newlines, frozenset(), blank=blank)

    def candidates(self, block: bytes) -> Sequence[Span]:
        """All lines."""
        spans: list[Span] = []
        start = 0
        while start < len(block):
            end = block.find(b"\n", start) + 1 or len(block)
            if not block[start:end].isspace():
                spans.append(Span(start, end))
            start = end
        return spans


class HyperScanner:
    """Lines in which one of the patterns is found, and lines that are not sound, whatever they hold.

    Databases are made when a type of resource is first met, those of lines that are not as they mostly are when such a
    line is.
    """

    def __init__(self, *patterns: Patterns) -> None:
        """With a database for each of the patterns by itself: those that stay the same are made once in a process."""
        groups: dict[Looked, Group] = {}
        types = dict.fromkeys(kind for one in patterns for kind in one.by_type)
        self._groups = {
            kind: tuple(
                groups.setdefault(looked, Group(looked))
                for looked in dict.fromkeys(one.by_type[kind] for one in patterns if kind in one.by_type)
            )
            for kind in types
        }
        whole = {kind for kind, own in self._groups.items() if any(group.looked.whole for group in own)}
        known = [kind for kind in types if is_resource_type(kind)]
        self._frame = Frame(whole, known, unknown=UNKNOWN in types)
        self._uniform: dict[bytes, Uniform] = {}
        self._raw = Raw()

    def candidates(self, block: bytes) -> Sequence[Span]:
        """Lines with something in them that could matter, lines that are no JSON object by their looks or no UTF-8."""
        return self.scan(block).lines

    def scan(self, block: bytes) -> Found:
        """The same with what else was seen."""
        uniform = self._as_begun(block)
        if uniform is not None and uniform.read(block):
            newlines, types, groups, ends = uniform.newlines, uniform.types, uniform.groups, uniform.ends
            begun = uniform.begun
        else:
            ends = self._frame.read(block)
            newlines, types = self._frame.newlines, frozenset(self._frame.types)
            begun = frozenset(self._frame.begun)
            groups = tuple({group for kind in types for group in self._groups.get(kind, ())})
            ends += read_all(block, groups)
            unread = read_all(block, self._groups.get(UNREAD, ()))
            ends += [end for end in unread if self._is_unread(block, end)]
        if not is_ascii(block):
            ends = [*ends, *_broken_characters(block), *self._raw.read(block, groups)]
        lines, blank = _lines_around(block, ends)
        return Found(lines, newlines, types, begun, blank)

    def _is_unread(self, block: bytes, end: int) -> bool:
        """Is the line of a type for which nothing else is looked for?"""
        begun = FIRST_TYPE.match(block, block.rfind(b"\n", 0, end) + 1)
        return begun is not None and begun[1].decode() not in self._groups

    def _groups_of(self, kind: str) -> tuple[Group, ...]:
        """What is looked for in lines of this type."""
        own = self._groups.get(kind)
        return self._groups.get(UNREAD if is_resource_type(kind) else UNKNOWN, ()) if own is None else own

    def searches(self, block: bytes) -> list[Search]:
        """The searches that this block goes through, for whoever measures them alone."""
        uniform = self._as_begun(block)
        return [] if uniform is None else uniform.searches

    def expressions(self) -> frozenset[bytes]:
        """All that is looked for in any type, as regular expressions, for whoever measures them alone."""
        looked = [group.looked for groups in self._groups.values() for group in groups]
        return frozenset().union(*(one.expressions | one.odd for one in looked))

    def _as_begun(self, block: bytes) -> Uniform | None:
        """How to read a block if all of it is of the type of its first line."""
        begun = FIRST_TYPE.match(block)
        if begun is None:
            return None
        kind = begun[1]
        known = self._uniform.get(kind)
        if known is None and kind.decode() not in TOLD_APART and len(self._uniform) < _MOST_TYPES:
            known = self._uniform[kind] = Uniform(kind.decode(), self._groups_of(kind.decode()))
        return known


def _broken_characters(block: bytes) -> list[int]:
    """The ends of what is no UTF-8."""
    ends: list[int] = []
    at = 0
    while at < len(block):
        try:
            block[at:].decode()
        except UnicodeDecodeError as error:
            line_end = block.find(b"\n", at + error.start)
            ends.append(at + error.start + 1)
            at = line_end + 1 or len(block)
        else:
            break
    return ends


def _lines_around(block: bytes, ends: list[int]) -> tuple[list[Span], int]:
    """The lines that the places before `ends` lie in, in order, each once; those that are blank are only counted."""
    ends.sort()
    spans: list[Span] = []
    behind = blank = 0
    for end in ends:
        if end <= behind:
            continue
        start = block.rfind(b"\n", behind, end - 1) + 1 or behind
        behind = block.find(b"\n", end - 1) + 1 or len(block)
        if block[start:behind].isspace():
            blank += 1
        else:
            spans.append(Span(start, behind))
    return spans, blank
