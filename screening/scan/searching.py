"""How a block is searched: how lines begin and end, and what is looked for in each type of resource, by hyperscan."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import cached_property

import hyperscan
import numpy as np
import numpy.typing as npt

from spmwatch.fhir_adapters.relevance import READ_TYPES
from spmwatch.fhir_adapters.resource_types import RESOURCE_TYPES
from spmwatch.screening.scan.databases import database
from spmwatch.screening.scan.lettering import Lettering, raw_expression, spelt_expression, spelt_telling_expression
from spmwatch.screening.scan.patterns import Looked

BEGINNING = b'{"resourceType":"'
TOLD_APART = ("Bundle", "OperationOutcome")
"""Types that are always looked at: a Bundle may hold anything; an outcome speaks of the export itself."""
_LINE_END, _EIGHT, _BEYOND_ASCII = 10, 8, 0x80
_TYPES = frozenset(kind.encode() for kind in RESOURCE_TYPES)
FIRST_TYPE = re.compile(rb'\{"resourceType":"([A-Za-z]{1,40})"')


class Search:
    """One hyperscan database and what is called for each thing found: (number, start, end, flags, context)."""

    def __init__(
        self, wanted: Iterable[tuple[bytes, int]], found: Callable[[int, int, int, int, object], None], *, keep: bool
    ) -> None:
        """With a database that is kept for other runs, if nothing in it is of the input."""
        self.database = database(tuple(wanted), keep=keep)
        self._found = found

    def run(self, block: bytes) -> None:
        """Hand over what is found."""
        self.database.scan(block, match_event_handler=self._found)


Wanted = tuple[bytes, int, Callable[[int], None]]
"""An expression, its flags, and what is called with each place where it ends."""


def handing_over(wanted: Iterable[Wanted], *, keep: bool = True) -> Search:
    """A search that gives the place where something ends to the function beside its expression."""
    given = list(wanted)
    handlers = [handler for _, _, handler in given]

    def found(number: int, _start: int, end: int, _flags: int, _context: object) -> None:
        handlers[number](end)

    return Search([(expression, flags) for expression, flags, _ in given], found, keep=keep)


class Group:
    """The types of resources in which the same is looked for."""

    def __init__(self, looked: Looked) -> None:
        self.looked = looked
        self.lettering = Lettering(looked)
        self._ends: list[int] = []
        self._letters: list[int] = []
        self._escapes: list[int] = []

    @property
    def is_empty(self) -> bool:
        """Is nothing looked for, but perhaps every line wanted?"""
        return not (self.looked.expressions or self.looked.odd or self.looked.words or self.looked.codes)

    @cached_property
    def searches(self) -> list[Search]:
        """What is looked for, and beside it what is looked for apart."""
        return [self._handing_over(some) for some in self._apart() if some]

    @property
    def is_spelt(self) -> bool:
        """Is anything looked for that may be written as escapes?"""
        return bool(self.looked.expressions or self.looked.words or self.looked.codes)

    @cached_property
    def telling(self) -> list[Search]:
        """The same, and whether any character is written as an escape: beside a search of its own that costs little."""
        first, *others = (some for some in self._apart() if some)
        escape = (rb"\\u", hyperscan.HS_FLAG_SINGLEMATCH, self._escapes.append)
        return [self._handing_over([*first, escape]), *map(self._handing_over, others)]

    @cached_property
    def _escaped(self) -> list[Search]:
        """What is looked for besides where characters are written as escapes: here these would slow all others down."""
        looked = self.looked
        wanted: list[Wanted] = []
        if looked.expressions:
            wanted.append((spelt_expression(looked.signs), 0, self._ends.append))
        if looked.words or looked.codes:
            wanted.append((spelt_telling_expression(), 0, self._letters.append))
        wanted += [(one, 0, self._ends.append) for one in sorted(looked.escaped)]
        return [self._handing_over(wanted)] if wanted else []

    def _apart(self) -> Iterator[list[Wanted]]:
        for some in (self.looked.expressions, self.looked.odd):
            yield [(one, 0, self._ends.append) for one in sorted(some)]

    def _handing_over(self, wanted: list[Wanted]) -> Search:
        return handing_over(wanted, keep=not self.looked.of_input)

    def read(self, block: bytes, escapes: bool | None) -> tuple[list[int], bool]:
        """Where the lines are that could matter, and whether characters are written as escapes, if not known yet."""
        for found in (self._ends, self._letters, self._escapes):
            found.clear()
        for search in self.searches if escapes is not None else self.telling:
            search.run(block)
        escapes = bool(self._escapes) if escapes is None else escapes
        for search in self._escaped if escapes else ():
            search.run(block)
        ends = [*self._ends, *self.judged(block, self._letters)] if self._letters else list(self._ends)
        return ends, escapes

    def judged(self, block: bytes, letters: Iterable[int]) -> list[int]:
        """Those of the letters that stand in a word that may be ours."""
        return [end for end in letters if self.lettering.may_matter(block, end)]


def read_all(block: bytes, groups: Iterable[Group]) -> list[int]:
    """Where the lines are in which any of the groups finds something."""
    ends: list[int] = []
    escapes: bool | None = None
    for group in groups:
        if group.is_spelt:
            found, escapes = group.read(block, escapes)
            ends += found
        elif not group.is_empty:
            ends += group.read(block, escapes=False)[0]
    return ends


class Uniform:
    """Reads blocks in which all lines are sound and begin with the same type, as nearly all are, in one go.

    Line ends are found by numpy, not by hyperscan: to be called for each of them costs more than the whole search.
    """

    def __init__(self, kind: str, groups: Sequence[Group]) -> None:
        self.newlines = 0
        wanted = any(group.looked != Looked() for group in groups)
        self.types = frozenset({kind} if kind in READ_TYPES or wanted else ())
        self.groups = groups
        self.begun = frozenset({kind})
        self.ends: list[int] = []
        self._whole = any(group.looked.whole for group in groups)
        self._beginning = BEGINNING + kind.encode() + b'"'
        self._between = _Words(b"}\n" + self._beginning)

    @property
    def searches(self) -> list[Search]:
        """All that a block goes through, but for what is looked for where there are escapes."""
        groups = [] if self._whole else [group for group in self.groups if not group.is_empty]
        told = [group.searches if at or not group.is_spelt else group.telling for at, group in enumerate(groups)]
        return [search for searches in told for search in searches]

    def read(self, block: bytes) -> bool:
        """Is the block as it should be? Then `ends` are the places of lines that could matter."""
        if not block.startswith(self._beginning) or not block.endswith(b"}\n"):
            return False
        ends = line_ends(block)
        if not self._between.are_at(block, ends[:-1] - 1):
            return False
        self.newlines = len(ends)
        self.ends = (ends + 1).tolist() if self._whole else read_all(block, self.groups)
        return True


def line_ends(block: bytes) -> npt.NDArray[np.intp]:
    """Where the line ends are. Eight bytes are passed over at once, which takes half the time of looking at each."""
    size = len(block)
    are = np.empty(-(-size // _EIGHT) * _EIGHT, np.bool_)
    are[size:] = False
    np.equal(np.frombuffer(block, np.uint8), _LINE_END, out=are[:size])
    eights = are.view("<u8")
    some = np.flatnonzero(eights != 0)
    found = eights[some]
    if (found & (found - 1)).any():  # two line ends within eight bytes: hardly in an export
        return np.flatnonzero(are)
    places: npt.NDArray[np.intp] = some * _EIGHT + (np.frexp(found)[1] - 1) // _EIGHT
    return places


def is_ascii(block: bytes) -> bool:
    """As `bytes.isascii`, in half the time."""
    return bool(np.frombuffer(block, np.uint8).max(initial=0) < _BEYOND_ASCII)


class _Words:
    """Some bytes, eight at a time, to be compared at many places at once."""

    def __init__(self, expected: bytes) -> None:
        self._length = len(expected)
        offsets = [*range(0, self._length - _EIGHT, _EIGHT), self._length - _EIGHT]
        self._expected = [(at, int.from_bytes(expected[at : at + _EIGHT], "little")) for at in offsets]

    def are_at(self, block: bytes, places: npt.NDArray[np.intp]) -> bool:
        """Do these bytes stand at each of the places?"""
        if not len(places):
            return True
        if places[-1] + self._length > len(block):
            return False
        words = np.ndarray((len(block) - _EIGHT + 1,), "<u8", block, strides=(1,))  # the eight bytes from every place
        return all(bool((words[places + at] == word).all()) for at, word in self._expected)


class Raw:
    """Characters beyond ASCII that may be letters of a word of ours."""

    def __init__(self) -> None:
        self._ends: list[int] = []

    @cached_property
    def _search(self) -> Search:
        return handing_over([(raw_expression(), 0, self._ends.append)])

    def read(self, block: bytes, groups: Iterable[Group]) -> list[int]:
        """Where such a word stands."""
        asked = [group for group in groups if group.looked.words or group.looked.codes]
        if not asked:
            return []
        self._ends.clear()
        self._search.run(block)
        return [end for group in asked for end in group.judged(block, self._ends)]


class Frame:
    """How lines begin and end, and of which types they are."""

    def __init__(self, whole: Collection[str], wanted: Collection[str], *, unknown: bool = False) -> None:
        """With types of which every line is wanted, types that are; and are lines of types that FHIR does not have?"""
        self._unknown = unknown
        self._types = (*dict.fromkeys((*READ_TYPES, *wanted)), *TOLD_APART)
        self.types: set[str] = set()
        self.begun: set[str] = set()
        self.newlines = 0
        self._whole = {*whole, *TOLD_APART}
        self._ends: list[int] = []

    @cached_property
    def _search(self) -> Search:
        unsound = self._ends.append
        wanted: list[Wanted] = [
            (rb"[^}\r]\n", 0, unsound),
            (rb"[^}]\r\n", 0, unsound),
            (rb"\n[^{]", 0, unsound),
            (_otherwise_than(b"\n" + BEGINNING), 0, self._any_type),
        ]
        for kind in self._types:
            flags = 0 if kind in self._whole else hyperscan.HS_FLAG_SINGLEMATCH
            wanted.append((b"\n" + re.escape(BEGINNING) + kind.encode() + b'"', flags, self._of_type(kind)))
        return handing_over(wanted)

    def read(self, block: bytes) -> list[int]:
        """The places of lines that are wanted whatever is in them; sets `types`, `begun` and `newlines`."""
        self.types.clear()
        self.begun.clear()
        self._ends.clear()
        ends = line_ends(block)
        self.newlines = len(ends)
        if self._unknown:
            self._ends += _of_no_type(block, [0, *(ends + 1).tolist()])
        self._first_line(block)
        self._search.run(block)
        if block[-1:] != b"\n":
            self._ends.append(len(block))
        return list(self._ends)

    def _of_type(self, kind: str) -> Callable[[int], None]:
        def seen(end: int) -> None:
            self.types.add(kind)
            self.begun.add(kind)
            if kind in self._whole:
                self._ends.append(end)

        return seen

    def _any_type(self, end: int) -> None:
        """A line that does not begin with its type may be of any, also of one that is wanted whole."""
        self.types.update(self._types)
        self._ends.append(end)

    def _first_line(self, block: bytes) -> None:
        begun = FIRST_TYPE.match(block)
        if begun is None:
            self._any_type(1)
        elif (kind := begun[1].decode()) in self._types:
            self._of_type(kind)(1)


def _of_no_type(block: bytes, starts: Sequence[int]) -> list[int]:
    """Places in those of the lines that do not begin with a type that FHIR has."""
    skip, longest = len(BEGINNING), max(map(len, _TYPES)) + 1
    return [
        start + 1
        for start in starts
        if block[start + skip : start + skip + longest].partition(b'"')[0] not in _TYPES and start < len(block)
    ]


def _otherwise_than(beginning: bytes) -> bytes:
    """Finds what begins like `beginning` and goes on in another way, or has an escape in the word behind it."""
    ways = [
        re.escape(beginning[:at]) + b"[^" + re.escape(beginning[at : at + 1]) + b"]" for at in range(1, len(beginning))
    ]
    ways.append(re.escape(beginning) + rb"[^\"\n]*\\")
    return b"|".join(ways)
