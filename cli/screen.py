"""`spmwatch screen`: many patients in, one row each out."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from spmwatch.cli.edge import (
    ALL_EVALUATED,
    SOME_FAILED,
    AsOf,
    complain,
    console,
    tidy,
    today,
    write_out,
)
from spmwatch.cli.reading import (
    Hook,
    InputPath,
    Overlays,
    Partial,
    Strict,
    load_evaluator,
    no_patient,
    overlay_lines,
    problem_as_json,
    read_input,
    show_problems,
)
from spmwatch.cli.tables import print_results, summary_line
from spmwatch.engine.evaluate import Evaluator
from spmwatch.engine.version import version
from spmwatch.fhir_adapters.export import ReadResult
from spmwatch.screening.report import PROBLEMS, Run, check_folder, summarise_rows, write_results
from spmwatch.screening.rows import FINDING_COLUMNS, Row, csv_lines, finding_cells, in_order, json_array
from spmwatch.screening.runner import screen as screen_records


class Format(StrEnum):
    """What goes to standard output."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


@tidy
def screen(
    path: InputPath,
    as_of: AsOf = None,
    form: Annotated[
        Format,
        typer.Option("--format", help="table for people; json: an array, one object a patient; csv: a line a finding."),
    ] = Format.TABLE,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="DIR",
            help="Also write results.json, findings.csv, patients.csv, plan.csv, problems.ndjson and run.json there.",
            show_default=False,
        ),
    ] = None,
    partial: Partial = None,
    strict: Strict = False,
    hook: Hook = "patient-view",
    overlay: Overlays = None,
) -> None:
    """Screen every patient under PATH for second-cancer surveillance.

    Standard output holds the table, JSON or CSV and nothing else; problems and the summary go to standard error.
    """
    day = as_of or today()
    if out is not None:
        check_folder(out)
    evaluator = load_evaluator(overlay)
    source = read_input(path, evaluator, as_of=day, partial=partial, strict=strict)
    rows = in_order(screen_records(source.outcomes(), evaluator, as_of=day, hook=hook))
    if not rows:
        show_problems(source.problems)
        raise no_patient(path)
    if out is not None:
        run = _run(path, day, hook, evaluator, source, partial)
        write_results(out, rows, [problem_as_json(problem) for problem in source.problems], run)
    _print(rows, form)
    _report(rows, source, day, out, form)
    for line in overlay_lines(evaluator.identity):
        complain(line)
    raise typer.Exit(_exit_code(rows, source))


def _run(
    path: Path, day: date, hook: str, evaluator: Evaluator, source: ReadResult, partial: Sequence[str] | None
) -> Run:
    return Run(
        inputs=(str(path),),
        as_of=day,
        hook=hook,
        rulebase=evaluator.identity,
        spmwatch_version=version(),
        counts=counts_as_json(source),
        partial=tuple(partial or ()),
    )


def counts_as_json(source: ReadResult) -> dict[str, object]:
    """What became of the resources that were read: type -> fate -> number."""
    counts: dict[str, dict[str, int]] = {}
    for resource_type, fate, number in source.counts.rows():
        counts.setdefault(resource_type, {})[fate] = number
    return {"resources_read": source.counts.read, "by_type": counts}


def _print(rows: Sequence[Row], form: Format) -> None:
    if form is Format.JSON:
        write_out(json_array(row.body for row in rows))
    elif form is Format.CSV:
        write_out(csv_lines(FINDING_COLUMNS, (cells for row in rows for cells in finding_cells(row))))
    else:
        print_results(console(), rows)


def _report(rows: Sequence[Row], source: ReadResult, day: date, out: Path | None, form: Format) -> None:
    """Problems and the summary, on standard error, after all that goes to standard output."""
    sys.stdout.flush()
    for row in rows:
        if row.failed and form is not Format.TABLE:
            error = row.body["error"]
            complain(f"Patient {row.patient}: {error['message'] if isinstance(error, dict) else error}")
    show_problems(source.problems, None if out is None else out / PROBLEMS)
    complain(f"{summary_line(summarise_rows(rows))}, as of {day}.")
    if out is not None:
        complain(f"Full results: {out}")
    elif form is Format.TABLE:
        complain(
            "Full results with reasons: add --out DIR or --format json; one patient: spmwatch explain PATH --patient ID"
        )


def _exit_code(rows: Sequence[Row], source: ReadResult) -> int:
    bad = bool(source.problems) or any(row.failed or row.incomplete for row in rows)
    return SOME_FAILED if bad else ALL_EVALUATED
