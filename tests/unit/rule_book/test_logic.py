"""What rule_book/logic.py sees in a rule, on small rules written for it."""

from __future__ import annotations

import pytest

from spmwatch.engine.catalogue.load import load_rule_base
from spmwatch.engine.catalogue.rule import Rule, RuleFile, parse_rule
from spmwatch.rule_book.logic import faults
from tests.unit.engine.rule_folders import SHIPPED

PARAMETERS = {
    "short": (12, "mo"),
    "long": (24, "mo"),
    "old": (75, "a"),
    "older": (80, "a"),
    "near": (10, "d"),
    "far": (30, "d"),
}
LEN = {"exposed": {"drug": "lenalidomide", "as": "len"}}


def rule(*variants: dict[str, object], unless: list[dict[str, object]] | None = None) -> Rule:
    """A rule of these variants, the first called `first`, the second `second`."""
    parameters = {n: {"value": v, "unit": u, "meaning": "m", "evidence": ["E01"]} for n, (v, u) in PARAMETERS.items()}
    names = ("first", "second")
    file = RuleFile.model_validate(
        {
            "id": "TST-01",
            "title": "t",
            "version": "1.0.0",
            "status": "active",
            "hooks": ["patient-view"],
            "grade": "C",
            "rationale": "r",
            "evidence": ["E01"],
            "parameters": parameters,
            "variants": [{"id": n, "indicator": "info", **v} for n, v in zip(names, variants, strict=False)],
            "unless": unless or [],
            "unknown": {"no_record": "absent", "incomplete_record": "ask", "because": "b"},
            "card": {"summary": "s", "detail": "{facts}", "ask": "a", "source": "E01"},
            "tests": "features/x/tst-01-x.feature",
        }
    )
    return parse_rule(file, SHIPPED / "x" / "tst-01-x.yaml", [])


def problems(*variants: dict[str, object], unless: list[dict[str, object]] | None = None) -> list[str]:
    return [fault.problem for fault in faults(rule(*variants, unless=unless))]


@pytest.mark.parametrize(
    ("test", "possible"),
    [
        ({"duration": {"more_than": "long", "less_than": "short"}}, False),
        ({"duration": {"more_than": "long", "at_most": "long"}}, False),
        ({"duration": {"at_least": "long", "at_most": "long"}}, True),
        ({"duration": {"at_least": "short", "less_than": "long"}}, True),
        ({"start": {"at_most": "near", "before": "today"}}, True),
    ],
)
def test_limits_that_leave_no_value_over(test: dict[str, object], possible: bool) -> None:
    found = problems({"when": {"exposed": {"drug": "lenalidomide", **test}}})
    assert bool(found) is not possible, found


def test_distances_to_the_same_day_are_compared_and_to_others_not() -> None:
    far = {"performed": {"what": "skin-exam", "date": {"at_least": "far", "after": "len.start"}, "as": "one"}}
    assert problems({"when": {"all": [LEN, far]}}) == []


def test_two_conditions_on_the_one_patient_contradict_each_other() -> None:
    old = {"patient": {"age": {"at_least": "older"}}}
    young = {"patient": {"age": {"less_than": "old"}}}
    assert problems({"when": {"all": [old, young]}}) == ["contradicts an earlier condition on `age`"]
    man, woman = {"patient": {"sex": "male"}}, {"patient": {"sex": "female"}}
    assert problems({"when": {"all": [man, woman]}}) == ["contradicts an earlier condition on `sex`"]
    assert problems({"when": {"any": [man, woman]}}) == []


def test_two_conditions_on_drugs_may_speak_of_different_courses() -> None:
    two = [{"exposed": {"drug": "lenalidomide"}}, {"exposed": {"drug": "melphalan"}}]
    assert problems({"when": {"all": two}}) == []


@pytest.mark.parametrize(
    ("negative", "silenced"),
    [
        ({"exposed": {"drug": "lenalidomide"}}, True),
        ({"exposed": {"drug": ["lenalidomide", "melphalan"]}}, True),
        ({"exposed": {"drug": "lenalidomide", "active": "past"}}, False),
        ({"exposed": {"drug": "lenalidomide", "duration": {"at_least": "short"}}}, True),
        ({"exposed": {"drug": "lenalidomide", "duration": {"more_than": "long"}}}, False),
        ({"exposed": {"drug": "melphalan"}}, False),
    ],
)
def test_a_negative_that_follows_from_the_conditions(negative: dict[str, object], silenced: bool) -> None:
    when = {"exposed": {"drug": "lenalidomide", "duration": {"at_least": "long"}}}
    found = problems({"when": when, "unless": [{"id": "blocked", **negative}]})
    assert bool(found) is silenced, found


@pytest.mark.parametrize(
    ("first", "second", "shadowed"),
    [
        ({"exposed": {"drug": "lenalidomide"}}, {"exposed": {"drug": "lenalidomide", "active": "current"}}, True),
        ({"exposed": {"drug": "lenalidomide", "active": "current"}}, {"exposed": {"drug": "lenalidomide"}}, False),
        (
            {"all": [LEN, {"transplanted": {"date": {"before": "len.end"}}}]},
            {"all": [LEN, {"transplanted": {"kind": "autologous", "date": {"before": "len.end"}}}]},
            True,
        ),
        (
            {"all": [LEN, {"transplanted": {"date": {"before": "len.start"}}}]},
            {"all": [LEN, {"transplanted": {"date": {"before": "len.end"}}}]},
            False,
        ),
    ],
)
def test_a_variant_that_the_one_before_always_outdoes(
    first: dict[str, object], second: dict[str, object], shadowed: bool
) -> None:
    found = problems({"when": first}, {"when": second})
    assert bool(found) is shadowed, found


def test_a_variant_of_another_part_or_behind_a_narrower_negative_is_not_outdone() -> None:
    wide, narrow = {"exposed": {"drug": "lenalidomide"}}, {"exposed": {"drug": "lenalidomide", "active": "current"}}
    assert problems({"when": wide, "part": "a"}, {"when": narrow, "part": "b"}) == []
    blocked = [{"id": "blocked", "transplanted": {"kind": "autologous"}}]
    assert problems({"when": wide, "unless": blocked}, {"when": narrow}) == []
    assert problems({"when": wide, "unless": blocked}, {"when": narrow, "unless": blocked}) != []


def test_the_shipped_rules_can_all_speak() -> None:
    assert [(r.id, fault) for r in load_rule_base().all_rules for fault in faults(r)] == []
