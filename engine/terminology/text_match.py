"""Finding our terms in free text: by whole words, never where a negation, a relative or a plan forbids it.

The terms and the cues are data (rules/value_sets); here is only how they are read. The longest term wins at each place
("melphalan flufenamide" is not "melphalan"). Work is linear in the length of the text.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from spmwatch.engine.terminology.phrases import Phrases, words_as_written, words_of

WINDOW = 10
"""Words between a cue and the term it speaks of, at most."""

_HARD = frozenset({".", ";", "!", "\n"})
_COMMA = ","


class CueKind(StrEnum):
    """What a cue does to the term it speaks of."""

    FORBID = "forbid"  # negated, of a relative, hypothetical, planned, an allergy: no match
    HISTORY = "history"  # it was so once: the match says `history`
    CONFIRM = "confirm"  # a short name near it is meant as what we know it for ("Rd protocol")
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
    """A phrase and what it means; `meaning` None: the phrase forbids any match on its words.

    Attributes:
        group: what cues may be limited to.
        cased: words of the phrase that have capitals count only as written.
        short: counts only as the whole text, alone beside a dose, or near a cue that confirms it.
        asked: says what we know it for only where it was asked for ("PD" as a response, not as a kind of dialysis).
    """

    phrase: str
    meaning: str | None
    group: str = ""
    cased: bool = False
    short: bool = False
    asked: bool = False


@dataclass(frozen=True, slots=True)
class Hit:
    """A term found. `history`: every mention says that it was so once. `asked`: see `Term`."""

    meaning: str
    phrase: str
    history: bool = False
    asked: bool = False


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
        listed = tuple(terms)
        _check(listed)
        self._terms = Phrases((term.phrase, term) for term in listed)
        self._whole = Phrases((term.phrase, term) for term in whole)
        given = tuple(cues)
        self._cues = {
            side: Phrases((phrase, cue) for cue in given if cue.side is side for phrase in cue.phrases) for side in Side
        }
        self._breaks, self._list_words = frozenset(breaks), frozenset(list_words)
        self._capitals = {term: _with_capitals(term.phrase) for term in listed if term.cased}

    def find(self, text: str) -> tuple[Hit, ...]:
        """What `text` speaks of, each meaning once, in order of first mention."""
        words = words_of(text)
        if whole := self._as_a_whole(words):
            return whole
        mentions = self._mentions(text, words)
        if not mentions:
            return ()
        cues = {side: list(phrases.spans(words)) for side, phrases in self._cues.items()}
        reading = _Reading(words, mentions, cues, self._breaks, self._list_words)
        hits: dict[str, Hit] = {}
        for start, end, term in mentions:
            known = None if term.meaning is None else hits.get(term.meaning)
            if term.meaning is None or (known is not None and not known.history):
                continue  # what is known for certain, no other mention changes
            kinds = reading.kinds(start, end, term)
            if CueKind.FORBID in kinds:
                continue
            if term.short and CueKind.CONFIRM not in kinds and not reading.alone(start, end):
                continue
            history = CueKind.HISTORY in kinds
            if known is None or not history:
                hits[term.meaning] = Hit(term.meaning, term.phrase, history)
        return tuple(hits.values())

    def _mentions(self, text: str, words: Sequence[str]) -> list[tuple[int, int, Term]]:
        """Where our terms stand, with the capitals that they need."""
        written: tuple[str, ...] | None = None
        mentions: list[tuple[int, int, Term]] = []
        for start, end, found in self._terms.spans(words):
            terms = found
            if any(term.cased for term in found):
                written = words_as_written(text) if written is None else written
                same = len(written) == len(words)  # else a letter fell apart, and places no longer tell the same word
                terms = [
                    t for t in found if not t.cased or (same and _as_written(written[start:end], self._capitals[t]))
                ]
            if terms:
                mentions.append((start, end, _chosen(terms)))
        return mentions

    def _as_a_whole(self, words: Sequence[str]) -> tuple[Hit, ...]:
        bare = [word for word in words if word not in _HARD]
        if not bare:
            return ()
        end, terms = self._whole.longest(bare, 0)
        return tuple(
            Hit(t.meaning, t.phrase, asked=t.asked) for t in terms[:1] if end == len(bare) and t.meaning is not None
        )


def _chosen(terms: Sequence[Term]) -> Term:
    """Of phrases on the same words one that means something, else one that forbids."""
    return next((term for term in terms if term.meaning is not None), terms[0])


def _with_capitals(phrase: str) -> frozenset[str]:
    """The words of a phrase that are not written small."""
    return frozenset(word for word in words_as_written(phrase) if word != word.casefold())


def _as_written(words: Iterable[str], capitals: frozenset[str]) -> bool:
    """Does each of these words that a phrase has in capitals stand so?"""
    small = {word.casefold() for word in capitals}
    return all(word in capitals or word.casefold() not in small for word in words)


def _check(terms: Iterable[Term]) -> None:
    """Raises ValueError when a phrase stands for two meanings."""
    meanings: dict[str, str] = {}
    for term in terms:
        if term.meaning is not None and meanings.setdefault(term.phrase.casefold(), term.meaning) != term.meaning:
            raise ValueError(f"`{term.phrase}` stands for `{meanings[term.phrase.casefold()]}` and `{term.meaning}`")


class _Reading:
    """One text with its mentions and cues."""

    def __init__(
        self,
        words: Sequence[str],
        mentions: Iterable[tuple[int, int, Term]],
        cues: Mapping[Side, Iterable[tuple[int, int, Sequence[Cue]]]],
        breaks: frozenset[str],
        list_words: frozenset[str],
    ) -> None:
        self._words, self._breaks, self._list_words = words, breaks, list_words
        self._listed = [word in list_words for word in words]
        inside = [False] * (len(words) + 1)  # is the place between two words of one mention?
        for start, end, _ in mentions:
            self._listed[start:end] = [True] * (end - start)
            inside[start + 1 : end] = [True] * (end - start - 1)
        # What is part of a term is no cue for its neighbours: "non-metastatic" says nothing of the tumour after it.
        self._ending = {end: meant for _, end, meant in cues[Side.BEFORE] if not inside[end]}
        self._starting = {start: meant for start, _, meant in cues[Side.AFTER] if not inside[start]}
        self._has_before = _reached(len(words), ((end, end + WINDOW) for end in self._ending))
        self._has_after = _reached(len(words), ((start - WINDOW, start) for start in self._starting))
        self._clause = _clauses(words, breaks)
        self._parts: frozenset[tuple[int, int]] | None = None  # between commas and full stops, once it was asked for
        self._has_a_number = False
        self._lists_on: list[bool] | None = None  # from each place on, once it was asked for
        self._in_clause: defaultdict[int, set[Cue]] = defaultdict(set)
        for start, _, meant in cues[Side.CLAUSE]:
            self._in_clause[self._clause[start]].update(meant)

    def kinds(self, start: int, end: int, term: Term) -> frozenset[CueKind]:
        """What the cues around the mention `start:end` do to it."""
        found = list(self._in_clause.get(self._clause[start], ()))
        if self._has_before[start]:
            found += self._before(start, end)
        if self._has_after[end]:
            found += self._after(end)
        return frozenset(cue.kind for cue in found if not cue.groups or term.group in cue.groups)

    def alone(self, start: int, end: int) -> bool:
        """Is it the whole text, or a part by itself in a text of which another part begins with a number?"""
        parts = self._parts
        if parts is None:
            edges = [place for place, word in enumerate(self._words) if word in _HARD or word == _COMMA]
            between = zip([0, *(edge + 1 for edge in edges)], [*edges, len(self._words)], strict=True)
            parts = self._parts = frozenset((first, last) for first, last in between if first < last)
            self._has_a_number = any(self._words[first].isdecimal() for first, _ in parts)
        return (start, end) in parts and (len(parts) == 1 or self._has_a_number)

    def _before(self, start: int, end: int) -> Iterator[Cue]:
        gap = _Gap()
        for at in range(start, max(start - WINDOW, 0) - 1, -1):
            for cue in self._ending.get(at, ()):
                if gap.lets(cue) and (not gap.has_comma or (gap.is_list and self._rest_is_list(end))):
                    yield cue
            if at == 0 or self._ends_clause(at - 1):
                return
            gap.widen(self._words[at - 1], listed=self._listed[at - 1])

    def _after(self, end: int) -> Iterator[Cue]:
        gap = _Gap()
        joined = False
        for at in range(end, min(end + WINDOW, len(self._words)) + 1):
            for cue in self._starting.get(at, ()):
                if gap.lets(cue) and (not gap.has_comma or (gap.is_list and joined)):
                    yield cue
            if at == len(self._words) or self._ends_clause(at):
                return
            gap.widen(self._words[at], listed=self._listed[at])
            joined = joined or self._words[at] in self._list_words

    def _rest_is_list(self, end: int) -> bool:
        """Is the rest of the clause no more than further items of a list?"""
        if self._lists_on is None:  # told for all places at once, so that a long list is not walked for each item
            told, on = [True] * (len(self._words) + 1), True
            for place in range(len(self._words) - 1, -1, -1):
                on = self._ends_clause(place) or (on and (self._listed[place] or self._words[place] == _COMMA))
                told[place] = on
            self._lists_on = told
        return self._lists_on[end]

    def _ends_clause(self, place: int) -> bool:
        word = self._words[place]
        return word in _HARD or word in self._breaks


class _Gap:
    """The words between a term and a cue, from the term on.

    Attributes:
        has_comma: then cue and term belong together only where both are of one list.
        is_list: nothing but items of a list stands between the term and the first comma.
    """

    def __init__(self) -> None:
        self.has_comma, self.is_list = False, True
        self._others: list[str] = []

    def widen(self, word: str, *, listed: bool) -> None:
        """Take in the next word."""
        if word == _COMMA:
            self.has_comma = True
        elif not listed:
            self._others.append(word)
            self.is_list = self.is_list and self.has_comma

    def lets(self, cue: Cue) -> bool:
        """May these words, commas aside, stand between the term and this cue?"""
        strange = 0
        for word in self._others:
            strange += word not in cue.gap
            if strange > cue.reach:
                return False
        return True


def _reached(length: int, spans: Iterable[tuple[int, int]]) -> bytearray:
    """Of each place between words: does one of these spans, its ends included, reach it?"""
    reached = bytearray(length + 1)
    for begin, end in spans:
        first, behind = max(begin, 0), min(end, length) + 1
        reached[first:behind] = b"\1" * (behind - first)
    return reached


def _clauses(words: Sequence[str], breaks: frozenset[str]) -> list[int]:
    """The number of the clause that each word stands in."""
    number, numbers = 0, []
    for word in words:
        number += word in _HARD or word in breaks
        numbers.append(number)
    return numbers
