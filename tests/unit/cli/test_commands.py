"""The commands as a user meets them: what goes to which stream, exit codes, and no traceback ever."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from typer.testing import CliRunner, Result

from spmwatch.cli import reading
from spmwatch.cli.commands import app
from spmwatch.engine.evaluate import Evaluator
from spmwatch.engine.facts import PatientRecord
from spmwatch.fhir_adapters.medication import KINDS, read_medication
from spmwatch.fhir_adapters.reader import Outcome, Reader
from spmwatch.fhir_adapters.record import READERS
from spmwatch.fhir_adapters.references import Item
from tests.unit.cli.bundles import bundle, condition, write_folder

AS_OF = ("--as-of", "2026-01-15")
COMMAND = [sys.executable, "-m", "spmwatch.cli"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_folder(tmp_path_factory.mktemp("export"))


def run(*arguments: object, columns: int = 100, stdin: str | None = None) -> Result:
    result = CliRunner(env={"COLUMNS": str(columns)}).invoke(app, [str(one) for one in arguments], input=stdin)
    assert "Traceback" not in result.output
    return result


@pytest.fixture
def one_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """P13 meets a fault of ours."""
    evaluate, timeline = Evaluator.evaluate, Evaluator.timeline

    def failing(self: Evaluator, record: PatientRecord, **options: Any) -> Any:
        if record.id == "P13":
            raise RuntimeError("Jane Doe, born 1960")
        return evaluate(self, record, **options)

    def failing_timeline(self: Evaluator, record: PatientRecord, **options: Any) -> Any:
        if record.id == "P13":
            raise RuntimeError("Jane Doe, born 1960")
        return timeline(self, record, **options)

    monkeypatch.setattr(Evaluator, "evaluate", failing)
    monkeypatch.setattr(Evaluator, "timeline", failing_timeline)


@pytest.fixture
def one_cannot_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """P13's first drug record meets a fault of ours while it is turned into facts."""

    def failing(reader: Reader, item: Item) -> Outcome:
        if item.resource["subject"]["reference"] == "Patient/P13":
            raise RuntimeError("Jane Doe, born 1960")
        return read_medication(reader, item)

    for kind in KINDS:
        monkeypatch.setitem(cast("dict[str, object]", READERS), kind, failing)


# -- screen ----------------------------------------------------------------------------------------------------------


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
    result = run("screen", folder, *AS_OF, "--out", tmp_path / "out", "--format", "json")
    assert result.exit_code == 0
    assert str(tmp_path / "out") in result.stderr
    assert (tmp_path / "out" / "results.json").read_text(encoding="utf-8") == result.stdout
    facts = json.loads((tmp_path / "out" / "run.json").read_text(encoding="utf-8"))
    assert (facts["patients"], facts["as_of"], facts["inputs"]) == (3, "2026-01-15", [str(folder)])
    assert facts["counts"]["by_type"]["Patient"]


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
    result = run("screen", tmp_path / "some", *AS_OF, "--format", "json", "--out", tmp_path / "out")
    assert result.exit_code == 1
    assert len(json.loads(result.stdout)) == 3
    assert "broken.json" in result.stderr
    (problem,) = (tmp_path / "out" / "problems.ndjson").read_text(encoding="utf-8").splitlines()
    assert json.loads(problem)["where"].startswith("broken.json")


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


# -- explain ---------------------------------------------------------------------------------------------------------


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


# -- facts -----------------------------------------------------------------------------------------------------------


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


# -- hook ------------------------------------------------------------------------------------------------------------


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


# -- the edge --------------------------------------------------------------------------------------------------------


MAINTENANCE = Path(__file__).parents[3] / "examples/hooks/patient-view-maintenance-after-transplant.json"


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


@pytest.mark.parametrize("command", ["screen", "explain", "facts", "hook", "serve"])
def test_every_command_explains_itself_with_an_example(command: str) -> None:
    result = run(command, "--help")
    assert result.exit_code == 0
    assert f"spmwatch {command}" in " ".join(result.stdout.split())


def test_help_of_screen_documents_the_exit_codes() -> None:
    text = " ".join(run("screen", "--help").stdout.split())
    for part in ("0 every patient was evaluated", "1 finished, but", "2 nothing usable", "130 interrupted"):
        assert part in text


def test_version() -> None:
    assert run("--version").stdout.startswith("spmwatch ")


def test_a_fault_of_ours_is_one_line_and_how_to_see_more(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise KeyError("Jane Doe")

    monkeypatch.setattr(reading, "read_path", broken)
    result = run("screen", folder)
    assert result.exit_code == 2
    assert "SPMWATCH_DEBUG=1" in result.stderr
    assert "Jane" not in result.output


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONUNBUFFERED": "1", **more}


def test_as_a_process_it_keeps_its_streams_apart(folder: Path) -> None:
    done = subprocess.run(
        [*COMMAND, "screen", str(folder), *AS_OF, "--format", "json"],
        capture_output=True,
        check=False,
        env=environment(),
    )
    assert done.returncode == 0
    assert len(json.loads(done.stdout)) == 3
    assert b"3 patients" in done.stderr


def test_as_a_process_in_ascii_it_draws_with_what_there_is(folder: Path) -> None:
    done = subprocess.run(
        [*COMMAND, "explain", str(folder), *AS_OF, "--patient", "P11"],
        capture_output=True,
        check=False,
        env=environment(PYTHONIOENCODING="ascii"),
    )
    assert done.returncode == 0
    assert done.stdout.isascii()
    assert b"###" in done.stdout


@pytest.mark.parametrize("arguments", [("screen",), ("screen", "--format", "json"), ("explain",), ("facts",)])
def test_a_reader_who_has_enough_is_no_error(folder: Path, arguments: tuple[str, ...]) -> None:
    process = subprocess.Popen(
        [*COMMAND, *arguments, str(folder), *AS_OF], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()
    )
    assert process.stdout is not None
    process.stdout.close()
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0
    assert b"Traceback" not in errors
    assert b"Exception ignored" not in errors


@pytest.fixture
def service() -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A service on a free port, with its address."""
    process = subprocess.Popen(
        [*COMMAND, "serve", "--port", "0", *AS_OF], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()
    )
    assert process.stderr is not None
    try:
        lines = iter(process.stderr.readline, b"")
        address = next(found[0] for line in lines if (found := re.search(r"http://\S+", line.decode())))
        yield process, address
    finally:
        process.kill()
        process.communicate()


def test_serve_answers_until_ctrl_c_which_ends_with_130(service: tuple[subprocess.Popen[bytes], str]) -> None:
    process, address = service
    with urllib.request.urlopen(address, timeout=30) as answer:
        assert {"patient-view", "order-sign"} <= {one["hook"] for one in json.load(answer)["services"]}
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert b"Traceback" not in errors
    assert b"Interrupted" in errors


def test_a_port_that_is_taken_is_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        result = run("serve", "--port", taken.getsockname()[1])
    assert result.exit_code == 2
    assert len(result.stderr.strip().splitlines()) == 1


STARTS_SLOWLY = """
import sys, time
import spmwatch.cli.__main__ as start

class Slow:
    def find_spec(self, *_):
        print("ready", flush=True)
        time.sleep(60)

sys.meta_path.insert(0, Slow())
start.main()
"""


def test_an_interruption_while_starting_leaves_no_traceback() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", STARTS_SLOWLY], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=60)
    assert (process.returncode, told) == (130, "Interrupted.\n")


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
