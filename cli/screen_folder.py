"""`spmwatch screen --out DIR`: a run of any size into a folder of results."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from spmwatch.cli.edge import ALL_EVALUATED, SOME_FAILED, complain
from spmwatch.cli.progress import progress
from spmwatch.cli.reading import load_rules, overlay_lines
from spmwatch.engine.catalogue.load import RuleBase
from spmwatch.engine.errors import InputError
from spmwatch.engine.evaluate import Evaluator
from spmwatch.screening.results.finish import Finished, Wanted
from spmwatch.screening.run.options import Options
from spmwatch.screening.run.plain import screen_plainly
from spmwatch.screening.run.whole import Call, screen_to
from spmwatch.screening.scan.sources import STANDARD_INPUT


def screen_folder(
    out: Path,
    options: Options,
    overlays: Sequence[Path] | None,
    wanted: Wanted,
    *,
    workers: int | None,
    plain: bool,
    quiet: bool,
) -> int:
    """Do it, tell how far it is, and return the exit code."""
    rules = load_rules(overlays)
    with progress(quiet=quiet) as tell:
        call = Call(
            workers=workers or os.cpu_count() or 1,
            say=complain,
            tell=tell,
            clock=time.monotonic,
            stdin=sys.stdin.buffer if STANDARD_INPUT in options.paths else None,
        )
        finished = (screen_plainly if plain else screen_to)(out, options, rules, wanted, call)
    return _report(finished, out, options.as_of, rules)


def options_of(paths: Sequence[str], day: date, hook: str, partial: Sequence[str] | None, rules: RuleBase) -> Options:
    """What is asked of a run."""
    return Options(
        paths=tuple(paths),
        as_of=day,
        hook=hook,
        partial=tuple(partial or ()),
        oldest_age=rules.conventions.oldest_plausible_age,
    )


def _report(finished: Finished, out: Path, day: date, rules: RuleBase) -> int:
    run = finished.run
    if not run["patients"]:
        problem = "no patient with any evidence of myeloma, lenalidomide, melphalan or a transplant was found"
        complain(f"{problem}; {run['quarantined']} places of the input could not be used (quarantine.ndjson).")
    tiers = run["tiers"]
    told = ", ".join(f"{number} {tier}" for tier, number in tiers.items()) if isinstance(tiers, dict) else ""
    complain(f"{run['patients']} patients: {told}, as of {day}.")
    for name, word in (("failed", "FAILED"), ("incomplete", "are INCOMPLETE (a rule failed)")):
        if run[name]:
            complain(f"{run[name]} patients {word}; see the table of patients.")
    if run["quarantined"]:
        complain(f"{run['quarantined']} places of the input could not be used, or not wholly: {out / 'quarantine.ndjson'}")
    complain(f"Results: {out}")
    for line in overlay_lines(Evaluator(rules).identity):
        complain(line)
    return SOME_FAILED if run["failed"] or run["incomplete"] or run["quarantined"] else ALL_EVALUATED


def refuse_standard_input(paths: Sequence[str]) -> None:
    """Standard input cannot be read twice. Raises InputError."""
    if STANDARD_INPUT in paths:
        raise InputError(STANDARD_INPUT, "-", "standard input needs a folder to lie in", "Name one with --out DIR")
