"""A CDS Hooks request as a hospital's server sends it, of a size to choose; the same bytes every time.

    .venv/bin/python benchmarks/requests.py > request.json

The patient is made up: myeloma, induction, high-dose melphalan with autologous transplant, and lenalidomide as
maintenance ever since; beside these other diseases, other drugs, and blood counts, which are most of what is sent. The
resources carry what servers add and nobody here reads: narratives, meta, categories, performers, encounters.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from datetime import date, timedelta
from typing import TypeAlias

import orjson

Json: TypeAlias = dict[str, object]

_DAY, _ID = re.compile(r"\d{4}-\d\d-\d\d"), re.compile(r"e[A-Z][A-Za-z]+\.\d{4}")

PATIENT = "eB3nchmark.Synthetic-0001"
SERVER = "https://ehr.example/api/FHIR/R4"
LAST_VISIT = date(2026, 1, 8)
ICD, SNOMED = "http://hl7.org/fhir/sid/icd-10-cm", "http://snomed.info/sct"
RXNORM, LOINC, UCUM = "http://www.nlm.nih.gov/research/umls/rxnorm", "http://loinc.org", "http://unitsofmeasure.org"
LOCAL = "urn:oid:1.2.840.114350.1.13.0.1.7.2.696580"
FILLER = "Reviewed with the patient at the visit; results were released to the portal on the same day. "

CONDITIONS = (
    ("C90.00", "109989006", "Multiple myeloma", "2020-03-10"),
    ("I10", "59621000", "Essential hypertension", "2011-05-02"),
    ("E78.5", "55822004", "Hyperlipidaemia", "2012-02-20"),
    ("E03.9", "40930008", "Hypothyroidism", "2009-10-01"),
    ("K21.9", "235595009", "Gastro-oesophageal reflux disease", "2015-07-14"),
    ("G47.33", "78275009", "Obstructive sleep apnoea", "2017-01-30"),
    ("M17.0", "239873007", "Osteoarthritis of knee", "2018-09-11"),
)
DRUGS = (  # RxNorm, name, status, first and last day, words of the dosage, for the myeloma
    ("643720", "lenalidomide 25 MG Oral Capsule", "completed", "2020-04-01", "2020-09-15", "induction (VRd)", True),
    ("602910", "lenalidomide 10 MG Oral Capsule", "active", "2021-02-15", None, "maintenance", True),
    ("314076", "lisinopril 10 MG Oral Tablet", "active", "2012-06-01", None, "1 tablet daily", False),
    ("617310", "atorvastatin 20 MG Oral Tablet", "active", "2013-03-01", None, "1 tablet at night", False),
    ("966224", "levothyroxine sodium 0.05 MG Oral Tablet", "active", "2010-01-05", None, "before breakfast", False),
    ("243670", "aspirin 81 MG Oral Tablet", "active", "2020-04-01", None, "1 tablet daily", False),
    ("197311", "acyclovir 400 MG Oral Tablet", "active", "2020-04-01", None, "twice a day", False),
    ("198053", "pantoprazole 40 MG Oral Tablet", "active", "2016-01-10", None, "1 tablet daily", False),
)
GIVEN = (  # RxNorm, name, day, amount, unit
    ("311487", "melphalan 50 MG Injection", "2020-12-01", 200, "mg/m2"),
    ("3002", "cyclophosphamide", "2020-10-20", 1500, "mg/m2"),
    ("313002", "sodium chloride 9 MG/ML Injectable Solution", "2020-12-01", 1000, "mL"),
)
DONE = (
    ("38241", "http://www.ama-assn.org/go/cpt", "Autologous hematopoietic cell transplant", "2020-12-03"),
    ("71651007", SNOMED, "Mammography", "2024-05-14"),
    ("73761001", SNOMED, "Colonoscopy", "2019-02-27"),
)
TESTS = (  # LOINC, name, unit, value, category
    ("6690-2", "Leukocytes [#/volume] in Blood by Automated count", "10*3/uL", 4.1, "laboratory"),
    ("718-7", "Hemoglobin [Mass/volume] in Blood", "g/dL", 12.1, "laboratory"),
    ("777-3", "Platelets [#/volume] in Blood by Automated count", "10*3/uL", 161, "laboratory"),
    ("751-8", "Neutrophils [#/volume] in Blood by Automated count", "10*3/uL", 2.2, "laboratory"),
    ("787-2", "MCV [Entitic volume] by Automated count", "fL", 93, "laboratory"),
    ("4544-3", "Hematocrit [Volume Fraction] of Blood by Automated count", "%", 36.4, "laboratory"),
    ("2160-0", "Creatinine [Mass/volume] in Serum or Plasma", "mg/dL", 0.9, "laboratory"),
    ("17861-6", "Calcium [Mass/volume] in Serum or Plasma", "mg/dL", 9.3, "laboratory"),
    ("1751-7", "Albumin [Mass/volume] in Serum or Plasma", "g/dL", 4.0, "laboratory"),
    ("29463-7", "Body weight", "kg", 71.5, "vital-signs"),
)


def patient_view_request(resources: int = 60, bytes_about: int = 86_000) -> bytes:
    """A patient-view request with all prefetch keys.

    Args:
        resources: how many are prefetched; at least 25. What is not a diagnosis, a drug or a procedure is a test.
        bytes_about: length of the request, within one per cent: the narratives are as long as it takes. Where it is too
            little for the resources without narratives, the request is longer.
    """
    least = 2 + len(CONDITIONS) + len(DRUGS) + len(GIVEN) + len(DONE)
    if resources < least:
        raise ValueError(f"resources: {resources} is too few; expected at least {least}")
    words, body = 0, b""
    for _ in range(3):  # each round comes closer: the length grows evenly with that of the narratives
        body = orjson.dumps(_request(resources, words))
        words = max(0, words + (bytes_about - len(body)) // (resources - 1))
    return body


def another_patient(body: bytes, number: int) -> bytes:
    """The same story of another patient: other ids, other days (up to a year earlier), other values.

    Args:
        body: a request of `patient_view_request`.
        number: which patient, from 0; each is another.
    """
    request = _differing(orjson.loads(body), number)
    return orjson.dumps(request).replace(PATIENT.encode(), f"{PATIENT[:-4]}{number:04d}".encode())


def _differing(value: object, number: int) -> object:
    if isinstance(value, dict):
        return {name: _differing(member, number) for name, member in value.items()}
    if isinstance(value, list):
        return [_differing(member, number) for member in value]
    if isinstance(value, float):
        return round(value * (1 + (number % 23) / 1000), 3)
    if isinstance(value, str) and _DAY.match(value):
        day = date.fromisoformat(value[:10]) - timedelta(days=number % 365)
        return f"{day}{value[10:]}"
    return f"{value}.{number}" if isinstance(value, str) and _ID.fullmatch(value) else value


def _request(resources: int, words: int) -> Json:
    tests = resources - 1 - len(CONDITIONS) - len(DRUGS) - len(GIVEN) - len(DONE)

    def search(kind: str, count: int, make: Callable[[int], Json]) -> Json:
        return _searchset(kind, [_with_common(kind, at, make(at), words) for at in range(count)])

    return {
        "hookInstance": "7d3c2f52-9a51-4c7e-8e0c-3f2b6f1f0a11",
        "hook": "patient-view",
        "fhirServer": SERVER,
        "context": {"userId": "Practitioner/eDoctor1", "patientId": PATIENT, "encounterId": "eVisit9"},
        "prefetch": {
            "patient": _patient(),
            "conditions": search("Condition", len(CONDITIONS), _condition),
            "medicationRequests": search("MedicationRequest", len(DRUGS), _medication_request),
            "medicationStatements": search("MedicationStatement", 0, _condition),
            "medicationAdministrations": search("MedicationAdministration", len(GIVEN), _administration),
            "medicationDispenses": search("MedicationDispense", 0, _condition),
            "procedures": search("Procedure", len(DONE), _procedure),
            "observations": search("Observation", tests, _observation),
        },
    }


def _searchset(kind: str, listed: list[Json]) -> Json:
    entries = [
        {"fullUrl": f"{SERVER}/{kind}/{one['id']}", "resource": one, "search": {"mode": "match"}} for one in listed
    ]
    link = [{"relation": "self", "url": f"{SERVER}/{kind}?patient={PATIENT}"}]
    return {"resourceType": "Bundle", "type": "searchset", "total": len(listed), "link": link, "entry": entries}


def _with_common(kind: str, at: int, own: Json, words: int) -> Json:
    """What servers add to every resource, with a narrative of so many characters beside its frame."""
    told = (FILLER * (words // len(FILLER) + 1))[:words]
    div = f'<div xmlns="http://www.w3.org/1999/xhtml"><p>{kind} {at + 1}</p><p>{told}</p></div>'
    return {
        "resourceType": kind,
        "id": f"e{kind}.{at + 1:04d}",
        "meta": {"versionId": "1", "lastUpdated": "2026-01-08T09:30:00.000+00:00"},
        "text": {"status": "generated", "div": div},
        **own,
        "subject": {"reference": f"Patient/{PATIENT}", "display": "Synthetic, Benchmark"},
        "encounter": {"reference": f"Encounter/eVisit{at % 9 + 1}"},
    }


def _patient() -> Json:
    return {
        "resourceType": "Patient",
        "id": PATIENT,
        "meta": {"versionId": "4", "lastUpdated": "2026-01-08T09:30:00.000+00:00"},
        "identifier": [{"use": "usual", "system": LOCAL, "value": "S-0001"}],
        "active": True,
        "name": [{"use": "official", "family": "Synthetic", "given": ["Benchmark"]}],
        "gender": "female",
        "birthDate": "1959-11-02",
        "address": [{"use": "home", "line": ["1 Example Street"], "city": "Exampletown", "country": "XX"}],
        "communication": [{"language": _concept("urn:ietf:bcp:47", "en", "English"), "preferred": True}],
        "generalPractitioner": [{"reference": "Practitioner/eDoctor1", "display": "Example Physician, MD"}],
    }


def _concept(system: str, code: str, display: str) -> Json:
    return {"coding": [{"system": system, "code": code, "display": display}], "text": display}


def _of_hl7(name: str, code: str) -> Json:
    display = code.replace("-", " ").title()
    return _concept(f"http://terminology.hl7.org/CodeSystem/{name}", code, display)


def _condition(at: int) -> Json:
    icd, snomed, name, day = CONDITIONS[at]
    codings = [{"system": ICD, "code": icd, "display": name}, {"system": SNOMED, "code": snomed, "display": name}]
    return {
        "clinicalStatus": _of_hl7("condition-clinical", "active"),
        "verificationStatus": _of_hl7("condition-ver-status", "confirmed"),
        "category": [_of_hl7("condition-category", "problem-list-item")],
        "code": {"coding": codings, "text": name},
        "onsetDateTime": day,
        "recordedDate": day,
        "recorder": {"reference": "Practitioner/eDoctor1", "display": "Example Physician, MD"},
    }


def _medication_request(at: int) -> Json:
    code, name, status, first, last, words, for_myeloma = DRUGS[at]
    period = {"start": first} if last is None else {"start": first, "end": last}
    reason = _concept(SNOMED, "109989006", "Multiple myeloma (disorder)")
    dosage = {
        "sequence": 1,
        "text": f"{words}, one a day",
        "timing": {"repeat": {"boundsPeriod": period, "frequency": 1, "period": 1, "periodUnit": "d"}},
        "route": _concept(SNOMED, "26643006", "Oral route (qualifier value)"),
        "doseAndRate": [{"type": _of_hl7("dose-rate-type", "ordered"), "doseQuantity": _quantity(1, "{capsule}")}],
    }
    return {
        "status": status,
        "intent": "order",
        "category": [_of_hl7("medicationrequest-category", "outpatient")],
        "priority": "routine",
        "medicationCodeableConcept": _concept(RXNORM, code, name),
        "authoredOn": first,
        "requester": {"reference": "Practitioner/eDoctor1", "display": "Example Physician, MD"},
        **({"reasonCode": [reason]} if for_myeloma else {}),
        "dosageInstruction": [dosage],
        "dispenseRequest": {"validityPeriod": period, "numberOfRepeatsAllowed": 3, "quantity": _quantity(28, "1")},
    }


def _administration(at: int) -> Json:
    code, name, day, amount, unit = GIVEN[at]
    route = _concept(SNOMED, "47625008", "Intravenous route (qualifier value)")
    return {
        "status": "completed",
        "category": _of_hl7("medication-admin-category", "inpatient"),
        "medicationCodeableConcept": _concept(RXNORM, code, name),
        "effectiveDateTime": f"{day}T10:15:00+00:00",
        "performer": [{"actor": {"reference": "Practitioner/eNurse1", "display": "Example Nurse, RN"}}],
        "dosage": {"text": "as ordered", "route": route, "dose": _quantity(amount, unit)},
    }


def _procedure(at: int) -> Json:
    code, system, name, day = DONE[at]
    return {
        "status": "completed",
        "category": _concept(SNOMED, "387713003", "Surgical procedure"),
        "code": _concept(system, code, name),
        "performedDateTime": day,
        "performer": [{"actor": {"reference": "Practitioner/eDoctor1", "display": "Example Physician, MD"}}],
    }


def _observation(at: int) -> Json:
    code, name, unit, value, category = TESTS[at % len(TESTS)]
    visit = at // len(TESTS)
    when = f"{LAST_VISIT - timedelta(days=28 * visit)}T08:05:00Z"
    of_site = {"system": LOCAL, "code": f"{1_230_000 + at % len(TESTS)}", "display": name.split(" [")[0].upper()}
    codings = [{"system": LOINC, "code": code, "display": name}, of_site]
    return {
        "status": "final",
        "category": [_of_hl7("observation-category", category)],
        "code": {"coding": codings, "text": name.split(" [")[0]},
        "effectiveDateTime": when,
        "issued": when.replace("08:05:00Z", "11:40:12Z"),
        "valueQuantity": _quantity(round(value * (1 - 0.01 * visit), 2), unit),
        "referenceRange": [{"text": f"{value * 0.8:.1f} to {value * 2:.1f}"}],
        "specimen": {"reference": f"Specimen/eBlood{visit + 1}"},
    }


def _quantity(value: float, unit: str) -> Json:
    return {"value": value, "unit": unit, "system": UCUM, "code": unit}


if __name__ == "__main__":
    sys.stdout.buffer.write(patient_view_request())
