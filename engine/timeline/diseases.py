"""What lenalidomide is for, and the patient at the day of evaluation (clinical conventions 7.9, 7.12, 7.13)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from spmwatch.engine.dates import completed_years
from spmwatch.engine.episodes import FIRST_DAY, UNKNOWN, Disease, PatientEpisode, Span, Transplant
from spmwatch.engine.facts import (
    Certainty,
    Diagnosis,
    DrugExposure,
    DrugOrder,
    Fact,
    Gap,
    Patient,
    Standing,
    Statement,
)
from spmwatch.engine.terminology.value_sets import ValueSets
from spmwatch.engine.timeline.conventions import Conventions
from spmwatch.engine.timeline.exposures import known_days, note
from spmwatch.engine.timeline.malignancies import Milestones, is_indication, onset_of
from spmwatch.engine.timeline.transplants import sources_of

MYELOMA, OTHER = "myeloma", "other-indication"
OTHER_REASON = "other"
"""The reason of a drug that is coded, but outside every value set."""
ELIGIBILITY = {"transplant-eligible": "eligible", "transplant-ineligible": "ineligible"}
_ANY_AGE = Span(0, 150)


@dataclass(frozen=True, slots=True)
class Evidence:
    """A fact that tells of a disease, with the onset that it gives."""

    fact: Fact
    low: int
    high: int
    precursor: bool = False

    @property
    def counts(self) -> bool:
        """Does it prove the disease?"""
        return self.fact.standing is Standing.COUNTS


def myeloma_evidence(
    facts: Iterable[Fact], as_of: int, conventions: Conventions, value_sets: ValueSets
) -> list[Evidence]:
    """Every fact that tells of the myeloma family: conditions, and reasons of lenalidomide and its orders."""
    found: list[Evidence] = []
    for fact in facts:
        if isinstance(fact, Diagnosis):
            if value_sets.concept(fact.concept).family != MYELOMA:
                continue
            found.append(Evidence(fact, *onset_of(fact, as_of), fact.concept in conventions.precursors))
        elif any(
            reason != OTHER_REASON and value_sets.concept(reason).family == MYELOMA
            for reason in _reasons(fact, conventions)
        ):
            found.append(Evidence(fact, FIRST_DAY, as_of))
    return found


def diagnosed_on(evidence: Sequence[Evidence], treated: Span | None = None) -> Span | None:
    """When myeloma was found: the earliest proven onset, of precursors only where nothing else is known (7.8).

    A disease is found before it is treated: a later date (one of recording, say) is no more than an upper bound.
    """
    told = [e for e in evidence if e.counts and isinstance(e.fact, Diagnosis)]
    told = [e for e in told if not e.precursor] or told
    if not told:
        return None
    low, high = min(e.low for e in told), min(e.high for e in told)
    if treated is not None and high > treated.high:
        high = max(int(treated.high), FIRST_DAY)
        low = FIRST_DAY if low > high else low
    return Span(low, high)


def other_evidence(
    facts: Iterable[Fact], milestones: Milestones, as_of: int, conventions: Conventions, value_sets: ValueSets
) -> list[Evidence]:
    """Every fact that tells of another disease that lenalidomide may be given for."""
    found: list[Evidence] = []
    for fact in facts:
        if isinstance(fact, Diagnosis):
            concept = value_sets.concept(fact.concept)
            if is_indication(fact, concept, milestones, as_of):
                found.append(Evidence(fact, *onset_of(fact, as_of)))
        elif (told := _reasons(fact, conventions)) and any(_is_other(reason, value_sets) for reason in told):
            found.append(Evidence(fact, FIRST_DAY, as_of))
    return found


def _reasons(fact: Fact, conventions: Conventions) -> tuple[str, ...]:
    """What lenalidomide was recorded to be for, where this is a record or an order of it."""
    if isinstance(fact, (DrugExposure, DrugOrder)) and fact.drug in conventions.phases_inferred_for:
        return fact.reasons
    return ()


def _is_other(reason: str, value_sets: ValueSets) -> bool:
    if reason == OTHER_REASON:
        return True
    concept = value_sets.concept(reason)
    return concept.family is None and concept.spm_group is not None


def indication_of(myeloma: Sequence[Evidence], other: Sequence[Evidence], *, conditions_known: bool) -> str:
    """What lenalidomide is for: see PatientEpisode."""
    if any(e.counts for e in myeloma):
        return MYELOMA
    if myeloma:
        return UNKNOWN
    named = [e for e in other if e.counts and (conditions_known or _names_disease(e.fact))]
    if named:
        return "other"
    return UNKNOWN if other or not conditions_known else "unrecorded"


def _names_disease(fact: Fact) -> bool:
    """Is it more than a reason outside every value set?"""
    return not isinstance(fact, (DrugExposure, DrugOrder)) or any(reason != OTHER_REASON for reason in fact.reasons)


def disease_of(
    family: str, evidence: Sequence[Evidence], onset: Span | None, birth: Span | None, number: int
) -> Disease:
    """The disease as an episode; certain when one of the facts proves it."""
    counts = any(e.counts for e in evidence)
    telling = [e for e in evidence if e.counts is counts]
    if onset is None:
        onset = Span(min(e.low for e in telling), min(e.high for e in telling))
    return Disease(
        id=f"diagnosed-{number}",
        standing=Standing.COUNTS if counts else Standing.POSSIBLE,
        certainty=Certainty.HIGH if any(e.fact.certainty is Certainty.HIGH for e in telling) else Certainty.LOW,
        sources=sources_of(e.fact for e in evidence),
        family=family,
        onset=onset,
        age_at_onset=years_between(birth, onset),
    )


# -- the patient ----------------------------------------------------------------------------------------------------


def birth_of(patient: Patient | None, as_of: int, conventions: Conventions, notes: list[Gap]) -> Span | None:
    """The birth date, unless it lies in the future or too far back to be one."""
    if patient is None or patient.birth is None:
        return None
    span = Span.of_days(patient.birth)
    oldest = completed_years(date.fromordinal(min(int(span.high), as_of)), date.fromordinal(as_of))
    if span.low > as_of or oldest > conventions.oldest_plausible_age:
        notes.append(
            note("conflict", patient, "the birth date is not plausible, so it is not used", "Correct it", "birth-date")
        )
        return None
    return Span(span.low, min(span.high, as_of))


def years_between(birth: Span | None, day: Span) -> Span:
    """Age in completed years on a day."""
    if birth is None:
        return _ANY_AGE
    youngest = 0 if day.low <= birth.high else _years(birth.high, day.low)
    oldest = 0 if day.high <= birth.low else _years(birth.low, day.high)
    return Span(min(youngest, _ANY_AGE.high), min(oldest, _ANY_AGE.high))


def _years(birth: float, day: float) -> int:
    return completed_years(date.fromordinal(int(birth)), date.fromordinal(int(day)))


def patient_episode(
    patient: Patient | None,
    birth: Span | None,
    facts: Iterable[Fact],
    transplants: Sequence[Transplant],
    indication: str,
    as_of: int,
    conventions: Conventions,
    notes: list[Gap],
) -> PatientEpisode:
    """The patient at the day of evaluation. Of a patient who was not supplied age and sex are unknown."""
    age = years_between(birth, Span.exactly(as_of))
    return PatientEpisode(
        id="patient-1",
        sources=() if patient is None else patient.sources,
        age=age,
        sex=_sex(patient),
        vital_status=_vital_status(patient, as_of),
        indication=indication,
        transplant_eligibility=_eligibility(facts, transplants, age, as_of, conventions, notes),
    )


def _sex(patient: Patient | None) -> str:
    """Administrative sex; `other` does not tell which organs there are, so it decides no more than a missing one."""
    if patient is None or patient.sex not in ("male", "female"):
        return UNKNOWN
    return patient.sex


def _vital_status(patient: Patient | None, as_of: int) -> str:
    """Deceased when said so, unless the day of death lies after the day of evaluation for certain."""
    if patient is None:
        return "alive"
    if patient.deceased_on is not None:
        return "alive" if Span.of_days(patient.deceased_on).low > as_of else "deceased"
    return "deceased" if patient.deceased else "alive"


def _eligibility(
    facts: Iterable[Fact],
    transplants: Sequence[Transplant],
    age: Span,
    as_of: int,
    conventions: Conventions,
    notes: list[Gap],
) -> str:
    """What the latest statement says; without one, whether there is a question at all (7.13, section 9)."""
    stated: list[tuple[int, int, str, Statement]] = []
    doubtful = False
    for fact in facts:
        if isinstance(fact, Statement) and fact.what in ELIGIBILITY:
            days = known_days(fact.date, as_of)
            if fact.standing is Standing.COUNTS:
                stated.append((*days, ELIGIBILITY[fact.what], fact))
            doubtful = True
    if stated:
        newest = max((low, high) for low, high, _, _ in stated)  # an undated one is older than every dated one
        dated = [entry for entry in stated if entry[0] != FIRST_DAY] or stated
        words = {word for _, high, word, _ in dated if high >= newest[0]}
        if len(words) == 1:
            return words.pop()
        first = min((entry[3] for entry in dated), key=lambda fact: fact.sources)
        problem = "statements of the same time contradict each other on transplant eligibility"
        notes.append(note("conflict", first, problem, "Record which one holds", "transplant-eligibility"))
        return UNKNOWN
    if doubtful:
        return UNKNOWN
    if any(t.standing is Standing.COUNTS for t in transplants) or age.high < conventions.eligibility_question_age:
        return "not-asked"
    return UNKNOWN
