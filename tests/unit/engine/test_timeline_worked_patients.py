"""The worked patients of the clinical conventions, section 10, as facts: phases, durations, activity, roles, kinds."""

from __future__ import annotations

import pytest

from spmwatch.engine.episodes import Course, Cumulative, Disease, Lab, Malignancy, Order, Span, Stated
from spmwatch.engine.facts import Certainty, DrugOrder, LabValue, Proof, Smoking, Standing
from tests.unit.engine.timeline_records import (
    POSSIBLE,
    asct,
    condition,
    courses,
    day_span,
    days,
    diseases,
    given,
    maintenance,
    malignancies,
    melphalan_iv,
    myeloma,
    not_taken,
    only,
    person,
    procedure,
    stated,
    the_course,
    the_patient,
    timeline,
    total,
    transplants,
)

MM = myeloma("2018-01-10")


def test_p01_induction_transplant_maintenance() -> None:
    facts = [
        myeloma("2020-03-20"),
        given("2020-04-01", "2020-09-15", mg=25),
        given("2020-04-01", "2020-09-15", concept="bortezomib"),
        given("2020-04-01", "2020-09-15", concept="dexamethasone"),
        melphalan_iv("2020-11-09", 200),
        asct("2020-11-10"),
        given("2021-02-15", ongoing=True, mg=10),
    ]
    first, second = courses(*facts)
    assert (first.phase, first.active, first.end) == ("induction", "past", day_span("2020-09-15"))
    assert (second.phase, second.active, second.duration) == ("maintenance", "current", Span(59, 59))
    assert total(*facts).duration.low >= 36
    assert the_course(*facts, drug="melphalan").form == "iv-high-dose"
    assert [t.kind for t in transplants(*facts)] == ["autologous"]


@pytest.mark.parametrize("induction", [None, "induction"])
def test_p03_oral_melphalan_with_lenalidomide_then_maintenance(induction: str | None) -> None:
    facts = [
        myeloma("2021-12-20"),
        stated("transplant-ineligible", "2021-12-28"),
        given("2022-01-05", "2022-09-20", phase=induction),
        given("2022-01-05", "2022-09-20", concept="melphalan-oral"),
        maintenance("2022-10-01"),
    ]
    first, second = courses(*facts, patient=person("1945-06-01"))
    assert (first.phase, first.end) == ("induction", day_span("2022-09-20"))
    assert (second.phase, second.start, second.active) == ("maintenance", day_span("2022-10-01"), "current")
    assert second.duration.low > 24
    assert total(*facts).duration == total(given("2022-01-05", ongoing=True)).duration  # bridged: one exposure
    assert total(*facts, phase="maintenance").duration == second.duration
    melphalan = the_course(*facts, drug="melphalan")
    assert melphalan.form == "oral"
    assert melphalan.start.low <= first.end.low
    patient = the_patient(*facts, patient=person("1945-06-01"))
    assert (patient.age, patient.transplant_eligibility) == (Span(80, 80), "ineligible")


def test_p05_never_lenalidomide() -> None:
    facts = [MM, given("2019-01-01", "2019-06-01", concept="bortezomib"), given("2020-01-01", concept="daratumumab")]
    assert not courses(*facts)
    assert {c.drug for c in only(timeline(*facts), Course)} == {"bortezomib", "daratumumab"}


def test_p07_an_order_without_exposure() -> None:
    draft = DrugOrder(concept="lenalidomide", drug="lenalidomide", route="oral")
    line = timeline(MM, given("2019", "2020", concept="melphalan-oral"), draft)
    assert [(o.drug, o.form) for o in only(line, Order)] == [("lenalidomide", "oral")]
    assert [(c.drug, c.form) for c in only(line, Course)] == [("melphalan", "oral")]


def test_p09_follicular_lymphoma() -> None:
    facts = [
        condition("spm-heme-other", "2022-01-01"),
        given("2023-01-01", ongoing=True),
        condition("spm-nmsc-bcc", "2015-01-01"),
    ]
    assert the_patient(*facts).indication == "other"
    assert {m.group for m in malignancies(*facts)} == {"nmsc"}


def test_p11_mds_on_maintenance() -> None:
    facts = [MM, maintenance("2019-03-01"), condition("spm-mds", "2025-06-10", clinical_status="active")]
    (found,) = malignancies(*facts)
    assert (found.role, found.group, found.status, found.standing) == ("spm", "mds", "active", Standing.COUNTS)
    assert the_patient(*facts).indication == "myeloma"
    assert total(*facts).duration.low >= 36
    assert [d.family for d in diseases(*facts)] == ["myeloma"]


def test_p13_exactly_24_months() -> None:
    assert total(MM, maintenance("2024-01-15"), phase="maintenance").duration == Span(24, 24)


def test_p15_a_bridged_gap_of_44_days() -> None:
    first = given("2024-02-01", "2024-08-10", proof=Proof.DISPENSE)
    course = the_course(MM, first, given("2024-09-24", proof=Proof.REQUEST, ongoing=True))
    assert course.duration.low == pytest.approx(23.5, abs=0.06)
    assert course.duration.exact
    assert course.active == "current"


def test_p17_two_strengths_count_once() -> None:
    facts = [MM, given("2025-01-01", ongoing=True, mg=10), given("2025-01-01", ongoing=True, mg=5)]
    assert total(*facts).duration.low == pytest.approx(12.5, abs=0.06)
    assert len(courses(*facts)) == 1


def test_p19_two_courses_of_maintenance() -> None:
    facts = [MM, maintenance("2019-01-10", "2020-06-10"), maintenance("2024-02-15")]
    assert [c.duration.low for c in courses(*facts)] == [pytest.approx(17, abs=0.04), 23]
    assert total(*facts).duration.low == pytest.approx(40, abs=0.1)
    assert total(*facts, phase="maintenance").active == "current"
    assert {c.phase for c in courses(*facts)} == {"maintenance"}


def test_p21_text_only_with_a_year() -> None:
    course = the_course(MM, maintenance("2024", certainty=Certainty.LOW))
    assert course.certainty is Certainty.LOW
    assert (course.duration.low, course.duration.high) == (pytest.approx(12.5, abs=0.05), pytest.approx(24.5, abs=0.06))


def test_p23_two_transplants() -> None:
    facts = [MM, asct("2015-05-04"), asct("2022-09-12"), maintenance("2015-09", "2021-06"), maintenance("2023-01-10")]
    assert [t.kind for t in transplants(*facts)] == ["autologous"] * 2
    assert [c.active for c in courses(*facts)] == ["past", "current"]
    assert total(*facts).duration.low > 36


def test_p25_only_a_transplant_status() -> None:
    facts = [MM, procedure("sct-unspecified", None, is_status=True), maintenance("2024-11-15")]
    assert [t.kind for t in transplants(*facts)] == ["unknown"]
    assert the_course(*facts).duration == Span(14, 14)


def test_p27_harvest_only() -> None:
    assert not transplants(MM, procedure("stem-cell-collection", "2025-03-01"), maintenance("2025-05-15"))


def test_p29_not_taken() -> None:
    line = timeline(MM, not_taken("2025-01-01"))
    assert not only(line, Course)
    assert not only(line, Cumulative)


def test_p31_ordered_and_declined() -> None:
    order = given("2025-11-01", proof=Proof.REQUEST, ongoing=True)
    line = timeline(MM, order, not_taken("2025-11-03", "2025-11-03"))
    assert not only(line, Course)
    assert [note.kind for note in line.notes] == ["conflict"]


def test_p32_and_p33_skin_cancer_after_and_breast_cancer_before() -> None:
    bcc = condition("spm-nmsc-bcc", "2025-09", clinical_status="active")
    (after,) = malignancies(MM, maintenance("2024-05-15"), bcc)
    assert (after.role, after.group, after.status) == ("spm", "nmsc", "active")
    (before,) = malignancies(
        myeloma("2022"), maintenance("2024-12-15"), condition("history-cancer-breast", history=True)
    )
    assert (before.role, before.group, before.organ) == ("prior", "solid", "breast")
    (dated,) = malignancies(
        myeloma("2022"), maintenance("2024-12-15"), condition("history-cancer-breast", "2012", history=True)
    )
    assert (dated.role, dated.onset) == ("prior", day_span("2012-01-01", "2012-12-31"))


def test_p35_leukaemia_after_the_end() -> None:
    facts = [MM, given("2022-01-01", "2025-03-01"), condition("spm-aml", "2025-11-05", clinical_status="active")]
    assert the_course(*facts).active == "past"
    assert [(m.role, m.group, m.status) for m in malignancies(*facts)] == [("spm", "aml", "active")]


def test_p36_p39_p41_values() -> None:
    blasts = LabValue(analyte="blasts-percent-blood", value=3, unit="%", date=days("2026-01-10"))
    (found,) = only(timeline(MM, maintenance("2023-07-15"), blasts), Lab)
    assert (found.value, found.latest, found.result_status) == (Span(3, 3), "latest", "final")
    rd = [MM, given("2025-01-01", ongoing=True, mg=25), given("2025-01-01", ongoing=True, concept="dexamethasone")]
    assert the_course(*rd).phase == "induction"


def test_p43_progression_on_maintenance() -> None:
    facts = [MM, maintenance("2022-01-01", "2025-06-12"), stated("progression", "2025-06-10")]
    course = the_course(*facts)
    assert (course.phase, course.active) == ("maintenance", "past")
    assert [s.what for s in only(timeline(*facts), Stated)] == ["progression"]


def test_p47_intravitreal_melphalan() -> None:
    facts = [MM, given("2025-01-01", ongoing=True), given("2025-06-01", concept="melphalan", route="local")]
    assert not courses(*facts, drug="melphalan")
    assert courses(*facts)


def test_p49_smoking() -> None:
    smoking = Smoking(concept="smoking-former", date=days("2025-01-01"), pack_years=30, quit_on=days("2015-03-01"))
    line = timeline(MM, smoking)
    assert {s.what for s in only(line, Stated)} == {"smoking-former", "smoking-quit"}


def test_p55_a_birthday() -> None:
    assert the_patient(MM, patient=person("1961-01-15")).age == Span(65, 65)


def test_p59_status_unknown_only() -> None:
    course = the_course(MM, given(None, standing=POSSIBLE))
    assert (course.standing, course.active) == (POSSIBLE, "unknown")


def test_p63_myeloma_and_mgus_only() -> None:
    line = timeline(MM, condition("mgus", "2010-01-01"))
    assert [(d.family, d.onset) for d in only(line, Disease)] == [("myeloma", day_span("2018-01-10"))]
    assert not only(line, Malignancy)


@pytest.mark.parametrize("phase", [None, "induction"])
def test_p65_induction_only(phase: str | None) -> None:
    facts = [
        myeloma("2018-05-20"),
        *(
            given(day, proof=Proof.DISPENSE, phase=phase)
            for day in ("2018-06-04", "2018-07-02", "2018-07-30", "2018-08-27")
        ),
        asct("2018-12-10"),
    ]
    course = the_course(*facts)
    assert (course.phase, course.start, course.end) == ("induction", day_span("2018-06-04"), day_span("2018-09-23"))
    assert [t.date for t in transplants(*facts)] == [day_span("2018-12-10")]


def test_p67_maintenance_ordered_for_the_first_time() -> None:
    facts = [MM, asct("2025-10-17"), stated("response-cr", "2026-01-02")]
    draft = DrugOrder(concept="lenalidomide", drug="lenalidomide", phase="maintenance")
    line = timeline(*facts, draft)
    assert [o.phase for o in only(line, Order)] == ["maintenance"]
    assert not only(line, Course)


def test_p69_donor_lymphocytes_only() -> None:
    (found,) = transplants(
        MM, given("2025-01-01", ongoing=True), procedure("allogeneic-lymphocyte-infusion", "2024-05-01")
    )
    assert (found.kind, found.standing, found.certainty) == ("allogeneic", Standing.COUNTS, Certainty.HIGH)
