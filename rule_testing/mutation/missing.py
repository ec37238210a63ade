"""Which scenario is missing where a mutant survives, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from spmwatch.engine.catalogue.conditions import Condition, SpanTest, parse_when
from spmwatch.engine.catalogue.rule import Rule
from spmwatch.engine.catalogue.texts import plain_number
from spmwatch.engine.catalogue.wording import Wording
from spmwatch.engine.follow_up.check import Check
from spmwatch.rule_book.sentences import Sentences
from spmwatch.rule_testing.mutation.changes import Kind
from spmwatch.rule_testing.mutation.mutants import Mutant
from spmwatch.rule_testing.mutation.shared import Shared

_UNITS = {"d": "days", "wk": "weeks", "mo": "months", "a": "years"}


def missing_scenario(mutant: Mutant, wording: Wording) -> str:
    """One sentence: the patient, or the question, that would tell the change from the rule as it is."""
    if isinstance(mutant.part, Shared):
        return _shared(mutant)
    return _TOLD[mutant.change.kind](mutant, wording)


def _shared(mutant: Mutant) -> str:
    """Of what all rules share: what the number means stands beside it."""
    change, data = mutant.change, mutant.source.data
    if change.kind is Kind.THRESHOLD:
        name = str(change.steps[1])
        low, high = sorted((float(change.before), float(change.after)))
        parameters = data["parameters"]
        assert isinstance(parameters, dict)
        parameter = parameters[name]
        unit = _UNITS.get(parameter["unit"], parameter["unit"])
        between = f"{plain_number(low)} and {plain_number(high)} {unit}"
        return f"no scenario tells {between} apart as {name}: {parameter['meaning']}"
    if change.kind is Kind.ORDER:
        first, _, second = change.before.partition(", ")
        return f"no scenario notices that `{first}` stands before `{second}` in {change.steps[0]}"
    return f"no scenario needs {change.before} in {change.steps[0]}"


def _threshold(mutant: Mutant, _wording: Wording) -> str:
    name = str(mutant.change.steps[1])
    parameter = _part(mutant).parameters[name]
    low, high = sorted((float(mutant.change.before), float(mutant.change.after)))
    unit = _UNITS.get(parameter.unit, parameter.unit)
    tests = [test for condition in _conditions(_part(mutant)) for test in condition.spans if _is(test, name)]
    if not tests:
        span = f"{plain_number(low)} and {plain_number(high)} {unit}"
        return f"no scenario has a test that was done between {span} ago ({name})"
    value = _between(tests[0], low, high)
    return f"no scenario has {value} {unit} where {name} is asked, and all else as the rule asks"


def _between(test: SpanTest, low: float, high: float) -> str:
    """A value that the two limits decide differently: they lie one apart."""
    far = test.offset < 0  # so many days before another day: the comparison is the other way round
    comparison = {">=": "<=", ">": "<", "<=": ">=", "<": ">"}[test.comparison] if far else test.comparison
    return f"exactly {plain_number(low)}" if comparison in (">=", "<") else f"exactly {plain_number(high)}"


def _comparison(mutant: Mutant, _wording: Wording) -> str:
    _, _, limit = mutant.change.before.partition(" ")
    parameter = _part(mutant).parameters.get(limit)
    exact = (
        f"{plain_number(parameter.value)} {_UNITS.get(parameter.unit, parameter.unit)} ({limit})" if parameter else ""
    )
    return f"no scenario has exactly {exact or f'the day of {limit}'}, and all else as the rule asks"


def _condition(mutant: Mutant, wording: Wording) -> str:
    said = _said(mutant, wording)
    if isinstance(mutant.change.steps[-1], str) and said != mutant.change.before:
        return f"no scenario has all but the {mutant.change.steps[-1]} of what the rule asks here: {said}"
    return f"no scenario lacks only this, and all else is as the rule asks: {said}"


def _way(mutant: Mutant, wording: Wording) -> str:
    return f"no scenario has only this of the ways that are open: {_said(mutant, wording)}"


def _unless(mutant: Mutant, wording: Wording) -> str:
    return f"no scenario is silent for this alone: {_said(mutant, wording)}"


def _word(mutant: Mutant, _wording: Wording) -> str:
    field = next(str(step) for step in reversed(mutant.change.steps) if isinstance(step, str))
    before, after = mutant.change.before, mutant.change.after
    if after.startswith("("):
        return f"no scenario has {field} {before}, and all else as the rule asks"
    if mutant.change.kind is Kind.WIDER:
        added = after.strip("[]").rpartition(", ")[2]
        return f"no scenario has {field} {added} where the rule asks for {before}, and all else as it asks"
    return f"no scenario tells {field} {before} from {after}, where all else is as the rule asks"


def _indicator(mutant: Mutant, _wording: Wording) -> str:
    part = mutant.source.part
    index = mutant.change.steps[1]
    assert isinstance(part, Rule)
    assert isinstance(index, int)
    return f"no scenario says that `{part.variants[index].id}` fires with indicator {mutant.change.before}"


def _unknown(mutant: Mutant, _wording: Wording) -> str:
    return f"no scenario says what {mutant.rule} asks about while it is undecided"


def _plan(mutant: Mutant, _wording: Wording) -> str:
    return f"no scenario says that the plan names {mutant.rule} as a reason for {mutant.change.before}"


def _hook(mutant: Mutant, _wording: Wording) -> str:
    return f"no scenario has {mutant.rule} speak at {mutant.change.before}"


_TOLD: Mapping[Kind, Callable[[Mutant, Wording], str]] = {
    Kind.THRESHOLD: _threshold,
    Kind.COMPARISON: _comparison,
    Kind.CONDITION: _condition,
    Kind.WAY: _way,
    Kind.UNLESS: _unless,
    Kind.WORD: _word,
    Kind.WIDER: _word,
    Kind.INDICATOR: _indicator,
    Kind.UNKNOWN: _unknown,
    Kind.PLAN: _plan,
    Kind.HOOK: _hook,
}


def _said(mutant: Mutant, wording: Wording) -> str:
    """What was changed, as the rule's page would say it; as the file has it where it compares with other conditions."""
    tree: Mapping[str, Any] = mutant.change.what or {}
    bare = {key: value for key, value in tree.items() if key not in ("id", "words", "doubtful")}
    try:
        branches = parse_when(bare, "-", _part(mutant).parameters, {}, calendar=True)
        sentences = Sentences(wording)
        conditions = [condition for branch in branches for condition in branch.conditions]
        names = sentences.names(conditions)
        return "; ".join(dict.fromkeys(sentences.sentence(each, names) for each in conditions)).replace("**", "")
    except Exception:  # noqa: BLE001 - a part of a condition need not be one that reads by itself
        return mutant.change.before


def _part(mutant: Mutant) -> Rule | Check:
    part = mutant.source.part
    assert not isinstance(part, Shared), "what all rules share is told otherwise"
    return part


def _is(test: SpanTest, name: str) -> bool:
    return test.parameter is not None and test.parameter.name == name


def _conditions(part: Rule | Check) -> Iterator[Condition]:
    if isinstance(part, Rule):
        for variant in part.variants:
            for branch in variant.branches:
                yield from branch.conditions
            yield from (item.condition for item in variant.unless)
        return
    for branches in (*(s.who for s in part.schedules), *(e.branches for e in part.exclusions)):
        for branch in branches:
            yield from branch.conditions
