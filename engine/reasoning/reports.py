"""What the plain reader says of a rule: its truth condition by condition, and values in words."""

from __future__ import annotations

from dataclasses import dataclass

from spmwatch.engine.catalogue.conditions import TODAY, Condition, SpanTest
from spmwatch.engine.catalogue.rule import Rule, Variant
from spmwatch.engine.episodes import Episode, Span
from spmwatch.engine.truth import Truth


@dataclass(frozen=True, slots=True, kw_only=True)
class TestReport:
    """One test on one episode: what it holds, against what, and whether it passes. Of numbers the spans too."""

    field: str
    value: str
    expected: str
    truth: Truth
    found: Span | None = None
    limit: Span | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionReport:
    """A condition, the episode that comes nearest to it (None: there is none of the kind), and each test on it."""

    condition: Condition
    truth: Truth
    episode: Episode | None
    tests: tuple[TestReport, ...]
    matched: tuple[Episode, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class UnlessReport:
    """A negative: TRUE means that it holds and silences the variant."""

    id: str
    report: ConditionReport


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchReport:
    """One way for the variant to hold."""

    truth: Truth
    conditions: tuple[ConditionReport, ...]
    unless: tuple[UnlessReport, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantReport:
    """A variant's truth, its branches, the episodes it used, and the topics that keep it from being decided."""

    variant: Variant
    truth: Truth
    branches: tuple[BranchReport, ...]
    episodes: tuple[str, ...]
    topics: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleReport:
    """A rule's truth (TRUE when some variant is) with the report of each variant."""

    rule: Rule
    truth: Truth
    variants: tuple[VariantReport, ...]


def span_text(span: Span, ucum: str, *, is_day: bool) -> str:
    """A span for people: a date or span of dates, or a number with its unit."""
    if is_day:
        days = span.days()
        return "not known" if days is None else str(days)
    unit = "" if ucum == "*" else f" {ucum}"
    if span.exact:
        return f"{_number(span.low)}{unit}"
    return f"{_number(span.low)} to {_number(span.high)}{unit}"


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def limit_text(test: SpanTest, limit: Span, ucum: str, *, is_day: bool) -> str:
    """The limit that a test compares with, and where it comes from."""
    text = span_text(limit, ucum, is_day=is_day)
    names = [name for name in (test.parameter and test.parameter.name, test.anchor and _anchor_name(test)) if name]
    return f"{text} ({', '.join(names)})" if names else text


def _anchor_name(test: SpanTest) -> str:
    return TODAY if test.anchor == TODAY else f"{test.anchor}.{test.anchor_field}"
