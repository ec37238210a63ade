"""From the builder's FHIR resources to a patient record, by the same readers as in service and batch."""

from __future__ import annotations

from collections.abc import Sequence

from spmwatch.engine.facts import Coverage, PatientRecord
from spmwatch.engine.terminology.value_sets import ValueSets
from spmwatch.fhir_adapters import record_from_resources, records_from_bundle
from spmwatch.rule_testing.builder import Json, PatientBuilder

NOT_SEARCHED = "not searched"


def read_record(
    builder: PatientBuilder, value_sets: ValueSets, *, orders: Sequence[Json], not_searched: Sequence[str]
) -> PatientRecord:
    """The record: from a Bundle, or as a CDS Hooks request brings it where there are draft orders.

    Raises:
        AssertionError: the Bundle reads as anything but this one patient.
    """
    if not orders:
        records = records_from_bundle(
            builder.bundle(), value_sets=value_sets, where="scenario", partial=tuple(not_searched)
        )
        assert len(records) == 1, f"read as {len(records)} patients"
        return records[0]
    coverage = Coverage(unsupplied=tuple((kind, NOT_SEARCHED) for kind in sorted(not_searched)))
    return record_from_resources(
        builder.patient_id, builder.resources(), value_sets=value_sets, coverage=coverage, orders=orders
    )
