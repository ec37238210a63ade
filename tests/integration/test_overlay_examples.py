"""The overlays under examples/overlays, through the whole path: patients whose result is another than by the rules."""

from __future__ import annotations

import functools
from datetime import date
from pathlib import Path

import pytest

from spmwatch.cli.rules.impact import impact_of
from spmwatch.engine.catalogue.load import load_rule_base
from spmwatch.engine.evaluate import Evaluator
from spmwatch.engine.presentation import recommendation_as_json
from spmwatch.engine.recommendation import Recommendation
from spmwatch.rule_testing.builder import PatientBuilder, birth_date_at_age
from spmwatch.rule_testing.codes import ValueSetCodes
from spmwatch.rule_testing.reading import read_record

OVERLAYS = Path(__file__).parents[2] / "examples" / "overlays"
TODAY = date(2026, 1, 15)


@functools.cache
def evaluator(overlay: str = "") -> Evaluator:
    return Evaluator(load_rule_base(overlays=[OVERLAYS / overlay] if overlay else []))


def woman_of(age: int, *, mammogram: str = "", smear: str = "", overlay: str = "") -> Recommendation:
    """A woman on lenalidomide since 2022, as the rules with that overlay see her."""
    rules = evaluator(overlay)
    builder = PatientBuilder(ValueSetCodes(rules.rule_base.value_sets))
    builder.patient(gender="female", birthDate=birth_date_at_age(age, TODAY).isoformat())
    builder.condition(builder.codes.concept("multiple-myeloma"), onset="2022-03-01", recorded="2022-03-01")
    use = {"status": "active", "effectivePeriod": {"start": "2022-06-01"}}
    builder._add("MedicationStatement", medicationCodeableConcept=builder.codes.drug("lenalidomide"), **use)
    for concept, day in (("mammography", mammogram), ("pap", smear)):
        if day:
            builder.procedure(builder.codes.concept(concept), on=day)
    record = read_record(builder, rules.rule_base.value_sets, orders=(), not_searched=[])
    return rules.evaluate(record, as_of=TODAY)


def state(result: Recommendation, check: str) -> str:
    return next((item.state for item in result.plan if item.check == check), "not listed")


@pytest.mark.parametrize(
    ("age", "mammogram", "shipped", "acs"),
    [
        (40, "2024-11-10", "up-to-date", "individual"),
        (44, "2024-11-10", "up-to-date", "individual"),
        (45, "2024-11-10", "up-to-date", "overdue"),
        (47, "2024-11-10", "up-to-date", "overdue"),
        (47, "2024-12-20", "up-to-date", "due"),
        (47, "2025-01-16", "up-to-date", "up-to-date"),
        (54, "2024-11-10", "up-to-date", "overdue"),
        (55, "2024-11-10", "up-to-date", "up-to-date"),
        (60, "2023-09-10", "overdue", "overdue"),
        (74, "2024-11-10", "up-to-date", "up-to-date"),
        (75, "2024-11-10", "not listed", "individual"),
    ],
)
def test_mammography_by_the_american_cancer_society(age: int, mammogram: str, shipped: str, acs: str) -> None:
    assert state(woman_of(age, mammogram=mammogram), "breast") == shipped
    assert state(woman_of(age, mammogram=mammogram, overlay="acs"), "breast") == acs


def test_cervical_screening_by_the_american_cancer_society_begins_at_25() -> None:
    assert state(woman_of(24), "cervical") == "none-recorded"
    assert state(woman_of(24, overlay="acs"), "cervical") == "not listed"
    assert state(woman_of(25, overlay="acs"), "cervical") == "none-recorded"
    assert state(woman_of(25, smear="2023-05-01", overlay="acs"), "cervical") == "up-to-date"


def test_every_result_names_the_overlay() -> None:
    result = woman_of(47, overlay="acs")
    body = recommendation_as_json(result)["rulebase"]
    assert isinstance(body, dict)
    assert body["overlays"] == ["acs 1.0.0"]
    assert body["hash"] == evaluator("acs").rule_base.digest != evaluator().rule_base.digest


def test_european_texts_ask_for_monthly_blood_counts_after_eight_weeks() -> None:
    shipped, european = (
        next(check for check in evaluator(name).rule_base.checks if check.id == "cbc") for name in ("", "eu-label")
    )
    assert shipped.parameters["fortnightly"].value == 14
    assert european.parameters["fortnightly"].value == 28
    assert european.parameters["weekly"].value == shipped.parameters["weekly"].value


def test_both_examples_go_together() -> None:
    base = load_rule_base(overlays=[OVERLAYS / "acs", OVERLAYS / "eu-label"])
    assert [str(overlay) for overlay in base.overlays] == ["acs 1.0.0", "eu-label 1.0.0"]
    assert base.conflicts == ()


def test_the_readme_of_each_example_shows_how_to_lay_it_on() -> None:
    for folder in OVERLAYS.iterdir():
        assert f"--overlay examples/overlays/{folder.name}" in (folder / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("overlay", "patient", "check", "shipped", "laid_over"),
    [
        ("acs", "woman-of-47", "Breast cancer screening", "up-to-date", "overdue"),
        ("eu-label", "nine-weeks", "Blood count with differential", "overdue", "up-to-date"),
    ],
)
def test_the_patient_beside_each_example_has_another_result(
    overlay: str, patient: str, check: str, shipped: str, laid_over: str
) -> None:
    path = OVERLAYS / overlay / f"{patient}.json"
    impact = impact_of(evaluator().rule_base, evaluator(overlay).rule_base, path, TODAY, None)
    (change,) = impact.changes
    assert change.before.checks[check].startswith(f"{shipped},")
    assert change.after.checks[check].startswith(f"{laid_over},")
    command = f"--overlay examples/overlays/{overlay} --on examples/overlays/{overlay}/{patient}.json"
    assert command in (OVERLAYS.parents[1] / "docs" / "overlays.md").read_text(encoding="utf-8")
