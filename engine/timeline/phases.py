"""Induction, maintenance or relapse: which phase a stretch of lenalidomide belongs to (clinical conventions 7.6).

What the record says wins. Else maintenance is inferred from dose, company and timing; induction from lying inside the
first myeloma regimen; relapse from a start after recorded progression. Where the record does not decide between them
the phase stays unknown: each step asks for a Truth, and UNKNOWN ends the search.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from spmwatch.engine.episodes import UNKNOWN, Span, Transplant
from spmwatch.engine.facts import DrugExposure, DrugOrder, Proof, Standing
from spmwatch.engine.terminology.value_sets import ValueSets
from spmwatch.engine.timeline.conventions import Conventions
from spmwatch.engine.timeline.covers import Cluster, Cover, Stretches, clusters_of
from spmwatch.engine.timeline.therapy import Event, Known, Therapy
from spmwatch.engine.truth import Truth, all_of, any_of

MAINTENANCE, INDUCTION, RELAPSE = "maintenance", "induction", "relapse"
_DOSE_UNIT, _STEROID = "mg", "steroid"
_TRUTHS = {(True, True): Truth.TRUE, (False, True): Truth.UNKNOWN, (False, False): Truth.FALSE}


class Phases:
    """Tells the phase of any cover of one drug, from the patient's whole treatment."""

    def __init__(
        self,
        own: Sequence[Cover],
        others: Sequence[Cover],
        *,
        therapy: Therapy,
        transplants: Sequence[Transplant],
        progressions: Sequence[Event],
        known: Known,
        conventions: Conventions,
        value_sets: ValueSets,
    ) -> None:
        """`own`: all covers of the drug; `others`: those of every other drug."""
        self._conventions, self._known, self._therapy = conventions, known, therapy
        self._transplants, self._progressions, self._value_sets = transplants, progressions, value_sets
        gap = conventions.bridge_gap
        companions: dict[str, list[Cover]] = {}
        steroids: dict[str, list[Cover]] = {}
        for cover in others:
            classes = value_sets.concept(cover.fact.concept).classes
            if not conventions.not_single_agent.isdisjoint(classes):
                companions.setdefault(cover.fact.drug, []).append(cover)
            elif _STEROID in classes:
                steroids.setdefault(cover.fact.drug, []).append(cover)
        beside = [cluster for group in companions.values() for cluster in clusters_of(group, gap)]
        steroid = [cluster for group in steroids.values() for cluster in clusters_of(group, gap)]
        self._sure_companions, self._possible_companions = Stretches.sure(beside), Stretches.possible(beside)
        self._sure_steroid, self._possible_steroid = Stretches.sure(steroid), Stretches.possible(steroid)
        self._low, self._high = self._dosed(own)
        self._stated = self._stated_stretches(own)
        self._inferred: list[tuple[int, int]] = []

    def _dosed(self, own: Sequence[Cover]) -> tuple[Stretches, Stretches]:
        """Stretches at maintenance dose, and above it; records without a dose look there for theirs."""
        low: list[tuple[int, int]] = []
        high: list[tuple[int, int]] = []
        for cover in own:
            dose = self._own_dose_is_low(cover)
            if dose is not Truth.UNKNOWN and cover.counts:
                (low if dose is Truth.TRUE else high).append((cover.start_min, cover.end_max))
        return Stretches.of(low), Stretches.of(high)

    def _stated_stretches(self, own: Sequence[Cover]) -> dict[str, list[Cluster]]:
        stated: dict[str, list[Cover]] = {}
        for cover in own:
            if cover.fact.phase is not None and cover.counts:
                stated.setdefault(cover.fact.phase, []).append(cover)
        return {phase: clusters_of(group, self._conventions.bridge_gap) for phase, group in sorted(stated.items())}

    # -- all covers -------------------------------------------------------------------------------------------------

    def assign(self, own: Sequence[Cover]) -> list[Cover]:
        """The covers with their phases, by start. What continues maintenance is maintenance."""
        result: list[Cover] = []
        inferred = self._inferred = []
        for cover in sorted(own, key=lambda c: c.sort_key):
            phase = self.phase_of(cover, inferred)
            if phase == MAINTENANCE and cover.fact.phase is None and cover.counts:
                _extend(inferred, cover, self._conventions.bridge_gap)
            result.append(cover if phase == cover.phase else cover.in_phase(phase))
        return result

    def phase_of_order(self, order: DrugOrder, drafts: Iterable[DrugOrder], as_of: int) -> str:
        """The phase that a draft order would begin or continue, on its date or else on the day of evaluation.

        `drafts`: all orders that are being written, one of each concept. In company that ends single-agent use, or in a
        named regimen, the order is neither maintenance nor, without a record of it, the first regimen.
        """
        if order.phase is not None:
            return order.phase
        first = (
            as_of
            if order.start is None or order.start.earliest is None
            else max(as_of, order.start.earliest.toordinal())
        )
        fact = DrugExposure(
            concept=order.concept, drug=order.drug, proof=Proof.REQUEST, dose=order.dose, sources=order.sources
        )
        cover = Cover(
            fact=fact, counts=True, start_min=first, start_max=first, end_min=first, end_max=first, end_told=True
        )
        if order.regimen is not None or any(self._ends_single_use(draft.concept) for draft in drafts):
            return RELAPSE if self._after_progression(cover) is Truth.TRUE else UNKNOWN
        return self.phase_of(cover, self._inferred)

    def _ends_single_use(self, concept: str) -> bool:
        classes = self._value_sets.concept(concept).classes
        return _STEROID in classes or not self._conventions.not_single_agent.isdisjoint(classes)

    def phase_of(self, cover: Cover, inferred: Sequence[tuple[int, int]] = ()) -> str:
        """The phase of one cover. `inferred`: stretches of maintenance that were inferred before, by start."""
        if cover.fact.phase is not None:
            return cover.fact.phase
        relapse = self._after_progression(cover)
        alone = self._alone(cover)
        continued = self._continued(cover, relapse, alone, inferred)
        if continued is not None:
            return continued
        maintenance = all_of([alone, self._dose_is_low(cover), self._timed_as_maintenance(cover)])
        if maintenance is not Truth.FALSE:
            return MAINTENANCE if maintenance is Truth.TRUE else UNKNOWN
        induction = self._in_first_regimen(cover, alone)
        if induction is not Truth.FALSE:
            return INDUCTION if induction is Truth.TRUE else UNKNOWN
        return RELAPSE if relapse is Truth.TRUE else UNKNOWN

    # -- what continues a phase that is known -----------------------------------------------------------------------

    def _continued(self, cover: Cover, relapse: Truth, alone: Truth, inferred: Sequence[tuple[int, int]]) -> str | None:
        """The phase of records that it overlaps, or of maintenance that it continues; None when there are none."""
        if relapse is Truth.TRUE:
            return None
        certain: set[str] = set()
        possible: set[str] = set()
        for phase, clusters in self._stated.items():
            for cluster in clusters:
                runs = [run for run in cluster.runs if run.first <= run.last]
                if any(self._joins(cover, run.first, run.last, phase, alone) for run in runs):
                    certain.add(phase)
                elif self._may_join(cover, cluster, phase, alone):
                    possible.add(phase)
        if len(certain) == 1 and relapse is Truth.FALSE:
            return certain.pop()
        chained = not certain and relapse is Truth.FALSE and self._dose_is_low(cover) is not Truth.FALSE
        if chained and inferred and self._joins(cover, *inferred[-1], MAINTENANCE, alone):
            return MAINTENANCE
        return UNKNOWN if certain or possible else None

    def _joins(self, cover: Cover, first: int, last: int, phase: str, alone: Truth) -> bool:
        """Does it begin within the stretch or little before, or within the gap after maintenance in no new company?"""
        if cover.start_min < first - self._conventions.restated_within:
            return False
        if cover.start_max <= last:
            return True
        within_gap = cover.start_max - last - 1 <= self._conventions.bridge_gap
        return phase == MAINTENANCE and within_gap and alone is not Truth.FALSE

    def _may_join(self, cover: Cover, cluster: Cluster, phase: str, alone: Truth) -> bool:
        """Could it begin there for some true dates?"""
        last = cluster.last
        if phase == MAINTENANCE and alone is not Truth.FALSE:
            last += self._conventions.bridge_gap + 1
        return cover.start_max >= cluster.first - self._conventions.restated_within and cover.start_min <= last

    # -- the parts of the inference ---------------------------------------------------------------------------------

    def _after_progression(self, cover: Cover) -> Truth:
        """Did it start after a recorded progression?"""
        return any_of(
            _TRUTHS[event.sure and cover.start_min > event.high, cover.start_max > event.low]
            for event in self._progressions
        )

    def _alone(self, cover: Cover) -> Truth:
        """Is it given without the classes that end single-agent use, and with little dexamethasone at most?"""
        limit = self._conventions.maintenance_dexamethasone
        if cover.fact.regimen is not None or self._sure_companions.meet(cover.start_max, cover.end_min):
            return Truth.FALSE
        if self._sure_steroid.days_within(cover.start_max, cover.end_min) >= limit:
            return Truth.FALSE
        perhaps = (
            self._possible_companions.meet(cover.start_min, cover.end_max)
            or self._possible_steroid.days_within(cover.start_min, cover.end_max) >= limit
        )
        return Truth.UNKNOWN if perhaps or not self._known.medications else Truth.TRUE

    def _own_dose_is_low(self, cover: Cover) -> Truth:
        dose = cover.fact.dose
        if dose is None or dose.unit != _DOSE_UNIT:
            return Truth.UNKNOWN
        return Truth.TRUE if dose.value <= self._conventions.maintenance_dose else Truth.FALSE

    def _dose_is_low(self, cover: Cover) -> Truth:
        """Its own dose, else the dose of records of the same time."""
        own = self._own_dose_is_low(cover)
        if own is not Truth.UNKNOWN:
            return own
        low = self._low.meet(cover.start_min, cover.end_max)
        high = self._high.meet(cover.start_min, cover.end_max)
        return Truth.UNKNOWN if low == high else Truth.TRUE if low else Truth.FALSE

    def _timed_as_maintenance(self, cover: Cover) -> Truth:
        """Soon after an autologous transplant, or long enough after the first therapy without progression?"""
        after_transplant = any_of(
            all_of([self._after_transplant(cover, transplant), ~self._progressed(transplant.date, cover)])
            for transplant in self._transplants
        )
        if not self._known.procedures:
            after_transplant = any_of([after_transplant, Truth.UNKNOWN])
        return any_of([after_transplant, self._long_after_first_therapy(cover)])

    def _after_transplant(self, cover: Cover, transplant: Transplant) -> Truth:
        if transplant.kind not in ("autologous", "gene-modified", UNKNOWN):
            return Truth.FALSE
        least = cover.start_min - transplant.date.high
        most = cover.start_max - transplant.date.low
        from_, to = (
            self._conventions.maintenance_after_transplant_from,
            self._conventions.maintenance_after_transplant_to,
        )
        certain = (
            transplant.kind == "autologous" and transplant.standing is Standing.COUNTS and least >= from_ and most <= to
        )
        return Truth.of(certain=certain, possible=most >= from_ and least <= to)

    def _long_after_first_therapy(self, cover: Cover) -> Truth:
        first = self._therapy.first
        wait = self._conventions.maintenance_after_first_therapy
        if first is None:
            return Truth.FALSE if self._known.medications else Truth.UNKNOWN
        possible = cover.start_max - first.low >= wait or not self._known.medications
        late = Truth.of(certain=cover.start_min - first.high >= wait, possible=possible)
        progressed = self._progressed(first, cover)
        if not self._known.conditions:
            progressed = any_of([progressed, Truth.UNKNOWN])
        return all_of([late, ~progressed])

    def _progressed(self, since: Span, cover: Cover) -> Truth:
        """Is a progression recorded from that day to the start of the cover?"""
        return any_of(
            _TRUTHS[
                event.sure and event.low >= since.high and event.high <= cover.start_min,
                event.high >= since.low and event.low <= cover.start_max,
            ]
            for event in self._progressions
        )

    def _in_first_regimen(self, cover: Cover, alone: Truth) -> Truth:
        """Does it lie inside the first regimen, and look like one?

        The regimen ends at a transplant, at progression and where maintenance begins. A single agent at maintenance
        dose with nothing before it may continue treatment that is not on record: that is not taken for induction.
        """
        broken = any_of(
            _TRUTHS[event.sure and event.high <= cover.start_min, event.low <= cover.start_max]
            for event in self._breaks()
        )
        if not (self._known.procedures and self._known.medications):
            broken = any_of([broken, Truth.UNKNOWN])
        regimen = self._therapy.regimen
        if broken is Truth.TRUE or self._therapy.first is None:
            return Truth.FALSE
        if regimen is None:
            return Truth.UNKNOWN
        gap = self._conventions.bridge_gap
        inside = Truth.of(
            certain=cover.start_max - regimen[1] - 1 <= gap, possible=cover.start_min - regimen[1] - 1 <= gap
        )
        in_regimen = all_of([inside, ~broken])
        if in_regimen is Truth.TRUE and not self._looks_like_induction(cover, alone, regimen[1]):
            return Truth.UNKNOWN
        return in_regimen

    def _breaks(self) -> Iterable[Event]:
        yield from self._progressions
        for transplant in self._transplants:
            sure = transplant.standing is Standing.COUNTS
            yield Event(low=int(transplant.date.low), high=int(transplant.date.high), sure=sure)
        for cluster in self._stated.get(MAINTENANCE, ()):
            yield Event(low=cluster.first, high=min(c.start_max for c in cluster.members), sure=True)

    def _looks_like_induction(self, cover: Cover, alone: Truth, regimen_end: int) -> bool:
        """Combined, or above maintenance dose, or followed by a transplant or, after a break, by stated maintenance?"""
        if alone is Truth.FALSE or self._dose_is_low(cover) is Truth.FALSE:
            return True
        if any(cluster.first > regimen_end for cluster in self._stated.get(MAINTENANCE, ())):
            return True
        return any(t.standing is Standing.COUNTS and t.date.low > cover.start_max for t in self._transplants)


def _extend(stretches: list[tuple[int, int]], cover: Cover, gap: int) -> None:
    """Add a cover that comes in order of start."""
    if stretches and cover.start_min - stretches[-1][1] - 1 <= gap:
        stretches[-1] = (stretches[-1][0], max(stretches[-1][1], cover.end_min))
    elif cover.start_max <= cover.end_min:
        stretches.append((cover.start_max, cover.end_min))


def stated_only(covers: Iterable[Cover]) -> list[Cover]:
    """The covers of a drug whose phases are not inferred: what the record says, else unknown."""
    return [cover if cover.fact.phase is None else cover.in_phase(cover.fact.phase) for cover in covers]
