"""`spmwatch scenario`: a patient's record as a rule test that names nobody."""

from __future__ import annotations

import random
import shlex
from pathlib import Path
from typing import Annotated

import typer

from spmwatch.cli.edge import ALL_EVALUATED, SOME_FAILED, AsOf, complain, tidy, today, write_out
from spmwatch.cli.explain import chosen
from spmwatch.cli.reading import (
    Hook,
    InputPath,
    Overlays,
    Partial,
    load_evaluator,
    read_input,
    show_problems,
)
from spmwatch.cli.test import need_testing
from spmwatch.engine.errors import InputError
from spmwatch.fhir_adapters.gather import NotRead
from spmwatch.screening.report import write_file

EXIT_CODES = (
    "Exit codes: 0 the scenario is written and comes to what the record came to; 1 it differs, or something of the "
    "input could not be read: it says so; 2 nothing could be written."
)


@tidy
def scenario(
    path: InputPath,
    patient: Annotated[
        str | None, typer.Option("--patient", metavar="ID", help="Which patient, where there are several.")
    ] = None,
    as_of: AsOf = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="FILE", help="Write it there, e.g. features/complaint.feature.", show_default=False
        ),
    ] = None,
    title: Annotated[
        str | None,
        typer.Option("--title", metavar="WORDS", help="Name of the scenario; name no patient.", show_default=False),
    ] = None,
    partial: Partial = None,
    hook: Hook = "patient-view",
    overlay: Overlays = None,
    force: Annotated[
        bool, typer.Option("--force", help="Write over the file of --out, with whatever was changed in it by hand.")
    ] = False,
) -> None:
    """Write a patient's record as a scenario: without identifiers, its dates moved, with what the rules conclude.

    All dates move alike, and `today` with them. Whoever knows on which day the record was evaluated can count back to
    the true dates: keep that day to yourself, and look through the file before you pass it on.
    """
    need_testing()
    if out is not None:
        _check_name(out, force=force)
    from spmwatch.rule_testing.from_record.writer import TITLE, scenario_of  # noqa: PLC0415 - needs pytest-bdd

    day = as_of or today()
    evaluator = load_evaluator(overlay)
    source = read_input(path, evaluator, as_of=day, partial=partial, strict=False)
    record = next(iter(chosen(source.outcomes(), patient, path, only_one=True)))
    if isinstance(record, NotRead):
        raise record.error
    remarks = [f"The rules had this overlay: {one}. Choose it with --overlay" for one in evaluator.rule_base.overlays]
    written = scenario_of(
        record,
        evaluator,
        as_of=day,
        hook=hook,
        chance=random.SystemRandom(),  # nobody should be able to tell by how much the dates were moved
        title=" ".join((title or TITLE).split()),
        remarks=remarks,
    )
    if out is None:
        write_out([written.text.encode("utf-8")])
    else:
        write_file(out, written.text.encode("utf-8"))
        complain(f"Written: {out}. Run it: spmwatch test {shlex.quote(str(out))}")
    for line in (*written.untold, *(f"Unlike the record: {one}" for one in written.differences)):
        complain(f"{line}.")
    show_problems(source.problems)
    raise typer.Exit(SOME_FAILED if written.differences or source.problems else ALL_EVALUATED)


def _check_name(out: Path, *, force: bool) -> None:
    """Raises InputError for a file that `spmwatch test` would not read, or that is there already."""
    if out.suffix != ".feature":
        fix = f"Name it {out.name}.feature: spmwatch test reads no other"
        raise InputError(str(out), "-", "is no name of a feature file", fix)
    if out.exists() and not force:
        fix = "Name another file, or write over it with --force: what was changed in it by hand is lost then"
        raise InputError(str(out), "-", "is there already", fix)
