"""The end of a run: all partitions as one set of files, which appear together or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from spmwatch.engine.catalogue.load import RuleBase
from spmwatch.screening.results.parts import merged
from spmwatch.screening.results.quarantine import QUARANTINE, Quarantined, quarantine_lines
from spmwatch.screening.results.report_page import REPORT, report_page
from spmwatch.screening.results.resources import RESOURCE_TYPES
from spmwatch.screening.results.run_file import RUN_FILE, RunFacts, run_as_json, run_bytes
from spmwatch.screening.results.schemas import RESOURCES, TABLES
from spmwatch.screening.results.statistics import Statistics
from spmwatch.screening.results.suppression import SHOW_ALL, Suppression
from spmwatch.screening.results.writers import Form, Written, flushed, write_lines, write_resources, write_table

MOST_ON_WORK_LIST = 200
"""Patients on the work list of the report; the tables have all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be written.

    Attributes:
        form: of the tables.
        fhir: FHIR resources too; the partitions then have a table `fhir`.
        suppression: which counts the report shows; a report that hides small counts has no work list.
        work_list: patients on the report's work list.
    """

    form: Form = Form.PARQUET
    fhir: bool = False
    suppression: Suppression = SHOW_ALL
    work_list: int = MOST_ON_WORK_LIST


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """What was written, and the counts of it."""

    outputs: tuple[Written, ...]
    statistics: Statistics
    run: Mapping[str, object]


def write_results(
    staging: Path,
    parts_folder: Path,
    parts: Sequence[str],
    *,
    facts: RunFacts,
    quarantine: Iterable[Quarantined],
    rule_base: RuleBase,
    wanted: Wanted,
) -> Finished:
    """Every file of the results, in a folder of its own from which `publish` moves them.

    Args:
        staging: an empty folder on the same disk as the place they will have.
        parts_folder: where `write_part` wrote.
        parts: the names of all partitions.
        facts: what was run.
        quarantine: sorted by place.
        rule_base: the words of the report.
        wanted: which files.

    Raises:
        OSError: the disk is full, or the folder cannot be written to.
    """
    statistics = Statistics(as_of=facts.as_of, most=wanted.work_list)
    outputs = [
        write_table(staging, table, statistics.counted(table, merged(parts_folder, parts, table)), wanted.form)
        for table in TABLES
    ]
    if wanted.fhir:
        outputs += write_resources(staging, merged(parts_folder, parts, RESOURCES))
    kept = write_lines(staging, QUARANTINE, quarantine_lines(quarantine))
    outputs.append(kept)
    page = report_page(statistics, facts, rule_base=rule_base, wanted=outputs, quarantined=kept.rows,
                       suppression=wanted.suppression)  # fmt: skip
    outputs.append(write_lines(staging, REPORT, [page.encode()]))
    run = run_as_json(facts, statistics, outputs, kept.rows)
    with flushed(staging / RUN_FILE) as file:
        file.write(run_bytes(run))
    return Finished(outputs=tuple(outputs), statistics=statistics, run=run)


def publish(staging: Path, out: Path) -> None:
    """Move the files of `write_results` to where they belong; `run.json` goes first when old and comes last when new.

    So a folder with a run.json holds the results of that run, whole. Tables of an earlier run in another form go, and
    its FHIR resources; whatever else is in the folder stays. Doing it again after it was broken off does what is left.

    Raises:
        OSError: `out` cannot be written to.
    """
    out.mkdir(parents=True, exist_ok=True)
    names = sorted(path.relative_to(staging).as_posix() for path in staging.rglob("*") if path.is_file())
    (out / RUN_FILE).unlink(missing_ok=True)
    ours = [f"{table}.{form.value}" for table in TABLES for form in Form]
    ours += [f"{RESOURCES}/{kind}.ndjson" for kind in RESOURCE_TYPES]
    for name in {*ours} - {*names}:
        (out / name).unlink(missing_ok=True)
    for name in sorted(names, key=lambda name: (name == RUN_FILE, name)):
        (out / name).parent.mkdir(exist_ok=True)
        (staging / name).replace(out / name)
    _flush_folder(out)


def _flush_folder(folder: Path) -> None:
    """Renamed files are as safe as their content once their folder is."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
