"""`spmwatch rules lint`, new and schema, on copies of the shipped rules that are spoiled one way each."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
import yaml
from typer.testing import CliRunner

from spmwatch.cli.commands import app
from spmwatch.engine.catalogue.load import load_rule_base
from spmwatch.rule_book.lint import Severity, lint
from spmwatch.rule_book.schema import rule_schema
from tests.unit.engine.rule_folders import SHIPPED

FEATURES = SHIPPED.parent / "features"
RULE = "lenalidomide/spm-02-cumulative-exposure.yaml"
RUN = CliRunner()


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A folder with rules/ and features/ to spoil."""
    shutil.copytree(SHIPPED, tmp_path / "rules", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    shutil.copytree(FEATURES, tmp_path / "features")
    return tmp_path


def change(house: Path, file: str, old: str, new: str) -> None:
    path = house / "rules" / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def found(house: Path) -> list[tuple[str, str, str]]:
    result = lint(house / "rules", [house / "features"], load_rule_base)
    return [(problem.severity.value, problem.path, problem.field) for problem in result.problems]


def test_the_shipped_rules_are_clean() -> None:
    result = lint(SHIPPED, [FEATURES], load_rule_base)
    assert [str(problem) for problem in result.problems] == []
    assert result.clean


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("unit: mo", "unit: months", "parameters.long_exposure.unit"),
        ("grade: B", "grade: B\nsurprise: 1", "surprise"),
        (
            "drug: lenalidomide",
            "drug: lenalidomid",
            "variants.induction-and-maintenance.when.all[1].all[0].exposed.drug",
        ),
        ("evidence: [", "evidence: [E99, ", "evidence"),
    ],
)
def test_one_fault_is_named_with_file_and_field(house: Path, old: str, new: str, field: str) -> None:
    change(house, RULE, old, new)
    problems = found(house)
    assert problems[0][:2] == ("error", f"rules/{RULE}")
    assert problems[0][2].startswith(field.split(".when", maxsplit=1)[0])


def test_every_broken_file_is_named_not_only_the_first(house: Path) -> None:
    change(house, RULE, "unit: mo", "unit: months")
    change(house, "transplant/spm-05-autologous-transplant.yaml", "unit: d", "unit: days")
    change(house, "second-cancer/spm-17-new-cancer-on-lenalidomide.yaml", "status: active", "status: live")
    assert {path for _, path, _ in found(house)} >= {
        f"rules/{RULE}",
        "rules/transplant/spm-05-autologous-transplant.yaml",
        "rules/second-cancer/spm-17-new-cancer-on-lenalidomide.yaml",
    }


def test_a_rule_that_the_merge_policy_names_and_nobody_knows(house: Path) -> None:
    change(house, "cards.yaml", "  - SPM-21  ", "  - SPM-91  ")
    assert found(house) == [("error", "rules/cards.yaml", "decisive")]


def test_the_merge_policy_is_not_blamed_for_a_rule_file_that_does_not_load(house: Path) -> None:
    change(house, "second-cancer/spm-17-new-cancer-on-lenalidomide.yaml", "status: active", "status: perhaps")
    assert "rules/cards.yaml" not in [path for _, path, _ in found(house)]


def test_who_asks_for_a_retired_rule_is_named(house: Path) -> None:
    change(house, "second-cancer/spm-17-new-cancer-on-lenalidomide.yaml", "status: active", "status: retired")
    told = found(house)
    assert ("error", "rules/lenalidomide/spm-09-long-maintenance.yaml", "variants") in told
    assert ("error", "rules/cards.yaml", "decisive") in told


def test_a_schedule_for_nobody_is_named(house: Path) -> None:
    change(house, "checks/breast.yaml", "first_age: {value: 40", "first_age: {value: 80")
    assert ("error", "rules/checks/breast.yaml") in [problem[:2] for problem in found(house)]


def test_several_faults_of_one_file_are_named_at_once(house: Path) -> None:
    change(house, RULE, "status: active", "status: live\nsurprise: 1")
    change(house, RULE, "title: ", "titel: ")
    assert {field for _, path, field in found(house) if path == f"rules/{RULE}"} >= {"status", "surprise", "title"}


def test_the_command_says_that_rules_and_lock_disagree(house: Path) -> None:
    change(house, RULE, "rationale: >", "rationale: >\n  Another reason.")
    told = RUN.invoke(app, ["rules", "lint", "--root", str(house / "rules")])
    assert told.exit_code == 1
    assert "error: rules/versions.lock: -: SPM-02 changed" in told.stdout


def test_a_rule_that_builds_on_a_broken_one_is_not_blamed_for_it(house: Path) -> None:
    change(house, "second-cancer/spm-17-new-cancer-on-lenalidomide.yaml", "status: active", "status: live")
    assert {path for _, path, _ in found(house)} == {"rules/second-cancer/spm-17-new-cancer-on-lenalidomide.yaml"}


def test_a_broken_shared_file_ends_the_search(house: Path) -> None:
    (house / "rules" / "evidence.yaml").write_text("E01: [", encoding="utf-8")
    result = lint(house / "rules", [house / "features"], load_rule_base)
    assert result.base is None
    assert [problem.path for problem in result.problems] == ["rules/evidence.yaml"]


def test_missing_scenarios_are_counted(house: Path) -> None:
    feature = house / "features" / "lenalidomide" / "spm-02-cumulative-exposure.feature"
    feature.write_text(feature.read_text(encoding="utf-8").replace("@near-miss", "@nearly"), encoding="utf-8")
    (house / "features" / "transplant" / "spm-05-autologous-transplant.feature").unlink()
    result = lint(house / "rules", [house / "features"], load_rule_base)
    told = [str(problem) for problem in result.problems]
    assert any("spm-02" in line and "@near-miss" in line for line in told)
    assert any("spm-05" in line and "does not exist" in line for line in told)
    assert all(problem.severity is Severity.ERROR for problem in result.problems)


def test_a_feature_that_is_no_gherkin_is_named(house: Path) -> None:
    (house / "features" / "lenalidomide" / "spm-02-cumulative-exposure.feature").write_text(
        "Nonsense", encoding="utf-8"
    )
    assert [(path, field) for _, path, field in found(house)] == [(f"rules/{RULE}", "tests")]


def test_a_drug_without_any_code_is_a_warning(house: Path) -> None:
    drug = "id: newdrug\ntitle: A drug without codes\ncategory: drug\ndrug: newdrug\ntext: [newdrug]\n"
    (house / "rules" / "value_sets" / "drugs" / "newdrug.yaml").write_text(drug, encoding="utf-8")
    change(house, RULE, "drug: lenalidomide", "drug: newdrug")
    assert ("warning", f"rules/{RULE}") in {problem[:2] for problem in found(house)}


def test_what_is_no_file_is_named_and_never_opened(house: Path) -> None:
    os.mkfifo(house / "rules" / "lenalidomide" / "spm-45-x.yaml")
    assert found(house) == [("error", "rules/lenalidomide/spm-45-x.yaml", "-")]


# -- the commands ---------------------------------------------------------------------------------------------------


def test_the_command_says_clean_or_not_by_exit_code(house: Path) -> None:
    clean = RUN.invoke(app, ["rules", "lint", "--root", str(house / "rules")])
    assert (clean.exit_code, clean.stdout) == (0, "")
    change(house, RULE, "unit: mo", "unit: months")
    spoiled = RUN.invoke(app, ["rules", "lint", "--root", str(house / "rules"), "--format", "json"])
    assert spoiled.exit_code == 1
    assert json.loads(spoiled.stdout)[0]["field"] == "parameters.long_exposure.unit"
    assert RUN.invoke(app, ["rules", "lint", "--root", str(house / "nowhere")]).exit_code == 2


def test_a_new_rule_lints_clean_and_its_scenarios_pass(house: Path) -> None:
    made = RUN.invoke(app, ["rules", "new", "SPM-77", "lenalidomide", "what-it-catches", "--into", str(house)])
    assert made.exit_code == 0, made.output
    assert lint(house / "rules", [house / "features"], load_rule_base).clean
    feature = house / "features" / "lenalidomide" / "spm-77-what-it-catches.feature"
    (house / "test_new.py").write_text(
        "from pathlib import Path\n"
        "import pytest\n"
        "from pytest_bdd import scenarios\n"
        "from spmwatch.engine.catalogue.load import load_rule_base\n"
        "from spmwatch.engine.evaluate import Evaluator\n"
        "@pytest.fixture(scope='session')\n"
        "def spmwatch_evaluator():\n"
        "    return Evaluator(load_rule_base(Path('rules').resolve()))\n"
        f"scenarios({str(feature)!r})\n",
        encoding="utf-8",
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_new.py"],
        cwd=house,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "4 passed" in done.stdout


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["SPM-05", "lenalidomide", "again"], "is taken by"),
        (["spm-77", "lenalidomide", "x"], "is no rule id"),
        (["SPM-77", "Lenalidomide", "x"], "has other characters"),
        (["SPM-77", "checks", "x"], "holds no rules"),
        (["SPM-77", "../..", "x"], "has other characters"),
    ],
)
def test_a_new_rule_with_a_wrong_name_is_refused(house: Path, words: list[str], says: str) -> None:
    before = sorted(house.rglob("*"))
    refused = RUN.invoke(app, ["rules", "new", *words, "--into", str(house)])
    assert refused.exit_code == 2
    assert says in refused.output
    assert sorted(house.rglob("*")) == before


def test_a_new_rule_needs_a_place(tmp_path: Path) -> None:
    refused = RUN.invoke(app, ["rules", "new", "SPM-77", "lenalidomide", "x", "--into", str(tmp_path)])
    assert refused.exit_code == 2
    assert "has no folder rules/" in refused.output


# -- the schema -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    schema = json.loads(RUN.invoke(app, ["rules", "schema"]).stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema == rule_schema(load_rule_base())
    return jsonschema.Draft202012Validator(schema)


def test_every_shipped_rule_fits_the_schema(validator: jsonschema.Draft202012Validator) -> None:
    for rule in load_rule_base().all_rules:
        data = yaml.safe_load(SHIPPED.parent.joinpath(rule.path).read_text(encoding="utf-8"))
        assert [error.message for error in validator.iter_errors(data)] == [], rule.id


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("drug: lenalidomide", "drug: lenalidomid"),
        ("unit: mo", "unit: months"),
        ("phase: induction", "phase: inductoin"),
        ("value: 36", "value: -36"),
        ("title: ", "title: '' # "),
        ("disagreements: [D1]", "disagreements: [D99]"),
        ("tests: features/", "tests: elsewhere/"),
        ("follow_up: [", "follow_up: [teeth, "),
        ("  summary: ", f"  summary: {'x' * 140} # "),
        ("more_than:", "bigger_than:"),
        ("exposed:", "taken:"),
        ("evidence: [", "evidence: [E99, "),
        ("unless: []", "unless: [{exposed: {drug: lenalidomide}}]"),
    ],
)
def test_what_the_loader_refuses_the_schema_refuses(
    validator: jsonschema.Draft202012Validator, old: str, new: str
) -> None:
    for file in SHIPPED.glob("*/spm-*.yaml"):
        text = file.read_text(encoding="utf-8")
        if old in text:
            assert list(validator.iter_errors(yaml.safe_load(text.replace(old, new, 1)))), file
            return
    pytest.fail(f"no rule says {old}")
