"""Named combinations: which regimens are ordered, planned or being given (rules/value_sets/regimens).

A regimen is recognised from its drugs. Drafts are looked at by themselves first; only where they make up no regimen do
drugs that are being given complete them, and the episode says so: whether those go on is not known. The most specific
regimen counts, KRd rather than the Kd within it. A name in words shows a regimen with low certainty.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from spmwatch.engine.episodes import Course, Planned, Regimen
from spmwatch.engine.facts import Certainty, DrugOrder, Fact, NamedRegimen, Source, Standing
from spmwatch.engine.terminology.regimens import KnownRegimen, Regimens
from spmwatch.engine.terminology.value_sets import ValueSets
from spmwatch.engine.timeline.conventions import Conventions
from spmwatch.engine.timeline.courses import CURRENT, PAST, activity
from spmwatch.engine.timeline.covers import Cover
from spmwatch.engine.timeline.exposures import Clock
from spmwatch.engine.timeline.plans import Plans

ORDERED, PLANNED, GIVEN = "ordered", "planned", "given"
DRUGS, COMPLETED, NAME = "drugs", "completed", "name"
_LOCAL = "local"
_WORDS = {True: "contains", False: "free"}


@dataclass(frozen=True, slots=True)
class _Part:
    """A drug at one stage, and what tells of it."""

    drug: str
    sure: bool
    certainty: Certainty
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class _Name:
    """A regimen that words name."""

    regimen: str
    stage: str
    standing: Standing
    sources: tuple[Source, ...]


def regimens_of(
    facts: Sequence[Fact],
    courses: Sequence[Course],
    by_drug: Mapping[str, Sequence[Cover]],
    plans: Plans,
    planned: Sequence[Planned],
    clock: Clock,
    conventions: Conventions,
    value_sets: ValueSets,
) -> list[Regimen]:
    """Every regimen of the patient, by stage and name. Ids are given later.

    Looked for only where a rule could ask: beside drugs that are looked for, or where something is ordered or planned.
    """
    orders = [fact for fact in facts if isinstance(fact, DrugOrder)]
    named = [fact for fact in facts if isinstance(fact, NamedRegimen)]
    if not (orders or named or planned or not by_drug.keys().isdisjoint(conventions.looked_for)):
        return []
    known = Regimens.of(value_sets)
    current = [_of(course, sure=course.active == CURRENT) for course in courses if course.active != PAST]
    by_name = {source for fact in named for source in fact.sources}  # a name is told as a name, not by its drugs too
    drafts = [
        _Part(order.drug, order.standing is Standing.COUNTS, order.certainty, order.sources)
        for order in orders
        if by_name.isdisjoint(order.sources) and (order.route or value_sets.concept(order.concept).route) != _LOCAL
    ]
    intended = [_of(plan) for plan in planned if plan.form != _LOCAL]
    found = [
        *_recognised(known, ORDERED, drafts, current),
        *_recognised(known, PLANNED, intended, current),
        *_recognised(known, GIVEN, current, ()),
    ]
    names = [*_names(orders, named, plans), *_names_of_courses(by_drug, clock, conventions)]
    return _with_names(found, names, known)


def _of(episode: Course | Planned, *, sure: bool = True) -> _Part:
    return _Part(episode.drug, sure and episode.standing is Standing.COUNTS, episode.certainty, episode.sources)


def _recognised(known: Regimens, stage: str, own: Sequence[_Part], beside: Sequence[_Part]) -> Iterator[Regimen]:
    """The regimens that these drugs make up; with those beside them where they make up none themselves."""
    if not own:
        return
    sure, every = _drugs(own, sure=True), _drugs(own)
    certain = known.made_of(sure)
    possible = [one for one in known.made_of(every) if one not in certain] if every != sure else []
    for one in certain:
        yield _regimen(one, stage, DRUGS, [part for part in own if part.sure])
    for one in possible:
        yield _regimen(one, stage, DRUGS, own)
    if not certain and not possible and beside:
        for one in known.made_of(every | _drugs(beside)):
            if not one.drugs.isdisjoint(every):
                yield _regimen(one, stage, COMPLETED, [*own, *(part for part in beside if part.drug not in every)])


def _drugs(parts: Iterable[_Part], *, sure: bool = False) -> frozenset[str]:
    return frozenset(part.drug for part in parts if part.sure or not sure)


def _regimen(known: KnownRegimen, stage: str, basis: str, parts: Sequence[_Part]) -> Regimen:
    """The episode: as sure as the least sure of its drugs."""
    own = [part for part in parts if part.drug in known.drugs]
    certain = frozenset(part.drug for part in own if part.sure)
    high = frozenset(part.drug for part in own if part.certainty is Certainty.HIGH)
    return _episode(
        known,
        stage,
        basis,
        Standing.COUNTS if certain == known.drugs else Standing.POSSIBLE,
        Certainty.HIGH if high == known.drugs else Certainty.LOW,
        (source for part in own for source in part.sources),
    )


def _episode(
    known: KnownRegimen, stage: str, basis: str, standing: Standing, certainty: Certainty, sources: Iterable[Source]
) -> Regimen:
    return Regimen(
        id="",
        standing=standing,
        certainty=certainty,
        sources=tuple(sorted(set(sources))),
        name=known.id,
        stage=stage,
        basis=basis,
        lenalidomide=_WORDS[known.lenalidomide],
        melphalan=_WORDS[known.melphalan],
        other_leukemogenic=_WORDS[known.other_leukemogenic],
    )


# -- names in words -------------------------------------------------------------------------------------------------


def _names(orders: Iterable[DrugOrder], named: Iterable[NamedRegimen], plans: Plans) -> Iterator[_Name]:
    for order in orders:
        if order.regimen is not None:
            yield _Name(order.regimen, ORDERED, order.standing, order.sources)
    for plan in plans.drugs:
        if plan.regimen is not None:
            yield _Name(plan.regimen, PLANNED, plan.standing, plan.sources)
    for fact in named:
        if fact.stage == ORDERED:
            yield _Name(fact.regimen, ORDERED, fact.standing, fact.sources)
    for fact in plans.regimens:
        yield _Name(fact.regimen, PLANNED, fact.standing, fact.sources)


def _names_of_courses(
    by_drug: Mapping[str, Sequence[Cover]], clock: Clock, conventions: Conventions
) -> Iterator[_Name]:
    """Records of today's treatment that name a regimen."""
    for covers in by_drug.values():
        for cover in covers:
            if cover.fact.regimen is not None:
                active = activity([cover], clock, conventions)
                if active != PAST:
                    standing = Standing.COUNTS if active == CURRENT else Standing.POSSIBLE
                    yield _Name(cover.fact.regimen, GIVEN, standing, cover.fact.sources)


def _with_names(found: Iterable[Regimen], names: Iterable[_Name], known: Regimens) -> list[Regimen]:
    """The regimens once each, as the drugs show them or else as words name them."""
    result = {(one.stage, one.name): one for one in found}
    by_name: dict[tuple[str, str], list[_Name]] = {}
    for name in names:
        by_name.setdefault((name.stage, name.regimen), []).append(name)
    for key, told in by_name.items():
        shown = result.get(key)
        if shown is not None and shown.standing is Standing.COUNTS and shown.basis == DRUGS:
            continue
        sure = [name for name in told if name.standing is Standing.COUNTS]
        result[key] = _episode(
            known.by_id[key[1]],
            key[0],
            NAME,
            Standing.COUNTS if sure else Standing.POSSIBLE,
            Certainty.LOW,
            (source for name in sure or told for source in name.sources),
        )
    return [result[key] for key in sorted(result)]
