"""Every fault of a check file stops the start, with a message that names file and field."""

from __future__ import annotations

import pytest

from spmwatch.engine.catalogue.load import load_rule_base
from tests.unit.engine.rule_folders import RuleFolder, folder

__all__ = ["folder"]

BREAST, SKIN = "checks/breast.yaml", "checks/skin.yaml"
SPM25 = "follow-up/spm-25-skin-check.yaml"
INTERVAL = "value: 2, unit: a,"

# ruff: noqa: E501
# what stands in the file | what is written instead | field of the message | part of the problem
REFUSED = {
    "an unknown key": ("source: G04", "source: G04\nsurprise: 1", "surprise", "not a key"),
    "another id than the name": ("id: breast\n", "id: bosom\n", "id", "is not the name of the file"),
    "an unknown source": ("source: G04", "source: G99", "source", "is not in evidence.yaml"),
    "a source that is not listed": ("source: G04", "source: G02", "source", "not among the check's"),
    "an unknown topic": ("ask: screening-dates", "ask: anything", "ask", "is not a topic"),
    "a unit that is not UCUM": (INTERVAL, "value: 2, unit: years,", "parameters.interval.unit", "is not UCUM"),
    "an interval in a unit that is no time": (INTERVAL, "value: 2, unit: mg,", "schedules[1].tests[0].due", "no whole number"),
    "half an interval": (INTERVAL, "value: 2.5, unit: a,", "schedules[1].tests[0].due", "no whole number"),
    "a negative interval": (INTERVAL, "value: -2, unit: a,", "parameters.interval.value", "number from 0"),
    "no interval at all": (INTERVAL, "value: 0, unit: a,", "schedules[1].tests[0].due", "no time at all"),
    "an interval beyond all": (INTERVAL, "value: 20000, unit: a,", "parameters.interval.value", "from 0 to 10000"),
    "a limit before the interval": (INTERVAL, "value: 9, unit: a,", "schedules[1].tests[0].overdue", "ends before"),
    "an unknown parameter": ("due: interval", "due: every_year", "schedules[1].tests[0].due", "is not a parameter"),
    "an unknown test": ("{concept: mammography, due", "{concept: mamography, due", ".concept", "not in the value sets"),
    "a test of nothing": ("{concept: mammography, due", "{due", "schedules[1].tests[0]", "one concept or one analyte"),
    "a number in the words": ("{first_age} to {last_age} years", "40 to {last_age} years", "schedules[1].words", "writes out a number"),
    "an empty title": ("title: ", "title: ' ' # ", "title", "at least 1 character"),
    "empty words of an exclusion": ("words: Both breasts were removed", "words: ' '", "exclusions[0].words", "is missing"),
    "a forbidden word": ("Both breasts were removed", "Screening is required", "exclusions[0].words", "uses `required`"),
    "an exclusion without words": ("    words: Both breasts were removed\n", "", "exclusions[0].words", "is missing"),
    "an unknown exclusion": ("what: bilateral-mastectomy", "what: mastectomy", "exclusions[0].performed.what", "not in the catalogue"),
    "tests and none": ("    individual: true", "    individual: false", "schedules[0].tests", "needs tests"),
    "two schedules of one id": ("- id: average-risk", "- id: inherited-risk", "schedules", "stands twice"),
    "a code that is not in the value set": ('code: "77067"', 'code: "77999"', "orders[0].code", "is no code of"),
    "an exclusion without an id": ("  - id: both-breasts-removed\n    words", "  - words", "exclusions[0].id", "is missing"),
    "an exclusion by nothing": ("    all:\n      - performed: {what: absent-right-breast}\n      - performed: {what: absent-left-breast}\n", "", "exclusions[1]", "one `all`, `any` or verb"),
    "an order that no schedule accepts": ("orders:\n  - concept: mammography", "orders:\n  - concept: fit", "orders[0].concept", "among the tests of no schedule"),
    "a code without its system": ("    system: CPT\n", "", "orders[0].code", "goes together"),
    "a long label": ("label: Screening mammography", f"label: {'x' * 81}", "orders[0].label", "81 characters"),
    "an unused parameter": (
        "parameters:\n",
        "parameters:\n  spare: {value: 1, unit: a, meaning: None, evidence: [G04]}\n",
        "parameters.spare",
        "is used nowhere",
    ),
    "no time at all": ("kept_in: [Procedure, Observation]", "kept_in: [Everything]", "kept_in[0]", "does not fit"),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "field", "problem"), REFUSED.values(), ids=REFUSED)
def test_a_fault_in_a_check(folder: RuleFolder, old: str, new: str, field: str, problem: str) -> None:
    folder.change(BREAST, old, new)
    error = folder.refusal()
    assert str(error.path) == f"rules/{BREAST}"
    assert field in error.field
    assert problem in error.problem
    assert error.fix


def test_a_schedule_behind_one_for_everybody_never_applies(folder: RuleFolder) -> None:
    folder.change(SKIN, "    who:\n      transplanted: {kind: allogeneic}\n", "")
    assert "applies to everybody" in folder.refusal().problem


def test_a_finding_is_not_there_yet_when_checks_are_looked_at(folder: RuleFolder) -> None:
    folder.change(SKIN, "      transplanted: {kind: allogeneic}\n", "      finding: {rule: SPM-07}\n")
    assert "may not be asked here" in folder.refusal().problem


def test_a_text_of_a_rule_shows_a_number_of_a_check(folder: RuleFolder) -> None:
    folder.change(SKIN, "yearly: {value: 12, unit: mo", "yearly: {value: 6, unit: mo")
    (rule,) = [rule for rule in folder.load().rules if rule.id == "SPM-25"]
    assert {variant.summary for variant in rule.variants} == {"Full skin check suggested: none recorded in 6 months"}


def test_a_number_that_no_check_has_is_refused(folder: RuleFolder) -> None:
    folder.change(SPM25, "{checks.skin.yearly}", "{checks.skin.monthly}")
    error = folder.refusal()
    assert "is no number of a check" in error.problem
    assert "checks.skin.yearly" in error.fix


def test_every_check_can_be_ordered_or_says_why_not() -> None:
    """The review is a conversation; every other check has something that a clinician may order."""
    assert {check.id for check in load_rule_base().checks if not check.orderables} <= {"review"}
