"""What a finished run leaves behind: counts for people, and files that appear whole or not at all."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from spmwatch.engine.errors import InputError
from spmwatch.screening.rows import (
    TIERS,
    Row,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """How many patients came out in which tier; `incomplete` ones have a result that lacks a rule."""

    tiers: Mapping[str, int]
    failed: int
    incomplete: int
    patients: int


def summarise_rows(rows: Iterable[Row]) -> Summary:
    """The counts of a run."""
    tiers: Counter[str] = Counter()
    failed = incomplete = patients = 0
    for row in rows:
        patients += 1
        incomplete += row.incomplete
        if row.tier is None:
            failed += 1
        else:
            tiers[row.tier] += 1
    return Summary(tiers={tier: tiers[tier] for tier in TIERS}, failed=failed, incomplete=incomplete, patients=patients)


def write_file(path: Path, content: bytes) -> None:
    """One file, whole or not at all. Raises InputError."""
    try:
        _write(path, [content])
    except OSError as error:
        problem = f"cannot be written ({error.strerror or type(error).__name__})"
        raise InputError(str(path), "-", problem, "Name a file in a folder that you may write to") from None


def _write(path: Path, pieces: Iterable[bytes]) -> Path:
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return path
