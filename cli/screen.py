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
    Overlays,
    Partial,
    Strict,
    load_evaluator,
    no_patient,
    overlay_lines,
    read_inputs,
    show_problems,
)
from spmwatch.cli.screen_folder import Asked, Engine, screen_folder
from spmwatch.cli.tables import print_results, summary_line
from spmwatch.engine.errors import InputError
from spmwatch.fhir_adapters.export import ReadResult
from spmwatch.screening.report import summarise_rows
from spmwatch.screening.results.finish import Wanted
from spmwatch.screening.results.suppression import Suppression
from spmwatch.screening.results.writers import Form
from spmwatch.screening.rows import FINDING_COLUMNS, Row, csv_lines, finding_cells, in_order, json_array
from spmwatch.screening.runner import screen as screen_records
from spmwatch.screening.scan.sources import STANDARD_INPUT


class Format(StrEnum):
    """How results are written: `table` and `json` to standard output alone, `parquet` and `ndjson` to files alone."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    PARQUET = "parquet"
    NDJSON = "ndjson"


InputPaths = Annotated[
    list[str],
    typer.Argument(
        metavar="PATH...",
        help="A Bulk Data export folder, an NDJSON file, a Bundle, a folder of Bundles; with --out also a URL "
        "(s3://...) or - for standard input. Of a resource that is in several the latest version counts.",
        show_default=False,
    ),
]
Formats = Annotated[
    Format | None,
    typer.Option(
        "--format",
        help="On standard output: table (default) for people; json: an array, one object a patient; csv: a line a "
        "finding. With --out: parquet (default), csv or ndjson.",
        show_default=False,
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(
        "--out",
        metavar="DIR",
        help="Screen input of any size into this folder: patients, findings, plan, quarantine.ndjson, run.json and "
        "report.html. Broken off, the same command goes on where it stopped.",
        show_default=False,
    ),
]
Workers = Annotated[
    int | None,
    typer.Option("--workers", metavar="N", min=1, max=512, help="With --out: processes; default: one a processor."),
]
Plain = Annotated[
    bool,
    typer.Option("--plain", help="With --out: the reference; parses every line, in memory, in one process. Slow."),
]
Fhir = Annotated[
    bool,
    typer.Option("--fhir", help="With --out: FHIR resources of the results too, as NDJSON ready to load, in DIR/fhir."),
]
Sha256 = Annotated[
    bool,
    typer.Option("--sha256", help="With --out: SHA-256 of every input file in run.json; each is read once more."),
]
SuppressBelow = Annotated[
    int,
    typer.Option("--suppress-below", metavar="N", min=0, help="With --out: counts below N are hidden in the report."),
]
EngineOption = Annotated[
    Engine,
    typer.Option("--engine", help="With --out: local: processes of this machine; spark: a cluster (spmwatch[spark])."),
]
Master = Annotated[
    str | None,
    typer.Option(
        "--master",
        metavar="URL",
        help="With --engine spark: spark://HOST:7077, local[N], yarn ...; default: as Spark is configured.",
        show_default=False,
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="With --out: do not tell how far it is.")]


@tidy
def screen(
    paths: InputPaths,
    as_of: AsOf = None,
    form: Formats = None,
    out: Out = None,
    partial: Partial = None,
    strict: Strict = False,
    hook: Hook = "patient-view",
    overlay: Overlays = None,
    workers: Workers = None,
    plain: Plain = False,
    fhir: Fhir = False,
    sha256: Sha256 = False,
    suppress_below: SuppressBelow = 0,
    quiet: Quiet = False,
    engine: EngineOption = Engine.LOCAL,
    master: Master = None,
) -> None:
    """Screen every patient under PATH for second-cancer surveillance.

    Standard output holds the table, JSON or CSV and nothing else; problems and the summary go to standard error. With
    --out the results are files, of the patients with any evidence of myeloma, lenalidomide, melphalan or a transplant.
    """
    day = as_of or today()
    if out is None and (engine is not Engine.LOCAL or master is not None):
        raise InputError("--engine", engine.value, "writes to a folder only", "Add --out DIR")
    if out is None:
        raise typer.Exit(_to_screen(paths, day, form or Format.TABLE, hook, partial, overlay, strict=strict))
    asked = Asked(
        paths=tuple(paths),
        as_of=day,
        hook=hook,
        partial=tuple(partial or ()),
        strict=strict,
        wanted=Wanted(form=_of_files(form), fhir=fhir, suppression=Suppression(suppress_below)),
        workers=workers,
        plain=plain,
        sha256=sha256,
        quiet=quiet,
        engine=engine,
        master=master,
    )
    raise typer.Exit(screen_folder(out, asked, overlay))


def _of_files(form: Format | None) -> Form:
    if form is None:
        return Form.PARQUET
    if form in (Format.TABLE, Format.JSON):
        raise InputError("--format", form.value, "is not a format of files", "With --out use parquet, csv or ndjson")
    return Form(form.value)


def _to_screen(
    paths: Sequence[str],
    day: date,
    form: Format,
    hook: str,
    partial: Sequence[str] | None,
    overlay: Sequence[Path] | None,
    *,
    strict: bool,
) -> int:
    """Results on standard output, of input that fits into memory."""
    if form in (Format.PARQUET, Format.NDJSON):
        raise InputError("--format", form.value, "goes to files only", "Add --out DIR, or use table, json or csv")
    for path in paths:
        if path == STANDARD_INPUT or "://" in path:
            raise InputError(path, "-", "needs a folder for what is read", "Name one with --out DIR")
    evaluator = load_evaluator(overlay)
    source = read_inputs([Path(one) for one in paths], evaluator, as_of=day, partial=partial, strict=strict)
    rows = in_order(screen_records(source.outcomes(), evaluator, as_of=day, hook=hook))
    if not rows:
        show_problems(source.problems)
        raise no_patient(Path(paths[0]))
    _print(rows, form)
    _report(rows, source, day, form)
    for line in overlay_lines(evaluator.identity):
        complain(line)
    return _exit_code(rows, source)


def _print(rows: Sequence[Row], form: Format) -> None:
    if form is Format.JSON:
        write_out(json_array(row.body for row in rows))
    elif form is Format.CSV:
        write_out(csv_lines(FINDING_COLUMNS, (cells for row in rows for cells in finding_cells(row))))
    else:
        print_results(console(), rows)


def _report(rows: Sequence[Row], source: ReadResult, day: date, form: Format) -> None:
    """Problems and the summary, on standard error, after all that goes to standard output."""
    sys.stdout.flush()
    for row in rows:
        if row.failed and form is not Format.TABLE:
            error = row.body["error"]
            complain(f"Patient {row.patient}: {error['message'] if isinstance(error, dict) else error}")
    show_problems(source.problems)
    complain(f"{summary_line(summarise_rows(rows))}, as of {day}.")
    if form is Format.TABLE:
        complain(
            "Full results with reasons: add --out DIR or --format json; one patient: spmwatch explain PATH --patient ID"
        )


def _exit_code(rows: Sequence[Row], source: ReadResult) -> int:
    bad = bool(source.problems) or any(row.failed or row.incomplete for row in rows)
    return SOME_FAILED if bad else ALL_EVALUATED
