"""The same advice keeps its digest while days pass: otherwise acknowledged cards would come back by themselves."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from spmwatch.engine.catalogue.load import load_rule_base
from spmwatch.engine.evaluate import Evaluator
from spmwatch.engine.facts import PatientRecord
from spmwatch.engine.merging import Advice, merge
from spmwatch.fhir_adapters import read_path

EXPORT = Path(__file__).parents[2] / "examples/export"
DAYS = date(2026, 1, 20)
"""From here on no example has a record, so nothing happens but the passing of time."""


@pytest.fixture(scope="module")
def records() -> list[PatientRecord]:
    return list(read_path(EXPORT, value_sets=load_rule_base().value_sets).records())


def advice(evaluator: Evaluator, record: PatientRecord, as_of: date) -> dict[str, Advice]:
    """What each rule says of a patient on a day."""
    merged = merge(evaluator.evaluate(record, as_of=as_of), policy=evaluator.rule_base.card_policy)
    shown = (one for card in merged.cards for one in card.all_advice)
    return {one.rule: one for one in (*shown, *merged.beyond)}


def said(one: Advice) -> list[tuple[object, ...]]:
    """Which variants speak, and on how many facts of which kind: another variant is other advice."""
    return sorted(
        (
            f.variant,
            f.indicator.value,
            f.certainty.value,
            sorted(tuple(str(getattr(e, w, "")) for w in ("verb", "active", "state", "schedule")) for e in f.episodes),
        )
        for f in one.findings
    )


@pytest.mark.parametrize("days", [1, 27])
def test_passing_days_alone_are_no_new_advice(records: list[PatientRecord], days: int) -> None:
    evaluator = Evaluator(load_rule_base())
    compared, drifted = 0, []
    for record in records:
        before = advice(evaluator, record, DAYS)
        after = advice(evaluator, record, DAYS + timedelta(days=days))
        for rule in before.keys() & after.keys():
            if said(before[rule]) == said(after[rule]):
                compared += 1
                if before[rule].digest != after[rule].digest:
                    drifted.append(f"{record.id} {rule}")
    assert compared > len(records)
    assert drifted == []
