"""A patient under construction: each step becomes a FHIR R4B resource, checked by fhir.resources.

The builder knows FHIR and nothing of rules. Dates are FHIR's, whole or partial ("2024", "2021-05"), as scenarios write.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from fhir.resources.R4B import get_fhir_model_class

Json = dict[str, object]

OBSERVATION_CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
VERIFICATION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
UCUM = "http://unitsofmeasure.org"


class CodeSource(Protocol):
    """Finds codes by concept (codes.py; tests bring their own)."""

    def concept(self, concept: str, *, shown_as: str = "", system: str | None = None) -> Json:
        """A CodeableConcept."""
        ...

    def drug(self, concept: str, *, strength_mg: float | None = None, system: str | None = None) -> Json:
        """A CodeableConcept of a drug, of that strength where there is such a product."""
        ...

    def route(self, route: str) -> Json:
        """A CodeableConcept of a route."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """When something was, as it is recorded. `continues`: it goes on; both ends None: no time was recorded."""

    start: str | None = None
    end: str | None = None
    continues: bool = False
    on: str | None = None

    def __post_init__(self) -> None:
        """Raises ValueError when it ends before it begins; dates of unlike precision are compared as far as both go."""
        if self.start and self.end and self.end < self.start[: len(self.end)]:
            raise ValueError(f"it ends ({self.end}) before it begins ({self.start}). Write the earlier date first.")

    def as_fhir(self) -> Json:
        """FHIR's Period."""
        return _without_none({"start": self.start, "end": self.end})


@dataclass(frozen=True, slots=True, kw_only=True)
class DrugUse:
    """What a medication record says, whichever kind of record it is.

    Attributes:
        medication: its CodeableConcept.
        dose: value and UCUM unit.
        phase, reason: the recorded phase (a word in the dosage text) and indication.
        status: the resource's own; None: what goes with the period.
    """

    medication: Json
    period: Period
    route: Json | None = None
    dose: tuple[float, str] | None = None
    phase: str | None = None
    regimen: str | None = None
    reason: Json | None = None
    status: str | None = None
    status_reason: str | None = None

    def dosage(self) -> Json:
        """FHIR's Dosage, as R4B's requests, dispenses and statements have it; empty when nothing is known."""
        words = [f"{self.dose[0]:g} {self.dose[1]}" if self.dose else "", self.phase or "", self.regimen or ""]
        text = ", ".join(word for word in words if word)
        rate = [{"doseQuantity": quantity(*self.dose)}] if self.dose else None
        return _without_none({"text": text or None, "route": self.route, "doseAndRate": rate})


class PatientBuilder:
    """Collects the resources of one patient, and the draft orders that stand beside them."""

    def __init__(self, codes: CodeSource, patient_id: str = "scenario") -> None:
        self.codes = codes
        self.patient_id = patient_id
        self._numbers: Counter[str] = Counter()
        self._patient: Json = {}
        self._resources: list[Json] = []
        self._orders: list[Json] = []

    # -- what was built ---------------------------------------------------------------------------------------------

    def resources(self) -> list[Json]:
        """The Patient and everything recorded about them, each as fhir.resources wrote it."""
        return [self._checked("Patient", {"id": self.patient_id, **self._patient}), *self._resources]

    def orders(self) -> list[Json]:
        """The draft orders."""
        return list(self._orders)

    def bundle(self) -> Json:
        """A collection Bundle of `resources`."""
        entries = [
            {"fullUrl": f"https://example.org/fhir/{item['resourceType']}/{item['id']}", "resource": item}
            for item in self.resources()
        ]
        return self._checked("Bundle", {"type": "collection", "entry": entries})

    def references(self) -> frozenset[str]:
        """`Type/id` of everything built."""
        return frozenset(f"{item['resourceType']}/{item['id']}" for item in [*self.resources(), *self._orders])

    @property
    def deceased(self) -> bool:
        """Was the patient said to have died?"""
        return any(element.startswith("deceased") for element in self._patient)

    # -- what may be told -------------------------------------------------------------------------------------------

    def patient(self, **elements: object) -> None:
        """Add elements to the Patient, by their FHIR names."""
        self._patient |= _without_none(elements)

    def condition(
        self,
        code: Json,
        *,
        onset: str | None = None,
        recorded: str | None = None,
        abated: str | None = None,
        clinical: str | None = "active",
        verification: str | None = "confirmed",
    ) -> str:
        """A Condition; returns its reference."""
        if verification == "entered-in-error":
            clinical = None  # FHIR invariant con-5
        return self._add(
            "Condition",
            code=code,
            onsetDateTime=onset,
            recordedDate=recorded,
            abatementDateTime=abated,
            clinicalStatus=_status(CLINICAL, clinical),
            verificationStatus=_status(VERIFICATION, verification),
        )

    def procedure(
        self, code: Json, *, on: str | None, status: str = "completed", status_reason: str | None = None
    ) -> str:
        """A Procedure; returns its reference."""
        reason = {"text": status_reason} if status_reason else None
        return self._add("Procedure", code=code, status=status, performedDateTime=on, statusReason=reason)

    def observation(self, code: Json, *, on: str | None = None, status: str = "final", **value: object) -> str:
        """An Observation with one `value[x]`; returns its reference."""
        return self._add("Observation", code=code, status=status, effectiveDateTime=on, **value)

    def request(self, use: DrugUse, *, intent: str = "order", forbids: bool = False, written: str | None = None) -> str:
        """A MedicationRequest, written on that day where it is not the first of its period; returns its reference."""
        elements = _request(use, intent=intent, forbids=forbids)
        return self._add("MedicationRequest", **(elements if written is None else {**elements, "authoredOn": written}))

    def order(self, use: DrugUse) -> str:
        """A draft MedicationRequest that is being ordered, not yet part of the record; returns its reference."""
        number = len(self._orders) + 1
        elements = {**_request(use, intent="order", forbids=False), "status": "draft", "subject": self._subject()}
        self._orders.append(self._checked("MedicationRequest", {"id": f"draft-{number}", **elements}))
        return f"MedicationRequest/draft-{number}"

    def statement(self, use: DrugUse) -> str:
        """A MedicationStatement; returns its reference."""
        return self._add(
            "MedicationStatement",
            status=use.status or _status_of(use.period),
            medicationCodeableConcept=use.medication,
            effectivePeriod=use.period.as_fhir() or None,
            effectiveDateTime=use.period.on,
            reasonCode=_listed(use.reason),
            statusReason=_listed({"text": use.status_reason} if use.status_reason else None),
            dosage=_listed(use.dosage()),
        )

    def administration(self, use: DrugUse) -> str:
        """A MedicationAdministration; returns its reference."""
        amount = quantity(*use.dose) if use.dose else None
        dosage = _without_none({"text": use.phase, "route": use.route, "dose": amount})
        on = use.period.on
        return self._add(
            "MedicationAdministration",
            status=use.status or ("in-progress" if use.period.continues else "completed"),
            medicationCodeableConcept=use.medication,
            effectiveDateTime=on,
            effectivePeriod=None if on else use.period.as_fhir(),
            reasonCode=_listed(use.reason),
            statusReason=_listed({"text": use.status_reason} if use.status_reason else None),
            dosage=dosage or None,
        )

    def dispense(self, use: DrugUse, *, supply_days: int | None = None) -> str:
        """A MedicationDispense, handed over on the day of its period; returns its reference."""
        supply = {"value": supply_days, "unit": "d", "system": UCUM, "code": "d"} if supply_days else None
        reason = {"text": use.status_reason} if use.status_reason else None
        return self._add(
            "MedicationDispense",
            status=use.status or "completed",
            medicationCodeableConcept=use.medication,
            whenHandedOver=use.period.on or use.period.start,
            daysSupply=supply,
            statusReasonCodeableConcept=reason,
            dosageInstruction=_listed(use.dosage()),
        )

    # -- how --------------------------------------------------------------------------------------------------------

    def _add(self, resource_type: str, **elements: object) -> str:
        self._numbers[resource_type] += 1
        identity = f"{resource_type.lower()}-{self._numbers[resource_type]}"
        self._resources.append(
            self._checked(resource_type, {"id": identity, "subject": self._subject(), **_without_none(elements)})
        )
        return f"{resource_type}/{identity}"

    def _subject(self) -> Json:
        return {"reference": f"Patient/{self.patient_id}"}

    def _checked(self, resource_type: str, elements: Json) -> Json:
        """The resource as fhir.resources understands it; it raises ValueError on what FHIR does not allow."""
        model = get_fhir_model_class(resource_type).model_validate({"resourceType": resource_type, **elements})
        resource: Json = json.loads(model.model_dump_json())
        return resource


def quantity(value: float, unit: str) -> Json:
    """A FHIR Quantity in a UCUM unit."""
    return {"value": value, "unit": unit, "system": UCUM, "code": unit}


def birth_date_at_age(years: int, today: date) -> date:
    """A birth date with which a person is `years` old today, about half a year after the birthday."""
    month, year = today.month - 6, today.year - years
    if month < 1:
        month, year = month + 12, year - 1
    return date(year, month, min(today.day, 28))


def _request(use: DrugUse, *, intent: str, forbids: bool) -> Json:
    dosage = use.dosage()
    bounds = use.period.as_fhir()
    if bounds:
        dosage["timing"] = {"repeat": {"boundsPeriod": bounds}}
    return _without_none(
        {
            "status": use.status or _status_of(use.period),
            "intent": intent,
            "doNotPerform": True if forbids else None,
            "medicationCodeableConcept": use.medication,
            "authoredOn": use.period.on or use.period.start,
            "reasonCode": _listed(use.reason),
            "statusReason": {"text": use.status_reason} if use.status_reason else None,
            "dosageInstruction": _listed(dosage),
        }
    )


def _status_of(period: Period) -> str:
    return "active" if period.continues else "completed"


def _status(system: str, code: str | None) -> Json | None:
    return None if code is None else {"coding": [{"system": system, "code": code}]}


def _listed(item: Json | None) -> Sequence[Json] | None:
    return [item] if item else None


def _without_none(elements: Json) -> Json:
    return {name: value for name, value in elements.items() if value is not None}
