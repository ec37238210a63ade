"""What is wrong with a sentence that no step reads, where that can be told: the very word, and what to write instead.

First what was written in another way is put right (curly quotes, a full stop, a date of another country). Then each
place of each step in turn may hold anything: where the sentence is read so, what stands in that place is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache

from spmwatch.fhir_adapters.relevance import READ_TYPES
from spmwatch.rule_testing.dates import HOW_TO_WRITE_A_DATE, RELATIVE
from spmwatch.rule_testing.step_list import StepDefinition, step_definitions
from spmwatch.rule_testing.vocabulary import CODE_SYSTEMS, DISEASES, DRUGS, TRANSPLANTS, instead

_TIME = "Write e.g. `from 2024-01-01 to 2024-06-30`, `from 2024 and continues`, `on 2024-05-20` or `3 months ago`."
_WHOLE = "Write year, month and day, e.g. `2024-05-20`."
_NUMBER = "Write a number such as 10."
_RULE = "Write `it`, `part a` or the id of a rule, such as `SPM-05`."
_ID = "Write the id of a rule, such as `SPM-05`."
_SHOWN: Mapping[str, str] = {
    "amount": _NUMBER,
    "born": HOW_TO_WRITE_A_DATE,
    "day": HOW_TO_WRITE_A_DATE,
    "days": _NUMBER,
    "dose": _NUMBER,
    "high": _NUMBER,
    "low": _NUMBER,
    "number": _NUMBER,
    "rule": _RULE,
    "rules": _ID,
    "when": _TIME,
    "written": HOW_TO_WRITE_A_DATE,
    "years": _NUMBER,
}
"""How to write what steps call by these names."""
_CALLED: Mapping[str, str] = {
    "born": "date",
    "day": "date",
    "resource_type": "type of record",
    "rules": "list of rules",
    "system": "code system",
    "unit": "unit of a dose",
    "verb": "word for how a drug is on record",
    "when": "time",
    "who": "word for a patient",
    "written": "date",
    "reason": "disease",
}
_KNOWN: Mapping[str, Mapping[str, object]] = {
    "drug": DRUGS,
    "disease": DISEASES,
    "reason": DISEASES,
    "kind": TRANSPLANTS,
    "resource_type": dict.fromkeys(READ_TYPES),
    "system": CODE_SYSTEMS,
}
_SUBJECTS = ("drug", "disease", "reason", "resource_type")
_MANY = 7
"""Where more words than these are known, one that is like none of them is rather a sentence of another kind."""
_LONGEST = 40
_PLACE = re.compile(r"\(\?P<(?P<name>\w+)>")
_WORDS = re.compile(r"[\w /,()-]+")


def what_is_wrong(sentence: str, kind: str) -> str | None:
    """What to change in a sentence that no step reads; None where that cannot be told.

    Args:
        sentence: as it was written.
        kind: given, when or then.
    """
    steps = [step for step in step_definitions() if step.kind == kind]
    told: list[str] = []
    for repair in _REPAIRS:
        sentence, advice = repair(sentence)
        told += [advice] if advice else []
    if told and any(step.matches(sentence) for step in steps):
        return " ".join(told)
    wrong = min((each for step in steps for each in _wrong_words(step, sentence)), default=None)
    if wrong is not None:
        return " ".join([*(each for each in told if f"`{wrong.word}`" not in each), wrong.advice])
    return _without_on(sentence, steps)


# -- another way of writing -------------------------------------------------------------------------------------------

Repair = Callable[[str], tuple[str, str]]
"""Gives the sentence put right, and what to tell of it; an empty text where there was nothing to do."""


def _replacing(pattern: str, by: Callable[[re.Match[str]], str], advice: str) -> Repair:
    """A repair of each match; in the advice, `{found}` is the first of them, `{written}` what it becomes."""
    compiled = re.compile(pattern)

    def repair(sentence: str) -> tuple[str, str]:
        found = next((match for match in compiled.finditer(sentence) if by(match) != match[0]), None)
        if found is None:
            return sentence, ""
        return compiled.sub(by, sentence), advice.format(found=found[0], written=by(found))

    return repair


def _capital(sentence: str) -> tuple[str, str]:
    word = re.match(r"[A-Z][a-z]*(?= )", sentence)
    if word is None or word[0].lower() not in _first_words():
        return sentence, ""
    return sentence[0].lower() + sentence[1:], f"Write `{word[0].lower()}` with a small letter."


@cache
def _first_words() -> frozenset[str]:
    return frozenset(example.sentence.partition(" ")[0] for step in step_definitions() for example in step.examples)


def _day_first(match: re.Match[str]) -> str:
    """`30.06.2025`; with slashes only where no country means another day by it."""
    first, second = int(match["first"]), int(match["second"])
    if match["mark"] == "/" and second > _MONTHS:
        first, second = second, first
    elif match["mark"] == "/" and first <= _MONTHS and first != second:
        return match[0]
    return f"{match['year']}-{second:02}-{first:02}"


def _year_first(match: re.Match[str]) -> str:
    return f"{match['year']}-{int(match['month']):02}-{int(match['day']):02}"


_MONTHS = 12
_REPAIRS: tuple[Repair, ...] = (
    _replacing(r"\s+#.*$", lambda _: "", "Write the remark in a line of its own."),
    _replacing("[“”„«»]", lambda _: '"', 'Write straight quotes: `"`.'),
    _replacing(" {2,}|\t", lambda _: " ", "Write one space between words."),
    _replacing(r"[.;!]+$", lambda _: "", "Leave out the `{found}` at the end."),
    _capital,
    _replacing(
        r"\b(?P<first>\d{1,2})(?P<mark>[./])(?P<second>\d{1,2})[./](?P<year>\d{4})\b",
        _day_first,
        "Write the date `{found}` as `{written}`.",
    ),
    _replacing(
        r"(?<!\d)(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})(?!\d)",
        _year_first,
        "Write the date `{found}` as `{written}`.",
    ),
    _replacing(
        r"\b(?P<number>\d+(?:\.\d+)?)(?P<unit>mg)\b",
        lambda match: f"{match['number']} {match['unit']}",
        "Write `{written}` instead of `{found}`.",
    ),
    _replacing(r"\b(?:on )?yesterday\b", lambda _: "1 day ago", "Write `{written}` instead of `{found}`."),
    _replacing(r"\b(?:on )?tomorrow\b", lambda _: "in 1 day", "Write `{written}` instead of `{found}`."),
    _replacing(
        r"\b(?:an?|one) (?P<unit>day|week|month|year) ago\b",
        lambda match: f"1 {match['unit']} ago",
        "Write `{written}` instead of `{found}`.",
    ),
    _replacing(rf"\bon (?P<date>{RELATIVE})", lambda match: match["date"], "Write `{written}` without `on`."),
)


def _without_on(sentence: str, steps: list[StepDefinition]) -> str | None:
    """A date that stands where `on` and the date belong."""
    for date in re.finditer(r"(?<!on )\b\d{4}(?:-\d{2}){0,2}\b", sentence):
        if any(step.matches(f"{sentence[: date.start()]}on {sentence[date.start() :]}") for step in steps):
            return f"Write `on {date[0]}`."
    return None


# -- a wrong word -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, order=True)
class _Wrong:
    """A word that cannot stand in its place; the shorter, the likelier is it the whole fault."""

    length: int
    word: str
    advice: str


def _wrong_words(step: StepDefinition, sentence: str) -> Iterator[_Wrong]:
    """What stands in a place of the step that would read the sentence, if only anything might stand there."""
    pattern: re.Pattern[str] | None = getattr(step.parser, "regex", None)
    for name, allowed, open_pattern in _opened(pattern.pattern) if pattern else ():
        found = open_pattern.fullmatch(sentence)
        word = found[name].strip() if found and found[name] else ""
        if found is None or not 0 < len(word) <= _LONGEST or _others_unknown(found, name):
            continue
        if advice := _advice(name, word, allowed):
            yield _Wrong(len(word), word, advice)


def _others_unknown(found: re.Match[str], name: str) -> bool:
    """Is more than that place wrong, so that the sentence is rather one of another kind?"""
    others = {other: word for other, word in found.groupdict().items() if word and other != name}
    return any(word not in _KNOWN[other] for other, word in others.items() if other in _SUBJECTS)


def _advice(name: str, word: str, allowed: str) -> str | None:
    """What to write instead of a word; None where it may be right, or nothing is known of that place."""
    words = _alternatives(allowed) or list(_KNOWN.get(name, ()))
    what = f"`{word}` is no {_CALLED.get(name, name.replace('_', ' '))}."
    if words:
        like = get_close_matches(word, words, n=1) or get_close_matches(word.lower(), words, n=1)
        return what + instead(word, words) if word not in words and (like or len(words) < _MANY) else None
    if name not in _SHOWN or re.fullmatch(allowed, word):
        return None
    shown = _WHOLE if _SHOWN[name] is HOW_TO_WRITE_A_DATE and not re.fullmatch(allowed, "2024") else _SHOWN[name]
    return f"{what} {shown}"


def _alternatives(pattern: str) -> list[str]:
    """`woman|man` -> its words; empty for any other pattern."""
    words = [word.strip() for word in pattern.split("|")]
    return words if all(_WORDS.fullmatch(word) and "(?" not in word for word in words) else []


@cache
def _opened(pattern: str) -> tuple[tuple[str, str, re.Pattern[str]], ...]:
    """For each place: its name, what may stand there, and the pattern in which anything may."""
    return tuple(
        (name, pattern[start:end], re.compile(f"{pattern[:start]}.+?{pattern[end:]}"))
        for name, start, end in _places(pattern)
    )


def _places(pattern: str) -> Iterator[tuple[str, int, int]]:
    """The named groups of a pattern: name, and from where to where what they allow stands."""
    for opening in _PLACE.finditer(pattern):
        depth, at, in_class = 1, opening.end(), False
        while depth:
            character = pattern[at]
            if character == "\\":
                at += 1
            elif in_class:
                in_class = character != "]"
            elif character == "[":
                in_class = True
            else:
                depth += (character == "(") - (character == ")")
            at += 1
        yield opening["name"], opening.end(), at - 1
