"""A record that does not say which drug it was makes absence unknown: "no" means looked for and not found."""

from __future__ import annotations

from typing import Any

import pytest

from spmwatch.engine.facts import DrugExposure
from tests.unit.fhir_adapters.fhir import (
    LENALIDOMIDE,
    METFORMIN,
    RXNORM,
    Json,
    administration,
    kinds,
    read,
    request,
    statement,
    without,
)

ABSENT = [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}]


def by_contained(*contained: Json) -> Json:
    """A request for the contained Medication `x`."""
    return without(
        request(medicationReference={"reference": "#x"}, contained=list(contained)), "medicationCodeableConcept"
    )


def made_of(ident: str, **ingredient: Any) -> Json:
    return {"resourceType": "Medication", "id": ident, "ingredient": [ingredient]}


@pytest.mark.parametrize(
    "concept",
    [
        {},
        {"coding": [], "text": ""},
        {"extension": ABSENT},
        {"coding": [{"code": "342369"}]},
        {"coding": [{"system": RXNORM, "_code": {"extension": ABSENT}}]},
    ],
)
def test_a_concept_that_names_nothing(concept: Json) -> None:
    record = read(request(medicationCodeableConcept=concept))
    assert record.facts == ()
    assert kinds(record) == ["unresolved-reference"]
    assert [kind for kind, _ in record.coverage.unsupplied] == ["MedicationRequest"]


@pytest.mark.parametrize(
    "not_given", [administration(status="not-done"), statement(status="not-taken"), request(doNotPerform=True)]
)
def test_what_was_not_given_hides_no_exposure(not_given: Json) -> None:
    record = read({**not_given, "medicationCodeableConcept": {}})
    assert (record.facts, kinds(record), record.coverage.unsupplied) == ((), ["unusable-status"], ())


@pytest.mark.parametrize(
    "contained",
    [
        [made_of("x", itemReference={"reference": "#x"})],
        [made_of("x", itemReference={"reference": "Medication/elsewhere"})],
        [made_of("x", itemReference={"reference": "#y"}), made_of("y", itemReference={"reference": "#x"})],
        [made_of("x", itemCodeableConcept={"extension": ABSENT})],
        [{"resourceType": "Medication", "id": "x", "code": {"extension": ABSENT}}],
    ],
)
def test_ingredients_that_cannot_be_told(contained: list[Json]) -> None:
    record = read(by_contained(*contained))
    assert record.facts == ()
    assert kinds(record) == ["unresolved-reference"]
    assert [kind for kind, _ in record.coverage.unsupplied] == ["MedicationRequest"]


@pytest.mark.parametrize(
    "inner",
    [
        {"resourceType": "Medication", "id": "y", "code": LENALIDOMIDE},
        {"resourceType": "Substance", "id": "y", "code": LENALIDOMIDE},
        made_of("y", itemCodeableConcept=LENALIDOMIDE),
    ],
)
def test_ingredients_of_ingredients(inner: Json) -> None:
    (fact,) = read(by_contained(made_of("x", itemReference={"reference": "#y"}), inner)).facts
    assert isinstance(fact, DrugExposure)
    assert fact.drug == "lenalidomide"


def test_known_ingredients_outside_the_value_sets_are_no_gap() -> None:
    record = read(by_contained(made_of("x", itemCodeableConcept=METFORMIN)))
    assert record.facts == ()
    assert record.gaps == ()
    assert record.coverage.unsupplied == ()


def test_ingredients_multiplied_by_references_are_read_up_to_a_bound_and_then_unknown() -> None:
    """Five Medications, each made a hundred times of the next one, would be 10 thousand million ingredients."""
    each = [
        {
            "resourceType": "Medication",
            "id": f"x{level}",
            "ingredient": [{"itemReference": {"reference": f"#x{level + 1}"}}] * 100,
        }
        for level in range(5)
    ]
    last = {"resourceType": "Medication", "id": "x5", "code": {"text": "sodium chloride"}}
    by_first = {**by_contained(*each, last), "medicationReference": {"reference": "#x0"}}
    record = read(by_first)
    assert record.facts == ()
    assert "unreadable" in kinds(record)
    assert [kind for kind, _ in record.coverage.unsupplied] == ["MedicationRequest"]
