"""Many phrases in one text: the same as each phrase by itself, and no dearer for their number."""

from collections.abc import Iterator, Sequence
from typing import overload

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spmwatch.engine.terminology.phrases import Phrases, checked_phrase, expanded, words_of

LETTERS = st.sampled_from("abc")
CHOICES = st.lists(st.lists(LETTERS, min_size=1, max_size=2).map(" ".join), min_size=1, max_size=3).map("|".join)
SLOTS = st.one_of(LETTERS, CHOICES.map("[{}]".format), CHOICES.map("{{{}}}".format))
PHRASES = st.lists(SLOTS, max_size=3).map(lambda slots: " ".join(["a", *slots])) | st.lists(SLOTS, max_size=2).map(
    lambda slots: " ".join([*slots, "b"])
)


class Counted(Sequence[str]):
    """Words that count how often one of them is looked at."""

    def __init__(self, words: Sequence[str]) -> None:
        self.looks, self._words = 0, words

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[str]: ...
    def __getitem__(self, at: int | slice) -> str | Sequence[str]:
        found = self._words[at]
        self.looks += 1 if isinstance(found, str) else len(found)
        return found

    def __len__(self) -> int:
        return len(self._words)

    def __iter__(self) -> Iterator[str]:
        return iter(self._words)


def one_by_one(phrases: Sequence[str], words: Sequence[str]) -> tuple[int, list[int]]:
    """What `longest` means, written out: every reading of every phrase held against the beginning of the words."""
    ends = [
        max((len(r) for r in map(words_of, expanded(phrase)) if tuple(words[: len(r)]) == r), default=0)
        for phrase in phrases
    ]
    best = max(ends, default=0)
    return best, [number for number, end in enumerate(ends) if best and end == best]


@given(st.lists(PHRASES, max_size=6), st.lists(LETTERS, min_size=1, max_size=8))
def test_followed_together_they_say_what_each_says(phrases: list[str], words: list[str]) -> None:
    phrases = [checked_phrase(phrase) for phrase in phrases]
    end, values = Phrases((phrase, number) for number, phrase in enumerate(phrases)).longest(words, 0)
    assert (end, list(values)) == one_by_one(phrases, words)


@pytest.mark.parametrize("number", [1, 100, 1000])
def test_a_thousand_phrases_that_begin_alike_look_no_oftener_at_a_text(number: int) -> None:
    phrases = Phrases((f"cancer of {{the|her}} organ{index} {{left|right}}", index) for index in range(number))
    words = Counted(["cancer", "of", "the", "organ0", "left"] * 200)
    assert len(list(phrases.spans(words))) == 200
    assert words.looks <= 3 * len(words)
