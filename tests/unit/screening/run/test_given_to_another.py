"""A resource that a later version gives to another patient is that patient's; the earlier one is not told "no" by it
where the order is not known."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from pathlib import Path

import orjson
import pytest

from tests.support.exports import (
    Resource,
    by_type,
    fast,
    lines,
    patient_of,
    plain,
    quarantine,
    tables,
    worked_patients,
)

MYELOMA = {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "C90.00"}]}
LENALIDOMIDE = {"coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "342369"}]}
TRANSPLANT = {"coding": [{"system": "http://www.ama-assn.org/go/cpt", "code": "38241"}]}
KINDS: dict[str, tuple[Resource, str]] = {
    "Condition": ({"code": MYELOMA, "clinicalStatus": {"text": "active"}}, "myeloma"),
    "Procedure": ({"code": TRANSPLANT, "status": "completed"}, "transplant"),
    "MedicationRequest": (
        {"medicationCodeableConcept": LENALIDOMIDE, "status": "active", "intent": "order"},
        "lenalidomide",
    ),
    "MedicationDispense": ({"medicationReference": {"reference": "Medication/m"}, "status": "completed"},
                           "lenalidomide"),
    "Observation": ({"code": TRANSPLANT, "status": "final"}, "transplant"),
}  # fmt: skip
EARLY, LATE = {"lastUpdated": "2025-01-01T00:00:00Z"}, {"lastUpdated": "2025-02-01T00:00:00Z"}
OLD, NEW, THIRD = "a-old", "z-new", "zz-third"


def version(kind: str, key: str, meta: Resource | None = None, **changes: object) -> Resource:
    body = {"resourceType": kind, "id": f"moved-{kind}", **KINDS[kind][0], "subject": {"reference": f"Patient/{key}"}}
    return {**body, **({"meta": meta} if meta else {}), **changes}


def patients() -> list[Resource]:
    """Those whom it is about have something else each, so that they are in the results in any case."""
    found: list[Resource] = [{"resourceType": "Medication", "id": "m", "code": LENALIDOMIDE}]
    for key in (OLD, NEW, THIRD):
        found.append({"resourceType": "Patient", "id": key, "birthDate": "1950-01-01"})
        code = {"coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "6718"}]}
        found.append({"resourceType": "MedicationStatement", "id": f"s-{key}", "status": "active",
                      "medicationCodeableConcept": code, "subject": {"reference": f"Patient/{key}"}})  # fmt: skip
    return found


def export(folder: Path, versions: Sequence[Resource]) -> Path:
    """Each type in one file, and the versions first and last in it, so in chunks of their own."""
    by_type(folder, [*worked_patients(), *patients()])
    for number, one in enumerate(versions):
        file = folder / f"{one['resourceType']}.ndjson"
        data = file.read_bytes() if file.exists() else b""
        file.write_bytes(lines([one]) + data if number % 2 == 0 else data + lines([one]))
    return folder


def screened(tmp_path: Path, versions: Sequence[Resource], **changes: object) -> dict[str, dict[str, str]]:
    """The rows by patient, once both ways came to the same; each patient in a partition of its own."""
    folder = export(tmp_path / "export", versions)
    fast(tmp_path / "fast", folder, patients_to_a_part=1, **changes)
    plain(tmp_path / "plain", folder)
    assert tables(tmp_path / "fast") == tables(tmp_path / "plain")
    assert remarks(tmp_path / "fast") == remarks(tmp_path / "plain")
    told = csv.DictReader(io.StringIO(tables(tmp_path / "fast")["patients.csv"]))
    return {row["patient"]: row for row in told}


def remarks(out: Path) -> list[tuple[str, int]]:
    found = [one for one in quarantine(out) if "about another patient" in one["reason"] or "versions" in one["reason"]]
    return sorted((one["file"], one["line"]) for one in found)


EACH_KIND = pytest.mark.parametrize("kind", KINDS)


@EACH_KIND
@pytest.mark.parametrize("many", [5_000, 1], ids=["cohort", "registry"])
@pytest.mark.parametrize("by", ["lastUpdated", "versionId"])
def test_the_later_version_wins(kind: str, many: int, by: str, tmp_path: Path) -> None:
    early, late = (EARLY, LATE) if by == "lastUpdated" else ({"versionId": "1"}, {"versionId": "2"})
    rows = screened(tmp_path, [version(kind, OLD, early), version(kind, NEW, late)], many=many)
    column = KINDS[kind][1]
    assert rows[NEW][column] == "yes"
    assert rows[OLD][column] == "no"
    assert [place[0] for place in remarks(tmp_path / "fast")] == [f"{kind}.ndjson"]
    assert int(rows[OLD]["data_problems"]) == int(rows[THIRD]["data_problems"]) + 1


@EACH_KIND
def test_where_the_order_is_not_known_it_may_be_either_one_s(kind: str, tmp_path: Path) -> None:
    rows = screened(tmp_path, [version(kind, OLD, EARLY), version(kind, NEW)])
    assert [rows[key][KINDS[kind][1]] for key in (OLD, NEW)] == ["unknown", "unknown"]
    assert len(remarks(tmp_path / "fast")) == 2


@EACH_KIND
def test_an_id_of_three_patients_takes_nothing_from_anybody(kind: str, tmp_path: Path) -> None:
    """It looks like an id that is used again and again: nobody may be told "no" for that."""
    latest = {"lastUpdated": "2025-03-01T00:00:00Z"}
    rows = screened(tmp_path, [version(kind, OLD, EARLY), version(kind, NEW, LATE), version(kind, THIRD, latest)])
    assert [rows[key][KINDS[kind][1]] for key in (OLD, NEW, THIRD)] == ["unknown", "unknown", "yes"]


def test_a_patient_with_nothing_else_leaves_the_results_and_a_remark(tmp_path: Path) -> None:
    alone = version("Condition", "nothing-else", EARLY)
    rows = screened(tmp_path, [alone, version("Condition", NEW, LATE)])
    assert "nothing-else" not in rows
    assert remarks(tmp_path / "fast") == [("Condition.ndjson", 1)]


def test_a_later_version_that_names_nobody_leaves_it_in_doubt(tmp_path: Path) -> None:
    nobodys = version("Condition", "", LATE)
    del nobodys["subject"]
    rows = screened(tmp_path, [version("Condition", OLD, EARLY), nobodys])
    assert rows[OLD]["myeloma"] == "unknown"


def test_it_goes_back_and_forth(tmp_path: Path) -> None:
    back = version("Condition", OLD, {"lastUpdated": "2025-03-01T00:00:00Z"})
    rows = screened(tmp_path, [version("Condition", OLD, EARLY), version("Condition", NEW, LATE), back])
    assert (rows[OLD]["myeloma"], rows[NEW]["myeloma"]) == ("yes", "no")


@pytest.mark.parametrize("deleted", ["2025-01-15T00:00:00Z", "2025-03-01T00:00:00Z", None])
def test_deletions_come_first(deleted: str | None, tmp_path: Path) -> None:
    folder = export(tmp_path / "export", [version("Condition", OLD, EARLY), version("Condition", NEW, LATE)])
    entry = {"request": {"method": "DELETE", "url": "Condition/moved-Condition"}}
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}
    (folder / "deleted.ndjson").write_bytes(lines([bundle]))
    manifest: Resource = {"output": [], "deleted": [{"type": "Bundle", "url": "https://x/deleted.ndjson"}]}
    if deleted:
        manifest["transactionTime"] = deleted
    (folder / "manifest.json").write_bytes(orjson.dumps(manifest))
    fast(tmp_path / "fast", folder)
    plain(tmp_path / "plain", folder)
    assert tables(tmp_path / "fast") == tables(tmp_path / "plain")
    assert remarks(tmp_path / "fast") == remarks(tmp_path / "plain")


Shape = Callable[[Resource], Resource]


def by_identifier(one: Resource) -> Resource:
    key = patient_of(one)
    return {**one, "subject": {"identifier": {"system": "urn:mrn", "value": f"0{key}"}}}


def test_a_subject_by_identifier_is_followed(tmp_path: Path) -> None:
    """Whoever decides which version is the later one knows patients by identifier, too."""
    versions = [by_identifier(version("Condition", OLD, EARLY)), by_identifier(version("Condition", NEW, LATE))]
    folder = export(tmp_path / "export", versions)
    file = folder / "Patient.ndjson"
    some = [orjson.loads(line) for line in file.read_bytes().splitlines()]
    file.write_bytes(lines([{**one, "identifier": [{"system": "urn:mrn", "value": f"0{one['id']}"}]} for one in some]))
    fast(tmp_path / "fast", folder, patients_to_a_part=1)
    plain(tmp_path / "plain", folder)
    assert tables(tmp_path / "fast") == tables(tmp_path / "plain")
    told = csv.DictReader(io.StringIO(tables(tmp_path / "fast")["patients.csv"]))
    rows = {row["patient"]: row["myeloma"] for row in told}
    assert (rows[OLD], rows[NEW]) == ("no", "yes")


def test_bundles_are_each_a_record_of_its_own(tmp_path: Path) -> None:
    """An id that two Bundles have is no proof of one resource; two versions in one Bundle are."""
    folder = by_type(tmp_path / "export", [*worked_patients(), *patients()])
    for number, one in enumerate((version("Condition", OLD, EARLY), version("Condition", NEW, LATE))):
        bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one}]}
        (folder / f"b{number}.json").write_bytes(orjson.dumps(bundle))
    together = [
        {"resource": {**version("Procedure", key, meta), "id": "t"}} for key, meta in ((OLD, EARLY), (NEW, LATE))
    ]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": together}
    (folder / "together.json").write_bytes(orjson.dumps(bundle))
    fast(tmp_path / "fast", folder, patients_to_a_part=1)
    plain(tmp_path / "plain", folder)
    assert tables(tmp_path / "fast") == tables(tmp_path / "plain")
    told = csv.DictReader(io.StringIO(tables(tmp_path / "fast")["patients.csv"]))
    rows = {row["patient"]: row for row in told}
    assert [rows[key]["myeloma"] for key in (OLD, NEW)] == ["yes", "yes"]
    assert [rows[key]["transplant"] for key in (OLD, NEW)] == ["no", "yes"]
