"""Words and codes that are written otherwise than in plain ASCII: accents, full width, a JSON escape for a letter.

A text is compared without case and accents (engine/terminology/phrases.py), so there are thousands of ways to write one
word. They are not looked for one by one: wherever a letter stands that could be part of one, its word is read as the
matcher would read it. Words repeat, so the answers are remembered.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache

from spmwatch.engine.terminology.code_systems import icd_key
from spmwatch.engine.terminology.phrases import words_of
from spmwatch.screening.scan.patterns import Looked

_PLANES = range(0x80, 0x20000)
"""Where characters are that fall apart into plain letters; beyond are ideographs and marks of their own kind."""
_WORD = re.compile(rb"\\[^u]|(?:[0-9A-Za-z\x80-\xff]|\\u[0-9A-Fa-f]{4})+")  # the letter of an escape is of no word
_SPELT = re.compile(r"\\u([0-9A-Fa-f]{4})")
_WINDOW = 120
_REMEMBERED = 100_000


@cache
def telling() -> tuple[str, ...]:
    """Characters beyond ASCII that can be part of a word or a code of ours, or stand inside one unseen."""
    return tuple(sign for sign in map(chr, _PLANES) if _is_telling(sign))


def _is_telling(sign: str) -> bool:
    if not (unicodedata.combining(sign) or unicodedata.decomposition(sign) or sign.casefold() != sign):
        return _rises(sign)
    words = words_of(f"a{sign}a")  # "aa": it is passed over; "a1a", "ma": it is read as plain letters
    return any(word.isascii() and word.isalnum() and word != "a" for word in words) or _rises(sign)


def _rises(sign: str) -> bool:
    """Has it capitals that are ASCII? Codes are compared in capitals."""
    return any(letter.isascii() and letter.isalnum() for letter in sign.upper())


def raw_expression() -> bytes:
    """Finds such a character in UTF-8."""
    return _any_of(sign.encode() for sign in telling())


def spelt_expression(signs: Iterable[str] = ()) -> bytes:
    """Finds a JSON escape of one of these characters, of a plain letter or digit, or of half a character."""
    plain = {*map(chr, range(128)), *signs}
    numbers = {ord(sign) for sign in plain if sign.isalnum() or sign in "-." or sign in signs} - {
        ord(sign) for sign in "<>&'"
    }
    return (
        rb"\\u(?:"
        + _any_of((b"%04x" % number for number in numbers if number < 0x10000), caseless=True)
        + rb"|[Dd][89A-Fa-f])"
    )


def spelt_telling_expression() -> bytes:
    """Finds a JSON escape of such a character."""
    return rb"\\u" + _any_of((b"%04x" % ord(sign) for sign in telling() if ord(sign) < 0x10000), caseless=True)


def _any_of(strings: Iterable[bytes], *, caseless: bool = False) -> bytes:
    """An expression for any of the strings, those that differ only in their last byte taken together."""
    lasts: dict[bytes, set[int]] = {}
    for one in strings:
        lasts.setdefault(one[:-1], set()).add(one[-1])
    by_last: dict[bytes, list[bytes]] = {}
    for first, last in sorted(lasts.items()):
        by_last.setdefault(_class(last), []).append(b"".join(b"\\x%02x" % byte for byte in first))
    parts = [b"(?:" + b"|".join(firsts) + b")" + last for last, firsts in sorted(by_last.items())]
    return (b"(?i:" if caseless else b"(?:") + b"|".join(parts) + b")"


def _class(letters: Iterable[int]) -> bytes:
    return b"[" + b"".join(b"\\x%02x" % letter for letter in sorted(letters)) + b"]"


class Lettering:
    """Says whether the word around a place may be one of those that are looked for."""

    def __init__(self, looked: Looked) -> None:
        self._words, self._codes = looked.words, looked.codes
        self._known: dict[bytes, bool] = {}

    def may_matter(self, data: bytes, end: int) -> bool:
        """Is the word that has a telling letter just before `end` one of ours, as far as can be told?"""
        start = max(0, end - _WINDOW)
        window = data[start : end + _WINDOW]
        for found in _WORD.finditer(window):
            if found.end() >= end - start:
                if found.start() >= end - start:
                    return True  # cut in the middle of an escape or a character: not for us to judge
                word = found.group()
                if found.start() == 0 or found.end() == len(window):
                    return True  # longer than we look at
                known = self._known.get(word)
                if known is None:
                    if len(self._known) >= _REMEMBERED:
                        self._known.clear()
                    known = self._known[word] = self._is_ours(word)
                return known
        return True

    def _is_ours(self, word: bytes) -> bool:
        try:
            text = word.decode()
        except UnicodeDecodeError:
            return True
        text = _SPELT.sub(lambda found: chr(int(found[1], 16)), text)
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        if not self._words.isdisjoint(words_of(text)):
            return True
        return any(self._is_code(key) for key in self._keys(text))

    def _keys(self, text: str) -> Iterator[str]:
        """The word as codes are read, if one of its letters becomes ASCII only in capitals."""
        if any(not letter.isascii() and _rises(letter) for letter in text):
            yield icd_key(text)

    def _is_code(self, key: str) -> bool:
        """May the key be one of our codes, or begin or end one?"""
        return bool(key) and any(key in code or code in key for code in self._codes)
