"""Every row of the table of what counts as given (clinical conventions 7.1), in every FHIR version's words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from spmwatch.engine.facts import DrugExposure, DrugNotTaken, LabValue, PlannedDrug, Standing
from tests.unit.fhir_adapters.fhir import (
    Json,
    administration,
    condition,
    dispense,
    observation,
    procedure,
    read,
    request,
    statement,
    without,
)

COUNTS, POSSIBLE, NOTHING, NOT_TAKEN = "counts", "possible", "nothing", "not taken"
PRELIMINARY = "preliminary"
PLANNED, PLANNED_PERHAPS = "planned", "planned, perhaps"
Make = Callable[..., Json]

# resource | element | result -> codes
TABLE: tuple[tuple[Make, str, dict[str, str]], ...] = (
    (
        administration,
        "status",
        {
            COUNTS: "completed in-progress stopped",
            POSSIBLE: "on-hold unknown no-such-code",
            NOTHING: "entered-in-error",
            NOT_TAKEN: "not-done",
        },
    ),
    (
        dispense,
        "status",
        {
            COUNTS: "completed in-progress",
            POSSIBLE: "on-hold unknown no-such-code",
            NOTHING: "cancelled declined entered-in-error preparation stopped",
        },
    ),
    (
        statement,
        "status",
        {
            COUNTS: "active completed stopped recorded",
            POSSIBLE: "on-hold unknown no-such-code",
            NOTHING: "intended entered-in-error draft",
            NOT_TAKEN: "not-taken",
        },
    ),
    (
        request,
        "status",
        {
            COUNTS: "active completed stopped ended",
            POSSIBLE: "on-hold unknown no-such-code",
            NOTHING: "draft cancelled entered-in-error",
        },
    ),
    (
        request,
        "intent",
        {
            COUNTS: "order original-order reflex-order filler-order instance-order",
            POSSIBLE: "no-such-code",
            PLANNED: "proposal plan option",
        },
    ),
    (
        procedure,
        "status",
        {
            COUNTS: "completed",
            POSSIBLE: "in-progress stopped unknown aborted no-such-code",
            NOTHING: "not-done preparation on-hold entered-in-error suspended",
        },
    ),
    (
        observation,
        "status",
        {
            COUNTS: "final amended corrected appended",
            POSSIBLE: "unknown no-such-code",
            PRELIMINARY: "preliminary",
            NOTHING: "registered cancelled entered-in-error cannot-be-obtained",
        },
    ),
)


def rows() -> Iterator[Any]:
    for make, element, results in TABLE:
        for result, codes in results.items():
            for code in codes.split():
                yield pytest.param(make, element, code, result, id=f"{make.__name__} {element} {code}")


def result_of(resource: Json) -> str:
    facts = read(resource).facts
    if not facts:
        return NOTHING
    (fact,) = facts
    if isinstance(fact, DrugNotTaken):
        return NOT_TAKEN
    if isinstance(fact, LabValue) and fact.preliminary:
        return PRELIMINARY
    if isinstance(fact, PlannedDrug):
        return PLANNED if fact.standing is Standing.COUNTS else PLANNED_PERHAPS
    return COUNTS if fact.standing is Standing.COUNTS else POSSIBLE


@pytest.mark.parametrize(("make", "element", "code", "result"), list(rows()))
def test_status_proves(make: Make, element: str, code: str, result: str) -> None:
    assert result_of(make(**{element: code})) == result


@pytest.mark.parametrize(("make", "element"), [(make, element) for make, element, _ in TABLE])
def test_missing_status_is_possible_only_and_a_gap(make: Make, element: str) -> None:
    record = read(without(make(), element))
    assert [fact.standing for fact in record.facts] == [Standing.POSSIBLE]
    assert [(gap.kind, gap.element) for gap in record.gaps] == [("unusable-status", element)]


@pytest.mark.parametrize(("make", "element"), [(make, element) for make, element, _ in TABLE])
@pytest.mark.parametrize("malformed", [7, ["active"], {"code": "active"}, True])
def test_malformed_status_is_possible_only_and_named(make: Make, element: str, malformed: object) -> None:
    record = read(make(**{element: malformed}))
    assert [fact.standing for fact in record.facts] == [Standing.POSSIBLE]
    assert ("unreadable", element) in {(gap.kind, gap.element) for gap in record.gaps}


@pytest.mark.parametrize("make", [administration, dispense, statement, request, procedure, condition, observation])
@pytest.mark.parametrize(
    "more", [{"modifierExtension": [{"url": "urn:x", "valueBoolean": True}]}, {"implicitRules": "urn:rules"}]
)
def test_unknown_modifier_makes_it_possible_only(make: Make, more: Json) -> None:
    record = read(make(**more))
    assert {fact.standing for fact in record.facts} == {Standing.POSSIBLE}
    assert "unusable-status" in {gap.kind for gap in record.gaps}


@pytest.mark.parametrize(
    ("more", "result"),
    [
        ({"intent": "plan", "reportedBoolean": True}, COUNTS),
        ({"intent": "plan", "reported": True}, COUNTS),
        ({"intent": "plan", "reportedBoolean": False}, PLANNED),
        *(({"intent": "plan", "status": status}, PLANNED) for status in ("active", "draft", "on-hold")),
        *(({"intent": "plan", "status": status}, NOTHING) for status in ("cancelled", "completed", "entered-in-error")),
        ({"intent": "plan", "status": "stopped"}, NOTHING),
        ({"intent": "option", "status": "unknown"}, PLANNED_PERHAPS),
        ({"intent": "plan", "doNotPerform": True}, NOTHING),
        ({"intent": "plan", "doNotPerform": "true"}, PLANNED_PERHAPS),
        ({"intent": "proposal", "reportedBoolean": True}, NOTHING),
        ({"doNotPerform": True}, NOTHING),
        ({"doNotPerform": False}, COUNTS),
        ({"doNotPerform": "true"}, POSSIBLE),
        ({"status": "cancelled", "statusReason": {"text": "patient refused"}}, NOTHING),
    ],
)
def test_requests(more: Json, result: str) -> None:
    assert result_of(request(**more)) == result


@pytest.mark.parametrize(
    ("make", "more", "result"),
    [
        (statement, {"taken": "y"}, COUNTS),
        (statement, {"taken": "n"}, NOT_TAKEN),
        (statement, {"taken": "unk"}, POSSIBLE),
        (statement, {"taken": "na"}, POSSIBLE),
        (statement, {"taken": "n", "status": "entered-in-error"}, NOTHING),
        (administration, {"notGiven": True}, NOT_TAKEN),
        (administration, {"notGiven": False}, COUNTS),
        (administration, {"notGiven": "no"}, POSSIBLE),
        (procedure, {"notDone": True}, NOTHING),
        (procedure, {"notDone": False}, COUNTS),
    ],
)
def test_stu3_says_not_done_outside_the_status(make: Make, more: Json, result: str) -> None:
    assert result_of(make(**more)) == result


@pytest.mark.parametrize(
    ("adherence", "result", "ongoing"),
    [
        ("taking", COUNTS, True),
        ("taking-as-directed", COUNTS, True),
        ("taking-not-as-directed", COUNTS, True),
        ("stopped-as-directed", COUNTS, False),
        ("not-taking", NOT_TAKEN, None),
        ("on-hold", POSSIBLE, False),
        ("unknown", POSSIBLE, False),
        (None, COUNTS, False),
    ],
)
def test_r5_adherence(adherence: str | None, result: str, ongoing: bool | None) -> None:
    more = {} if adherence is None else {"adherence": {"code": {"coding": [{"code": adherence}]}}}
    resource = statement(status="recorded", **more)
    assert result_of(resource) == result
    if ongoing is not None:
        (fact,) = read(resource).facts
        assert isinstance(fact, DrugExposure)
        assert fact.ongoing is ongoing


@pytest.mark.parametrize(
    ("verification", "result"),
    [
        ("confirmed", COUNTS),
        (None, COUNTS),
        ("provisional", POSSIBLE),
        ("differential", POSSIBLE),
        ("unconfirmed", POSSIBLE),
        ("no-such-code", POSSIBLE),
        ("refuted", NOTHING),
        ("entered-in-error", NOTHING),
    ],
)
@pytest.mark.parametrize("shape", ["R4", "STU3"])
def test_verification_of_conditions(verification: str | None, result: str, shape: str) -> None:
    if verification is None:
        assert result_of(condition()) == result
        return
    system = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
    status = verification if shape == "STU3" else {"coding": [{"system": system, "code": verification}]}
    assert result_of(condition(verificationStatus=status)) == result


def test_ongoing_where_the_status_says_so() -> None:
    for make, status, ongoing in (
        (request, "active", True),
        (request, "completed", False),
        (statement, "active", True),
        (statement, "stopped", False),
        (administration, "in-progress", True),
        (administration, "completed", False),
        (dispense, "in-progress", False),
    ):
        (fact,) = read(make(status=status)).facts
        assert isinstance(fact, DrugExposure)
        assert fact.ongoing is ongoing, (make.__name__, status)


def test_excluded_records_leave_no_gap() -> None:
    broken = request(status="entered-in-error", authoredOn="2015-02-30", dosageInstruction="x")
    record = read(broken)
    assert record.facts == ()
    assert record.gaps == ()
