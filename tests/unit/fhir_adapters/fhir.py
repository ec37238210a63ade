"""Small FHIR resources for tests, and the record that is read from them."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from typing import Any

from spmwatch.engine.facts import Coverage, Fact, PatientRecord
from spmwatch.engine.terminology.value_sets import ValueSets
from spmwatch.fhir_adapters import record_from_resources

RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
ICD10CM = "http://hl7.org/fhir/sid/icd-10-cm"
SNOMED = "http://snomed.info/sct"
LOINC = "http://loinc.org"
CPT = "http://www.ama-assn.org/go/cpt"
ME = {"reference": "Patient/p1"}

Json = dict[str, Any]


@lru_cache(maxsize=1)
def value_sets() -> ValueSets:
    return ValueSets.load(files("spmwatch.rules"))


def code(system: str, value: str, display: str | None = None) -> Json:
    coding = {"system": system, "code": value}
    return {"coding": [coding if display is None else {**coding, "display": display}]}


LENALIDOMIDE = code(RXNORM, "342369", "lenalidomide")
METFORMIN = code(RXNORM, "6809", "metformin")
MYELOMA = code(ICD10CM, "C90.00")


def patient(**more: Any) -> Json:
    return {"resourceType": "Patient", "id": "p1", "birthDate": "1960-05-01", "gender": "female", **more}


def request(**more: Any) -> Json:
    return {
        "resourceType": "MedicationRequest",
        "id": "m1",
        "status": "active",
        "intent": "order",
        "subject": ME,
        "medicationCodeableConcept": LENALIDOMIDE,
        "authoredOn": "2024-01-15",
        **more,
    }


def dispense(**more: Any) -> Json:
    return {
        "resourceType": "MedicationDispense",
        "id": "d1",
        "status": "completed",
        "subject": ME,
        "medicationCodeableConcept": LENALIDOMIDE,
        "whenHandedOver": "2024-01-20",
        **more,
    }


def statement(**more: Any) -> Json:
    return {
        "resourceType": "MedicationStatement",
        "id": "s1",
        "status": "active",
        "subject": ME,
        "medicationCodeableConcept": LENALIDOMIDE,
        "effectivePeriod": {"start": "2024-01"},
        **more,
    }


def administration(**more: Any) -> Json:
    return {
        "resourceType": "MedicationAdministration",
        "id": "a1",
        "status": "completed",
        "subject": ME,
        "medicationCodeableConcept": LENALIDOMIDE,
        "effectiveDateTime": "2024-01-21",
        **more,
    }


def condition(**more: Any) -> Json:
    return {
        "resourceType": "Condition",
        "id": "c1",
        "subject": ME,
        "code": MYELOMA,
        "onsetDateTime": "2023-03-01",
        **more,
    }


def procedure(**more: Any) -> Json:
    return {
        "resourceType": "Procedure",
        "id": "x1",
        "status": "completed",
        "subject": ME,
        "code": code(CPT, "38241"),
        "performedDateTime": "2023-09-01",
        **more,
    }


def observation(**more: Any) -> Json:
    return {
        "resourceType": "Observation",
        "id": "o1",
        "status": "final",
        "subject": ME,
        "code": code(LOINC, "718-7"),
        "effectiveDateTime": "2024-05-01",
        "valueQuantity": {"value": 10.1, "unit": "g/dL", "code": "g/dL"},
        **more,
    }


def without(resource: Json, *names: str) -> Json:
    return {name: value for name, value in resource.items() if name not in names}


def read(*resources: Json, **options: Any) -> PatientRecord:
    """The record of p1 from a Patient and these resources."""
    return record_from_resources("p1", [patient(), *resources], value_sets=value_sets(), coverage=Coverage(), **options)


def the_fact(*resources: Json) -> Fact:
    """The only fact that these resources give."""
    facts = read(*resources).facts
    assert len(facts) == 1, facts
    return facts[0]


def bundle(*resources: Json, **more: Any) -> Json:
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": resource} for resource in resources],
        **more,
    }


def kinds(record: PatientRecord) -> list[str]:
    """Kinds of the gaps."""
    return sorted(gap.kind for gap in record.gaps)
