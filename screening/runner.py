"""Records in, rows out, one patient at a time; a patient who fails becomes a named row and the run goes on."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Protocol

from spmwatch.engine.facts import PatientRecord
from spmwatch.engine.recommendation import Recommendation
from spmwatch.screening.rows import Row, evaluated_row, failed_row

_log = logging.getLogger("spmwatch.screening")

PATIENT_VIEW = "patient-view"


class Evaluates(Protocol):
    """What the runner needs of engine.evaluate.Evaluator."""

    def evaluate(self, record: PatientRecord, *, as_of: date, hook: str = ...) -> Recommendation:
        """The recommendation for one patient."""


def screen(
    records: Iterable[PatientRecord], evaluator: Evaluates, *, as_of: date, hook: str = PATIENT_VIEW
) -> Iterator[Row]:
    """A row for each record, in the order of the records, while they are being read.

    Whatever goes wrong with one patient stays with that patient. Only an error of the reading itself ends the run; it
    passes through.
    """
    for record in records:
        try:
            row = evaluated_row(evaluator.evaluate(record, as_of=as_of, hook=hook))
        except Exception as error:  # noqa: BLE001 - one patient's failure is that patient's row, never the end of the run
            _log.debug("a patient could not be evaluated", exc_info=True)
            row = failed_row(record.id, as_of, error)
        yield row
