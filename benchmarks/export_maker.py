"""Writes a synthetic bulk export: nothing in it is of a person. The same arguments make the same bytes.

    .venv/bin/python benchmarks/export_maker.py FOLDER [--patients 10000] [--myeloma 0.003] [--seed 1] [--lean]

A patient has about 260 kB, most of it what no rule asks for: encounters, claims, vital signs, common laboratory tests,
notes. `--lean` leaves those out, for a registry. Patients with myeloma have diagnosis, drugs, transplant, blood counts,
some a second cancer; their codes and words are taken from the value sets.
"""

from __future__ import annotations

import argparse
import base64
import random
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import IO, Any
from uuid import UUID

import orjson

from spmwatch.engine.terminology.value_sets import ValueSets

LAST_DAY = date(2026, 1, 10)
LINES_TO_A_FILE = 250_000
_BATCH = 200  # patients whose lines are written at once
_PRESENT = {
    "Patient": 1,
    "Encounter": 24,
    "Claim": 11,
    "ExplanationOfBenefit": 8,
    "DiagnosticReport": 8,
    "DocumentReference": 3,
    "Immunization": 6,
    "AllergyIntolerance": 1,
    "CarePlan": 2,
}
_SYSTEMS = {
    "rxnorm": "http://www.nlm.nih.gov/research/umls/rxnorm",
    "loinc": "http://loinc.org",
    "snomed": "http://snomed.info/sct",
    "cpt": "http://www.ama-assn.org/go/cpt",
    "icd": "http://hl7.org/fhir/sid/icd-10-cm",
}
_DRUGS = [
    ("314076", "lisinopril 10 MG Oral Tablet"),
    ("860975", "metformin hydrochloride 500 MG Oral Tablet"),
    ("617318", "atorvastatin 20 MG Oral Tablet"),
    ("197361", "amlodipine 5 MG Oral Tablet"),
    ("310798", "hydrochlorothiazide 25 MG Oral Tablet"),
    ("313782", "acetaminophen 325 MG Oral Tablet"),
]
_CONDITIONS = [
    ("38341003", "I10", "Essential hypertension"),
    ("44054006", "E11.9", "Type 2 diabetes mellitus"),
    ("55822004", "E78.5", "Hyperlipidemia"),
    ("195967001", "J45.909", "Asthma"),
    ("271737000", "D64.9", "Anemia"),
    ("444814009", "J32.9", "Viral sinusitis"),
    ("396275006", "M19.90", "Osteoarthritis"),
]
_TESTS = [
    ("8867-4", "Heart rate", "/min"),
    ("8302-2", "Body height", "cm"),
    ("29463-7", "Body weight", "kg"),
    ("2339-0", "Glucose [Mass/volume] in Blood", "mg/dL"),
    ("2160-0", "Creatinine [Mass/volume] in Serum", "mg/dL"),
    ("2951-2", "Sodium [Moles/volume] in Serum", "mmol/L"),
    ("2823-3", "Potassium [Moles/volume] in Serum", "mmol/L"),
    ("4548-4", "Hemoglobin A1c/Hemoglobin.total in Blood", "%"),
    ("2093-3", "Cholesterol in Serum", "mg/dL"),
    ("39156-5", "Body mass index", "kg/m2"),
    ("8310-5", "Body temperature", "Cel"),
]
_COUNTS = ("hemoglobin-mass", "wbc", "platelets", "anc")
_FILLER = base64.b64encode(bytes(index * 37 % 251 for index in range(720))).decode()
_NARRATIVE = '<div xmlns="http://www.w3.org/1999/xhtml"><p>History, examination and plan as agreed.</p></div>'


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to write. `myeloma`: share of patients who have it; `lean`: without what no rule asks for."""

    patients: int = 10_000
    myeloma: float = 0.003
    seed: int = 1
    lean: bool = False


class Template:
    """A resource of which only ids, a day and a number differ, written once by orjson and filled in as bytes."""

    def __init__(self, resource: Mapping[str, Any]) -> None:
        written = orjson.dumps(resource).replace(b"%", b"%%")
        for name in (b"P", b"N", b"D", b"E", b"V"):
            written = written.replace(b'"@%s@number"' % name, b"%%(%s)b" % name).replace(
                b"@%s@" % name, b"%%(%s)b" % name
            )
        self._line = written + b"\n"

    def line(self, patient: bytes, number: int, day: bytes, value: bytes = b"1", end: bytes = b"") -> bytes:
        """One line: patient id, number of the resource, a day, a value, a last day."""
        return self._line % {b"P": patient, b"N": b"%d" % number, b"D": day, b"V": value, b"E": end}


def _concept(system: str, code: str, display: str) -> dict[str, Any]:
    return {"coding": [{"system": _SYSTEMS.get(system, system), "code": code, "display": display}], "text": display}


def _resource(kind: str, *, day: str = "", size: int = 0, **members: object) -> dict[str, Any]:
    """A resource with what servers put around it, so that its size is as in the wild."""
    resource: dict[str, Any] = {
        "resourceType": kind,
        "id": f"@P@-{kind.lower()}-@N@",
        "meta": {
            "versionId": "1",
            "lastUpdated": "@D@T08:30:00.000+00:00",
            "source": "#a1b2c3d4e5f6a7b8",
            "profile": [f"http://hl7.org/fhir/us/core/StructureDefinition/us-core-{kind.lower()}"],
        },
        "text": {"status": "generated", "div": _NARRATIVE},
        "identifier": [{"system": "https://records.example.org/ids", "value": f"{kind}-@P@-@N@"}],
    }
    if kind != "Patient":
        resource["subject"] = {"reference": "Patient/@P@", "display": "Example, Person"}
        resource["encounter"] = {"reference": "Encounter/@P@-encounter-1"}
    if day:
        resource[day] = "@D@"
    resource |= members
    number = 0
    while size > len(orjson.dumps(resource)):
        number += 1
        resource.setdefault(_DETAILS.get(kind, "extension"), []).append(_detail(kind, number))
    return resource


_DETAILS = {
    "Claim": "item",
    "ExplanationOfBenefit": "item",
    "DocumentReference": "content",
    "DiagnosticReport": "result",
}


def _detail(kind: str, number: int) -> dict[str, Any]:
    """One of the parts that make a resource long, of the kind that such resources have."""
    if kind == "DocumentReference":
        return {"attachment": {"contentType": "text/plain", "data": _FILLER}}
    if kind == "DiagnosticReport":
        return {"reference": f"Observation/@P@-observation-{number}", "display": f"Result {number}"}
    if kind in ("Claim", "ExplanationOfBenefit"):
        amount = {"value": 129.16 + number, "currency": "USD"}
        kinds = _concept("http://terminology.hl7.org/CodeSystem/adjudication", "submitted", "Submitted Amount")
        return {
            "sequence": number,
            "productOrService": _concept("snomed", "185345009", "Encounter for symptom"),
            "encounter": [{"reference": f"Encounter/@P@-encounter-{number}"}],
            "net": amount,
            "adjudication": [{"category": kinds, "amount": amount}],
        }
    return {
        "url": f"https://records.example.org/audit-{number}",
        "extension": [
            {"url": "when", "valueInstant": "2025-03-01T10:20:30.000Z"},
            {"url": "who", "valueReference": {"reference": f"Practitioner/{number}", "display": "Example, Nurse"}},
            {"url": "checked", "valueBoolean": True},
            {"url": "count", "valueInteger": number},
        ],
    }


def _lab(code: str, display: str, unit: str, size: int = 0) -> dict[str, Any]:
    category = _concept("http://terminology.hl7.org/CodeSystem/observation-category", "laboratory", "Laboratory")
    quantity = {"value": "@V@number", "unit": unit, "system": "http://unitsofmeasure.org", "code": unit}
    return _resource(
        "Observation",
        day="effectiveDateTime",
        size=size,
        status="final",
        category=[category],
        code=_concept("loinc", code, display),
        valueQuantity=quantity,
    )


def _drug(code: str, display: str, text: str, size: int = 0) -> dict[str, Any]:
    period = {"start": "@D@", "end": "@E@"}
    return _resource(
        "MedicationRequest",
        day="authoredOn",
        size=size,
        status="completed",
        intent="order",
        medicationCodeableConcept=_concept("rxnorm", code, display),
        dosageInstruction=[{"text": text, "timing": {"repeat": {"boundsPeriod": period}}}],
    )


def _condition(codings: list[tuple[str, str, str]]) -> dict[str, Any]:
    active = _concept("http://terminology.hl7.org/CodeSystem/condition-clinical", "active", "Active")
    sure = _concept("http://terminology.hl7.org/CodeSystem/condition-ver-status", "confirmed", "Confirmed")
    coded = [_concept(*coding)["coding"][0] for coding in codings]
    return _resource(
        "Condition",
        day="onsetDateTime",
        size=1000,
        clinicalStatus=active,
        verificationStatus=sure,
        code={"coding": coded, "text": codings[0][2]},
    )


def _procedure(system: str, code: str, display: str) -> dict[str, Any]:
    return _resource(
        "Procedure", day="performedDateTime", size=1000, status="completed", code=_concept(system, code, display)
    )


@cache
def _value_sets() -> ValueSets:
    return ValueSets.load(files("spmwatch.rules"))


def _row(concept: str, system: str, number: int = 0) -> tuple[str, str]:
    """(code, display) of a concept of the value sets."""
    rows = [row for row in _value_sets().concept(concept).codes if row.system == system]
    return rows[number].code, rows[number].display


class _Noise:
    """What every patient has and hardly any rule asks for."""

    def __init__(self) -> None:
        self.others = {kind: Template(_resource(kind, size=_size_of(kind))) for kind in _PRESENT if kind != "Patient"}
        self.tests = [Template(_lab(*test, size=1150)) for test in _TESTS]
        self.drugs = [Template(_drug(*drug, "once a day", size=1300)) for drug in _DRUGS]
        self.conditions = [Template(_condition([("snomed", s, name), ("icd", i, name)])) for s, i, name in _CONDITIONS]
        self.check = Template(_procedure("cpt", *_row("mammography", "CPT")))
        self.smoking = Template(
            _resource(
                "Observation",
                day="effectiveDateTime",
                size=1000,
                status="final",
                code=_concept("loinc", "72166-2", "Tobacco smoking status"),
                valueCodeableConcept=_concept("snomed", "266919005", "Never smoked tobacco"),
            )
        )

    def lines(self, patient: bytes, chance: random.Random) -> Iterator[tuple[str, bytes]]:
        """(file, line) of one patient."""
        days = _days(chance, 40)
        for kind, template in self.others.items():
            for number in range(_PRESENT[kind]):
                yield kind, template.line(patient, number, days[number % 40])
        for number in range(62):
            value = b"%.1f" % chance.uniform(1, 150)
            yield "Observation", self.tests[number % len(self.tests)].line(patient, number, days[number % 40], value)
        for number in range(11):
            yield "MedicationRequest", chance.choice(self.drugs).line(patient, number, days[number], end=days[number])
            yield "Condition", chance.choice(self.conditions).line(patient, number, days[number])
        for number in range(2):
            yield "Procedure", self.check.line(patient, number, days[number])
            yield "Observation", self.smoking.line(patient, 900 + number, days[number])


def _size_of(kind: str) -> int:
    return {"Claim": 2400, "ExplanationOfBenefit": 3600, "DocumentReference": 2400}.get(kind, 1200)


class _Myeloma:
    """The course of a patient with myeloma."""

    def __init__(self) -> None:
        diagnosis, icd = _row("multiple-myeloma", "SNOMED CT"), _row("multiple-myeloma", "ICD-10-CM")
        self.diagnosis = Template(_condition([("snomed", *diagnosis), ("icd", *icd)]))
        self.counts = [Template(_lab(*_row(one, "LOINC"), str(_value_sets().concept(one).unit))) for one in _COUNTS]
        self.drugs = {
            one: Template(_drug(*_row(one, "RxNorm", -1), f"{one}, maintenance"))
            for one in ("lenalidomide", "bortezomib", "dexamethasone", "melphalan-iv")
        }
        referred = _drug("", "", "10 mg daily")
        del referred["medicationCodeableConcept"]
        self.by_reference = Template(referred | {"medicationReference": {"reference": "Medication/lenalidomide-10"}})
        self.transplant = Template(_procedure("snomed", *_row("autologous-sct", "SNOMED CT", -1)))
        self.second = Template(_condition([("icd", *_row("spm-breast", "ICD-10-CM"))]))

    def lines(self, patient: bytes, chance: random.Random) -> Iterator[tuple[str, bytes]]:
        """(file, line) of one patient."""
        start = LAST_DAY - timedelta(days=chance.randrange(700, 4000))
        yield "Condition", self.diagnosis.line(patient, 800, _iso(start))
        for number, drug in enumerate(("bortezomib", "dexamethasone")):
            end = _iso(start + timedelta(days=120))
            yield "MedicationRequest", self.drugs[drug].line(patient, 800 + number, _iso(start), end=end)
        if chance.random() < 0.6:
            day = start + timedelta(days=150)
            yield "Procedure", self.transplant.line(patient, 800, _iso(day))
            yield (
                "MedicationRequest",
                self.drugs["melphalan-iv"].line(
                    patient, 803, _iso(day - timedelta(days=2)), end=_iso(day - timedelta(days=1))
                ),
            )
        lenalidomide = self.by_reference if chance.random() < 0.3 else self.drugs["lenalidomide"]
        begun = start + timedelta(days=200)
        for number in range(chance.randrange(1, 6)):
            day = begun + timedelta(days=90 * number)
            end = _iso(day + timedelta(days=84))
            yield "MedicationRequest", lenalidomide.line(patient, 810 + number, _iso(day), end=end)
        for number in range(chance.randrange(8, 24)):
            for which, test in enumerate(self.counts):
                value = b"%.1f" % chance.uniform(2, 14)
                yield (
                    "Observation",
                    test.line(patient, 2000 + 4 * number + which, _iso(start + timedelta(30 * number)), value),
                )
        if chance.random() < 0.06:
            yield "Condition", self.second.line(patient, 801, _iso(start + timedelta(days=600)))


def _iso(day: date) -> bytes:
    return day.isoformat().encode()


def _days(chance: random.Random, number: int) -> list[bytes]:
    return [_iso(LAST_DAY - timedelta(days=chance.randrange(4000))) for _ in range(number)]


def _patient() -> Template:
    name = [{"use": "official", "family": "Example", "given": ["Person", "@N@"]}]
    address = [{"line": ["1 Example Street"], "city": "Exampletown", "postalCode": "00000", "country": "US"}]
    return Template(
        _resource("Patient", size=1500, name=name, gender="female", birthDate="@D@", address=address) | {"id": "@P@"}
    )


def make_export(folder: Path, plan: Plan) -> list[Path]:
    """Write the export into a new folder; the files, sorted. Order of patients is that of their numbers."""
    folder.mkdir(parents=True)
    chance, noise, myeloma, person = random.Random(plan.seed), _Noise(), _Myeloma(), _patient()
    with ExitStack() as opened:
        out = _Files(folder, opened)
        medication = {
            "resourceType": "Medication",
            "id": "lenalidomide-10",
            "code": _concept("rxnorm", *_row("lenalidomide", "RxNorm", -1)),
        }
        out.add("Medication", orjson.dumps(medication) + b"\n")
        for number in range(plan.patients):
            ident = str(UUID(int=chance.getrandbits(128), version=4)).encode()
            born = _iso(date(1935, 1, 1) + timedelta(days=chance.randrange(20_000)))
            out.add("Patient", person.line(ident, number, born))
            if not plan.lean:
                for kind, line in noise.lines(ident, chance):
                    out.add(kind, line)
            if chance.random() < plan.myeloma:
                for kind, line in myeloma.lines(ident, chance):
                    out.add(kind, line)
            if number % _BATCH == 0:
                out.flush()
        out.flush()
    return sorted(folder.iterdir())


class _Files:
    """A file to each type, gone on in another one when it is long; lines are written many at once."""

    def __init__(self, folder: Path, opened: ExitStack) -> None:
        self._folder, self._opened = folder, opened
        self._waiting: dict[str, list[bytes]] = {}
        self._lines: dict[str, int] = {}
        self._files: dict[str, IO[bytes]] = {}

    def add(self, kind: str, line: bytes) -> None:
        """One more line."""
        self._waiting.setdefault(kind, []).append(line)

    def flush(self) -> None:
        """Write what waits."""
        for kind, lines in self._waiting.items():
            written = self._lines.get(kind, 0)
            part, after = written // LINES_TO_A_FILE, (written + len(lines)) // LINES_TO_A_FILE
            if kind not in self._files or written % LINES_TO_A_FILE == 0 or part != after:
                part = after if kind in self._files else part
                name = f"{kind}.{part:03}.ndjson"
                self._files[kind] = self._opened.enter_context((self._folder / name).open("ab"))
            self._files[kind].write(b"".join(lines))
            self._lines[kind] = written + len(lines)
        self._waiting.clear()


def main() -> None:
    """Write the export that the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--patients", type=int, default=Plan().patients)
    parser.add_argument("--myeloma", type=float, default=Plan().myeloma)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--lean", action="store_true")
    options = parser.parse_args()
    plan = Plan(patients=options.patients, myeloma=options.myeloma, seed=options.seed, lean=options.lean)
    written = make_export(options.folder, plan)
    size = sum(file.stat().st_size for file in written)
    print(f"{len(written)} files, {size / 1e6:,.0f} MB in {options.folder}")


if __name__ == "__main__":
    main()
