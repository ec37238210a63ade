"""What a rule's logic says without any patient: conditions that nothing can fulfil, variants that never speak.

All checks are sound and none is complete: what they name is wrong, what they do not name may be wrong all the same.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from spmwatch.engine.catalogue.conditions import Branch, Condition, SpanTest
from spmwatch.engine.catalogue.rule import Rule, Variant
from spmwatch.engine.episodes import PatientEpisode
from spmwatch.engine.follow_up.check import Check

Names = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogicFault:
    """Where in the rule file the fault stands, and what it is."""

    field: str
    problem: str
    fix: str


def faults(rule: Rule) -> Iterator[LogicFault]:
    """Every fault that can be seen in the rule's logic, in the order of the file."""
    for variant in rule.variants:
        for branch in variant.branches:
            yield from _contradictions(branch)
            yield from _always_silenced(variant, branch)
    yield from _never_first(rule)


def check_faults(check: Check) -> Iterator[LogicFault]:
    """Schedules of a check that are for nobody."""
    for schedule in check.schedules:
        for branch in schedule.who:
            yield from _contradictions(branch)


# -- conditions that nothing fulfils --------------------------------------------------------------------------------


def _contradictions(branch: Branch) -> Iterator[LogicFault]:
    for condition in branch.conditions:
        for field in _empty_fields(condition.spans):
            problem = f"no value of `{field}` can fulfil this"
            yield LogicFault(field=condition.path, problem=problem, fix="Mind the limits and their direction")
    yield from _contradicting_patient([c for c in branch.conditions if c.verb == PatientEpisode.verb])


def _contradicting_patient(conditions: Sequence[Condition]) -> Iterator[LogicFault]:
    """There is one patient, so all conditions on the patient speak of the same."""
    if len(conditions) < 2:
        return
    path = conditions[-1].path
    fix = "There is one patient: join the conditions, or use `any`"
    for field in {test.field for condition in conditions for test in condition.words}:
        asked = [set(test.values) for c in conditions for test in c.words if test.field == field]
        if not set.intersection(*asked):
            yield LogicFault(field=path, problem=f"contradicts an earlier condition on `{field}`", fix=fix)
    spans = [test for condition in conditions for test in condition.spans]
    for field in set(_empty_fields(spans)) - {f for c in conditions for f in _empty_fields(c.spans)}:
        yield LogicFault(field=path, problem=f"contradicts an earlier condition on `{field}`", fix=fix)


def _empty_fields(tests: Sequence[SpanTest]) -> Iterator[str]:
    """Fields whose tests against one and the same anchor leave no value over."""
    keys = dict.fromkeys((test.field, test.anchor, test.anchor_field) for test in tests)
    for field, anchor, anchor_field in keys:
        same = [t for t in tests if (t.field, t.anchor, t.anchor_field) == (field, anchor, anchor_field)]
        low = max((t.offset for t in same if t.comparison in (">", ">=")), default=-math.inf)
        high = min((t.offset for t in same if t.comparison in ("<", "<=")), default=math.inf)
        strict = any(t.comparison == ">" and t.offset == low for t in same) or any(
            t.comparison == "<" and t.offset == high for t in same
        )
        if low > high or (low == high and strict):
            yield field


# -- what follows from what -----------------------------------------------------------------------------------------


def follows(general: Condition, special: Condition, names: Names) -> bool:
    """Does whatever fulfils `special` fulfil `general` too?

    `names`: the name that a thing bound before `general` has before `special`.
    """
    if general.verb != special.verb:
        return False
    asked = {test.field: set(test.values) for test in special.words}
    if any(not asked.get(test.field, {None}) <= set(test.values) for test in general.words):
        return False
    return all(any(_tighter(own, test, names) for own in special.spans) for test in general.spans)


def _tighter(special: SpanTest, general: SpanTest, names: Names) -> bool:
    anchor = None if general.anchor is None else names.get(general.anchor, general.anchor)
    if (special.field, special.anchor, special.anchor_field) != (general.field, anchor, general.anchor_field):
        return False
    if special.comparison[0] != general.comparison[0]:
        return False
    gap = special.offset - general.offset if general.comparison[0] == ">" else general.offset - special.offset
    return gap > 0 or (gap == 0 and (special.comparison == general.comparison or len(general.comparison) == 2))


def _always_silenced(variant: Variant, branch: Branch) -> Iterator[LogicFault]:
    """A negative that follows from the conditions themselves."""
    for item in variant.unless:
        if any(follows(item.condition, condition, {}) for condition in branch.conditions):
            problem = f"`unless` {item.id} holds whenever the conditions do, so this never speaks"
            yield LogicFault(field=item.condition.path, problem=problem, fix="Narrow the negative or drop the way")


def _never_first(rule: Rule) -> Iterator[LogicFault]:
    """A variant behind a stronger one of its part that holds whenever it does."""
    for earlier, later in itertools.combinations(rule.variants, 2):
        if earlier.part == later.part and _outdoes(earlier, later):
            problem = f"never speaks: `{earlier.id}`, which stands before it, holds whenever it does"
            yield LogicFault(field=f"variants.{later.id}", problem=problem, fix="Narrow the one before, or drop it")


def _outdoes(earlier: Variant, later: Variant) -> bool:
    if not all(any(_implied(way, other) for way in earlier.branches) for other in later.branches):
        return False
    own = [item.condition for item in earlier.unless]
    others = [item.condition for item in later.unless]
    return all(any(follows(other, condition, {}) for other in others) for condition in own)


def _implied(general: Branch, special: Branch) -> bool:
    """Is there, for each condition of `general`, one of `special` from which it follows?"""

    def match(index: int, names: dict[str, str]) -> bool:
        if index == len(general.conditions):
            return True
        condition = general.conditions[index]
        return any(
            follows(condition, other, names) and match(index + 1, {**names, condition.name: other.name})
            for other in special.conditions
        )

    return match(0, {})
