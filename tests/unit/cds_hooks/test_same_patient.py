"""Nobody else's data, ever (cds-hooks.md C070)."""

from __future__ import annotations

import pytest

from spmwatch.cds_hooks.prefetch.reading import Placed
from spmwatch.cds_hooks.prefetch.same_patient import check_same_patient
from spmwatch.cds_hooks.wire.refusal import RequestError

MINE = "p.1"
OTHER = "zacharias-2"

SAME = [
    {"reference": "Patient/p.1"},
    {"reference": "Patient/p.1/_history/3"},
    {"reference": "https://ehr.example/fhir/Patient/p.1"},
    {"reference": "https://ehr.example/fhir/Patient/p.1/_history/3"},
    {"reference": "urn:uuid:p.1"},
    {"display": "Somebody"},
    {"identifier": {"system": "urn:mrn", "value": "1"}},
    None,
]
FOREIGN = [
    {"reference": f"Patient/{OTHER}"},
    {"reference": "Patient/px1"},
    {"reference": "Patient/P.1"},
    {"reference": "Patient/p.1x"},
    {"reference": "XPatient/p.1"},
    {"reference": "https://ehr.example/fhir/Patient/p.1/x"},
    {"reference": "https://ehr.example/fhir/Patient/p.1?x"},
    {"reference": "urn:uuid:5d3e2b7e-59a4-4b0e-9c39-5d7f1f3a7c11"},
    {"reference": "#patient"},
    {"reference": "Group/p.1"},
    {"reference": ""},
    [{"reference": "Patient/p.1"}, {"reference": f"Patient/{OTHER}"}],
    f"Patient/{OTHER}",
]


def condition(subject: object) -> Placed:
    return Placed(where="prefetch.conditions", resource={"resourceType": "Condition", "subject": subject})


def drafts(*entries: object) -> dict[str, object]:
    return {"resourceType": "Bundle", "entry": list(entries)}


@pytest.mark.parametrize("subject", SAME, ids=str)
def test_the_patient_of_the_context_in_every_style(subject: object) -> None:
    check_same_patient(MINE, [condition(subject)], drafts({"resource": condition(subject).resource}))


@pytest.mark.parametrize("subject", FOREIGN, ids=str)
def test_anybody_else_is_refused_without_being_named(subject: object) -> None:
    for arguments in (([condition(subject)], None), ([], drafts({"resource": condition(subject).resource}))):
        with pytest.raises(RequestError) as refused:
            check_same_patient(MINE, *arguments)
        assert refused.value.status == 422
        assert OTHER not in str(refused.value)
        assert refused.value.issues[0].where.endswith(".subject")


@pytest.mark.parametrize("element", ["subject", "patient", "for", "deliverFor", "beneficiary"])
def test_whatever_the_order_type_calls_its_patient(element: str) -> None:
    order = {"resourceType": "Anything", element: {"reference": f"Patient/{OTHER}"}}
    with pytest.raises(RequestError):
        check_same_patient(MINE, [], drafts({"resource": order}))


@pytest.mark.parametrize("id_", [OTHER, None, 1])
def test_a_patient_resource_of_somebody_else(id_: object) -> None:
    with pytest.raises(RequestError):
        check_same_patient(MINE, [Placed(where="prefetch.patient", resource={"resourceType": "Patient", "id": id_})])


def test_a_reference_into_the_same_bundle() -> None:
    """`urn:uuid:` to the Patient among the drafts; to another Patient it stays foreign."""
    order = {"resource": {"resourceType": "MedicationRequest", "subject": {"reference": "urn:uuid:x"}}}
    check_same_patient(
        MINE, [], drafts({"fullUrl": "urn:uuid:x", "resource": {"resourceType": "Patient", "id": MINE}}, order)
    )
    with pytest.raises(RequestError):
        check_same_patient(
            MINE, [], drafts({"fullUrl": "urn:uuid:y", "resource": {"resourceType": "Patient", "id": MINE}}, order)
        )


def test_a_bundle_within_the_drafts() -> None:
    inner = drafts({"resource": condition({"reference": f"Patient/{OTHER}"}).resource})
    with pytest.raises(RequestError):
        check_same_patient(MINE, [], drafts({"resource": inner}))


def test_holes_do_no_harm() -> None:
    check_same_patient(MINE, [], drafts(None, 3, {}, {"resource": None}, {"resource": {"subject": 7}}))
    check_same_patient(MINE, [], {"resourceType": "Bundle", "entry": None})
