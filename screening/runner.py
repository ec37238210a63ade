"""Records in, rows out, one patient at a time; a patient who fails becomes a named row and the run goes on."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from datetime import date

from spmwatch.engine.errors import CdsError, InputError
from spmwatch.engine.evaluate import PATIENT_VIEW, Evaluator
from spmwatch.engine.facts import PatientRecord
from spmwatch.fhir_adapters.gather import NotRead
from spmwatch.screening.rows import Row, evaluated_row, failed_row

_log = logging.getLogger("spmwatch.screening")

UNREAD = "(not read)"
"""Stands for the patients who were not reached when the reading itself breaks off."""


def screen(
    records: Iterable[PatientRecord | NotRead], evaluator: Evaluator, *, as_of: date, hook: str = PATIENT_VIEW
) -> Iterator[Row]:
    """A row for each patient, in the order of the records, while they are being read.

    Whatever goes wrong with one patient, in reading or after, stays with that patient. When the reading itself breaks
    off, a last row says after whom; before the first patient it is an error like any other.

    Raises:
        CdsError: nothing could be read at all.
    """
    iterator = iter(records)
    last: str | None = None
    while True:
        try:
            record = next(iterator)
        except StopIteration:
            return
        except Exception as error:
            if last is None:
                raise
            _log.debug("the reading broke off", exc_info=True)
            yield failed_row(UNREAD, as_of, _broken_off(last, error))
            return
        last = record.id
        yield _row(record, evaluator, as_of, hook)


def _row(record: PatientRecord | NotRead, evaluator: Evaluator, as_of: date, hook: str) -> Row:
    if isinstance(record, NotRead):
        return failed_row(record.id, as_of, record.error)
    try:
        return evaluated_row(evaluator.evaluate(record, as_of=as_of, hook=hook))
    except Exception as error:  # noqa: BLE001 - one patient's failure is that patient's row, never the end of the run
        _log.debug("a patient could not be evaluated", exc_info=True)
        return failed_row(record.id, as_of, error)


def _broken_off(last: str, error: Exception) -> InputError:
    why = str(error) if isinstance(error, CdsError) else type(error).__name__
    fix = "Later patients were not screened; report this if the input is in order"
    return InputError("input", "-", f"the reading broke off after patient {last} ({why})", fix)
