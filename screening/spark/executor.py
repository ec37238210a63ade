"""What runs on the cluster: the same kernel as in a local worker, its files in a folder that goes with the task."""

from __future__ import annotations

import os
import pickle
import tempfile
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa

from spmwatch.fhir_adapters.json_text import parse_strictly_once
from spmwatch.fhir_adapters.references import label_of
from spmwatch.screening.results.schemas import RESOURCES, SCHEMAS, TABLES
from spmwatch.screening.results.tables import as_arrow
from spmwatch.screening.run.evaluating import Evaluating, Products, Setting
from spmwatch.screening.run.kernel import Kernel, Task
from spmwatch.screening.run.options import Options
from spmwatch.screening.run.places import Part
from spmwatch.screening.run.rows import NOBODYS, Row, numbered_rows
from spmwatch.screening.run.work_folder import WorkFolder

TOLD = "told"
"""In place of a table's name: what a step says of itself, as JSON."""

TOGETHER = "together"
"""Partitions of the kept lines of a chunk, those of one line together."""

_AT_ONCE = 1_000
"""Kept lines that go to Spark together."""

LINES = pa.schema(
    [
        pa.field("number", pa.int64()),
        pa.field("told", pa.string()),
        pa.field("partitions", pa.list_(pa.int32())),
        pa.field("keys", pa.list_(pa.string())),
        pa.field("refers_to", pa.list_(pa.string())),
        pa.field("line", pa.int64()),
        pa.field("offset", pa.int64()),
        pa.field("data", pa.binary()),
        pa.field("labels", pa.list_(pa.int64())),
        pa.field("owner", pa.int64()),
    ]
)
"""What reading gives: the kept lines of a chunk (`number`), and one row with what is `told` of the chunk."""

_NONE = (None,) * (len(LINES) - 2)

RESULTS = pa.schema([pa.field("group", pa.int32()), pa.field("table", pa.string()), pa.field("data", pa.binary())])
"""What evaluating gives: for each group of patients the rows of each table as an Arrow stream, and what is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What every executor needs to know of a run.

    Attributes:
        run: a name that no other run has: executors outlive runs, and keep what they prepared.
        options: what is asked.
        rule_base: pickled.
    """

    run: str
    options: Options
    rule_base: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """One task with the chunk that it reads and the name of its source; it travels as a row."""

    task: Task
    part: Part
    name: str


_kernels: dict[str, Kernel] = {}
"""The kernel of the run that this process works for."""


def _kernel_of(job: Job) -> Kernel:
    if job.run not in _kernels:
        _kernels.clear()
        base = pickle.loads(job.rule_base)  # noqa: S301 - from the driver of this very run
        _kernels[job.run] = Kernel(job.options, base, WorkFolder(Path()), (), ())
    return _kernels[job.run]


def _folder() -> tempfile.TemporaryDirectory[str]:
    """A folder where Spark keeps its own files, which it also removes when an executor is killed."""
    local = os.environ.get("SPARK_LOCAL_DIRS", "").split(",")[0]
    return tempfile.TemporaryDirectory(prefix="spmwatch-", dir=local if local and Path(local).is_dir() else None)


# -- reading -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Does errands: a function of `mapInArrow`, from rows of errands to rows of `LINES`.

    Attributes:
        files: name -> content of what these tasks expect in the work folder.
        divisions: patients with whom a new partition begins.
    """

    job: Job
    files: Mapping[str, bytes]
    divisions: Sequence[str] = ()

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Each chunk's lines, then what is told of it."""
        kernel = _kernel_of(self.job)
        for batch in batches:
            for errand in batch.column(0).to_pylist():
                yield from self._errand(kernel, pickle.loads(errand))  # noqa: S301 - from the driver of this very run

    def _errand(self, kernel: Kernel, errand: Errand) -> Iterator[pa.RecordBatch]:
        with _folder() as folder:
            work = WorkFolder(Path(folder))
            for name, content in self.files.items():
                work.file(name).write_bytes(content)
            kernel.work = work
            kernel.parts, kernel.names = _At(errand.part.number, errand.part), _At(errand.part.source, errand.name)
            kernel.perform(errand.task)
            kept, together = work.file(f"{errand.task.name}.arrow"), set[tuple[int, ...]]()
            if kept.exists():
                yield from self._lines(numbered_rows(kept), together)
            told = {**work.json(f"{errand.task.name}.json"), TOGETHER: sorted(together)}
            yield _batch([(errand.part.number, orjson.dumps(told).decode(), *_NONE)], LINES)

    def _lines(
        self, rows: Iterator[tuple[Row, list[int], int]], together: set[tuple[int, ...]]
    ) -> Iterator[pa.RecordBatch]:
        while some := list(islice(rows, _AT_ONCE)):
            partitions = [self._partitions(row) for row, _, _ in some]
            together.update(map(tuple, partitions))
            yield _batch(
                [
                    (row.part, None, theirs, row.keys, row.refers_to, row.line, row.offset, row.data, labels, owner)
                    for (row, labels, owner), theirs in zip(some, partitions, strict=True)
                ],
                LINES,
            )

    def _partitions(self, row: Row) -> list[int]:
        return sorted({bisect_right(self.divisions, key) for key in row.keys}) or [NOBODYS]


class _At(Sequence[Any]):
    """A list of which one place is known."""

    def __init__(self, number: int, value: object) -> None:
        self._number, self._value = number, value

    def __len__(self) -> int:
        return self._number + 1

    def __getitem__(self, number: int | slice) -> Any:  # noqa: ANN401
        if number != self._number:
            raise IndexError(number)
        return self._value


def _batch(rows: Sequence[Sequence[object]], schema: pa.Schema) -> pa.RecordBatch:
    columns = zip(*rows, strict=True)
    arrays = [pa.array(list(cells), kind) for cells, kind in zip(columns, schema.types, strict=True)]
    return pa.record_batch(arrays, schema=schema)


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """Which of these `Type/id` are among the kept lines: a function of `mapInArrow`."""

    wanted: frozenset[str]

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Rows with one `label`."""
        for batch in batches:
            values = (parse_strictly_once(data).value for data in batch.column("data").to_pylist())
            labels = sorted(self.wanted & {label_of(value) for value in values if isinstance(value, dict)})
            if labels:
                yield pa.record_batch([pa.array(labels)], names=["label"])


# -- evaluating --------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class HeldProducts(Products):
    """The Medications that kept lines refer to, in memory."""

    held: Mapping[tuple[str, int], Row] = field(default_factory=dict)

    def _row(self, place: tuple[str, int]) -> Row:
        return self.held[place]

    @classmethod
    def of(cls, rows: Iterable[Row], setting: Setting) -> HeldProducts:
        """These."""
        held = {("", number): row for number, row in enumerate(rows)}
        places: dict[str, list[tuple[str, int]]] = {}
        for place, row in held.items():
            for key in row.keys:
                places.setdefault(key, []).append(place)
        return cls({}, setting, places, held=held)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouped:
    """Evaluates the patients of one group: a function of `applyInArrow`, from rows of `LINES` to rows of `RESULTS`.

    Attributes:
        setting: as `evaluating.Setting` takes it.
        products: Medications and Substances that kept lines refer to.
    """

    job: Job
    setting: Mapping[str, Any]
    products: tuple[Row, ...]

    def function(self) -> Callable[[pa.Table], pa.Table]:
        """Of one argument: Spark counts the `self` of a method, and would pass the group as well."""
        return lambda table: self.tables(table)  # noqa: PLW0108

    def tables(self, table: pa.Table) -> pa.Table:
        """The rows of all tables of a group, and what is told of it."""
        kernel, setting = _kernel_of(self.job), Setting(**self.setting)
        options = self.job.options
        columns = (table.column(name).to_pylist() for name in ("keys", "refers_to", "number", "line", "offset", "data"))
        rows = [Row(*cells) for cells in zip(*columns, strict=True)]
        rows.sort(key=lambda row: (row.part, row.line))
        result = Evaluating(kernel.evaluator, options, setting, HeldProducts.of(self.products, setting)).run(rows)
        names = (*TABLES, RESOURCES) if options.fhir else TABLES
        told = {
            "fed": result.fed,
            "patients": result.patients,
            "failed": result.failed,
            "without_evidence": result.without_evidence,
            "rows": len(result.tables),
            "tally": result.tally.rows(),
            "places": result.places,
        }
        group = table.column("group")[0].as_py()
        found = [(group, name, packed(one)) for name, one in as_arrow(result.tables, tables=names).items()]
        found.append((group, TOLD, orjson.dumps(told)))
        return pa.Table.from_batches([_batch(found, RESULTS)])


def packed(table: pa.Table) -> bytes:
    """A table as an Arrow stream."""
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with pa.ipc.new_stream(sink, table.schema, options=options) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def unpacked(data: bytes) -> pa.Table:
    """The table of an Arrow stream."""
    return pa.ipc.open_stream(data).read_all()


NTH = "nth"
"""Column that keeps the order of a patient's rows until they are sorted."""


def numbered(table: str) -> pa.Schema:
    """The schema of a result table with `NTH`."""
    schema: pa.Schema = SCHEMAS[table]
    return schema.append(pa.field(NTH, pa.int64()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpacking:
    """Rows of one result table from rows of `RESULTS`: a function of `mapInArrow`."""

    table: str

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Rows of the table, each with its number in its group."""
        for batch in batches:
            for data in batch.column("data").to_pylist():
                found = unpacked(data)
                found = found.append_column(NTH, pa.array(range(found.num_rows), pa.int64()))
                yield from found.cast(numbered(self.table)).to_batches()
