"""The fast way, the plain way and each patient's Bundle alone come to the same patients, findings and plan."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from spmwatch.engine.evaluate import Evaluator
from spmwatch.fhir_adapters import records_from_bundle
from spmwatch.screening.results.schemas import FINDINGS, SCHEMAS
from spmwatch.screening.run.evaluating import evaluated
from tests.support.exports import (
    Resource,
    bundles,
    by_type,
    fast,
    lines,
    options,
    packed,
    patient_of,
    plain,
    quarantine,
    referring,
    rules,
    tables,
    worked_patients,
)

SERVER = "https://ehr.example/fhir"


def as_it_is(folder: Path) -> None:
    by_type(folder, worked_patients())


def types_mixed(folder: Path) -> None:
    folder.mkdir()
    (folder / "all.ndjson").write_bytes(lines(sorted(worked_patients(), key=patient_of)))


def patients_last_and_backwards(folder: Path) -> None:
    folder.mkdir()
    (folder / "Observation.ndjson").write_bytes(lines(reversed(worked_patients())))


def gzipped(folder: Path) -> None:
    as_it_is(folder)
    packed(folder)


def absolute_references(folder: Path) -> None:
    by_type(folder, referring(worked_patients(), lambda key: {"reference": f"{SERVER}/Patient/{key}/_history/3"}))


def identifiers_alone(folder: Path) -> None:
    resources = worked_patients()
    for one in resources:
        if one["resourceType"] == "Patient":
            one["identifier"] = [{"system": "urn:mrn", "value": f"0{one['id']}"}]
    by_type(folder, referring(resources, lambda key: {"identifier": {"system": "urn:mrn", "value": f"0{key}"}}))


def bare_ids(folder: Path) -> None:
    by_type(folder, referring(worked_patients(), lambda key: {"reference": key}))


def medications_elsewhere(folder: Path) -> None:
    """Codes in Medications, these with an ingredient that is a Substance of another file."""
    resources, more = worked_patients(), list[Resource]()
    for number, one in enumerate(resources):
        concept = one.pop("medicationCodeableConcept", None)
        if concept is None:
            continue
        one["medicationReference"] = {"reference": f"Medication/m{number}"}
        if number % 2:
            more.append({"resourceType": "Medication", "id": f"m{number}", "code": concept})
        else:
            ingredient = {"itemReference": {"reference": f"Substance/s{number}"}}
            more.append({"resourceType": "Medication", "id": f"m{number}", "ingredient": [ingredient]})
            more.append({"resourceType": "Substance", "id": f"s{number}", "code": concept})
    by_type(folder, [*resources, *more])


def a_medication_is_missing(folder: Path) -> None:
    medications_elsewhere(folder)
    file = folder / "Medication.ndjson"
    file.write_bytes(b"".join(file.read_bytes().splitlines(keepends=True)[::3]))


def a_bundle_each(folder: Path) -> None:
    folder.mkdir()
    for number, bundle in enumerate(bundles(worked_patients())):
        indented = orjson.OPT_INDENT_2 if number % 2 else 0
        (folder / f"{number:02}.json").write_bytes(orjson.dumps(bundle, option=indented))


def bundles_of_several(folder: Path) -> None:
    folder.mkdir()
    (folder / "bundles.ndjson").write_bytes(lines(bundles(worked_patients(), size=5)))


def no_drug_type(folder: Path) -> None:
    by_type(folder, [one for one in worked_patients() if not one["resourceType"].startswith("Medication")])


def torn_and_odd(folder: Path) -> None:
    """Lines that end early, are no UTF-8, name nobody, or hold something of the wrong type."""
    as_it_is(folder)
    file = folder / "Condition.ndjson"
    some = file.read_bytes().splitlines(keepends=True)
    some[3] = some[3].replace(b'"subject"', b'"object"')
    some[5] = some[5].replace(b'"code"', b'"code":"C90.0","code"', 1)
    some[7] = some[7][:-40] + b"\n"
    some[8] = some[7].replace(b'"Patient/', b'"Patient/nobody-else-')
    some[9] = some[9].replace(b'"text"', b'"\xff\xfe"')
    file.write_bytes(b"".join(some)[:-30])
    with (folder / "Procedure.ndjson").open("ab") as stream:
        stream.write(b'[]\n"x"\n{"resourceType":"Wrong"}\n{"no":1}\n\n')


def a_gzip_file_ends_early(folder: Path) -> None:
    gzipped(folder)
    file = folder / "Observation.ndjson.gz"
    file.write_bytes(file.read_bytes()[:-300])


def with_a_manifest(folder: Path) -> None:
    as_it_is(folder)
    output = [{"type": "Condition", "url": "https://x/Condition.ndjson"},
              {"type": "Procedure", "url": "https://x/Procedure.7.ndjson"}]  # fmt: skip
    manifest = {"transactionTime": "2026-01-01T00:00:00Z", "output": output, "deleted": [], "error": []}
    (folder / "manifest.json").write_bytes(orjson.dumps(manifest, option=orjson.OPT_INDENT_2))


def one_patient_alone(folder: Path) -> None:
    resources = [one for one in worked_patients() if patient_of(one) == "p11"]
    resources.append({"resourceType": "Condition", "id": "nobodys", "code": {"text": "multiple myeloma"}})
    by_type(folder, resources)


SHAPES: list[Callable[[Path], None]] = [
    as_it_is, types_mixed, patients_last_and_backwards, gzipped, absolute_references, identifiers_alone, bare_ids,
    medications_elsewhere, a_medication_is_missing, a_bundle_each, bundles_of_several, no_drug_type, torn_and_odd,
    with_a_manifest, one_patient_alone,
]  # fmt: skip


@pytest.mark.parametrize("many", [5_000, 3], ids=["cohort", "registry"])
@pytest.mark.parametrize("shape", SHAPES)
def test_fast_is_plain(shape: Callable[[Path], None], many: int, tmp_path: Path) -> None:
    shape(tmp_path / "export")
    fast(tmp_path / "fast", tmp_path / "export", many=many)
    plain(tmp_path / "plain", tmp_path / "export")
    assert tables(tmp_path / "fast") == tables(tmp_path / "plain")
    assert len(tables(tmp_path / "fast")["patients.csv"].splitlines()) > 1


def test_a_gzip_file_that_ends_early_is_the_same_but_for_its_last_line(tmp_path: Path) -> None:
    """The fast way also tells whose the line is in which the file ends; the plain one tells of the file alone."""
    a_gzip_file_ends_early(tmp_path / "export")
    fast(tmp_path / "fast", tmp_path / "export")
    plain(tmp_path / "plain", tmp_path / "export")
    one, other = tables(tmp_path / "fast"), tables(tmp_path / "plain")
    assert (one["findings.csv"], one["plan.csv"]) == (other["findings.csv"], other["plan.csv"])
    rows, theirs = (list(csv.DictReader(io.StringIO(each["patients.csv"]))) for each in (one, other))
    more = [
        int(row.pop("data_problems")) - int(its.pop("data_problems")) for row, its in zip(rows, theirs, strict=True)
    ]
    assert rows == theirs
    assert sorted(more)[-2:] == [0, 1]
    assert sum("ends early" in place["reason"] for place in quarantine(tmp_path / "fast")) == 2


def test_fast_is_each_bundle_alone(tmp_path: Path) -> None:
    by_type(tmp_path / "export", worked_patients())
    fast(tmp_path / "out", tmp_path / "export")
    found = {
        (row["patient"], row["rule"], row["part"], row["summary"], row["certainty"], row["references"])
        for row in csv.DictReader(io.StringIO(tables(tmp_path / "out")["findings.csv"]))
    }
    evaluator = Evaluator(rules())
    records = [
        record
        for bundle in bundles(worked_patients())
        for record in records_from_bundle(bundle, value_sets=rules().value_sets, where="bundle")
    ]
    alone = [evaluated(record, evaluator, options()) for record in records]
    names = ("patient", "rule", "part", "summary", "certainty", "references")
    at = [SCHEMAS[FINDINGS].get_field_index(name) for name in names]
    rows = [row for one in alone if one.belongs for row in one.findings]
    assert found == {tuple(str(row[cell] or "") for cell in at) for row in rows}
    assert len(found) > 15


def test_two_runs_give_the_same_bytes_whatever_the_division(tmp_path: Path) -> None:
    by_type(tmp_path / "export", worked_patients())
    fast(tmp_path / "one", tmp_path / "export")
    fast(tmp_path / "other", tmp_path / "export", patients_to_a_part=1000, chunk_bytes=1 << 27)
    assert tables(tmp_path / "one") == tables(tmp_path / "other")
    assert quarantine(tmp_path / "one") == quarantine(tmp_path / "other")
