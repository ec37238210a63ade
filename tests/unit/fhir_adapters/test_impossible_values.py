"""Laboratory values that no patient can have."""

from __future__ import annotations

from tests.unit.fhir_adapters.fhir import observation, read


def test_a_value_below_zero() -> None:
    record = read(observation(valueQuantity={"value": -3, "code": "g/dL"}))
    assert record.facts == ()
    assert [gap.element for gap in record.gaps] == ["valueQuantity.value"]
