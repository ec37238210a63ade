"""A rule's report in words: each condition with the fact that comes nearest, its value and what was asked of it.

The terminal and the page lay out these values; `--format json` prints `report_as_json`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from spmwatch.engine.catalogue.wording import Wording, default_wording
from spmwatch.engine.episodes import VOCABULARY, Episode
from spmwatch.engine.presentation import Json, describe, episode_as_json, references
from spmwatch.engine.reasoning.reports import BranchReport, ConditionReport, RuleReport, TestReport, VariantReport
from spmwatch.engine.truth import Truth

_ASKED = {">=": "at least", ">": "more than", "<=": "at most", "<": "less than"}
_ASKED_DAY = {">=": "on or after", ">": "after", "<=": "on or before", "<": "before"}
_UNITS = {"mo": "months", "a": "years", "d": "days"}


@dataclass(frozen=True, slots=True, kw_only=True)
class TestLine:
    """One test: what the fact says and what was asked."""

    truth: Truth
    field: str
    value: str
    asked: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A condition with the fact nearest to it; `fact` is None when the record holds none of the kind.

    `more` counts further facts that fare just as well.
    """

    truth: Truth
    kind: str
    fact: str | None
    references: tuple[str, ...]
    tests: tuple[TestLine, ...]
    more: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Negative:
    """An `unless`: TRUE silences."""

    id: str
    condition: Condition


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way for a variant to hold."""

    truth: Truth
    conditions: tuple[Condition, ...]
    negatives: tuple[Negative, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One way for the rule to speak, with the urgency it would have."""

    id: str
    part: str | None
    indicator: str
    truth: Truth
    ways: tuple[Way, ...]
    topics: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reasons:
    """Why a rule holds or not."""

    rule: str
    title: str
    version: str
    truth: Truth
    variants: tuple[Variant, ...]


def reasons_of(report: RuleReport, questions: Mapping[str, str], wording: Wording | None = None) -> Reasons:
    """The report in words.

    Args:
        report: what the explainer found.
        questions: topic -> the question that would decide it.
        wording: labels; the shipped ones by default.
    """
    words = wording or default_wording()
    return Reasons(
        rule=report.rule.id,
        title=report.rule.title,
        version=report.rule.shown_version,
        truth=report.truth,
        variants=tuple(_variant(variant, questions, words) for variant in report.variants),
    )


def _variant(report: VariantReport, questions: Mapping[str, str], words: Wording) -> Variant:
    return Variant(
        id=report.variant.id,
        part=report.variant.part,
        indicator=report.variant.indicator.value,
        truth=report.truth,
        ways=tuple(_way(branch, words) for branch in report.branches),
        topics=tuple(questions.get(topic, words.concept(topic)) for topic in report.topics),
    )


def _way(branch: BranchReport, words: Wording) -> Way:
    return Way(
        truth=branch.truth,
        conditions=tuple(dict.fromkeys(_condition(item, words) for item in branch.conditions)),  # told once
        negatives=tuple(Negative(id=item.id, condition=_condition(item.report, words)) for item in branch.unless),
    )


def _condition(report: ConditionReport, words: Wording) -> Condition:
    episode = None if _of_another_thing(report) else report.episode
    return Condition(
        truth=report.truth,
        kind=words.kind(report.condition.verb),
        fact=None if episode is None else describe(episode, words),
        references=() if episode is None else tuple(references(episode.sources)),
        tests=tuple(_tests(report, words)) if episode is not None else tuple(_asked(report, words)),
        more=0 if episode is None else max(0, len(report.matched) - 1),
    )


def _of_another_thing(report: ConditionReport) -> bool:
    """Is the nearest fact about another drug, procedure or analyte than was asked for? Then there is none to show."""
    words = VOCABULARY[report.condition.verb].words
    return any(
        test.truth is Truth.FALSE and not words[test.field].values
        for test in report.tests[: len(report.condition.words)]
    )


def _tests(report: ConditionReport, words: Wording) -> Iterator[TestLine]:
    condition = report.condition
    values = [test.values for test in condition.words]
    for index, test in enumerate(report.tests):
        if index < len(values):
            value, asked = words.word(test.field, test.value), _any_of(test.field, values[index], words)
        else:
            is_day = VOCABULARY[condition.verb].spans[test.field].is_day
            value, asked = _number(test.value), _limit(test, is_day=is_day)
        yield TestLine(truth=test.truth, field=words.field(test.field), value=value, asked=asked)


def _asked(report: ConditionReport, words: Wording) -> Iterator[TestLine]:
    """What was asked of a fact that is not there; of numbers only that they were asked for."""
    for word in report.condition.words:
        asked = _any_of(word.field, word.values, words)
        yield TestLine(truth=Truth.FALSE, field=words.field(word.field), value="", asked=asked)
    for span in report.condition.spans:
        name = span.parameter.name if span.parameter else span.anchor or ""
        is_day = VOCABULARY[report.condition.verb].spans[span.field].is_day
        asked = f"{(_ASKED_DAY if is_day else _ASKED)[span.comparison]} {name}"
        if span.parameter is not None:
            asked = f"{asked} ({span.parameter.value:g} {_UNITS.get(span.parameter.unit, span.parameter.unit)})"
        yield TestLine(truth=Truth.FALSE, field=words.field(span.field), value="", asked=asked)


def _any_of(field: str, values: tuple[str, ...], words: Wording) -> str:
    return " or ".join(words.word(field, value) for value in values)


def _limit(test: TestReport, *, is_day: bool) -> str:
    comparison, _, rest = test.expected.partition(" ")
    return f"{(_ASKED_DAY if is_day else _ASKED)[comparison]} {_number(rest)}"


def _number(text: str) -> str:
    """A number with its unit spelled out."""
    return " ".join(_UNITS.get(part, part) for part in text.split(" "))


def report_as_json(report: RuleReport, wording: Wording | None = None) -> Json:
    """A rule's report for programs: every condition, test, value and threshold with its truth."""
    return {
        "rule": report.rule.id,
        "title": report.rule.title,
        "version": report.rule.shown_version,
        "truth": report.truth.value,
        "variants": [
            {
                "variant": variant.variant.id,
                "part": variant.variant.part,
                "indicator": variant.variant.indicator.value,
                "truth": variant.truth.value,
                "topics": list(variant.topics),
                "ways": [
                    {
                        "truth": branch.truth.value,
                        "conditions": [_condition_as_json(item, wording) for item in branch.conditions],
                        "unless": [
                            {"id": item.id, **_condition_as_json(item.report, wording)} for item in branch.unless
                        ],
                    }
                    for branch in variant.branches
                ],
            }
            for variant in report.variants
        ],
    }


def _condition_as_json(report: ConditionReport, wording: Wording | None) -> Json:
    return {
        "condition": report.condition.verb,
        "name": report.condition.name,
        "truth": report.truth.value,
        "tests": [
            {"field": test.field, "value": test.value, "expected": test.expected, "truth": test.truth.value}
            for test in report.tests
        ],
        "fact": None if report.episode is None else _fact(report.episode, wording),
        "matched": [_fact(episode, wording) for episode in report.matched],
    }


def _fact(episode: Episode, wording: Wording | None) -> Json:
    return {"id": episode.id, **episode_as_json(episode, wording)}
