"""Phrases of whole words, with choices, and finding many of them in a text at once.

A text becomes words without case, accents and punctuation, so `Revlimid® 10mg` and `REVLIMID-10mg` read alike; what
ends a clause stays as a break. In a phrase `[a|b]` is one of these or nothing and `{a|b}` is one of these.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Generic, TypeVar

V = TypeVar("V")
Slot = frozenset[tuple[str, ...]]
"""The words that may stand at one place of a phrase; with () among them the place may be left out."""

TEXT_LIMIT = 20_000
"""Characters of a text that are read; a longer one is a document, not a display, and its rest is not looked at."""

_TOKEN = re.compile(r"[^\W_]+|\?(?=\w)|\n|[.;!?](?=\s|$)|,")
_LESS = re.compile(r"<(?=\s*[^\W\d_]{2})")
"""Before a word, "<VGPR" is "less than VGPR"; before a number nothing of ours depends on it."""
_MARKS = str.maketrans(dict.fromkeys("®™©℠", " "))
_PIECE = 64
"""Characters that are decomposed at once."""
_BREAKS = frozenset(".;!\n,")
_CHOICE = re.compile(r"\[([^\[\]{}]*)\]|\{([^\[\]{}]*)\}")


def words_of(text: str) -> tuple[str, ...]:
    """The words and breaks of `text`, without case and accents, from its first TEXT_LIMIT characters."""
    return _tokens(text[:TEXT_LIMIT].translate(_MARKS).casefold())


def words_as_written(text: str) -> tuple[str, ...]:
    """As `words_of`, with the capitals that the text has."""
    return _tokens(text[:TEXT_LIMIT].translate(_MARKS))


def _tokens(plain: str) -> tuple[str, ...]:
    if "<" in plain:
        plain = _LESS.sub(" less than ", plain)
    if not plain.isascii():
        plain = "".join(c for c in _decomposed(plain) if not unicodedata.combining(c))
    return tuple(_TOKEN.findall(plain))


def _decomposed(text: str) -> Iterator[str]:
    """The characters of `text` with accents apart, in order but for accents.

    Piece by piece: accents in a row are put in order in a time that grows with the square of their number.
    """
    for at in range(0, len(text), _PIECE):
        yield from unicodedata.normalize("NFKD", text[at : at + _PIECE])


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


def checked_phrase(phrase: str) -> str:
    """`phrase` itself; raises ValueError when it has no word that must stand, or a bracket without its pair."""
    _slots(phrase)
    return phrase


def _slots(phrase: str) -> tuple[Slot, ...]:
    """A phrase as a row of slots; raises ValueError when it has no words or its brackets do not pair."""
    slots: list[Slot] = []
    depth = start = 0
    for at, letter in enumerate(f"{phrase} [ "):
        depth += (letter in "[{") - (letter in "]}")
        if letter in "[{" and depth == 1:
            slots += [frozenset({(word,)}) for word in words_of(phrase[start:at])]
            start = at
        elif letter in "]}" and depth == 0:
            slots.append(frozenset(words_of(reading) for reading in expanded(phrase[start : at + 1])))
            start = at + 1
    if depth != 1 or not any(all(_BREAKS.isdisjoint(choice) and choice for choice in slot) for slot in slots):
        raise ValueError(f"`{phrase}` has no word that must stand, or a bracket without its pair")
    return tuple(slots)


class Phrases(Generic[V]):
    """Many phrases, found by their first word; the longest wins."""

    def __init__(self, phrases: Iterable[tuple[str, V]]) -> None:
        self._by_first: defaultdict[str, list[tuple[tuple[Slot, ...], V]]] = defaultdict(list)
        for phrase, value in phrases:
            slots = _slots(phrase)
            for first in _first_words(slots):
                self._by_first[first].append((slots, value))

    def longest(self, words: Sequence[str], start: int) -> tuple[int, list[V]]:
        """Where the longest phrases that begin at `start` end, and what they mean; an empty list when none does."""
        best, values = start, list[V]()
        for slots, value in self._by_first.get(words[start], ()):
            end = _end(words, start, slots)
            if end > best:
                best, values = end, [value]
            elif end == best and values:
                values.append(value)
        return best, values

    def spans(self, words: Sequence[str]) -> Iterator[tuple[int, int, list[V]]]:
        """Leftmost longest phrases, one after the other."""
        at, firsts = 0, self._by_first
        while at < len(words):
            if words[at] not in firsts:
                at += 1
                continue
            end, values = self.longest(words, at)
            if values:
                yield at, end, values
            at = max(end, at + 1)


def _first_words(slots: Sequence[Slot]) -> frozenset[str]:
    """The words that a phrase may begin with."""
    firsts: set[str] = set()
    for slot in slots:
        firsts |= {choice[0] for choice in slot if choice}
        if () not in slot:
            break
    return frozenset(firsts)


def _end(words: Sequence[str], start: int, slots: Iterable[Slot]) -> int:
    """Where a phrase that begins at `start` ends, at the latest; `start` itself when it does not stand there."""
    places = {start}
    for slot in slots:
        places = {
            place + len(choice)
            for place in places
            for choice in slot
            if tuple(words[place : place + len(choice)]) == choice
        }
        if not places:
            return start
    return max(places)
