"""`spmwatch screen`: its table, its files, and what it says of patients and input that fail."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from tests.unit.cli.bundles import write_folder
from tests.unit.cli.running import AS_OF, folder, one_cannot_be_read, one_fails, run

__all__ = ["folder", "one_cannot_be_read", "one_fails"]


def test_screen_prints_a_table_with_the_most_urgent_first(folder: Path) -> None:
    result = run("screen", folder, *AS_OF)
    assert result.exit_code == 0
    lines = [line for line in result.stdout.splitlines() if line.startswith("P")]
    assert [line.split()[0] for line in lines] == ["Patient", "P11", "P13", "P05"]
    assert "CRITICAL" in lines[1]
    assert "SPM-17" in result.stdout
    assert "3 patients: 1 critical" in result.stderr
    assert "--out" in result.stderr


@pytest.mark.parametrize("columns", [60, 80, 160])
def test_the_table_fits_the_terminal(folder: Path, columns: int) -> None:
    result = run("screen", folder, *AS_OF, columns=columns)
    assert max(len(line.rstrip()) for line in result.stdout.splitlines()) <= columns


def test_screen_json_is_an_array_sorted_by_patient_and_nothing_else(folder: Path) -> None:
    result = run("screen", folder, *AS_OF, "--format", "json")
    rows = json.loads(result.stdout)
    assert [(row["patient"], row["tier"]) for row in rows] == [("P05", "none"), ("P11", "critical"), ("P13", "info")]
    assert all(row["as_of"] == "2026-01-15" and row["rulebase"]["hash"] for row in rows)
    spm17 = next(finding for finding in rows[1]["findings"] if finding["rule"] == "SPM-17")
    assert "Condition/r2" in [reference for fact in spm17["facts"] for reference in fact["references"]]


def test_screen_twice_gives_the_same_bytes(folder: Path) -> None:
    assert (
        run("screen", folder, *AS_OF, "--format", "json").stdout
        == run("screen", folder, *AS_OF, "--format", "json").stdout
    )


def test_screen_csv_has_every_patient(folder: Path) -> None:
    result = run("screen", folder, *AS_OF, "--format", "csv")
    lines = list(csv.DictReader(io.StringIO(result.stdout)))
    assert {line["patient"] for line in lines} == {"P05", "P11", "P13"}


def test_out_holds_the_full_results_and_the_run(folder: Path, tmp_path: Path) -> None:
    result = run("screen", folder, *AS_OF, "--out", tmp_path / "out", "--format", "csv")
    assert result.exit_code == 0
    assert result.stdout == ""
    assert str(tmp_path / "out") in result.stderr
    facts = json.loads((tmp_path / "out" / "run.json").read_text(encoding="utf-8"))
    assert (facts["patients"], facts["as_of"], facts["inputs"]) == (3, "2026-01-15", [str(folder)])
    with (tmp_path / "out" / "patients.csv").open(encoding="utf-8", newline="") as file:
        of_cohort = [(row["patient"], row["tier"]) for row in csv.DictReader(file)]
    assert of_cohort == [("P05", "none"), ("P11", "critical"), ("P13", "info")]


@pytest.mark.parametrize(("form", "out"), [("parquet", False), ("ndjson", False), ("table", True), ("json", True)])
def test_a_format_that_does_not_go_there_is_refused(folder: Path, tmp_path: Path, form: str, out: bool) -> None:
    result = run("screen", folder, *AS_OF, "--format", form, *(("--out", tmp_path / "out") if out else ()))
    assert result.exit_code == 2
    assert len(result.stderr.strip().splitlines()) == 1


def test_an_out_that_cannot_be_written_is_known_before_the_run(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    result = run("screen", folder, "--out", tmp_path / "file")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert len(result.stderr.strip().splitlines()) == 1


@pytest.mark.usefixtures("one_fails")
def test_one_patient_who_fails_is_named_and_the_others_stand(folder: Path) -> None:
    result = run("screen", folder, *AS_OF, "--format", "json")
    assert result.exit_code == 1
    rows = {row["patient"]: row for row in json.loads(result.stdout)}
    assert rows["P13"]["tier"] is None
    assert rows["P13"]["error"]["code"] == "unexpected"
    assert rows["P11"]["tier"] == "critical"
    assert "P13" in result.stderr
    assert "Jane" not in result.output
    table = run("screen", folder, *AS_OF)
    assert "FAILED" in table.stdout


@pytest.mark.usefixtures("one_cannot_be_read")
@pytest.mark.parametrize("command", ["screen", "facts", "explain"])
def test_one_patient_who_cannot_be_read_is_named_and_the_others_stand(folder: Path, command: str) -> None:
    result = run(command, folder, *AS_OF, "--format", "json")
    assert result.exit_code == 1
    rows = {row["patient"]: row for row in json.loads(result.stdout)}
    assert set(rows) == {"P05", "P11", "P13"}
    assert rows["P13"]["error"]["code"] == "unexpected"
    assert all("error" not in rows[one] for one in ("P05", "P11"))
    assert "P13" in result.stderr
    assert "Jane" not in result.output
    other = run(command, folder, *AS_OF)
    assert other.exit_code == 1
    assert "P11" in other.stdout


def test_input_that_cannot_be_read_is_named_and_the_rest_is_screened(folder: Path, tmp_path: Path) -> None:
    write_folder(tmp_path / "some")
    (tmp_path / "some" / "broken.json").write_text("{", encoding="utf-8")
    result = run("screen", tmp_path / "some", *AS_OF, "--format", "json")
    assert result.exit_code == 1
    assert len(json.loads(result.stdout)) == 3
    assert "broken.json" in result.stderr
    told = run("screen", tmp_path / "some", *AS_OF, "--out", tmp_path / "out")
    assert told.exit_code == 1, told.stderr
    (problem,) = (tmp_path / "out" / "quarantine.ndjson").read_text(encoding="utf-8").splitlines()
    assert json.loads(problem)["file"] == "broken.json"


@pytest.mark.parametrize("content", ["", "no", "[]", "{}", '{"resourceType": "Bundle", "entry": []}'])
def test_nothing_usable_is_exit_code_2(tmp_path: Path, content: str) -> None:
    path = tmp_path / "input.json"
    path.write_text(content, encoding="utf-8")
    result = run("screen", path, "--format", "json")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "input.json" in result.stderr


@pytest.mark.parametrize("command", ["screen", "explain", "facts"])
def test_a_path_that_is_not_there_is_one_line(command: str, tmp_path: Path) -> None:
    result = run(command, tmp_path / "nowhere")
    assert result.exit_code == 2
    assert len(result.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("day", ["15.1.2026", "2026-02-30", "today", "20260115", "0001-01-01"])
def test_a_day_that_is_none_is_refused(folder: Path, day: str) -> None:
    result = run("screen", folder, "--as-of", day)
    assert result.exit_code == 2
    assert "2026-01-15" in result.stderr


def test_partial_turns_no_into_unknown(folder: Path) -> None:
    plain = json.loads(run("facts", folder, *AS_OF, "--format", "json").stdout)
    types = ("MedicationAdministration", "MedicationRequest", "MedicationDispense", "MedicationStatement")
    partial = [one for name in types for one in ("--partial", name)]
    asked = json.loads(run("facts", folder, *AS_OF, "--format", "json", *partial).stdout)
    assert (plain[0]["patient"], plain[0]["lenalidomide"], asked[0]["lenalidomide"]) == ("P05", "no", "unknown")


@pytest.mark.parametrize("option", [("--partial", "nonsense"), ("--hook", "bogus"), ("--format", "xml")])
def test_a_wrong_option_is_refused(folder: Path, option: tuple[str, str]) -> None:
    assert run("screen", folder, *option).exit_code == 2


def test_what_was_not_supplied_is_told_once_and_one_place_is_one_place(tmp_path: Path) -> None:
    order = {
        "resourceType": "MedicationRequest",
        "id": "m",
        "status": "active",
        "intent": "order",
        "subject": {"reference": "Patient/p"},
        "medicationCodeableConcept": {"text": "lenalidomide"},
    }
    person = {"resourceType": "Patient", "id": "p", "birthDate": "1950-01-01"}
    (tmp_path / "orders.ndjson").write_text(f"{json.dumps(order)}\n{{\n{json.dumps(person)}\n")
    result = run("screen", tmp_path / "orders.ndjson", *AS_OF, "--out", tmp_path / "out", "--plain")
    assert "1 patient: " in result.stderr
    assert "1 patient has a record that is not whole" in result.stderr
    assert result.stderr.count("Not supplied, so unknown: Condition, Observation, Procedure (") == 1
    assert "1 place of the input could not be used" in result.stderr
