"""Which kind of melphalan a record means: oral, high-dose, other intravenous, unknown (clinical conventions 7.3)."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from spmwatch.engine.episodes import FIRST_DAY, UNKNOWN, Transplant
from spmwatch.engine.facts import Proof, Standing
from spmwatch.engine.timeline.conventions import Conventions
from spmwatch.engine.timeline.covers import Cover

ORAL, HIGH, OTHER = "oral", "iv-high-dose", "iv-other"
_DOSE_UNIT = "mg/m2"


@dataclass(frozen=True, slots=True)
class _Dose:
    """A dose that may belong to conditioning; a missing one may be as high as it takes."""

    cover: Cover
    sure: float
    at_most: float


def told_apart(
    covers: Sequence[Cover],
    transplants: Sequence[Transplant],
    conventions: Conventions,
    *,
    transplants_known: bool,
) -> list[Cover]:
    """The covers of one drug with their kind.

    High-dose: doses in mg/m2 that add up to the conditioning dose within the window (first and last day included),
    whatever the route unless it is oral; or intravenous shortly before an autologous transplant. Records of one sort
    (requests, administrations, ...) are added up among themselves, since a request and its administration tell of the
    same dose. Without a route, a missing dose leaves the kind unknown; so does a date or a transplant that could make
    it high-dose, and a transplant that is not recorded while procedures were not supplied (`transplants_known`).
    """
    doses = [_dose(cover, conventions) for cover in covers if cover.form != ORAL]
    high: set[int] = set()
    perhaps: set[int] = set()
    by_proof: defaultdict[Proof, list[_Dose]] = defaultdict(list)
    for dose in doses:
        by_proof[dose.cover.fact.proof].append(dose)
    for group in by_proof.values():
        high |= _reaching([d for d in group if d.cover.counts and _exact(d.cover)], conventions, sure=True)
        perhaps |= _reaching(group, conventions, sure=False)
    result = [cover for cover in covers if cover.form == ORAL]
    for dose in doses:
        key = id(dose.cover)
        alone = dose.sure >= conventions.conditioning_dose
        sure, maybe = _before_transplant(dose.cover, transplants, conventions)
        if alone or key in high or (sure and dose.cover.form == OTHER):
            result.append(_conditioning(dose.cover, conventions))
        elif dose.cover.form == OTHER and not (key in perhaps or maybe or not transplants_known):
            result.append(dose.cover)
        else:
            result.append(replace(dose.cover, form=UNKNOWN))
    return _same_event(result, conventions)


def _exact(cover: Cover) -> bool:
    return cover.start_min == cover.start_max


def _dose(cover: Cover, conventions: Conventions) -> _Dose:
    dose = cover.fact.dose
    if dose is None or dose.unit != _DOSE_UNIT:
        if cover.form == OTHER:
            return _Dose(cover, 0.0, 0.0)  # intravenous, and nothing says high-dose: "else IV other" (conventions 7.3)
        told = cover.fact.end is not None or cover.fact.proof is Proof.ADMINISTRATION
        longer = told and cover.end_min - cover.start_max >= conventions.conditioning_window
        return _Dose(cover, 0.0, 0.0 if longer else conventions.conditioning_dose)  # conditioning is over in days
    most = dose.value
    if cover.fact.proof is not Proof.ADMINISTRATION and cover.fact.end is not None and cover.start_min > FIRST_DAY:
        days = min(cover.end_max - cover.start_min + 1, conventions.conditioning_window)
        most = dose.value * max(days, 1)  # the amount of one day, perhaps, given on each day of the period
    return _Dose(cover, dose.value, most)


def _reaching(doses: Sequence[_Dose], conventions: Conventions, *, sure: bool) -> set[int]:
    """Identities of the covers in some window whose doses reach the conditioning dose.

    A window that begins on day `t` holds a dose from `t = start - window + 1` to `t = start`: the sum changes at those
    days only.
    """
    reach = conventions.conditioning_window - 1
    steps: defaultdict[int, float] = defaultdict(float)
    for dose in doses:
        amount = dose.sure if sure else dose.at_most
        steps[dose.cover.start_min - reach] += amount
        steps[dose.cover.start_max + 1] -= amount
    days = sorted(steps)
    full: list[int] = []
    total = 0.0
    for day in days:
        total += steps[day]
        if total >= conventions.conditioning_dose - 1e-9:
            full.append(day)
    found: set[int] = set()
    for dose in doses:
        index = bisect_left(full, dose.cover.start_min - reach)
        if index < len(full) and full[index] <= dose.cover.start_max:
            found.add(id(dose.cover))
    return found


def _before_transplant(cover: Cover, transplants: Iterable[Transplant], conventions: Conventions) -> tuple[bool, bool]:
    """Is it at most so many days before an autologous transplant: for certain, and perhaps?"""
    certain = possible = False
    for transplant in transplants:
        if transplant.kind not in ("autologous", "gene-modified", UNKNOWN):
            continue
        nearest = transplant.date.low - cover.start_max
        furthest = transplant.date.high - cover.start_min
        possible |= furthest >= 0 and nearest <= conventions.conditioning_before_transplant
        certain |= (
            transplant.kind == "autologous"
            and transplant.standing is Standing.COUNTS
            and nearest >= 0
            and furthest <= conventions.conditioning_before_transplant
        )
    return certain, possible


def _conditioning(cover: Cover, conventions: Conventions) -> Cover:
    """High-dose melphalan takes days: an end that is not stated lies within the window, whatever the status says."""
    if cover.fact.end is not None or (cover.fact.proof is Proof.ADMINISTRATION and not cover.fact.ongoing):
        return replace(cover, form=HIGH)
    last = cover.start_max + conventions.conditioning_window - 1
    return replace(cover, form=HIGH, end_min=cover.start_min, end_max=min(cover.end_max, last), end_told=True)


def _same_event(covers: Sequence[Cover], conventions: Conventions) -> list[Cover]:
    """A record of unknown kind takes the kind of another kind of record within the window, when only one kind is there.

    A request without route and the administration of the same days tell of one event (one exposure, several proofs).
    """
    known: defaultdict[str, list[Cover]] = defaultdict(list)
    for cover in covers:
        if cover.form != UNKNOWN and cover.counts:
            known[cover.form].append(cover)
    if not known:
        return list(covers)
    result: list[Cover] = []
    for cover in covers:
        if cover.form == UNKNOWN:
            forms = {form for form, others in known.items() if any(_one_event(cover, o, conventions) for o in others)}
            if len(forms) == 1:
                form = forms.pop()
                result.append(_conditioning(cover, conventions) if form == HIGH else replace(cover, form=form))
                continue
        result.append(cover)
    return result


def _one_event(cover: Cover, other: Cover, conventions: Conventions) -> bool:
    groups = {cover.fact.group, other.fact.group} - {None}
    if cover.fact.proof is other.fact.proof or len(groups) > 1:
        return False
    reach = conventions.conditioning_window - 1
    return cover.start_max - other.start_min <= reach and other.start_max - cover.start_min <= reach
