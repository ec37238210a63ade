"""A rule's page: complete, harmless whatever stands in a text, and the same each time."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from spmwatch.engine.catalogue.evidence import Evidence, Kind, Status
from spmwatch.engine.catalogue.load import load_rule_base
from spmwatch.rule_book.catalogue import catalogue_of
from spmwatch.rule_book.check_page import CheckPage
from spmwatch.rule_book.docs import docs_of, stale
from spmwatch.rule_book.page import RulePage, page_of, pages_of
from spmwatch.rule_book.render import rule_markdown, seen, text_of
from spmwatch.rule_book.scenarios import features_by_rule

FEATURES = Path(__file__).parents[3] / "features"
BASE = load_rule_base()
PAGES = pages_of(BASE, features_by_rule(FEATURES))
every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.id)
NASTY = "<script>alert(1)</script> **a** | b & `c` [x](http://e.example)"


def page(id_: str) -> RulePage:
    """The page of a shipped rule."""
    return next(item for item in PAGES if item.id == id_)


@every_page
def test_a_page_names_its_sources_and_parameters(page: RulePage) -> None:
    text = rule_markdown(page)
    for item in page.evidence:
        assert f"[{item.id}](evidence.md#{item.id.lower()})" in text
        assert all(link in text for link in item.links)
    for number in page.parameters:
        assert f"| `{number.name}` | **{number.value} {number.unit}** |" in text


@every_page
def test_a_page_tells_every_scenario(page: RulePage) -> None:
    assert page.feature is not None
    text = rule_markdown(page)
    for scenario in page.feature.scenarios:
        assert f"Scenario: {scenario.name}" in text
        assert all(f"{step.keyword} {step.text}" in text for step in scenario.steps)


@every_page
def test_every_way_to_speak_and_every_negative_is_told(page: RulePage) -> None:
    text = rule_markdown(page)
    rule = next(rule for rule in BASE.all_rules if rule.id == page.id)
    assert [way.id for way in page.ways] == [variant.id for variant in rule.variants]
    for variant in rule.variants:
        assert all(f"(`{item.id}`)" in text for item in variant.unless)


def test_what_nobody_saw_in_a_source_is_not_shown() -> None:
    text = "".join(docs_of(BASE, None).values())
    for item in BASE.evidence.values():
        assert not any(statement in text for statement in item.unverified)
        assert not any(figure.meaning in text for figure in item.figures.values() if not figure.verified)


def test_an_unverified_source_is_marked_as_hidden() -> None:
    source: Evidence = dataclasses.replace(
        BASE.evidence["E04"], status=Status.UNVERIFIED, says="Nobody saw this.", figures={}
    )
    text = rule_markdown(dataclasses.replace(page("SPM-05"), evidence=(source,)))
    assert "hidden from cards" in text
    assert "Nobody saw this." not in text


def test_no_text_becomes_markup() -> None:
    text = rule_markdown(dataclasses.replace(page("SPM-05"), title=NASTY, rationale=NASTY))
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    assert r"\*\*a\*\* \| b &amp; \`c\` \[x\](http" in text


def test_a_name_of_an_example_column_is_seen() -> None:
    """`<dose>` would vanish as an unknown HTML tag."""
    text = rule_markdown(page("SPM-09"))
    before_the_code = text[: text.index("```gherkin")]
    assert "&lt;dose&gt;" in before_the_code
    assert not re.search(r"<(?!details>|summary>|/summary>|http)", before_the_code)


def test_without_features_a_page_says_where_they_stand() -> None:
    rule = BASE.rules[0]
    assert rule.tests in rule_markdown(page_of(rule, BASE, None))
    assert "not at hand" in rule_markdown(page_of(rule, BASE, None))


def test_rules_that_build_on_each_other_name_each_other() -> None:
    assert [other.id for other in page("SPM-09").builds_on][:2] == ["SPM-03", "SPM-04"]
    assert "SPM-09" in [other.id for other in page("SPM-03").built_on_by]


def test_what_is_given_in_every_case_is_said_once() -> None:
    way = page("SPM-09").ways[-1]
    assert way.id == "long"
    assert way.conditions == ()


def test_letters_are_the_same_wherever_a_condition_is_spoken_of() -> None:
    found = page("SPM-17")
    assert "a course of lenalidomide (A)" in [item.text for item in found.given]
    assert all("(A)" in item.text for way in found.ways for item in way.conditions)


def test_the_same_rules_give_the_same_pages() -> None:
    features = features_by_rule(FEATURES)
    assert docs_of(BASE, features) == docs_of(BASE, features)


def test_stale_pages_are_named(tmp_path: Path) -> None:
    pages = {"a.md": "a\n", "b.md": "b\n"}
    assert stale(tmp_path / "nowhere", pages) == ["a.md", "b.md"]
    (tmp_path / "a.md").write_text("a\n")
    (tmp_path / "b.md").write_text("other\n")
    (tmp_path / "gone.md").write_text("x")
    assert stale(tmp_path, pages) == ["b.md", "gone.md"]


@pytest.mark.parametrize("check", catalogue_of(BASE, None).checks, ids=lambda check: check.id)
def test_the_page_of_checks_tells_every_schedule_test_and_exclusion(check: CheckPage) -> None:
    text = docs_of(BASE, None)["checks.md"]
    assert f"## {check.id}\n" in text
    for schedule in check.schedules:
        assert text_of(schedule.words) in text
        assert all(f"| {test.due} | {test.overdue} |" in text for test in schedule.tests)
    assert all(exclusion.text in text for exclusion in check.exclusions)


def test_a_rule_that_asks_about_a_check_shows_its_schedules() -> None:
    for found in PAGES:
        rule = next(rule for rule in BASE.all_rules if rule.id == found.id)
        assert {check.id for check in found.checks} >= set(rule.follow_up)
        for check in found.checks:
            assert found.id in check.used_by
            assert f"### {check.title}" in rule_markdown(found)


def test_a_convention_is_not_called_seen_in_a_source() -> None:
    evidence = load_rule_base().evidence
    assert seen(evidence["convention"]) == "convention of this project, no source"
    assert {seen(item) for item in evidence.values() if item.kind is Kind.CONVENTION} == {
        "convention of this project",
        "convention of this project, no source",
    }
