"""Bundles of synthetic patients for the commands."""

from __future__ import annotations

import json
from pathlib import Path

RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
LENALIDOMIDE = "342369"


def condition(code: str, onset: str) -> dict[str, object]:
    return {
        "resourceType": "Condition",
        "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": code}]},
        "onsetDateTime": onset,
        "verificationStatus": {
            "coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-ver-status", "code": "confirmed"}]
        },
        "clinicalStatus": {
            "coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]
        },
    }


def lenalidomide(start: str, note: str) -> dict[str, object]:
    return {
        "resourceType": "MedicationStatement",
        "status": "active",
        "medicationCodeableConcept": {"coding": [{"system": RXNORM, "code": LENALIDOMIDE}]},
        "effectivePeriod": {"start": start},
        "note": [{"text": note}],
    }


def bundle(patient: str, *resources: dict[str, object]) -> dict[str, object]:
    subject = {"reference": f"Patient/{patient}"}
    entries = [{"resourceType": "Patient", "id": patient, "birthDate": "1960-05-01", "gender": "female"}]
    entries += [{"id": f"r{number}", "subject": subject, **one} for number, one in enumerate(resources)]
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in entries]}


def write_folder(folder: Path) -> Path:
    """P11 with a second cancer on lenalidomide (critical), P13 on maintenance (info), P05 without (none)."""
    folder.mkdir(exist_ok=True)
    patients = {
        "P11": bundle(
            "P11",
            condition("C90.00", "2018-11-01"),
            lenalidomide("2019-03-01", "maintenance"),
            condition("D46.9", "2025-06-10"),
        ),
        "P13": bundle("P13", condition("C90.00", "2022-11-01"), lenalidomide("2024-06-15", "maintenance")),
        "P05": bundle("P05", condition("C90.00", "2020-03-15")),
    }
    for id_, body in patients.items():
        (folder / f"{id_}.json").write_text(json.dumps(body), encoding="utf-8")
    return folder
