"""What a finished run leaves behind: counts for people, and files that appear whole or not at all."""

from __future__ import annotations

import contextlib
import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from spmwatch.engine.errors import InputError
from spmwatch.engine.presentation import Json, rulebase_as_json
from spmwatch.engine.recommendation import RuleBaseIdentity
from spmwatch.screening.rows import (
    FINDING_COLUMNS,
    PATIENT_COLUMNS,
    PLAN_COLUMNS,
    TIERS,
    Row,
    csv_lines,
    finding_cells,
    json_array,
    json_line,
    patient_cells,
    plan_cells,
)

RESULTS, FINDINGS, PATIENTS, PLAN, PROBLEMS, RUN = (
    "results.json",
    "findings.csv",
    "patients.csv",
    "plan.csv",
    "problems.ndjson",
    "run.json",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What was run: enough to run it again and to say whether the answer would be the same.

    Attributes:
        inputs: the paths as given.
        counts: what the reader counted (files, lines, resources ...).
        partial: resource types said to be incomplete by hand.
    """

    inputs: tuple[str, ...]
    as_of: date
    hook: str
    rulebase: RuleBaseIdentity
    spmwatch_version: str
    counts: Mapping[str, object]
    partial: tuple[str, ...] = ()


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


def check_folder(folder: Path) -> None:
    """The folder is there and takes files: better known before a long run than after it. Raises InputError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write(folder / f".{RUN}.probe", []).unlink()  # under a name of its own: an earlier run stays complete
    except OSError as error:
        raise _not_writable(folder, error) from None


def write_results(folder: Path, rows: Sequence[Row], problems: Sequence[Json], run: Run) -> list[Path]:
    """The files of a run, each written beside its place and then moved there; `run.json` comes last.

    So a folder with a `run.json` is complete, and a reader never sees half a file. What else is in the folder stays.

    Raises:
        InputError: the folder cannot be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            (folder / RUN).unlink()
        contents: list[tuple[str, Iterable[bytes]]] = [
            (RESULTS, json_array(row.body for row in rows)),
            (FINDINGS, csv_lines(FINDING_COLUMNS, (cells for row in rows for cells in finding_cells(row)))),
            (PATIENTS, csv_lines(PATIENT_COLUMNS, (patient_cells(row) for row in rows))),
            (PLAN, csv_lines(PLAN_COLUMNS, (cells for row in rows for cells in plan_cells(row)))),
            (PROBLEMS, (json_line(problem) + b"\n" for problem in problems)),
            (RUN, [json_line(run_as_json(run, rows, problems)) + b"\n"]),
        ]
        return [_write(folder / name, pieces) for name, pieces in contents]
    except OSError as error:
        raise _not_writable(folder, error) from None


def _not_writable(folder: Path, error: OSError) -> InputError:
    problem = f"cannot be written to ({error.strerror or type(error).__name__})"
    return InputError(str(folder), "-", problem, "Name a folder that you may write to")


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


def run_as_json(run: Run, rows: Iterable[Row], problems: Sequence[Json]) -> Json:
    """`run.json`: what was run on what, and what came out in numbers."""
    summary = summarise_rows(rows)
    return {
        "spmwatch": run.spmwatch_version,
        "as_of": run.as_of.isoformat(),
        "hook": run.hook,
        "inputs": list(run.inputs),
        "partial": list(run.partial),
        "rulebase": rulebase_as_json(run.rulebase),
        "patients": summary.patients,
        "tiers": dict(summary.tiers),
        "failed": summary.failed,
        "incomplete": summary.incomplete,
        "problems": len(problems),
        "counts": dict(run.counts),
    }
