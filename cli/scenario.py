"""`spmwatch scenario`: a patient's record as a rule test that names nobody."""

from __future__ import annotations

import random
import shlex
from pathlib import Path
from typing import Annotated

import typer

from spmwatch.cli.edge import ALL_EVALUATED, SOME_FAILED, AsOf, complain, tidy, today, write_out
from spmwatch.cli.reading import Overlays, Partial, load_evaluator, parse_hook, show_problems
from spmwatch.cli.scenario_request import Options, asked
from spmwatch.cli.test import need_testing
from spmwatch.engine.errors import InputError
from spmwatch.screening.report import write_file

EXIT_CODES = (
    "Exit codes: 0 the scenario is written and comes to what the record came to; 1 it differs, or something of the "
    "input could not be read: it says so; 2 nothing could be written."
)


@tidy
def scenario(
    path: Annotated[
        Path,
        typer.Argument(
            metavar="PATH",
            help="A recorded CDS Hooks request, a Bundle file, a folder of Bundles, an NDJSON file or a Bulk Data "
            "export folder.",
            show_default=False,
        ),
    ],
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
    hook: Annotated[
        str | None,
        typer.Option(
            "--hook",
            metavar="HOOK",
            parser=parse_hook,
            help="Evaluate the rules of this hook. Default: that of the request, else patient-view.",
            show_default=False,
        ),
    ] = None,
    overlay: Overlays = None,
    force: Annotated[
        bool, typer.Option("--force", help="Write over the file of --out, with whatever was changed in it by hand.")
    ] = False,
) -> None:
    """Write a record or CDS Hooks request as a scenario: no identifiers, dates moved, with what the rules conclude.

    All dates move alike, and `today` with them. Whoever knows on which day the record was evaluated can count back to
    the true dates: keep that day to yourself, and look through the file before you pass it on.
    """
    need_testing()
    if out is not None:
        _check_name(out, force=force)
    from spmwatch.rule_testing.from_record.writer import TITLE, scenario_of  # noqa: PLC0415 - needs pytest-bdd

    day = as_of or today()
    evaluator = load_evaluator(overlay)
    seen = asked(path, evaluator, day, Options(patient=patient, partial=partial, hook=hook))
    remarks = [f"The rules had this overlay: {one}. Choose it with --overlay" for one in evaluator.rule_base.overlays]
    written = scenario_of(
        seen.record,
        evaluator,
        as_of=day,
        hook=seen.hook,
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
    show_problems(seen.problems)
    raise typer.Exit(SOME_FAILED if written.differences or seen.problems else ALL_EVALUATED)


def _check_name(out: Path, *, force: bool) -> None:
    """Raises InputError for a file that `spmwatch test` would not read, or that is there already."""
    if out.suffix != ".feature":
        fix = f"Name it {out.name}.feature: spmwatch test reads no other"
        raise InputError(str(out), "-", "is no name of a feature file", fix)
    if out.exists() and not force:
        fix = "Name another file, or write over it with --force: what was changed in it by hand is lost then"
        raise InputError(str(out), "-", "is there already", fix)
