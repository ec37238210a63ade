"""`spmwatch explain`, `facts` and `hook` on a folder of examples."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from spmwatch.cli.commands import app
from tests.unit.cli.bundles import bundle, condition
from tests.unit.cli.running import AS_OF, MAINTENANCE, folder, one_fails, run

__all__ = ["folder", "one_fails"]


def test_explain_tells_of_one_rule(folder: Path) -> None:
    result = run("explain", folder, *AS_OF, "--patient", "P13", "--rule", "spm-09")
    assert result.exit_code == 0
    assert "FALSE   SPM-09" in result.stdout
    assert "asked: more than 24 months" in result.stdout
    assert "P11" not in result.stdout


def test_explain_without_patient_tells_of_each(folder: Path) -> None:
    result = run("explain", folder, *AS_OF)
    assert [f"Patient {id_}" in result.stdout for id_ in ("P05", "P11", "P13")] == [True] * 3


def test_explain_json_holds_rules_and_timeline(folder: Path) -> None:
    (body,) = json.loads(run("explain", folder, *AS_OF, "--patient", "P11", "--format", "json").stdout)
    assert {rule["rule"]: rule["truth"] for rule in body["rules"]}["SPM-17"] == "TRUE"
    assert any(episode["kind"] == "course" for episode in body["timeline"])


def test_an_unknown_patient_is_answered_with_some_that_exist(folder: Path) -> None:
    result = run("explain", folder, "--patient", "P99")
    assert result.exit_code == 2
    assert "there is no patient P99. There are P05, P11, P13" in result.stderr


@pytest.mark.parametrize(("rule", "says"), [("SPM-99", "SPM-01"), ("SPM-20", "order-sign")])
def test_a_rule_that_is_not_there_is_answered_with_what_is(folder: Path, rule: str, says: str) -> None:
    result = run("explain", folder, "--rule", rule)
    assert result.exit_code == 2
    assert says in result.stderr


def test_a_page_is_of_one_patient(folder: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    result = run("explain", folder, *AS_OF, "--html", page)
    assert result.exit_code == 2
    assert "--patient" in result.stderr
    assert not page.exists()
    assert run("explain", folder, *AS_OF, "--html", page, "--patient", "P11").exit_code == 0
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert run("explain", folder / "P13.json", *AS_OF, "--html", page).exit_code == 0
    assert "Patient P13" in page.read_text(encoding="utf-8")


def test_a_page_that_cannot_be_written_is_one_line(folder: Path, tmp_path: Path) -> None:
    result = run("explain", folder / "P13.json", "--html", tmp_path / "no" / "page.html")
    assert result.exit_code == 2
    assert len(result.stderr.strip().splitlines()) == 1


@pytest.mark.usefixtures("one_fails")
def test_a_patient_whom_explain_cannot_evaluate_is_named(folder: Path) -> None:
    result = run("explain", folder, *AS_OF, "--format", "json")
    assert result.exit_code == 1
    assert [body.get("error", {}).get("code") for body in json.loads(result.stdout)] == [None, None, "unexpected"]


def test_facts_json_says_what_was_read(folder: Path) -> None:
    first, second, _ = json.loads(run("facts", folder, *AS_OF, "--format", "json").stdout)
    assert list(first)[:6] == ["patient", "birth_date", "sex", "lenalidomide", "melphalan", "transplant"]
    assert (second["birth_date"], second["sex"]) == ("1960-05-01", "female")
    assert (second["lenalidomide"], second["melphalan"]) == ("yes", "no")
    assert second["transplant"] == {"status": "no", "kind": None, "date": None}
    drug = next(fact for fact in second["facts"] if fact["kind"] == "drug-exposure")
    assert (drug["agent"], drug["start"], drug["certainty"]) == ("lenalidomide", "2019-03-01", "high")
    assert drug["references"] == ["MedicationStatement/r1"]


def test_facts_table_for_people(folder: Path) -> None:
    result = run("facts", folder, *AS_OF, columns=120)
    assert "lenalidomide yes" in result.stdout
    assert "Multiple myeloma" in result.stdout


def hook_request() -> dict[str, object]:
    patient = bundle("P11", condition("C90.00", "2018-11-01"))["entry"][0]["resource"]  # type: ignore[index]
    return {
        "hook": "patient-view",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {"userId": "Practitioner/x", "patientId": "P11"},
        "prefetch": {"patient": patient},
    }


def test_hook_reads_a_file_or_standard_input_and_names_a_refusal(tmp_path: Path) -> None:
    path = tmp_path / "request.json"
    path.write_text(json.dumps(hook_request()), encoding="utf-8")
    from_file = run("hook", path, *AS_OF)
    from_stdin = run("hook", "-", *AS_OF, stdin=path.read_text(encoding="utf-8"))
    assert from_file.exit_code == from_stdin.exit_code
    body = json.loads(from_file.stdout)
    assert ("cards" in body) == (from_file.exit_code == 0)
    refused = run("hook", "-", stdin="{}")
    assert refused.exit_code == 2
    assert json.loads(refused.stdout)["resourceType"] == "OperationOutcome"
    assert "HTTP 4" in refused.stderr


def test_a_request_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    result = run("hook", tmp_path / "nowhere.json")
    assert result.exit_code == 2
    assert len(result.stderr.strip().splitlines()) == 1


def test_hook_prints_what_to_keep_of_a_card_and_takes_it_back(tmp_path: Path) -> None:
    first = json.loads(run("hook", MAINTENANCE, *AS_OF, "--format", "json").stdout)["merged"]
    assert first["quiet"] == []
    (card,) = (card for card in first["cards"] if card["rule"] == "SPM-05")
    kept = tmp_path / "kept.json"
    kept.write_text(json.dumps(card["acknowledge"]), encoding="utf-8")
    for as_of, quiet in (("2026-04-15", True), ("2026-04-16", False)):
        result = run("hook", MAINTENANCE, "--as-of", as_of, "--acknowledged", kept, "--format", "json")
        merged = json.loads(result.stdout)["merged"]
        assert ("SPM-05" in [one["rule"] for one in merged["quiet"]]) is quiet
        assert ("SPM-05" in [one["rule"] for one in merged["cards"]]) is not quiet


def test_hook_refuses_acknowledgements_that_it_cannot_read(tmp_path: Path) -> None:
    bad = tmp_path / "bad.json"
    bad.write_text('[{"rule": "SPM-05"}]', encoding="utf-8")
    for path, says in ((bad, "bad.json: [0]: has not exactly the members"), (tmp_path / "none.json", "cannot be read")):
        result = run("hook", MAINTENANCE, *AS_OF, "--acknowledged", path)
        assert result.exit_code == 2
        assert result.stdout == ""
        assert says in " ".join(result.stderr.split())


@pytest.mark.parametrize(
    ("born", "told"), [("1880-05-01", True), ("2031-01-01", True), ("1950", False), ("1900-01-15", False)]
)
def test_a_birth_date_that_cannot_be_is_told_by_file_line_and_element(tmp_path: Path, born: str, told: bool) -> None:
    export = tmp_path / "Patient.ndjson"
    export.write_text(
        json.dumps({"resourceType": "Patient", "id": "p1", "birthDate": "1960-01-01"})
        + "\n"
        + json.dumps({"resourceType": "Patient", "id": "p2", "birthDate": born})
        + "\n"
    )
    result = CliRunner().invoke(app, ["screen", str(export), "--as-of", "2026-01-15", "--format", "json"])
    assert ("Patient.ndjson:2: birthDate" in result.stderr) is told
    assert result.exit_code == int(told)
    assert born not in result.stderr
    assert [row["patient"] for row in json.loads(result.stdout)] == ["p1", "p2"]
