"""The governance page: every rule with its last results, what fails and what nobody knows; nothing else than text."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest
from markupsafe import escape

from spmwatch.engine.catalogue.load import load_rule_base
from spmwatch.rule_book.governance import governance_of, governance_page
from spmwatch.rule_book.mutation_file import Change, Mutation
from spmwatch.rule_book.page import pages_of
from spmwatch.rule_book.results import Reached, Result, Results, rules_used
from spmwatch.rule_book.scenarios import features_under
from tests.support.results_file import all_passed
from tests.unit.rule_book.test_book import Outline

ROOT = Path(__file__).parents[3]
BASE = load_rule_base()
FEATURES = features_under(ROOT / "features")
COVERAGE = (
    Reached(rule="SPM-05", kinds={"fires": (3, 4), "edge": (2, 2)}, missing=("early: it never speaks",)),
    Reached(rule="SPM-06", kinds={"fires": (1, 1)}),
)
RESULTS = all_passed(BASE, FEATURES, COVERAGE)
NASTY = "<script>alert('x')</script><b>"
NOTICED = Change(of="SPM-05", change="SPM-05 hooks[0]: a -> b", noticed_by="one.feature: One")
SURVIVES = Change(
    of="SPM-05", change="SPM-05 parameters.x.value: 1 -> 2", noticed_by=None, missing="no scenario has exactly 1 day"
)
ACCEPTED = Change(of="check skin", change="check skin x: 1 -> 2", noticed_by=None, accepted="Nobody could tell.")
MUTATION = Mutation(rules=rules_used(BASE), each=(NOTICED, SURVIVES, ACCEPTED))


def spoilt(result: Result, **told: str) -> Results:
    """The first scenario of SPM-05 came to something else."""
    index = next(i for i, case in enumerate(RESULTS.scenarios) if case.names == ("SPM-05",))
    cases = list(RESULTS.scenarios)
    cases[index] = dataclasses.replace(cases[index], result=result, **told)
    return dataclasses.replace(RESULTS, scenarios=tuple(cases))


def with_places(page: str) -> str:
    """Without the marks by which paper leaves a file out that the caption names."""
    return re.sub('<span class="file">([^<]*)</span>', r"\1", page)


def section(page: str, id_: str) -> str:
    """What stands in one chapter, or of one rule."""
    page = with_places(page)
    start = page.index(f'id="{id_}">')
    following = re.search(r'<section class="(?:rule|chapter)"|</main>', page[start:])
    assert following is not None
    return page[start : start + following.start()]


@pytest.fixture(scope="module")
def page() -> str:
    return governance_page(BASE, FEATURES, RESULTS, MUTATION)


def test_every_rule_stands_on_it_with_version_numbers_texts_and_sources(page: str) -> None:
    for rule in pages_of(BASE):
        told = section(page, rule.id.lower())
        assert f"Version <strong>{rule.version}</strong>" in told
        assert "What is unknown or untested" in told
        for number in rule.parameters:
            assert f'<td class="value">{number.value} {number.unit}</td>' in told
        for item in rule.evidence:
            assert f"<strong>{item.id} " in told
            assert all(f'href="{escape(link)}"' in told for link in item.links)
        assert told.count('class="badge') >= len(rule.indicators)


def test_every_scenario_of_a_rule_stands_there_with_its_result_and_place(page: str) -> None:
    standing = governance_of(BASE, FEATURES, RESULTS, None).standing
    for rule in BASE.all_rules:
        told = section(page, rule.id.lower())
        assert told.count('<span class="state passed">') == len(standing.of(rule.id)) + len(standing.naming(rule.id))
        for line in standing.of(rule.id):
            assert f"<code>{line.feature.path}:{line.scenario.line}</code>" in told


def test_every_scenario_stands_somewhere(page: str) -> None:
    for feature in FEATURES:
        for scenario in feature.scenarios:
            assert f"<code>{feature.path}:{scenario.line}</code>" in with_places(page)


def test_the_head_tells_version_digest_overlays_day_and_totals(page: str) -> None:
    head = page.partition("<nav")[0]
    total = sum(len(feature.scenarios) for feature in FEATURES)
    assert f"version {BASE.version}" in head
    assert BASE.digest in head
    assert '<time datetime="2026-01-15">' in head
    assert f"<td>{total}, an outline counted once; " in head
    assert f": {total} passed (" in head
    assert "Overlays</th><td>none" in head
    assert '<p class="verdict ">No scenario fails.' in head
    assert "1 of 3; 1 accepted with a reason, 1 open. Tried on 1 of 30 rules and 1 of" in head


def test_a_failure_is_seen_at_the_top_in_the_contents_and_in_the_rule() -> None:
    page = governance_page(BASE, FEATURES, spoilt(Result.FAILED, expected="Then it sings", got="it is mute"), None)
    assert "<strong>1 scenario fails</strong>" in page.partition("<nav")[0]
    assert '<span class="state failed">1 failed</span>' in page.partition("<nav")[2].partition("</nav>")[0]
    for id_ in ("failed", "spm-05"):
        told = section(page, id_)
        assert "expected  Then it sings\ngot       it is mute" in told
    assert "1 of" in section(page, "spm-05")
    assert "fail: the rule does not do what they expect" in section(page, "spm-05")
    assert 'class="state failed"' not in section(page, "spm-06")


def test_a_file_that_could_not_be_read_is_a_failure_too() -> None:
    results = dataclasses.replace(RESULTS, faults=("features/x.feature:3: cannot stand here",))
    page = governance_page(BASE, FEATURES, results, None)
    assert "1 feature file could not be read" in page.partition("<nav")[0]
    assert "features/x.feature:3: cannot stand here" in section(page, "failed")


def test_results_on_other_rules_are_told_as_stale_nowhere_as_passed() -> None:
    older = dataclasses.replace(RESULTS.rule_bases[0], digest="0" * 64, rules={"SPM-05": "0.9.0"})
    cases = tuple(dataclasses.replace(case, rule_base=older.digest) for case in RESULTS.scenarios)
    results = dataclasses.replace(RESULTS, rule_bases=(older,), scenarios=cases)
    page = governance_page(BASE, FEATURES, results, None)
    assert '<span class="state passed">' not in page
    assert "its scenarios last ran on 0.9.0" in section(page, "spm-05")
    assert "it is not known whether they hold" in page
    assert "of rules that have changed since" in page.partition("<nav")[0]


def test_without_results_it_says_that_nothing_is_known() -> None:
    page = governance_page(BASE, FEATURES, None, None)
    assert "No results were given: whether any scenario holds is not known." in page
    assert "No scenario fails" not in page
    told = section(page, "spm-05")
    assert "have no result: whether they hold is not known" in told
    assert "Coverage was not measured" in told
    assert "No change of it was tried" in told


def test_a_rule_without_scenarios_is_told_of_plainly() -> None:
    page = governance_page(BASE, [each for each in FEATURES if "SPM-05" not in each.about], RESULTS, None)
    assert "No scenario at hand is about this rule" in section(page, "spm-05")
    head = page.partition("<nav")[0]
    assert "No scenario at hand is about 1 of the 30 rules." in head
    assert 'class="verdict stale"' in head
    assert "SPM-05" in page.partition("<nav")[2].partition("</nav>")[0]
    assert "Results of scenarios that are no longer there" in page


def test_coverage_and_mutation_are_told_with_what_is_missing(page: str) -> None:
    told = section(page, "spm-05")
    assert "<strong>5/6</strong> covered" in told
    assert "No scenario reaches: early: it never speaks." in told
    assert "<strong>1/2</strong> changes noticed" in told
    assert (
        "No scenario notices the change SPM-05 parameters.x.value: 1 -&gt; 2 (no scenario has exactly 1 day)." in told
    )
    assert "Coverage was not measured" in section(page, "spm-07")
    assert "Check skin" in section(page, "overview")


def test_every_change_stands_there_with_what_became_of_it_and_why(page: str) -> None:
    told = section(page, "changes")
    assert "3 times one thing was changed; a scenario failed 1 times." in told
    for change, why in (
        ("SPM-05 parameters.x.value: 1 -&gt; 2", "no scenario has exactly 1 day"),
        ("check skin x: 1 -&gt; 2", "Nobody could tell."),
        ("SPM-05 hooks[0]: a -&gt; b", "one.feature: One"),
    ):
        assert f'<th scope="row">{change}</th><td>{why}</td>' in told
    assert told.index("Open: ") < told.index("Accepted: ") < told.index("Noticed</h3>")
    assert 'id="changes"' not in governance_page(BASE, FEATURES, RESULTS, None)


def test_what_all_rules_share_is_no_check() -> None:
    shared = Change(of="conventions", change="conventions x: 1 -> 2", noticed_by="one.feature: One")
    page = governance_page(BASE, FEATURES, RESULTS, dataclasses.replace(MUTATION, each=(*MUTATION.each, shared)))
    assert f"rules and 1 of {len(BASE.checks)} checks, and on what all rules share" in page
    assert "Conventions</th>" in section(page, "overview")
    assert "Conventions: 1 of 1" in section(page, "changes")


def test_counts_of_scenarios_can_be_joined_with_those_of_a_run(page: str) -> None:
    lines = governance_of(BASE, FEATURES, RESULTS, None).standing.lines
    every = len(RESULTS.scenarios)
    assert every > len(lines)
    assert f": {every} ran, each example of an outline counted" in page
    assert f"{len(lines)}, an outline counted once; in brackets each of its examples ({every})" in page
    assert f"{len(lines)} passed ({every})" in page


def test_coverage_says_on_how_many_of_the_rules_it_was_measured(page: str) -> None:
    assert f"(6 of 7 of what the rules owe their scenarios), measured on 2 of {len(BASE.rules)} rules" in page


def test_mutation_of_other_rules_is_marked() -> None:
    older = dataclasses.replace(MUTATION, rules=dataclasses.replace(MUTATION.rules, digest="0" * 64))
    page = governance_page(BASE, FEATURES, RESULTS, older)
    assert "changes noticed, of rules that have changed since" in section(page, "spm-05")


def test_numbers_without_a_source_are_named(page: str) -> None:
    told = governance_of(BASE, FEATURES, RESULTS, None)
    found = [rule for rule in told.rules if any("(conventions)" in line for line in rule.open)]
    assert found
    for rule in found:
        named = next(line for line in rule.open if "(conventions)" in line).partition("(conventions): ")[2]
        numbers = {number.name: number for number in rule.page.parameters}
        assert all(
            BASE.evidence[id_].kind.value == "convention"
            for name in named.rstrip(".").split(", ")
            for id_ in numbers[name].evidence
        )


def test_it_loads_nothing_and_all_of_its_links_lead_somewhere(page: str) -> None:
    outline = Outline(page)
    assert outline.loads == []
    assert outline.open == []
    assert not re.search(r"url\(|@import", page)
    inside = {link.removeprefix("#") for link in outline.links if link.startswith("#")}
    assert inside <= set(outline.ids)
    assert len(outline.ids) == len(set(outline.ids))


def test_the_same_results_give_the_same_page(page: str) -> None:
    assert governance_page(BASE, FEATURES, RESULTS, MUTATION) == page


def test_no_text_becomes_markup() -> None:
    results = dataclasses.replace(spoilt(Result.FAILED, expected=NASTY, got=NASTY), faults=(NASTY,), only=NASTY)
    gone = dataclasses.replace(RESULTS.scenarios[0], scenario=NASTY, name=NASTY, file=NASTY)
    results = dataclasses.replace(results, scenarios=(*results.scenarios, gone))
    nasty = Mutation(rules=rules_used(BASE), each=(dataclasses.replace(SURVIVES, change=NASTY, missing=NASTY),))
    features = [dataclasses.replace(FEATURES[0], path=NASTY), *FEATURES[1:]]
    page = governance_page(BASE, features, results, nasty)
    assert "<script" not in page
    assert "<b>" not in page
    assert page.count("&lt;script&gt;") >= 6
