"""The rows of a run: JSON, CSV and files, and that one patient's failure stays with that patient."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from spmwatch.engine.catalogue.load import load_rule_base
from spmwatch.engine.catalogue.rule import Grade, Indicator
from spmwatch.engine.dates import DateRange
from spmwatch.engine.episodes import Course, Timeline
from spmwatch.engine.errors import InputError, NetworkFactError
from spmwatch.engine.facts import Certainty, Gap, PatientRecord, Source
from spmwatch.engine.recommendation import (
    Finding,
    OpenQuestion,
    PlanItem,
    Recommendation,
    RuleBaseIdentity,
    RuleFailure,
)
from spmwatch.screening.report import summarise_rows
from spmwatch.screening.rows import (
    FINDING_COLUMNS,
    PATIENT_COLUMNS,
    PLAN_COLUMNS,
    csv_lines,
    evaluated_row,
    failed_row,
    finding_cells,
    in_order,
    json_array,
    patient_cells,
    plan_cells,
)
from spmwatch.screening.runner import screen
from tests.unit.cli.plans import item

AS_OF = date(2026, 1, 15)
IDENTITY = RuleBaseIdentity(version="1.2.3", digest="abc")


def finding() -> Finding:
    evidence = next(item for item in load_rule_base().evidence.values() if item.showable and item.links)
    return Finding(
        rule="SPM-02",
        part="a",
        variant="induction-and-maintenance",
        version="1.0.0",
        title="Two phases",
        indicator=Indicator.WARNING,
        grade=Grade.B,
        certainty=Certainty.HIGH,
        summary="Lenalidomide in two phases: look",
        detail="Because.",
        source=evidence,
        evidence=(evidence,),
        episodes=(Course(id="c", drug="lenalidomide", sources=(Source(reference="MedicationRequest/m1"),)),),
    )


def recommendation(
    patient: str = "P01", *, found: bool = True, failures: tuple[RuleFailure, ...] = ()
) -> Recommendation:
    return Recommendation(
        patient=patient,
        as_of=AS_OF,
        hook="patient-view",
        tier="warning" if found else "none",
        findings=(finding(),) if found else (),
        questions=(
            OpenQuestion(
                topic="melphalan-kind",
                question="By mouth?",
                rules=("SPM-03",),
                decisive=True,
                references=("MedicationRequest/m9",),
            ),
        ),
        gaps=(Gap(kind="unreadable", problem="found text", advice="Mend it", reference="Condition/c"),),
        truths={},
        rulebase=IDENTITY,
        timeline=Timeline(patient=patient, as_of=AS_OF, episodes=()),
        failures=failures,
    )


def check(id_: str, state: str, **more: Any) -> PlanItem:
    return item(id_, state, **{"title": id_, "schedule": "every year", **more})


def test_a_row_has_exactly_the_keys_that_programs_were_promised() -> None:
    body = evaluated_row(recommendation()).body
    assert list(body) == ["patient", "as_of", "tier", "findings", "gaps", "plan", "rulebase"]
    (found,) = body["findings"]  # type: ignore[misc]
    keys = "rule part variant version indicator certainty grade summary detail evidence facts"
    assert list(found) == keys.split()
    assert list(found["evidence"][0]) == ["id", "citation", "url"]
    assert found["facts"][0]["references"] == ["MedicationRequest/m1"]
    question, gap = body["gaps"]  # type: ignore[misc]
    assert (question["kind"], question["topic"], question["decisive"]) == ("open-question", "melphalan-kind", True)
    assert (gap["kind"], gap["problem"], gap["references"]) == ("unreadable", "found text", ["Condition/c"])
    assert body["rulebase"] == {"version": "1.2.3", "hash": "abc", "overlays": [], "switched_off": []}


def test_a_failed_rule_is_a_gap_and_the_row_is_incomplete() -> None:
    row = evaluated_row(recommendation(failures=(RuleFailure(rule="SPM-09", problem="KeyError"),)))
    assert row.incomplete
    assert row.body["gaps"][0]["kind"] == "rule-failed"  # type: ignore[index]


class Broken:
    """Fails on P02 in a way that nobody foresaw, on P03 in one of ours."""

    def evaluate(self, record: PatientRecord, *, as_of: date, hook: str = "") -> Recommendation:
        assert (as_of, hook) == (AS_OF, "patient-view")
        if record.id == "P02":
            raise KeyError("Jane Doe")
        if record.id == "P03":
            raise NetworkFactError("a number is too large")
        return recommendation(record.id, found=False)


def test_one_patient_who_fails_is_a_named_row_and_the_run_goes_on() -> None:
    records = [PatientRecord(id=f"P0{number}") for number in (4, 3, 2, 1)]
    rows = in_order(screen(records, Broken(), as_of=AS_OF))
    assert [(row.patient, row.tier) for row in rows] == [("P01", "none"), ("P02", None), ("P03", None), ("P04", "none")]
    unexpected, ours = rows[1].body["error"], rows[2].body["error"]
    assert unexpected["code"] == "unexpected"  # type: ignore[index]
    assert "Jane" not in json.dumps(unexpected)
    assert ours == {"code": "network-fact", "message": "a number is too large"}


def test_rows_come_while_records_are_read() -> None:
    read = []

    def records() -> Iterator[PatientRecord]:
        for number in range(3):
            read.append(number)
            yield PatientRecord(id=str(number))

    next(iter(screen(records(), Broken(), as_of=AS_OF)))
    assert read == [0]


def test_a_reading_that_breaks_off_leaves_the_rows_before_it_and_says_where() -> None:
    def records() -> Iterator[PatientRecord]:
        yield PatientRecord(id="P01")
        raise KeyError("Jane Doe")

    first, last = screen(records(), Broken(), as_of=AS_OF)
    assert (first.tier, last.tier) == ("none", None)
    assert "after patient P01 (KeyError)" in str(last.body["error"])
    assert "Jane" not in str(last.body)


def test_input_that_cannot_be_read_at_all_is_an_error() -> None:
    def records() -> Iterator[PatientRecord]:
        raise InputError("x.json", "-", "is not there", "Check it")
        yield PatientRecord(id="P01")  # pragma: no cover - makes it a generator

    with pytest.raises(InputError):
        list(screen(records(), Broken(), as_of=AS_OF))


def test_an_interruption_is_not_a_patients_failure() -> None:
    class Interrupted:
        def evaluate(self, record: PatientRecord, *, as_of: date, hook: str = "") -> Recommendation:
            raise KeyboardInterrupt(record.id, as_of, hook)

    with pytest.raises(KeyboardInterrupt):
        list(screen([PatientRecord(id="P01")], Interrupted(), as_of=AS_OF))


def test_json_is_one_array_with_a_line_a_patient() -> None:
    rows = [evaluated_row(recommendation()), failed_row("P02", AS_OF, KeyError("x"))]
    text = b"".join(json_array(row.body for row in rows))
    assert [item["patient"] for item in json.loads(text)] == ["P01", "P02"]
    assert len(text.splitlines()) == 4
    assert b"".join(json_array([])) == b"[]\n"


def test_an_id_with_a_lone_surrogate_still_leaves_as_json() -> None:
    text = b"".join(json_array([failed_row("\ud800", AS_OF, KeyError()).body]))
    assert json.loads(text)[0]["patient"] == "\ud800"


def cells(columns: tuple[str, ...], lines: Iterator[dict[str, str]]) -> list[dict[str, str]]:
    text = b"".join(csv_lines(columns, lines)).decode()
    return list(csv.DictReader(io.StringIO(text)))


def test_csv_has_a_line_for_each_finding_and_for_each_patient_without() -> None:
    rows = [
        evaluated_row(recommendation()),
        evaluated_row(recommendation("P02", found=False)),
        failed_row("P03", AS_OF, KeyError()),
    ]
    lines = cells(FINDING_COLUMNS, (cell for row in rows for cell in finding_cells(row)))
    assert [(line["patient"], line["rule"], line["part"], line["tier"], line["error"]) for line in lines] == [
        ("P01", "SPM-02", "a", "warning", ""),
        ("P02", "", "", "none", ""),
        ("P03", "", "", "", "unexpected"),
    ]
    assert lines[0]["references"] == "MedicationRequest/m1"
    patients = cells(PATIENT_COLUMNS, (patient_cells(row) for row in rows))
    assert patients[0]["findings"] == "SPM-02a"
    assert (patients[0]["questions"], patients[0]["data_problems"]) == ("melphalan-kind", "1")


def test_csv_has_a_line_for_each_check_of_the_plan() -> None:
    checks = (
        check(
            "skin",
            "overdue",
            reasons=("SPM-01", "SPM-25"),
            test="skin-exam",
            last=DateRange.parse("2024-11-15"),
            references=("Procedure/p1", "Procedure/p2"),
            next=DateRange.parse("2025-11-15"),
            overdue_days=(61, 61),
        ),
        check(
            "colorectal", "unknown", last=DateRange.parse("2025"), next=DateRange.parse("2026"), overdue_days=(0, 14)
        ),
        check("breast", "none-recorded"),
        check("cervical", "excluded", excluded="The cervix was removed"),
    )
    rows = [
        evaluated_row(replace(recommendation(), plan=checks)),
        evaluated_row(recommendation("P02")),
        failed_row("P03", AS_OF, KeyError()),
    ]
    lines = cells(PLAN_COLUMNS, (cell for row in rows for cell in plan_cells(row)))
    assert [(line["patient"], line["check"], line["state"]) for line in lines] == [
        ("P01", "skin", "overdue"),
        ("P01", "colorectal", "unknown"),
        ("P01", "breast", "none-recorded"),
        ("P01", "cervical", "excluded"),
    ]
    skin, colorectal, breast, cervical = lines
    assert (skin["last"], skin["next"], skin["test"]) == ("2024-11-15", "2025-11-15", "skin-exam")
    assert (skin["overdue_days_min"], skin["overdue_days_max"]) == ("61", "61")
    assert (skin["reasons"], skin["references"]) == ("SPM-01 SPM-25", "Procedure/p1 Procedure/p2")
    assert (skin["source"], skin["rulebase_version"]) == ("G04", "1.2.3")
    assert (colorectal["last"], colorectal["next"]) == ("2025-01-01/2025-12-31", "2026-01-01/2026-12-31")
    assert (colorectal["overdue_days_min"], colorectal["overdue_days_max"]) == ("0", "14")
    assert {breast[name] for name in ("last", "next", "overdue_days_min", "overdue_days_max")} == {""}
    assert cervical["excluded"] == "The cervix was removed"
    patients = cells(PATIENT_COLUMNS, (patient_cells(row) for row in rows))
    assert [(line["overdue"], line["none_recorded"]) for line in patients] == [("skin", "breast"), ("", ""), ("", "")]


@pytest.mark.parametrize("hostile", ["=cmd|'/c calc'!A1", "+1", "-1", "@x", "\tx"])
def test_a_spreadsheet_runs_nothing(hostile: str) -> None:
    (line,) = cells(PATIENT_COLUMNS, iter([patient_cells(failed_row(hostile, AS_OF, KeyError()))]))
    assert line["patient"] == f"'{hostile}"


def test_the_summary_counts_every_row_once() -> None:
    rows = [
        evaluated_row(recommendation()),
        evaluated_row(recommendation(failures=(RuleFailure(rule="SPM-01", problem="x"),))),
        failed_row("P03", AS_OF, KeyError()),
    ]
    summary = summarise_rows(rows)
    assert (summary.patients, summary.failed, summary.incomplete, summary.tiers["warning"]) == (3, 1, 1, 2)


def test_every_csv_line_names_the_overlays() -> None:
    identity = replace(IDENTITY, overlays=("our-site 1.0.0", "acs 1.0.0"))
    told = evaluated_row(replace(recommendation(), rulebase=identity, plan=(check("skin", "overdue"),)))
    plain = evaluated_row(replace(recommendation(), plan=(check("skin", "overdue"),)))
    for columns, lines in (
        (FINDING_COLUMNS, [*finding_cells(told), *finding_cells(plain)]),
        (PATIENT_COLUMNS, [patient_cells(told), patient_cells(plain)]),
        (PLAN_COLUMNS, [*plan_cells(told), *plan_cells(plain)]),
    ):
        assert [line["rulebase_overlays"] for line in cells(columns, iter(lines))] == ["our-site 1.0.0; acs 1.0.0", ""]
