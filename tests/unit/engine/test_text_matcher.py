"""How phrases are read, and how far the words reach that forbid or spread a match."""

import pytest

from spmwatch.engine.terminology.phrases import expanded, words_of
from spmwatch.engine.terminology.text_match import Cue, CueKind, Side, Term, TextMatcher


def test_phrases_with_choices() -> None:
    assert {" ".join(words_of(reading)) for reading in expanded("[a|b] {c|d} [of [the]] e")} == {
        f"{first}{second}{third} e" for first in ("", "a ", "b ") for second in "cd" for third in ("", " of", " of the")
    }


def test_words_of_a_text() -> None:
    assert words_of("Crème® 1.5 mg. ?AML, i.v.") == ("creme", "1", "5", "mg", ".", "?", "aml", ",", "i", "v", ".")
    assert words_of("") == ()


NO = Cue(id="no", kind=CueKind.FORBID, side=Side.BEFORE, phrases=("no",), gap=frozenset({"new"}))
GONE = Cue(id="gone", kind=CueKind.FORBID, side=Side.AFTER, phrases=("gone",))
SPREAD = Cue(id="spread", kind=CueKind.FORBID, side=Side.CLAUSE, phrases=("spread",), groups=frozenset({"solid"}))
MATCHER = TextMatcher(
    [Term("apple", "apple", "solid"), Term("pear", "pear"), Term("apple pie", None)],
    [NO, GONE, SPREAD],
    breaks=["but"],
    list_words=["or", "and"],
)


@pytest.mark.parametrize(
    ("text", "meanings"),
    [
        ("apple", ["apple"]),
        ("no apple", []),
        ("no new apple", []),
        ("no old apple", ["apple"]),
        ("no apple or pear", []),
        ("no apple, pear", []),
        ("no apple, pear today", ["pear"]),
        ("no worm, apple", ["apple"]),
        ("no. apple", ["apple"]),
        ("no but apple", ["apple"]),
        ("apple gone", []),
        ("apple and pear gone", []),
        ("apple, pear gone", ["apple"]),
        ("apple spread", []),
        ("spread pear", ["pear"]),
        ("spread. apple", ["apple"]),
        ("apple pie", []),
        ("apple pie or apple", ["apple"]),
    ],
)
def test_how_far_a_cue_reaches(text: str, meanings: list[str]) -> None:
    assert [hit.meaning for hit in MATCHER.find(text)] == meanings


def test_one_phrase_cannot_mean_two_things() -> None:
    with pytest.raises(ValueError, match="stands for"):
        TextMatcher([Term("apple", "fruit"), Term("Apple", "company")], [])
