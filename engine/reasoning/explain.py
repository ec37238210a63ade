"""Why a rule holds, why not, or what is missing: every condition in plain Python.

This is the second reader of a rule. It never calls the network and the network never calls it; a differential property
test holds the two together, so a fault in either shows. It works on spans and words as they are, where the network
works on compiled integers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from spmwatch.engine.catalogue.conditions import TODAY, Branch, Condition, SpanTest, Unless, WordTest
from spmwatch.engine.catalogue.rule import Rule, Variant
from spmwatch.engine.dates import add_months
from spmwatch.engine.episodes import UNKNOWN, VOCABULARY, Episode, Found, Span
from spmwatch.engine.facts import Standing
from spmwatch.engine.reasoning.chaining import found_episode, in_order_of_reference
from spmwatch.engine.timeline.topics import topic_of
from spmwatch.engine.truth import Truth, all_of, any_of

Bindings = Mapping[str, Episode]


@dataclass(frozen=True, slots=True, kw_only=True)
class TestReport:
    """One test on one episode: what it holds, against what, and whether it passes."""

    field: str
    value: str
    expected: str
    truth: Truth


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


class Explainer:
    """Explains rules for one patient's episodes as of one day."""

    def __init__(self, episodes: Iterable[Episode], as_of: date) -> None:
        self._today = Span.exactly(as_of.toordinal())
        self._by_verb: dict[str, list[Episode]] = defaultdict(list)
        for episode in sorted(episodes, key=lambda e: (e.verb, e.id)):
            self._by_verb[episode.verb].append(episode)

    def explain_all(self, rules: Sequence[Rule]) -> dict[str, RuleReport]:
        """Every rule's report by id; rules that others refer to first, so that findings chain."""
        reports: dict[str, RuleReport] = {}
        for rule in in_order_of_reference(rules):
            report = self.explain(rule)
            reports[rule.id] = report
            for variant in report.variants:
                self._add_findings(rule, variant)
        return {rule.id: reports[rule.id] for rule in rules}

    def explain(self, rule: Rule) -> RuleReport:
        """One rule's report. Rules it refers to must have been explained before."""
        variants = tuple(self._variant(variant) for variant in rule.variants)
        return RuleReport(rule=rule, truth=any_of(v.truth for v in variants), variants=variants)

    def truth(self, variant: Variant) -> Truth:
        """The variant's truth alone, without a report."""
        return self.holds(variant.branches, variant.unless)

    def holds(self, branches: Sequence[Branch], unless: Sequence[Unless] = ()) -> Truth:
        """Does one of the branches hold, and nothing of `unless`?"""
        return Truth.of(
            certain=any(True for _ in self._solutions(branches, unless, certain=True)),
            possible=any(True for _ in self._solutions(branches, unless, certain=False)),
        )

    def open_topics(self, variant: Variant) -> tuple[str, ...]:
        """The data that keep an UNKNOWN variant from being decided, each an id of rules/gaps.yaml."""
        return self.topics_of(variant.branches, variant.unless)

    def topics_of(self, branches: Sequence[Branch], unless: Sequence[Unless] = ()) -> tuple[str, ...]:
        """The same for branches of which none is decided."""
        topics: dict[str, None] = {}
        for branch, bindings in self._solutions(branches, unless, certain=False):
            topics |= dict.fromkeys(self._open_topics(branch, unless, bindings))
        return tuple(topics)

    def ways(self, branches: Sequence[Branch], *, certain: bool) -> Iterator[tuple[Episode, ...]]:
        """The episodes of every way in which one of the branches holds."""
        for _, bindings in self._solutions(branches, (), certain=certain):
            yield tuple(bindings.values())

    def _add_findings(self, rule: Rule, report: VariantReport) -> None:
        if report.truth is Truth.FALSE:
            return
        for certain in (True, False) if report.truth is Truth.TRUE else (False,):
            self._by_verb[Found.verb].append(found_episode(rule, report.variant, certain=certain))

    # -- the two readings -------------------------------------------------------------------------------------------

    def _solutions(
        self, branches: Sequence[Branch], unless: Sequence[Unless], *, certain: bool
    ) -> Iterator[tuple[Branch, Bindings]]:
        """Every binding that satisfies a branch in one reading."""
        for branch in branches:
            for bindings in self._satisfying(branch, unless, certain=certain):
                yield branch, bindings

    def _satisfying(self, branch: Branch, unless: Sequence[Unless], *, certain: bool) -> Iterator[Bindings]:
        for bindings in self._bind(branch.conditions, {}, certain):
            if not any(self._exists(item.condition, bindings, not certain) for item in unless):
                yield bindings

    def _bind(self, conditions: Sequence[Condition], bindings: Bindings, certain: bool) -> Iterator[Bindings]:
        if not conditions:
            yield bindings
            return
        first, rest = conditions[0], conditions[1:]
        for episode in self._by_verb.get(first.verb, ()):
            if self._passes(first, episode, bindings, certain):
                yield from self._bind(rest, {**bindings, first.name: episode}, certain)

    def _exists(self, condition: Condition, bindings: Bindings, certain: bool) -> bool:
        return any(
            self._passes(condition, episode, bindings, certain) for episode in self._by_verb.get(condition.verb, ())
        )

    def _passes(self, condition: Condition, episode: Episode, bindings: Bindings, certain: bool) -> bool:
        wanted = (Truth.TRUE,) if certain else (Truth.TRUE, Truth.UNKNOWN)
        if standing_truth(episode) not in wanted:
            return False
        return all(word_truth(test, episode) in wanted for test in condition.words) and all(
            self._span_truth(test, episode, bindings) in wanted for test in condition.spans
        )

    def _span_truth(self, test: SpanTest, episode: Episode, bindings: Bindings) -> Truth:
        if test.anchor is not None and test.anchor in bindings and bindings[test.anchor].id == episode.id:
            return Truth.FALSE  # conditions that are compared speak of different episodes
        return compare(getattr(episode, test.field), test.comparison, self._limit(test, bindings))

    def _limit(self, test: SpanTest, bindings: Bindings) -> Span:
        if test.anchor is None:
            return Span.exactly(test.offset)
        base = self._today if test.anchor == TODAY else getattr(bindings[test.anchor], str(test.anchor_field))
        if test.months:
            base = Span.exactly(add_months(date.fromordinal(int(base.low)), test.months).toordinal())
        return Span(base.low + test.offset, base.high + test.offset)

    # -- reports ----------------------------------------------------------------------------------------------------

    def _variant(self, variant: Variant) -> VariantReport:
        truth = self.truth(variant)
        used: dict[str, None] = {}
        if truth is not Truth.FALSE:
            for _, bindings in self._solutions(variant.branches, variant.unless, certain=truth is Truth.TRUE):
                used |= dict.fromkeys(episode.id for episode in bindings.values())
        return VariantReport(
            variant=variant,
            truth=truth,
            branches=tuple(self._branch(branch, variant.unless) for branch in variant.branches),
            episodes=tuple(used),
            topics=self.open_topics(variant) if truth is Truth.UNKNOWN else (),
        )

    def _open_topics(self, branch: Branch, unless: Iterable[Unless], bindings: Bindings) -> Iterator[str]:
        """The data that keep this possible binding from being certain."""
        for condition in branch.conditions:
            yield from self._topics(condition, bindings[condition.name], bindings)
        for item in unless:
            for episode in self._by_verb.get(item.condition.verb, ()):
                if self._passes(item.condition, episode, bindings, certain=False):
                    yield from self._topics(item.condition, episode, bindings)

    def _topics(self, condition: Condition, episode: Episode, bindings: Bindings) -> Iterator[str]:
        fields = [test.field for test in condition.words if word_truth(test, episode) is Truth.UNKNOWN]
        for test in condition.spans:
            if self._span_truth(test, episode, bindings) is Truth.UNKNOWN:
                if not getattr(episode, test.field).exact:
                    fields.append(test.field)
                anchor = None if test.anchor in (None, TODAY) else bindings.get(str(test.anchor))
                if anchor is not None and not getattr(anchor, str(test.anchor_field)).exact:
                    topic = topic_of(anchor, str(test.anchor_field))
                    if topic is not None:
                        yield topic
        if standing_truth(episode) is Truth.UNKNOWN:
            fields.append("standing")
        for field in fields:
            topic = topic_of(episode, field)
            if topic is not None:
                yield topic

    def _branch(self, branch: Branch, unless: Sequence[Unless]) -> BranchReport:
        """Each condition on the episodes that come nearest; later ones see the nearest bindings of earlier ones."""
        bindings = self._nearest(branch, unless)
        conditions = tuple(self._condition(condition, bindings) for condition in branch.conditions)
        negatives = tuple(UnlessReport(id=item.id, report=self._condition(item.condition, bindings)) for item in unless)
        truth = Truth.of(
            certain=any(True for _ in self._satisfying(branch, unless, certain=True)),
            possible=any(True for _ in self._satisfying(branch, unless, certain=False)),
        )
        return BranchReport(truth=truth, conditions=conditions, unless=negatives)

    def _nearest(self, branch: Branch, unless: Sequence[Unless]) -> dict[str, Episode]:
        """A binding that satisfies the branch when there is one, else the one that gets furthest."""
        for negatives in (unless, ()):
            for certain in (True, False):
                for solution in self._satisfying(branch, negatives, certain=certain):
                    return dict(solution)
        nearest: dict[str, Episode] = {}
        for condition in branch.conditions:
            episode = self._best(condition, nearest)
            if episode is not None and self._is_the_thing(condition, episode, nearest):
                nearest[condition.name] = episode
        return nearest

    def _best(self, condition: Condition, bindings: Bindings) -> Episode | None:
        """The episode that comes nearest: the thing asked for (first test), then most tests passed, then the first id.

        Never one that it would have to be compared with itself.
        """
        taken = {
            bindings[test.anchor].id for test in condition.spans if test.anchor is not None and test.anchor in bindings
        }

        def score(episode: Episode) -> tuple[bool, int, int]:
            truths = [report.truth for report in self._tests(condition, episode, bindings)]
            same_thing = self._is_the_thing(condition, episode, bindings)
            return same_thing, sum(t is Truth.TRUE for t in truths), sum(t is Truth.UNKNOWN for t in truths)

        others = [episode for episode in self._by_verb.get(condition.verb, ()) if episode.id not in taken]
        return max(others, key=score, default=None)

    def _is_the_thing(self, condition: Condition, episode: Episode, bindings: Bindings) -> bool:
        """Is it what the condition speaks of at all, e.g. the drug it names? Its first test says so."""
        first = next(iter(self._tests(condition, episode, bindings)), None)
        return first is None or first.truth is not Truth.FALSE

    def _condition(self, condition: Condition, bindings: Bindings) -> ConditionReport:
        episode = bindings.get(condition.name) or self._best(condition, bindings)
        if episode is None:
            return ConditionReport(condition=condition, truth=Truth.FALSE, episode=None, tests=())
        tests = tuple(self._tests(condition, episode, bindings))
        truth = all_of([standing_truth(episode), *(test.truth for test in tests)])
        matched = tuple(
            other
            for other in self._by_verb.get(condition.verb, ())
            if all_of([standing_truth(other), *(t.truth for t in self._tests(condition, other, bindings))]) is truth
        )
        return ConditionReport(condition=condition, truth=truth, episode=episode, tests=tests, matched=matched)

    def _tests(self, condition: Condition, episode: Episode, bindings: Bindings) -> Iterator[TestReport]:
        for word in condition.words:
            value = str(getattr(episode, word.field))
            yield TestReport(
                field=word.field, value=value, expected=" or ".join(word.values), truth=word_truth(word, episode)
            )
        units = VOCABULARY[condition.verb].spans
        for test in condition.spans:
            span: Span = getattr(episode, test.field)
            is_day = units[test.field].is_day
            if test.anchor not in (None, TODAY) and test.anchor not in bindings:
                expected, truth = f"{test.comparison} {test.anchor}.{test.anchor_field} (none)", Truth.FALSE
            else:
                limit = self._limit(test, bindings)
                expected = f"{test.comparison} {_limit_text(test, limit, units[test.field].ucum, is_day=is_day)}"
                truth = compare(span, test.comparison, limit)
            value = span_text(span, units[test.field].ucum, is_day=is_day)
            yield TestReport(field=test.field, value=value, expected=expected, truth=truth)


def standing_truth(episode: Episode) -> Truth:
    """TRUE for an episode that counts, UNKNOWN for one that may be."""
    return Truth.TRUE if episode.standing is Standing.COUNTS else Truth.UNKNOWN


def word_truth(test: WordTest, episode: Episode) -> Truth:
    """Is the word among those asked for? An unknown word could be any of them."""
    value = getattr(episode, test.field)
    if value in test.values:
        return Truth.TRUE
    return Truth.UNKNOWN if value == UNKNOWN else Truth.FALSE


def compare(span: Span, comparison: str, limit: Span) -> Truth:
    """Compare two numbers known to lie within spans: TRUE or FALSE only when every value would agree."""
    if comparison == ">=":
        return Truth.of(certain=span.low >= limit.high, possible=span.high >= limit.low)
    if comparison == ">":
        return Truth.of(certain=span.low > limit.high, possible=span.high > limit.low)
    if comparison == "<=":
        return Truth.of(certain=span.high <= limit.low, possible=span.low <= limit.high)
    if comparison == "<":
        return Truth.of(certain=span.high < limit.low, possible=span.low < limit.high)
    raise ValueError(f"unknown comparison {comparison!r}")


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


def _limit_text(test: SpanTest, limit: Span, ucum: str, *, is_day: bool) -> str:
    text = span_text(limit, ucum, is_day=is_day)
    names = [name for name in (test.parameter and test.parameter.name, test.anchor and _anchor_name(test)) if name]
    return f"{text} ({', '.join(names)})" if names else text


def _anchor_name(test: SpanTest) -> str:
    return TODAY if test.anchor == TODAY else f"{test.anchor}.{test.anchor_field}"
