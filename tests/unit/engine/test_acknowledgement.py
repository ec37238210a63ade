"""What makes advice the same advice again."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from spmwatch.engine.acknowledgement import Acknowledgement, digest_of
from spmwatch.engine.episodes import (
    Cumulative,
    Disease,
    FollowUp,
    Found,
    Lab,
    Malignancy,
    PatientEpisode,
    Span,
    Sustained,
    Transplant,
)
from spmwatch.engine.facts import Certainty, Source
from spmwatch.engine.recommendation import Finding
from tests.unit.engine.recommendations import AS_OF, WARNING, day, finding, maintenance

LATER = AS_OF + timedelta(days=37)
BASE = finding("SPM-09", episodes=(maintenance(),))


def digest(*findings: Finding, as_of: date = AS_OF, patient: str = "p1") -> str:
    return digest_of(patient, findings, as_of)


def with_facts(*episodes: Any) -> Finding:
    return replace(BASE, episodes=episodes)


def test_it_is_a_sha256_in_hexadecimal() -> None:
    assert len(digest(BASE)) == 64
    assert int(digest(BASE), 16)


def test_days_that_pass_change_nothing() -> None:
    """End and length of a course that goes on, months in all, age and days since a check move by themselves."""

    def facts(as_of: date) -> Finding:
        passed = (as_of - AS_OF).days
        return with_facts(
            maintenance(as_of),
            Cumulative(id="k", drug="lenalidomide", phase="any", active="current", duration=Span.exactly(60 + passed)),
            PatientEpisode(id="p", age=Span(64 + passed, 65 + passed), sex="male"),
            Disease(id="d", family="myeloma", onset=day("2020-03-10"), age_at_onset=Span(50, 51)),
            FollowUp(id="f", check="cbc", state="overdue", last=day("2025-10-01"), since_last=Span.exactly(passed)),
            Transplant(id="t", kind="autologous", date=Span(day("2020-01-01").low, as_of.toordinal())),
        )

    assert digest(facts(AS_OF)) == digest(facts(LATER), as_of=LATER)


@pytest.mark.parametrize(
    "changed",
    [
        with_facts(maintenance(phase="relapse")),
        with_facts(maintenance(start=day("2021-02-16"))),
        with_facts(maintenance(active="past")),
        with_facts(maintenance(doses=("10 mg",))),
        with_facts(maintenance(drug="melphalan")),
        with_facts(maintenance(), Transplant(id="t", kind="autologous", date=day("2020-11-10"))),
        with_facts(),
        replace(BASE, variant="with-another-risk"),
        replace(BASE, part="a"),
        replace(BASE, indicator=WARNING),
        replace(BASE, certainty=Certainty.LOW),
        replace(BASE, version="1.1.0"),
        replace(BASE, version="2.0.0"),
        replace(BASE, rule="SPM-10"),
    ],
)
def test_what_matters_changes_it(changed: Finding) -> None:
    assert digest(changed) != digest(BASE)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            maintenance(active="past", end=day("2025-06-30")),
            maintenance(active="past", end=day("2025-07-31")),
        ),
        (
            Lab(id="l", analyte="platelets", value=Span.exactly(40), date=day("2026-01-02")),
            Lab(id="l", analyte="platelets", value=Span.exactly(39), date=day("2026-01-02")),
        ),
        (
            Sustained(
                id="s", analyte="mcv", highest=Span.exactly(104), lowest=Span.exactly(101), last=day("2026-01-02")
            ),
            Sustained(
                id="s", analyte="mcv", highest=Span.exactly(104), lowest=Span.exactly(101), last=day("2026-01-09")
            ),
        ),
        (
            Malignancy(id="m", role="spm", group="solid", organ="breast", onset=day("2025-05-01")),
            Malignancy(id="m", role="spm", group="solid", organ="colon", onset=day("2025-05-01")),
        ),
        (
            FollowUp(id="f", check="cbc", state="due", last=day("2025-10-01")),
            FollowUp(id="f", check="cbc", state="overdue", last=day("2025-10-01")),
        ),
        (
            Found(id="x", rule="SPM-03", variant="now", indicator="warning"),
            Found(id="x", rule="SPM-03", variant="now", indicator="critical"),
        ),
        (
            Transplant(id="t", kind="autologous", date=day("2020-11-10")),
            Transplant(id="t", kind="autologous", date=Span(day("2020-11-10").low, AS_OF.toordinal())),
        ),
    ],
)
def test_another_fact_changes_it(before: Any, after: Any) -> None:
    assert digest(with_facts(before)) != digest(with_facts(after))


def test_refills_and_wording_do_not_change_it() -> None:
    """A monthly dispense of the same course, and a version whose third number alone rose."""
    refilled = maintenance(sources=(Source(reference="MedicationDispense/9"),))
    assert digest(with_facts(refilled)) == digest(BASE)
    assert digest(replace(BASE, version="1.0.1", summary="Other words", detail="Other words.")) == digest(BASE)


def test_an_event_of_today_is_the_same_tomorrow() -> None:
    today = Transplant(id="t", kind="autologous", date=Span.exactly(AS_OF.toordinal()))
    assert digest(with_facts(today)) == digest(with_facts(today), as_of=AS_OF + timedelta(days=1))


def test_order_and_repetition_do_not_matter() -> None:
    other = replace(BASE, part="b")
    assert digest(BASE, other) == digest(other, BASE)
    assert digest(with_facts(maintenance(), maintenance())) == digest(BASE)


def test_it_is_of_one_patient() -> None:
    assert digest(BASE) != digest(BASE, patient="p2")


@pytest.mark.parametrize(("days", "holds"), [(-1, False), (0, True), (90, True), (91, False)])
def test_for_how_long_it_holds(days: int, *, holds: bool) -> None:
    seen = Acknowledgement(rule="SPM-09", on=AS_OF, digest="d")
    assert seen.holds("SPM-09", "d", as_of=AS_OF + timedelta(days=days), days=90) is holds
    assert not seen.holds("SPM-10", "d", as_of=AS_OF, days=90)
    assert not seen.holds("SPM-09", "e", as_of=AS_OF, days=90)
