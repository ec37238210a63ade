"""`spmwatch test --results`, and what `spmwatch rules docs --results` makes of it: from the run to the page."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from spmwatch.engine.catalogue.load import load_rule_base
from tests.unit.cli.running import run

BASE = load_rule_base()
DAY = date(2026, 2, 3)
TEXT = """\
@rule:SPM-05
Feature: Invented
  Background:
    Given today is 2026-01-15
    And the patient is a woman aged 62
    And multiple myeloma was diagnosed on 2019-03-01
    And lenalidomide 10 mg was taken from 2022-06-01 and continues

  Scenario: Holds
    When the rules are evaluated
    Then it stays silent

  Scenario: Fails
    When the rules are evaluated
    Then it recommends with indicator "warning"

  Scenario Outline: Some <word> fail
    When the rules are evaluated
    Then <rule> <does>

    Examples:
      | word  | rule   | does         |
      | first | SPM-05 | stays silent |
      | last  | SPM-05 | fires        |

  Scenario: Not understood
    When the rules are evaluated
    Then it sings

  @own-steps
  Scenario: Elsewhere
    When somebody rings
    Then nobody answers
"""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "features").mkdir()
    (tmp_path / "features" / "one.feature").write_text(TEXT, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("spmwatch.cli.test.today", lambda: DAY)
    return tmp_path


def results(*options: object) -> tuple[dict[str, Any], int]:
    done = run("test", *options, "--results", "results.json")
    return json.loads(Path("results.json").read_text(encoding="utf-8")), done.exit_code


def test_each_scenario_and_example_stands_in_the_file_with_its_line_and_result(site: Path) -> None:
    found, code = results()
    assert code == 2  # a sentence cannot be understood
    assert [(case["name"], case["line"], case["result"]) for case in found["scenarios"]] == [
        ("Holds", 9, "passed"),
        ("Fails", 13, "failed"),
        ("Some first fail", 23, "passed"),
        ("Some last fail", 24, "failed"),
        ("Not understood", 26, "failed"),
        ("Elsewhere", 31, "not run"),
    ]
    assert {case["file"] for case in found["scenarios"]} == {"features/one.feature"}
    assert found["counts"] == {"scenarios": 6, "passed": 2, "failed": 3, "not run": 1}
    fails = found["scenarios"][1]
    assert fails["expected"] == 'Then it recommends with indicator "warning"'
    assert fails["got"].startswith("SPM-05 does not fire")
    assert "own-steps" in found["scenarios"][5]["because"]
    assert sorted(path.name for path in site.iterdir()) == ["features", "results.json"]


def test_the_head_tells_on_what_it_ran_and_when(site: Path) -> None:
    found, _ = results("--coverage")
    assert found["day"] == "2026-02-03"
    [base] = found["rule_bases"]
    assert (base["digest"], base["version"], base["overlays"]) == (BASE.digest, BASE.version, [])
    assert base["rules"] == {rule.id: rule.shown_version for rule in BASE.all_rules}
    assert [row["rule"] for row in found["coverage"]] == ["SPM-05"]
    assert found["coverage"][0]["missing"]


def test_without_coverage_none_is_told(site: Path) -> None:
    assert results()[0]["coverage"] is None


def test_scenarios_that_were_not_asked_for_are_not_run(site: Path) -> None:
    found, code = results("--name", "holds")
    assert code == 0
    assert found["only"] == "holds"
    assert [case["result"] for case in found["scenarios"]] == ["passed", *["not run"] * 5]


def test_a_file_that_cannot_be_read_is_told(site: Path) -> None:
    (site / "features" / "bad.feature").write_text("Nonsense", encoding="utf-8")
    found, _ = results()
    assert ["features/bad.feature:1" in fault for fault in found["faults"]] == [True]


def test_the_overlay_that_a_scenario_lays_is_told(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    acs = Path(__file__).parents[3] / "examples" / "overlays" / "acs"
    (site / "acs").symlink_to(acs)
    lays = TEXT.partition("  Scenario Outline")[0].replace(
        "  Scenario: Fails\n", '  Scenario: Fails\n    Given the overlay "acs" lies over the rules\n'
    )
    (site / "features" / "one.feature").write_text(lays, encoding="utf-8")
    found, _ = results()
    overlays = {base["digest"]: base["overlays"] for base in found["rule_bases"]}
    assert [overlays[case["rule_base"]] for case in found["scenarios"]] == [[], ["acs 1.0.0"]]


def test_the_file_is_refused_before_anything_runs_where_no_folder_is(site: Path) -> None:
    done = run("test", "--results", "none/results.json")
    assert done.exit_code == 2
    assert "none" in done.stderr
    assert "held" not in done.stdout


def test_pages_tell_each_last_result_and_what_is_stale(site: Path) -> None:
    results()
    done = run("rules", "docs", "--features", "features", "--results", "results.json")
    assert done.exit_code == 0, done.output
    page = (site / "build" / "rules" / "spm-05.md").read_text(encoding="utf-8")
    assert "| Holds | **passed** |" in page
    assert "| Fails | **failed**; Fails (line 13): expected Then it recommends" in page
    assert "**failed**, 1 of 2 examples passed; Some last fail (line 24)" in page
    assert "Run on 2026-02-03 with spmwatch" in page
    feature = site / "features" / "one.feature"
    feature.write_text(
        TEXT.replace("Scenario: Holds\n", "Scenario: Holds\n    When the chart is opened\n"), encoding="utf-8"
    )
    run("rules", "docs", "--features", "features", "--results", "results.json")
    page = (site / "build" / "rules" / "spm-05.md").read_text(encoding="utf-8")
    assert "| Holds | **stale**: its text has changed since it passed |" in page
    assert not (site / "docs").exists()


def test_pages_without_results_tell_none_and_stay_the_same(site: Path) -> None:
    results()
    run("rules", "docs", "--features", "features", "--out", "pages")
    page = (site / "pages" / "spm-05.md").read_text(encoding="utf-8")
    assert "Last results" not in page
    assert "2026-02-03" not in page
    checked = run("rules", "docs", "--features", "features", "--out", "pages", "--check")
    assert checked.exit_code == 0, checked.output
    run("rules", "docs", "--features", "features", "--out", "pages", "--results", "results.json")
    assert run("rules", "docs", "--features", "features", "--out", "pages", "--check").exit_code == 1


def test_the_governance_page_alone_is_written(site: Path) -> None:
    results("--coverage")
    done = run("rules", "docs", "--features", "features", "--results", "results.json", "--governance", "page.html")
    assert done.exit_code == 0, done.output
    page = (site / "page.html").read_text(encoding="utf-8")
    assert "3 scenarios fail</strong>" in page
    assert "SPM-05 does not fire" in page
    assert sorted(path.name for path in site.iterdir()) == ["features", "page.html", "results.json"]


def test_the_figures_of_mutation_reach_the_page(site: Path) -> None:
    (site / "features" / "one.feature").write_text(TEXT.partition("  Scenario: Fails")[0], encoding="utf-8")
    mutated = run("rules", "mutate", "SPM-09", "--json", "mutation.json", "--jobs", 1)
    assert mutated.exit_code == 0, mutated.output
    results()
    told = ("--results", "results.json", "--mutation", "mutation.json", "--governance", "page.html")
    done = run("rules", "docs", "--features", "features", *told)
    assert done.exit_code == 0, done.output
    page = (site / "page.html").read_text(encoding="utf-8")
    assert "No scenario notices the change SPM-09 " in page
    assert "of rules that have changed since" not in page


@pytest.mark.parametrize(
    "options",
    [
        ("--check", "--results", "results.json"),
        ("--check", "--governance", "page.html"),
        ("--mutation", "results.json"),
        ("--results", "none.json"),
        ("--results", "features/one.feature"),
        ("--governance", "page.html", "--mutation", "results.json"),
    ],
)
def test_what_does_not_go_together_or_cannot_be_read_is_refused(site: Path, options: tuple[str, ...]) -> None:
    results("--name", "holds")
    done = run("rules", "docs", "--features", "features", *options)
    assert done.exit_code == 2
    assert not (site / "page.html").exists()
    assert not (site / "build").exists()
