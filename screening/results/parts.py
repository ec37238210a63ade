"""What each partition leaves behind, as Arrow files, and all partitions together in one order, streamed."""

# pyright: reportAttributeAccessIssue=false
# The functions of pyarrow.compute are made when it is imported.

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

ROWS_AT_ONCE = 256
"""Rows of one partition that are read at once."""

ROWS_AT_HAND = 16_384
"""Rows of all partitions together that are wanted in memory while they are merged; there are at most twice as many."""

_KEY = "patient"


def part_path(folder: Path, part: str, table: str) -> Path:
    """Where a partition's rows of one table are."""
    return folder / f"{part}.{table}.arrow"


def write_part(folder: Path, part: str, tables: Mapping[str, pa.Table]) -> list[Path]:
    """The rows of one partition, sorted by patient, a file a table, each whole or not at all.

    Args:
        folder: it is there.
        part: the partition's name, e.g. `0007`.
        tables: as `as_arrow` makes them. A patient is in one partition only.
    """
    options = pa.ipc.IpcWriteOptions(compression=pa.Codec("zstd", compression_level=1))
    paths: list[Path] = []
    for name, table in tables.items():
        path = part_path(folder, part, name)
        unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")
        with pa.OSFile(str(unfinished), "wb") as sink, pa.ipc.new_file(sink, table.schema, options=options) as writer:
            writer.write_table(table, max_chunksize=ROWS_AT_ONCE)
        unfinished.replace(path)
        paths.append(path)
    return paths


def merged(folder: Path, parts: Sequence[str], table: str) -> Iterator[pa.Table]:
    """The rows of one table from all partitions, sorted by patient, a piece at a time; the order of parts never shows.

    Each round gives what is certain to come before all that was not read yet; of each partition enough is at hand that
    a round gives about half of it.
    """
    open_ = [_Open.at(part_path(folder, part, table)) for part in sorted(parts)]
    enough = max(1, ROWS_AT_HAND // max(1, len(open_)))
    open_ = [one for one in open_ if one.fill(enough)]
    while open_:
        unread = [one.last for one in open_ if one.has_more]
        up_to = min(unread, default=None)
        pieces = [one.take(up_to) for one in open_]
        found = pa.concat_tables([piece for piece in pieces if piece.num_rows])
        yield found.take(pc.sort_indices(found, sort_keys=[(_KEY, "ascending")]))
        open_ = [one for one in open_ if one.fill(enough)]


def rows_in(folder: Path, parts: Sequence[str], table: str) -> int:
    """How many rows all partitions hold of one table."""
    return sum(_Open.at(part_path(folder, part, table)).rows for part in parts)


@dataclass(slots=True)
class _Open:
    """One partition being read: the rows at hand, and how many batches were read."""

    reader: pa.ipc.RecordBatchFileReader
    at_hand: pa.Table
    batches_read: int = 0
    _source: object = field(default=None, repr=False)

    @classmethod
    def at(cls, path: Path) -> _Open:
        source = pa.memory_map(str(path), "r")
        reader = pa.ipc.open_file(source)
        return cls(reader=reader, at_hand=reader.schema.empty_table(), _source=source)

    @property
    def rows(self) -> int:
        return sum(self.reader.get_batch(number).num_rows for number in range(self.reader.num_record_batches))

    @property
    def has_more(self) -> bool:
        return bool(self.batches_read < self.reader.num_record_batches)

    @property
    def last(self) -> str:
        """The patient of the last row at hand."""
        return str(self.at_hand[_KEY][-1].as_py())

    def fill(self, enough: int) -> bool:
        """Have so many rows at hand, as far as there are; False when there are none left."""
        batches, number = [self.at_hand], self.at_hand.num_rows
        while number < enough and self.has_more:
            batch = self.reader.get_batch(self.batches_read)
            batches.append(pa.Table.from_batches([batch]))
            self.batches_read, number = self.batches_read + 1, number + batch.num_rows
        self.at_hand = pa.concat_tables(batches)
        return bool(self.at_hand.num_rows)

    def take(self, up_to: str | None) -> pa.Table:
        """Hand over the rows of patients up to that one; all of them for None."""
        number = self.at_hand.num_rows
        if up_to is not None:
            number = pc.sum(pc.less_equal(self.at_hand[_KEY], pa.scalar(up_to))).as_py()
        taken, self.at_hand = self.at_hand.slice(0, number), self.at_hand.slice(number)
        return taken
