"""What the shipped rules say about small timelines, written as episodes: each boundary and each negative of each rule.

Who speaks stands as `rule.variant`; a `?` in front marks what is undecided and would feed the list of missing data.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from spmwatch.engine.catalogue.load import load_rule_base
from spmwatch.engine.episodes import (
    Course,
    Cumulative,
    Disease,
    Done,
    Episode,
    Malignancy,
    Missing,
    Order,
    PatientEpisode,
    Span,
    Transplant,
)
from spmwatch.engine.facts import Standing
from spmwatch.engine.reasoning.explain import Explainer
from spmwatch.engine.truth import Truth

# ruff: noqa: E501
AS_OF = date(2026, 1, 15)
RULES = load_rule_base().rules


def day(text: str) -> Span:
    """2021, 2021-05..2021-07 in days, 2021-05-03; `?` for unknown."""
    if text == "?":
        return Span.of_days(None)
    first, _, last = text.partition("..")
    return Span(_ordinal(first, first=True), _ordinal(last or first, first=False))


def _ordinal(text: str, *, first: bool) -> int:
    if len(text) == 4:
        text += "-01-01" if first else "-12-31"
    return date.fromisoformat(text).toordinal()


def course(drug: str, start: str, end: str = "", **words: Any) -> Course:
    """A course; without an end it goes on today."""
    words.setdefault("active", "past" if end else "current")
    name = f"{drug}-{start}-{'-'.join(words.values())}"
    return Course(id=name, drug=drug, start=day(start), end=day(end or "2026-01-15"), **words)


def len_(start: str, end: str = "", **words: Any) -> Course:
    return course("lenalidomide", start, end, **words)


def mel(start: str, end: str, form: str, **words: Any) -> Course:
    return course("melphalan", start, end, form=form, **words)


def total(months: float | Span, phase: str = "any") -> Cumulative:
    span = months if isinstance(months, Span) else Span.exactly(months)
    return Cumulative(id=f"total-{phase}", drug="lenalidomide", phase=phase, duration=span)


def transplant(kind: str, on: str) -> Transplant:
    return Transplant(id=f"{kind}-{on}", kind=kind, date=day(on))


def order(drug: str, form: str = "oral") -> Order:
    return Order(id=f"order-{drug}", drug=drug, form=form)


def cancer(group: str, onset: str, status: str = "active", role: str = "spm") -> Malignancy:
    return Malignancy(id=f"{group}-{onset}", role=role, group=group, status=status, onset=day(onset))


def done(what: str, on: str = "2021-05-20") -> Done:
    return Done(id=f"{what}-{on}", what=what, date=day(on))


def patient(**words: Any) -> PatientEpisode:
    return PatientEpisode(id="patient", age=Span.exactly(words.pop("age", 60)), **{"indication": "myeloma", **words})


MM = Disease(id="mm", family="myeloma", onset=day("2018-03-01"), age_at_onset=Span.exactly(62))
OLD_MM = Disease(id="mm", family="myeloma", onset=day("2024-03-01"), age_at_onset=Span.exactly(75))
ELIGIBLE = patient(transplant_eligibility="eligible")


def said(*episodes: Episode) -> set[str]:
    """Which variants speak, and which are undecided; SPM-27 goes with most of them and has its own cases."""
    everything = [*episodes] if any(e.verb == "patient" for e in episodes) else [ELIGIBLE, *episodes]
    result: set[str] = set()
    for report in Explainer(everything, AS_OF).explain_all(RULES).values():
        if report.rule.id == "SPM-27":
            continue
        spoken: set[str | None] = set()
        for variant in report.variants:
            name = f"{report.rule.id[4:]}.{variant.variant.id}"
            if variant.variant.part in spoken:
                continue
            if variant.truth is Truth.TRUE:
                spoken.add(variant.variant.part)
                result.add(name)
            elif variant.truth is Truth.UNKNOWN:
                result.add(f"?{name}")
    return result


NOW, NINE = len_("2025-02-01"), "09.long"
LONG_NOW = len_("2023-02-01", phase="maintenance")
INDUCTION = len_("2020-04-01", "2020-09-15", phase="induction")
HARMLESS = {"01.myeloma"}
FIRST = {"28.first-order"}
MAINTAINED = len_("2025-02-01", phase="maintenance")

CASES: dict[str, tuple[list[Episode], set[str]]] = {
    "nothing": ([MM], set()),
    "lenalidomide": ([MM, NOW], HARMLESS),
    "lenalidomide in the past": ([MM, len_("2019-02-01", "2019-06-30")], HARMLESS),
    "no indication": ([patient(indication="unrecorded"), NOW], {"01.indication-unrecorded"}),
    "another indication": ([patient(indication="other"), NOW], {"30.only-another-indication"}),
    "deceased": ([patient(vital_status="deceased"), MM, NOW], set()),
    # SPM-02
    "induction alone": ([MM, INDUCTION], HARMLESS),
    "induction and maintenance": (
        [MM, INDUCTION, len_("2021-02-15", phase="maintenance")],
        HARMLESS | {"02.induction-and-maintenance"},
    ),
    "one course of unknown phase is not both": ([MM, len_("2025-02-01", phase="unknown")], HARMLESS),
    "induction, then unknown phase": (
        [MM, INDUCTION, len_("2021-02-15", phase="unknown")],
        HARMLESS | {"?02.induction-and-maintenance"},
    ),
    "36 months": ([MM, NOW, total(36)], HARMLESS | {"02.long"}),
    "just under 36 months": ([MM, NOW, total(35.97)], HARMLESS),
    "perhaps 36 months": ([MM, NOW, total(Span(30, 36))], HARMLESS | {"?02.long"}),
    # SPM-03 and 04
    "both now": ([MM, NOW, mel("2025-03-01", "", "oral")], HARMLESS | {"03.both-now"}),
    "together before": (
        [MM, len_("2022-01-05", "2022-09-20"), mel("2022-01-05", "2022-09-20", "oral")],
        HARMLESS | {"03.together-before"},
    ),
    "one day in common": (
        [MM, len_("2022-03-01", "2022-09-20"), mel("2022-01-05", "2022-03-01", "oral")],
        HARMLESS | {"03.together-before"},
    ),
    "started 30 days apart": (
        [MM, len_("2022-01-31", "2022-09-20"), mel("2022-01-01", "2022-01-04", "oral")],
        HARMLESS | {"03.together-before"},
    ),
    "started 31 days apart": (
        [MM, len_("2022-02-01", "2022-09-20"), mel("2022-01-01", "2022-01-04", "oral")],
        HARMLESS | {"04.oral-at-another-time"},
    ),
    "oral melphalan years before": ([MM, NOW, mel("2019-01-01", "2019-12-31", "oral")], HARMLESS | {"04.oral-at-another-time"}),
    "two oral courses, one together": (
        [MM, NOW, mel("2019-01-01", "2019-12-31", "oral"), mel("2025-03-01", "2025-04-30", "oral")],
        HARMLESS | {"03.together-before", "04.oral-at-another-time"},
    ),
    "unknown kind is never critical": (
        [MM, NOW, mel("2025-03-01", "", "unknown")],
        HARMLESS
        | {"04.intravenous-or-unknown-kind", "?03.both-now", "?03.together-before"}
        | {"?05.lenalidomide-after-high-dose-melphalan", "?05.lenalidomide-before-high-dose-melphalan"},
    ),
    "intravenous, not high-dose, at the same time": (
        [MM, NOW, mel("2025-03-01", "2025-03-01", "iv-other")],
        HARMLESS | {"04.intravenous-or-unknown-kind"},
    ),
    "melphalan flufenamide is not melphalan": (
        [MM, NOW, course("melphalan-flufenamide", "2025-03-01", "2025-06-01")],
        HARMLESS | {"04.melphalan-flufenamide"},
    ),
    "melphalan without lenalidomide": ([MM, mel("2019-01-01", "2019-12-31", "oral")], set()),
    # SPM-05
    "lenalidomide after autologous transplant": (
        [MM, NOW, transplant("autologous", "2020-11-10")],
        HARMLESS | {"05.lenalidomide-after-transplant"},
    ),
    "lenalidomide through the transplant": (
        [MM, len_("2020-10-01", "2020-12-31"), transplant("autologous", "2020-11-10")],
        HARMLESS | {"05.lenalidomide-after-transplant"},
    ),
    "lenalidomide before the transplant only": (
        [MM, len_("2018-06-04", "2018-09-23"), transplant("autologous", "2018-12-10")],
        HARMLESS | {"05.lenalidomide-before-transplant"},
    ),
    "transplant without a date": (
        [MM, NOW, transplant("autologous", "?")],
        HARMLESS | {"05.lenalidomide-before-transplant", "?05.lenalidomide-after-transplant"},
    ),
    "kind unknown": (
        [MM, NOW, transplant("unknown", "2020-11-10")],
        HARMLESS
        | {"05.kind-unknown", "?05.lenalidomide-after-transplant", "?05.lenalidomide-before-transplant"}
        | {"?07.allogeneic-lenalidomide-now", "?07.allogeneic-lenalidomide-before", "?07.syngeneic"},
    ),
    "high-dose melphalan alone": (
        [MM, NOW, mel("2020-11-08", "2020-11-09", "iv-high-dose")],
        HARMLESS | {"05.lenalidomide-after-high-dose-melphalan"},
    ),
    "first transplant, lenalidomide only ordered": ([MM, transplant("autologous", "2025-10-17"), order("lenalidomide")], FIRST | {"19.first-order"}),
    # SPM-07
    "donor transplant": (
        [MM, NOW, transplant("allogeneic", "2020-11-10")],
        HARMLESS | {"07.allogeneic-lenalidomide-now"},
    ),
    "high-dose melphalan for a donor transplant": (
        [MM, NOW, mel("2020-11-08", "2020-11-09", "iv-high-dose"), transplant("allogeneic", "2020-11-10")],
        HARMLESS | {"07.allogeneic-lenalidomide-now"},
    ),
    "donor transplant, lenalidomide before": (
        [MM, len_("2019-02-01", "2019-06-30"), transplant("allogeneic", "2020-11-10")],
        HARMLESS | {"07.allogeneic-lenalidomide-before"},
    ),
    "donor transplant, lenalidomide ordered": (
        [MM, transplant("allogeneic", "2020-11-10"), order("lenalidomide")],
        FIRST | {"07.allogeneic-lenalidomide-now"},
    ),
    "donor transplant, no lenalidomide": ([MM, transplant("allogeneic", "2020-11-10")], set()),
    "identical twin": ([MM, NOW, transplant("syngeneic", "2020-11-10")], HARMLESS | {"07.syngeneic"}),
    # SPM-08
    "stated ineligible": ([patient(transplant_eligibility="ineligible"), MM, NOW], HARMLESS | {"08.stated"}),
    "nothing stated": ([patient(), MM, NOW], HARMLESS | {"?08.stated"}),
    "not asked": ([patient(transplant_eligibility="not-asked"), MM, NOW], HARMLESS),
    "75 at diagnosis": ([patient(), OLD_MM, NOW], HARMLESS | {"08.inferred", "?08.stated"}),
    "75 at diagnosis, stated eligible": ([OLD_MM, NOW], HARMLESS),
    "75 at diagnosis, transplanted": (
        [patient(), OLD_MM, NOW, transplant("autologous", "2024-11-10")],
        HARMLESS | {"?08.stated", "05.lenalidomide-after-transplant"},
    ),
    "75 at diagnosis, a year ago": (
        [patient(transplant_eligibility="not-asked"), Disease(id="mm", family="myeloma", onset=day("2025-01-15"), age_at_onset=Span.exactly(75)), NOW],
        HARMLESS | {"08.inferred"},
    ),
    "75 at diagnosis, a year ago but a day": (
        [patient(transplant_eligibility="not-asked"), Disease(id="mm", family="myeloma", onset=day("2025-01-16"), age_at_onset=Span.exactly(75)), NOW],
        HARMLESS,
    ),
    # SPM-09
    "24 months of maintenance": ([MM, LONG_NOW, total(24, "maintenance")], HARMLESS),
    "over 24 months of maintenance": ([MM, LONG_NOW, total(24.03, "maintenance")], HARMLESS | {NINE}),
    "over 24 months, ended": (
        [MM, len_("2021-02-01", "2025-02-01", phase="maintenance"), total(48, "maintenance")],
        HARMLESS,
    ),
    "over 24 months of treatment that is no maintenance": ([MM, len_("2023-02-01", phase="relapse"), total(35)], HARMLESS),
    "over 24 months beside another risk": (
        [MM, LONG_NOW, total(24.03, "maintenance"), mel("2019-01-01", "2019-12-31", "oral")],
        HARMLESS | {"09.with-another-risk", "04.oral-at-another-time"},
    ),
    # SPM-17
    "leukaemia on lenalidomide": ([MM, NOW, cancer("mds", "2025-06-10")], HARMLESS | {"17.active-invasive"}),
    "skin cancer on lenalidomide": ([MM, NOW, cancer("nmsc", "2025-09-01")], HARMLESS | {"17.skin-or-in-situ"}),
    "cancer in remission": ([MM, NOW, cancer("solid", "2025-09-01", "remission")], HARMLESS | {"17.not-active"}),
    "state not recorded": (
        [MM, NOW, cancer("solid", "2025-09-01", "unknown")],
        HARMLESS | {"17.not-active", "?17.active-invasive"},
    ),
    "cancer on the day lenalidomide began": ([MM, NOW, cancer("solid", "2025-02-01")], HARMLESS),
    "prior cancer": ([MM, NOW, cancer("solid", "2012", role="prior")], HARMLESS | {"15.invasive"}),
    "undecided cancer": (
        [MM, NOW, cancer("solid", "2025-09-01", role="unknown")],
        HARMLESS | {"?15.invasive", "?17.active-invasive"},
    ),
    "leukaemia after lenalidomide": (
        [MM, len_("2024-02-01", "2025-03-01"), cancer("aml", "2025-11-05")],
        HARMLESS | {"18.invasive"},
    ),
    "leukaemia, lenalidomide ordered again": (
        [MM, len_("2024-02-01", "2025-03-01"), cancer("aml", "2025-11-05"), order("lenalidomide")],
        HARMLESS | {"17.active-invasive"},
    ),
    # SPM-19
    "order without melphalan": ([MM, order("lenalidomide")], FIRST),
    "order beside active oral melphalan": (
        [MM, mel("2025-12-01", "", "oral"), order("lenalidomide")],
        FIRST | {"19.with-oral-melphalan"},
    ),
    "both ordered": ([MM, order("melphalan"), order("lenalidomide")], FIRST | {"19.with-oral-melphalan"}),
    "order after melphalan": ([MM, mel("2019-01-01", "2020-02-01", "oral"), order("lenalidomide")], FIRST | {"19.first-order"}),
    "renewal 180 days after the last": (
        [MM, transplant("autologous", "2020-11-10"), len_("2024-07-01", "2025-07-19"), order("lenalidomide")],
        HARMLESS | {"05.lenalidomide-after-transplant", "19.renewal"},
    ),
    "order 181 days after the last": (
        [MM, transplant("autologous", "2020-11-10"), len_("2024-07-01", "2025-07-18"), order("lenalidomide")],
        HARMLESS | {"05.lenalidomide-after-transplant", "19.first-order"},
    ),
    # SPM-20
    "oral melphalan ordered on lenalidomide": ([MM, NOW, order("melphalan")], HARMLESS | {"20.oral"}),
    "melphalan ordered, route unknown": (
        [MM, NOW, order("melphalan", "unknown")],
        HARMLESS | {"20.intravenous-or-unknown-route", "?20.oral"},
    ),
    "intravenous melphalan ordered": (
        [MM, NOW, order("melphalan", "intravenous")],
        HARMLESS | {"20.intravenous-or-unknown-route"},
    ),
    "local melphalan ordered": ([MM, NOW, order("melphalan", "local")], HARMLESS),
    "melphalan flufenamide ordered": (
        [MM, NOW, order("melphalan-flufenamide", "intravenous")],
        HARMLESS | {"20.melphalan-flufenamide"},
    ),
    "melphalan ordered after lenalidomide ended": (
        [MM, len_("2024-02-01", "2025-03-01"), order("melphalan")],
        HARMLESS | {"12.melphalan-ordered"},
    ),
    # SPM-06
    "two transplants 30 days apart": (
        [MM, NOW, transplant("autologous", "2020-10-01"), transplant("autologous", "2020-10-31")],
        HARMLESS | {"05.lenalidomide-after-transplant", "06.two-transplants"},
    ),
    "two transplants 29 days apart": (
        [MM, NOW, transplant("autologous", "2020-10-01"), transplant("autologous", "2020-10-30")],
        HARMLESS | {"05.lenalidomide-after-transplant"},
    ),
    "perhaps 30 days apart": (
        [MM, NOW, transplant("autologous", "2020-10-01"), transplant("autologous", "2020-10-30..2020-11-30")],
        HARMLESS | {"05.lenalidomide-after-transplant", "?06.two-transplants"},
    ),
    # SPM-14
    "radiotherapy": ([MM, NOW, done("radiotherapy")], HARMLESS | {"14.radiotherapy"}),
    "total-body irradiation": ([MM, NOW, done("total-body-irradiation")], HARMLESS | {"14.total-body"}),
    "radiotherapy without lenalidomide": ([MM, done("radiotherapy")], set()),
    # SPM-15
    "prior skin cancer": ([MM, NOW, cancer("nmsc", "2012", role="prior")], HARMLESS | {"15.skin-or-in-situ"}),
    "prior cancer of unknown site": (
        [MM, NOW, cancer("unknown", "2012", role="prior")],
        HARMLESS | {"?15.invasive", "?15.skin-or-in-situ"},
    ),
    "prior cancer without lenalidomide": ([MM, cancer("solid", "2012", role="prior")], set()),
    "over 24 months after a prior cancer": (
        [MM, LONG_NOW, total(24.03, "maintenance"), cancer("solid", "2012", role="prior")],
        HARMLESS | {"09.with-another-risk", "15.invasive"},
    ),
    # SPM-16
    "65": ([patient(age=65, transplant_eligibility="eligible"), MM, NOW], HARMLESS | {"16.older"}),
    "64": ([patient(age=64, transplant_eligibility="eligible"), MM, NOW], HARMLESS),
    "75, ineligible, on maintenance": (
        [patient(age=75, transplant_eligibility="ineligible"), MM, MAINTAINED],
        HARMLESS | {"08.stated", "16.oldest-ineligible"},
    ),
    "74, ineligible, on maintenance": (
        [patient(age=74, transplant_eligibility="ineligible"), MM, MAINTAINED],
        HARMLESS | {"08.stated", "16.older"},
    ),
    "75, ineligible, treated but not on maintenance": (
        [patient(age=75, transplant_eligibility="ineligible"), MM, len_("2025-02-01", phase="relapse")],
        HARMLESS | {"08.stated", "16.older"},
    ),
    "75, probably ineligible, on maintenance": (
        [patient(age=77, transplant_eligibility="not-asked"), OLD_MM, MAINTAINED],
        HARMLESS | {"08.inferred", "16.oldest-probably-ineligible"},
    ),
    # SPM-18
    "skin cancer after lenalidomide": (
        [MM, len_("2024-02-01", "2025-03-01"), cancer("nmsc", "2025-09-01")],
        HARMLESS | {"18.skin-or-in-situ"},
    ),
    # SPM-28
    "first order, lenalidomide long ago": (
        [MM, len_("2019-02-01", "2019-06-30"), order("lenalidomide")],
        HARMLESS,
    ),
    # SPM-29
    "a decisive datum is missing": (
        [MM, Missing(id="m", datum="melphalan-kind", decisive="decisive")],
        {"29.decisive-data-missing"},
    ),
    "a minor datum is missing": ([MM, Missing(id="m", datum="smoking", decisive="minor")], set()),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_who_speaks(case: str) -> None:
    episodes, expected = CASES[case]
    assert said(*episodes) == expected


def test_lenalidomide_that_is_only_possible_makes_nothing_speak() -> None:
    possible = Course(
        id="len",
        drug="lenalidomide",
        start=day("2022"),
        end=day("2026-01-15"),
        active="current",
        standing=Standing.POSSIBLE,
    )
    assert all(name.startswith("?") for name in said(MM, possible, transplant("autologous", "2020-11-10")))


def test_an_indication_that_nobody_supplied_still_tells_the_conditional_advice() -> None:
    hypothetical = Disease(id="h", family="myeloma", standing=Standing.POSSIBLE, hypothetical=True, topic="indication")
    result = said(patient(indication="unknown"), hypothetical, NOW)
    assert "01.indication-unrecorded" in result
    assert "?01.myeloma" in result
