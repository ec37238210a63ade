"""Prefetch: what is asked, and the five things that may become of a key (cds-hooks.md C030-C039, C060-C069)."""

from __future__ import annotations

import re
from typing import Any

import pytest

from spmwatch.cds_hooks.prefetch.reading import MOST_IN_LIST, MOST_UNREADABLE, TEMPLATES, Reading, State, read_prefetch

KEYS = [template.key for template in TEMPLATES]
CONDITION = {"resourceType": "Condition", "id": "c1"}
NO_RESULTS = {
    "resourceType": "OperationOutcome",
    "issue": [
        {"severity": "warning", "code": "processing", "details": {"text": "Resource request returns no results."}}
    ],
}
FAILURE = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "timeout"}]}


def searchset(*resources: object, **more: object) -> dict[str, object]:
    return {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": r} for r in resources]} | more


def reading(value: object, key: str = "conditions") -> Reading:
    return next(r for r in read_prefetch({key: value}).readings if r.template.key == key)


def test_the_keys_are_an_interface() -> None:
    """C027: analysts type them by hand; this list may grow, nothing in it may change."""
    assert {template.key: template.query for template in TEMPLATES} == {
        "patient": "Patient/{{context.patientId}}",
        "conditions": "Condition?patient={{context.patientId}}",
        "medicationRequests": "MedicationRequest?patient={{context.patientId}}",
        "medicationStatements": "MedicationStatement?patient={{context.patientId}}",
        "medicationAdministrations": "MedicationAdministration?patient={{context.patientId}}",
        "medicationDispenses": "MedicationDispense?patient={{context.patientId}}",
        "procedures": "Procedure?patient={{context.patientId}}",
        "observations": "Observation?patient={{context.patientId}}",
    }


@pytest.mark.parametrize("template", TEMPLATES, ids=KEYS)
def test_templates_stay_in_the_recommended_subset(template: Any) -> None:
    """C030-C035, C038-C039: one token, bound to the patient; a read or a type-level search, relative, equality only."""
    assert re.findall(r"{{(.*?)}}", template.query) == ["context.patientId"]
    assert re.fullmatch(r"[A-Z][A-Za-z]+(/{{context\.patientId}}|\?patient={{context\.patientId}})", template.query)


@pytest.mark.parametrize(
    ("value", "state"),
    [
        pytest.param(None, State.NOTHING, id="C061 null: the query ran, nothing there"),
        pytest.param(
            {"resourceType": "Bundle", "type": "searchset", "total": 0}, State.NOTHING, id="C062 no entry member"
        ),
        pytest.param(searchset(), State.NOTHING, id="C062 no entries"),
        pytest.param(searchset(NO_RESULTS), State.NOTHING, id="C064 Epic's no results"),
        pytest.param(searchset(CONDITION), State.SUPPLIED, id="a list"),
        pytest.param(searchset(CONDITION, NO_RESULTS), State.SUPPLIED, id="a list with a remark"),
        pytest.param(CONDITION, State.SUPPLIED, id="a single resource"),
        pytest.param(
            {"resourceType": "Bundle", "entry": [{"resource": CONDITION}]}, State.SUPPLIED, id="Bundle without type"
        ),
        pytest.param(FAILURE, State.FAILED, id="C063 error"),
        pytest.param(NO_RESULTS, State.FAILED, id="C063 bare OperationOutcome"),
        pytest.param(searchset(FAILURE), State.FAILED, id="C063 error in a list"),
        pytest.param(searchset(CONDITION, FAILURE), State.PARTIAL, id="C063 error beside results"),
        pytest.param(searchset(CONDITION, link=[{"relation": "next", "url": "x"}]), State.PARTIAL, id="C068 next page"),
        pytest.param(searchset(CONDITION, total=2), State.PARTIAL, id="C068 fewer than the total"),
        pytest.param(searchset({"resourceType": "Observation"}), State.FAILED, id="C069 other type"),
        pytest.param([CONDITION], State.FAILED, id="C069 list"),
        pytest.param("<html>", State.FAILED, id="C069 HTML"),
        pytest.param(7, State.FAILED, id="C069 number"),
        pytest.param({}, State.FAILED, id="C069 empty object"),
        pytest.param({"resourceType": 7}, State.FAILED, id="C069 resourceType a number"),
        pytest.param({"resourceType": "Bundle", "entry": "x"}, State.PARTIAL, id="C069 entry a text"),
        pytest.param({"resourceType": "Bundle", "entry": [None, 3, {"resource": []}]}, State.PARTIAL, id="C069 holes"),
        pytest.param(
            {"resourceType": "Bundle", "link": {"relation": "next"}}, State.PARTIAL, id="C069 link without a list"
        ),
        pytest.param({"resourceType": "Bundle", "total": "9"}, State.PARTIAL, id="C069 total as a text"),
        pytest.param({"resourceType": "Bundle", "total": [], "link": 3}, State.NOTHING, id="C069 total no number"),
        pytest.param({"resourceType": "Bundle", "entry": [{}]}, State.NOTHING, id="C069 an entry of nothing"),
        pytest.param(
            {"resourceType": "Bundle", "entry": [{"fullUrl": "https://ehr.example/Condition/1"}]},
            State.PARTIAL,
            id="C069 listed, but not there",
        ),
        pytest.param(
            {
                "resourceType": "Bundle",
                "total": 2,
                "entry": [
                    {"resource": CONDITION, "search": {"mode": "match"}},
                    {"resource": {"resourceType": "Encounter"}, "search": {"mode": "include"}},
                ],
            },
            State.PARTIAL,
            id="C068 what was included does not make up the total",
        ),
    ],
)
def test_what_became_of_a_key(value: object, state: State) -> None:
    found = reading(value)
    assert found.state is state
    assert bool(found.why) is not state.searched


def test_a_missing_key_is_not_an_empty_answer() -> None:
    """C060, C065, C066: no prefetch, null, {} and a missing key all mean "not looked for"."""
    for prefetch in (None, {}, {"something-else": CONDITION}):
        supplied = read_prefetch(prefetch)
        assert {r.state for r in supplied.readings} == {State.MISSING}
        assert {name for name, _ in supplied.coverage.unsupplied} == {template.type for template in TEMPLATES}
        assert not supplied.has_medications


def test_each_key_stands_for_itself() -> None:
    """C065: some there, some not; coverage and gaps name exactly those that are not."""
    supplied = read_prefetch({"conditions": searchset(CONDITION), "procedures": None, "observations": FAILURE})
    assert not supplied.coverage.lacks("Condition", "Procedure")
    for missing in ("Observation", "Patient", "MedicationRequest"):
        assert supplied.coverage.lacks(missing)
    assert {gap.element for gap in supplied.gaps} == {name for name, _ in supplied.coverage.unsupplied}
    assert {gap.kind for gap in supplied.gaps} == {"not-supplied"}


def test_what_was_read_is_kept_from_a_partial_list() -> None:
    """C068: what came is used, what is missing is not taken for absent."""
    supplied = read_prefetch({"conditions": searchset(CONDITION, None, total=5)})
    assert supplied.resources == (CONDITION,)
    assert supplied.coverage.lacks("Condition")


def test_unknown_keys_are_ignored() -> None:
    """C067."""
    assert read_prefetch({"-user": {"resourceType": "Practitioner"}}).resources == ()


def test_patient_may_come_bare_or_in_a_list_and_never_counts_as_nothing_there() -> None:
    patient = {"resourceType": "Patient", "id": "1"}
    assert reading(patient, "patient").state is State.SUPPLIED
    assert reading(searchset(patient), "patient").state is State.SUPPLIED
    assert reading(None, "patient").state is State.FAILED
    assert reading(searchset(), "patient").state is State.FAILED


def test_nested_bundles_are_read() -> None:
    assert (
        reading(searchset(searchset(CONDITION))).placed[0].where
        == "prefetch.conditions.entry[0].resource.entry[0].resource"
    )


def test_a_fetcher_can_replace_a_reading() -> None:
    """The seam for reading the client's FHIR server."""
    supplied = read_prefetch({"patient": {"resourceType": "Patient", "id": "1"}})
    fetched = reading(searchset(CONDITION))
    assert not supplied.replaced(fetched).coverage.lacks("Condition")


def test_very_many_holes_are_counted_not_listed() -> None:
    """C056: the remarks on a body stay few whatever the body."""
    found = reading(searchset(CONDITION) | {"entry": [None] * 5000})
    assert found.state is State.PARTIAL
    assert len(found.gaps) == MOST_UNREADABLE + 1
    assert "4980 more" in found.gaps[-1].problem


@pytest.mark.parametrize("codings", [MOST_IN_LIST, MOST_IN_LIST + 1])
def test_a_resource_with_an_endless_list_is_named_and_its_key_is_incomplete(codings: int) -> None:
    """C056, C069: unknown, not no; what stands beside it is read."""
    endless = {"resourceType": "Condition", "id": "c2", "code": {"coding": [{}] * codings}}
    found = reading(searchset(CONDITION, endless))
    assert [one.resource["id"] for one in found.placed] == (["c1", "c2"] if codings == MOST_IN_LIST else ["c1"])
    assert found.state is (State.SUPPLIED if codings == MOST_IN_LIST else State.PARTIAL)
    assert [gap.element for gap in found.gaps] == (
        [] if codings == MOST_IN_LIST else ["prefetch.conditions.entry[1].resource"]
    )


@pytest.mark.parametrize(
    ("prefetch", "advice"),
    [
        ({}, "Have the client send the prefetch conditions: Condition?"),
        ({"conditions": searchset(CONDITION, total=2)}, "Have the client send under conditions all that Condition?"),
        ({"conditions": FAILURE}, "Have the client send under conditions what Condition?"),
    ],
)
def test_advice_is_by_cause(prefetch: dict[str, Any], advice: str) -> None:
    gaps = [gap for gap in read_prefetch(prefetch).gaps if gap.element == "Condition"]
    assert [gap.advice.startswith(advice) for gap in gaps] == [True]


def test_advice_about_what_names_no_patient_is_to_name_the_patient() -> None:
    """C070: it was sent, so sending it is no advice."""
    supplied = read_prefetch({"conditions": CONDITION})
    (place,) = [placed.where for reading in supplied.readings for placed in reading.placed]
    gaps = [gap for gap in supplied.without_subject({place}).gaps if gap.element == "Condition"]
    assert [(gap.problem, gap.advice) for gap in gaps] == [
        ("Condition: something under conditions names no patient", "Have the client name the patient in each Condition")
    ]
