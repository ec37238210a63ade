"""What holds of every timeline, tried on random records."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from spmwatch.engine.dates import DateRange
from spmwatch.engine.episodes import VOCABULARY, Course, Cumulative, PatientEpisode
from spmwatch.engine.facts import (
    Certainty,
    Diagnosis,
    Dose,
    DrugExposure,
    DrugNotTaken,
    DrugOrder,
    Fact,
    LabValue,
    Procedure,
    Proof,
    Source,
    Standing,
    Statement,
)
from tests.unit.engine.timeline_records import AS_OF, DRUGS, only, timeline, total

STEPS = (0, 1, 6, 7, 13, 14, 15, 27, 28, 29, 30, 31, 59, 60, 61, 62, 97, 179, 180, 181, 365, 366, 730, 731, 1500)
PROCEDURES = ("autologous-sct", "sct-unspecified", "allogeneic-sct", "allogeneic-lymphocyte-infusion", "radiotherapy")
CONDITIONS = ("multiple-myeloma", "mgus", "spm-breast", "spm-mds", "spm-solid-other", "history-cancer-breast")
EXAMPLES = int(os.environ.get("TIMELINE_EXAMPLES", "80"))
MISSING = ("MedicationRequest", "Procedure", "Condition")

exact_days = st.sampled_from(STEPS).map(lambda back: AS_OF - timedelta(days=back))


@st.composite
def ranges(draw: st.DrawFn) -> DateRange | None:
    """A day, a partial date, an upper bound, nothing, or a day in the future."""
    day = draw(exact_days)
    return draw(
        st.sampled_from(
            (
                DateRange.on(day),
                DateRange.on(day),
                DateRange.on(day),
                DateRange.parse(f"{day:%Y-%m}"),
                DateRange.parse(f"{day:%Y}"),
                DateRange(None, day),
                None,
                DateRange.on(AS_OF + timedelta(days=3)),
            )
        )
    )


standings = st.sampled_from((Standing.COUNTS, Standing.COUNTS, Standing.POSSIBLE))
certainties = st.sampled_from(Certainty)
sources = st.integers(1, 9).map(lambda number: (Source(reference=f"Resource/{number}"),))
common = {"standing": standings, "certainty": certainties, "sources": sources}
doses = st.sampled_from(
    (
        None,
        None,
        *(Dose(value=v, unit="mg") for v in (10, 15, 25)),
        *(Dose(value=v, unit="mg/m2") for v in (70, 139, 140)),
    )
)


def exposures(concepts: Sequence[str], **fixed: st.SearchStrategy[object]) -> st.SearchStrategy[DrugExposure]:
    return st.sampled_from(concepts).flatmap(
        lambda concept: st.builds(
            DrugExposure,
            **{
                **common,
                "concept": st.just(concept),
                "drug": st.just(DRUGS.get(concept, concept)),
                "proof": st.sampled_from(Proof),
                "start": ranges(),
                "end": st.one_of(st.none(), ranges()),
                "ongoing": st.booleans(),
                "supply_days": st.sampled_from((None, 14, 28, 84)),
                "dose": doses,
                "phase": st.sampled_from((None, None, None, "induction", "maintenance")),
                "reasons": st.sampled_from(((), ("multiple-myeloma",), ("other",))),
                **fixed,
            },
        )
    )


lenalidomide = exposures(("lenalidomide",))
other_drugs = exposures(
    ("melphalan", "melphalan-oral", "melphalan-iv", "bortezomib", "dexamethasone", "cyclophosphamide")
)
denials = st.builds(
    DrugNotTaken, **common, concept=st.just("lenalidomide"), drug=st.just("lenalidomide"), start=ranges(), end=st.none()
)
orders = st.builds(
    DrugOrder, **common, concept=st.just("lenalidomide"), drug=st.just("lenalidomide"), start=ranges(), dose=doses
)
procedures = st.builds(
    Procedure,
    **common,
    concept=st.sampled_from(PROCEDURES),
    date=ranges(),
    is_status=st.booleans(),
)
conditions = st.builds(
    Diagnosis,
    **common,
    concept=st.sampled_from(CONDITIONS),
    onset=ranges(),
    recorded=ranges(),
    abated=st.one_of(st.none(), ranges()),
    clinical_status=st.sampled_from((None, "active", "resolved", "recurrence")),
    history=st.booleans(),
)
values = st.builds(
    LabValue, **common, analyte=st.sampled_from(("anc", "platelets")), value=st.sampled_from((0.4, 0.5, 1.0)),
    unit=st.just("10*9/L"), date=ranges(), comparator=st.sampled_from((None, "<", ">=")), preliminary=st.booleans(),
)  # fmt: skip
statements = st.builds(
    Statement,
    **common,
    what=st.sampled_from(("progression", "transplant-eligible", "transplant-ineligible")),
    date=ranges(),
)
facts = st.one_of(lenalidomide, lenalidomide, other_drugs, denials, orders, procedures, conditions, values, statements)
records = st.lists(facts, max_size=9)
missing_kinds = st.sets(st.sampled_from(MISSING), max_size=2)


@settings(max_examples=EXAMPLES, deadline=None)
@given(records, missing_kinds, st.randoms(use_true_random=False))
def test_the_order_of_facts_never_shows(record: list[Fact], missing: set[str], random_: object) -> None:
    shuffled = list(record)
    random_.shuffle(shuffled)  # type: ignore[attr-defined]
    assert timeline(*record, missing=missing) == timeline(*shuffled, missing=missing)


@settings(max_examples=EXAMPLES, deadline=None)
@given(records, missing_kinds)
def test_every_episode_speaks_the_vocabulary(record: list[Fact], missing: set[str]) -> None:
    line = timeline(*record, missing=missing)
    assert len({episode.id for episode in line.episodes}) == len(line.episodes)
    assert len(only(line, PatientEpisode)) == 1
    for episode in line.episodes:
        assert episode.id
        assert episode.hypothetical <= (episode.standing is Standing.POSSIBLE and episode.topic is not None)
        shape = VOCABULARY[episode.verb]
        for name, word in shape.words.items():
            assert not word.values or getattr(episode, name) in (*word.values, "unknown")
        for name, unit in shape.spans.items():
            span = getattr(episode, name)
            assert span.low <= span.high
            assert not unit.is_day or span.high <= AS_OF.toordinal()


def lows(record: Sequence[Fact]) -> tuple[float, float]:
    """The least that is certain of lenalidomide: of the longest course, and in all."""
    line = timeline(*record)
    certain = [c for c in only(line, Course) if c.drug == "lenalidomide" and c.standing is Standing.COUNTS]
    whole = [c for c in only(line, Cumulative) if c.drug == "lenalidomide" and c.phase == "any"]
    return max((c.duration.low for c in certain), default=-1), max((c.duration.low for c in whole), default=-1)


unphased = exposures(("lenalidomide",), phase=st.none())
possible = exposures(("lenalidomide",), phase=st.none(), standing=st.just(Standing.POSSIBLE))


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.lists(exposures(("lenalidomide",), phase=st.just("maintenance")), max_size=6), possible)
def test_a_possible_record_never_changes_what_is_certain(record: list[DrugExposure], extra: DrugExposure) -> None:
    before, after = lows(record), lows([*record, replace(extra, phase="maintenance")])
    assert after == before or (before == (-1, -1) and after[0] == -1)


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.lists(unphased, min_size=1, max_size=6), st.data())
def test_the_same_record_twice_adds_nothing(record: list[DrugExposure], data: st.DataObject) -> None:
    twin = data.draw(st.sampled_from(record))
    assert lows(record) == lows([*record, twin])


@st.composite
def truths(draw: st.DrawFn) -> tuple[list[DrugExposure], list[DrugExposure]]:
    """What happened, day by day, and a record of it that knows some dates in part only."""
    happened, recorded = [], []
    for number in range(draw(st.integers(1, 5))):
        start = draw(exact_days)
        end = min(AS_OF, start + timedelta(days=draw(st.sampled_from((0, 27, 60, 90, 200, 400)))))
        plain = {"concept": "lenalidomide", "drug": "lenalidomide", "proof": Proof.STATEMENT, "phase": "maintenance"}
        source = (Source(reference=f"MedicationStatement/{number}"),)
        happened.append(DrugExposure(**plain, start=DateRange.on(start), end=DateRange.on(end), sources=source))
        forms = ("{:%Y-%m-%d}", "{:%Y-%m}", "{:%Y}")
        told = (
            DateRange.parse(draw(st.sampled_from(forms)).format(start)),
            DateRange.parse(draw(st.sampled_from(forms)).format(end)),
        )
        recorded.append(DrugExposure(**plain, start=told[0], end=told[1], sources=source))
    return happened, recorded


@settings(max_examples=EXAMPLES, deadline=None)
@given(truths())
def test_the_truth_lies_within_what_a_partial_record_says(pair: tuple[list[DrugExposure], list[DrugExposure]]) -> None:
    happened, recorded = pair
    truth, said = total(*happened), total(*recorded)
    slack = 0.15  # calendar months of one course against covered days of several
    assert said.duration.low - slack <= truth.duration.low
    assert truth.duration.high <= said.duration.high + slack
    assert said.active in (truth.active, "unknown")
    true_courses, said_courses = (only(timeline(*facts_), Course) for facts_ in pair)
    for course in true_courses:  # each true course is one that the record leaves possible
        assert any(
            other.start.low <= course.start.low <= other.start.high
            and other.end.low <= course.end.low <= other.end.high
            and other.duration.low <= course.duration.low <= other.duration.high
            for other in said_courses
        ) or len(true_courses) > len(said_courses)
    for other in said_courses:  # each certain course of the record holds of some true one
        assert any(
            course.start.low <= other.start.high
            and course.end.low >= other.end.low
            and course.duration.low >= other.duration.low
            for course in true_courses
        )
