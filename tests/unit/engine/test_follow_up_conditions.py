"""Conditions of checks, compiled, come to what the reader of all conditions comes to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import event, given
from hypothesis import strategies as st

from spmwatch.engine.catalogue.conditions import Branch, Condition
from spmwatch.engine.catalogue.load import load_rule_base
from spmwatch.engine.catalogue.rule import Rule
from spmwatch.engine.episodes import Done, Episode, Span
from spmwatch.engine.facts import Standing
from spmwatch.engine.follow_up.conditions import Circumstances, Compiler
from spmwatch.engine.reasoning.explain import Explainer
from spmwatch.engine.truth import Truth
from tests.strategies.episodes import AS_OF, episode, patients, rule_of, rules

CHECKS = load_rule_base().checks
SHIPPED = [
    branches
    for check in CHECKS
    for branches in (*(s.who for s in check.schedules if s.who), *(item.branches for item in check.exclusions))
]


@st.composite
def asked_for(draw: st.DrawFn, branches: Sequence[Branch]) -> list[Episode]:
    """A patient with episodes that hold the very words that the conditions ask for; the rest of each is random."""
    conditions: list[Condition] = [condition for branch in branches for condition in branch.conditions]
    found = []
    for number, condition in enumerate(draw(st.lists(st.sampled_from(conditions), max_size=5))):
        words = {word.field: draw(st.sampled_from(word.values)) for word in condition.words if draw(st.integers(0, 3))}
        found.append(replace(draw(episode(condition.verb, 100 - number)), **words))
    return found + draw(patients(most=3))


def assert_the_same(branches: Sequence[Branch], episodes: Sequence[Episode]) -> None:
    ways = Compiler().ways(branches)
    compiled, explained = Circumstances(episodes, AS_OF), Explainer(episodes, AS_OF)
    truth = explained.holds(branches)
    event(f"{truth.name}, {'by itself' if ways.asked else 'by the explainer'}")
    assert compiled.holds(ways) is truth
    assert compiled.topics_of(ways) == explained.topics_of(branches)
    assert list(compiled.certain(ways)) == list(explained.ways(branches, certain=True))


@given(st.data())
def test_the_shipped_checks(data: st.DataObject) -> None:
    branches = data.draw(st.sampled_from(SHIPPED))
    assert_the_same(branches, data.draw(asked_for(branches)))


@given(st.data(), rules())
def test_conditions_of_any_kind(data: st.DataObject, rule: Rule) -> None:
    branches = rule.variants[0].branches
    assert_the_same(branches, data.draw(asked_for(branches)))


def test_the_shipped_checks_need_no_other_reader() -> None:
    assert all(Compiler().ways(branches).asked is not None for branches in SHIPPED)


def test_conditions_that_are_compared_are_left_to_the_explainer() -> None:
    compared = rule_branches()
    ways = Compiler().ways(compared)
    early, late = (Done(id=f"d{day}", what="radiotherapy", date=Span.exactly(day)) for day in (7, 8))
    assert ways.asked is None
    assert Circumstances([early, late], AS_OF).holds(ways) is Truth.TRUE
    assert Circumstances([early], AS_OF).holds(ways) is Truth.FALSE
    assert Circumstances([early, replace(late, standing=Standing.POSSIBLE)], AS_OF).holds(ways) is Truth.UNKNOWN


def rule_branches() -> tuple[Branch, ...]:
    """One thing done before another."""
    return (
        rule_of(
            "TST-02",
            {"all": [{"performed": {"as": "later"}}, {"performed": {"date": {"before": "later.date"}}}]},
            [],
        )
        .variants[0]
        .branches
    )
