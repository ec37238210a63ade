"""The last result of a scenario counts for the text, the rules and the software that it was of, and for no other."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from spmwatch.engine.catalogue.load import load_rule_base
from spmwatch.engine.errors import InputError
from spmwatch.rule_book.results import CaseResult, Result, Results, read_results, rules_used, written
from spmwatch.rule_book.scenarios import Feature, Scenario, read_feature
from spmwatch.rule_book.standing import Line, State, named_in, standing_of
from tests.support.results_file import all_passed

ROOT = Path(__file__).parents[3]
BASE = load_rule_base()
ACS = load_rule_base(overlays=(ROOT / "examples" / "overlays" / "acs",))
TEXT = """\
@rule:SPM-05
Feature: Invented
  Background:
    Given today is 2026-01-15

  @fires
  Scenario: One
    Given the patient is a woman aged 62
    When the rules are evaluated
    Then it stays silent

  Scenario Outline: Two, <age>
    Given the patient is a woman aged <age>
    When the rules are evaluated
    Then <rule> stays silent

    Examples:
      | age | rule   |
      | 61  | SPM-09 |
      | 62  | SPM-2a |
"""


def feature(folder: Path, text: str = TEXT, shown: str = "features/one.feature") -> Feature:
    path = folder / "one.feature"
    path.write_text(text, encoding="utf-8")
    found = read_feature(path, shown)
    assert found is not None
    return found


def changed(results: Results, change: Callable[[CaseResult], CaseResult], of: str = "One") -> Results:
    cases = tuple(change(case) if case.scenario == of else case for case in results.scenarios)
    return dataclasses.replace(results, scenarios=cases)


def failed(case: CaseResult) -> CaseResult:
    return dataclasses.replace(case, result=Result.FAILED, expected="Then it stays silent", got="it fires")


def first(of: Feature, results: Results | None) -> Line:
    return standing_of(BASE, [of], results).lines[0]


def test_what_ran_on_these_rules_in_these_words_stands(tmp_path: Path) -> None:
    one = feature(tmp_path)
    results = all_passed(BASE, [one])
    standing = standing_of(BASE, [one], results)
    assert [(line.state, line.passed) for line in standing.lines] == [(State.PASSED, 1), (State.PASSED, 2)]
    assert first(one, changed(results, failed)).state is State.FAILED


def test_without_results_nothing_is_known(tmp_path: Path) -> None:
    assert first(feature(tmp_path), None).state is State.NOT_RUN


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("aged 62\n    When the rules", "aged 63\n    When the rules"),
        ("2026-01-15", "2026-01-16"),
        ("@rule:SPM-05", "@rule:SPM-06"),
        ("Then it stays silent\n\n", "Then it stays silent\n    And SPM-09 stays silent\n\n"),
    ],
    ids=["a step", "the background", "the rule that `it` is", "one more question"],
)
def test_a_result_of_other_words_is_stale(tmp_path: Path, old: str, new: str) -> None:
    results = all_passed(BASE, [feature(tmp_path)])
    assert old in TEXT
    line = first(feature(tmp_path, TEXT.replace(old, new)), results)
    assert line.state is State.STALE
    assert line.why == "its text has changed since it passed"


def test_an_example_more_makes_an_outline_stale_and_leaves_the_others(tmp_path: Path) -> None:
    results = all_passed(BASE, [feature(tmp_path)])
    more = feature(tmp_path, TEXT + "      | 63  | SPM-09 |\n")
    assert [line.state for line in standing_of(BASE, [more], results).lines] == [State.PASSED, State.STALE]


def test_remarks_layout_and_tags_of_kinds_change_nothing(tmp_path: Path) -> None:
    results = all_passed(BASE, [feature(tmp_path)])
    moved = "# a remark\n\n" + TEXT.replace("@fires", "@near-miss").replace("    Given", "      Given")
    assert first(feature(tmp_path, moved), results).state is State.PASSED


def test_a_result_on_other_rules_is_stale_also_where_it_failed(tmp_path: Path) -> None:
    one = feature(tmp_path)
    results = changed(all_passed(BASE, [one]), failed)
    older = dataclasses.replace(BASE, digest="0" * 64)
    line = standing_of(older, [one], results).lines[0]
    assert (line.state, line.why) == (State.STALE, "the rules have changed since it failed")
    assert [case.got for case in line.failures] == ["it fires"]


def test_a_result_of_another_spmwatch_is_stale(tmp_path: Path) -> None:
    one = feature(tmp_path)
    line = first(one, dataclasses.replace(all_passed(BASE, [one]), software="0.0.1"))
    assert (line.state, line.why) == (State.STALE, "spmwatch has changed (it was 0.0.1) since it passed")


def test_a_run_with_an_overlay_tells_nothing_of_the_rules_beneath_and_the_other_way_round(tmp_path: Path) -> None:
    one = feature(tmp_path)
    above, beneath = all_passed(ACS, [one]), all_passed(BASE, [one])
    assert first(one, above).state is State.ELSEWHERE
    assert "acs 1.0.0" in first(one, above).why
    assert standing_of(ACS, [one], beneath).lines[0].state is State.ELSEWHERE
    assert standing_of(ACS, [one], above).lines[0].state is State.PASSED


def test_one_example_that_fails_fails_all_of_the_outline(tmp_path: Path) -> None:
    one = feature(tmp_path)
    results = changed(all_passed(BASE, [one]), lambda case: failed(case) if case.example == 1 else case, "Two, <age>")
    line = standing_of(BASE, [one], results).lines[1]
    assert (line.state, line.passed, [case.example for case in line.failures]) == (State.FAILED, 1, [1])


def test_an_outline_of_which_some_examples_did_not_run_has_not_passed(tmp_path: Path) -> None:
    one = feature(tmp_path)
    skipped = changed(
        all_passed(BASE, [one]),
        lambda case: dataclasses.replace(case, result=Result.NOT_RUN) if case.example == 1 else case,
        "Two, <age>",
    )
    line = standing_of(BASE, [one], skipped).lines[1]
    assert (line.state, line.why) == (State.NOT_RUN, "only 1 of 2 examples ran")
    cut = dataclasses.replace(skipped, scenarios=skipped.scenarios[:-1])
    assert standing_of(BASE, [one], cut).lines[1].state is State.NOT_RUN


def test_a_scenario_of_another_name_has_no_result_and_the_old_result_is_told_of(tmp_path: Path) -> None:
    results = all_passed(BASE, [feature(tmp_path)])
    standing = standing_of(BASE, [feature(tmp_path, TEXT.replace("Scenario: One", "Scenario: Uno"))], results)
    assert standing.lines[0].state is State.NOT_RUN
    assert [case.name for case in standing.gone] == ["One"]


def test_a_run_from_another_folder_is_recognised_unless_two_files_could_be_meant(tmp_path: Path) -> None:
    here = feature(tmp_path)
    elsewhere = all_passed(BASE, [feature(tmp_path, shown="site/features/one.feature")])
    assert first(here, elsewhere).state is State.PASSED
    other = all_passed(BASE, [feature(tmp_path, shown="other/features/one.feature")])
    both = dataclasses.replace(elsewhere, scenarios=elsewhere.scenarios + other.scenarios)
    assert first(here, both).state is State.NOT_RUN


def test_rules_are_found_by_tag_and_by_name_with_the_letter_of_a_part(tmp_path: Path) -> None:
    ids = {"SPM-05", "SPM-09", "SPM-2", "SPM-0"}
    one, two = feature(tmp_path).scenarios
    assert named_in(one, ids) == {"SPM-05"}
    assert named_in(two, ids) == {"SPM-05", "SPM-09", "SPM-2"}
    assert named_in(two, ids, two.rows[0]) == {"SPM-05", "SPM-09"}


def test_a_background_below_rule_counts_for_the_scenarios_there_alone(tmp_path: Path) -> None:
    text = dedent("""\
        Feature: Invented
          Rule: A
            Background:
              Given today is {day}
            Scenario: In
              Then SPM-05 stays silent
          Rule: B
            Scenario: Out
              Then SPM-05 stays silent
        """)

    def digests(day: str) -> list[str]:
        scenarios: tuple[Scenario, ...] = feature(tmp_path, text.format(day=day)).scenarios
        return [scenario.digest for scenario in scenarios]

    before, after = digests("2026-01-15"), digests("2026-01-16")
    assert before[0] != after[0]
    assert before[1] == after[1]


def test_a_results_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    results = changed(all_passed(BASE, [feature(tmp_path)]), failed)
    path = tmp_path / "results.json"
    path.write_bytes(written(results))
    assert read_results(path) == results
    assert results.used(BASE.digest) == rules_used(BASE)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"{", "does not fit"),
        (b'{"spmwatch_results": 2}', "spmwatch_results"),
        (b'{"spmwatch_results": 1, "software": "1", "rule_bases": [], "scenarios": []}', "day"),
        (None, "cannot be read"),
    ],
)
def test_what_is_no_results_file_is_refused_with_the_place(tmp_path: Path, content: bytes | None, says: str) -> None:
    path = tmp_path / "results.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=says) as caught:
        read_results(path)
    assert "spmwatch test --results" in str(caught.value)
