"""The kept lines of a chunk on disk: an Arrow file whose batches hold one partition each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

SHARED, NOBODYS = -1, -2
"""In place of a partition: lines about patients of several partitions, lines that name nobody."""

_FLUSH = 32 * 1024 * 1024
SCHEMA = pa.schema(
    [
        pa.field("keys", pa.list_(pa.string())),
        pa.field("refers_to", pa.list_(pa.string())),
        pa.field("part", pa.int32()),
        pa.field("line", pa.int64()),
        pa.field("offset", pa.int64()),
        pa.field("data", pa.large_binary()),
    ]
)


class Row(NamedTuple):
    """A kept line.

    Attributes:
        keys: patients of the cohort whose it is, sorted; for a Medication its names.
        refers_to: names of the Medications and Substances it refers to.
        part: number of the chunk; `line` its number in there from 1, 0 for a document.
        offset: of its first byte in the source as unpacked.
        data: its bytes; none of a line that cannot be read, which only brings its patient to the evaluation.
    """

    keys: Sequence[str]
    refers_to: Sequence[str]
    part: int
    line: int
    offset: int
    data: bytes


@dataclass(slots=True)
class RowWriter:
    """Writes rows in batches of one partition; `batches` says which batch holds which."""

    path: Path
    batches: list[tuple[int, int, int]] = field(default_factory=list)
    """(partition, rows, bytes) of each batch."""
    _held: defaultdict[int, list[Row]] = field(default_factory=lambda: defaultdict(list))
    _bytes: int = 0
    _writer: pa.ipc.RecordBatchFileWriter | None = None
    _sink: pa.OSFile | None = None

    def add(self, partition: int, row: Row) -> None:
        """Take a row."""
        self._held[partition].append(row)
        self._bytes += len(row.data)
        if self._bytes > _FLUSH:
            self._flush()

    def close(self) -> None:
        """Write what is left, and the end of the file."""
        self._flush()
        if self._writer is None:
            self._open()
        if self._writer is not None and self._sink is not None:
            self._writer.close()
            self._sink.close()

    def _open(self) -> None:
        self._sink = pa.OSFile(str(self.path), "wb")
        self._writer = pa.ipc.new_file(self._sink, SCHEMA)

    def _flush(self) -> None:
        if not self._held:
            return
        if self._writer is None:
            self._open()
        for partition in sorted(self._held):
            rows = self._held[partition]
            columns = zip(*rows, strict=True)
            arrays = [pa.array(list(cells), kind) for cells, kind in zip(columns, SCHEMA.types, strict=True)]
            if self._writer is not None:
                self._writer.write_batch(pa.record_batch(arrays, schema=SCHEMA))
            self.batches.append((partition, len(rows), sum(len(row.data) for row in rows)))
        self._held.clear()
        self._bytes = 0


def rows_in(path: Path, batches: Iterable[int] | None) -> Iterator[Row]:
    """The rows of some batches of a file, in their order; of all batches for None."""
    with pa.memory_map(str(path), "r") as source:
        reader = pa.ipc.open_file(source)
        numbers = range(reader.num_record_batches) if batches is None else batches
        for number in numbers:
            batch = reader.get_batch(number)
            columns = (batch.column(name).to_pylist() for name in SCHEMA.names)
            yield from map(Row._make, zip(*columns, strict=True))
