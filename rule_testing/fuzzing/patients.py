"""Random patients whom the rules have something to say about, next to the limits at which they change their minds."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable, Sequence
from datetime import date

from spmwatch.engine.catalogue.load import RuleBase
from spmwatch.engine.dates import DateRange
from spmwatch.engine.facts import (
    Certainty,
    Coverage,
    Diagnosis,
    Dose,
    DrugExposure,
    DrugNotTaken,
    DrugOrder,
    Fact,
    LabValue,
    NamedRegimen,
    Patient,
    PatientRecord,
    PlannedDrug,
    Procedure,
    Proof,
    Smoking,
    Source,
    Standing,
    Statement,
    UnidentifiedOrder,
)
from spmwatch.engine.terminology.concept import Concept
from spmwatch.rule_testing.facts_in_words import resource_type
from spmwatch.rule_testing.fuzzing.numbers import Numbers, limits_of

PATIENT = "fuzz"
AS_OF = date(2026, 1, 15)
_TYPES = (
    "Condition",
    "MedicationAdministration",
    "MedicationDispense",
    "MedicationRequest",
    "MedicationStatement",
    "Observation",
    "Procedure",
)
_SUBJECTS = ("lenalidomide", "lenalidomide", "melphalan", "melphalan-oral", "melphalan-iv")
_MYELOMA = "multiple-myeloma"
_MOST_FACTS = 9


class PatientMaker:
    """Makes patients for one rule base."""

    def __init__(self, base: RuleBase) -> None:
        self._limits = limits_of(base)
        self._oldest = base.conventions.oldest_plausible_age
        self._by_category: dict[str, tuple[Concept, ...]] = {
            category: base.value_sets.concepts(category)
            for category in (
                "drug", "condition", "procedure", "screening", "exclusion", "lab", "statement", "smoking", "regimen"
            )
        }  # fmt: skip

    def patient(self, chance: random.Random) -> PatientRecord:
        """A patient; the same `chance` makes the same one."""
        draw = _Draw(chance, Numbers(self._limits, chance, AS_OF), self._by_category)
        facts: list[Fact] = []
        if chance.random() < 4 / 5:
            facts.append(draw.diagnosis(_MYELOMA))
        if chance.random() < 4 / 5:
            facts.append(draw.exposure(_SUBJECTS[0]))
        facts += [chance.choice(draw.makers)() for _ in range(chance.randint(0, _MOST_FACTS))]
        for fact in [one for one in facts if isinstance(one, LabValue) and chance.random() < 1 / 2]:
            facts += [draw.again(fact) for _ in range(chance.randint(1, 3))]
        placed = [
            dataclasses.replace(fact, sources=(Source(reference=f"{resource_type(type(fact))}/f{number}"),))
            for number, fact in enumerate(facts)
        ]
        unsupplied = [kind for kind in _TYPES if chance.random() < 1 / 25]
        return PatientRecord(
            id=PATIENT,
            patient=draw.patient(),
            facts=tuple(placed),
            coverage=Coverage(unsupplied=tuple((kind, "not searched") for kind in unsupplied)),
        )


class _Draw:
    """Draws the facts of one patient."""

    def __init__(self, chance: random.Random, numbers: Numbers, by_category: dict[str, tuple[Concept, ...]]) -> None:
        self._chance, self._numbers, self._concepts = chance, numbers, by_category
        self.makers: Sequence[Callable[[], Fact]] = (
            self.exposure, self.exposure, self.exposure, self.diagnosis, self.diagnosis, self.procedure, self.procedure,
            self.result, self.result, self._statement, self._statement, self._smoking, self._order, self._plan,
            self._not_taken, self._regimen, self._unidentified,
        )  # fmt: skip

    def patient(self) -> Patient | None:
        """Who it is; sometimes without a birth date, a sex, or a Patient at all."""
        chance = self._chance
        if chance.random() < 1 / 40:
            return None
        died = chance.random() < 1 / 30
        return Patient(
            id=PATIENT,
            birth=None if chance.random() < 1 / 20 else self._numbers.birth(),
            sex=chance.choice(("female", "male", "female", "male", "other", None)),
            deceased=True if died else None,
            deceased_on=DateRange.on(AS_OF) if died and chance.random() < 1 / 2 else None,
        )

    def exposure(self, concept: str | None = None) -> DrugExposure:
        """A drug that was given or taken, or may have been."""
        chance, found = self._chance, self._drug(concept)
        start, end = self._times()
        proof = chance.choice(list(Proof))
        return DrugExposure(
            standing=self._standing(),
            certainty=self._certainty(),
            concept=found.id,
            drug=found.drug or found.id,
            proof=proof,
            start=start,
            end=None if proof is Proof.DISPENSE else end,
            ongoing=end is None and proof is not Proof.DISPENSE and chance.random() < 1 / 2,
            supply_days=chance.choice((21, 28, 84)) if proof is Proof.DISPENSE else None,
            route=self._route(found),
            dose=self._dose(),
            phase=chance.choice((None, None, "induction", "consolidation", "maintenance")),
            reasons=self._reasons(),
        )

    def diagnosis(self, concept: str | None = None) -> Diagnosis:
        """A disease, perhaps over, perhaps not confirmed."""
        chance = self._chance
        found = self._concept("condition", concept)
        dated = chance.random()
        return Diagnosis(
            standing=self._standing(),
            certainty=self._certainty(),
            concept=found.id,
            onset=self._numbers.span() if dated < 4 / 5 else None,
            recorded=self._numbers.span() if dated > 3 / 5 else None,
            clinical_status=chance.choice(("active", "active", "remission", "resolved", None)),
            history=found.history,
        )

    def procedure(self) -> Procedure:
        """A procedure, an examination, or an organ that is gone; of transplants more than there are."""
        chance = self._chance
        transplants = [one for one in self._concepts["procedure"] if one.transplant]
        category = chance.choice(("", "", "procedure", "screening", "exclusion"))
        found = chance.choice(self._concepts[category] if category else transplants)
        status = found.is_status or chance.random() < 1 / 10
        day = self._numbers.span() if chance.random() < 9 / 10 else None
        return Procedure(
            standing=self._standing(),
            certainty=self._certainty(),
            concept=found.id,
            date=DateRange(None, day.latest) if status and day is not None else day,
            is_status=status,
        )

    def result(self) -> LabValue:
        """A laboratory value next to a limit in its unit."""
        found = self._chance.choice(self._concepts["lab"])
        return LabValue(
            standing=self._standing(),
            certainty=Certainty.HIGH,
            analyte=found.analyte or found.id,
            value=self._numbers.amount(found.unit or ""),
            unit=found.unit or "",
            date=self._maybe(self._numbers.span(), 19 / 20),
            comparator=self._chance.choice((None, None, None, None, "<", "<=", ">=", ">")),
            preliminary=self._chance.random() < 1 / 15,
        )

    def again(self, fact: LabValue) -> LabValue:
        """The same test on another day, alike or a step apart: what lasts is seen twice."""
        value = fact.value if self._chance.random() < 1 / 2 else self._numbers.amount(fact.unit)
        return dataclasses.replace(fact, value=value, date=self._numbers.span())

    def _statement(self) -> Statement:
        found = self._chance.choice(self._concepts["statement"])
        day = self._maybe(self._numbers.span(), 9 / 10)
        return Statement(standing=self._standing(), certainty=self._certainty(), what=found.id, date=day)

    def _smoking(self) -> Smoking:
        found = self._chance.choice(self._concepts["smoking"])
        day = self._maybe(self._numbers.span(), 4 / 5)
        return Smoking(
            standing=self._standing(),
            concept=found.id,
            date=day,
            pack_years=self._numbers.amount("{PackYears}") if found.analyte else None,
        )

    def _order(self) -> DrugOrder:
        found = self._drug()
        return DrugOrder(
            certainty=self._certainty(),
            concept=found.id,
            drug=found.drug or found.id,
            ordered_on=DateRange.on(AS_OF),
            start=DateRange.on(AS_OF),
            route=self._route(found),
            dose=self._dose(),
            phase=self._chance.choice((None, None, "induction", "consolidation", "maintenance")),
            reasons=self._reasons(),
            selected=self._chance.random() < 9 / 10,
        )

    def _plan(self) -> PlannedDrug:
        found = self._drug()
        planned, (start, end) = self._numbers.span(), self._times()
        return PlannedDrug(
            standing=self._standing(),
            certainty=self._certainty(),
            concept=found.id,
            drug=found.drug or found.id,
            planned_on=planned,
            start=start,
            end=end,
            route=self._route(found),
        )

    def _not_taken(self) -> DrugNotTaken:
        found = self._drug()
        start, end = self._times()
        return DrugNotTaken(concept=found.id, drug=found.drug or found.id, start=start, end=end)

    def _regimen(self) -> NamedRegimen:
        stage = self._chance.choice(("ordered", "planned"))
        return NamedRegimen(
            certainty=Certainty.LOW,
            regimen=self._chance.choice(self._concepts["regimen"]).id,
            stage="ordered" if stage == "ordered" else "planned",
            planned_on=self._numbers.span() if stage == "planned" else None,
        )

    def _unidentified(self) -> UnidentifiedOrder:
        return UnidentifiedOrder(standing=Standing.POSSIBLE)

    # -- parts ------------------------------------------------------------------------------------------------------

    def _concept(self, category: str, concept: str | None) -> Concept:
        known = self._concepts[category]
        return next(one for one in known if one.id == concept) if concept else self._chance.choice(known)

    def _drug(self, concept: str | None = None) -> Concept:
        if concept is None and self._chance.random() < 1 / 2:
            concept = self._chance.choice(_SUBJECTS)
        return self._concept("drug", concept)

    def _route(self, drug: Concept) -> str | None:
        return drug.route or self._chance.choice((None, "oral", "intravenous"))

    def _dose(self) -> Dose | None:
        chance = self._chance
        amounts = ((5.0, "mg"), (10.0, "mg"), (15.0, "mg"), (25.0, "mg"), (100.0, "mg/m2"), (140.0, "mg/m2"))
        return Dose(value=(one := chance.choice(amounts))[0], unit=one[1]) if chance.random() < 1 / 2 else None

    def _reasons(self) -> tuple[str, ...]:
        return self._chance.choice(((), (), (_MYELOMA,), ("other",), ("spm-mds",)))

    def _times(self) -> tuple[DateRange | None, DateRange | None]:
        """First and last day, in order; either may be missing."""
        first, last = sorted((self._numbers.day(), self._numbers.day()))
        start = self._maybe(self._numbers.around(first), 19 / 20)
        end = self._maybe(self._numbers.around(last), 3 / 5)
        if start is None or end is None or start.earliest is None or end.latest is None:
            return start, end
        return (start, end) if start.earliest <= end.latest else (start, None)

    def _maybe(self, day: DateRange, share: float) -> DateRange | None:
        return day if self._chance.random() < share else None

    def _standing(self) -> Standing:
        return Standing.POSSIBLE if self._chance.random() < 1 / 8 else Standing.COUNTS

    def _certainty(self) -> Certainty:
        return Certainty.LOW if self._chance.random() < 1 / 8 else Certainty.HIGH
