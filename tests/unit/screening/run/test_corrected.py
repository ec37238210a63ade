"""A resource whose later version is about something else: the earlier one does not count any more."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.support.exports import Resource, by_type, fast, lines, plain, tables, worked_patients

ICD, RXNORM, CPT = (
    "http://hl7.org/fhir/sid/icd-10-cm",
    "http://www.nlm.nih.gov/research/umls/rxnorm",
    "http://www.ama-assn.org/go/cpt",
)


def coded(system: str, code: str) -> Resource:
    return {"coding": [{"system": system, "code": code}]}


WRONG_AND_RIGHT: dict[str, tuple[str, Resource, Resource]] = {
    "Condition": ("myeloma", {"code": coded(ICD, "C90.00")}, {"code": coded(ICD, "I10")}),
    "Procedure": ("transplant", {"code": coded(CPT, "38241")}, {"code": coded(CPT, "99213")}),
    "MedicationRequest": (
        "lenalidomide",
        {"medicationCodeableConcept": coded(RXNORM, "342369"), "intent": "order"},
        {"medicationCodeableConcept": coded(RXNORM, "314076"), "intent": "order"},
    ),
}
"""Type -> the column that the wrong version fills, the wrong version, the right one."""
STATUS: dict[str, Resource] = {
    "Condition": {"clinicalStatus": {"text": "active"}},
    "Procedure": {"status": "completed", "performedDateTime": "2024-05-03"},
    "MedicationRequest": {"status": "active", "authoredOn": "2025-12-01"},
}
EACH = pytest.mark.parametrize("kind", WRONG_AND_RIGHT)
MODES = pytest.mark.parametrize("many", [5_000, 1], ids=["cohort", "registry"])
EARLY, LATE = "2025-01-01T00:00:00Z", "2025-02-01T00:00:00Z"


def version(kind: str, *, right: bool, meta: Resource | None, key: str = "p") -> Resource:
    _, wrong, mended = WRONG_AND_RIGHT[kind]
    body = mended if right else wrong
    said = {"resourceType": kind, "id": "corrected", "subject": {"reference": f"Patient/{key}"}, **STATUS[kind], **body}
    return said | ({"meta": meta} if meta else {})


def column(tmp_path: Path, kind: str, versions: Sequence[Resource], many: int) -> str:
    """What the patient's row says, once both ways came to the same; the versions lie at both ends of their file."""
    melphalan = {"resourceType": "MedicationStatement", "id": "s", "status": "active",
                 "medicationCodeableConcept": coded(RXNORM, "6718"), "subject": {"reference": "Patient/p"}}  # fmt: skip
    patient = {"resourceType": "Patient", "id": "p", "birthDate": "1950-01-01"}
    folder = tmp_path / "export"
    by_type(folder, [*worked_patients(), patient, melphalan])  # in the results in any case, by melphalan
    for number, one in enumerate(versions):
        file = folder / f"{kind}.ndjson"
        data = file.read_bytes() if file.exists() else b""
        file.write_bytes(lines([one]) + data if number % 2 == 0 else data + lines([one]))
    fast(tmp_path / "fast", folder, patients_to_a_part=1, many=many)
    plain(tmp_path / "plain", folder)
    assert tables(tmp_path / "fast") == tables(tmp_path / "plain")
    rows = csv.DictReader(io.StringIO(tables(tmp_path / "fast")["patients.csv"]))
    (row,) = [row for row in rows if row["patient"] == "p"]
    return row[WRONG_AND_RIGHT[kind][0]]


@EACH
@MODES
@pytest.mark.parametrize("by", ["lastUpdated", "versionId"])
def test_the_right_version_wins_when_it_is_the_later_one(kind: str, many: int, by: str, tmp_path: Path) -> None:
    early, late = ({by: EARLY}, {by: LATE}) if by == "lastUpdated" else ({by: "1"}, {by: "2"})
    versions = [version(kind, right=False, meta=early), version(kind, right=True, meta=late)]
    assert column(tmp_path, kind, versions, many) == "no"


@EACH
@MODES
def test_an_earlier_version_takes_nothing_away(kind: str, many: int, tmp_path: Path) -> None:
    versions = [version(kind, right=True, meta={"lastUpdated": EARLY}),
                version(kind, right=False, meta={"lastUpdated": LATE})]  # fmt: skip
    assert column(tmp_path, kind, versions, many) == "yes"


@EACH
@MODES
def test_where_the_order_is_not_known_it_is_possible_only(kind: str, many: int, tmp_path: Path) -> None:
    versions = [version(kind, right=False, meta={"lastUpdated": EARLY}), version(kind, right=True, meta=None)]
    assert column(tmp_path, kind, versions, many) == "unknown"


@EACH
@MODES
def test_one_of_the_same_id_of_another_patient_is_no_version_of_it(kind: str, many: int, tmp_path: Path) -> None:
    versions = [version(kind, right=False, meta={"lastUpdated": EARLY}),
                version(kind, right=True, meta={"lastUpdated": LATE}, key="somebody-else")]  # fmt: skip
    assert column(tmp_path, kind, versions, many) == "yes"


@EACH
@MODES
def test_a_third_version_that_is_wrong_again_counts(kind: str, many: int, tmp_path: Path) -> None:
    versions = [version(kind, right=False, meta={"versionId": "1"}), version(kind, right=True, meta={"versionId": "2"}),
                version(kind, right=False, meta={"versionId": "3"})]  # fmt: skip
    assert column(tmp_path, kind, versions, many) == "yes"
