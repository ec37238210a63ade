"""Phrases of whole words, with choices, and finding many of them in a text at once.

A text becomes words without case, accents and punctuation, so `Revlimid® 10mg` and `REVLIMID-10mg` read alike; what
ends a clause stays as a break. In a phrase `[a|b]` is one of these or nothing and `{a|b}` is one of these.
"""

from __future__ import annotations

import re
import unicodedata
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
        plain = _decomposed(plain).translate(_ACCENTS)
    return tuple(_TOKEN.findall(plain))


def _decomposed(text: str) -> str:
    """`text` with accents apart from their letters.

    Piece by piece: accents in a row are put in order in a time that grows with the square of their number.
    """
    return "".join(unicodedata.normalize("NFKD", text[at : at + _PIECE]) for at in range(0, len(text), _PIECE))


class _Accents(dict[int, int | None]):
    """For `str.translate`: takes out what combines with a letter; looked up once for each character there is."""

    def __missing__(self, character: int) -> int | None:
        kept = None if unicodedata.combining(chr(character)) else character
        self[character] = kept
        return kept


_ACCENTS = _Accents()


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
    slots_of(phrase)
    return phrase


def slots_of(phrase: str) -> tuple[Slot, ...]:
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
    """Many phrases, followed word by word all at once, so their number costs nothing; the longest wins."""

    def __init__(self, phrases: Iterable[tuple[str, V]]) -> None:
        rows = [(slots_of(phrase), value) for phrase, value in phrases]
        self._root = _Place([(number, 0, ()) for number in range(len(rows))], rows)

    def longest(self, words: Sequence[str], start: int) -> tuple[int, Sequence[V]]:
        """Where the longest phrases that begin at `start` end, and what they mean; nothing when none does."""
        best, values = start, self._root.values
        place = self._root
        for at in range(start, len(words)):
            following = place.after(words[at])
            if following is None:
                break
            place = following
            if place.values:
                best, values = at + 1, place.values
        return best, values

    def spans(self, words: Sequence[str]) -> Iterator[tuple[int, int, Sequence[V]]]:
        """Leftmost longest phrases, one after the other."""
        firsts, read = self._root.further, 0
        for at in [place for place, word in enumerate(words) if word in firsts]:
            if at < read:
                continue  # inside the one before
            end, values = self.longest(words, at)
            if values:
                read = end
                yield at, end, values


_Way = tuple[int, int, tuple[str, ...]]
"""How far one phrase has come: its number, the next of its slots, the words still to come before that."""


class _Place(Generic[V]):
    """What may follow, and what has been said, once certain words have been read.

    The places after it are made when a text first leads there: choices multiply, and few of their readings are written.

    Attributes:
        values: of the phrases that end here, in their order.
        further: word that goes on from here -> the ways it goes on.
    """

    __slots__ = ("_made", "_rows", "further", "values")

    def __init__(self, ways: Iterable[_Way], rows: Sequence[tuple[tuple[Slot, ...], V]]) -> None:
        self._rows = rows
        self._made: dict[str, _Place[V]] = {}
        self.further: dict[str, set[_Way]] = {}
        ended: set[int] = set()
        left = list(ways)
        while left:
            number, slot, words = left.pop()
            slots = rows[number][0]
            if words:
                self.further.setdefault(words[0], set()).add((number, slot, words[1:]))
            elif slot == len(slots):
                ended.add(number)
            else:
                left += [(number, slot + 1, choice) for choice in slots[slot]]
        self.values: Sequence[V] = tuple(rows[number][1] for number in sorted(ended))

    def after(self, word: str) -> _Place[V] | None:
        """The place behind one more word; None when no phrase goes on so."""
        made = self._made.get(word)
        if made is None and word in self.further:
            made = self._made[word] = _Place(self.further[word], self._rows)
        return made
