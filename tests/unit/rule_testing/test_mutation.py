"""Rule mutation: which changes of rules scenarios notice, and what is told of those that they do not."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from spmwatch.rule_testing.mutation.accepted import FILE
from tests.unit.cli.running import run

ROOT = Path(__file__).parents[3]
BEGINNING = """@rule:OUR-01
Feature: Invented
  Background:
    Given today is 2026-01-15
    And multiple myeloma was diagnosed on 2025-03-01

"""
AT_80 = """  Scenario: At 80
    Given the patient is a woman born 1946-01-15
    And lenalidomide 10 mg is ordered
    When the order is signed
    Then it recommends with indicator "info"
"""
AT_79 = (
    AT_80.replace("80", "79").replace("01-15\n", "01-16\n").replace('recommends with indicator "info"', "stays silent")
)
AT_85 = AT_80.replace("80", "85").replace("1946", "1941")
DECEASED = (
    AT_79.replace("At 79", "Deceased")
    .replace("01-16", "01-15")
    .replace("    And len", "    And the patient died on 2026-01-10\n    And len")
)
TAKING = DECEASED.replace("Deceased", "Taking it").replace(
    "the patient died on 2026-01-10", "lenalidomide 10 mg was taken from 2025-04-01 and continues"
)
AGE = "OUR-01 parameters.high_age.value: 80 ->"
AT_LEAST = "OUR-01 when.all[1].patient.age: at_least high_age -> more_than high_age"
DECEASED_GONE = "OUR-01 common.yaml.unless.deceased: {patient: {vital_status: deceased}} -> (dropped)"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The example site without its features."""
    shutil.copytree(ROOT / "examples" / "site", tmp_path, dirs_exist_ok=True)
    shutil.rmtree(tmp_path / "features")
    (tmp_path / "features").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def mutated(site: Path, *scenarios: str, options: tuple[object, ...] = ()) -> tuple[dict[str, str | None], str, int]:
    """Each change with the scenario that noticed it (None: nobody), all that was said, the exit code."""
    (site / "features" / "our.feature").write_text(BEGINNING + "\n".join(scenarios), encoding="utf-8")
    out = site / "mutants.json"
    out.unlink(missing_ok=True)
    done = run("rules", "mutate", "OUR-01", "--overlay", site, "--json", out, "--jobs", 1, *options)
    each = json.loads(out.read_text(encoding="utf-8"))["each"] if out.is_file() else []
    return {verdict["change"]: verdict["noticed_by"] for verdict in each}, done.output, done.exit_code


def test_a_threshold_is_held_by_the_two_patients_next_to_it(site: Path) -> None:
    noticed, _, code = mutated(site, AT_80, AT_79)
    assert code == 0
    assert noticed[f"{AGE} 81"] == "our.feature: At 80"
    assert noticed[f"{AGE} 79"] == "our.feature: At 79"
    assert noticed[AT_LEAST] == "our.feature: At 80"
    assert noticed[DECEASED_GONE] is None


def test_a_patient_far_from_a_threshold_holds_nothing(site: Path) -> None:
    noticed, said, code = mutated(site, AT_85, options=("--fail-on-survivors",))
    assert code == 1
    assert noticed[f"{AGE} 81"] is None
    assert noticed[f"{AGE} 79"] is None
    assert noticed["OUR-01 variants.not-yet-on-lenalidomide.indicator: info -> warning"] == "our.feature: At 85"
    assert "rules/geriatrics/our-01-geriatric-review.yaml:12: " + f"{AGE} 81" in said
    assert "no scenario has exactly 80 years where high_age is asked" in said
    assert "no scenario has exactly 79 years where high_age is asked" in said
    assert "no scenario has exactly 80 years (high_age)" in said
    assert "no scenario is silent for this alone: the patient: deceased" in said


def test_a_negative_is_held_by_the_patient_whom_it_alone_spares(site: Path) -> None:
    noticed, _, _ = mutated(site, AT_80, DECEASED)
    assert noticed[DECEASED_GONE] == "our.feature: Deceased"
    active = [change for change in noticed if change.startswith("OUR-01 unless.lenalidomide-active:")]
    assert [noticed[change] for change in active] == [None]
    noticed, _, _ = mutated(site, AT_80, TAKING)
    assert [noticed[change] for change in active] == ["our.feature: Taking it"]


def test_scenarios_of_other_rules_judge_what_its_own_leave(site: Path) -> None:
    other = BEGINNING.replace("@rule:OUR-01", "@rule:SPM-19") + AT_79.replace("it stays silent", "OUR-01 does not fire")
    (site / "features" / "other.feature").write_text(other, encoding="utf-8")
    noticed, said, _ = mutated(site, AT_80)
    assert noticed[f"{AGE} 81"] == "our.feature: At 80"
    assert noticed[f"{AGE} 79"] == "other.feature: At 79"
    assert "1 scenario about them, or about no rule in particular, ran and holds." in said
    assert "2 scenarios ran and hold." in said


def test_scenarios_of_other_rules_are_not_asked_where_nothing_is_left(site: Path) -> None:
    survivors = [change for change, by in mutated(site, AT_80, AT_79)[0].items() if by is None]
    listed = "\n".join(f"      - '{change}'" for change in survivors)
    text = f"accepted:\n  - changes:\n{listed}\n    because: invented\n"
    (site / "features" / FILE).write_text(text, encoding="utf-8")
    fails = BEGINNING.replace("@rule:OUR-01", "@rule:SPM-19") + AT_80.replace('"info"', '"critical"')
    (site / "features" / "other.feature").write_text(fails, encoding="utf-8")
    _, said, code = mutated(site, AT_80, AT_79, options=("--fail-on-survivors",))
    assert code == 0, said


def test_a_rule_without_scenarios_of_its_own_is_judged_by_all(site: Path) -> None:
    other = BEGINNING.replace("@rule:OUR-01", "@rule:SPM-19") + AT_79.replace("it stays silent", "OUR-01 does not fire")
    (site / "features" / "our.feature").write_text(other, encoding="utf-8")
    done = run("rules", "mutate", "OUR-01", "--overlay", site, "--jobs", 1)
    assert done.exit_code == 0
    assert "about them" not in done.output
    assert "1 scenario ran and holds." in done.output


def test_what_another_condition_asks_anyway_is_no_change(site: Path) -> None:
    """The variant asks for the order once more: dropping one of the two changes nothing."""
    noticed, _, _ = mutated(site, AT_80)
    assert not [change for change in noticed if "{ordered: {drug: lenalidomide}} -> (dropped)" in change]


def test_survivors_are_accepted_with_a_reason(site: Path) -> None:
    survivors = [change for change, by in mutated(site, AT_80, AT_79)[0].items() if by is None]
    assert survivors
    listed = "\n".join(f"      - '{change}'" for change in survivors)
    accepted = site / "features" / FILE
    accepted.write_text(f"accepted:\n  - changes:\n{listed}\n    because: invented\n", encoding="utf-8")
    _, said, code = mutated(site, AT_80, AT_79, options=("--fail-on-survivors",))
    assert code == 0
    assert f"{len(survivors)} are accepted" in said


@pytest.mark.parametrize("change", [f"{AGE} 81", f"{AGE} 90"])
def test_an_accepted_change_that_is_no_survivor_is_refused(site: Path, change: str) -> None:
    accepted = site / "features" / FILE
    accepted.write_text(f"accepted:\n  - changes: ['{change}']\n    because: invented\n", encoding="utf-8")
    _, said, code = mutated(site, AT_80, AT_79)
    assert code == 2
    assert f"Accepted, but no survivor: {change}" in said


@pytest.mark.parametrize(
    "text",
    [
        "accepted: [{changes: [x]}]\n",
        "accepted: [{changes: [], because: y}]\n",
        "- x\n",
        "accepted: [{changes: [x, x], because: y}]\n",
    ],
)
def test_a_list_of_accepted_survivors_that_does_not_fit_is_refused(site: Path, text: str) -> None:
    (site / "features" / FILE).write_text(text, encoding="utf-8")
    _, said, code = mutated(site, AT_80)
    assert code == 2
    assert FILE in said


def test_scenarios_that_fail_judge_nothing(site: Path) -> None:
    _, said, code = mutated(site, AT_80.replace("1946", "1966"))
    assert code == 2
    assert "has scenarios that fail" in said


def test_unknown_rules_are_refused(site: Path) -> None:
    (site / "features" / "our.feature").write_text(BEGINNING + AT_80, encoding="utf-8")
    done = run("rules", "mutate", "OUR-99", "--overlay", site)
    assert done.exit_code == 2
    assert "OUR-99: is no active rule and no check" in done.output


def test_only_rules_that_differ_from_a_revision(site: Path) -> None:
    """A folder of rules of its own, in git: the one rule file that was touched since is mutated."""
    rules = site / "own" / "rules"
    shutil.copytree(ROOT / "rules", rules, ignore=shutil.ignore_patterns("*.py", "__pycache__", "*.lock", "py.typed"))
    committed(site / "own")
    scenario = AT_80.replace(
        "lenalidomide 10 mg is ordered", "lenalidomide 10 mg was taken from 2025-04-01 and continues"
    )
    text = BEGINNING.replace("OUR-01", "SPM-30") + scenario.replace("the order is signed", "the chart is opened")
    text = text.replace('it recommends with indicator "info"', "it stays silent")
    (site / "own" / "features").mkdir()
    (site / "own" / "features" / "own.feature").write_text(text, encoding="utf-8")
    where = ("--rules", rules, "--features", site / "own" / "features", "--changed-since", "HEAD", "--jobs", 1)
    untouched = run("rules", "mutate", *where)
    assert untouched.exit_code == 0
    assert "No rule differs from HEAD" in untouched.output
    (file,) = rules.glob("*/spm-30-*.yaml")
    file.write_text(file.read_text(encoding="utf-8") + "\n# touched\n", encoding="utf-8")
    touched = run("rules", "mutate", *where)
    assert touched.exit_code == 0
    assert [line.split()[0] for line in touched.output.splitlines() if line.startswith("SPM-")] == ["SPM-30"]
    committed(site / "own")
    rewritten(rules / "conventions.yaml", "    value: 28\n", "    value: 29\n")
    assert changed_since(*where) == ["conventions"]


# -- what all rules share ---------------------------------------------------------------------------------------------

SUPPLY = """Feature: Invented
  Scenario Outline: A supply of <days> days ago
    Given today is 2026-01-15
    And the patient is a woman aged 62
    And multiple myeloma was diagnosed on 2018-03-01
    And lenalidomide 10 mg was taken as maintenance from 2020-01-01 to 2025-11-01
    And lenalidomide 10 mg was dispensed as maintenance <days> days ago
    When the chart is opened
    Then SPM-09 <does>

    Examples:
      | days | does                        |
"""
INSIDE, OUTSIDE = '      | 55   | fires with indicator "info" |\n', "      | 56   | stays silent                |\n"


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with features about the shipped rules."""
    (tmp_path / "features").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def shared(folder: Path, text: str) -> tuple[dict[str, str | None], str]:
    """Each change of the conventions with the scenario that noticed it, and all that was said."""
    (folder / "features" / "invented.feature").write_text(text, encoding="utf-8")
    done = run("rules", "mutate", "conventions", "--json", folder / "mutants.json", "--jobs", 1)
    assert done.exit_code == 0, done.output
    each = json.loads((folder / "mutants.json").read_text(encoding="utf-8"))["each"]
    return {verdict["change"]: verdict["noticed_by"] for verdict in each}, done.output


DEFAULT_SUPPLY = "conventions parameters.default_supply.value: 28 ->"


def test_a_number_that_all_rules_share_is_held_by_the_two_patients_next_to_it(shipped: Path) -> None:
    noticed, said = shared(shipped, SUPPLY + INSIDE)
    assert noticed[f"{DEFAULT_SUPPLY} 27"] == "invented.feature: A supply of 55 days ago"
    assert noticed[f"{DEFAULT_SUPPLY} 29"] is None
    assert f"rules/conventions.yaml:14: {DEFAULT_SUPPLY} 29" in said
    assert "no scenario tells 28 and 29 days apart as default_supply: Supply of one dispense that states none" in said
    noticed, _ = shared(shipped, SUPPLY + INSIDE + OUTSIDE)
    assert noticed[f"{DEFAULT_SUPPLY} 29"] == "invented.feature: A supply of 56 days ago"


def test_entries_of_lists_and_their_order_are_changed_where_the_order_decides(shipped: Path) -> None:
    noticed, said = shared(shipped, SUPPLY + INSIDE)
    assert noticed["conventions precursors[0]: mgus -> (dropped)"] is None
    assert noticed["conventions plan_order[0]: overdue, none-recorded -> none-recorded, overdue"] is None
    assert "no scenario needs mgus in precursors" in said
    assert "no scenario notices that `overdue` stands before `none-recorded` in plan_order" in said


def test_what_the_loader_refuses_is_no_change(shipped: Path) -> None:
    """Raised by one, the span of a lasting value would outlast nothing; lowered, no limit may pass another."""
    rules = shipped / "rules"
    shutil.copytree(ROOT / "rules", rules, ignore=shutil.ignore_patterns("*.py", "__pycache__", "*.lock", "py.typed"))
    file = rules / "conventions.yaml"
    text = file.read_text(encoding="utf-8")
    assert "another_transplant:\n    value: 30\n" in text
    file.write_text(text.replace("another_transplant:\n    value: 30", "another_transplant:\n    value: 15"))
    noticed, _ = shared(shipped, SUPPLY + INSIDE)
    assert "conventions parameters.same_transplant.value: 14 -> 13" in noticed
    assert "conventions parameters.same_transplant.value: 14 -> 15" not in noticed
    assert "conventions parameters.another_transplant.value: 15 -> 14" not in noticed


# -- a site's own repository ------------------------------------------------------------------------------------------


@pytest.fixture
def repository(site: Path) -> Path:
    """The example site in git, with a scenario for each of its two rules."""
    (site / "features" / "our.feature").write_text(BEGINNING + AT_80, encoding="utf-8")
    committed(site)
    return site


def committed(folder: Path) -> None:
    git = ["git", "-C", str(folder), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "rules"]):
        subprocess.run([*git, *arguments], check=True)


def changed_since(*options: object) -> list[str]:
    """The rules that are changed, by the table; empty where none differs."""
    done = run("rules", "mutate", "--changed-since", "HEAD", "--jobs", 1, *options)
    assert done.exit_code == 0, done.output
    rows = done.output.split("survive\n")[-1].split("All ")[0].splitlines() if "survive" in done.output else []
    return [row.split("  ")[0].strip() for row in rows if row.strip() and "\u2500" not in row and "-+-" not in row]


def rewritten(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def test_the_overlay_beside_the_features_is_found_as_spmwatch_test_finds_it(site: Path) -> None:
    (site / "features" / "our.feature").write_text(BEGINNING + AT_80, encoding="utf-8")
    done = run("rules", "mutate", "OUR-01", "--jobs", 1)
    assert done.exit_code == 0, done.output
    assert "OUR-01 parameters.high_age.value: 80 -> 81" not in done.output
    assert "OUR-01 parameters.high_age.value: 80 -> 79" in done.output


def test_features_beside_different_rules_are_refused(site: Path) -> None:
    (site / "features" / "our.feature").write_text(BEGINNING + AT_80, encoding="utf-8")
    done = run("rules", "mutate", "--features", site / "features", "--features", ROOT / "features" / "record")
    assert done.exit_code == 2
    assert "stand beside different rules" in done.output


def test_where_nothing_of_the_site_differs_nothing_is_changed(repository: Path) -> None:
    rewritten(repository / "features" / "our.feature", "Invented", "Invented anew")
    assert changed_since() == []


def test_of_a_changed_overlay_the_rules_that_it_overlays(repository: Path) -> None:
    rewritten(repository / "overlay.yaml", "value: 36", "value: 30")
    assert changed_since() == ["SPM-09"]


def test_of_an_overlay_that_changes_what_all_rules_share_that_too(repository: Path) -> None:
    text = """parameters:
  conventions:
    active_grace:
      {value: 30, unit: d, evidence: [convention], because: Invented.}
"""
    rewritten(repository / "overlay.yaml", "parameters:\n", text)
    assert changed_since() == ["SPM-09", "conventions"]


def test_of_words_of_the_sites_own_rule_that_rule_alone(repository: Path) -> None:
    file = repository / "rules" / "geriatrics" / "our-01-geriatric-review.yaml"
    rewritten(file, "meaning: Age from which", "meaning: The age from which")
    assert changed_since() == ["OUR-01"]


def test_a_new_rule_that_git_does_not_know_yet(repository: Path) -> None:
    file = repository / "rules" / "geriatrics" / "our-01-geriatric-review.yaml"
    text = file.read_text(encoding="utf-8").replace("OUR-01", "OUR-02").replace("our-01", "our-02")
    file.with_name("our-02-geriatric-review.yaml").write_text(text, encoding="utf-8")
    assert changed_since() == ["OUR-02"]


def test_a_revision_that_git_does_not_know_is_refused(site: Path) -> None:
    (site / "features" / "our.feature").write_text(BEGINNING + AT_80, encoding="utf-8")
    for revision in ("no-such-branch", "--output=x"):
        done = run("rules", "mutate", f"--changed-since={revision}")
        assert done.exit_code == 2
        assert "no revision" in done.output
