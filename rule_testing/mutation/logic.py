"""What decides in a rule or check, freed of what means nothing: names, order, and what is asked for twice.

A condition that another of the same branch asks for already, and a way that asks for all that another asks for, decide
nothing: rules have them so that a card names more facts. A change of such a thing is no mutant.
"""

from __future__ import annotations

from collections.abc import Sequence

from spmwatch.engine.catalogue.conditions import Branch, Condition
from spmwatch.engine.catalogue.rule import Rule, Variant
from spmwatch.engine.follow_up.check import Check
from spmwatch.rule_testing.mutation.shared import Shared

_Spans = frozenset[tuple[str, str, float, int, str, str]]
_Words = frozenset[tuple[str, frozenset[str]]]
_Asked = tuple[str, _Words, _Spans]


def logic_of(part: Rule | Check | Shared) -> object:
    """Equal for two rules, two checks, or two versions of a shared file, that decide alike."""
    if isinstance(part, Shared):
        return part.value
    if isinstance(part, Rule):
        variants = [(v.id, v.part, v.indicator, _branches(v.branches), _unless(v)) for v in part.variants]
        return variants, part.asks, part.follow_up, part.hooks
    schedules = [
        (s.id, _branches(s.who), s.individual, [(t.concept, t.analyte, t.due.value, t.overdue.value) for t in s.tests])
        for s in part.schedules
    ]
    return schedules, [(e.id, e.doubtful, _branches(e.branches)) for e in part.exclusions]


def _branches(branches: Sequence[Branch]) -> frozenset[frozenset[_Asked]]:
    ways = {_branch(branch.conditions) for branch in branches}
    return frozenset(way for way in ways if not any(other < way for other in ways))


def _branch(conditions: Sequence[Condition]) -> frozenset[_Asked]:
    """The conditions of a branch without those that another implies, unless something is compared with them."""
    asked = _asked(conditions)
    anchors = {test.anchor for condition in conditions for test in condition.spans}
    named = {asked[index] for index, condition in enumerate(conditions) if condition.name in anchors}
    kept = dict.fromkeys(asked)
    return frozenset(
        each for each in kept if each in named or not any(other != each and _implies(other, each) for other in kept)
    )


def _implies(one: _Asked, other: _Asked) -> bool:
    """Does an episode that fits the one always fit the other?"""
    words = dict(one[1])
    return (
        one[0] == other[0]
        and other[2] <= one[2]
        and all(field in words and words[field] <= values for field, values in other[1])
    )


def _unless(variant: Variant) -> frozenset[tuple[str, _Asked]]:
    """Each negative, with what it compares with told by its place in the first branch."""
    bound = variant.branches[0].conditions if variant.branches else ()
    return frozenset((item.id, _asked([*bound, item.condition])[-1]) for item in variant.unless)


def _asked(conditions: Sequence[Condition]) -> list[_Asked]:
    """What each condition asks; what it is compared with is told by what that one asks by itself."""
    by_name = {condition.name: condition for condition in conditions}

    def anchor(name: str | None) -> str:
        other = by_name.get(name or "")
        return (
            name or "" if other is None else f"{other.verb} {sorted((w.field, sorted(w.values)) for w in other.words)}"
        )

    return [
        (
            condition.verb,
            frozenset((test.field, frozenset(test.values)) for test in condition.words),
            frozenset(
                (t.field, t.comparison, t.offset, t.months, anchor(t.anchor), t.anchor_field or "")
                for t in condition.spans
            ),
        )
        for condition in conditions
    ]
