"""Transplants: clinical conventions 7.7 at each boundary."""

from __future__ import annotations

import pytest

from spmwatch.engine.episodes import FIRST_DAY, Span
from spmwatch.engine.facts import Certainty, Standing
from tests.unit.engine.timeline_records import (
    AS_OF,
    POSSIBLE,
    asct,
    day_span,
    ordinal,
    procedure,
    timeline,
    transplants,
)

STATUS = {"is_status": True}


def dates(*facts: object) -> list[Span]:
    return [t.date for t in transplants(*facts)]  # type: ignore[arg-type]


def notes(*facts: object) -> list[tuple[str, str | None]]:
    return [(note.kind, note.topic) for note in timeline(*facts).notes]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("second", "count", "noted"),
    [("2020-11-24", 1, 0), ("2020-11-25", 1, 1), ("2020-12-09", 1, 1), ("2020-12-10", 2, 0)],
)
def test_14_days_are_one_30_are_two_and_between_is_one_with_a_note(second: str, count: int, noted: int) -> None:
    facts = [asct("2020-11-10"), asct(second)]
    assert len(transplants(*facts)) == count
    assert len(notes(*facts)) == noted


def test_the_first_day_of_several_codes_is_the_date() -> None:
    assert dates(asct("2020-11-12"), procedure("sct-unspecified", "2020-11-10"), asct("2020-11-20")) == [
        day_span("2020-11-10")
    ]


def test_distance_counts_from_the_first_code() -> None:
    assert dates(asct("2020-01-01"), asct("2020-01-20"), asct("2020-02-08")) == [
        day_span("2020-01-01"),
        day_span("2020-02-08"),
    ]


@pytest.mark.parametrize(
    ("concepts", "kind"),
    [
        (["sct-unspecified", "autologous-sct"], "autologous"),
        (["sct-unspecified", "allogeneic-sct"], "allogeneic"),
        (["autologous-sct", "autologous-sct-gene-modified"], "gene-modified"),
        (["allogeneic-sct", "syngeneic-sct"], "syngeneic"),
        (["sct-unspecified"], "unknown"),
        (["autologous-sct", "allogeneic-sct"], "unknown"),
    ],
)
def test_the_narrowest_kind_wins_and_contradictions_leave_it_unknown(concepts: list[str], kind: str) -> None:
    facts = [procedure(concept, "2020-11-10") for concept in concepts]
    assert [t.kind for t in transplants(*facts)] == [kind]
    contradicted = concepts == ["autologous-sct", "allogeneic-sct"]
    assert notes(*facts) == ([("conflict", "transplant-kind")] if contradicted else [])


@pytest.mark.parametrize("concept", ["stem-cell-collection", "sct-planned", "sct-boost"])
def test_what_is_no_transplant(concept: str) -> None:
    assert not transplants(procedure(concept, "2020-11-10"))


def test_a_partial_date_joins_the_transplant_that_it_can_be() -> None:
    assert dates(asct("2020"), asct("2020-11-10")) == [day_span("2020-11-10")]
    assert dates(asct("2020"), asct("2020-03-01"), asct("2020-11-10")) == [
        day_span("2020-03-01"),
        day_span("2020-11-10"),
    ]
    assert dates(asct("2018"), asct("2020-11-10")) == [day_span("2018-01-01", "2018-12-31"), day_span("2020-11-10")]


# -- status and history codes ---------------------------------------------------------------------------------------


def test_a_status_code_speaks_of_the_transplant_before_it() -> None:
    known = asct("2020-11-10")
    for status in (None, "..2020-11-10", "..2023-01-01"):
        found = transplants(known, procedure("sct-unspecified", status, **STATUS))
        assert [(t.kind, t.date) for t in found] == [("autologous", day_span("2020-11-10"))]
        assert len(found[0].sources) == 2


def test_a_status_recorded_before_the_known_transplant_tells_of_another() -> None:
    assert dates(asct("2020-11-10"), procedure("sct-unspecified", "..2020-11-09", **STATUS)) == [
        Span(FIRST_DAY, ordinal("2020-11-09")),
        day_span("2020-11-10"),
    ]


def test_a_status_alone_makes_a_transplant_of_its_kind() -> None:
    found = transplants(procedure("sct-unspecified", "..2023-01-01", **STATUS))
    assert [(t.kind, t.date, t.standing) for t in found] == [
        ("unknown", Span(FIRST_DAY, ordinal("2023-01-01")), Standing.COUNTS)
    ]
    assert transplants(procedure("allogeneic-sct", None, **STATUS))[0].kind == "allogeneic"


def test_several_statuses_of_one_kind_are_one_and_the_earliest_bounds_it() -> None:
    statuses = [procedure("sct-unspecified", f"..{year}-01-01", **STATUS) for year in (2022, 2020, 2023)]
    assert dates(*statuses) == [Span(FIRST_DAY, ordinal("2020-01-01"))]


def test_a_status_names_the_kind_of_a_transplant_of_unknown_kind() -> None:
    found = transplants(
        procedure("sct-unspecified", "2020-11-10"), procedure("autologous-sct", "..2023-01-01", **STATUS)
    )
    assert [(t.kind, t.date) for t in found] == [("autologous", day_span("2020-11-10"))]


def test_a_status_of_another_kind_is_another_transplant() -> None:
    found = transplants(asct("2020-11-10"), procedure("allogeneic-sct", "..2023-01-01", **STATUS))
    assert sorted(t.kind for t in found) == ["allogeneic", "autologous"]


def test_an_undated_procedure_is_like_a_status() -> None:
    assert dates(asct("2020-11-10"), asct(None)) == [day_span("2020-11-10")]
    assert dates(asct(None)) == [Span(FIRST_DAY, AS_OF.toordinal())]


def test_a_possible_transplant_does_not_swallow_a_certain_status() -> None:
    found = transplants(asct("2020-11-10", standing=POSSIBLE), procedure("sct-unspecified", "..2023-01-01", **STATUS))
    assert sorted(t.standing for t in found) == [Standing.COUNTS, Standing.POSSIBLE]


# -- donor lymphocytes ------------------------------------------------------------------------------------------------


def test_donor_lymphocytes_imply_a_donor_transplant_before() -> None:
    found = transplants(procedure("allogeneic-lymphocyte-infusion", "2024-05-01"))
    assert [(t.kind, t.date) for t in found] == [("allogeneic", Span(FIRST_DAY, ordinal("2024-05-01")))]
    assert found[0].certainty is Certainty.HIGH


def test_donor_lymphocytes_after_a_known_donor_transplant_add_nothing() -> None:
    donor = procedure("allogeneic-sct", "2023-05-01")
    assert dates(donor, procedure("allogeneic-lymphocyte-infusion", "2024-05-01")) == [day_span("2023-05-01")]
    assert len(dates(donor, procedure("allogeneic-lymphocyte-infusion", "2022-05-01"))) == 2


def test_donor_lymphocytes_beside_an_autologous_transplant_imply_another() -> None:
    found = transplants(asct("2020-11-10"), procedure("allogeneic-lymphocyte-infusion", "2024-05-01"))
    assert sorted(t.kind for t in found) == ["allogeneic", "autologous"]


# -- standing -----


def test_possible_procedures_make_possible_transplants() -> None:
    assert [t.standing for t in transplants(asct("2020-11-10", standing=POSSIBLE))] == [POSSIBLE]
    joined = transplants(asct("2020-11-10"), procedure("allogeneic-sct", "2020-11-12", standing=POSSIBLE))
    assert [(t.standing, t.kind) for t in joined] == [(Standing.COUNTS, "autologous")]


def test_words_alone_make_low_certainty() -> None:
    words = asct("2020-11-10", certainty=Certainty.LOW)
    assert transplants(words)[0].certainty is Certainty.LOW
    assert transplants(words, procedure("sct-unspecified", "2020-11-10"))[0].certainty is Certainty.HIGH


def test_transplants_after_the_day_of_evaluation_do_not_count() -> None:
    assert not transplants(asct("2026-01-16"))
    assert notes(asct("2026-01-16")) == [("out-of-scope-date", None)]
