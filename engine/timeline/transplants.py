"""Stem-cell transplants: many codes of one infusion become one transplant (clinical conventions 7.7)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from operator import attrgetter

from spmwatch.engine.episodes import FIRST_DAY, UNKNOWN, Span, Transplant
from spmwatch.engine.facts import Certainty, Fact, Gap, Procedure, Source, Standing
from spmwatch.engine.terminology.value_sets import ValueSets
from spmwatch.engine.timeline.conventions import Conventions
from spmwatch.engine.timeline.exposures import known_days, note

NARROWER = {"autologous": "gene-modified", "allogeneic": "syngeneic"}
"""Kinds that a narrower code refines: gene-modified cells are the patient's own, a twin's cells are a donor's."""


@dataclass(slots=True)
class _Told:
    """One record of a transplant, or several that tell of the same one."""

    low: int
    high: int
    kind: str
    counts: bool
    facts: list[Procedure] = field(default_factory=list)
    names: list[tuple[object, ...]] = field(init=False)

    def __post_init__(self) -> None:
        self.names = [(f.concept, f.certainty, f.sources) for f in self.facts]

    @property
    def sort_key(self) -> tuple[object, ...]:
        return self.low, self.high, not self.counts, self.kind, self.names


def transplants_of(
    facts: Iterable[Fact], as_of: int, conventions: Conventions, value_sets: ValueSets
) -> tuple[list[Transplant], list[Gap]]:
    """The transplants by date, and what was undecided.

    Dated infusions first; then codes that tell of a transplant at some time before, which speak of one of these if they
    can; then donor lymphocytes, which imply a donor transplant before them.
    """
    dated: list[_Told] = []
    told: list[_Told] = []
    implied: list[_Told] = []
    notes: list[Gap] = []
    for fact in facts:
        if not isinstance(fact, Procedure):
            continue
        concept = value_sets.concept(fact.concept)
        kind = concept.implies_prior or concept.transplant
        if kind is None or concept.planned:
            continue
        days = known_days(fact.date, as_of)
        one = _Told(*days, kind, fact.standing is Standing.COUNTS, [fact])
        if concept.implies_prior is not None:
            implied.append(_Told(FIRST_DAY, days[1], kind, one.counts, one.facts))
        elif fact.is_status or days[0] == FIRST_DAY:
            told.append(_Told(FIRST_DAY, days[1], kind, one.counts, one.facts))
        else:
            dated.append(one)
    found = _infusions(sorted(dated, key=lambda t: t.sort_key), conventions, notes)
    for one in sorted(told, key=lambda t: t.sort_key):
        _place(one, found)
    for one in sorted(implied, key=lambda t: t.sort_key):
        _place(one, found)
    found.sort(key=lambda t: t.sort_key)
    return [_episode(one, number) for number, one in enumerate(found, start=1)], notes


# -- dated infusions ------------------------------------------------------------------------------------------------


def _infusions(dated: Sequence[_Told], conventions: Conventions, notes: list[Gap]) -> list[_Told]:
    """One for all codes less than `another_transplant` after the first; those beyond `same_transplant` with a note.

    Exact days make the transplants, and a partial date joins the one that it can be. So do possible records.
    """
    found: list[_Told] = []
    for counting in (True, False):
        groups: list[list[_Told]] = []
        for one in sorted((t for t in dated if t.counts is counting), key=lambda t: (t.low != t.high, t.sort_key)):
            same = [known for known in found if known.counts and _may_be_one(known, one, conventions)]
            if same and not counting:
                _add(same[0], one)
                continue
            group = next((group for group in groups if _may_be_one(group[0], one, conventions)), None)
            if group is None:
                groups.append([one])
            else:
                group.append(one)
        found += [_merged(group, conventions, notes) for group in groups]
    return found


def _may_be_one(first: _Told, other: _Told, conventions: Conventions) -> bool:
    """Could they lie less than `another_transplant` days apart?"""
    apart = max(other.low - first.high, first.low - other.high)
    return apart < conventions.another_transplant


def _merged(group: Sequence[_Told], conventions: Conventions, notes: list[Gap]) -> _Told:
    """One transplant of all its records: dated by the best known date (the first of several), of the narrowest kind."""
    best = min(group, key=lambda t: (t.high - t.low, t.low))
    kind = _kind({one.kind for one in group})
    facts = [fact for one in group for fact in one.facts]
    first = group[0]
    if kind is None:
        problem = "the codes of one transplant name different kinds"
        notes.append(
            note("conflict", facts[0], problem, "Record whether the cells were the patient's own", "transplant-kind")
        )
    if any(one.low - first.high > conventions.same_transplant for one in group):
        problem = "transplant codes are too far apart for one infusion and too near for two; taken as one"
        notes.append(note("conflict", facts[-1], problem, "Check the dates", "transplant"))
    return _Told(best.low, best.high, kind or UNKNOWN, group[0].counts, facts)


def _kind(kinds: Iterable[str]) -> str | None:
    """The narrowest of the known kinds; None when they contradict each other."""
    known = set(kinds) - {UNKNOWN}
    for broad, narrow in NARROWER.items():
        if narrow in known:
            known.discard(broad)
    if len(known) > 1:
        return None
    return known.pop() if known else UNKNOWN


# -- codes that tell of a transplant before ---------------------------------------------------------------------------


def _place(one: _Told, found: list[_Told]) -> None:
    """Let the record speak of a transplant on or before its date; else it makes one, dated up to the record."""
    before = [known for known in found if known.low <= one.high and (known.counts or not one.counts)]
    for known in sorted(before, key=lambda t: (not t.counts, t.kind == UNKNOWN, t.sort_key)):
        if one.kind == UNKNOWN or one.kind == known.kind or NARROWER.get(one.kind) == known.kind:
            _add(known, one)
            return
    refinable = [
        known for known in before if known.kind in (UNKNOWN, *(b for b, n in NARROWER.items() if n == one.kind))
    ]
    if len(refinable) == 1 and refinable[0].counts is one.counts:
        _add(refinable[0], one)
        refinable[0].kind = one.kind
        return
    found.append(one)


def _add(known: _Told, one: _Told) -> None:
    """Take another record of the same transplant along; of upper bounds of its date the earliest stays."""
    known.facts += one.facts
    known.names += one.names
    if known.low == FIRST_DAY and known.counts is one.counts:
        known.high = min(known.high, one.high)


# -- episodes -------------------------------------------------------------------------------------------------------


def _episode(told: _Told, number: int) -> Transplant:
    high = any(f.certainty is Certainty.HIGH and (f.standing is Standing.COUNTS) is told.counts for f in told.facts)
    return Transplant(
        id=f"transplanted-{number}",
        standing=Standing.COUNTS if told.counts else Standing.POSSIBLE,
        certainty=Certainty.HIGH if high else Certainty.LOW,
        sources=sources_of(told.facts),
        kind=told.kind,
        date=Span(told.low, told.high),
    )


def sources_of(facts: Iterable[Fact]) -> tuple[Source, ...]:
    """Every source behind these facts, once each, in a stable order."""
    return in_order([source for fact in facts for source in fact.sources])


_BY_PLACE = attrgetter("reference", "element")  # the order of sources themselves, told quicker


def in_order(sources: Iterable[Source]) -> tuple[Source, ...]:
    """The sources once each, in a stable order."""
    listed = list(sources)
    return tuple(sorted(set(listed), key=_BY_PLACE)) if len(listed) > 1 else tuple(listed)
