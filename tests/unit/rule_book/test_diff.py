"""Two rule bases compared in words; which patients a change concerns."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from spmwatch.cli.commands import app
from spmwatch.engine.catalogue.load import load_rule_base
from spmwatch.rule_book.diff import diff
from spmwatch.rule_book.differences import Difference, Leaf, leaves
from tests.unit.engine.rule_folders import RuleFolder, folder

__all__ = ["folder"]

SPM09 = "lenalidomide/spm-09-long-maintenance.yaml"
EXPORT = Path(__file__).parents[3] / "examples" / "export"
HEAD = "name: site\nversion: 1.0.0\ntitle: T\nresponsible: Ward pharmacist\nbecause: Tests\n"
LONG = "parameters:\n  SPM-09:\n    long_maintenance: {value: 30, unit: mo, evidence: [E24], because: Agreed here.}\n"

Overlay = Callable[[str], Path]


@pytest.fixture
def overlay(tmp_path: Path) -> Overlay:
    """Writes an overlay of one file."""

    def write(body: str) -> Path:
        path = tmp_path / "site"
        path.mkdir()
        (path / "overlay.yaml").write_text(HEAD + body, encoding="utf-8")
        return path

    return write


@pytest.fixture
def differences(folder: RuleFolder) -> Callable[[], list[Difference]]:
    """What a spoilt copy of the rules differs in from an untouched one."""
    before = folder.load()
    return lambda: list(diff(before, folder.load()))


Differences = Callable[[], list[Difference]]


def test_nothing_differs(differences: Differences) -> None:
    assert differences() == []


def test_formatting_does_not_differ(folder: RuleFolder, differences: Differences) -> None:
    folder.change(SPM09, "value: 24", "value: 24.0   # a remark")
    assert differences() == []


def test_a_parameter_in_words(folder: RuleFolder, differences: Differences) -> None:
    folder.change(SPM09, "value: 24", "value: 30")
    assert differences() == [
        Difference(kind="parameter", what="SPM-09", field="long_maintenance", before="24 mo", after="30 mo")
    ]


def test_the_evidence_of_a_parameter(folder: RuleFolder, differences: Differences) -> None:
    folder.change(SPM09, "exceeded\n    evidence: [E24]", "exceeded\n    evidence: [E05, E24]")
    (found,) = differences()
    assert (found.field, found.before, found.after) == ("long_maintenance (evidence)", "E24", "E05, E24")


def test_a_text_as_its_file_has_it(folder: RuleFolder, differences: Differences) -> None:
    folder.change(SPM09, "review together; experts", "review; experts")
    (found,) = differences()
    assert (found.kind, found.field) == ("text", "card.summary")
    assert found.after == "Lenalidomide maintenance over {long_maintenance} months: review; experts differ on duration"


def test_logic_in_sentences(folder: RuleFolder, differences: Differences) -> None:
    folder.change(SPM09, "    - diagnosed: {family: myeloma}\n", "")
    found = differences()
    assert found
    assert {each.kind for each in found} == {"logic"}
    gone = [each.before for each in found if each.field == "every case"]
    assert len(gone) == 1
    assert "myeloma" in str(gone[0])


def test_a_new_negative(folder: RuleFolder, differences: Differences) -> None:
    folder.change(SPM09, "unless: []", "unless:\n  - {id: transplanted-by-donor, transplanted: {kind: allogeneic}}")
    added = [each.after for each in differences()]
    assert all("(transplanted-by-donor)" in str(text) and "allogeneic" in str(text) for text in added)
    assert added


def test_another_indicator_and_another_order_of_variants(folder: RuleFolder, differences: Differences) -> None:
    folder.change(SPM09, "id: long\n    indicator: info", "id: long\n    indicator: warning")
    assert [(each.field, each.before, each.after) for each in differences()] == [
        ("long", "indicator info", None),
        ("long", None, "indicator warning"),
    ]


def test_a_version(folder: RuleFolder, differences: Differences) -> None:
    folder.change("common.yaml", "version: 0.1.0", "version: 0.9.0")
    assert [(each.what, each.before, each.after) for each in differences()] == [("catalogue", "0.1.0", "0.9.0")]


def test_a_rule_that_is_gone_and_one_that_is_new(folder: RuleFolder, differences: Differences) -> None:
    text = (folder.root / SPM09).read_text(encoding="utf-8").replace("SPM-09", "SPM-97").replace("/spm-09", "/spm-97")
    (folder.root / "lenalidomide/spm-97-long-maintenance.yaml").write_text(text, encoding="utf-8")
    (folder.root / "record/spm-29-data-gaps.yaml").unlink()
    found = {each.what: (each.before is None, each.after is None) for each in differences() if each.kind == "rule"}
    assert found == {"SPM-29": (False, True), "SPM-97": (True, False)}


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        ("conventions.yaml", "value: 14\n    unit: d\n    meaning: Codes", "value: 15\n    unit: d\n    meaning: Codes",
         ("convention", "conventions", "same_transplant", "14 d", "15 d")),
        ("evidence.yaml", "title: Myeloma XI, lenalidomide maintenance", "title: XI",
         ("evidence", "evidence", "E01.title", "Myeloma XI, lenalidomide maintenance", "XI")),
        ("gaps.yaml", "Was there ever a stem-cell transplant?", "Was there one?",
         ("text", "gaps", "transplant.question", "Was there ever a stem-cell transplant?", "Was there one?")),
        ("cards.yaml", "most_cards: 4", "most_cards: 5", ("setting", "cards", "most_cards", "4", "5")),
    ],
)  # fmt: skip
def test_what_is_no_rule(
    folder: RuleFolder, differences: Differences, file: str, old: str, new: str, expected: tuple[str, ...]
) -> None:
    folder.change(file, old, new)
    (found,) = differences()
    assert (found.kind, found.what, found.field, found.before, found.after) == expected


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"a": 1}, {"a": 1.5}, [Leaf("a", "1", "1.5")]),
        ({"a": [1, 2]}, {"a": [2, 1]}, [Leaf("a", "1, 2", "2, 1")]),
        ({}, {"a": True}, [Leaf("a", None, "true")]),
        ([{"id": "x", "t": "1"}], [{"id": "x", "t": "2"}], [Leaf("x.t", "1", "2")]),
        ([{"id": "x"}, {"id": "y"}], [{"id": "y"}, {"id": "x"}], [Leaf(" (order)", "x, y", "y, x")]),
    ],
)
def test_leaves(old: object, new: object, expected: list[Leaf]) -> None:
    assert list(leaves(old, new)) == expected


# -- the command, overlays and patients --------------------------------------------------------------------------------


def run(*args: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["rules", "diff", *map(str, args)])
    return result.exit_code, result.stdout, result.stderr


def test_the_shipped_rules_are_like_themselves() -> None:
    assert run() == (0, "", "The two rule bases mean the same.\n")


def test_an_overlay_in_words_with_its_reasons(overlay: Overlay) -> None:
    code, out, _ = run("--overlay", overlay(LONG + "switched_off:\n  SPM-04: {because: Tumour board}\n"))
    assert code == 1
    assert "  long_maintenance: 24 mo -> 30 mo\n      because: Agreed here (overlay site 1.0.0)\n" in out
    assert "SPM-04\n  switched off\n  because: Tumour board (overlay site 1.0.0)\n" in out


def test_an_overlay_on_the_old_side_is_undone(overlay: Overlay) -> None:
    path = overlay(LONG)
    assert "long_maintenance: 30 mo -> 24 mo" in run("--old-overlay", path)[1]
    assert run("--old-overlay", path, "--overlay", path)[0] == 0


def test_local_codes_are_told(overlay: Overlay) -> None:
    code = "{system: 'http://hospital.example', code: LENA10, display: Lenalidomide capsule}"
    out = run("--overlay", overlay(f"codes:\n  lenalidomide: [{code}]\n"))[1]
    assert "code: added: http://hospital.example|LENA10 Lenalidomide capsule" in out


def test_patients_whose_result_changes(overlay: Overlay) -> None:
    path = overlay("switched_off:\n  SPM-30: {because: Another team looks after them}\n")
    code, out, _ = run("--overlay", path, "--on", EXPORT, "--as-of", "2026-01-15", "--format", "json")
    told = json.loads(out)
    assert code == 1
    patients = (EXPORT / "Patient.ndjson").read_text(encoding="utf-8").splitlines()
    assert told["patients"]["looked_at"] == len(patients)
    changed = {entry["patient"]: entry for entry in told["patients"]["changed"]}
    assert changed["p09"]["tier"] == {"before": "info", "after": "none"}
    assert any(line.startswith("- SPM-30") for line in changed["p09"]["changes"])
    assert "p01" not in changed


def test_no_patient_changes_under_the_same_rules() -> None:
    code, out, _ = run("--on", EXPORT, "--as-of", "2026-01-15")
    assert code == 0
    assert re.search(r"^No patient would have another result \(\d+ patients looked at\)$", out, re.MULTILINE)


@pytest.mark.parametrize("args", [("nowhere",), ("--overlay", "nowhere"), ("--on", "nowhere")])
def test_what_cannot_be_read_is_named(args: tuple[str, ...]) -> None:
    code, out, told = run(*args)
    assert (code, out) == (2, "")
    assert "nowhere" in told
    assert "Traceback" not in told


def test_an_overlays_reasons_are_not_those_of_other_rules(overlay: Overlay) -> None:
    found = diff(load_rule_base(), load_rule_base(overlays=[overlay(LONG)]))
    assert {each.what for each in found if each.because} == {"SPM-09"}


SPM_30_OFF = "switched_off:\n  SPM-30: {because: Another team looks after them}\n"


def test_an_overlay_may_stand_for_a_rule_base(overlay: Overlay) -> None:
    path = overlay(LONG)
    assert run(path)[1] == run("--old-overlay", path)[1]
    assert run(path, path)[0] == 0


def test_what_changes_for_patients_is_told_by_rule_with_examples(overlay: Overlay) -> None:
    told = json.loads(
        run("--overlay", overlay(SPM_30_OFF), "--on", EXPORT, "--as-of", "2026-01-15", "--format", "json")[1]
    )["patients"]
    (row,) = [row for row in told["by_rule"] if row["name"] == "SPM-30"]
    losers = [entry["patient"] for entry in told["changed"] if any("- SPM-30" in line for line in entry["changes"])]
    assert (row["kind"], row["lost"], row["gained"]) == ("finding", len(losers), 0)
    assert row["examples"] == losers[:3]
    assert {"before": "info", "after": "none", "patients": row["lost"]} in told["tiers"]


def test_the_table_names_rule_numbers_and_examples(overlay: Overlay) -> None:
    out = run("--overlay", overlay(SPM_30_OFF), "--on", EXPORT, "--as-of", "2026-01-15")[1]
    assert re.search(r"^Tiers: info -> none: \d+$", out, re.MULTILINE)
    assert re.search(r"^SPM-30 +\| +0 \| +\d+ \| +0 \| +0 \| p09", out, re.MULTILINE)


def test_csv_has_a_line_for_each_change_of_each_patient(overlay: Overlay) -> None:
    path = overlay(SPM_30_OFF)
    told = json.loads(run("--overlay", path, "--on", EXPORT, "--as-of", "2026-01-15", "--format", "json")[1])
    out = run("--overlay", path, "--on", EXPORT, "--as-of", "2026-01-15", "--format", "csv")[1]
    rows = list(csv.DictReader(io.StringIO(out)))
    assert len(rows) == sum(len(entry["changes"]) for entry in told["patients"]["changed"])
    (row,) = [row for row in rows if row["patient"] == "p09" and row["kind"] == "finding"]
    assert (row["tier_before"], row["tier_after"], row["name"], row["change"]) == ("info", "none", "SPM-30", "lost")


def test_csv_without_patients_is_refused() -> None:
    code, out, told = run("--format", "csv")
    assert (code, out) == (2, "")
    assert "--on" in told


@pytest.mark.parametrize("in_memory", [10**9, 0])
def test_a_local_code_makes_the_new_rules_read_the_data_anew(
    overlay: Overlay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_memory: int
) -> None:
    """The old rules do not know the code, so the two may not share what was read; to them there is no evidence."""
    monkeypatch.setattr("spmwatch.cli.rules.diff.IN_MEMORY", in_memory)
    coding = {"system": "http://hospital.example", "code": "LENA10"}
    bundle = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [
            {"resource": {"resourceType": "Patient", "id": "q1", "birthDate": "1950-01-01", "gender": "male"}},
            {
                "resource": {
                    "resourceType": "MedicationStatement",
                    "id": "m1",
                    "status": "active",
                    "subject": {"reference": "Patient/q1"},
                    "medicationCodeableConcept": {"coding": [coding]},
                    "effectivePeriod": {"start": "2025-01-01"},
                }
            },
        ],
    }
    (tmp_path / "q1.json").write_text(json.dumps(bundle), encoding="utf-8")
    path = overlay("codes:\n  lenalidomide: [{system: 'http://hospital.example', code: LENA10, display: Lena}]\n")
    told = json.loads(
        run("--overlay", path, "--on", tmp_path / "q1.json", "--as-of", "2026-01-15", "--format", "json")[1]
    )["patients"]
    assert [entry["patient"] for entry in told["changed"]] == ["q1"]
    assert any(row["gained"] for row in told["by_rule"] if row["kind"] == "finding")
    assert told["tiers"][0]["before"] == "none"


def test_a_large_export_is_compared_by_way_of_tables_with_the_same_outcome(
    overlay: Overlay, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who has no evidence at all is not looked at, and other words for the same finding are not looked for."""
    arguments = ("--overlay", overlay(SPM_30_OFF + LONG), "--on", EXPORT, "--as-of", "2026-01-15", "--format", "json")
    small = json.loads(run(*arguments)[1])["patients"]
    monkeypatch.setattr("spmwatch.cli.rules.diff.IN_MEMORY", 0)
    large = json.loads(run(*arguments)[1])["patients"]
    assert small["changed"]
    assert (large["changed"], large["tiers"]) == (small["changed"], small["tiers"])
    assert [row for row in large["by_rule"] if not row["reworded"]] == [
        {**row, "reworded": 0} for row in small["by_rule"] if row["gained"] or row["lost"] or row["changed"]
    ]
