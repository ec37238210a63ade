"""The elements that are read of each resource, and nothing else: tolerant views of FHIR JSON.

One view serves STU3, R4, R4B and R5; where an element changed its name or shape, the view has all of them. Whatever is
not named here is ignored, so a fault in it costs nothing. A malformed element that is named here is taken out and
reported (faults.py), and the rest of the resource is still used.
"""

# ruff: noqa: N815 - the fields bear the names of the FHIR elements.
from __future__ import annotations

from functools import lru_cache
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, PlainValidator, model_validator
from pydantic_core import PydanticCustomError

from spmwatch.engine.dates import DateRange
from spmwatch.fhir_adapters.shapes import is_stray_coding, is_stray_concept

_NO_END = 9999
"""The year that systems write for "no end"; as a date it says nothing."""


@lru_cache(maxsize=16_384)
def parse_date(text: str) -> DateRange:
    """A FHIR date, dateTime or instant; the day as it was written, in its own time zone.

    Raises:
        ValueError: not a date, not one that exists, or the year 9999.
    """
    days = DateRange.parse(text)
    if days.latest is not None and days.latest.year >= _NO_END:
        raise ValueError("the year 9999 stands for no date")
    return days


def worded_date(text: str | None) -> DateRange | None:
    """A date that was put into a text element; None for any other words."""
    try:
        return None if text is None else parse_date(text.strip())
    except ValueError:
        return None


def date_of(value: object) -> DateRange | None:
    """The value of a date element; None when there is none.

    Raises:
        ValueError: no date in a string.
    """
    if value is None:
        return None
    if not isinstance(value, str):
        raise ValueError("not a date in a string")
    if value[10:11] == "T" and "\n" not in value:  # the time of day does not matter, and days come again
        return parse_date(value[:10])
    return parse_date(value)


Date = Annotated[DateRange | None, PlainValidator(date_of)]


class View(BaseModel):
    """Base of all views: strict about the type of what it reads, blind to the rest."""

    model_config = ConfigDict(extra="ignore", strict=True, arbitrary_types_allowed=True)


class Coding(View):
    """A code with its system."""

    system: str | None = None
    code: str | None = None
    display: str | None = None


class Concept(View):
    """CodeableConcept."""

    coding: list[Coding] | None = None
    text: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _is_no_coding(cls, value: Any) -> Any:  # noqa: ANN401 - whatever stands there
        """A Coding in its place would be passed over: none of its members is known here."""
        if is_stray_coding(value):
            raise PydanticCustomError("stray_coding", "is a Coding")
        return value


class Identifier(View):
    """A business identifier."""

    system: str | None = None
    value: str | None = None


class Ref(View):
    """Reference."""

    reference: str | None = None
    display: str | None = None
    identifier: Identifier | None = None


class ConceptOrRef(View):
    """R5 CodeableReference."""

    concept: Concept | None = None
    reference: Ref | None = None

    @model_validator(mode="before")
    @classmethod
    def _is_no_concept(cls, value: Any) -> Any:  # noqa: ANN401 - whatever stands there
        """A CodeableConcept in its place would be passed over."""
        if is_stray_concept(value):
            raise PydanticCustomError("stray_concept", "is a CodeableConcept")
        return value


class Quantity(View):
    """Quantity, Age and Duration."""

    value: float | None = None
    comparator: str | None = None
    unit: str | None = None
    system: str | None = None
    code: str | None = None


class Range(View):
    """A span of quantities."""

    low: Quantity | None = None
    high: Quantity | None = None


class Period(View):
    """A span of time."""

    start: Date = None
    end: Date = None


class Repeat(View):
    """Timing.repeat: how long, not how often."""

    boundsPeriod: Period | None = None
    boundsDuration: Quantity | None = None
    boundsRange: Range | None = None


class Timing(View):
    """When something happens."""

    event: list[Date] | None = None
    repeat: Repeat | None = None


class DoseAndRate(View):
    """R4: an amount."""

    doseQuantity: Quantity | None = None


class Dosage(View):
    """How a drug is taken. `doseQuantity` stands here in STU3, `dose` in a MedicationAdministration."""

    modifierExtension: Any = None
    text: str | None = None
    patientInstruction: str | None = None
    timing: Timing | None = None
    site: Concept | None = None
    route: Concept | None = None
    doseAndRate: list[DoseAndRate] | None = None
    doseQuantity: Quantity | None = None
    dose: Quantity | None = None


class Annotation(View):
    """A note."""

    text: str | None = None


class ResourceView(View):
    """What every resource has."""

    implicitRules: Any = None
    modifierExtension: Any = None


class Ingredient(View):
    """Medication.ingredient; `item` is R5."""

    isActive: bool | None = None
    itemCodeableConcept: Concept | None = None
    itemReference: Ref | None = None
    item: ConceptOrRef | None = None


class MedicationView(ResourceView):
    """Medication; `doseForm` is R5."""

    status: str | None = None
    code: Concept | None = None
    form: Concept | None = None
    doseForm: Concept | None = None
    ingredient: list[Ingredient] | None = None


class DrugView(ResourceView):
    """What the four medication records share. `medication` and `reason` are R5."""

    status: str | None = None
    medicationCodeableConcept: Concept | None = None
    medicationReference: Ref | None = None
    medication: ConceptOrRef | None = None
    reasonCode: list[Concept] | None = None
    reasonReference: list[Ref] | None = None
    reason: list[ConceptOrRef] | None = None
    note: list[Annotation] | None = None


class DispenseRequest(View):
    """MedicationRequest.dispenseRequest."""

    expectedSupplyDuration: Quantity | None = None


class RequestView(DrugView):
    """MedicationRequest; `effectiveDosePeriod` and `reported` are R5."""

    intent: str | None = None
    doNotPerform: bool | None = None
    reportedBoolean: bool | None = None
    reportedReference: Ref | None = None
    reported: bool | None = None
    authoredOn: Date = None
    effectiveDosePeriod: Period | None = None
    dosageInstruction: list[Dosage] | None = None
    dispenseRequest: DispenseRequest | None = None
    groupIdentifier: Identifier | None = None


class DispenseView(DrugView):
    """MedicationDispense; `notDone...` are STU3."""

    whenPrepared: Date = None
    whenHandedOver: Date = None
    daysSupply: Quantity | None = None
    dosageInstruction: list[Dosage] | None = None
    notDone: bool | None = None
    notDoneReasonCodeableConcept: Any = None
    notDoneReasonReference: Any = None


class Adherence(View):
    """R5 MedicationStatement.adherence."""

    code: Concept | None = None


class StatementView(DrugView):
    """MedicationStatement; `taken` is STU3, `adherence` and `effectiveTiming` R5."""

    taken: str | None = None
    adherence: Adherence | None = None
    effectiveDateTime: Date = None
    effectivePeriod: Period | None = None
    effectiveTiming: Timing | None = None
    dateAsserted: Date = None
    dosage: list[Dosage] | None = None


class AdministrationView(DrugView):
    """MedicationAdministration; `notGiven` is STU3; R5 writes `occurence` with one r."""

    notGiven: bool | None = None
    effectiveDateTime: Date = None
    effectivePeriod: Period | None = None
    occurenceDateTime: Date = None
    occurencePeriod: Period | None = None
    occurenceTiming: Timing | None = None
    occurrenceDateTime: Date = None
    occurrencePeriod: Period | None = None
    dosage: Dosage | None = None


class ProcedureView(ResourceView):
    """Procedure; `performed` became `occurrence` in R5, which added `recorded`; `notDone` is STU3."""

    status: str | None = None
    notDone: bool | None = None
    notDoneReason: Concept | None = None
    statusReason: Concept | None = None
    code: Concept | None = None
    performedDateTime: Date = None
    performedPeriod: Period | None = None
    performedString: str | None = None
    performedAge: Quantity | None = None
    performedRange: Range | None = None
    occurrenceDateTime: Date = None
    occurrencePeriod: Period | None = None
    occurrenceString: str | None = None
    occurrenceAge: Quantity | None = None
    occurrenceRange: Range | None = None
    occurrenceTiming: Timing | None = None
    recorded: Date = None


class ConditionView(ResourceView):
    """Condition; the two statuses are plain codes in STU3, hence `Any` (see condition_status.py)."""

    clinicalStatus: Any = None
    verificationStatus: Any = None
    code: Concept | None = None
    onsetDateTime: Date = None
    onsetPeriod: Period | None = None
    onsetAge: Quantity | None = None
    onsetRange: Range | None = None
    onsetString: str | None = None
    abatementDateTime: Date = None
    abatementPeriod: Period | None = None
    abatementAge: Quantity | None = None
    abatementRange: Range | None = None
    abatementString: str | None = None
    abatementBoolean: bool | None = None
    recordedDate: Date = None
    assertedDate: Date = None


class ObservationValue(View):
    """A question and its answer: an Observation or one of its components."""

    code: Concept | None = None
    valueQuantity: Quantity | None = None
    valueCodeableConcept: Concept | None = None
    valueString: str | None = None
    valueBoolean: bool | None = None
    valueInteger: int | None = None
    valueDateTime: Date = None
    dataAbsentReason: Any = None


class ObservationView(ResourceView, ObservationValue):
    """Observation."""

    status: str | None = None
    effectiveDateTime: Date = None
    effectivePeriod: Period | None = None
    effectiveInstant: Date = None
    effectiveTiming: Timing | None = None
    issued: Date = None
    component: list[ObservationValue] | None = None


class PatientView(ResourceView):
    """Patient."""

    birthDate: Date = None
    gender: str | None = None
    deceasedBoolean: bool | None = None
    deceasedDateTime: Date = None


V = TypeVar("V", bound=View)
