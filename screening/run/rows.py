"""The kept lines of a chunk on disk: an Arrow file whose batches hold one partition each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
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
        pa.field("labels", pa.list_(pa.int64())),
        pa.field("owner", pa.int64()),
    ]
)
_OF_ROWS = SCHEMA.names[:-2]


class Row(NamedTuple):
    """A kept line.

    Attributes:
        keys: patients of the cohort whose it is, sorted; for a Medication its names.
        refers_to: names of the Medications and Substances it refers to.
        part: number of the chunk; `line` its number in there from 1, 0 for a document.
        offset: of its first byte in the source as unpacked.
        data: its bytes; none of a line that cannot be read, which only brings its patient to the evaluation.
        labels: `Type/id` of the resources in it that may have other versions elsewhere. Files have numbers in place
            of these, and one for `keys`; they are not read back.
    """

    keys: Sequence[str]
    refers_to: Sequence[str]
    part: int
    line: int
    offset: int
    data: bytes
    labels: Sequence[str] = ()


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
            owners = {keys: number_of(" ".join(keys)) for keys in {tuple(row.keys) for row in rows}}
            numbers = [[number_of(label) for label in row.labels] for row in rows]
            told = [*zip(*(row[:-1] for row in rows), strict=True), numbers, [owners[tuple(row.keys)] for row in rows]]
            arrays = [pa.array(list(cells), kind) for cells, kind in zip(told, SCHEMA.types, strict=True)]
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
            yield from _rows_of(batch)


def _rows_of(batch: pa.RecordBatch) -> Iterator[Row]:
    columns = (batch.column(name).to_pylist() for name in _OF_ROWS)
    yield from (Row(*cells) for cells in zip(*columns, strict=True))


def numbered_rows(path: Path) -> Iterator[tuple[Row, list[int], int]]:
    """The rows of a file, each with the numbers of its labels and that of its patients."""
    with pa.memory_map(str(path), "r") as source:
        reader = pa.ipc.open_file(source)
        for number in range(reader.num_record_batches):
            batch = reader.get_batch(number)
            numbers = (batch.column(name).to_pylist() for name in ("labels", "owner"))
            yield from zip(_rows_of(batch), *numbers, strict=True)


def numbers_in(path: Path) -> Iterator[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
    """For each batch of a file the numbers of its labels, and beside each that of the patients whose line it is."""
    with pa.memory_map(str(path), "r") as source:
        reader = pa.ipc.open_file(source)
        for number in range(reader.num_record_batches):
            labels, lengths = _flat(reader.get_batch(number).column("labels"))
            owners = reader.get_batch(number).column("owner").to_numpy()
            yield labels, np.repeat(owners, lengths)


def rows_with(path: Path, wanted: npt.NDArray[np.int64]) -> Iterator[Row]:
    """The rows of a file with one of these numbers of labels."""
    with pa.memory_map(str(path), "r") as source:
        reader = pa.ipc.open_file(source)
        for number in range(reader.num_record_batches):
            batch = reader.get_batch(number)
            labels, lengths = _flat(batch.column("labels"))
            at = np.repeat(np.arange(batch.num_rows), lengths)[np.isin(labels, wanted)]
            if len(at):
                yield from _rows_of(batch.take(pa.array(np.unique(at))))


def _flat(labels: pa.ListArray) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    return labels.flatten().to_numpy(), np.diff(labels.offsets.to_numpy())


def number_of(text: str) -> int:
    """The same for the same text, in 64 bits."""
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little", signed=True)
