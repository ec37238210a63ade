"""What nothing came of is unknown and never no, in the fast way as in the plain one; finding out costs no parsing."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from spmwatch.screening.run.kernel import Kernel, Task
from tests.support.exports import (
    Resource,
    bundles,
    by_type,
    fast,
    lines,
    packed,
    patient_of,
    plain,
    quarantine,
    tables,
    worked_patients,
)

Way = Callable[..., object]
EACH_WAY = pytest.mark.parametrize("way", [fast, plain])


def rows(out: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(tables(out)["patients.csv"])))


def of_types(*kinds: str) -> list[Resource]:
    return [one for one in worked_patients() if one["resourceType"] in kinds]


def asked(folder: Path, query: str) -> None:
    manifest = {"request": f"https://ehr.example/fhir/$export{query}", "output": []}
    (folder / "manifest.json").write_bytes(orjson.dumps(manifest))


@EACH_WAY
def test_an_export_of_orders_alone_says_nothing_of_transplants(way: Way, tmp_path: Path) -> None:
    folder = by_type(tmp_path / "export", of_types("MedicationRequest"))
    way(tmp_path / "folder", folder)
    way(tmp_path / "file", folder / "MedicationRequest.ndjson")
    found = rows(tmp_path / "folder")
    assert {(row["transplant"], row["myeloma"], row["incomplete"]) for row in found} == {("unknown", "unknown", "true")}
    assert {row["not_supplied"] for row in found} == {"Condition Observation Procedure"}
    assert {row["data_problems"] for row in found} == {"1"}  # there is no Patient; types are not told one by one
    assert tables(tmp_path / "folder") == tables(tmp_path / "file")
    told = orjson.loads((tmp_path / "folder" / "run.json").read_bytes())["not_supplied"]
    assert list(told) == ["Condition", "Observation", "Procedure"]


@EACH_WAY
def test_a_manifest_tells_that_there_is_none(way: Way, tmp_path: Path) -> None:
    folder = by_type(tmp_path / "export", of_types("Patient", "Condition", "MedicationRequest", "Observation"))
    way(tmp_path / "untold", folder)
    asked(folder, "?_outputFormat=ndjson")
    way(tmp_path / "told", folder)
    asked(folder, "")
    way(tmp_path / "posted", folder)
    assert {row["not_supplied"] for row in rows(tmp_path / "untold")} == {"Procedure"}
    assert {row["not_supplied"] for row in rows(tmp_path / "posted")} == {"Procedure"}
    assert {row["not_supplied"] for row in rows(tmp_path / "told")} == {""}
    assert "no" in {row["transplant"] for row in rows(tmp_path / "told")}


@EACH_WAY
def test_a_manifest_of_one_folder_says_nothing_of_another(way: Way, tmp_path: Path) -> None:
    told = by_type(tmp_path / "told", of_types("Patient", "Condition"))
    untold = by_type(tmp_path / "untold", of_types("MedicationRequest", "Observation"))
    asked(told, "?_outputFormat=ndjson")
    way(tmp_path / "out", told, untold)
    assert {row["not_supplied"] for row in rows(tmp_path / "out")} == {"Procedure"}


def counted(folder: Path, counts: dict[str, int]) -> None:
    """A manifest that counts what is in its files, by their names."""
    output = [
        {"type": name.partition(".")[0], "url": f"https://ehr.example/{name}", "count": number}
        for name, number in counts.items()
    ]
    manifest = {"request": "https://ehr.example/fhir/$export?_outputFormat=ndjson", "output": output}
    (folder / "manifest.json").write_bytes(orjson.dumps(manifest))


@EACH_WAY
def test_an_export_with_errors_vouches_for_nothing_that_it_does_not_list(way: Way, tmp_path: Path) -> None:
    folder = by_type(tmp_path / "export", of_types("Patient", "Condition", "MedicationRequest", "Observation"))
    manifest = {
        "request": "https://ehr.example/fhir/$export?_outputFormat=ndjson",
        "output": [],
        "error": [{"type": "OperationOutcome", "url": "https://ehr.example/errors.ndjson"}],
    }
    (folder / "manifest.json").write_bytes(orjson.dumps(manifest))
    way(tmp_path / "out", folder)
    assert {row["not_supplied"] for row in rows(tmp_path / "out")} == {"Procedure"}
    assert "no" not in {row["transplant"] for row in rows(tmp_path / "out")}


@pytest.mark.parametrize("form", ["as it is", "packed", "blank lines", "below", "twice"])
def test_a_file_that_is_shorter_than_its_manifest_counts(form: str, tmp_path: Path) -> None:
    """It is told of with what was found and expected, and its type is not supplied whole; the same in both ways."""
    folder = by_type(tmp_path / "export" / "today", worked_patients())
    here = {f"{kind}.ndjson": len(of_types(kind)) for kind in ("Procedure", "Condition", "Observation")}
    procedures = here["Procedure.ndjson"]
    counted(folder, {**here, "Procedure.ndjson": procedures + 1})
    if form == "blank lines":
        with (folder / "Condition.ndjson").open("ab") as file:
            file.write(b"\n\n")
    if form == "packed":
        packed(folder)
    if form == "twice":  # the manifest speaks of the file beside it
        by_type(tmp_path / "export" / "before", worked_patients())
    top = folder if form == "as it is" else tmp_path / "export"
    told = []
    for way, out in ((fast, tmp_path / "fast"), (plain, tmp_path / "plain")):
        way(out, top)
        assert {row["not_supplied"] for row in rows(out)} == {"Procedure"}
        assert "no" not in {row["transplant"] for row in rows(out)}
        told.append([place for place in quarantine(out) if "count" in place["expected"]])
    assert tables(tmp_path / "fast") == tables(tmp_path / "plain")
    assert told[0] == told[1]
    (place,) = told[0]
    assert place["file"].rsplit("/", 1)[-1].startswith("Procedure.ndjson")
    assert place["reason"] == f"{procedures} lines"
    assert place["expected"].startswith(f"{procedures + 1} resources")


@EACH_WAY
def test_files_as_long_as_their_manifest_counts_or_no_lines_at_all(way: Way, tmp_path: Path) -> None:
    folder = by_type(tmp_path / "export", worked_patients())
    some = of_types("Procedure")
    (folder / "Procedure.ndjson").unlink()
    (bundle,) = bundles(some, len(some))
    (folder / "Procedure.json").write_bytes(orjson.dumps(bundle, option=orjson.OPT_INDENT_2))
    kinds = ("Condition", "Observation", "MedicationRequest")
    counted(folder, {**{f"{kind}.ndjson": len(of_types(kind)) for kind in kinds}, "Procedure.json": 10_000})
    way(tmp_path / "out", folder)
    assert [place for place in quarantine(tmp_path / "out") if "count" in place["expected"]] == []
    assert {row["not_supplied"] for row in rows(tmp_path / "out")} == {""}


@EACH_WAY
def test_an_empty_file_of_which_the_manifest_counts_something(way: Way, tmp_path: Path) -> None:
    folder = by_type(tmp_path / "export", worked_patients())
    (folder / "Procedure.ndjson").write_bytes(b"\n")
    counted(folder, {"Procedure.ndjson": 3})
    way(tmp_path / "out", folder)
    assert {row["not_supplied"] for row in rows(tmp_path / "out")} == {"Procedure"}
    assert "0 lines" in [place["reason"] for place in quarantine(tmp_path / "out")]


@EACH_WAY
def test_types_are_seen_wherever_they_stand(way: Way, tmp_path: Path) -> None:
    """Types mixed in a file, far from its first line, or behind other members; what is in Bundles does not count."""
    some = worked_patients()
    procedures = [one for one in some if one["resourceType"] == "Procedure"]
    drugs = [one for one in some if one["resourceType"].startswith("Medication")]
    others = [one for one in some if one["resourceType"] in ("Patient", "Observation")]
    turned = [dict(reversed(one.items())) for one in drugs]
    strange = {"resourceType": "Procedure", "id": "far", "code": {"text": "x"}}
    folder = tmp_path / "export"
    folder.mkdir()
    (folder / "all.ndjson").write_bytes(lines([*others, *turned, strange]))
    (folder / "bundles.ndjson").write_bytes(lines(bundles([one for one in some if one["resourceType"] == "Condition"])))
    way(tmp_path / "out", folder)
    assert procedures
    assert {row["not_supplied"] for row in rows(tmp_path / "out")} == {"Condition"}


def test_no_line_is_parsed_to_find_out_what_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The scanner tells types; a lone patient of the cohort needs a look at two Patients."""
    asked_for: list[int] = []
    perform = Kernel.perform

    def noted(self: Kernel, task: Task) -> None:
        perform(self, task)
        if task.kind == "types":
            asked_for.append(len(self.work.json(f"{task.name}.json")["patients"]))

    monkeypatch.setattr(Kernel, "perform", noted)
    whole = by_type(tmp_path / "export", worked_patients())
    fast(tmp_path / "whole", whole)
    fast(tmp_path / "orders", whole / "MedicationRequest.ndjson")
    assert asked_for == []
    strangers: list[Resource] = [{"resourceType": "Patient", "id": f"s{number}"} for number in range(2_000)]
    one = [one for one in worked_patients() if patient_of(one) == "p11"]
    fast(tmp_path / "one", by_type(tmp_path / "lone", [*strangers, *one]))
    assert asked_for == [2]
    assert [row["patient"] for row in rows(tmp_path / "one")] == ["p11"]
