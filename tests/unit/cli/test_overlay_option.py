"""`--overlay` on the commands: laid on, named in every result, refused in one line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from spmwatch.cli.commands import app
from spmwatch.engine.catalogue.load import load_rule_base

EXPORT = Path(__file__).parents[3] / "examples" / "export"
SITE = "http://hospital.example/formulary"
HEAD = "name: {name}\nversion: 1.2.0\ntitle: T\nresponsible: Ward pharmacist\nbecause: Tests\n"
OFF = "switched_off:\n  SPM-30: {because: Another team looks after them.}\n"
LONG = "parameters:\n  SPM-09:\n    long_maintenance: {value: %s, unit: mo, evidence: [E24], because: Agreed.}\n"


def overlay(folder: Path, body: str, name: str = "site") -> Path:
    path = folder / name
    path.mkdir()
    (path / "overlay.yaml").write_text(HEAD.format(name=name) + body, encoding="utf-8")
    return path


def run(*args: object) -> Result:
    return CliRunner().invoke(app, [str(arg) for arg in args])


def test_screen_names_the_overlay_in_every_row_and_in_the_run(tmp_path: Path) -> None:
    site, out = overlay(tmp_path, OFF), tmp_path / "out"
    options = ("screen", EXPORT, "--as-of", "2026-01-15", "--overlay", site)
    result = run(*options, "--format", "json")
    rows = json.loads(result.stdout)
    assert {tuple(row["rulebase"]["overlays"]) for row in rows} == {("site 1.2.0",)}
    (off,) = rows[0]["rulebase"]["switched_off"]
    assert (off["rule"], off["because"], off["overlay"]) == ("SPM-30", "Another team looks after them.", "site 1.2.0")
    assert not any(finding["rule"] == "SPM-30" for row in rows for finding in row["findings"])
    assert run(*options, "--out", out).exit_code == 0
    told = json.loads((out / "run.json").read_text(encoding="utf-8"))["rulebase"]
    assert told == rows[0]["rulebase"]
    assert "SPM-30 Lenalidomide for another disease than myeloma is switched off by overlay site 1.2.0" in result.stderr


def test_a_changed_rule_says_so_beside_its_version(tmp_path: Path) -> None:
    site = overlay(tmp_path, LONG % 30)
    args = ("explain", EXPORT, "--patient", "p01", "--as-of", "2026-01-15", "--overlay", site)
    told = json.loads(run(*args, "--format", "json").stdout)[0]
    versions = {rule["rule"]: rule["version"] for rule in told["rules"]}
    assert versions["SPM-09"].endswith(" + overlay site 1.2.0")
    assert "overlay" not in versions["SPM-05"]
    assert " + overlay site 1.2.0" in run(*args).stdout


def test_explain_names_a_rule_that_is_switched_off(tmp_path: Path) -> None:
    site = overlay(tmp_path, OFF)
    shown = run("explain", EXPORT, "--patient", "p09", "--as-of", "2026-01-15", "--overlay", site).stdout
    assert "SPM-30 off" in shown
    assert "Another team looks after them" in " ".join(shown.split())
    asked = run("explain", EXPORT, "--rule", "SPM-30", "--as-of", "2026-01-15", "--overlay", site)
    assert asked.exit_code == 2
    assert "switched off by overlay" in " ".join(asked.stderr.replace("│", " ").split())


def test_facts_know_a_local_code(tmp_path: Path) -> None:
    patient = {"resourceType": "Patient", "id": "a", "birthDate": "1960"}
    code = {"coding": [{"system": SITE, "code": "L10"}]}
    use = {
        "resourceType": "MedicationStatement",
        "id": "m",
        "status": "active",
        "subject": {"reference": "Patient/a"},
        "medicationCodeableConcept": code,
        "effectivePeriod": {"start": "2024-01-01"},
    }
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": r} for r in (patient, use)]}
    path = tmp_path / "bundle.json"
    path.write_text(json.dumps(bundle), encoding="utf-8")
    site = overlay(tmp_path, f"codes:\n  lenalidomide: [{{system: '{SITE}', code: L10, display: Capsule}}]\n")
    args = ("facts", path, "--as-of", "2026-01-15", "--format", "json")
    assert json.loads(run(*args).stdout)[0]["lenalidomide"] != "yes"
    assert json.loads(run(*args, "--overlay", site).stdout)[0]["lenalidomide"] == "yes"


def test_conflicts_of_two_overlays_go_to_standard_error(tmp_path: Path) -> None:
    first, second = overlay(tmp_path, LONG % 30, "first"), overlay(tmp_path, LONG % 36, "second")
    result = run("rules", "list", "--overlay", first, "--overlay", second)
    assert result.exit_code == 0
    assert "changed by overlay first 1.2.0 and by second 1.2.0; second 1.2.0 holds" in result.stderr


COMMANDS = (
    ("screen", EXPORT),
    ("explain", EXPORT),
    ("facts", EXPORT),
    ("hook", "nothing.json"),
    ("serve", "--port", "0"),
    ("rules", "list"),
    ("rules", "show", "SPM-09"),
    ("rules", "diff"),
)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(map(str, command[:2])))
def test_a_broken_overlay_ends_every_command_in_one_line(command: tuple[object, ...], tmp_path: Path) -> None:
    site = overlay(tmp_path, LONG % "many")
    result = run(*command, "--overlay", site)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert f"{site / 'overlay.yaml'}: parameters.SPM-09.long_maintenance.value: does not fit" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_warning_where_the_rule_of_data_gaps_is_switched_off(tmp_path: Path) -> None:
    site = overlay(tmp_path, "switched_off:\n  SPM-29: {because: Too many cards.}\n")
    result = run("rules", "list", "--overlay", site)
    assert "Warning: SPM-29 " in result.stderr
    assert "no card says what is not known" in result.stderr
    assert "Warning" not in run("rules", "list", "--overlay", overlay(tmp_path, OFF, "other")).stderr


def test_a_warning_where_every_rule_is_switched_off(tmp_path: Path) -> None:
    every = "".join(f"  {rule.id}: {{because: A pause.}}\n" for rule in load_rule_base().rules)
    result = run("rules", "list", "--overlay", overlay(tmp_path, f"switched_off:\n{every}"))
    assert "Warning: the overlays switch off every rule" in result.stderr


def test_a_check_that_an_overlay_changed_says_so() -> None:
    acs = EXPORT.parent / "overlays" / "acs"
    assert "Check breast: 1.1.0 + overlay acs 1.0.0." in run("rules", "list", "--overlay", acs).stdout
    shown = " ".join(run("rules", "show", "SPM-26", "--overlay", acs).stdout.split())
    assert "Breast cancer screening 1.1.0 + overlay acs 1.0.0" in shown
    result = run("rules", "diff", "--overlay", acs)
    assert "1 rule and 3 checks concerned" in result.stderr
    assert "  version: 1.0.0 -> 1.0.0 + overlay acs 1.0.0" in result.stdout
    assert "schedules.yearly: added: the patient: female, aged at least 45 years" in result.stdout
    assert "at_least" not in result.stdout  # for whom is told in sentences


def test_a_rule_that_another_builds_on_is_marked_as_switched_off(tmp_path: Path) -> None:
    site = overlay(tmp_path, "switched_off:\n  SPM-04: {because: The tumour board does.}\n")
    shown = " ".join(run("rules", "show", "SPM-09", "--overlay", site).stdout.split())
    assert "(switched off by site 1.2.0: The tumour board does)" in shown
