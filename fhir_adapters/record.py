"""Resources of one patient -> PatientRecord: the one kernel behind Bundles, exports and CDS Hooks prefetch."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any

from spmwatch.engine.facts import Coverage, Fact, Gap, PatientRecord, Standing
from spmwatch.engine.terminology.value_sets import ValueSets
from spmwatch.fhir_adapters.condition import read_condition
from spmwatch.fhir_adapters.effort import Effort
from spmwatch.fhir_adapters.evidence import HIDDEN, evidence_in, types_in_doubt
from spmwatch.fhir_adapters.medication import KINDS, read_medication
from spmwatch.fhir_adapters.observation import read_observation
from spmwatch.fhir_adapters.orders import Draft, draft_orders
from spmwatch.fhir_adapters.patient import read_patient
from spmwatch.fhir_adapters.problems import Fate, Tally
from spmwatch.fhir_adapters.procedure import read_procedure
from spmwatch.fhir_adapters.reader import UNREAD, Outcome, Reader
from spmwatch.fhir_adapters.references import REFERRED_TO, Item, ResourceIndex, is_same, newest_of
from spmwatch.fhir_adapters.relevance import relevance_of
from spmwatch.fhir_adapters.shapes import is_sound, subject_in
from spmwatch.fhir_adapters.subjects import IN_DOUBT, Owners, patient_key
from spmwatch.fhir_adapters.terms import Terms, terms_of

ENTERED_IN_ERROR = "entered-in-error"
TEXT_TOO_LONG = "a text is too long to be read whole"
_DISAGREE = "resources with this id disagree, and neither is known to be the newer one"

READERS: Mapping[str, Callable[[Reader, Item], Outcome]] = {
    **dict.fromkeys(KINDS, read_medication),
    "Condition": read_condition,
    "Procedure": read_procedure,
    "Observation": read_observation,
}


def record_from_resources(
    patient_id: str,
    resources: Iterable[Mapping[str, Any] | Item],
    *,
    value_sets: ValueSets,
    coverage: Coverage,
    orders: Iterable[Mapping[str, Any] | Draft] = (),
    strict: bool = False,
    effort: Effort | None = None,
) -> PatientRecord:
    """What these resources tell of one patient; another patient's never count, they become gaps.

    Args:
        patient_id: Patient.id; every subject is held against it.
        resources: parsed FHIR resources, in any order, as items where their addresses are known; types that are not
            read are passed over.
        value_sets: codes and words.
        coverage: what was not supplied.
        orders: draft orders: resources, or what `orders_from_draft` made of them.
        strict: hold every relevant resource against fhir.resources too.
        effort: bounds of what is costly; none when left out.

    Raises:
        TooCostlyError: a bound of `effort` was reached.
    """
    terms = terms_of(value_sets)
    relevance = relevance_of(terms)
    index = ResourceIndex()
    items = [resource if isinstance(resource, Item) else Item(resource) for resource in resources]
    for item in items:
        if item.type in REFERRED_TO:
            index.add(item)
    owners = Owners(index)
    mine: list[Item] = []
    gaps: list[Gap] = []
    for item in items:
        if item.type == "Patient":
            owner = patient_key(item)
        elif item.type in READERS and relevance.might_matter(item):
            subject = owners.of(item)
            owner = subject.key
            if patient_id in subject.named:
                owner, item.doubt = patient_id, IN_DOUBT
            if owner is None:
                gaps.append(nobodys(item, subject.why_not))
                continue
        else:
            continue
        if owner == patient_id:
            mine.append(item)
        else:
            gaps.append(anothers(item))
    record, _ = read_record(
        patient_id,
        mine,
        terms=terms,
        index=index,
        coverage=coverage,
        orders=orders,
        gaps=gaps,
        strict=strict,
        effort=effort,
    )
    return record


def nobodys(item: Item, why: str) -> Gap:
    """A relevant resource that names no patient."""
    return Gap(
        kind="other-patient",
        reference=item.label,
        element="subject",
        problem=f"{why}, so it was counted for nobody",
        advice="Name the patient in `subject`.",
    )


def anothers(item: Item) -> Gap:
    """A resource that names another patient."""
    return Gap(
        kind="other-patient",
        reference=item.label,
        element="id" if item.type == "Patient" else "subject",
        problem="it is about another patient, so it was not counted",
        advice="Find out why it was sent with this patient's data.",
    )


def read_record(
    patient_id: str,
    items: Iterable[Item],
    *,
    terms: Terms,
    index: ResourceIndex,
    coverage: Coverage,
    orders: Iterable[Mapping[str, Any] | Draft] = (),
    gaps: Sequence[Gap] = (),
    strict: bool = False,
    effort: Effort | None = None,
) -> tuple[PatientRecord, Tally]:
    """The record of a patient whose resources these are, and what became of each of them."""
    reader = Reader(terms=terms, index=index, strict=strict, gaps=list(gaps), effort=effort or Effort())
    tally = Tally()
    ordered = sorted(items, key=attrgetter("label"))
    patients = _latest([item for item in ordered if item.type == "Patient"], tally)
    for item in patients:
        if item.doubt:
            reader.gap(item, "conflict", "", item.doubt, "Send the current version only.")
    patient = read_patient(reader, patient_id, patients)
    tally.add("Patient", Fate.SUPPORTING, len(patients))
    if patient is None:
        problem = "there is no Patient resource, so age and sex are not known"
        advice = "Supply the Patient resource."
        reader.gaps.append(Gap(kind="not-supplied", reference="", problem=problem, advice=advice))
    else:
        reader.birth = patient.birth
    facts: list[Fact] = []
    clinical = [item for item in ordered if item.type in READERS]
    for item, disputed in _one_version_each(clinical, tally):
        reader.begin()
        outcome = READERS[item.type](reader, item)
        _note_wrong_types(reader, item, outcome)
        tally.add(item.type, outcome.fate)
        reader.effort.made(len(outcome.facts))
        if reader.note_long_texts(item) and not outcome.facts:
            reader.unsupplied.setdefault(item.type, TEXT_TOO_LONG)
        if outcome.fate is Fate.EXCLUDED:
            _note_excluded(reader, item)
        if (disputed or item.doubt) and outcome.facts:
            advice = "Name one patient." if item.doubt == IN_DOUBT else "Send the current version only."
            reader.gap(item, "conflict", "", item.doubt or _DISAGREE, advice)
            facts += [dataclasses.replace(fact, standing=Standing.POSSIBLE) for fact in outcome.facts]
        else:
            facts += outcome.facts
    for order in orders:
        facts += draft_orders(reader, Item(order)) if isinstance(order, Mapping) else [order]
    record = PatientRecord(
        id=patient_id,
        patient=patient,
        facts=tuple(facts),
        coverage=_with_unsupplied(coverage, reader.unsupplied),
        gaps=tuple(reader.gaps),
    )
    return record, tally


def _note_wrong_types(reader: Reader, item: Item, outcome: Outcome) -> None:
    """Tell of a subject that is no Reference, and whether what cannot be read may be evidence."""
    told = subject_in(item.resource)[1]
    if told and outcome.fate in (Fate.USED, Fate.UNUSABLE):
        element = "patient" if item.resource.get("subject") is None else "subject"
        reader.gap(item, "wrong-type", element, f"'{element}' {told}", "Correct it in the source.")
    hidden = list(reader.lost)
    if not outcome.facts and outcome.fate is not Fate.EXCLUDED:
        of = (item, *reader.products)
        hidden += [one.resource for one in of if not is_sound(one.type, one.resource)]
    if not hidden:
        return
    named = (concept for one in hidden for concept in evidence_in(one, reader.terms, item.type))
    types = types_in_doubt(named, item.type)
    if types:
        reader.unsupplied.update(dict.fromkeys(types, HIDDEN))
        problem = "what it is about cannot be read, and something in it may name myeloma, its treatment or a transplant"
        reader.gap(item, "unreadable", "", problem, "Look at it in its source system, and correct it there.")
    elif item.type == "Observation" and outcome.fate is Fate.UNUSABLE:
        _doubt_by_words(reader, hidden)


def _doubt_by_words(reader: Reader, hidden: Iterable[object]) -> None:
    """An Observation tells of drugs by code alone; if its code is lost, its words may be all that is left of it.

    They bring nobody into the results, but whoever is there is not told "no" against them.
    """
    named = (concept for one in hidden for concept in evidence_in(one, reader.terms, ""))
    for kind in sorted(types_in_doubt(named, "Observation")):
        reader.unsupplied.setdefault(kind, UNREAD)


def _latest(patients: list[Item], tally: Tally) -> list[Item]:
    """The latest Patient resource, where the versions tell; else all of them."""
    newest = newest_of(distinct_of(patients)) if patients else None
    if newest is None:
        return patients
    tally.add("Patient", Fate.DUPLICATE, len(patients) - 1)
    return [newest]


def distinct_of(items: Sequence[Item]) -> list[Item]:
    """One of each that say the same. Beyond a bound even a repetition counts as one version more."""
    distinct: list[Item] = []
    for item in items:
        if len(distinct) >= _MOST_COMPARED or not any(is_same(item, other) for other in distinct):
            distinct.append(item)
    return distinct


def _note_excluded(reader: Reader, item: Item) -> None:
    """Say what was seen and does not count (conventions 7.1); what was entered in error is counted only."""
    verification = item.resource.get("verificationStatus")
    stated = [item.resource.get("status"), verification]
    if isinstance(verification, dict) and isinstance(verification.get("coding"), list):
        stated += [coding.get("code") for coding in verification["coding"] if isinstance(coding, dict)]
    if ENTERED_IN_ERROR not in stated:
        problem = "its status or code says that it was not given, not done or not so; it does not count"
        reader.gap(item, "unusable-status", "", problem, "Nothing, if that is right.")


def _with_unsupplied(coverage: Coverage, more: Mapping[str, str]) -> Coverage:
    if not more:
        return coverage
    hidden = {kind: why for kind, why in more.items() if why == HIDDEN}
    merged = {**more, **dict(coverage.unsupplied), **hidden}
    return dataclasses.replace(coverage, unsupplied=tuple(sorted(merged.items())))


_MOST_COMPARED = 50
"""Versions of one resource that a further one is compared with."""


def _one_version_each(items: Sequence[Item], tally: Tally) -> Iterable[tuple[Item, bool]]:
    """Each resource once: its newest version; all versions, disputed, where none is known to be the newest."""
    if len({item.label for item in items}) == len(items):
        yield from [(item, False) for item in items]
        return
    groups: dict[str, list[Item]] = {}
    for number, item in enumerate(items):
        key = item.label if item.text("id") else f"{item.label}#{number}"
        groups.setdefault(key, []).append(item)
    for group in groups.values():
        if len(group) == 1:
            yield group[0], False
            continue
        distinct = distinct_of(group)
        newest = newest_of(distinct)
        kept = distinct if newest is None else [newest]
        tally.add(group[0].type, Fate.DUPLICATE, len(group) - len(kept))
        for item in kept:
            yield item, len(kept) > 1
