"""Result tables as files that an analyst opens: Parquet, CSV or NDJSON; equal rows give equal bytes."""

# pyright: reportAttributeAccessIssue=false
# The functions of pyarrow.compute are made when it is imported.

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from spmwatch.screening.results.schemas import RESOURCES, SCHEMAS

ROWS_TO_A_GROUP = 16_384
"""Rows of a Parquet row group: fixed, so that the bytes do not depend on how the run was divided."""

_FORMULA = r"^[=+\-@\t\r]"
_PIECE = 1 << 20


class Form(StrEnum):
    """How tables are written."""

    PARQUET = "parquet"
    CSV = "csv"
    NDJSON = "ndjson"


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A file of the results: its name below the folder, its rows, bytes and SHA-256."""

    name: str
    rows: int
    size: int
    sha256: str

    def as_json(self) -> dict[str, object]:
        """For run.json."""
        return {"file": self.name, "rows": self.rows, "size": self.size, "sha256": self.sha256}


def write_table(folder: Path, table: str, pieces: Iterable[pa.Table], form: Form) -> Written:
    """One result table in one file, `TABLE.FORM`.

    Args:
        folder: it is there; the file is written to it and flushed to the disk.
        table: patients, findings or plan.
        pieces: rows in their order, cut anywhere.
        form: Parquet; CSV (UTF-8, header, a cell that a spreadsheet would run as a formula has a `'` in front); NDJSON.

    Raises:
        OSError: the disk is full, or the folder cannot be written to.
    """
    path = folder / f"{table}.{form.value}"
    with flushed(path) as file:
        rows = _WRITERS[form](file, pieces, SCHEMAS[table])
    return written(folder, path, rows)


def write_lines(folder: Path, name: str, lines: Iterable[bytes]) -> Written:
    """A file of lines, each given without its end."""
    path, rows = folder / name, 0
    with flushed(path) as file:
        for line in lines:
            file.write(line)
            file.write(b"\n")
            rows += 1
    return written(folder, path, rows)


def write_resources(folder: Path, pieces: Iterable[pa.Table]) -> list[Written]:
    """FHIR resources as NDJSON, a file a type below `fhir/`, ready to be loaded; in the order of the rows."""
    (folder / RESOURCES).mkdir(exist_ok=True)
    rows: dict[str, int] = {}
    files: dict[str, BinaryIO] = {}
    try:
        for piece in pieces:
            for kind, resource in zip(piece["type"].to_pylist(), piece["resource"].to_pylist(), strict=True):
                if kind not in files:
                    files[kind] = (folder / RESOURCES / f"{kind}.ndjson").open("wb")
                files[kind].write(resource.encode() + b"\n")
                rows[kind] = rows.get(kind, 0) + 1
        for file in files.values():
            file.flush()
            os.fsync(file.fileno())
    finally:
        for file in files.values():
            file.close()
    return [written(folder, folder / RESOURCES / f"{kind}.ndjson", rows[kind]) for kind in sorted(rows)]


@contextmanager
def flushed(path: Path) -> Generator[BinaryIO]:
    """A file to write to, flushed to the disk at the end."""
    with path.open("wb", buffering=_PIECE) as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def written(folder: Path, path: Path, rows: int) -> Written:
    """What a file of the results is, as run.json tells it."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Written(name=path.relative_to(folder).as_posix(), rows=rows, size=path.stat().st_size, sha256=digest)


# -- the three forms ---------------------------------------------------------------------------------------------------


def _parquet(file: BinaryIO, pieces: Iterable[pa.Table], schema: pa.Schema) -> int:
    rows = 0
    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        for group in _of_equal_size(pieces, schema):
            writer.write_table(group, row_group_size=ROWS_TO_A_GROUP)
            rows += group.num_rows
    return rows


def _of_equal_size(pieces: Iterable[pa.Table], schema: pa.Schema) -> Iterator[pa.Table]:
    """The same rows in tables of `ROWS_TO_A_GROUP`, the last one shorter."""
    kept, number = [schema.empty_table()], 0
    for piece in pieces:
        kept.append(piece)
        number += piece.num_rows
        if number >= ROWS_TO_A_GROUP:
            whole = pa.concat_tables(kept)
            at = 0
            while number - at >= ROWS_TO_A_GROUP:
                yield whole.slice(at, ROWS_TO_A_GROUP).combine_chunks()
                at += ROWS_TO_A_GROUP
            kept, number = [whole.slice(at)], number - at
    if number:
        yield pa.concat_tables(kept).combine_chunks()


def _csv(file: BinaryIO, pieces: Iterable[pa.Table], schema: pa.Schema) -> int:
    rows = 0
    with pa_csv.CSVWriter(file, schema) as writer:
        for piece in pieces:
            writer.write_table(_harmless(piece))
            rows += piece.num_rows
    return rows


def _harmless(piece: pa.Table) -> pa.Table:
    """The same with a `'` before each text that a spreadsheet would run as a formula."""
    columns = [
        pc.if_else(pc.match_substring_regex(cells, _FORMULA), pc.binary_join_element_wise("'", cells, ""), cells)
        if pa.types.is_string(cells.type)
        else cells
        for cells in piece.columns
    ]
    return pa.table(columns, schema=piece.schema)


def _ndjson(file: BinaryIO, pieces: Iterable[pa.Table], schema: pa.Schema) -> int:
    rows = 0
    for piece in pieces:
        for batch in piece.select(schema.names).to_batches():
            for row in batch.to_pylist():
                file.write(orjson.dumps(row))
                file.write(b"\n")
            rows += batch.num_rows
    return rows


_WRITERS: Mapping[Form, Callable[[BinaryIO, Iterable[pa.Table], pa.Schema], int]] = {
    Form.PARQUET: _parquet,
    Form.CSV: _csv,
    Form.NDJSON: _ndjson,
}
