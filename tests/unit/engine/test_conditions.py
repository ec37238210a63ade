"""The words of a rule file become conditions; what cannot be understood is refused with its place."""

from __future__ import annotations

import pytest

from spmwatch.engine.catalogue.conditions import (
    Branch,
    Condition,
    ConditionError,
    Parameter,
    SpanTest,
    WordTest,
    parse_unless,
    parse_when,
)
from spmwatch.engine.episodes import VOCABULARY


def parameter(name: str, value: float, unit: str) -> Parameter:
    return Parameter(name=name, value=value, unit=unit, meaning="a test", evidence=("convention",))


PARAMETERS = {
    p.name: p
    for p in (
        parameter("gap", 30, "d"),
        parameter("weeks", 4, "wk"),
        parameter("long", 24, "mo"),
        parameter("old", 65, "a"),
        parameter("low", 0.5, "10*9/L"),
    )
}


def branches(tree: object) -> list[Branch]:
    return parse_when(tree, "when", PARAMETERS, {})


def only(tree: object) -> tuple[Condition, ...]:
    found = branches(tree)
    assert len(found) == 1
    return found[0].conditions


def spans(*tests: object) -> tuple[SpanTest, ...]:
    """Tests of the last of several conditions."""
    return only({"all": list(tests)})[-1].spans


LEN = {"exposed": {"drug": "lenalidomide", "as": "len"}}


def test_a_verb_is_one_condition_bound_to_a_name_of_its_own() -> None:
    (condition,) = only({"exposed": {"drug": "lenalidomide"}})
    assert condition.verb == "exposed"
    assert condition.name == "exposed_1"
    assert condition.words == (WordTest(field="drug", values=("lenalidomide",)),)
    assert condition.spans == ()


def test_unnamed_conditions_of_one_verb_get_different_names() -> None:
    first, second = only({"all": [{"exposed": {"drug": "lenalidomide"}}, {"exposed": {"drug": "melphalan"}}]})
    assert (first.name, second.name) == ("exposed_1", "exposed_2")


def test_a_list_of_words_is_any_of_them_and_may_name_unknown() -> None:
    (condition,) = only({"exposed": {"drug": "melphalan", "form": ["iv-other", "unknown"]}})
    assert condition.words[1] == WordTest(field="form", values=("iv-other", "unknown"))


def test_no_test_at_all_is_any_such_episode() -> None:
    (condition,) = only({"transplanted": {}})
    assert (condition.words, condition.spans) == ((), ())


def test_any_is_multiplied_out_in_order() -> None:
    tree = {
        "all": [
            {"any": [{"exposed": {"drug": "a"}}, {"ordered": {"drug": "b"}}]},
            {"any": [{"transplanted": {}}, {"diagnosed": {"family": "myeloma"}}]},
        ]
    }
    assert [[c.verb for c in branch.conditions] for branch in branches(tree)] == [
        ["exposed", "transplanted"],
        ["exposed", "diagnosed"],
        ["ordered", "transplanted"],
        ["ordered", "diagnosed"],
    ]


def test_all_within_any_stays_together() -> None:
    tree = {"any": [{"all": [LEN, {"transplanted": {}}]}, {"diagnosed": {"family": "myeloma"}}]}
    assert [len(branch.conditions) for branch in branches(tree)] == [2, 1]


@pytest.mark.parametrize(
    ("word", "comparison"), [("at_least", ">="), ("more_than", ">"), ("at_most", "<="), ("less_than", "<")]
)
def test_a_number_compares_with_a_parameter(word: str, comparison: str) -> None:
    (test,) = only({"patient": {"age": {word: "old"}}})[0].spans
    assert (test.field, test.comparison, test.offset, test.anchor) == ("age", comparison, 65, None)
    assert test.parameter == PARAMETERS["old"]


def test_a_number_may_have_two_limits() -> None:
    tests = only({"patient": {"age": {"at_least": "old", "less_than": "old"}}})[0].spans
    assert [test.comparison for test in tests] == [">=", "<"]


def test_a_laboratory_value_takes_the_parameter_s_own_unit() -> None:
    (test,) = only({"measured": {"analyte": "anc", "value": {"less_than": "low"}}})[0].spans
    assert test.offset == 0.5


@pytest.mark.parametrize(
    ("word", "comparison"), [("before", "<"), ("after", ">"), ("not_before", ">="), ("not_after", "<=")]
)
def test_a_day_compares_with_a_day_of_an_earlier_condition(word: str, comparison: str) -> None:
    (test,) = spans(LEN, {"transplanted": {"date": {word: "len.end"}}})
    assert test == SpanTest(field="date", comparison=comparison, anchor="len", anchor_field="end")


def test_a_day_compares_with_the_day_of_evaluation() -> None:
    (test,) = only({"transplanted": {"date": {"before": "today"}}})[0].spans
    assert (test.anchor, test.anchor_field, test.offset) == ("today", None, 0)


def test_at_most_so_long_before_is_bounded_on_both_sides() -> None:
    tests = only({"exposed": {"drug": "lenalidomide", "end": {"at_most": "gap", "before": "today"}}})[0].spans
    assert [(test.comparison, test.offset) for test in tests] == [(">=", -30), ("<=", 0)]


def test_at_least_so_long_before_is_bounded_on_one_side() -> None:
    (test,) = only({"diagnosed": {"family": "myeloma", "onset": {"at_least": "gap", "before": "today"}}})[0].spans
    assert (test.comparison, test.offset) == ("<=", -30)


def test_a_distance_after_counts_forward_and_weeks_are_days() -> None:
    tests = spans(LEN, {"transplanted": {"date": {"less_than": "weeks", "after": "len.start"}}})
    assert [(test.comparison, test.offset) for test in tests] == [("<", 28), (">=", 0)]


def test_within_is_a_distance_either_way() -> None:
    tests = spans(LEN, {"exposed": {"drug": "melphalan", "start": {"within": "gap", "of": "len.start"}}})
    assert [(test.comparison, test.offset, test.anchor) for test in tests] == [(">=", -30, "len"), ("<=", 30, "len")]


def test_overlap_is_at_least_one_day_in_common() -> None:
    tests = spans(LEN, {"exposed": {"drug": "melphalan", "overlaps": "len"}})
    assert [(test.field, test.comparison, test.anchor_field) for test in tests] == [
        ("start", "<=", "end"),
        ("end", ">=", "start"),
    ]


def test_a_name_is_known_only_to_the_conditions_after_it() -> None:
    with pytest.raises(ConditionError, match="names no condition before this one"):
        branches({"all": [{"transplanted": {"date": {"before": "len.end"}}}, LEN]})


def test_a_name_bound_in_one_way_of_any_is_unknown_after_it_in_another() -> None:
    tree = {"all": [{"any": [LEN, {"transplanted": {}}]}, {"transplanted": {"date": {"before": "len.end"}}}]}
    with pytest.raises(ConditionError, match="`len` names no condition"):
        branches(tree)


REFUSED = [
    ({"took": {}}, "when.took", "is not a verb"),
    ({"exposed": {"drug": "a"}, "ordered": {"drug": "a"}}, "when", "one `all`, `any` or verb"),
    ({"all": []}, "when.all", "needs a list"),
    ({"any": {"exposed": {}}}, "when.any", "needs a list"),
    ({"all": ["exposed"]}, "when.all[0]", "one `all`, `any` or verb"),
    ({"exposed": "lenalidomide"}, "when.exposed", "needs its tests in braces"),
    ({"exposed": {"dose": "a"}}, "when.exposed.dose", "has no such field"),
    ({"exposed": {"drug": 3}}, "when.exposed.drug", "needs a word"),
    ({"exposed": {"form": "by-mouth"}}, "when.exposed.form", "`by-mouth` is not among its words"),
    ({"exposed": {"as": "today"}}, "when.exposed.as", "no usable name"),
    ({"exposed": {"as": "a-b"}}, "when.exposed.as", "no usable name"),
    ({"all": [LEN, LEN]}, "when.all[1].exposed.as", "names an earlier condition"),
    ({"patient": {"age": 65}}, "when.patient.age", "needs a comparison"),
    ({"patient": {"age": {}}}, "when.patient.age", "needs a comparison"),
    ({"patient": {"age": {"at_least": 65}}}, "when.patient.age.at_least", "is a bare value"),
    ({"patient": {"age": {"at_least": "older"}}}, "when.patient.age.at_least", "is not a parameter"),
    ({"patient": {"age": {"at_least": "long"}}}, "when.patient.age.at_least", "`long` is in mo"),
    ({"patient": {"age": {"above": "old"}}}, "when.patient.age", "does not take above"),
    ({"patient": {"age": {"before": "today"}}}, "when.patient.age", "does not take a day"),
    ({"transplanted": {"date": {"before": "today", "after": "today"}}}, "when.transplanted.date", "two days"),
    ({"transplanted": {"date": {"at_most": "long", "before": "today"}}}, "when.transplanted.date.at_most", "is in mo"),
    (
        {"transplanted": {"date": {"at_most": "gap", "not_after": "today"}}},
        "when.transplanted.date",
        "does not go with",
    ),
    ({"transplanted": {"date": {"within": "gap"}}}, "when.transplanted.date", "`within` needs `of`"),
    ({"transplanted": {"date": {"of": "today"}}}, "when.transplanted.date", "`within` needs `of`"),
    ({"transplanted": {"overlaps": "today"}}, "when.transplanted.overlaps", "only exposures overlap"),
    ({"all": [LEN, {"transplanted": {"date": {"before": "len"}}}]}, "when.all[1].transplanted.date.before", "no day"),
    (
        {"all": [LEN, {"transplanted": {"date": {"before": "len.age"}}}]},
        "when.all[1].transplanted.date.before",
        "no day",
    ),
]


@pytest.mark.parametrize(("tree", "field", "problem"), REFUSED)
def test_what_cannot_be_understood_is_refused_with_its_place(tree: object, field: str, problem: str) -> None:
    with pytest.raises(ConditionError) as caught:
        branches(tree)
    assert caught.value.field == field
    assert problem in caught.value.problem
    assert caught.value.fix


def test_unless_is_one_condition_with_an_id() -> None:
    entry = {"id": "together", "exposed": {"drug": "lenalidomide", "overlaps": "mel"}}
    id_, condition = parse_unless(entry, "unless[0]", PARAMETERS, {"mel": "exposed"})
    assert id_ == "together"
    assert [test.anchor for test in condition.spans] == ["mel", "mel"]


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ("deceased", "needs an id"),
        ({"patient": {"vital_status": "deceased"}}, "needs an id"),
        ({"id": "x", "any": [{"transplanted": {}}, {"patient": {}}]}, "takes one condition"),
        ({"id": "x", "all": [{"transplanted": {}}, {"patient": {}}]}, "takes one condition"),
        ({"id": "x"}, "a condition is one"),
        ({"id": "x", "finding": {"rule": "SPM-03"}}, "findings may not be negated"),
        ({"id": "x", "missing": {"datum": "phase"}}, "findings may not be negated"),
    ],
)
def test_other_negatives_are_refused(entry: object, problem: str) -> None:
    with pytest.raises(ConditionError, match=problem):
        parse_unless(entry, "unless[0]", PARAMETERS, {})


@pytest.mark.parametrize("verb", sorted(VOCABULARY))
def test_every_field_of_the_vocabulary_can_be_tested(verb: str) -> None:
    shape = VOCABULARY[verb]
    words = {name: [*word.values, "unknown"] if word.values else "some-id" for name, word in shape.words.items()}
    names = {"d": "gap", "mo": "long", "a": "old", "*": "low"}
    numbers = {
        name: {"before": "today"} if unit.is_day else {"at_least": names[unit.ucum]}
        for name, unit in shape.spans.items()
    }
    (condition,) = only({verb: {**words, **numbers}})
    assert {test.field for test in condition.words} == set(shape.words)
    assert {test.field for test in condition.spans} == set(shape.spans)
