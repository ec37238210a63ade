"""The columns of the result tables, with their types and what they hold; docs/results.md tells the same."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

PATIENTS, FINDINGS, PLAN, RESOURCES = "patients", "findings", "plan", "fhir"
TABLES = (PATIENTS, FINDINGS, PLAN)
"""The tables of every run; `fhir` comes with --fhir."""

_TEXT, _DAY, _NUMBER, _MONTHS, _FLAG = pa.string(), pa.date32(), pa.int32(), pa.float64(), pa.bool_()
_BASE = (("rulebase_version", _TEXT), ("rulebase_hash", _TEXT), ("rulebase_overlays", _TEXT))

_COLUMNS: Mapping[str, tuple[tuple[str, pa.DataType], ...]] = {
    PATIENTS: (
        ("patient", _TEXT),
        ("as_of", _DAY),
        ("birth_date", _DAY),
        ("birth_earliest", _DAY),
        ("birth_latest", _DAY),
        ("sex", _TEXT),
        ("vital_status", _TEXT),
        ("myeloma", _TEXT),
        ("lenalidomide", _TEXT),
        ("lenalidomide_use", _TEXT),
        ("lenalidomide_months_min", _MONTHS),
        ("lenalidomide_months_max", _MONTHS),
        ("melphalan", _TEXT),
        ("melphalan_forms", _TEXT),
        ("melphalan_months_min", _MONTHS),
        ("melphalan_months_max", _MONTHS),
        ("transplant", _TEXT),
        ("transplant_kind", _TEXT),
        ("transplants", _NUMBER),
        ("transplant_earliest", _DAY),
        ("transplant_latest", _DAY),
        ("second_cancer", _TEXT),
        ("tier", _TEXT),
        ("findings", _TEXT),
        ("questions", _TEXT),
        ("overdue", _TEXT),
        ("due", _TEXT),
        ("none_recorded", _TEXT),
        ("overdue_days_max", _NUMBER),
        ("data_problems", _NUMBER),
        ("not_supplied", _TEXT),
        ("incomplete", _FLAG),
        ("rules_failed", _TEXT),
        ("error", _TEXT),
        ("error_message", _TEXT),
        *_BASE,
    ),
    FINDINGS: (
        ("patient", _TEXT),
        ("as_of", _DAY),
        ("tier", _TEXT),
        ("rule", _TEXT),
        ("part", _TEXT),
        ("variant", _TEXT),
        ("version", _TEXT),
        ("indicator", _TEXT),
        ("certainty", _TEXT),
        ("grade", _TEXT),
        ("title", _TEXT),
        ("summary", _TEXT),
        ("facts", _TEXT),
        ("source", _TEXT),
        ("evidence", _TEXT),
        ("references", _TEXT),
        *_BASE,
    ),
    PLAN: (
        ("patient", _TEXT),
        ("as_of", _DAY),
        ("check", _TEXT),
        ("title", _TEXT),
        ("state", _TEXT),
        ("test", _TEXT),
        ("last", _DAY),
        ("last_earliest", _DAY),
        ("last_latest", _DAY),
        ("next", _DAY),
        ("next_earliest", _DAY),
        ("next_latest", _DAY),
        ("overdue_days_min", _NUMBER),
        ("overdue_days_max", _NUMBER),
        ("reasons", _TEXT),
        ("excluded", _TEXT),
        ("schedule", _TEXT),
        ("source", _TEXT),
        ("references", _TEXT),
        *_BASE,
    ),
    RESOURCES: (("patient", _TEXT), ("type", _TEXT), ("id", _TEXT), ("resource", _TEXT)),
}

SCHEMAS: Mapping[str, pa.Schema] = {
    name: pa.schema([pa.field(column, kind, nullable=column != "patient") for column, kind in columns])
    for name, columns in _COLUMNS.items()
}
"""table -> its Arrow schema. An empty cell (null) says that nothing is known, or that there is none."""
