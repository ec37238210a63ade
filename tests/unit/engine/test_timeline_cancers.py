"""Other cancers, the disease and the indication: clinical conventions 7.8 and 7.12."""

from __future__ import annotations

import pytest

from spmwatch.engine.episodes import FIRST_DAY, Disease, Malignancy, Span
from spmwatch.engine.facts import Certainty, Diagnosis, DrugOrder, Fact, Standing
from tests.unit.engine.timeline_records import (
    AS_OF,
    POSSIBLE,
    condition,
    day_span,
    diseases,
    given,
    maintenance,
    malignancies,
    myeloma,
    only,
    ordinal,
    person,
    the_patient,
    timeline,
)

MM = myeloma("2020-01-10")
LEN = given("2020-03-01", ongoing=True)


def the_cancer(*facts: Fact) -> Malignancy:
    found = malignancies(MM, LEN, *facts)
    assert len(found) == 1, found
    return found[0]


def breast(onset: str | None = None, **more: object) -> Diagnosis:
    return condition("spm-breast", onset, **more)


# -- second primary or prior (7.8) ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("onset", "role"),
    [
        ("2020-01-09", "prior"),
        ("2020-01-10", "unknown"),  # the day of the diagnosis
        ("2020-02-01", "unknown"),  # between diagnosis and treatment
        ("2020-03-01", "unknown"),  # the first day of treatment
        ("2020-03-02", "spm"),
        ("2019", "prior"),
        ("2020", "unknown"),
        ("2021", "spm"),
        (None, "unknown"),
    ],
)
def test_before_the_diagnosis_prior_after_the_first_treatment_second(onset: str | None, role: str) -> None:
    assert the_cancer(breast(onset)).role == role
    noted = [(n.kind, n.topic) for n in timeline(MM, LEN, breast(onset)).notes]
    assert noted == ([("undecided", "cancer-onset")] if role == "unknown" else [])


def test_the_recorded_date_stands_in_for_a_missing_onset() -> None:
    assert the_cancer(breast(recorded="2021-05-01")).role == "spm"
    assert the_cancer(breast("2019-05-01", recorded="2021-05-01")).role == "prior"


def test_any_first_myeloma_treatment_counts_not_only_lenalidomide() -> None:
    later = given("2022-01-01", ongoing=True)
    before = given("2020-03-01", "2020-09-01", concept="bortezomib")
    assert [m.role for m in malignancies(MM, later, breast("2021-01-01"))] == ["unknown"]
    assert [m.role for m in malignancies(MM, later, before, breast("2021-01-01"))] == ["spm"]


def test_a_possible_treatment_proves_no_second_cancer() -> None:
    perhaps = given("2020-03-01", concept="bortezomib", standing=POSSIBLE)
    assert [m.role for m in malignancies(MM, perhaps, breast("2021-01-01"))] == ["unknown"]


def test_without_treatment_or_diagnosis_it_stays_undecided() -> None:
    assert [m.role for m in malignancies(MM, breast("2021-01-01"))] == ["unknown"]
    assert [m.role for m in malignancies(LEN, breast("2019-01-01"))] == ["unknown"]
    assert [m.role for m in malignancies(LEN, breast("2021-01-01"))] == ["spm"]


def test_a_precursor_is_not_the_diagnosis_where_myeloma_is_known() -> None:
    mgus = condition("mgus", "2010-01-01")
    assert [m.role for m in malignancies(mgus, MM, LEN, breast("2015-01-01"))] == ["prior"]
    assert [m.role for m in malignancies(mgus, LEN, breast("2015-01-01"))] == ["unknown"]
    assert [m.role for m in malignancies(mgus, LEN, breast("2009-01-01"))] == ["prior"]


def test_myeloma_that_was_recorded_after_its_treatment_was_found_before_it() -> None:
    late = condition("multiple-myeloma", recorded="2023-01-01")
    assert [m.role for m in malignancies(late, LEN, breast("2019-01-01"))] == ["unknown"]
    assert [m.role for m in malignancies(late, LEN, breast("2020-06-01"))] == ["spm"]


def test_history_codes_are_prior() -> None:
    found = the_cancer(condition("history-cancer-breast", history=True))
    assert (found.role, found.status, found.organ) == ("prior", "resolved", "breast")
    assert found.onset == Span(FIRST_DAY, AS_OF.toordinal())
    assert the_cancer(condition("history-cancer-breast", recorded="2025-01-01", history=True)).role == "prior"


def test_a_history_code_with_an_onset_is_placed_by_it() -> None:
    assert the_cancer(condition("history-cancer-breast", "2023-01-01", history=True)).role == "spm"


def test_a_history_code_is_no_active_cancer_though_problem_lists_call_it_active() -> None:
    found = the_cancer(condition("history-cancer-breast", "2023-01-01", history=True, clinical_status="active"))
    assert (found.role, found.status) == ("spm", "resolved")
    both = (
        breast("2023-02-01", clinical_status="active"),
        condition("history-cancer-breast", "2023-01-01", history=True),
    )
    assert the_cancer(*both).status == "active"


def test_a_history_code_after_a_second_cancer_tells_of_that_one() -> None:
    for recorded in ("2025-01-01", None):
        history = condition("history-cancer-breast", recorded=recorded, history=True)
        found = the_cancer(breast("2023-01-01", clinical_status="resolved"), history)
        assert (found.role, found.onset) == ("spm", day_span("2023-01-01"))


def test_a_history_code_before_a_cancer_of_the_organ_makes_that_a_recurrence() -> None:
    history = condition("history-cancer-breast", recorded="2021-01-01", history=True)
    assert the_cancer(breast("2023-01-01", clinical_status="active"), history).role == "prior"


# -- what is none (7.8) -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "concept", ["metastasis-not-spm", "mgus", "plasma-cell-neoplasm-other", "al-amyloidosis", "anemia", "pancytopenia"]
)
def test_metastases_the_myeloma_family_and_other_conditions_are_no_cancers(concept: str) -> None:
    assert not malignancies(MM, LEN, condition(concept, "2022-01-01"))


def test_the_history_code_that_may_be_the_myeloma_is_ignored() -> None:
    assert not malignancies(MM, LEN, condition("history-heme-other-incl-myeloma", history=True))


def test_a_recurrence_of_a_prior_cancer_is_that_cancer() -> None:
    found = the_cancer(
        breast("2012-01-01", clinical_status="resolved"), breast("2023-01-01", clinical_status="recurrence")
    )
    assert (found.role, found.status, found.onset) == ("prior", "active", day_span("2012-01-01"))


def test_another_organ_or_group_is_another_cancer() -> None:
    assert len(malignancies(MM, LEN, breast("2012-01-01"), condition("spm-lung", "2023-01-01"))) == 2
    assert len(malignancies(MM, LEN, condition("spm-mds", "2022-01-01"), condition("spm-aml", "2023-01-01"))) == 2


def test_broad_organ_groups_tell_no_recurrence() -> None:
    other = [condition("spm-solid-other", "2012-01-01"), condition("spm-solid-other", "2023-01-01")]
    assert sorted(m.role for m in malignancies(MM, LEN, *other)) == ["prior", "spm"]


# -- one cancer of several Conditions -------------------------------------------------------------------------------


def test_several_conditions_of_one_cancer_are_one_at_the_earliest_onset() -> None:
    found = the_cancer(breast("2023-05-01", clinical_status="active"), breast("2022-05-01"), breast(None))
    assert (found.role, found.onset, found.status) == ("spm", day_span("2022-05-01"), "active")
    assert len(found.sources) == 3


@pytest.mark.parametrize(
    ("status", "word"),
    [
        ("active", "active"),
        ("recurrence", "active"),
        ("relapse", "active"),
        ("remission", "remission"),
        ("resolved", "resolved"),
        ("inactive", "resolved"),
        (None, "unknown"),
    ],
)
def test_status(status: str | None, word: str) -> None:
    assert the_cancer(breast("2022-01-01", clinical_status=status)).status == word


def test_what_is_over_is_resolved() -> None:
    from spmwatch.engine.dates import DateRange

    over = DateRange.parse("2023-01-01")
    assert the_cancer(breast("2022-01-01", clinical_status="active", abated=over)).status == "resolved"
    later = DateRange.parse("2026-02-01")
    assert the_cancer(breast("2022-01-01", clinical_status="active", abated=later)).status == "active"


def test_a_provisional_cancer_is_possible_and_adds_nothing_to_a_certain_one() -> None:
    assert the_cancer(breast("2022-01-01", standing=POSSIBLE)).standing is POSSIBLE
    both = the_cancer(breast("2022-01-01"), breast("2022-03-01", standing=POSSIBLE))
    assert both.standing is Standing.COUNTS


def test_words_alone_make_low_certainty() -> None:
    assert the_cancer(breast("2022-01-01", certainty=Certainty.LOW)).certainty is Certainty.LOW


def test_a_cancer_after_the_day_of_evaluation_does_not_count() -> None:
    assert not malignancies(MM, LEN, breast("2026-01-16"))


# -- disease and indication (7.12) ----------------------------------------------------------------------------------


def hidden_diseases(*facts: Fact, missing: tuple[str, ...] = ()) -> list[str]:
    return [e.family for e in timeline(*facts, missing=missing).episodes if isinstance(e, Disease) and e.hypothetical]


@pytest.mark.parametrize(
    "concept", ["multiple-myeloma", "mgus", "smoldering-myeloma", "al-amyloidosis", "plasma-cell-neoplasm-other"]
)
def test_the_myeloma_family(concept: str) -> None:
    found = diseases(condition(concept, "2020-01-10"))
    assert [(d.family, d.onset, d.standing) for d in found] == [("myeloma", day_span("2020-01-10"), Standing.COUNTS)]
    assert the_patient(condition(concept, "2020-01-10"), LEN).indication == "myeloma"


def test_age_at_onset() -> None:
    assert diseases(MM, patient=person("1945-01-10"))[0].age_at_onset == Span(75, 75)
    assert diseases(MM, patient=person("1945-01-11"))[0].age_at_onset == Span(74, 74)
    assert diseases(MM, patient=person("1945"))[0].age_at_onset == Span(74, 75)
    assert diseases(MM, patient=person(None))[0].age_at_onset == Span(0, 150)


def test_the_reason_of_lenalidomide_or_of_its_order_tells_too() -> None:
    reason = given("2020-03-01", ongoing=True, reasons=("multiple-myeloma",))
    assert [d.family for d in diseases(reason)] == ["myeloma"]
    assert the_patient(reason).indication == "myeloma"
    draft = DrugOrder(concept="lenalidomide", drug="lenalidomide", reasons=("multiple-myeloma",))
    assert the_patient(draft).indication == "myeloma"
    assert not diseases(given("2020-03-01", concept="bortezomib", reasons=("multiple-myeloma",)))


def test_a_provisional_myeloma_leaves_the_indication_unknown() -> None:
    facts = [myeloma(standing=POSSIBLE), LEN]
    assert the_patient(*facts).indication == "unknown"
    assert [d.standing for d in diseases(*facts)] == [POSSIBLE]
    assert not hidden_diseases(*facts)


@pytest.mark.parametrize("concept", ["spm-heme-other", "spm-mds", "waldenstrom"])
def test_another_indication(concept: str) -> None:
    facts = [condition(concept, "2019-06-01"), LEN]
    assert the_patient(*facts).indication == "other"
    assert [d.family for d in diseases(*facts)] == ["other-indication"]
    assert not malignancies(*facts)
    assert not hidden_diseases(*facts)


def test_what_was_found_after_lenalidomide_is_not_its_indication() -> None:
    mds = condition("spm-mds", "2021-06-01")
    assert the_patient(mds, LEN).indication == "unrecorded"
    assert [m.role for m in malignancies(mds, LEN)] == ["spm"]
    same_day = condition("spm-mds", "2020-03-01")
    assert the_patient(same_day, LEN).indication == "other"


def test_myeloma_beside_another_indication_is_what_counts() -> None:
    facts = [MM, condition("spm-heme-other", "2015-06-01"), LEN]
    assert the_patient(*facts).indication == "myeloma"
    assert sorted(d.family for d in diseases(*facts)) == ["myeloma", "other-indication"]
    assert [m.role for m in malignancies(*facts)] == ["prior"]


@pytest.mark.parametrize(("reason", "indication"), [("spm-mds", "other"), ("other", "other"), ("anemia", "unrecorded")])
def test_reasons_that_are_not_myeloma(reason: str, indication: str) -> None:
    assert the_patient(given("2020-03-01", reasons=(reason,))).indication == indication


def test_lenalidomide_without_any_reason_hints_at_myeloma() -> None:
    assert the_patient(LEN).indication == "unrecorded"
    assert hidden_diseases(LEN) == ["myeloma"]
    assert hidden_diseases() == []
    assert hidden_diseases(DrugOrder(concept="lenalidomide", drug="lenalidomide")) == ["myeloma"]


def test_without_conditions_the_indication_is_unknown() -> None:
    line = timeline(LEN, missing=("Condition",))
    assert hidden_diseases(LEN, missing=("Condition",)) == ["myeloma"]
    assert [e.indication for e in line.episodes if hasattr(e, "indication")] == ["unknown"]
    assert [m.hypothetical for m in line.episodes if isinstance(m, Malignancy)] == [True]
    named = timeline(given("2020-03-01", reasons=("spm-mds",)), missing=("Condition",))
    assert [e.indication for e in named.episodes if hasattr(e, "indication")] == ["other"]
    coded = timeline(given("2020-03-01", reasons=("other",)), missing=("Condition",))
    assert [e.indication for e in coded.episodes if hasattr(e, "indication")] == ["unknown"]


def test_history_of_myeloma_is_myeloma_at_an_unknown_time() -> None:
    found = diseases(condition("multiple-myeloma", recorded="2023-01-01", history=True))
    assert [(d.family, d.onset) for d in found] == [("myeloma", Span(FIRST_DAY, ordinal("2023-01-01")))]


def test_in_a_patient_with_another_indication_no_cancer_is_undecided_aloud() -> None:
    line = timeline(
        condition("spm-heme-other", "2019-06-01"), maintenance("2020-03-01"), condition("spm-nmsc-bcc", "2015-01-01")
    )
    assert not line.notes
    assert len(only(line, Malignancy)) == 1
