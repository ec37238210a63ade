"""What is wrong with a sentence that no step reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from spmwatch.rule_testing.misread import what_is_wrong
from spmwatch.rule_testing.step_list import StepDefinition, step_definitions
from tests.unit.cli.running import run

TAKEN = "lenalidomide 10 mg was taken from {} and continues"
FOUND = "multiple myeloma was diagnosed {}"


@pytest.mark.parametrize(
    ("kind", "sentence", "told"),
    [
        (
            "given",
            TAKEN.format("2025").replace("mg", "g"),
            "`g` is no unit of a dose. Did you mean `mg`? Write one of:",
        ),
        ("given", TAKEN.format("30.06.2025"), "Write the date `30.06.2025` as `2025-06-30`."),
        ("given", TAKEN.format("06/30/2025"), "Write the date `06/30/2025` as `2025-06-30`."),
        ("given", TAKEN.format("2025-6-3"), "Write the date `2025-6-3` as `2025-06-03`."),
        ("given", TAKEN.format("2025/06/03"), "Write the date `2025/06/03` as `2025-06-03`."),
        (
            "given",
            TAKEN.format("06/05/2025"),
            "`from 06/05/2025 and continues` is no time. Write e.g. `from 2024-01-01",
        ),
        ("given", "lenalidomide was taken since 2025", "`since 2025` is no time. Write e.g. `from 2024-01-01 to"),
        ("given", "lenalidomide 10mg was taken on 2025", "Write `10 mg` instead of `10mg`."),
        ("given", "lenalidomide was taken as maintenence on 2025", "`maintenence` is no phase. Did you mean `main"),
        ("given", "lenalidomide was administered on 2025", "`administered` is no word for how a drug is on record."),
        ("given", "Lenalidomide was taken on 2025.", "Leave out the `.` at the end. Write `lenalidomide` with a small"),
        ("given", FOUND.format("on 3 months ago"), "Write `3 months ago` without `on`."),
        ("given", FOUND.format("yesterday"), "Write `1 day ago` instead of `yesterday`."),
        ("given", FOUND.format("a year ago"), "Write `1 year ago` instead of `a year ago`."),
        ("given", FOUND.format("2019-03-01"), "Write `on 2019-03-01`."),
        (
            "given",
            FOUND.format("on 3rd of May"),
            "`3rd of May` is no date. Write year, month and day, e.g. `2024-05-20`;",
        ),
        ("given", FOUND.format("on 2019 and is activ"), "`activ` is no state. Did you mean `active`?"),
        ("given", "today is yesterday", "`1 day ago` is no date. Write year, month and day, e.g. `2024-05-20`."),
        ("given", "a colonoscpy was done on 2024-05-05", "`colonoscpy` is no check. Did you mean `colonoscopy`?"),
        (
            "given",
            "the absence of the lft breast was recorded on 2012",
            "`the lft breast` is no organ. Did you mean `the left breast`?",
        ),
        (
            "given",
            "the patient is a girl aged 62",
            "`girl` is no word for a patient. Write one of: woman, man, person.",
        ),
        ("given", "procedure was not searched", "`procedure` is no type of record. Did you mean `Procedure`?"),
        (
            "given",
            "a smoker of many pack-years was recorded on 2025",
            "`many` is no amount. Write a number such as 10.",
        ),
        ("when", "the chart is opened  # at last", "Write the remark in a line of its own."),
        ("when", "The chart is opened", "Write `the` with a small letter."),
        ("when", "the  chart is opened", "Write one space between words."),
        (
            "then",
            'it recommends with indicator "severe"',
            "`severe` is no indicator. Write one of: info, warning, critical.",
        ),
        ("then", "it recommends with indicator \u201cinfo\u201d", 'Write straight quotes: `"`.'),
        ("then", "it recommends with indicator \u201cinf\u201d", 'Write straight quotes: `"`. `inf` is no indicator.'),
        ("then", "the plan lists skin check as overdo", "`overdo` is no state. Did you mean `overdue`?"),
        ("then", "the plan has skin check next due on 16.01.2026", "Write the date `16.01.2026` as `2026-01-16`."),
        ("then", 'the tier is "high"', "`high` is no tier. Write one of: none, info, warning, critical."),
        ("then", "SPM5 stays silent", "`SPM5` is no rule. Write `it`, `part a` or the id of a rule, such as `SPM-05`."),
    ],
)
def test_the_wrong_word_is_told_and_what_to_write_instead(kind: str, sentence: str, told: str) -> None:
    assert (what_is_wrong(sentence, kind) or "").startswith(told)


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("given", "an autologous transplant was done on 2020-11-10"),
        ("given", "the weather was fine on 2020-11-10"),
        ("given", "it stays silent"),
        ("then", "it fires"),
        ("then", "exactly those rules fire: SPM-01"),
    ],
)
def test_where_it_cannot_be_told_nothing_is_said(kind: str, sentence: str) -> None:
    assert what_is_wrong(sentence, kind) is None


@pytest.mark.parametrize("step", step_definitions(), ids=lambda step: step.name)
def test_a_sentence_that_was_put_right_is_the_one_that_was_meant(step: StepDefinition) -> None:
    for example in step.examples:
        for written in (example.sentence + ".", example.sentence.replace(" ", "  ", 1)):
            if not any(other.matches(written) for other in step_definitions()):
                told = what_is_wrong(written, step.kind)
                assert told in ("Leave out the `.` at the end.", "Write one space between words."), written


def test_it_is_told_instead_of_the_nearest_sentences(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = "Given today is 15.01.2026\nWhen the chart is opened\nThen no rule fires\n"
    text = f"Feature: A\n  Scenario: B\n{steps}"
    (tmp_path / "one.feature").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    done = run("test")
    assert done.exit_code == 2
    assert "one.feature:3: B" in done.stdout
    assert "problem   no step reads like this. Write the date `15.01.2026` as `2026-01-15`.\n" in done.stdout
