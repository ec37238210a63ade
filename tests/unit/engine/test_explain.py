"""The plain reader: comparisons of spans, values against thresholds, and which episode an explanation shows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from spmwatch.engine.catalogue.rule import Rule
from spmwatch.engine.episodes import Course, Cumulative, Episode, PatientEpisode, Span, Transplant
from spmwatch.engine.facts import Standing
from spmwatch.engine.reasoning.explain import Explainer
from spmwatch.engine.reasoning.reading import compare
from spmwatch.engine.reasoning.reports import VariantReport, span_text
from spmwatch.engine.truth import Truth
from tests.strategies.episodes import AS_OF, rule_of

TODAY = AS_OF.toordinal()
PATIENT = PatientEpisode(id="p")
LENALIDOMIDE = Course(
    id="x1", drug="lenalidomide", active="current", start=Span(TODAY - 400, TODAY - 400), end=Span(TODAY, TODAY)
)
MELPHALAN = Course(
    id="x2", drug="melphalan", form="oral", active="past", start=Span(1, TODAY - 900), end=Span(1, TODAY - 800)
)


def explained(rule: Rule, *episodes: Episode) -> VariantReport:
    (variant,) = Explainer([PATIENT, *episodes], AS_OF).explain(rule).variants
    return variant


@pytest.mark.parametrize(
    ("span", "comparison", "limit", "truth"),
    [
        (Span(24, 24), ">", Span(24, 24), Truth.FALSE),
        (Span(24, 24), ">=", Span(24, 24), Truth.TRUE),
        (Span(24.03, 24.03), ">", Span(24, 24), Truth.TRUE),
        (Span(12.5, 24.5), ">", Span(24, 24), Truth.UNKNOWN),
        (Span(12.5, 24), ">", Span(24, 24), Truth.FALSE),
        (Span(1, 3), "<", Span(3, 5), Truth.UNKNOWN),
        (Span(1, 2), "<", Span(3, 5), Truth.TRUE),
        (Span(5, 6), "<=", Span(3, 5), Truth.UNKNOWN),
        (Span(6, 6), "<=", Span(3, 5), Truth.FALSE),
    ],
)
def test_comparisons_at_their_edges(span: Span, comparison: str, limit: Span, truth: Truth) -> None:
    assert compare(span, comparison, limit) is truth


def test_a_threshold_stands_beside_the_value_it_was_missed_by() -> None:
    rule = rule_of("TST-01", {"cumulated": {"drug": "lenalidomide", "duration": {"more_than": "low_mo"}}}, [])
    total = Cumulative(id="c", drug="lenalidomide", phase="any", duration=Span(23.5, 23.5))
    (branch,) = explained(rule, total).branches
    (_, duration) = branch.conditions[0].tests
    assert (duration.value, duration.expected, duration.truth) == ("23.5 mo", "> 24 mo (low_mo)", Truth.FALSE)


def test_the_episode_shown_is_of_the_drug_that_is_asked_for() -> None:
    """A current course of another drug passes more tests, but it is not what the reader asks about."""
    when = {
        "all": [
            {"exposed": {"drug": "lenalidomide", "as": "len"}},
            {"exposed": {"drug": "melphalan", "active": "current", "overlaps": "len"}},
        ]
    }
    (branch,) = explained(rule_of("TST-01", when, []), LENALIDOMIDE, MELPHALAN, replace(LENALIDOMIDE, id="x3")).branches
    shown = branch.conditions[1].episode
    assert shown is not None
    assert shown.id == "x2"


def test_nothing_is_compared_with_an_episode_of_another_drug() -> None:
    when = {
        "all": [{"exposed": {"drug": "melphalan", "as": "mel"}}, {"transplanted": {"date": {"after": "mel.start"}}}]
    }
    transplant = Transplant(id="t", kind="autologous", date=Span(TODAY - 10, TODAY - 10))
    (branch,) = explained(rule_of("TST-01", when, []), LENALIDOMIDE, transplant).branches
    assert branch.truth is Truth.FALSE
    assert branch.conditions[1].tests[0].expected == "> mel.start (none)"


def test_what_would_decide_an_unknown_rule_is_named() -> None:
    rule = rule_of("TST-01", {"exposed": {"drug": "melphalan", "form": "oral"}}, [])
    unclear = replace(MELPHALAN, form="unknown")
    assert explained(rule, unclear).topics == ("melphalan-kind",)
    perhaps = replace(MELPHALAN, standing=Standing.POSSIBLE)
    assert explained(rule, perhaps).topics == ("melphalan-exposure",)
    assert explained(rule, MELPHALAN).topics == ()


def test_an_exact_day_is_not_asked_for_again() -> None:
    """Only the side of a comparison that is not known is a question."""
    when = {
        "all": [{"exposed": {"drug": "lenalidomide", "as": "len"}}, {"transplanted": {"date": {"before": "len.end"}}}]
    }
    undated = Transplant(id="t", kind="autologous", date=Span(1, TODAY + 1))
    assert explained(rule_of("TST-01", when, []), LENALIDOMIDE, undated).topics == ("transplant",)


def test_a_negative_that_holds_is_named() -> None:
    blocked = rule_of(
        "TST-01", {"exposed": {"drug": "lenalidomide"}}, [{"id": "asct", "transplanted": {"kind": "autologous"}}]
    )
    transplant = Transplant(id="t", kind="autologous", date=Span(TODAY, TODAY))
    report = explained(blocked, LENALIDOMIDE, transplant)
    assert report.truth is Truth.FALSE
    assert [(u.id, u.report.truth) for u in report.branches[0].unless] == [("asct", Truth.TRUE)]


@pytest.mark.parametrize(
    ("span", "text"),
    [(Span(24, 24), "24 mo"), (Span(12.5, 24.5), "12.5 to 24.5 mo"), (Span(24.033, 24.033), "24.03 mo")],
)
def test_numbers_in_words(span: Span, text: str) -> None:
    assert span_text(span, "mo", is_day=False) == text
