"""Draft orders of a CDS Hooks context, in the shapes that EHRs really send."""

from __future__ import annotations

import pytest

from spmwatch.engine.facts import (
    Certainty,
    Coverage,
    DrugExposure,
    DrugOrder,
    NamedRegimen,
    PlannedDrug,
    Standing,
    UnidentifiedOrder,
)
from spmwatch.fhir_adapters import orders_from_draft, record_from_resources
from spmwatch.fhir_adapters.references import Item
from tests.unit.fhir_adapters.fhir import (
    LENALIDOMIDE,
    METFORMIN,
    Json,
    bundle,
    patient,
    request,
    value_sets,
    without,
)

DRAFT = request(
    status="draft", dosageInstruction=[{"text": "10 mg PO maintenance", "doseQuantity": {"value": 10, "unit": "mg"}}]
)


def drafts(*resources: Json, selections: list[str] | None = None, **more: str) -> tuple[DrugOrder | NamedRegimen, ...]:
    return orders_from_draft(bundle(*resources), value_sets=value_sets(), selections=selections, **more)[0]


def test_a_draft_is_an_order_and_no_exposure() -> None:
    (order,) = drafts(DRAFT)
    assert isinstance(order, DrugOrder)
    assert (order.drug, order.route, order.phase, order.selected) == ("lenalidomide", "oral", "maintenance", True)
    assert order.dose is not None
    assert order.dose.value == 10
    record = record_from_resources(
        "p1", [patient(), DRAFT], value_sets=value_sets(), coverage=Coverage(), orders=[DRAFT]
    )
    assert [type(fact) for fact in record.facts] == [DrugOrder]
    record = record_from_resources("p1", [patient()], value_sets=value_sets(), coverage=Coverage(), orders=[order])
    assert record.facts == (order,)


def test_selections() -> None:
    other = request(id="m2", status="draft")
    for selections, selected in ((None, [True, True]), (["MedicationRequest/m2"], [False, True]), ([], [False, False])):
        assert [order.selected for order in drafts(DRAFT, other, selections=selections)] == selected


def test_a_medication_beside_contained_or_only_shown() -> None:
    medication = {"resourceType": "Medication", "id": "x", "code": LENALIDOMIDE}
    beside = without({**DRAFT, "medicationReference": {"reference": "Medication/x"}}, "medicationCodeableConcept")
    assert [order.certainty for order in drafts(beside, medication)] == [Certainty.HIGH]
    inside = {**beside, "medicationReference": {"reference": "#x"}, "contained": [medication]}
    assert [order.certainty for order in drafts(inside)] == [Certainty.HIGH]
    shown = {**beside, "medicationReference": {"reference": "https://x/Medication/9", "display": "Revlimid 10 mg"}}
    assert [order.certainty for order in drafts(shown)] == [Certainty.LOW]
    orders, gaps = orders_from_draft(bundle(beside), value_sets=value_sets(), selections=None)
    assert [type(order) for order in orders] == [UnidentifiedOrder]
    assert [(gap.kind, gap.topic) for gap in gaps] == [("unresolved-reference", "ordered-drug")]
    supplied, gaps = orders_from_draft(
        bundle(beside), value_sets=value_sets(), selections=None, beside=[Item(medication)]
    )
    assert [(type(order), order.certainty) for order in supplied] == [(DrugOrder, Certainty.HIGH)]
    assert gaps == ()


@pytest.mark.parametrize(
    "resource",
    [
        without(DRAFT, "medicationCodeableConcept"),
        {**DRAFT, "doNotPerform": True},
        {**DRAFT, "status": "entered-in-error"},
        {**DRAFT, "medicationCodeableConcept": METFORMIN},
        {"resourceType": "ServiceRequest", "id": "s"},
        {"resourceType": "NutritionOrder"},
    ],
)
def test_what_is_no_order_of_ours(resource: Json) -> None:
    assert orders_from_draft(bundle(resource), value_sets=value_sets(), selections=None) == ((), ())


def test_bundle_without_type_and_category_as_object() -> None:
    order = {**DRAFT, "category": {"text": "outpatient"}}
    draft = {"resourceType": "Bundle", "entry": [{"resource": order}, None, {}]}
    orders, gaps = orders_from_draft(draft, value_sets=value_sets(), selections=None)
    assert len(orders) == 1
    assert len(gaps) == 2


def test_an_order_for_another_patient_is_left_out() -> None:
    assert len(drafts(DRAFT, patient_id="p1")) == 1
    orders, gaps = orders_from_draft(bundle(DRAFT), value_sets=value_sets(), selections=None, patient_id="p2")
    assert orders == ()
    assert [gap.kind for gap in gaps] == ["other-patient"]


def test_modifier_extension_makes_it_possible_only() -> None:
    (order,) = drafts({**DRAFT, "modifierExtension": [{"url": "urn:x"}]})
    assert order.standing is Standing.POSSIBLE


@pytest.mark.parametrize(
    ("text", "regimen", "kinds"),
    [("25 mg, Rd", "rd", []), ("10 mg PO", None, []), ("25 mg, DaraKd", None, ["conflict"]), ("Rd planned", None, [])],
)
def test_the_regimen_that_an_order_names(text: str, regimen: str | None, kinds: list[str]) -> None:
    draft = request(status="draft", dosageInstruction=[{"text": text}])
    found, gaps = orders_from_draft(bundle(draft), value_sets=value_sets(), selections=None)
    assert [order.regimen for order in found] == [regimen]
    assert [gap.kind for gap in gaps] == kinds


def in_words(text: str, **more: object) -> Json:
    return request(medicationCodeableConcept={"text": text}, **more)


@pytest.mark.parametrize(
    ("text", "regimen", "drugs"),
    [
        ("VRd", "vrd", {"bortezomib", "lenalidomide", "dexamethasone"}),
        ("KRd", "krd", {"carfilzomib", "lenalidomide", "dexamethasone"}),
        ("MPR", "mpr", {"melphalan", "lenalidomide"}),
        ("VMP", "vmp", {"bortezomib", "melphalan"}),
        ("Dexa-BEAM", "dexa-beam", {"dexamethasone", "carmustine", "cytarabine", "etoposide", "melphalan"}),
    ],
)
def test_an_order_of_a_regimen_by_name_is_one_of_each_drug_in_words(text: str, regimen: str, drugs: set[str]) -> None:
    dose = [{"text": "25 mg PO", "doseAndRate": [{"doseQuantity": {"value": 25, "unit": "mg"}}]}]
    draft = in_words(text, status="draft", dosageInstruction=dose)
    orders, gaps = orders_from_draft(bundle(draft), value_sets=value_sets(), selections=None)
    named, *rest = orders
    assert isinstance(named, NamedRegimen)
    assert (named.regimen, named.stage, named.certainty) == (regimen, "ordered", Certainty.LOW)
    of_drugs = [order for order in rest if isinstance(order, DrugOrder)]
    assert len(of_drugs) == len(rest)
    assert {order.drug for order in of_drugs} == drugs
    told = {(order.certainty, order.standing, order.route, order.dose, order.regimen) for order in of_drugs}
    assert told == {(Certainty.LOW, Standing.COUNTS, None, None, regimen)}
    assert [gap.kind for gap in gaps] == ["low-certainty"]


def test_an_order_of_several_regimens_is_one_of_the_drugs_that_are_in_all() -> None:
    orders = drafts(in_words("VRd, then KRd", status="draft"))
    assert [order.regimen for order in orders if isinstance(order, NamedRegimen)] == ["vrd", "krd"]
    of_drugs = {order.drug: order.regimen for order in orders if isinstance(order, DrugOrder)}
    assert of_drugs == {"lenalidomide": None, "dexamethasone": None}


def test_regimens_without_a_common_drug_are_named_still() -> None:
    draft = in_words("DaraMPV, then PACE chemotherapy", status="draft")
    orders, gaps = orders_from_draft(bundle(draft), value_sets=value_sets(), selections=None)
    assert [type(order) for order in orders] == [NamedRegimen, NamedRegimen]
    assert {gap.kind for gap in gaps} == {"low-certainty", "conflict"}


def test_a_modified_order_of_a_regimen_is_possible_only() -> None:
    orders = drafts(in_words("VRd", status="draft", modifierExtension=[{"url": "urn:x"}]))
    assert {order.standing for order in orders} == {Standing.POSSIBLE}


def test_an_order_of_a_regimen_beside_a_drug_is_none_of_its_other_drugs() -> None:
    orders = drafts(in_words("Revlimid, VRd protocol", status="draft"))
    assert [(order.drug, order.regimen) for order in orders if isinstance(order, DrugOrder)] == [
        ("lenalidomide", "vrd")
    ]
    assert len(orders) == 1


def test_of_several_orders_the_selected_regimen_is_known() -> None:
    orders = drafts(in_words("DCEP", id="d1", status="draft"), selections=["MedicationRequest/d2"])
    assert len(orders) == 5
    assert {order.selected for order in orders} == {False}


@pytest.mark.parametrize("text", ["ondansetron with KRd cancelled", "paracetamol", ""])
def test_an_order_that_names_neither_is_none_of_ours(text: str) -> None:
    assert drafts(in_words(text, status="cancelled" if "KRd" in text else "draft")) == ()


def test_a_plan_is_neither_exposure_nor_order() -> None:
    plan = request(intent="plan", authoredOn="2026-01-05", note=[{"text": "start as KRd"}])
    (fact,) = record_from_resources("p1", [patient(), plan], value_sets=value_sets(), coverage=Coverage()).facts
    assert isinstance(fact, PlannedDrug)
    assert (fact.drug, str(fact.planned_on), fact.regimen) == ("lenalidomide", "2026-01-05", "krd")


@pytest.mark.parametrize(("more", "facts"), [({"intent": "plan"}, 1), ({"intent": "order"}, 0), ({}, 0)])
def test_a_regimen_by_name_is_a_plan_where_it_is_planned(more: Json, facts: int) -> None:
    record = record_from_resources(
        "p1", [patient(), in_words("VTD-PACE", **more)], value_sets=value_sets(), coverage=Coverage()
    )
    assert sum(isinstance(fact, NamedRegimen) for fact in record.facts) == facts
    assert any(isinstance(fact, DrugExposure) for fact in record.facts) is not bool(facts)
