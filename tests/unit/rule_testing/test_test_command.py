"""`spmwatch test`: what holds, what does not and why, and what is wrong with a feature, each with file and line."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from textwrap import dedent
from xml.etree import ElementTree as ET

import pytest

from tests.unit.cli.running import COMMAND, environment, run

ROOT = Path(__file__).parents[3]
BEGINNING = """@rule:SPM-05
Feature: Invented
  Background:
    Given today is 2026-01-15
    And the patient is a woman aged 62
    And multiple myeloma was diagnosed on 2019-03-01
    And lenalidomide 10 mg was taken from 2022-06-01 and continues
"""
SOUND = "  Scenario: A\n    When the rules are evaluated\n    Then it stays silent\n"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "features").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(site: Path, text: str, name: str = "one.feature") -> Path:
    path = site / "features" / name
    path.write_text(BEGINNING + text, encoding="utf-8")
    return path


def test_scenarios_that_hold_end_with_0_and_are_found_without_a_path(site: Path) -> None:
    write(site, "  Scenario: No transplant\n    When the rules are evaluated\n    Then it stays silent\n")
    done = run("test")
    assert done.exit_code == 0, done.output
    assert "features/one.feature: 1 held" in done.stdout
    assert "1 scenario: 1 held" in done.stdout


def test_a_byte_order_mark_at_the_start_of_a_feature_is_no_fault(site: Path) -> None:
    path = write(site, SOUND)
    path.write_text(path.read_text(encoding="utf-8"), encoding="utf-8-sig")
    done = run("test")
    assert done.exit_code == 0, done.output
    assert "features/one.feature: 1 held" in done.stdout


def test_a_failure_tells_where_what_was_expected_what_came_and_why(site: Path) -> None:
    write(
        site,
        "  Scenario: No transplant\n    When the rules are evaluated\n"
        '    Then it recommends with indicator "warning"\n'
        "  Scenario: A transplant\n    Given an autologous stem cell transplant was done on 2020-11-10\n"
        '    When the rules are evaluated\n    Then it recommends with indicator "warning"\n',
    )
    done = run("test")
    assert done.exit_code == 1, done.output
    assert "features/one.feature:10: No transplant" in done.stdout
    assert 'expected  Then it recommends with indicator "warning"' in done.stdout
    assert "got       SPM-05 does not fire" in done.stdout
    assert "SPM-05 Autologous transplant and lenalidomide: no" in done.stdout
    assert "transplant: no - none on record" in done.stdout
    assert "2 scenarios: 1 held, 1 failed" in done.stdout


def test_a_condition_that_a_rule_asks_for_twice_is_told_once(site: Path) -> None:
    steps = f"Given {LATE}\nWhen the rules are evaluated\nThen SPM-09 stays silent\n"
    (site / "features" / "one.feature").write_text(BEGINNING.partition("    And lenal")[0] + "Scenario: A\n" + steps)
    done = run("test")
    assert done.exit_code == 1, done.output
    long = done.stdout.partition("long (info): yes")[2]
    assert long.count("drug course: yes - lenalidomide, maintenance") == 1


def test_an_unknown_step_is_answered_with_the_nearest(site: Path) -> None:
    write(
        site,
        "  Scenario: A\n    Given an autologous transplant was done on 2020-11-10\n"
        "    When the rules are evaluated\n    Then it stays silent\n",
    )
    done = run("test")
    assert done.exit_code == 2
    assert "features/one.feature:9: A" in done.stdout
    assert "Given an autologous stem cell transplant was done on 2020-11-10" in done.stdout
    assert "1 scenario: 1 unreadable" in done.stdout


@pytest.mark.parametrize(
    ("step", "told"),
    [
        ("lenalidomit was taken from 2022-06-01 and continues", "Did you mean `lenalidomide`?"),
        ("lenalidomide was taken from 2022-02-31 and continues", "`2022-02-31` is no day of the calendar"),
        ("lenalidomide was taken from 2025-12 to 2024-01-01", "it ends (2024-01-01) before it begins (2025-12)."),
        ("the laboratory found", "the step needs a table below it"),
        ('the overlay "nowhere" lies over the rules', "is no folder beside or above one.feature"),
    ],
)
def test_a_step_that_cannot_be_understood_says_why(site: Path, step: str, told: str) -> None:
    write(site, f"  Scenario: A\n    Given {step}\n    When the rules are evaluated\n    Then it stays silent\n")
    done = run("test")
    assert done.exit_code == 2
    assert told in done.stdout


LATE = "lenalidomide 10 mg was taken as maintenance from 2020-01-14 and continues"


@pytest.mark.parametrize(
    ("steps", "line"),
    [
        (["When the rules are evaluated", f"Given {LATE}", "Then it stays silent"], 10),
        (["When the rules are evaluated", "Then it stays silent", f"Given {LATE}"], 11),
        (["When the rules are evaluated", "Then it stays silent", "Given today is 2026-02-15", f"And {LATE}"], 11),
        (["When the rules are evaluated", "Given these rules are left out: SPM-09", "Then no rule fires"], 10),
    ],
)
def test_what_is_given_after_the_evaluation_is_refused(site: Path, steps: list[str], line: int) -> None:
    write(site, "  Scenario: A\n" + "".join(f"    {step}\n" for step in steps))
    done = run("test")
    assert done.exit_code == 2
    assert f"features/one.feature:{line}: A" in done.stdout
    assert "the rules were evaluated already, and never saw this. Write it before `When`" in done.stdout
    assert "1 scenario: 1 unreadable" in done.stdout


def test_the_rules_may_be_asked_at_one_moment_after_the_other(site: Path) -> None:
    write(
        site,
        "  Scenario: A\n    Given pomalidomide is ordered\n    When the chart is opened\n    Then it stays silent\n"
        "    When the order is signed\n    Then it stays silent\n",
    )
    assert run("test").exit_code == 0


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("haemoglobin | 9.4 | bananas", "`bananas` is no unit of haemoglobin. Write e.g. `g/dL`"),
        ("platelets | 90 | %", "`%` is no unit of platelets."),
        ("neutrophils | abc | 10*9/L", "`abc` is no number, yet it has a unit."),
        ("haemoglobin | 9,4 | g/dL", "`9,4` is no number, yet it has a unit. Write a number such as 9.4"),
        ('haemoglobin | 9.4 | "bananas"', None),
        ("haemoglobin | 94 | g/L", None),
        ("haemoglobin | 9.4 | ", None),
        ("haemoglobin | pending review | ", None),
    ],
)
def test_a_result_that_the_laboratory_cannot_mean_is_refused(site: Path, row: str, told: str | None) -> None:
    write(
        site,
        "  Scenario: A\n    Given the laboratory found\n      | date | test | value | unit |\n"
        f"      | 2025-12-10 | {row} |\n    When the rules are evaluated\n    Then it stays silent\n",
    )
    done = run("test")
    assert done.exit_code == (0 if told is None else 2), done.output
    assert told is None or told in done.stdout


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"{SOUND}  foo bar\n", ":11: `foo bar` cannot stand here."),
        (
            SOUND.replace("A\n", "A\n    Givn it is cold\n"),
            ":9: `Givn it is cold` is read as a remark, not as a step. Write `Given it is cold`",
        ),
        ("  Scenario: A\n    When the rules are evaluated\n", ":8: `A` has no `Then`, so it could never fail."),
        (SOUND * 2, ":11: the name `A` stands in line 8 already."),
        (SOUND.replace(":", " Outline:"), ":8: `A` has no examples."),
        (SOUND + "    Examples:\n      | day |\n", ":8: `A` has no examples."),
        ("", ":2: holds no scenario."),
        (
            SOUND.replace("Scenario:", "Scenari:"),
            ":8: `Scenari: A` cannot stand here.",
        ),
    ],
)
def test_what_is_wrong_with_a_feature_is_told_with_its_line_and_the_others_still_run(
    site: Path, text: str, told: str
) -> None:
    write(site, text, "broken.feature")
    write(site, "  Scenario: Sound\n    When the rules are evaluated\n    Then it stays silent\n", "sound.feature")
    done = run("test")
    assert done.exit_code == 2
    assert f"features/broken.feature{told}" in done.stderr
    assert "1 scenario: 1 held, 1 file cannot be read" in done.stdout


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Feature: A\n\nScenari: a\n  Given it is cold\n", ":3: `Scenari: a` is read as a remark, not as `Scenario:`."),
        ("Feature: A\n\nScenari: a\n  Given it is cold\n" + SOUND, ":3: `Scenari: a` is read as a remark"),
        ("Feature: A\n  Backgroud:\n    Given it is cold\n" + SOUND, ":2: `Backgroud:` is read as a remark"),
        ("Feature: A\n  Background:\n\n    Givn it is cold\n" + SOUND, ":4: `Givn it is cold` is read as a remark"),
        ("Feature: A\n  Rule: B\n    Senario: C\n" + SOUND, ":3: `Senario: C` is read as a remark"),
    ],
)
def test_a_head_that_is_misspelt_is_told_with_its_line(site: Path, text: str, told: str) -> None:
    (site / "features" / "one.feature").write_text(text, encoding="utf-8")
    done = run("test")
    assert done.exit_code == 2
    assert f"features/one.feature{told}" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nowhere"], "nowhere: does not exist. Name a feature file"),
        (["features/notes.txt"], "is no feature file. Its name has to end in .feature"),
        (["features"], "There is no scenario."),
        (["--overlay", "nowhere"], "nowhere"),
        (["--rules", "nowhere"], "nowhere: is no folder."),
        (["--junit", "nowhere/results.xml"], "nowhere: is no folder."),
        (["--junit", "features"], "features: cannot be written (it is a folder). Name a file, e.g. in features"),
        (["--results", "features"], "features: cannot be written (it is a folder)"),
        (["--html", "features"], "features: cannot be written (it is a folder)"),
    ],
)
def test_wrong_input_ends_with_2_and_one_clear_line(site: Path, arguments: list[str], told: str) -> None:
    (site / "features" / "notes.txt").write_text("Not Gherkin", encoding="utf-8")
    done = run("test", *arguments)
    assert done.exit_code == 2
    assert told in done.stderr


@pytest.mark.parametrize("tag", ["@skip", "@own-steps"])
def test_a_run_in_which_all_is_left_out_ends_with_2(site: Path, tag: str) -> None:
    write(site, f"  {tag}\n{SOUND}")
    done = run("test", "--coverage")
    assert done.exit_code == 2, done.output
    assert "1 scenario: 1 left out" in done.stdout
    assert done.stderr == "No scenario ran.\n"
    write(site, SOUND, "two.feature")
    assert run("test").exit_code == 0


def test_only_scenarios_of_a_name_run_examples_filled_in(site: Path) -> None:
    write(
        site,
        "  Scenario Outline: Asked when <asked>\n    When <asked>\n    Then it stays silent\n\n    Examples:\n"
        "      | asked                |\n      | the chart is opened  |\n      | the visit begins     |\n",
    )
    done = run("test", "--name", "VISIT", "-v")
    assert done.exit_code == 0, done.output
    assert "held       Asked when the visit begins" in done.stdout
    assert "1 scenario: 1 held" in done.stdout
    assert run("test", "--name", "no such").exit_code == 2


def test_junit_holds_what_the_terminal_tells(site: Path) -> None:
    write(
        site,
        "  Scenario: Holds\n    When the chart is opened\n    Then it stays silent\n"
        '  Scenario: Fails\n    When the chart is opened\n    Then the tier is "none"\n',
    )
    assert run("test", "--junit", "results.xml").exit_code == 1
    cases = {case.get("name"): case for case in ET.parse(site / "results.xml").iter("testcase")}
    assert list(cases["Holds"]) == []
    (failure,) = cases["Fails"]
    assert failure.get("message") == 'Then the tier is "none": the tier is `warning`, expected `none`'
    assert "features/one.feature:13: Fails" in (failure.text or "")


def test_the_rules_are_those_that_are_named(site: Path) -> None:
    shutil.copytree(ROOT / "rules", site / "own")
    (rule,) = (site / "own" / "transplant").glob("spm-05-*.yaml")
    rule.write_text(rule.read_text(encoding="utf-8").replace("status: active", "status: retired"), encoding="utf-8")
    write(
        site,
        "  Scenario: A transplant\n    Given an autologous stem cell transplant was done on 2020-11-10\n"
        "    When the rules are evaluated\n    Then SPM-05 fires with indicator \"warning\"\n",
    )  # fmt: skip
    assert run("test").exit_code == 0
    done = run("test", "--rules", "own")
    assert done.exit_code == 2
    assert "there is no rule SPM-05" in done.stdout


def test_features_beside_rules_are_about_those_rules(site: Path) -> None:
    shutil.copytree(ROOT / "rules", site / "rules")
    (rule,) = (site / "rules" / "transplant").glob("spm-05-*.yaml")
    rule.write_text(rule.read_text(encoding="utf-8").replace("status: active", "status: retired"), encoding="utf-8")
    write(site, "  Scenario: A\n    When the rules are evaluated\n    Then SPM-05 stays silent\n")
    assert "there is no rule SPM-05" in run("test").stdout


def test_rules_that_cannot_be_loaded_are_told_once(site: Path) -> None:
    (site / "overlay.yaml").write_text("name: ours\n", encoding="utf-8")
    write(site, "  Scenario: A\n    When the rules are evaluated\n    Then it stays silent\n")
    write(site, SOUND, "two.feature")
    done = run("test")
    assert done.exit_code == 2
    assert done.stderr.count("the rules that it is about cannot be loaded.") == 1
    assert done.stderr.count("overlay.yaml") == 1
    assert "features/two.feature: the rules that it is about cannot be loaded, as told for features/one.feature" in (
        done.stderr
    )
    assert "2 files cannot be read" in done.stdout


@pytest.mark.parametrize("where", ["spmwatch.rule_testing.scenario.Scenario.evaluate", "spmwatch.cli.test._show_file"])
def test_a_run_that_is_interrupted_never_looks_as_if_all_held(
    site: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    write(site, SOUND)
    write(site, SOUND, "two.feature")
    monkeypatch.setattr(where, interrupted)
    done = run("test")
    assert done.exit_code == 130
    assert done.stderr.splitlines()[-1] == "Interrupted."
    assert "scenarios:" not in done.stdout


def test_the_how_to_shows_a_scenario_that_holds_and_what_is_told_when_it_is_turned_round(site: Path) -> None:
    page = (ROOT / "docs" / "rule-tests.md").read_text(encoding="utf-8")
    text = dedent(page.partition("   ```gherkin\n")[2].partition("   ```\n")[0])
    path = site / "features" / "three-years.feature"
    path.write_text(text, encoding="utf-8")
    assert run("test").exit_code == 0
    path.write_text(text.replace('fires with indicator "info"', "stays silent"), encoding="utf-8")
    done = run("test")
    assert done.exit_code == 1
    shown = page.partition("says why:\n\n")[2].partition("\nWhich sentences")[0]
    told = [line.strip() for line in done.stdout.splitlines()]
    for line in filter(None, (line.strip().removesuffix("...").strip() for line in shown.splitlines())):
        assert any(line in each for each in told), line


@pytest.mark.parametrize("then", ['it recommends with indicator "warning"', "it stays silent"])
def test_a_reader_who_has_enough_never_looks_as_if_all_held(site: Path, then: str) -> None:
    write(site, f"  Scenario: A\n    When the rules are evaluated\n    Then {then}\n")
    process = subprocess.Popen([*COMMAND, "test"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment())
    assert process.stdout is not None
    process.stdout.close()
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 141
    assert errors == b""


BARE = "Feature: Invented\n  Scenario: A\n"
ENDING = "    When the rules are evaluated\n    Then SPM-05 does not fire\n"


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        (["today is 2026-01-15", "today is 2026-01-16"], "today is 2026-01-15 already"),
        (
            ["today is 2026-01-15", "the patient is a woman aged 62", "the patient is a man born 1961-01-15"],
            "the patient was told of already",
        ),
        (["today is 2026-01-15", "the patient is a woman aged 500"], "nobody is 500 years old. Write an age from 0 to"),
        (["today is 2026-01-15", "the patient is a woman aged -5"], "nobody is -5 years old"),
        (["today is 2026-01-15", "the patient is a man born 2026-01-16"], "lies after today, 2026-01-15"),
        (["today is 2026-01-15", "the patient is a man born 2027"], "the birth date 2027 lies after today"),
        (["multiple myeloma was diagnosed 6 years ago"], "Write `Given today is 2026-01-15` as the first step"),
        (["today is 3 days ago"], "no step reads like this"),
    ],
)
def test_what_cannot_be_is_refused(site: Path, steps: list[str], told: str) -> None:
    text = BARE + "".join(f"    Given {step}\n" for step in steps) + ENDING
    (site / "features" / "one.feature").write_text(text, encoding="utf-8")
    done = run("test")
    assert done.exit_code == 2, done.output
    assert told in done.stdout
    assert "1 scenario: 1 unreadable" in done.stdout


OUTLINE = """Feature: Invented
  Scenario Outline: <months> months of maintenance
    Given today is 2026-01-15
    And the patient is a woman born 62 years ago
    And multiple myeloma was diagnosed 6 years before today
    And lenalidomide 10 mg was taken as maintenance from <begun> and continues
    And the laboratory found
      | date        | test      | value | unit   |
      | <days> ago  | platelets | 230   | 10*9/L |
    When the rules are evaluated
    Then SPM-09 <does>

    Examples:
      | months | begun                | days   | does                         |
      | 24     | 2 years ago          | 1 week | does not fire                |
      | 25     | 2 years and 31 days ago | 10 days | fires with indicator "info" |
"""


def test_an_outline_has_dates_relative_to_today(site: Path) -> None:
    (site / "features" / "one.feature").write_text(OUTLINE, encoding="utf-8")
    done = run("test", "-v")
    assert done.exit_code == 0, done.output
    assert "24 months of maintenance" in done.stdout
    assert "2 scenarios: 2 held" in done.stdout


@pytest.mark.parametrize(
    ("wrong", "right", "told"),
    [
        ("<begum>", "<begun>", "one.feature:6: `<begum>` is no column of the examples. Did you mean `begun`?"),
        (
            "| begum ",
            "| begun ",
            "one.feature:14: no step names the column `begum` as `<begum>`. Did you mean `begun`?",
        ),
        ("<dayz> ago", "<days> ago", "one.feature:9: `<dayz>` is no column of the examples. Did you mean `days`?"),
        ("<month> months", "<months> months", "one.feature:2: `<month>` is no column"),
    ],
)
def test_a_name_that_no_column_of_an_outline_has_is_told(site: Path, wrong: str, right: str, told: str) -> None:
    (site / "features" / "one.feature").write_text(OUTLINE.replace(right, wrong), encoding="utf-8")
    done = run("test")
    assert done.exit_code == 2, done.output
    assert told in " ".join(done.output.split())
