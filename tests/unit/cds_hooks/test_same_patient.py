"""Nobody else's data, ever (cds-hooks.md C070)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spmwatch.cds_hooks.prefetch.reading import Placed
from spmwatch.cds_hooks.prefetch.same_patient import Servers, check_same_patient, server_of
from spmwatch.cds_hooks.wire.refusal import RequestError
from spmwatch.cds_hooks.wire.requests import Drafts

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


def bundle(*entries: object) -> dict[str, object]:
    return {"resourceType": "Bundle", "entry": list(entries)}


def drafts(*entries: object) -> Drafts:
    return Drafts("context.draftOrders", bundle(*entries))


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
    inner = bundle({"resource": condition({"reference": f"Patient/{OTHER}"}).resource})
    with pytest.raises(RequestError):
        check_same_patient(MINE, [], drafts({"resource": inner}))


def test_holes_do_no_harm() -> None:
    check_same_patient(MINE, [], drafts(None, 3, {}, {"resource": None}, {"resource": {"subject": 7}}))
    check_same_patient(MINE, [], Drafts("context.draftOrders", {"resourceType": "Bundle", "entry": None}))


OWN = Placed(
    where="prefetch.patient",
    resource={"resourceType": "Patient", "id": MINE, "identifier": [{"system": "urn:mrn", "value": "1"}]},
)


def is_refused(*placed: Placed, fhir_server: str | None = None) -> bool:
    try:
        check_same_patient(MINE, placed, None, fhir_server)
    except RequestError as refusal:
        return refusal.status == 422
    return False


@pytest.mark.parametrize(
    ("server", "refused"),
    [
        pytest.param(None, False, id="no fhirServer, nothing disagrees"),
        pytest.param("https://ehr.example/fhir", False, id="the client's server"),
        pytest.param("http://EHR.example:80/fhir/", False, id="the same, written in another way"),
        pytest.param("https://ehr.example/other-tenant/fhir", True, id="another tenant of that host"),
        pytest.param("https://elsewhere.example/fhir", True, id="another server"),
    ],
)
def test_the_same_id_on_another_server_is_another_patient(server: str | None, refused: bool) -> None:
    absolute = condition({"reference": f"https://ehr.example/fhir/Patient/{MINE}"})
    assert is_refused(absolute, fhir_server=server) is refused


def test_a_server_behind_a_proxy_lists_and_refers_by_its_own_address() -> None:
    subject = {"reference": f"https://inside.example/fhir/Patient/{MINE}"}
    listed = Placed(
        where="prefetch.conditions.entry[0].resource",
        resource=condition(subject).resource,
        full_url="https://inside.example/fhir/Condition/1",
    )
    assert not is_refused(listed, fhir_server="https://outside.example/fhir")
    other = Placed(where="x", resource=condition(None).resource, full_url="https://third.example/fhir/Condition/2")
    assert is_refused(listed, other, fhir_server="https://outside.example/fhir")


def test_two_servers_and_nothing_that_says_which_is_the_clients() -> None:
    first = condition({"reference": f"https://one.example/fhir/Patient/{MINE}"})
    second = condition({"reference": f"https://two.example/fhir/Patient/{MINE}"})
    assert is_refused(first, second)
    assert not is_refused(first, first)


def test_a_urn_is_followed_within_the_prefetch() -> None:
    """A searchset made of a document: the Patient is listed under `urn:uuid:`, the others refer to that."""
    urn = "urn:uuid:5d3e2b7e-59a4-4b0e-9c39-5d7f1f3a7c11"
    patient = Placed(where="p", resource={"resourceType": "Patient", "id": MINE}, full_url=urn)
    assert not is_refused(patient, condition({"reference": urn}))
    assert is_refused(patient, condition({"reference": urn[:-1] + "2"}))
    stranger = Placed(where="p", resource={"resourceType": "Patient", "id": OTHER}, full_url=urn)
    assert is_refused(stranger)


@pytest.mark.parametrize(
    ("subject", "refused"),
    [
        pytest.param({"identifier": {"system": "urn:mrn", "value": "1"}}, False, id="the patient's"),
        pytest.param({"identifier": {"system": "urn:mrn", "value": "2"}}, True, id="another of the same system"),
        pytest.param({"identifier": {"system": "urn:other", "value": "2"}}, False, id="of a system unknown here"),
        pytest.param({"identifier": "1"}, False, id="no identifier"),
    ],
)
def test_identifiers_are_compared_within_their_system(subject: object, refused: bool) -> None:
    assert is_refused(OWN, condition(subject)) is refused
    held: dict[str, object] = {"resourceType": "Patient", "id": "p"} | (subject if isinstance(subject, dict) else {})
    inside: dict[str, object] = {"resourceType": "Condition", "subject": {"reference": "#p"}, "contained": [held]}
    assert is_refused(OWN, Placed(where="prefetch.conditions", resource=inside)) is refused


def test_a_contained_subject_has_to_be_there_and_a_patient() -> None:
    for contained in ([], [{"resourceType": "Group", "id": "p"}], None, 3, [None]):
        resource = {"resourceType": "Condition", "subject": {"reference": "#p"}, "contained": contained}
        assert is_refused(Placed(where="c", resource=resource))


def test_what_is_contained_has_subjects_too() -> None:
    inner: dict[str, object] = {"resourceType": "Observation", "id": "o", "subject": {"reference": f"Patient/{OTHER}"}}
    outer: dict[str, object] = {
        "resourceType": "Condition",
        "subject": {"reference": f"Patient/{MINE}"},
        "contained": [inner],
    }
    assert is_refused(Placed(where="c", resource=outer))
    relative: dict[str, object] = {"resourceType": "Patient", "id": "somebody-named-in-the-text"}
    assert not is_refused(Placed(where="c", resource=outer | {"contained": [relative]}))


def test_what_names_nobody_is_told_apart() -> None:
    """It passes, but is counted for nobody, so its kind is not fully known."""
    nobody = Placed(where="prefetch.conditions.entry[0].resource", resource={"resourceType": "Condition"})
    assert check_same_patient(MINE, [OWN, condition({"reference": f"Patient/{MINE}"}), nobody]) == {nobody.where}


PIECES = ["https://", "http:/", "ehr.example", "EHR.example:443", "/", "/fhir/", "Patient", "Patient/", "p.1",
          "_history", "/_history/2", "x y", " ", "#", "?a", "|1", "urn:uuid:1", ""]  # fmt: skip


@given(st.lists(st.lists(st.sampled_from(PIECES), max_size=7).map("".join), max_size=12))
def test_the_server_of_an_address_does_not_depend_on_those_before(addresses: list[str]) -> None:
    servers = Servers()
    for address in [*addresses, *addresses]:
        assert servers.of(address) == server_of(address)
