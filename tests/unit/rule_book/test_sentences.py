"""Conditions as sentences: every test of every condition is told, with its number, unit and source."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given, settings

from spmwatch.engine.catalogue.conditions import TODAY, Condition
from spmwatch.engine.catalogue.load import load_rule_base
from spmwatch.engine.catalogue.rule import Rule, Variant
from spmwatch.engine.episodes import VOCABULARY, Unit
from spmwatch.engine.follow_up.check import Check
from spmwatch.rule_book.branches import conditions_of, logic_of
from spmwatch.rule_book.sentences import Sentences
from tests.strategies.episodes import PARAMETERS, rule_of, rules

BASE = load_rule_base()
SENTENCES = Sentences(BASE.wording)
SHIPPED = [(rule, variant) for rule in BASE.all_rules for variant in rule.variants]


def all_conditions(variant: Variant) -> list[Condition]:
    """Those of `when` and those of `unless`."""
    own, rest = logic_of(variant)
    return [*conditions_of(own), *conditions_of(rest), *(item.condition for item in variant.unless)]


def without(condition: Condition, test: object) -> Condition:
    """The condition with one of its tests left out."""
    words = tuple(item for item in condition.words if item is not test)
    spans = tuple(item for item in condition.spans if item is not test)
    return dataclasses.replace(condition, words=words, spans=spans)


def told_of(rule: Rule) -> None:
    """Each test changes its condition's sentence; each word and each amount stands in it."""
    for variant in rule.variants:
        conditions_told(all_conditions(variant))


def conditions_told(conditions: list[Condition]) -> None:
    """The same for conditions that speak of each other."""
    names = SENTENCES.names(conditions)
    for condition in conditions:
        sentence = SENTENCES.sentence(condition, names)
        for test in (*condition.words, *condition.spans):
            assert SENTENCES.sentence(without(condition, test), names) != sentence, test
        for word in condition.words:
            for value in word.values:
                labels = {BASE.wording.word(word.field, value)}
                if word.field == "kind":
                    labels.add(BASE.wording.named_transplant(value))
                if word.field == "form":
                    labels.add(BASE.wording.named_drug("melphalan", value).replace(" (route or kind not recorded)", ""))
                assert any(label in sentence for label in labels), (value, sentence)
        for span in condition.spans:
            if span.parameter is not None:
                assert SENTENCES.amount(span.parameter) in sentence
            if span.anchor == TODAY:
                assert TODAY in sentence
            elif span.anchor is not None:
                assert names.references[span.anchor] in sentence


@pytest.mark.parametrize(("rule", "variant"), SHIPPED, ids=lambda item: item.id)
def test_the_tree_holds_every_condition_of_every_branch(rule: Rule, variant: Variant) -> None:
    own, rest = logic_of(variant)
    told = [condition.path for condition in (*conditions_of(own), *conditions_of(rest))]
    assert set(told) == {c.path for branch in variant.branches for c in branch.conditions}
    assert len(told) == len(set(told))


@pytest.mark.parametrize("rule", BASE.all_rules, ids=lambda rule: rule.id)
def test_every_test_of_every_shipped_rule_is_told(rule: Rule) -> None:
    told_of(rule)


@given(rules())
@settings(max_examples=300)
def test_every_test_of_any_rule_is_told(rule: Rule) -> None:
    told_of(rule)


@pytest.mark.parametrize(
    ("verb", "field", "unit"),
    [(verb, field, unit) for verb, shape in VOCABULARY.items() for field, unit in shape.spans.items()],
)
def test_every_span_of_the_vocabulary_can_be_told(verb: str, field: str, unit: Unit) -> None:
    tests: list[dict[str, str]] = [{key: "low_mo"} for key in ("at_least", "more_than", "at_most", "less_than")]
    if unit.is_day:
        tests = [{key: TODAY} for key in ("before", "after", "not_before", "not_after")]
        tests += [{key: "many_d", "before": TODAY} for key in ("at_least", "more_than", "at_most", "less_than")]
        tests += [{"at_least": "many_d", "after": TODAY}, {"at_most": "many_d", "after": TODAY}]
        tests += [{"at_least": "few_d", "at_most": "many_d", "after": TODAY}, {"within": "many_d", "of": TODAY}]
    elif unit.ucum != "*":
        name = next(name for name, (_, ucum) in PARAMETERS.items() if ucum == unit.ucum)
        tests = [dict.fromkeys(test, name) for test in tests]
    sentences = set()
    for test in tests:
        rule = rule_of("TST-01", {verb: {field: test}}, [])
        told_of(rule)
        condition = rule.variants[0].branches[0].conditions[0]
        sentences.add(SENTENCES.sentence(condition, SENTENCES.names([condition])))
    assert len(sentences) == len(tests), sentences


def sentence_of(when: dict[str, object], index: int = -1) -> str:
    """The sentence of one condition of a rule with this logic."""
    conditions = all_conditions(rule_of("TST-01", when, []).variants[0])
    return SENTENCES.sentence(conditions[index], SENTENCES.names(conditions))


def test_a_distance_is_told_with_value_unit_and_source() -> None:
    when = {"exposed": {"drug": "lenalidomide", "end": {"at_most": "many_d", "before": "today"}}}
    assert sentence_of(when) == "a course of lenalidomide, ended at most **30 days** (E01) before today"


def test_at_least_is_not_at_most() -> None:
    when = {"exposed": {"drug": "lenalidomide", "end": {"at_least": "many_d", "before": "today"}}}
    assert sentence_of(when).endswith("ended at least **30 days** (E01) before today")


def test_both_ends_of_a_distance_are_told() -> None:
    when = {"transplanted": {"date": {"at_least": "few_d", "at_most": "many_d", "after": "today"}}}
    told = sentence_of(when)
    assert "at least **1 day** (E01) after today and not later than **30 days** (E01) after today" in told


def test_two_things_of_one_name_get_letters() -> None:
    first = {"exposed": {"drug": "lenalidomide", "phase": "induction", "as": "first"}}
    second = {"exposed": {"drug": "lenalidomide", "phase": "maintenance", "start": {"after": "first.start"}}}
    assert sentence_of({"all": [first, second]}, 0) == "a course of lenalidomide (A), as induction"
    assert sentence_of({"all": [first, second]}).endswith("started after the start of the course of lenalidomide (A)")


def test_an_overlap_is_one_phrase() -> None:
    when = {
        "all": [
            {"exposed": {"drug": "lenalidomide", "as": "len"}},
            {"exposed": {"drug": "melphalan", "form": "oral", "overlaps": "len"}},
        ]
    }
    told = "a course of oral melphalan, at least one day in common with the course of lenalidomide"
    assert sentence_of(when) == told


def test_naming_unknown_is_told() -> None:
    assert "melphalan (route or kind not recorded)" in sentence_of(
        {"exposed": {"drug": "melphalan", "form": ["oral", "unknown"]}}
    )


def test_a_condition_without_tests_says_so() -> None:
    assert sentence_of({"transplanted": {}}) == "a stem-cell transplant of whatever kind"


@pytest.mark.parametrize("check", BASE.checks, ids=lambda check: check.id)
def test_every_test_of_every_shipped_check_is_told(check: Check) -> None:
    for schedule in check.schedules:
        conditions_told([c for branch in schedule.who for c in branch.conditions])
    for exclusion in check.exclusions:
        conditions_told([c for branch in exclusion.branches for c in branch.conditions])
