"""Laboratory values that no patient can have."""

from __future__ import annotations

from spmwatch.engine.facts import LabValue
from tests.unit.fhir_adapters.fhir import observation, read


def test_a_value_below_zero_leaves_the_value_open() -> None:
    record = read(observation(valueQuantity={"value": -3, "code": "g/dL"}))
    assert [fact.says_nothing for fact in record.facts if isinstance(fact, LabValue)] == [True]
    assert [gap.element for gap in record.gaps] == ["valueQuantity.value"]
