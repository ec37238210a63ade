"""The quick reading of a plain laboratory value says what the full one says, and leaves to it what is not plain."""

from __future__ import annotations

from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from spmwatch.fhir_adapters.observation import read_fully, read_observation
from spmwatch.fhir_adapters.reader import Outcome, Reader
from spmwatch.fhir_adapters.references import Item, ResourceIndex
from spmwatch.fhir_adapters.terms import terms_of
from tests.unit.fhir_adapters.fhir import LOINC, ME, SNOMED, Json, value_sets

PLAIN: Json = {
    "resourceType": "Observation",
    "id": "o1",
    "status": "final",
    "code": {"coding": [{"system": LOINC, "code": "777-3", "display": "Platelets"}], "text": "Platelets"},
    "subject": ME,
    "effectiveDateTime": "2024-05-02T08:00:00Z",
    "issued": "2024-05-02T10:00:00.000Z",
    "valueQuantity": {"value": 150, "unit": "10*9/L", "system": "http://unitsofmeasure.org", "code": "10*9/L"},
    "category": [{"text": "laboratory"}],
}
odd = st.none() | st.booleans() | st.just([]) | st.just({}) | st.just("") | st.just(7) | st.just(float("nan"))
numbers = st.floats() | st.integers(-5, 10**20) | st.sampled_from([0, 0.0, -0.0, 1e9, 999999999.9, 1e308, "5"])
units = st.sampled_from(["10*9/L", "10*3/uL", "/uL", "K/uL", "g/dL", "mg", "", "nonsense"])
codings = st.fixed_dictionaries(
    {},
    optional={
        "system": st.sampled_from([LOINC, SNOMED, "urn:x"]) | odd,
        "code": st.sampled_from(["777-3", "6690-2", "718-7", "72166-2", "26515-7", "8339-4", "1"]) | odd,
        "display": st.sampled_from(["Platelets", "current smoker", "no melanoma", "Response"]) | odd,
    },
)
codes = st.fixed_dictionaries({}, optional={"coding": st.lists(codings, max_size=2) | odd, "text": st.just("CR") | odd})
days = st.sampled_from(
    ["2024", "2024-05", "2024-05-02", "2024-02-30", "9999-12-31", "2024-05-02T", "2024-05-02T\n", "2024-05-02 ", "x"]
)
changes = st.fixed_dictionaries(
    {},
    optional={
        "status": st.sampled_from(["final", "amended", "preliminary", "cancelled", "FINAL"]) | odd,
        "code": codes | odd,
        "effectiveDateTime": days | odd,
        "issued": days | odd,
        "valueQuantity": odd
        | st.fixed_dictionaries(
            {},
            optional={
                "value": numbers | odd,
                "unit": units | odd,
                "code": units | odd,
                "system": odd,
                "comparator": st.sampled_from(["<", ">=", "about"]) | odd,
                "extension": odd,
            },
        ),
        "valueString": st.just("current smoker") | odd,
        "valueCodeableConcept": codes | odd,
        "dataAbsentReason": odd,
        "component": st.lists(st.just({"code": PLAIN["code"], "valueQuantity": PLAIN["valueQuantity"]}), max_size=2)
        | odd,
        "modifierExtension": odd,
        "implicitRules": odd,
        "effectivePeriod": odd,
        "meta": odd,
    },
)


def said(read: Any, resource: Json, *, strict: bool) -> tuple[Outcome, list[Any], dict[str, str]]:
    reader = Reader(terms=terms_of(value_sets()), index=ResourceIndex(), strict=strict)
    outcome = read(reader, Item(resource))
    return outcome, reader.gaps, reader.unsupplied


@given(changes, st.booleans(), st.sampled_from([*PLAIN, "none"]))
@example({}, False, "none")
@example({"issued": "9999-12-31"}, False, "none")
@example({"valueQuantity": {"value": True, "unit": "10*9/L"}}, False, "none")
@example({"valueQuantity": {"value": 150, "unit": "10*9/L", "code": "g"}}, False, "none")
@example({"code": {"coding": [{"system": LOINC, "code": "777-3"}, {"system": LOINC, "code": None}]}}, False, "none")
def test_both_readings_say_the_same(changed: Json, strict: bool, left_out: str) -> None:
    resource = {name: value for name, value in {**PLAIN, **changed}.items() if name != left_out}
    resource["resourceType"] = "Observation"
    full = said(read_fully, resource, strict=strict)
    assert said(read_observation, resource, strict=strict) == full
    assert said(read_observation, resource, strict=strict) == full


def test_a_plain_value_does_not_need_the_full_reading(monkeypatch: Any) -> None:
    monkeypatch.setattr("spmwatch.fhir_adapters.observation.read_fully", lambda *_: 1 / 0)
    (fact,) = said(read_observation, PLAIN, strict=False)[0].facts
    assert (fact.value, fact.unit) == (150.0, "10*9/L")
