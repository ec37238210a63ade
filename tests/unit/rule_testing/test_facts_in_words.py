"""Tables of facts, and the sentences that list what is undecided: read, refused, held against the rules."""

from __future__ import annotations

from datetime import date

import pytest

from spmwatch.engine.dates import DateRange
from spmwatch.engine.errors import CdsError
from spmwatch.engine.facts import Certainty, Diagnosis, Dose, DrugExposure, DrugOrder, NamedRegimen, Proof, Standing
from spmwatch.rule_testing.facts_in_words import is_draft, span_of
from spmwatch.rule_testing.failures import ScenarioFailedError
from spmwatch.rule_testing.play import GIVEN, THEN, WHEN, Said, new_scenario, play
from spmwatch.rule_testing.rule_choice import RuleChoice
from spmwatch.rule_testing.scenario import CHART_OPENED, ORDER_SIGNED, Scenario

TODAY = Said(GIVEN, "today is 2026-01-15")
PATIENT = Said(GIVEN, "the patient is a woman born 1960-03-04")
EVALUATED = Said(WHEN, "the rules are evaluated")


def tells(kind: str, *rows: str) -> Said:
    table = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    return Said(GIVEN, f"the record tells of these {kind}", table)


def said(*sentences: Said) -> Scenario:
    scenario = new_scenario(RuleChoice().evaluator())
    play(scenario, [TODAY, PATIENT, *sentences])
    return scenario


def test_rows_become_facts_with_their_dates_and_concepts() -> None:
    scenario = said(
        tells(
            "drugs",
            "|concept|proof|start|ongoing|dose|reasons|certainty|record|",
            "|Lenalidomide|statement|2 years and 1 day ago|yes|10 mg|Multiple myeloma; other|low|a|",
        ),
        tells("diagnoses", "|concept|onset|standing|record|", "|Multiple myeloma|2018-03-05..2019-03-04|possible|a|"),
    )
    drug, diagnosis = scenario.record(CHART_OPENED).facts
    assert isinstance(drug, DrugExposure)
    assert (drug.drug, drug.proof, drug.ongoing, drug.dose) == (
        "lenalidomide",
        Proof.STATEMENT,
        True,
        Dose(value=10.0, unit="mg"),
    )
    assert (drug.start, drug.end, drug.certainty) == (DateRange.on(date(2024, 1, 14)), None, Certainty.LOW)
    assert drug.reasons == ("multiple-myeloma", "other")
    assert isinstance(diagnosis, Diagnosis)
    assert diagnosis.onset == DateRange(date(2018, 3, 5), date(2019, 3, 4))
    assert diagnosis.standing is Standing.POSSIBLE
    assert drug.sources[0].reference.endswith("/told-a")
    assert diagnosis.sources[0].reference.endswith("/told-a")


def test_a_draft_order_is_seen_only_where_orders_are_looked_at() -> None:
    scenario = said(tells("draft orders", "|concept|dose|", "|Lenalidomide|10 mg|"))
    assert scenario.record(CHART_OPENED).facts == ()
    (order,) = scenario.record(ORDER_SIGNED).facts
    assert isinstance(order, DrugOrder)
    assert is_draft(order)
    assert not is_draft(NamedRegimen(regimen="vrd", stage="planned"))


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("2024", DateRange(date(2024, 1, 1), date(2024, 12, 31))),
        ("..2024-05-01", DateRange(None, date(2024, 5, 1))),
        ("2024-05-01..", DateRange(date(2024, 5, 1), None)),
    ],
)
def test_spans_of_dates(cell: str, expected: DateRange) -> None:
    assert span_of(cell) == expected


@pytest.mark.parametrize(
    ("table", "told"),
    [
        (("diagnoses", "|concept|onsett|", "|Multiple myeloma|2019|"), "Did you mean `onset`?"),
        (("diagnoses", "|concept|", "|Multiple myelom|"), "Did you mean `Multiple myeloma`?"),
        (("diagnoses", "|onset|", "|2019|"), "a row of diagnoses needs its concept"),
        (("diagnoses", "|concept|onset|", "|Multiple myeloma|2019-02-30|"), "`2019-02-30` is no day of the calendar."),
        (("diagnoses", "|concept|onset|", "|Multiple myeloma|2020-01-02..2020-01-01|"), "is no date"),
        (("diagnoses", "|concept|standing|", "|Multiple myeloma|perhaps|"), "Write one of: counts, possible"),
        (("diagnoses", "|concept|history|", "|Multiple myeloma|maybe|"), "`maybe` is no history"),
        (("drugs", "|concept|proof|dose|", "|Lenalidomide|statement|much|"), "`much` is no such number"),
        (("drugs", "|concept|", "|Lenalidomide|"), "a row of drugs needs its proof"),
        (
            ("drugs", "|concept|proof|route|", "|Lenalidomide|statement|nasal|"),
            "Write one of: oral, intravenous, local",
        ),
    ],
)
def test_what_cannot_stand_in_a_table_is_refused(table: tuple[str, ...], told: str) -> None:
    with pytest.raises(CdsError, match=told.replace("?", r"\?").replace(".", r"\.")):
        said(tells(*table))


def test_what_is_undecided_is_listed_completely() -> None:
    scenario = said(
        Said(GIVEN, "Procedure was not searched"), Said(GIVEN, "lenalidomide 10 mg was taken from 2023 and continues")
    )
    play(scenario, [EVALUATED])
    undecided = scenario.undecided()
    assert undecided
    assert "SPM-01" not in undecided
    play(scenario, [Said(THEN, f"exactly these rules are undecided: {', '.join(undecided)}")])
    with pytest.raises(ScenarioFailedError, match=f"undecided too: {undecided[0]}"):
        play(scenario, [Said(THEN, f"exactly these rules are undecided: {', '.join([*undecided[1:], 'SPM-01'])}")])
    with pytest.raises(ScenarioFailedError, match="undecided: "):
        play(scenario, [Said(THEN, "no rule is undecided")])
    scenario.left_out = tuple(undecided)
    play(scenario, [Said(THEN, "no rule is undecided")])


def test_of_a_death_without_a_day_and_of_an_impossible_birth_the_record_tells() -> None:
    scenario = new_scenario(RuleChoice().evaluator())
    play(scenario, [TODAY, Said(GIVEN, "the patient is a man with a birth date that cannot be")])
    play(scenario, [Said(GIVEN, "the patient died at no recorded time"), EVALUATED])
    patient = scenario.record(CHART_OPENED).patient
    assert patient is not None
    assert (patient.deceased, patient.deceased_on) == (True, None)
    assert "the birth date is not plausible, so it is not used" in [gap.problem for gap in scenario.recommendation.gaps]


def test_a_sentence_that_is_none_is_refused_when_it_is_played() -> None:
    with pytest.raises(CdsError, match="no step reads like `the moon is full`"):
        said(Said(GIVEN, "the moon is full"))
