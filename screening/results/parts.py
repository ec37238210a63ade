"""What each partition leaves behind, as Arrow files, and all partitions together in one order, streamed."""

# pyright: reportAttributeAccessIssue=false
# The functions of pyarrow.compute are made when it is imported.

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from spmwatch.screening.results.schemas import SCHEMAS

ROWS_AT_ONCE = 256
"""Rows of one partition that are read at once."""

ROWS_AT_HAND = 16_384
"""Rows of all partitions together that are wanted in memory while they are merged; there are at most twice as many."""

MOST_OPEN = 100
"""Partitions that are open at a time; more are merged in groups first."""

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
    paths: list[Path] = []
    for name, table in tables.items():
        paths.append(part_path(folder, part, name))
        _write(paths[-1], name, [table])
    return paths


def merged(folder: Path, parts: Sequence[str], table: str) -> Iterator[pa.Table]:
    """The rows of one table from all partitions, sorted by patient, a piece at a time; the order of parts never shows.

    Of many partitions groups are merged into files beside them first, which are gone at the end.
    """
    names, made = sorted(parts), list[str]()
    try:
        while len(names) > MOST_OPEN:
            groups = [names[at : at + MOST_OPEN] for at in range(0, len(names), MOST_OPEN)]
            names = []
            for group in groups:
                names.append(f"merged-{len(made):06d}")
                made.append(names[-1])
                _write(part_path(folder, names[-1], table), table, _merged(folder, group, table))
                for used in group:
                    if used in made:
                        part_path(folder, used, table).unlink(missing_ok=True)
        yield from _merged(folder, names, table)
    finally:
        for name in made:
            part_path(folder, name, table).unlink(missing_ok=True)


def _merged(folder: Path, parts: Sequence[str], table: str) -> Iterator[pa.Table]:
    """The same of partitions that may all be open.

    Each round gives what is certain to come before all that was not read yet; of each partition enough is at hand that
    a round gives about half of it.
    """
    open_ = [_Open.at(part_path(folder, part, table)) for part in parts]
    enough = max(1, ROWS_AT_HAND // max(1, len(open_)))
    open_ = [one for one in open_ if one.fill(enough)]
    while open_:
        unread = [one.last for one in open_ if one.has_more]
        up_to = min(unread, default=None)
        pieces = [one.take(up_to) for one in open_]
        found = pa.concat_tables([piece for piece in pieces if piece.num_rows])
        yield found.take(pc.sort_indices(found, sort_keys=[(_KEY, "ascending")]))
        open_ = [one for one in open_ if one.fill(enough)]


def _write(path: Path, table: str, pieces: Iterable[pa.Table]) -> None:
    """One table in an Arrow file, in batches of `ROWS_AT_ONCE`; whole or not at all."""
    options = pa.ipc.IpcWriteOptions(compression=pa.Codec("zstd", compression_level=1))
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")
    schema = SCHEMAS[table]
    with pa.OSFile(str(unfinished), "wb") as sink, pa.ipc.new_file(sink, schema, options=options) as writer:
        for piece in pieces:
            writer.write_table(piece, max_chunksize=ROWS_AT_ONCE)
    unfinished.replace(path)


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
