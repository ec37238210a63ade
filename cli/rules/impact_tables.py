"""The same as `impact`, for exports of any size: both rule bases screen it into tables, which are compared."""

from __future__ import annotations

import os
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from spmwatch.cli.edge import complain
from spmwatch.cli.progress import progress
from spmwatch.cli.reading import no_patient
from spmwatch.cli.rules.impact import FAILED, Change, Impact, Outcome, check_text
from spmwatch.engine.catalogue.load import RuleBase
from spmwatch.engine.dates import DateRange
from spmwatch.screening.results.finish import Wanted
from spmwatch.screening.results.schemas import FINDINGS, PATIENTS, PLAN
from spmwatch.screening.run.options import Options
from spmwatch.screening.run.whole import Call, screen_to

ROWS_AT_ONCE = 4_096
_WITHOUT = Outcome(tier="none", findings={}, details={}, checks={}, questions={})
"""Of a patient in whose record these rules see no evidence."""


def impact_on_export(
    before: RuleBase, after: RuleBase, path: Path, as_of: date, partial: Sequence[str] | None
) -> Impact:
    """Both rule bases on everyone in whose record one of them sees evidence. Details of texts are not compared.

    Raises:
        InputError: nothing can be read, or the folder for temporary files cannot be written to.
    """
    impact = Impact()
    with tempfile.TemporaryDirectory(prefix="spmwatch-diff-") as folder:
        old, new = Path(folder, "old"), Path(folder, "new")
        for out, base in ((old, before), (new, after)):
            _screen(out, base, path, as_of, partial)
        for change in _pairs(_outcomes(old, before), _outcomes(new, after)):
            impact.add(change)
    if not impact.patients:
        raise no_patient(path)
    return impact


def _screen(out: Path, base: RuleBase, path: Path, as_of: date, partial: Sequence[str] | None) -> None:
    options = Options(
        paths=(str(path),),
        as_of=as_of,
        partial=tuple(partial or ()),
        oldest_age=base.conventions.oldest_plausible_age,
    )
    with progress(quiet=False) as tell:
        call = Call(workers=os.cpu_count() or 1, say=complain, tell=tell, clock=time.monotonic)
        screen_to(out, options, base, Wanted(work_list=0), call)


def _pairs(old: Iterator[tuple[str, Outcome]], new: Iterator[tuple[str, Outcome]]) -> Iterator[Change]:
    """Both sorted by patient, side by side."""
    first, second = next(old, None), next(new, None)
    while first is not None or second is not None:
        patient = min(one[0] for one in (first, second) if one is not None)
        before = first[1] if first is not None and first[0] == patient else None
        after = second[1] if second is not None and second[0] == patient else None
        yield Change(patient=patient, before=before or _WITHOUT, after=after or _WITHOUT)
        first = first if before is None else next(old, None)
        second = second if after is None else next(new, None)


def _outcomes(folder: Path, base: RuleBase) -> Iterator[tuple[str, Outcome]]:
    """What each patient's rows say, sorted by patient."""
    questions = {topic.id: topic.question for topic in base.topics}
    findings, plan = (_Following(folder, table) for table in (FINDINGS, PLAN))
    for patient, (row, *_) in _by_patient(folder, PATIENTS):
        if row["tier"] is None:
            yield (
                patient,
                Outcome(tier=FAILED, findings={"": row["error_message"]}, details={}, checks={}, questions={}),
            )
            continue
        found, waiting = findings.of(patient), plan.of(patient)
        yield (
            patient,
            Outcome(
                tier=row["tier"],
                findings={f"{f['rule']}{f['part'] or ''}": f"{f['indicator']}: {f['summary']}" for f in found},
                details={},
                checks={item["title"]: check_text(item["state"], _next(item)) for item in waiting},
                questions={questions.get(topic, topic): "" for topic in (row["questions"] or "").split()},
            ),
        )


def _next(item: Mapping[str, Any]) -> DateRange | None:
    earliest, latest = item["next_earliest"], item["next_latest"]
    return None if earliest is None and latest is None else DateRange(earliest, latest)


def _by_patient(folder: Path, table: str) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """The rows of a table, patient by patient."""
    with pq.ParquetFile(folder / f"{table}.parquet") as file:
        rows = (row for batch in file.iter_batches(batch_size=ROWS_AT_ONCE) for row in batch.to_pylist())
        for patient, group in groupby(rows, key=lambda row: str(row["patient"])):
            yield patient, list(group)


class _Following:
    """A table that is read along with the one of patients."""

    def __init__(self, folder: Path, table: str) -> None:
        self._rows = _by_patient(folder, table)
        self._ahead: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)

    def of(self, patient: str) -> list[dict[str, Any]]:
        """The rows of that patient; patients are asked for in their order."""
        while not self._ahead or max(self._ahead) < patient:
            following = next(self._rows, None)
            if following is None:
                break
            self._ahead[following[0]] = following[1]
        return self._ahead.pop(patient, [])
