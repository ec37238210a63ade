"""Timelines made by hand, for what is drawn and printed of them."""

from __future__ import annotations

from datetime import date

from spmwatch.engine.dates import DateRange
from spmwatch.engine.episodes import (
    ANY_DAY,
    Course,
    Cumulative,
    Disease,
    Done,
    Episode,
    Lab,
    Malignancy,
    Order,
    PatientEpisode,
    Span,
    Stated,
    Timeline,
    Transplant,
)
from spmwatch.engine.facts import Certainty, Source, Standing

AS_OF = date(2026, 1, 15)


def day(text: str) -> Span:
    """A FHIR date as a span of days."""
    return Span.of_days(DateRange.parse(text))


def source(reference: str) -> tuple[Source, ...]:
    return (Source(reference=reference),)


def transplanted(*more: Episode, patient: str = "P01") -> Timeline:
    """P01: induction, high-dose melphalan and transplant, then maintenance to this day."""
    return Timeline(
        patient=patient,
        as_of=AS_OF,
        episodes=(
            PatientEpisode(id="patient", age=Span.exactly(62), sex="female", indication="myeloma"),
            Disease(id="mm", family="myeloma", onset=day("2020-03-15"), sources=source("Condition/mm")),
            Course(
                id="induction",
                drug="lenalidomide",
                form="oral",
                phase="induction",
                active="past",
                start=day("2020-04-01"),
                end=day("2020-09-15"),
                duration=Span.exactly(5.5),
                sources=source("MedicationRequest/m1"),
            ),
            Course(
                id="maintenance",
                drug="lenalidomide",
                form="oral",
                phase="maintenance",
                active="current",
                start=day("2021-02-15"),
                end=day("2026-01-15"),
                duration=Span.exactly(59),
                sources=source("MedicationRequest/m2"),
            ),
            Cumulative(id="total", drug="lenalidomide", phase="any", active="current", duration=Span.exactly(64.5)),
            Course(
                id="conditioning",
                drug="melphalan",
                form="iv-high-dose",
                active="past",
                start=day("2020-11-08"),
                end=day("2020-11-09"),
                duration=Span.exactly(0.07),
            ),
            Transplant(id="t", kind="autologous", date=day("2020-11-10"), sources=source("Procedure/p1")),
            *more,
        ),
    )


def crowded(patient: str = "P02") -> Timeline:
    """Everything at once: partial dates, words only, early and undated events, many laboratory values."""
    return transplanted(
        Course(
            id="dex", drug="dexamethasone", active="past", start=day("2020"), end=day("2020-12"), duration=Span(0, 12)
        ),
        Course(
            id="mel",
            drug="melphalan",
            form="oral",
            active="past",
            start=day("2022-03"),
            end=day("2022-09-10"),
            duration=Span(5.3, 6.3),
            certainty=Certainty.LOW,
        ),
        Malignancy(id="c1", role="prior", group="solid", organ="breast", status="remission", onset=day("1998")),
        Malignancy(id="c2", role="spm", group="mds", status="active", onset=day("2025-06-10")),
        Malignancy(id="c3", role="spm", group="nmsc", status="active", onset=day("2024-06")),
        Stated(id="s1", what="response-cr", date=day("2021-01-10")),
        Stated(id="s2", what="progression", date=day("2025-02-10")),
        Done(id="d1", what="radiotherapy", date=day("2021")),
        Done(id="d2", what="colonoscopy", date=ANY_DAY),
        Order(id="o", drug="lenalidomide", form="oral"),
        Course(id="hypothesis", drug="melphalan", hypothetical=True, standing=Standing.POSSIBLE),
        *(
            Lab(
                id=f"hb-{year}-{month}",
                analyte="hemoglobin",
                value=Span.exactly(9 + (year + month) % 4),
                date=day(f"{year}-{month:02d}-06"),
            )
            for year in range(2021, 2026)
            for month in (1, 4, 7, 10)
        ),
        patient=patient,
    )
