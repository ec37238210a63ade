"""The step language: every step is explained, its examples are of it alone, and its page is fresh."""

from __future__ import annotations

from pathlib import Path

import pytest

from spmwatch.rule_testing.step_list import StepDefinition, nearest, step_definitions
from spmwatch.rule_testing.step_modules import STEP_MODULES
from tests.unit.cli.running import run

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("step", step_definitions(), ids=lambda step: step.name)
def test_each_example_of_a_step_is_read_by_that_step_alone(step: StepDefinition) -> None:
    assert step.meaning
    assert step.examples
    for example in step.examples:
        readers = [other.name for other in step_definitions() if other.matches(example.sentence)]
        assert (example.keyword.lower(), readers) == (step.kind, [step.name])


def test_every_module_has_steps() -> None:
    assert {step.module for step in step_definitions()} == set(STEP_MODULES)
    assert {path.stem for path in (ROOT / "rule_testing" / "steps").glob("*.py")} - {"__init__", "grammar"} == set(
        STEP_MODULES
    )


@pytest.mark.parametrize(
    ("kind", "sentence", "expected"),
    [
        ("given", "the patient is 62 years old", "Given the patient is a woman aged 62"),
        ("given", "an autologous transplant was done on 2020", "Given an autologous stem cell transplant was done on"),
        ("then", "SPM-05 fires", 'Then SPM-02a fires with indicator "info"'),
        ("given", "lenalidomid was taken since 2023-01-01", "Given lenalidomide 10 mg was taken as maintenance"),
        ("then", "the rule is undecided", "Then it is undecided"),
    ],
)
def test_an_unknown_sentence_has_its_likeliest_among_the_nearest(kind: str, sentence: str, expected: str) -> None:
    assert any(each.startswith(expected) for each in nearest(sentence, kind))


def test_a_sentence_of_another_keyword_is_told_with_that_keyword() -> None:
    assert nearest("it stays silent", "given") == ["Then it stays silent"]


def test_nothing_is_near_to_nonsense() -> None:
    assert nearest("xyzzy", "given") == []


def test_the_page_is_fresh() -> None:
    done = run("steps", "--out", ROOT / "docs" / "steps.md", "--check")
    assert done.exit_code == 0, done.stderr


def test_a_stale_page_is_told(tmp_path: Path) -> None:
    page = tmp_path / "steps.md"
    assert run("steps", "--out", page, "--check").exit_code == 1
    assert run("steps", "--out", page).exit_code == 0
    assert run("steps", "--out", page, "--check").exit_code == 0


def test_sentences_are_searched_by_words() -> None:
    done = run("steps", "history", "TRANSPLANT")
    assert done.exit_code == 0
    assert "Given a history of an autologous stem cell transplant was recorded on 2025-06-01" in done.stdout
    assert "colonoscopy" not in done.stdout
    nothing = run("steps", "bicycle")
    assert (nothing.exit_code, nothing.stdout) == (1, "")
    assert "No sentence speaks of bicycle" in nothing.stderr
