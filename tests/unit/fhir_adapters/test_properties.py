"""Whatever is done to a Bundle, nothing raises, and an untouched lenalidomide order is never lost."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from spmwatch.engine.facts import DrugExposure, PatientRecord, Standing
from spmwatch.fhir_adapters import records_from_bundle
from spmwatch.fhir_adapters.bundle import salvage
from spmwatch.fhir_adapters.json_text import parse_strictly_once
from tests.unit.fhir_adapters.fhir import (
    Json,
    administration,
    bundle,
    condition,
    dispense,
    observation,
    patient,
    procedure,
    request,
    statement,
    value_sets,
)

junk = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=12)
    | st.sampled_from(["2015-02-30", "9999-12-31", "#", "Patient/", "urn:uuid:", "active", "lenalidomide", "Bundle"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
        ["coding", "code", "system", "text", "reference", "start", "value", "unit", "resourceType", "status", "x"]
    ), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip

UNTOUCHED = request(id="untouched")
RICH_REQUEST = request(
    reasonReference=[{"reference": "Condition/c1"}],
    dosageInstruction=[
        {
            "text": "10 mg maintenance",
            "timing": {"repeat": {"boundsPeriod": {"start": "2024-02-01", "end": "2024-03-01"}}},
            "route": {"text": "oral"},
            "doseAndRate": [{"doseQuantity": {"value": 10, "unit": "mg"}}],
        }
    ],
    dispenseRequest={"expectedSupplyDuration": {"value": 21, "code": "d"}},
    contained=[{"resourceType": "Medication", "id": "x"}],
)
WHOLE = bundle(
    patient(),
    RICH_REQUEST,
    dispense(daysSupply={"value": 28, "unit": "d"}),
    statement(),
    administration(),
    condition(onsetAge={"value": 60}, clinicalStatus={"coding": [{"code": "active"}]}),
    procedure(),
    observation(component=[{"code": {"text": "x"}, "valueString": "PD"}]),
    link=[{"relation": "self", "url": "https://x/Patient"}],
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in items:
        yield (*path, step)
        yield from places(inner, (*path, step))


# The Patient stays whole: without it, the order belongs to somebody else's record.
PLACES = [path for path in places(WHOLE) if path not in {("entry",), ("resourceType",)} and path[:2] != ("entry", 0)]


@st.composite
def broken_bundles(draw: st.DrawFn) -> Json:
    whole = copy.deepcopy(WHOLE)
    for path in draw(st.lists(st.sampled_from(PLACES), min_size=1, max_size=4)):
        target: Any = whole
        try:
            for step in path[:-1]:
                target = target[step]
            if draw(st.booleans()):
                target[path[-1]] = draw(junk)
            else:
                del target[path[-1]]
        except (KeyError, IndexError, TypeError):
            continue
    whole["entry"].insert(draw(st.integers(0, len(whole["entry"]))), {"resource": UNTOUCHED})
    return whole


def kept(records: tuple[PatientRecord, ...]) -> bool:
    return any(
        fact.sources[0].reference == "MedicationRequest/untouched" and fact.standing is Standing.COUNTS
        for record in records
        if record.id == "p1"
        for fact in record.facts
        if isinstance(fact, DrugExposure)
    )


@settings(max_examples=400, deadline=None)
@given(broken_bundles(), st.booleans())
def test_no_malformed_element_raises_or_costs_another_order(broken: Json, strict: bool) -> None:
    assert kept(records_from_bundle(broken, value_sets=value_sets(), where="b", strict=strict))


@settings(max_examples=150, deadline=None)
@given(broken_bundles(), st.randoms(use_true_random=False))
def test_any_order_of_entries_gives_the_same_facts(broken: Json, random: Any) -> None:
    shuffled = {**broken, "entry": list(broken["entry"])}
    random.shuffle(shuffled["entry"])
    assert _facts(broken) == _facts(shuffled)


def _facts(whole: Json) -> list[Any]:
    records = records_from_bundle(whole, value_sets=value_sets(), where="b")
    return [(record.id, sorted(map(repr, record.facts)), record.coverage) for record in records]


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=60), st.integers(0, 10_000), st.integers(0, 40))
def test_damaged_bytes_never_raise(noise: bytes, at: int, length: int) -> None:
    data = orjson.dumps(WHOLE)
    at %= len(data)
    damaged = data[:at] + noise + data[at + length :]
    parsed = parse_strictly_once(damaged)
    if parsed.error is None and isinstance(parsed.value, dict) and parsed.value.get("resourceType") == "Bundle":
        records_from_bundle(parsed.value, value_sets=value_sets(), where="b")
    elif parsed.error is not None:
        salvage(damaged, "b", parsed.error)


@settings(max_examples=200, deadline=None)
@given(junk)
def test_junk_for_a_bundle_never_raises(value: Any) -> None:
    if isinstance(value, dict):
        records_from_bundle({**value, "resourceType": "Bundle"}, value_sets=value_sets(), where="b")
    records_from_bundle({"resourceType": "Bundle", "entry": value}, value_sets=value_sets(), where="b")
    records_from_bundle({"resourceType": "Bundle", "entry": [{"resource": value}]}, value_sets=value_sets(), where="b")
