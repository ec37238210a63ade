"""versions.lock: a meaning that changes needs a version that rises; formatting is no meaning."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest
from typer.testing import CliRunner

from spmwatch.cli.commands import app
from spmwatch.engine.catalogue.load import load_rule_base
from spmwatch.engine.errors import RuleFileError
from spmwatch.rule_book.lock import Lock, LockProblem, compare, lock_of, lock_text, read_lock
from tests.unit.engine.rule_folders import RuleFolder, folder

__all__ = ["folder"]

SPM09 = "lenalidomide/spm-09-long-maintenance.yaml"


@functools.cache
def shipped() -> Lock:
    return lock_of(load_rule_base())


def without_value_sets(lock: Lock) -> Lock:
    """Copies of the rules have none, since these are what makes loading slow."""
    groups = {name: parts for name, parts in lock.catalogue.groups.items() if name != "value_sets"}
    return lock.model_copy(update={"catalogue": lock.catalogue.model_copy(update={"groups": groups})})


@pytest.fixture
def rules(folder: RuleFolder) -> Path:
    """A copy of the shipped rules that a test may change."""
    (folder.root / "versions.lock").unlink(missing_ok=True)
    return folder.root


def change(rules: Path, file: str, old: str, new: str) -> None:
    text = (rules / file).read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {file}"
    (rules / file).write_text(text.replace(old, new), encoding="utf-8")


def problems(rules: Path) -> list[LockProblem]:
    return list(compare(without_value_sets(shipped()), lock_of(load_rule_base(rules))))


def raised(version: str) -> tuple[str, str]:
    """The line of a version, before and after it rises."""
    now = next(r.version for r in load_rule_base().rules if r.id == version)
    return f"version: {now}", "version: 9.0.0"


def test_nothing_changed(rules: Path) -> None:
    assert problems(rules) == []


def test_a_lock_survives_being_written_and_read(tmp_path: Path) -> None:
    path = tmp_path / "versions.lock"
    path.write_text(lock_text(shipped()), encoding="utf-8")
    assert read_lock(path) == shipped()


@pytest.mark.parametrize(
    ("old", "new"),
    [("value: 24", "value: 24.0"), ("id: SPM-09\n", "id: SPM-09   # a remark\n"), ("unit: mo", 'unit: "mo"')],
)
def test_formatting_and_comments_are_no_meaning(rules: Path, old: str, new: str) -> None:
    change(rules, SPM09, old, new)
    assert problems(rules) == []


def test_a_changed_parameter_names_the_part_and_the_version(rules: Path) -> None:
    change(rules, SPM09, "value: 24", "value: 30")
    (problem,) = problems(rules)
    assert problem.grave
    version = next(r.version for r in load_rule_base().rules if r.id == "SPM-09")
    assert str(problem) == (
        f"SPM-09 changed (parameters.long_maintenance) but its version is still {version}: raise it, then make lock"
    )


@pytest.mark.parametrize(
    ("old", "new", "part"),
    [
        ("review together; experts differ", "review; experts differ", "card.summary"),
        ("    {facts}\n\n", "    {facts}\n\n    Ask the patient.\n\n", "card.detail"),
        ("phase: maintenance, active: current}\nunless", "phase: maintenance}\nunless", "variants.long"),
        ("because: Dates decide", "because: The dates decide", "unknown"),
    ],
)
def test_each_part_is_named(rules: Path, old: str, new: str, part: str) -> None:
    change(rules, SPM09, old, new)
    assert [f"({part})" in str(problem) for problem in problems(rules)] == [True]


def test_a_raised_version_only_needs_a_new_lock(rules: Path) -> None:
    change(rules, SPM09, "value: 24", "value: 30")
    change(rules, SPM09, *raised("SPM-09"))
    (problem,) = problems(rules)
    assert not problem.grave
    assert "SPM-09 is at 9.0.0" in str(problem)


def test_a_version_does_not_go_down(rules: Path) -> None:
    change(rules, SPM09, raised("SPM-09")[0], "version: 0.9.10")
    (problem,) = problems(rules)
    assert problem.grave
    assert "goes back" in str(problem)


def test_versions_are_compared_as_numbers() -> None:
    old, new = ({"SPM-01": {"version": v, "parts": {}}} for v in ("1.9.0", "1.10.0"))
    none = {"version": "1.0.0", "groups": {}}
    locks = (Lock.model_validate({"catalogue": none, "rules": rules}) for rules in (old, new))
    assert [problem.grave for problem in compare(*locks)] == [False]


def test_a_rule_that_is_gone(rules: Path) -> None:
    (rules / "record/spm-29-data-gaps.yaml").unlink()
    gone = problems(rules)[0]
    assert gone.grave
    assert "SPM-29 is gone" in str(gone)


def test_a_rule_that_is_new(rules: Path) -> None:
    text = (rules / SPM09).read_text(encoding="utf-8").replace("SPM-09", "SPM-97").replace("/spm-09", "/spm-97")
    (rules / "lenalidomide/spm-97-long-maintenance.yaml").write_text(text, encoding="utf-8")
    (problem,) = problems(rules)
    assert (problem.text, problem.grave) == ("SPM-97 is new: run make lock", False)


def test_a_draft_is_not_locked(rules: Path) -> None:
    text = (rules / SPM09).read_text(encoding="utf-8").replace("SPM-09", "SPM-97").replace("/spm-09", "/spm-97")
    text = text.replace("status: active", "status: draft")
    (rules / "lenalidomide/spm-97-long-maintenance.yaml").write_text(text, encoding="utf-8")
    assert problems(rules) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "part"),
    [
        ("conventions.yaml", "Longest stretch", "The longest stretch",
         "conventions: conventions.yaml parameters.bridge_gap"),
        ("evidence.yaml", "title: Myeloma XI, lenalidomide maintenance", "title: XI",
         "evidence: evidence.yaml E01"),
        ("texts.yaml", "  - prescribe\n", "", "texts: texts.yaml forbidden"),
        ("gaps.yaml", "Was there ever a stem-cell transplant?", "Was there a transplant?", "texts: gaps.yaml"),
        ("cards.yaml", "most_cards: 4", "most_cards: 5", "texts: cards.yaml most_cards"),
        ("common.yaml", "id: deceased", "id: dead", "conventions: common.yaml unless"),
    ],
)  # fmt: skip
def test_what_is_no_rule_goes_under_the_catalogues_version(
    rules: Path, file: str, old: str, new: str, part: str
) -> None:
    change(rules, file, old, new)
    (problem,) = problems(rules)
    assert problem.grave
    assert str(problem).startswith("The catalogue changed (" + part)
    assert "its version (rules/common.yaml) is still" in str(problem)


def test_each_value_set_is_a_part() -> None:
    parts = shipped().catalogue.groups["value_sets"]
    assert "value_sets/drugs/lenalidomide.yaml" in parts
    assert "value_sets/_systems.yaml" in parts


def run(*args: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["rules", "lock", *args])
    return result.exit_code, result.stderr


def test_the_command_writes_checks_and_refuses(rules: Path) -> None:
    lock = rules / "versions.lock"
    assert run("--root", str(rules), "--check")[0] == 1
    assert run("--root", str(rules))[0] == 0
    assert run("--root", str(rules), "--check")[0] == 0
    before = lock.read_bytes()
    change(rules, SPM09, "value: 24", "value: 30")
    code, told = run("--root", str(rules))
    assert code == 1
    assert "SPM-09 changed (parameters.long_maintenance)" in told
    assert lock.read_bytes() == before
    change(rules, SPM09, *raised("SPM-09"))
    assert run("--root", str(rules), "--check")[0] == 1
    assert run("--root", str(rules))[0] == 0
    assert run("--root", str(rules), "--check")[0] == 0


def test_a_spoilt_lock_is_named(rules: Path) -> None:
    (rules / "versions.lock").write_text("catalogue: {}\nrules: {}\n", encoding="utf-8")
    with pytest.raises(RuleFileError, match=r"versions\.lock: catalogue\.version: is missing"):
        read_lock(rules / "versions.lock")
    assert run("--root", str(rules), "--check")[0] == 2


def test_a_check_is_locked_under_its_own_version(rules: Path) -> None:
    change(rules, "checks/skin.yaml", "title: ", "title: New ")
    (problem,) = problems(rules)
    assert problem.grave
    assert str(problem).startswith("check skin changed (title) but its version is still")
