"""Other cancers: second primary, prior, or undecided between the two (clinical conventions 7.8)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from spmwatch.engine.episodes import FIRST_DAY, UNKNOWN, Malignancy, Span
from spmwatch.engine.facts import Certainty, Diagnosis, Gap, Standing
from spmwatch.engine.terminology.concept import Concept
from spmwatch.engine.terminology.value_sets import ValueSets
from spmwatch.engine.timeline.conventions import Conventions
from spmwatch.engine.timeline.exposures import known_days
from spmwatch.engine.timeline.numbering import numbered
from spmwatch.engine.timeline.transplants import sources_of

SPM, PRIOR = "spm", "prior"
UNSPECIFIED = "unspecified"  # a code that names a cancer, not which: of rules it leaves undecided what they ask
_ACTIVE, _RESOLVED, _REMISSION = "active", "resolved", "remission"
_STATUS = {
    "active": _ACTIVE,
    "recurrence": _ACTIVE,
    "relapse": _ACTIVE,
    "remission": _REMISSION,
    "resolved": _RESOLVED,
    "inactive": _RESOLVED,
}
_STATUS_RANK = (_ACTIVE, _REMISSION, _RESOLVED, UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Milestones:
    """What the onset of a cancer is compared with; None: not known.

    Attributes:
        diagnosed: the diagnosis of myeloma.
        treated: the first treatment of myeloma or lenalidomide, whichever came first.
        first_lenalidomide: the first lenalidomide; its `high` rests on counting records.
    """

    diagnosed: Span | None
    treated: Span | None
    first_lenalidomide: Span | None


@dataclass(frozen=True, slots=True)
class _Record:
    """One Condition of another cancer, with its place before or after myeloma treatment."""

    fact: Diagnosis
    concept: Concept
    low: int
    high: int
    role: str
    history: bool

    @property
    def counts(self) -> bool:
        return self.fact.standing is Standing.COUNTS

    @property
    def sort_key(self) -> tuple[object, ...]:
        fact = self.fact
        return (
            self.low,
            self.high,
            not self.counts,
            fact.concept,
            fact.clinical_status or "",
            fact.certainty,
            fact.sources,
        )


def is_indication(fact: Diagnosis, concept: Concept, milestones: Milestones, as_of: int) -> bool:
    """May lenalidomide be given for it? Not when it was found after lenalidomide began for certain (7.12)."""
    if concept.lenalidomide_indication is None:
        return False
    first = milestones.first_lenalidomide
    return first is None or onset_of(fact, as_of)[0] <= first.high


def onset_of(fact: Diagnosis, as_of: int) -> tuple[int, int]:
    """When it was found: the onset, else when it was recorded; a history code says no more than "before"."""
    if fact.onset is not None:
        return known_days(fact.onset, as_of)
    low, high = known_days(fact.recorded, as_of)
    return (FIRST_DAY, high) if fact.history else (low, high)


def malignancies_of(
    facts: Iterable[Diagnosis],
    milestones: Milestones,
    as_of: int,
    conventions: Conventions,
    value_sets: ValueSets,
    *,
    only_other_indication: bool,
) -> tuple[list[Malignancy], list[Gap]]:
    """Other cancers by onset, several Conditions of one cancer as one, and notes on what stays undecided.

    Metastases, the myeloma family, ambiguous history codes and recurrences of a prior cancer are none of these. Where
    lenalidomide is given for another disease alone (`only_other_indication`), that disease is no second cancer.
    """
    records: defaultdict[tuple[bool, str, str], list[_Record]] = defaultdict(list)
    for fact in facts:
        concept = value_sets.concept(fact.concept)
        if concept.spm_group is None or concept.ambiguous_history:
            continue
        if only_other_indication and is_indication(fact, concept, milestones, as_of):
            continue
        onset = onset_of(fact, as_of)
        history = fact.history and fact.onset is None
        role = PRIOR if history else _role(Span(*onset), milestones)
        organ = concept.organ or UNSPECIFIED
        record = _Record(fact, concept, *onset, role, history)
        records[fact.standing is Standing.COUNTS, concept.spm_group, organ].append(record)
    found: list[Malignancy] = []
    for (counts, group, organ), members in sorted(records.items(), key=lambda item: (not item[0][0], item[0])):
        members.sort(key=lambda record: record.sort_key)
        if counts:
            known = members
            cancers = _cancers(members, broad=organ in conventions.broad_organs)
        else:
            known = records.get((True, group, organ), [])
            cancers = [
                c for c in _cancers(members, broad=organ in conventions.broad_organs) if not _told_already(c, known)
            ]
        found += [_episode(cancer, group, organ, as_of) for cancer in cancers]
    found.sort(key=lambda m: (m.onset.low, m.onset.high, m.group, m.organ, m.role, m.standing, m.sources))
    notes = [_undecided(m) for m in found if m.role == UNKNOWN and not only_other_indication]
    return numbered(found), notes


def _role(onset: Span, milestones: Milestones) -> str:
    """After the first treatment: second primary. Before the diagnosis: prior. In between, or not known: undecided."""
    treated, diagnosed = milestones.treated, milestones.diagnosed
    if treated is not None and onset.low > treated.high:
        return SPM
    if diagnosed is not None and onset.high < diagnosed.low:
        return PRIOR
    return UNKNOWN


def _cancers(records: Sequence[_Record], *, broad: bool) -> list[list[_Record]]:
    """Records of one group and organ, sorted into cancers.

    A history code tells of a cancer on or before its day. What is prior for certain makes later records of the organ
    recurrences; where the organ group is too broad to tell that, roles stay apart.
    """
    prior = [r for r in records if r.role == PRIOR and not r.history]
    spm = [r for r in records if r.role == SPM]
    undecided = [r for r in records if r.role == UNKNOWN]
    for history in (r for r in records if r.history):
        told_after = any(r.low <= history.high for r in spm)
        if told_after and not prior and not broad:
            spm.append(history)
        else:
            prior.append(history)
    if broad:
        return [group for group in (prior, spm, undecided) if group]
    if prior:
        return [[*prior, *spm, *undecided]]
    if spm:
        return [[*spm, *undecided]]
    return [undecided] if undecided else []


def _told_already(cancer: Sequence[_Record], known: Sequence[_Record]) -> bool:
    """Does a counting record tell of the same cancer, so that a provisional one adds nothing?"""
    return any(record.role == cancer[0].role for record in known)


def _episode(cancer: Sequence[_Record], group: str, organ: str, as_of: int) -> Malignancy:
    """The cancer at its earliest onset, in its most serious state."""
    told = [record for record in cancer if not record.history] or list(cancer)
    role = cancer[0].role
    dated = [record for record in told if record.role == role] or told
    counts = cancer[0].counts
    return Malignancy(
        id="",
        standing=Standing.COUNTS if counts else Standing.POSSIBLE,
        certainty=Certainty.HIGH if any(r.fact.certainty is Certainty.HIGH for r in cancer) else Certainty.LOW,
        sources=sources_of(record.fact for record in cancer),
        role=role,
        group=UNKNOWN if group == UNSPECIFIED else group,
        organ=UNKNOWN if organ == UNSPECIFIED else organ,
        status=min((_status(record, as_of) for record in cancer), key=_STATUS_RANK.index),
        onset=Span(min(r.low for r in dated), min(r.high for r in dated)),
    )


def _status(record: _Record, as_of: int) -> str:
    fact = record.fact
    status = _STATUS.get(fact.clinical_status or "", UNKNOWN)
    if fact.clinical_status in ("recurrence", "relapse"):
        return status
    abated = fact.abated is not None and Span.of_days(fact.abated).high <= as_of
    return _RESOLVED if fact.history or abated else status


def _undecided(malignancy: Malignancy) -> Gap:
    return Gap(
        kind="undecided",
        problem="another cancer cannot be placed before or after the first myeloma treatment",
        advice="Record when the cancer and the myeloma were found, and when treatment began",
        reference=malignancy.sources[0].reference if malignancy.sources else "",
        topic="cancer-onset",
    )
