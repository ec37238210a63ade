"""Words and JSON of facts: what is said, what is left out, and that nothing of a record's text comes through."""

from __future__ import annotations

import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spmwatch.engine.dates import DateRange
from spmwatch.engine.episodes import (
    VOCABULARY,
    Course,
    Cumulative,
    Disease,
    Episode,
    Found,
    Lab,
    Malignancy,
    Missing,
    Order,
    PatientEpisode,
    Span,
    Transplant,
)
from spmwatch.engine.facts import (
    Certainty,
    Coverage,
    Diagnosis,
    Dose,
    DrugExposure,
    Gap,
    LabValue,
    Patient,
    PatientRecord,
    Proof,
    Source,
    Standing,
    Statement,
)
from spmwatch.engine.presentation import (
    date_as_json,
    describe,
    episode_as_json,
    fact_as_json,
    gap_as_json,
    record_as_json,
)
from tests.strategies.episodes import episode as random_episode


def day(text: str) -> Span:
    return Span.of_days(DateRange.parse(text))


MAINTENANCE = Course(
    id="c",
    drug="lenalidomide",
    form="oral",
    phase="maintenance",
    active="current",
    start=day("2021-02-15"),
    end=day("2026-01-15"),
    duration=Span.exactly(59),
    sources=(
        Source(reference="MedicationRequest/m1", element="authoredOn"),
        Source(reference="MedicationRequest/m1", element="dosageInstruction[0]"),
        Source(reference="MedicationDispense/d1"),
    ),
)


@pytest.mark.parametrize(
    ("episode", "text"),
    [
        (MAINTENANCE, "lenalidomide, maintenance, 2021-02-15 to 2026-01-15 (current), 59 months"),
        (
            Course(
                id="c",
                drug="lenalidomide",
                phase="maintenance",
                active="current",
                start=day("2024"),
                end=day("2026-01-15"),
                duration=Span(12.5, 24.5),
                certainty=Certainty.LOW,
            ),
            "lenalidomide, maintenance, 2024 to 2026-01-15 (current), 12.5 to 24.5 months (recognised by words only)",
        ),
        (
            Course(
                id="c",
                drug="melphalan",
                form="iv-high-dose",
                active="past",
                start=day("2020-11-08"),
                end=day("2020-11-08"),
            ),
            "high-dose intravenous melphalan, 2020-11-08 (ended)",
        ),
        (
            Course(
                id="c",
                drug="melphalan",
                active="past",
                start=Span.of_days(DateRange(None, date(2020, 1, 1))),
                end=Span.of_days(DateRange(date(2020, 1, 3), date(2020, 1, 9))),
            ),
            (
                "melphalan (route or kind not recorded), start on or before 2020-01-01, "
                "end between 2020-01-03 and 2020-01-09 (ended)"
            ),
        ),
        (
            Course(id="c", drug="melphalan", standing=Standing.POSSIBLE, hypothetical=True),
            "melphalan (not recorded, but data that were not supplied could hold it)",
        ),
        (
            Cumulative(id="c", drug="lenalidomide", phase="any", active="past", duration=Span(40, 1800)),
            "lenalidomide in total, all phases together, at least 40 months (ended)",
        ),
        (Order(id="o", drug="lenalidomide"), "draft order of lenalidomide"),
        (Transplant(id="t"), "stem-cell transplant of unknown kind, date not known"),
        (Disease(id="d", family="myeloma", age_at_onset=Span(0, 150)), "myeloma"),
        (
            Malignancy(id="m", role="spm", group="mds", status="active", onset=day("2025-06")),
            "myelodysplastic syndrome, second primary cancer, active, onset 2025-06",
        ),
        (
            Malignancy(id="m", role="prior", group="solid", organ="breast", status="resolved"),
            "solid cancer (breast), before myeloma, resolved",
        ),
        (
            Lab(id="l", analyte="hemoglobin", value=Span.exactly(9.6), date=day("2026-01-06")),
            "haemoglobin 9.6 g/dL, 2026-01-06",
        ),
        (
            PatientEpisode(id="p", age=Span.exactly(63), sex="male", indication="myeloma"),
            "63 years old, male, treated for myeloma",
        ),
        (Found(id="f", rule="SPM-04", variant="x", indicator="warning"), "SPM-04 holds (warning)"),
        (
            Missing(id="m", datum="melphalan-kind", decisive="decisive"),
            "missing: melphalan kind, could change the advice",
        ),
    ],
)
def test_an_episode_reads_as_one_line(episode: Episode, text: str) -> None:
    assert describe(episode) == text


@pytest.mark.parametrize(
    ("months", "text"),
    [(24, "24 months"), (24.03, "24.03 months"), (23.99, "23.99 months"), (12.5, "12.5 months"), (0.07, "0.1 months")],
)
def test_a_duration_beside_a_threshold_never_looks_like_it(months: float, text: str) -> None:
    course = Course(id="c", drug="lenalidomide", active="past", duration=Span.exactly(months))
    assert describe(course).endswith(text)


@given(st.data(), st.sampled_from(sorted(VOCABULARY)))
def test_every_episode_has_words_and_json(data: st.DataObject, verb: str) -> None:
    episode = data.draw(random_episode(verb, 1))
    text = describe(episode)
    assert text
    assert "{" not in text
    assert "()" not in text
    assert "  " not in text
    assert json.loads(json.dumps(episode_as_json(episode), allow_nan=False))["text"] == text


def test_an_episode_as_json_names_units_and_keeps_each_reference_once() -> None:
    assert episode_as_json(MAINTENANCE) == {
        "kind": "course",
        "drug": "lenalidomide",
        "form": "oral",
        "phase": "maintenance",
        "active": "current",
        "start": "2021-02-15",
        "end": "2026-01-15",
        "duration_months": 59,
        "since": None,
        "certainty": "high",
        "standing": "counts",
        "references": ["MedicationRequest/m1", "MedicationDispense/d1"],
        "text": "lenalidomide, maintenance, 2021-02-15 to 2026-01-15 (current), 59 months",
    }


def test_what_is_not_known_exactly_is_a_span_and_what_is_not_known_null() -> None:
    body = episode_as_json(Course(id="c", drug="melphalan", start=day("2021"), duration=Span(3, 1800)))
    assert body["start"] == {"earliest": "2021-01-01", "latest": "2021-12-31"}
    assert body["end"] is None
    assert body["duration_months"] == {"low": 3, "high": None}


def test_a_transplant_keeps_kind_for_what_it_is() -> None:
    body = episode_as_json(Transplant(id="t", kind="autologous"))
    assert (body["kind"], body["transplant_kind"]) == ("transplant", "autologous")


@pytest.mark.parametrize(
    ("days", "value"),
    [
        (None, None),
        (DateRange(None, None), None),
        (DateRange.parse("2021-05-03"), "2021-05-03"),
        (DateRange.parse("2021-05"), {"earliest": "2021-05-01", "latest": "2021-05-31"}),
        (DateRange(None, date(2020, 1, 1)), {"earliest": None, "latest": "2020-01-01"}),
    ],
)
def test_dates_as_json(days: DateRange | None, value: object) -> None:
    assert date_as_json(days) == value


def test_a_drug_fact_has_agent_and_concept() -> None:
    fact = DrugExposure(
        concept="melphalan-oral",
        drug="melphalan",
        proof=Proof.REQUEST,
        start=DateRange.parse("2021-05"),
        dose=Dose(value=10.0, unit="mg"),
        reasons=("multiple-myeloma",),
        sources=(Source(reference="MedicationRequest/m1", element="status"),),
    )
    body = fact_as_json(fact)
    assert (body["kind"], body["agent"], body["concept"]) == ("drug-exposure", "melphalan", "melphalan-oral")
    assert body["dose"] == {"value": 10, "unit": "mg"}
    assert body["reasons"] == ["multiple-myeloma"]
    assert body["references"] == ["MedicationRequest/m1"]
    assert body["sources"] == [{"reference": "MedicationRequest/m1", "element": "status"}]


def test_other_facts_have_a_concept_and_no_agent() -> None:
    assert fact_as_json(LabValue(analyte="anc", value=0.9, unit="10*9/L"))["concept"] == "anc"
    assert fact_as_json(Statement(what="progression"))["concept"] == "progression"
    assert fact_as_json(Diagnosis(concept="multiple-myeloma"))["agent"] is None


def test_a_record_as_json_does_not_depend_on_the_order_of_facts() -> None:
    facts = (LabValue(analyte="anc", value=0.9, unit="10*9/L"), Diagnosis(concept="multiple-myeloma"))
    one = PatientRecord(id="p", facts=facts, coverage=Coverage(unsupplied=(("Procedure", "--partial"),)))
    other = PatientRecord(id="p", facts=facts[::-1], coverage=one.coverage)
    assert record_as_json(one) == record_as_json(other)
    assert record_as_json(one)["coverage"] == {
        "not_supplied": [{"type": "Procedure", "reason": "--partial"}],
        "until": None,
    }
    assert record_as_json(one)["birth_date"] is None


def test_a_record_tells_birth_date_and_sex() -> None:
    patient = Patient(id="p", birth=DateRange.parse("1963"), sex="female")
    body = record_as_json(PatientRecord(id="p", patient=patient))
    assert body["birth_date"] == {"earliest": "1963-01-01", "latest": "1963-12-31"}
    assert body["sex"] == "female"


def test_every_gap_has_the_same_keys() -> None:
    body = gap_as_json(
        Gap(kind="unreadable", problem="found text", advice="", reference="Condition/c", element="onset")
    )
    assert body == {
        "kind": "unreadable",
        "topic": None,
        "decisive": False,
        "question": None,
        "problem": "found text",
        "advice": None,
        "element": "onset",
        "references": ["Condition/c"],
        "rules": [],
    }
