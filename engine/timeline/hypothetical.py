"""What unsupplied data could contain: episodes that nobody recorded, each with the question that decides it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from spmwatch.engine.episodes import (
    FIRST_DAY,
    UNBOUNDED,
    UNKNOWN,
    Course,
    Cumulative,
    Disease,
    Done,
    Lab,
    Malignancy,
    Order,
    Span,
    Sustained,
    Transplant,
)
from spmwatch.engine.facts import ORDERED_DRUG, Coverage, Standing, UnidentifiedOrder
from spmwatch.engine.timeline.conventions import Conventions
from spmwatch.engine.timeline.therapy import Known

MEDICATION_TYPES = (
    "MedicationAdministration",
    "MedicationDispense",
    "MedicationRequest",
    "MedicationStatement",
    "MedicationUsage",
)
OBSERVATION = "Observation"


def known_kinds(coverage: Coverage) -> Known:
    """Which kinds of record were supplied."""
    return Known(
        medications=not coverage.lacks(*MEDICATION_TYPES),
        procedures=not coverage.lacks("Procedure"),
        conditions=not coverage.lacks("Condition"),
    )


def hidden_drugs(as_of: int, conventions: Conventions) -> Iterator[Course | Cumulative]:
    """A course of each drug that is looked for, at any time, of any kind and phase."""
    days = Span(FIRST_DAY, as_of)
    duration = Span(0, float(conventions.oldest_plausible_age * 12))
    for drug in conventions.looked_for:
        topic = f"{drug}-exposure"
        yield Course(
            id=f"exposed-hidden-{drug}",
            standing=Standing.POSSIBLE,
            hypothetical=True,
            topic=topic,
            drug=drug,
            start=days,
            end=days,
            duration=duration,
            since=days,
        )
        for phase in ("any", UNKNOWN):
            yield Cumulative(
                id=f"cumulated-hidden-{drug}-{phase}",
                standing=Standing.POSSIBLE,
                hypothetical=True,
                topic=topic,
                drug=drug,
                phase=phase,
                duration=duration,
            )


def hidden_orders(orders: Sequence[UnidentifiedOrder], conventions: Conventions) -> Iterator[Order]:
    """What an order may be of which nothing tells the drug: each that is looked for."""
    sources = tuple(dict.fromkeys(source for order in orders for source in order.sources))
    for drug in conventions.looked_for if orders else ():
        yield Order(
            id=f"ordered-hidden-{drug}",
            standing=Standing.POSSIBLE,
            hypothetical=True,
            topic=ORDERED_DRUG,
            sources=sources,
            drug=drug,
        )


def hidden_transplant(as_of: int) -> Transplant:
    """A transplant of any kind."""
    return Transplant(
        id="transplanted-hidden",
        standing=Standing.POSSIBLE,
        hypothetical=True,
        topic="transplant",
        date=Span(FIRST_DAY, as_of),
    )


def hidden_procedures(as_of: int, conventions: Conventions) -> Iterator[Done]:
    """Each procedure that is looked for, at any time."""
    for what in conventions.procedures_looked_for:
        yield Done(
            id=f"performed-hidden-{what}",
            standing=Standing.POSSIBLE,
            hypothetical=True,
            topic="radiotherapy",
            what=what,
            date=Span(FIRST_DAY, as_of),
        )


def hidden_myeloma(as_of: int, age: Span) -> Disease:
    """Myeloma, where lenalidomide has no recorded reason or conditions were not supplied. `age`: bounds at onset."""
    return Disease(
        id="diagnosed-hidden",
        standing=Standing.POSSIBLE,
        hypothetical=True,
        topic="indication",
        family="myeloma",
        onset=Span(FIRST_DAY, as_of),
        age_at_onset=age,
    )


def hidden_malignancy(as_of: int) -> Malignancy:
    """Another cancer of any kind, before or after."""
    return Malignancy(
        id="malignancy-hidden",
        standing=Standing.POSSIBLE,
        hypothetical=True,
        topic="prior-cancers",
        onset=Span(FIRST_DAY, as_of),
    )


def hidden_values(as_of: int, conventions: Conventions) -> Iterator[Lab | Sustained]:
    """One value of each analyte that is looked for, and one that lasts: of any size, on any day."""
    days, anything = Span(FIRST_DAY, as_of), Span(0, UNBOUNDED)
    for analyte in conventions.values_looked_for:
        yield Lab(
            id=f"measured-hidden-{analyte}",
            standing=Standing.POSSIBLE,
            hypothetical=True,
            topic="blood-count",
            analyte=analyte,
            value=anything,
            date=days,
        )
        yield Sustained(
            id=f"sustained-hidden-{analyte}",
            standing=Standing.POSSIBLE,
            hypothetical=True,
            topic="blood-count",
            analyte=analyte,
            highest=anything,
            lowest=anything,
            first=days,
            last=days,
        )
