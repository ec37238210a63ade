"""A word that is compared with something is known, or the scenario cannot be read: it never holds emptily."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from fhir.resources.R4B import get_fhir_model_class

from spmwatch.engine.errors import CdsError
from spmwatch.rule_testing.play import GIVEN, THEN, WHEN, Said, new_scenario, play
from spmwatch.rule_testing.rule_choice import RuleChoice
from spmwatch.rule_testing.scenario import Scenario
from spmwatch.rule_testing.step_list import Example, StepDefinition, step_definitions
from spmwatch.rule_testing.vocabulary import INTENTS, STATUSES
from tests.unit.cli.running import run

FREE = ("text", "because", "why", "words", "question")
"""What steps call words of somebody else's: a clinician's, a card's."""
FREE_COLUMNS = ("record",)
TODAY = Said(GIVEN, "today is 2026-01-15")
WOMAN = Said(GIVEN, "the patient is a woman aged 62")
MYELOMA = Said(GIVEN, "multiple myeloma was diagnosed on 2019-03-01")
TREATED = Said(GIVEN, "lenalidomide 10 mg was taken as maintenance from 2022-06-01 and continues")
FOUND = "Given the laboratory found\n| date | test | value | unit | "
BEGINNING = (
    "@rule:SPM-05\nFeature: Invented\n  Background:\n"
    + "".join(f"    Given {said.sentence}\n" for said in (TODAY, WOMAN, MYELOMA, TREATED))
    + "  Scenario: A\n"
)


def misspelt(text: str, free: list[tuple[int, int]]) -> Iterator[str]:
    """The text with a letter more in one word, word by word, outside of what is free."""
    for word in re.finditer(r"[A-Za-z]{2,}", text):
        if not any(first <= word.start() < last for first, last in free):
            yield text[: word.start() + 1] + "q" + text[word.start() + 1 :]


def cells_of(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def spoilt(step: StepDefinition, example: Example) -> Iterator[Said]:
    """The example with one word misspelt: of the sentence, of the heading, of a cell."""
    match = re.fullmatch(getattr(step.parser, "regex", re.compile(re.escape(step.parser.name))), example.sentence)
    free = [match.span(name) for name in FREE if match and name in match.re.groupindex]
    table = [cells_of(line) for line in example.table]
    for sentence in misspelt(example.sentence, free):
        yield Said(step.kind, sentence, table)
    for number, row in enumerate(table):
        for column, cell in enumerate(row):
            if number and table[0][column] in FREE_COLUMNS:
                continue
            for other in misspelt(cell, [quoted.span() for quoted in re.finditer(r'"[^"]*"', cell)]):
                rows = [list(each) for each in table]
                rows[number][column] = other
                yield Said(step.kind, example.sentence, rows)


@cache
def evaluated() -> Scenario:
    scenario = new_scenario(RuleChoice().evaluator())
    play(scenario, [TODAY, WOMAN, MYELOMA, TREATED, Said(WHEN, "the chart is opened")])
    return scenario


def say(said: Said) -> None:
    if said.kind == THEN:
        play(evaluated(), [said])
        return
    scenario = new_scenario(RuleChoice().evaluator())
    play(scenario, [TODAY, said] if said.kind == GIVEN and "today is" not in said.sentence else [said])


@pytest.mark.parametrize(
    ("step", "example"),
    [(step, example) for step in step_definitions() for example in step.examples],
    ids=lambda each: getattr(each, "name", None) or getattr(each, "sentence", None),
)
def test_no_word_of_a_sentence_may_be_misspelt(step: StepDefinition, example: Example) -> None:
    sentences = list(spoilt(step, example))
    assert sentences
    passed: list[Said] = []
    for said in sentences:
        try:
            say(said)
        except CdsError:
            continue
        except AssertionError:
            pass  # it would fail, and say that the rules are otherwise
        passed.append(said)
    assert passed == []


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        (
            'Given a medication statement of lenalidomide from 2020-01-01 to 2025-12-31 has the status "nottaken"',
            "`nottaken` is no status of a MedicationStatement that the steps know. Did you mean `not-taken`?",
        ),
        (
            FOUND + "status |\n| 2025-12-10 | platelets | 60 | 10*9/L | enteredinerror |",
            "row 1 (`2025-12-10 | platelets | 60 | 10*9/L | enteredinerror`): `enteredinerror` is no status of an",
        ),
        (
            FOUND + "statsu |\n| 2025-12-10 | platelets | 60 | 10*9/L | entered-in-error |",
            "`statsu` is no column of this table that the steps know. Did you mean `status`?",
        ),
        (FOUND + "lab |\n| 10.12.2025 | platelets | 60 | 10*9/L | A |", "`lab` is no column of this table"),
        (FOUND + "status |\n| 10.12.2025 | platelets | 60 | 10*9/L | |", "`10.12.2025` is no date."),
        (FOUND + "status |\n| 2025-12-10 | platelets | =60 | 10*9/L | |", "`=` is no comparison"),
        ("Given only these rules are looked at: SPM-99", "there is no rule SPM-99."),
        ("Given only these rules are looked at: SPM-02a", "Write `SPM-02` alone."),
        ("Given only these rules are looked at: SPM-05\nGiven only these rules are looked at: SPM-09", "Say it once."),
        (
            "Given the patient died on 2025-02-01\nGiven the patient died at no recorded time",
            "the patient died already",
        ),
        ("Given these rules are left out: SPM-99", "there is no rule SPM-99."),
        ("Given Procedur was not searched", "Did you mean `Procedure`?"),
        ("Given today is 2026-13-15", "`2026-13-15` is no day of the calendar."),
        ("Given lenalidomide was dispensed every 0 days from 2024-01-01 and continues", "a supply of 0 days is none"),
        ("Given lenalidomide was dispensed every 28 days at no recorded time", "have to begin and end on a day"),
        ("Given lenalidomide was dispensed from 2024-01-01 to 2024-06-30", "a hand-over is on one day"),
        ("Given a smoker of 3.0.1 pack-years was recorded on 2025", "no step reads like this"),
        ("Given autologous was done\n| a |\n| b |", "no step reads like this"),
        ("Given MDS was recorded on 2025-06-10\n| a |\n| b |", "the sentence takes no table"),
        ('Given MDS was recorded on 2025-06-10\n"""\nremark\n"""', "the sentence takes no text below it"),
        ("When the chart is opened", "nothing was asked of `When the chart is opened`"),
        ("When the order is signed", "nothing was asked of `When the order is signed`"),
    ],
)
def test_what_would_be_passed_over_before_the_rules_are_asked_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: str, told: str
) -> None:
    done = outcome(tmp_path, monkeypatch, f"{steps}\nWhen the chart is opened\nThen SPM-05 stays silent\n")
    assert done == (2, told) or (done[0] == 2 and told in done[1]), done[1]


@pytest.mark.parametrize(
    ("step", "told"),
    [
        ("Then nothing is asked about the weather", "`weather` is no question that the steps know."),
        ("Then nothing is asked about the lenalidomid dates", "Did you mean `lenalidomide dates`?"),
        ("Then the plan says nothing of cervicl cancer screening", "Did you mean `cervical cancer screening`?"),
        ("Then exactly these rules are undecided: SPM-99", "there is no rule SPM-99."),
        ("Then exactly these rules are undecided: SPM-05 (info)", "Write `SPM-05` alone."),
        ("Then exactly these rules fire: SPM-01 (severe)", "`SPM-01 (severe)` is no rule."),
        ("Then exactly these rules fire: SPM-02", "Write SPM-02a or SPM-02b."),
        ("Then exactly these rules fire: SPM-01, SPM-01", "stands in the list twice"),
        ("Then SPM-99 asks about the blood count", "there is no rule SPM-99."),
        ("Then part x does not fire", "SPM-05 has no part `x`."),
        ("Then thalidomid adds up to 3 months", "Did you mean `thalidomide`?"),
        ("Then the card of SPM-99 tells nothing else", "there is no rule SPM-99."),
        ("Then the card of SPM-01 also tells SPM-05, SPM-5", "`SPM-5` is no rule."),
        ("Then the cards are, in this order: SPM-01", "how urgent is the card of SPM-01?"),
        ('Then the card of SPM-28 does not suggest "Screening mamography of both breasts"', "Did you mean `Screening"),
        ("Then SPM-99 is named without a card", "there is no rule SPM-99."),
        ("Then SPM-05 and SPM-99 stay quiet until 2026-01-15", "there is no rule SPM-99."),
    ],
)
def test_what_cannot_be_asked_is_refused_rather_than_found_to_hold_or_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, told: str
) -> None:
    code, output = outcome(tmp_path, monkeypatch, f"When the chart is opened\n{step}\n")
    assert code == 2, output
    assert told in output
    assert f"one.feature:10: A step {step} problem" in output


def outcome(folder: Path, monkeypatch: pytest.MonkeyPatch, steps: str) -> tuple[int, str]:
    (folder / "one.feature").write_text(BEGINNING + steps, encoding="utf-8")
    monkeypatch.chdir(folder)
    done = run("test")
    return done.exit_code, " ".join(done.output.split())


def test_a_moment_of_which_nothing_is_asked_at_the_end_is_told_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = "When the chart is opened\nThen SPM-05 stays silent\nWhen the visit begins\n"
    code, output = outcome(tmp_path, monkeypatch, steps)
    assert code == 2, output
    assert "one.feature:11: nothing is asked of `When the visit begins`." in output


@pytest.mark.parametrize("kind", STATUSES)
def test_the_statuses_are_those_of_fhir(kind: str) -> None:
    told = get_fhir_model_class(kind).model_fields["status"].json_schema_extra
    assert isinstance(told, dict)
    listed = told["enum_values"]
    assert isinstance(listed, list)
    whole = "+" not in listed  # the library cuts some lists short
    assert {str(one) for one in listed if one != "+"} <= set(STATUSES[kind])
    assert not whole or sorted(map(str, listed)) == sorted(STATUSES[kind])


def test_the_intents_are_those_of_fhir() -> None:
    told = get_fhir_model_class("MedicationRequest").model_fields["intent"].json_schema_extra
    assert isinstance(told, dict)
    assert told["enum_values"] == list(INTENTS)
