"""Why a rule holds, why not, or what is missing: every condition in plain Python.

This is the second reader of a rule. It never calls the network and the network never calls it; a differential property
test holds the two together, so a fault in either shows. It works on spans and words as they are, where the network
works on compiled integers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from operator import attrgetter

from spmwatch.engine.catalogue.conditions import TODAY, Branch, Condition, SpanTest, Unless
from spmwatch.engine.catalogue.rule import Rule, Variant
from spmwatch.engine.dates import add_months
from spmwatch.engine.episodes import VOCABULARY, Episode, Found, Span
from spmwatch.engine.reasoning.chaining import found_episode, in_order_of_reference
from spmwatch.engine.reasoning.reading import WANTED, alone, compare, parts, standing_truth, word_truth
from spmwatch.engine.reasoning.reports import (
    BranchReport,
    ConditionReport,
    RuleReport,
    TestReport,
    UnlessReport,
    VariantReport,
    limit_text,
    span_text,
)
from spmwatch.engine.timeline.topics import topic_of
from spmwatch.engine.truth import Truth, all_of, any_of

Bindings = Mapping[str, Episode]


class Explainer:
    """Explains rules for one patient's episodes as of one day."""

    def __init__(self, episodes: Iterable[Episode], as_of: date) -> None:
        self._today = Span.exactly(as_of.toordinal())
        self._by_verb: dict[str, list[Episode]] = defaultdict(list)
        self._fitting: dict[tuple[int, bool], tuple[Condition, list[Episode]]] = {}
        for episode in sorted(episodes, key=attrgetter("verb", "id")):
            self._by_verb[episode.verb].append(episode)

    def explain_all(self, rules: Sequence[Rule]) -> dict[str, RuleReport]:
        """Every rule's report by id; rules that others refer to first, so that findings chain."""
        reports: dict[str, RuleReport] = {}
        for rule in in_order_of_reference(rules):
            report = self.explain(rule)
            reports[rule.id] = report
            for variant in report.variants:
                self._add_findings(rule, variant.variant, variant.truth)
        return {rule.id: reports[rule.id] for rule in rules}

    def truths(self, rules: Sequence[Rule]) -> dict[tuple[str, str], Truth]:
        """The truth of each variant by the ids of rule and variant, findings chained; reports cost many times as much.

        For an explainer of its own: it adds the same findings as `explain_all`.
        """
        truths: dict[tuple[str, str], Truth] = {}
        for rule in in_order_of_reference(rules):
            of_rule = [(variant, self.truth(variant)) for variant in rule.variants]
            for variant, truth in of_rule:
                truths[rule.id, variant.id] = truth
                self._add_findings(rule, variant, truth)
        return truths

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
            certain=any(self._can(branch, unless, certain=True) for branch in branches),
            possible=any(self._can(branch, unless, certain=False) for branch in branches),
        )

    def open_topics(self, variant: Variant) -> tuple[str, ...]:
        """The data that keep an UNKNOWN variant from being decided, each an id of rules/gaps.yaml."""
        return self.topics_of(variant.branches, variant.unless)

    def topics_of(self, branches: Sequence[Branch], unless: Sequence[Unless] = ()) -> tuple[str, ...]:
        """The same for branches of which none is decided."""
        topics: dict[str, None] = {}
        for branch in branches:
            if not self._can(branch, unless, certain=False):
                continue
            for part, negatives in parts(branch, unless):
                for bindings in self._satisfying(part, negatives, certain=False):
                    topics |= dict.fromkeys(self._open_topics(part, negatives, bindings))
        return tuple(topics)

    def ways(self, branches: Sequence[Branch], *, certain: bool) -> Iterator[tuple[Episode, ...]]:
        """The episodes of every way in which one of the branches holds."""
        for branch in branches:
            for bindings in self._satisfying(branch, (), certain=certain):
                yield tuple(bindings.values())

    def _add_findings(self, rule: Rule, variant: Variant, truth: Truth) -> None:
        if truth is Truth.FALSE:
            return
        for certain in (True, False) if truth is Truth.TRUE else (False,):
            self._by_verb[Found.verb].append(found_episode(rule, variant, certain=certain))
        self._fitting.clear()

    # -- the two readings -------------------------------------------------------------------------------------------

    def _can(self, branch: Branch, unless: Sequence[Unless], *, certain: bool) -> bool:
        """Is there a binding that satisfies the branch? Parts that are not compared hold by themselves."""
        return all(
            any(True for _ in self._satisfying(part, negatives, certain=certain))
            for part, negatives in parts(branch, unless)
        )

    def _satisfying(self, branch: Branch, unless: Sequence[Unless], *, certain: bool) -> Iterator[Bindings]:
        """Every binding that satisfies the branch in one reading."""
        for bindings in self._bind(branch.conditions, {}, certain):
            if not any(self._exists(item.condition, bindings, not certain) for item in unless):
                yield bindings

    def _bind(self, conditions: Sequence[Condition], bindings: Bindings, certain: bool) -> Iterator[Bindings]:
        if not conditions:
            yield bindings
            return
        first, rest = conditions[0], conditions[1:]
        for episode in self._fits(first, certain):
            if self._compares(first, episode, bindings, certain):
                yield from self._bind(rest, {**bindings, first.name: episode}, certain)

    def _exists(self, condition: Condition, bindings: Bindings, certain: bool) -> bool:
        return any(self._compares(condition, episode, bindings, certain) for episode in self._fits(condition, certain))

    def _fits(self, condition: Condition, certain: bool) -> Sequence[Episode]:
        """The episodes that pass every test which compares with no other episode; looked for once."""
        key = (id(condition), certain)
        if key not in self._fitting:
            found = [e for e in self._by_verb.get(condition.verb, ()) if self._passes_alone(condition, e, certain)]
            self._fitting[key] = (condition, found)  # kept with it, so that its id stays its own
        return self._fitting[key][1]

    def _passes_alone(self, condition: Condition, episode: Episode, certain: bool) -> bool:
        wanted = WANTED[certain]
        return (
            standing_truth(episode) in wanted
            and all(word_truth(test, episode) in wanted for test in condition.words)
            and all(self._span_truth(test, episode, {}) in wanted for test in condition.spans if alone(test))
        )

    def _compares(self, condition: Condition, episode: Episode, bindings: Bindings, certain: bool) -> bool:
        wanted = WANTED[certain]
        return all(self._span_truth(t, episode, bindings) in wanted for t in condition.spans if not alone(t))

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
            for branch in variant.branches:
                used |= dict.fromkeys(self._used(branch, variant.unless, certain=truth is Truth.TRUE))
        return VariantReport(
            variant=variant,
            truth=truth,
            branches=tuple(self._branch(branch, variant.unless) for branch in variant.branches),
            episodes=tuple(used),
            topics=self.open_topics(variant) if truth is Truth.UNKNOWN else (),
        )

    def _used(self, branch: Branch, unless: Sequence[Unless], *, certain: bool) -> Iterator[str]:
        """The ids of the episodes of every binding that satisfies the branch."""
        if self._can(branch, unless, certain=certain):
            for part, negatives in parts(branch, unless):
                for bindings in self._satisfying(part, negatives, certain=certain):
                    yield from (episode.id for episode in bindings.values())

    def _open_topics(self, branch: Branch, unless: Iterable[Unless], bindings: Bindings) -> Iterator[str]:
        """The data that keep this possible binding from being certain."""
        for condition in branch.conditions:
            yield from self._topics(condition, bindings[condition.name], bindings)
        for item in unless:
            for episode in self._fits(item.condition, certain=False):
                if self._compares(item.condition, episode, bindings, certain=False):
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
        return BranchReport(truth=self.holds([branch], unless), conditions=conditions, unless=negatives)

    def _nearest(self, branch: Branch, unless: Sequence[Unless]) -> dict[str, Episode]:
        """A binding that satisfies the branch when there is one, else the one that gets furthest."""
        for negatives in (unless, ()):
            for certain in (True, False):
                if self._can(branch, negatives, certain=certain):
                    together = parts(branch, negatives)
                    firsts = [next(self._satisfying(part, own, certain=certain)) for part, own in together]
                    return {name: episode for first in firsts for name, episode in first.items()}
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
            limit: Span | None = None
            if test.anchor not in (None, TODAY) and test.anchor not in bindings:
                expected, truth = f"{test.comparison} {test.anchor}.{test.anchor_field} (none)", Truth.FALSE
            else:
                limit = self._limit(test, bindings)
                expected = f"{test.comparison} {limit_text(test, limit, units[test.field].ucum, is_day=is_day)}"
                truth = compare(span, test.comparison, limit)
            value = span_text(span, units[test.field].ucum, is_day=is_day)
            yield TestReport(field=test.field, value=value, expected=expected, truth=truth, found=span, limit=limit)
