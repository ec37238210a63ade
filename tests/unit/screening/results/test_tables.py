"""One patient's rows: yes, no and unknown are what the record supports, and who belongs to the results."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import cache
from typing import Any

import pytest

from spmwatch.engine.catalogue.load import load_rule_base
from spmwatch.engine.dates import DateRange
from spmwatch.engine.errors import InputError
from spmwatch.engine.evaluate import Evaluator
from spmwatch.engine.facts import (
    Coverage,
    Diagnosis,
    DrugExposure,
    Fact,
    Gap,
    Patient,
    PatientRecord,
    Procedure,
    Proof,
    Standing,
)
from spmwatch.engine.recommendation import RuleFailure
from spmwatch.screening.results.schemas import FINDINGS, PATIENTS, PLAN, SCHEMAS
from spmwatch.screening.results.statistics import Statistics
from spmwatch.screening.results.tables import Tables, as_arrow, failed_tables, tables_of

AS_OF = date(2026, 1, 15)
DAY = DateRange.on(date(2021, 6, 14))
MYELOMA = Diagnosis(concept="multiple-myeloma", onset=DAY)
LENALIDOMIDE = DrugExposure(
    concept="lenalidomide", drug="lenalidomide", proof=Proof.ADMINISTRATION, start=DAY, ongoing=True
)
TRANSPLANT = Procedure(concept="autologous-sct", date=DAY)


@cache
def evaluator() -> Evaluator:
    return Evaluator(load_rule_base())


def record(*facts: Fact, unsupplied: tuple[str, ...] = (), birth: DateRange | None = DAY) -> PatientRecord:
    return PatientRecord(
        id="p1",
        patient=Patient(id="p1", birth=birth, sex="female"),
        facts=facts,
        coverage=Coverage(unsupplied=tuple((name, "not asked for") for name in unsupplied)),
    )


def tables(of: PatientRecord) -> Tables:
    return tables_of(of, evaluator().evaluate(of, as_of=AS_OF))


def patient_row(of: PatientRecord) -> dict[str, Any]:
    row: dict[str, Any] = as_arrow([tables(of)])[PATIENTS].to_pylist()[0]
    return row


def test_yes_where_the_record_proves_it_no_where_it_was_searched() -> None:
    row = patient_row(record(MYELOMA, LENALIDOMIDE))
    assert [row[name] for name in ("myeloma", "lenalidomide", "melphalan", "transplant")] == ["yes", "yes", "no", "no"]
    assert row["transplant_kind"] is None
    assert row["incomplete"] is False


@pytest.mark.parametrize(
    ("missing", "unknown"),
    [
        ("MedicationRequest", {"lenalidomide", "melphalan"}),
        ("MedicationAdministration", {"lenalidomide", "melphalan"}),
        ("Procedure", {"transplant"}),
        ("Condition", {"transplant", "second_cancer"}),
    ],
)
def test_no_is_never_said_of_what_was_not_supplied(missing: str, unknown: set[str]) -> None:
    row = patient_row(record(MYELOMA, unsupplied=(missing,)))
    answers = {name: row[name] for name in ("lenalidomide", "melphalan", "transplant", "second_cancer")}
    assert answers == {name: "unknown" if name in unknown else "no" for name in answers}
    assert row["not_supplied"] == missing
    assert row["incomplete"] is True


def test_what_is_proven_stays_yes_although_more_could_be_hidden() -> None:
    row = patient_row(record(MYELOMA, LENALIDOMIDE, TRANSPLANT, unsupplied=("MedicationRequest", "Procedure")))
    assert (row["lenalidomide"], row["transplant"], row["transplant_kind"]) == ("yes", "yes", "autologous")
    assert (row["transplants"], row["transplant_earliest"], row["transplant_latest"]) == (1, DAY.earliest, DAY.latest)


def test_a_record_in_doubt_is_unknown_and_is_evidence() -> None:
    doubtful = record(replace(TRANSPLANT, standing=Standing.POSSIBLE))
    row = patient_row(doubtful)
    assert (row["transplant"], row["transplants"], row["transplant_kind"]) == ("unknown", 0, None)
    assert tables(doubtful).evidence == {"transplant"}


def test_what_could_merely_be_hidden_is_no_evidence() -> None:
    nothing = tables(record(unsupplied=("MedicationRequest", "Procedure", "Condition")))
    assert nothing.evidence == frozenset()
    assert not nothing.belongs


def test_a_birth_date_in_part_keeps_its_bounds() -> None:
    row = patient_row(record(MYELOMA, birth=DateRange.parse("1950-03")))
    assert row["birth_date"] is None
    assert (row["birth_earliest"], row["birth_latest"]) == (date(1950, 3, 1), date(1950, 3, 31))
    assert patient_row(record(MYELOMA))["birth_date"] == DAY.earliest


def test_months_of_exposure_are_those_of_all_courses() -> None:
    row = patient_row(record(MYELOMA, LENALIDOMIDE))
    assert row["lenalidomide_use"] == "current"
    assert row["lenalidomide_months_min"] == row["lenalidomide_months_max"] == pytest.approx(55, abs=1)
    assert row["melphalan_months_min"] is None


def test_without_a_patient_resource_neither_age_nor_sex_nor_life_is_claimed() -> None:
    row = patient_row(replace(record(MYELOMA), patient=None))
    assert (row["birth_date"], row["sex"], row["vital_status"]) == (None, None, "unknown")


def test_who_failed_belongs_to_the_results_and_everything_is_unknown() -> None:
    error = InputError("Patient/p1", "-", "cannot be read", "Mend it")
    failed = failed_tables("p1", error, as_of=AS_OF, rulebase=evaluator().identity)
    row = as_arrow([failed])[PATIENTS].to_pylist()[0]
    assert failed.belongs
    assert [row[name] for name in ("myeloma", "lenalidomide", "melphalan", "transplant")] == ["unknown"] * 4
    assert (row["tier"], row["error"]) == (None, error.code)
    told = failed_tables("p1", ValueError("Jane Doe"), as_of=AS_OF, rulebase=evaluator().identity)
    assert "Jane" not in str(as_arrow([told])[PATIENTS].to_pylist())


def test_rows_are_sorted_by_patient_and_keep_the_order_of_the_recommendation() -> None:
    first = record(MYELOMA, LENALIDOMIDE, TRANSPLANT)
    both = [replace(first, id="p2"), replace(first, id="p10")]
    result = as_arrow([tables(one) for one in both])
    assert result[PATIENTS]["patient"].to_pylist() == ["p10", "p2"]
    rules = [row["rule"] for row in result[FINDINGS].to_pylist() if row["patient"] == "p2"]
    assert rules == [finding.rule for finding in evaluator().evaluate(first, as_of=AS_OF).findings]
    assert {name: table.schema for name, table in result.items()} == {name: SCHEMAS[name] for name in result}
    assert result[PLAN].num_rows > 0


def test_an_id_that_is_no_text_leaves_as_its_escape() -> None:
    odd = replace(record(MYELOMA), id="p\ud800")
    assert as_arrow([tables(odd)])[PATIENTS]["patient"].to_pylist() == ["p\\ud800"]


def test_a_rule_that_failed_is_named_and_counted() -> None:
    of = record(MYELOMA)
    whole = evaluator().evaluate(of, as_of=AS_OF)
    broken = replace(whole, failures=(RuleFailure(rule="SPM-17", problem="KeyError"),))
    table = as_arrow([tables_of(of, broken)])[PATIENTS]
    statistics = Statistics(as_of=AS_OF, most=1)
    assert list(statistics.counted(PATIENTS, [table]))
    assert (table.to_pylist()[0]["rules_failed"], table.to_pylist()[0]["incomplete"]) == ("SPM-17", True)
    assert (statistics.rules_failed, statistics.incomplete) == (1, 1)


def test_unreadable_data_mark_the_patient_incomplete() -> None:
    damaged = replace(record(MYELOMA), gaps=(Gap(kind="unreadable", problem="x", advice="y"),))
    assert patient_row(damaged)["incomplete"] is True
