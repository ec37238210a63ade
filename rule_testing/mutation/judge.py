"""Does some scenario notice a mutant?

Asked in two ways. `killer` is quick: the rule network runs the changed rule, what builds on its findings and the
data-gap rule, while all other rules keep what they matched; a scenario is asked again only where the changed rule
matches something else, stays undecided (its questions may change), or is changed in what is told beside a match. What
all rules share (shared.py) is judged by scenarios whose episodes it changes, or what else it can reach.
`noticed_by_any` spares nothing: every scenario, every rule, the evaluator that a service has. Whoever survives the
first is judged by the second.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from functools import cached_property

from spmwatch.engine.catalogue.load import RuleBase
from spmwatch.engine.catalogue.rule import Rule
from spmwatch.engine.episodes import Episode, Missing, Timeline
from spmwatch.engine.evaluate import Evaluator
from spmwatch.engine.follow_up.assess import FollowUps
from spmwatch.engine.follow_up.check import Check
from spmwatch.engine.reasoning.chaining import references, verbs
from spmwatch.engine.reasoning.network import Match, Network, Session
from spmwatch.engine.timeline.build import build_timeline
from spmwatch.rule_testing.mutation.changes import Kind
from spmwatch.rule_testing.mutation.mutants import Mutant
from spmwatch.rule_testing.mutation.recording import Case
from spmwatch.rule_testing.mutation.shared import Shared

_BESIDE_A_MATCH = frozenset({Kind.INDICATOR, Kind.UNKNOWN, Kind.PLAN})


class Judge:
    """Judges mutants by scenarios. What is worked out of a scenario is kept for the next mutant."""

    def __init__(self, cases: Sequence[Case]) -> None:
        """`cases`: the scenarios; each counts for those rules and checks that stand unchanged in what it is about."""
        self._cases = [_Seen(case) for case in cases]

    def killer(self, mutant: Mutant) -> Case | None:
        """The first scenario found that notices the mutant."""
        others = _Mutated(mutant)
        for seen in self._concerned(mutant):
            if isinstance(mutant.part, Shared):
                noticed = _reaches(seen, mutant, mutant.part) and not _holds(seen, mutant, others)
            elif isinstance(mutant.part, Check):
                noticed = _may_differ(seen, mutant) and not _holds(seen, mutant, others)
            else:
                noticed = _rule_noticed(seen, mutant, others)
            if noticed:
                return seen.case
        return None

    def noticed_by_any(self, mutant: Mutant) -> Case | None:
        """The same, each scenario evaluated whole. What all rules share was judged so already."""
        if isinstance(mutant.part, Shared):
            return None
        others = _Mutated(mutant)
        return next((seen.case for seen in self._concerned(mutant) if not _holds(seen, mutant, others)), None)

    def _concerned(self, mutant: Mutant) -> list[_Seen]:
        """Scenarios about the unchanged rule; those of its own feature first, then those in which it spoke.

        What all rules share has a feature of its name.
        """
        part = mutant.source.part
        bases = {id(seen.base): seen.base for seen in self._cases}
        same = {key for key, base in bases.items() if _has(base, part)}

        def rank(seen: _Seen) -> tuple[bool, bool]:
            if isinstance(part, Shared):
                return seen.case.path.stem != part.id, False
            spoke = any(finding.rule == part.id for finding in seen.case.before.findings)
            return seen.case.scenario.rule != part.id, not spoke

        return sorted((seen for seen in self._cases if id(seen.base) in same), key=rank)


class _Seen:
    """A case, and what is worked out of it once."""

    def __init__(self, case: Case) -> None:
        self.case, self.base, self.hook = case, case.evaluator.rule_base, case.before.hook
        self.coverage = case.record.coverage
        self._checked: dict[str, Timeline] = {}

    @property
    def timeline(self) -> Timeline:
        return self.case.before.timeline

    @cached_property
    def bare(self) -> Timeline:
        """The episodes before the checks were added."""
        return self.bare_on(self.base)

    def bare_on(self, base: RuleBase) -> Timeline:
        """The same by the conventions of another rule base."""
        return build_timeline(
            self.case.record, as_of=self.timeline.as_of, conventions=base.conventions, value_sets=base.value_sets
        )

    @cached_property
    def days(self) -> Sequence[tuple[Timeline, Sequence[Match]]]:
        """What the unchanged rules match: today, and on each earlier day that counts."""
        evaluator, record = self.case.evaluator, self.case.record
        earlier = [evaluator.timeline(record, as_of=day) for day in sorted(self.case.scenario.earlier_days)]
        return [(timeline, evaluator.matches(timeline, hook=self.hook)) for timeline in (self.timeline, *earlier)]

    @property
    def matches(self) -> Sequence[Match]:
        """Those of today."""
        return self.days[0][1]

    def checked(self, check: Check, *, remember: bool = False) -> Timeline:
        """The bare episodes with this one check."""
        if check.id in self._checked and remember:
            return self._checked[check.id]
        subjects = self.base.conventions.phases_inferred_for
        found = FollowUps([check], self.base.value_sets, subjects).added_to(self.bare, self.coverage)
        if remember:
            self._checked[check.id] = found
        return found


class _Mutated:
    """For each set of rules that scenarios are about, the same with the mutant in it; made when first asked for."""

    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant
        self._evaluators: dict[int, Evaluator] = {}
        self._networks: dict[tuple[int, str], tuple[Network, frozenset[str]]] = {}
        self._own: dict[tuple[int, str], Network] = {}

    def evaluator(self, original: Evaluator) -> Evaluator:
        """The evaluator with the mutant in the place of what was changed."""
        key = id(original)
        if key not in self._evaluators:
            self._evaluators[key] = original.with_rule_base(_changed(original.rule_base, self._mutant))
        return self._evaluators[key]

    def own(self, seen: _Seen) -> Network:
        """The changed rule at the hook, with what it builds on."""
        key = id(seen.base), seen.hook
        if key not in self._own:
            base = self.evaluator(seen.case.evaluator).rule_base
            asked = [rule for rule in base.rules if seen.hook in rule.hooks]
            self._own[key] = Network(_with_foundations([self._mutant.source.part.id], asked))
        return self._own[key]

    def network(self, seen: _Seen) -> tuple[Network, frozenset[str]]:
        """The rules that the change can reach at the hook, with what these build on; the ids of the former."""
        key = id(seen.base), seen.hook
        if key not in self._networks:
            base = self.evaluator(seen.case.evaluator).rule_base
            asked = [rule for rule in base.rules if seen.hook in rule.hooks]
            reached = _reached(self._mutant.source.part.id, asked)
            self._networks[key] = Network(_with_foundations(reached, asked)), reached
        return self._networks[key]


class _Patched:
    """A session that runs the rules that a change can reach; the others matched what they matched."""

    def __init__(self, session: Session, reached: frozenset[str], unchanged: Sequence[Match]) -> None:
        self._session, self._reached = session, reached
        self._unchanged = [match for match in unchanged if match.rule not in reached]

    def run(self, episodes: Iterable[Episode]) -> list[Match]:
        """Add episodes; all matches so far."""
        found = [match for match in self._session.run(episodes) if match.rule in self._reached]
        return sorted([*found, *self._unchanged], key=lambda match: (match.rule, match.variant, match.certain))


def _rule_noticed(seen: _Seen, mutant: Mutant, others: _Mutated) -> bool:
    before, after = mutant.source.part, mutant.part
    assert isinstance(before, Rule)
    assert isinstance(after, Rule)
    if seen.hook not in before.hooks and seen.hook not in after.hooks:
        return False
    if not any(_rule_differs(matches, timeline, seen, mutant, others) for timeline, matches in seen.days):
        return False
    if len(seen.days) > 1:  # the changed rule speaks on earlier days too
        return not _holds(seen, mutant, others)
    network, reached = others.network(seen)
    session = _Patched(network.session(seen.timeline.as_of), reached, seen.matches)
    evaluator = others.evaluator(seen.case.evaluator)
    result = evaluator.evaluate_timeline(seen.timeline, hook=seen.hook, session=session)
    return not seen.case.asked_of(evaluator, result)


def _rule_differs(matches: Sequence[Match], timeline: Timeline, seen: _Seen, mutant: Mutant, others: _Mutated) -> bool:
    """May the changed rule say another thing of these episodes? `matches`: of all rules as they are."""
    before, after = mutant.source.part, mutant.part
    assert isinstance(before, Rule)
    assert isinstance(after, Rule)
    if Missing.verb in verbs(before) | verbs(after) or (seen.hook in before.hooks) != (seen.hook in after.hooks):
        return True
    matched = [match for match in matches if match.rule == before.id]
    if mutant.change.kind in _BESIDE_A_MATCH or _undecided(matched):
        return bool(matched)
    again = others.own(seen).evaluate(timeline.episodes, timeline.as_of)
    return [match for match in again if match.rule == before.id] != matched


def _undecided(matched: Sequence[Match]) -> bool:
    certain = {match.variant for match in matched if match.certain}
    return any(match.variant not in certain for match in matched)


def _may_differ(seen: _Seen, mutant: Mutant) -> bool:
    """Does the changed check come to something else, today or on an earlier day that counts?"""
    before, after = mutant.source.part, mutant.part
    assert isinstance(before, Check)
    assert isinstance(after, Check)
    if seen.case.scenario.earlier_days or (mutant.change.kind is Kind.PLAN and seen.case.before.plan):
        return True
    return seen.checked(before, remember=True) != seen.checked(after)


def _reaches(seen: _Seen, mutant: Mutant, part: Shared) -> bool:
    """May what all rules share make a difference: to the episodes, to what is made of them, or to an earlier day?"""
    if seen.case.scenario.earlier_days or mutant.change.steps[0] in part.beyond_episodes:
        return True
    return seen.bare_on(part.put_into(seen.base)) != seen.bare


def _holds(seen: _Seen, mutant: Mutant, others: _Mutated) -> bool:
    evaluator = others.evaluator(seen.case.evaluator)
    timeline = seen.timeline
    if isinstance(mutant.part, Check):
        timeline = evaluator.with_checks(seen.bare, seen.coverage)
    elif isinstance(mutant.part, Shared):
        timeline = evaluator.timeline(seen.case.record, as_of=timeline.as_of)
    return seen.case.asked_of(evaluator, evaluator.evaluate_timeline(timeline, hook=seen.hook))


def _has(base: RuleBase, part: Rule | Check | Shared) -> bool:
    if isinstance(part, Shared):
        return part.within(base)
    return any(part is each or part == each for each in (base.rules if isinstance(part, Rule) else base.checks))


def _changed(base: RuleBase, mutant: Mutant) -> RuleBase:
    before, after = mutant.source.part, mutant.part
    if isinstance(after, Shared):
        return after.put_into(base)
    if isinstance(after, Rule):
        return dataclasses.replace(base, rules=tuple(after if each.id == before.id else each for each in base.rules))
    return dataclasses.replace(base, checks=tuple(after if each.id == before.id else each for each in base.checks))


def _reached(id_: str, rules: Sequence[Rule]) -> frozenset[str]:
    """The rule, those that are about what is missing, and all that build on findings of any of these."""
    reached = {id_, *(rule.id for rule in rules if Missing.verb in verbs(rule))}
    while more := {rule.id for rule in rules if rule.id not in reached and references(rule) & reached}:
        reached |= more
    return frozenset(reached)


def _with_foundations(ids: Iterable[str], rules: Sequence[Rule]) -> list[Rule]:
    needed, pending = set[str](), set(ids)
    by_id = {rule.id: rule for rule in rules}
    while pending:
        needed |= pending
        pending = {other for id_ in pending if id_ in by_id for other in references(by_id[id_])} - needed
    return [rule for rule in rules if rule.id in needed]
