"""Finding our terms in free text: by whole words, never where a negation, a relative or a plan forbids it.

The terms and the cues are data (rules/value_sets); here is only how they are read. A text becomes words without case,
accents and punctuation, so `Revlimid® 10mg` and `REVLIMID-10mg` read alike; what ends a clause stays as a break. The longest
term wins at each place ("melphalan flufenamide" is not "melphalan"). Work is linear in the length of the text.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

V = TypeVar("V")

TEXT_LIMIT = 20_000
"""Characters of a text that are read; a longer one is a document, not a display, and its rest is not looked at."""

WINDOW = 10
"""Words between a cue and the term it speaks of, at most."""

_TOKEN = re.compile(r"[^\W_]+|\?(?=\w)|\n|[.;!?](?=\s|$)|,")
_HARD = frozenset({".", ";", "!", "\n"})
_COMMA = ","
_MARKS = str.maketrans(dict.fromkeys("®™©℠", " "))
_CHOICE = re.compile(r"\[([^\[\]{}]*)\]|\{([^\[\]{}]*)\}")
_DOSE = re.compile(r"\d+(mg|g|mcg|ug|ml|m2)?|mg|g|mcg|ug|ml|m2|daily|weekly|tablets?|capsules?|iv|po|oral|orally")


class CueKind(StrEnum):
    """What a cue does to the term it speaks of."""

    FORBID = "forbid"  # negated, of a relative, hypothetical, planned, an allergy: no match
    HISTORY = "history"  # it was so once: the match says `history`
    HARMLESS = "harmless"  # looks like a cue and is none ("no longer", "no change")


class Side(StrEnum):
    """Where a cue stands as seen from the term."""

    BEFORE = "before"
    AFTER = "after"
    CLAUSE = "clause"  # anywhere in the same sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Cue:
    """Phrases that change what a term near them means.

    Attributes:
        gap: words that may stand between phrase and term; terms and `list_words` always may.
        reach: how many other words may stand between.
        groups: the cue touches only terms of these groups (empty: all), see `Term.group`.
    """

    id: str
    kind: CueKind
    side: Side
    phrases: tuple[str, ...]
    gap: frozenset[str] = frozenset()
    reach: int = 0
    groups: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Term:
    """A phrase and what it means; `meaning` None: the phrase forbids any match on its words."""

    phrase: str
    meaning: str | None
    group: str = ""


@dataclass(frozen=True, slots=True)
class Hit:
    """A term found. `history`: every mention says that it was so once."""

    meaning: str
    phrase: str
    history: bool = False


def words_of(text: str) -> tuple[str, ...]:
    """The words and breaks of `text`, without case and accents, from its first TEXT_LIMIT characters."""
    plain = unicodedata.normalize("NFKD", text[:TEXT_LIMIT].translate(_MARKS).casefold())
    return tuple(_TOKEN.findall("".join(c for c in plain if not unicodedata.combining(c))))


def expanded(phrase: str) -> Iterator[str]:
    """Every reading of a phrase: `[a|b]` is one of these or nothing, `{a|b}` one of these."""
    found = _CHOICE.search(phrase)
    if found is None:
        yield phrase
        return
    optional, needed = found.groups()
    choices = [*optional.split("|"), ""] if optional is not None else needed.split("|")
    for choice in choices:
        yield from expanded(f"{phrase[: found.start()]} {choice} {phrase[found.end() :]}")


@dataclass(slots=True)
class _Node(Generic[V]):
    """A place in a tree of words."""

    children: dict[str, _Node[V]]
    value: V | None = None


class _Phrases(Generic[V]):
    """Many phrases, looked up word by word; the longest wins."""

    def __init__(self) -> None:
        self._root: _Node[V] = _Node({})

    def add(self, words: Sequence[str], value: V) -> V:
        """Enter a phrase; returns what stands there, which is another value when the phrase was known."""
        node = self._root
        for word in words:
            node = node.children.setdefault(word, _Node({}))
        if node.value is None:
            node.value = value
        return node.value

    def longest(self, words: Sequence[str], start: int) -> tuple[int, V] | None:
        """End and value of the longest phrase that starts at `start`."""
        node, best = self._root, None
        for at in range(start, len(words)):
            following = node.children.get(words[at])
            if following is None:
                break
            node = following
            if node.value is not None:
                best = (at + 1, node.value)
        return best

    def spans(self, words: Sequence[str]) -> Iterator[tuple[int, int, V]]:
        """Leftmost longest phrases, one after the other."""
        at = 0
        while at < len(words):
            found = self.longest(words, at)
            if found is None:
                at += 1
            else:
                yield at, found[0], found[1]
                at = found[0]


class TextMatcher:
    """The terms of one category, with the cues that apply to it."""

    def __init__(
        self,
        terms: Iterable[Term],
        cues: Iterable[Cue],
        *,
        whole: Iterable[Term] = (),
        breaks: Iterable[str] = (),
        list_words: Iterable[str] = (),
    ) -> None:
        """Args: `whole` are terms that match only when they are the whole text; `breaks` are words that end a clause.

        Raises:
            ValueError: a phrase has no words, or stands for two meanings.
        """
        self._terms, self._cues = _Phrases[Term](), _Phrases[tuple[Cue, ...]]()
        self._whole: dict[tuple[str, ...], Term] = {}
        self._breaks, self._list_words = frozenset(breaks), frozenset(list_words)
        for term in terms:
            self._enter(term)
        for term in whole:
            for reading in expanded(term.phrase):
                self._whole[words_of(reading)] = term
        phrases: defaultdict[tuple[str, ...], list[Cue]] = defaultdict(list)
        for cue in cues:
            for phrase in cue.phrases:
                for reading in expanded(phrase):
                    phrases[words_of(reading)].append(cue)
        for words, meant in phrases.items():
            self._cues.add(words, tuple(meant))

    def _enter(self, term: Term) -> None:
        for reading in expanded(term.phrase):
            words = words_of(reading)
            if not words:
                raise ValueError(f"`{term.phrase}` has no words")
            known = self._terms.add(words, term)
            if known.meaning != term.meaning and None not in (known.meaning, term.meaning):
                raise ValueError(f"`{' '.join(words)}` stands for `{known.meaning}` and for `{term.meaning}`")

    def find(self, text: str) -> tuple[Hit, ...]:
        """What `text` speaks of, each meaning once, in order of first mention."""
        words = words_of(text)
        alone = self._whole.get(tuple(word for word in words if word not in _HARD))
        if alone is not None and alone.meaning is not None:
            return (Hit(alone.meaning, alone.phrase),)
        mentions = list(self._terms.spans(words))
        if not mentions:
            return ()
        reading = _Reading(words, mentions, list(self._cues.spans(words)), self._breaks, self._list_words)
        hits: dict[str, Hit] = {}
        for start, end, term in mentions:
            if term.meaning is None:
                continue
            kinds = reading.kinds(start, end, term)
            if CueKind.FORBID in kinds:
                continue
            history = CueKind.HISTORY in kinds
            known = hits.get(term.meaning)
            if known is None or (known.history and not history):
                hits[term.meaning] = Hit(term.meaning, term.phrase, history)
        return tuple(hits.values())


class _Reading:
    """One text with its mentions and cues."""

    def __init__(
        self,
        words: Sequence[str],
        mentions: Iterable[tuple[int, int, Term]],
        cues: Iterable[tuple[int, int, tuple[Cue, ...]]],
        breaks: frozenset[str],
        list_words: frozenset[str],
    ) -> None:
        self._words, self._breaks = words, breaks
        self._listed = [word in list_words for word in words]
        for start, end, _ in mentions:
            self._listed[start:end] = [True] * (end - start)
        self._starting: dict[int, tuple[int, tuple[Cue, ...]]] = {}
        self._ending: dict[int, tuple[int, tuple[Cue, ...]]] = {}
        self._clause = _clauses(words, breaks)
        self._in_clause: defaultdict[int, list[Cue]] = defaultdict(list)
        for start, end, meant in cues:
            self._starting[start] = (end, meant)
            self._ending[end] = (start, meant)
            self._in_clause[self._clause[start]] += [cue for cue in meant if cue.side is Side.CLAUSE]

    def kinds(self, start: int, end: int, term: Term) -> frozenset[CueKind]:
        """What the cues around the mention `start:end` do to it."""
        found = [*self._before(start, end), *self._after(start, end), *self._in_clause[self._clause[start]]]
        return frozenset(cue.kind for cue in found if not cue.groups or term.group in cue.groups)

    def _before(self, start: int, end: int) -> Iterator[Cue]:
        gap: list[int] = []
        for at in range(start, max(start - WINDOW, 0) - 1, -1):
            for cue in self._ending.get(at, (0, ()))[1]:
                if cue.side is Side.BEFORE and self._spans(gap, cue, self._rest_is_list(end)):
                    yield cue
            if at == 0 or self._ends_clause(at - 1):
                return
            gap.append(at - 1)

    def _after(self, start: int, end: int) -> Iterator[Cue]:
        gap: list[int] = []
        for at in range(end, min(end + WINDOW, len(self._words)) + 1):
            for cue in self._starting.get(at, (0, ()))[1]:
                joined = any(self._words[place] in ("and", "or", "nor") for place in gap)
                if cue.side is Side.AFTER and self._spans(gap, cue, joined):
                    yield cue
            if at == len(self._words) or self._ends_clause(at):
                return
            gap.append(at)

    def _spans(self, gap: Sequence[int], cue: Cue, listing: bool) -> bool:
        """May these words stand between cue and term? A comma only where both belong to one list."""
        commas = [index for index, place in enumerate(gap) if self._words[place] == _COMMA]
        others = [place for place in gap if self._words[place] != _COMMA and not self._listed[place]]
        strange = sum(self._words[place] not in cue.gap for place in others)
        if commas:
            nearest_are_items = all(self._listed[place] for place in gap[: commas[0]])
            return listing and nearest_are_items and strange <= cue.reach
        return strange <= cue.reach

    def _rest_is_list(self, end: int) -> bool:
        """Is the rest of the clause no more than further items of a list?"""
        for place in range(end, len(self._words)):
            if self._ends_clause(place):
                return True
            if not (self._listed[place] or self._words[place] == _COMMA or _DOSE.fullmatch(self._words[place])):
                return False
        return True

    def _ends_clause(self, place: int) -> bool:
        word = self._words[place]
        return word in _HARD or word in self._breaks


def _clauses(words: Sequence[str], breaks: frozenset[str]) -> list[int]:
    """The number of the clause that each word stands in."""
    number, numbers = 0, []
    for word in words:
        number += word in _HARD or word in breaks
        numbers.append(number)
    return numbers
