"""The least patient on whom something still shows: facts left out, then what they tell beside the point."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

from spmwatch.engine.dates import DateRange
from spmwatch.engine.facts import Coverage, Fact, PatientRecord

Shows = Callable[[PatientRecord], bool]


def shrunk(record: PatientRecord, shows: Shows) -> PatientRecord:
    """A record that no single step makes simpler and on which it still shows. `shows` holds of `record`."""
    while True:
        smaller = next((one for one in _smaller(record) if shows(one)), None)
        if smaller is None:
            return record
        record = smaller


def _smaller(record: PatientRecord) -> Iterator[PatientRecord]:
    """Each record that is one step simpler, the boldest steps first."""
    facts = record.facts
    half = len(facts) // 2
    if half > 1:
        yield dataclasses.replace(record, facts=facts[:half])
        yield dataclasses.replace(record, facts=facts[half:])
    for index in range(len(facts)):
        yield dataclasses.replace(record, facts=facts[:index] + facts[index + 1 :])
    if record.coverage != Coverage():
        yield dataclasses.replace(record, coverage=Coverage())
    for index, fact in enumerate(facts):
        for simpler in _simpler(fact):
            yield dataclasses.replace(record, facts=(*facts[:index], simpler, *facts[index + 1 :]))
    if record.patient is not None:
        for simpler in _simpler(record.patient):
            yield dataclasses.replace(record, patient=simpler)


def _simpler(fact: Fact) -> Iterator[Any]:
    """The fact with one element as usual, or one date known exactly."""
    for field in dataclasses.fields(fact):
        value = getattr(fact, field.name)
        if field.name == "sources":
            continue
        if field.default is not dataclasses.MISSING and value != field.default:
            yield dataclasses.replace(fact, **{field.name: field.default})
        if isinstance(value, DateRange) and not value.exact:
            day = value.latest or value.earliest
            if day is not None:
                exact: dict[str, Any] = {field.name: DateRange.on(day)}
                yield dataclasses.replace(fact, **exact)
