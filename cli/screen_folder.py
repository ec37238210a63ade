"""`spmwatch screen --out DIR`: a run of any size into a folder of results."""

from __future__ import annotations

import os
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path

from spmwatch.cli.edge import ALL_EVALUATED, SOME_FAILED, complain
from spmwatch.cli.progress import progress
from spmwatch.cli.reading import load_rules, overlay_lines
from spmwatch.engine.catalogue.kept_rules import shipped_rules
from spmwatch.engine.catalogue.load import RuleBase
from spmwatch.engine.errors import InputError
from spmwatch.engine.evaluate import Evaluator
from spmwatch.screening.results.finish import Finished, Wanted
from spmwatch.screening.results.quarantine import QUARANTINE
from spmwatch.screening.run.options import Options
from spmwatch.screening.run.whole import Call, Steps, screen_to
from spmwatch.screening.scan.sources import STANDARD_INPUT

_TO_TELL = {
    "failed": ("patient FAILED: it could not be evaluated", "patients FAILED: they could not be evaluated"),
    "rules_failed": (
        "patient lacks a rule that could not be evaluated, through a fault of spmwatch",
        "patients lack a rule that could not be evaluated, through a fault of spmwatch",
    ),
    "incomplete": (
        "patient has a record that is not whole: what it lacks counts as unknown",
        "patients have a record that is not whole: what it lacks counts as unknown",
    ),
}
"""What of run.json is told in words, of one and of several."""


class Engine(StrEnum):
    """Who does the work."""

    LOCAL = "local"
    SPARK = "spark"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the command line asks for."""

    paths: tuple[str, ...]
    as_of: date
    hook: str
    partial: tuple[str, ...]
    strict: bool
    wanted: Wanted
    workers: int | None
    plain: bool
    sha256: bool
    quiet: bool
    engine: Engine
    master: str | None


def screen_folder(out: Path, asked: Asked, overlays: Sequence[Path] | None) -> int:
    """Do it, tell how far it is, and return the exit code."""
    _check(asked)
    rules = load_rules(overlays) if overlays else shipped_rules()
    options = Options(
        paths=asked.paths,
        as_of=asked.as_of,
        hook=asked.hook,
        partial=asked.partial,
        strict=asked.strict,
        fhir=asked.wanted.fhir,
        sha256=asked.sha256,
        oldest_age=rules.conventions.oldest_plausible_age,
    )
    with progress(quiet=asked.quiet) as tell, _steps(asked) as steps:
        call = Call(
            workers=asked.workers or os.cpu_count() or 1,
            say=complain,
            tell=tell,
            clock=time.monotonic,
            stdin=sys.stdin.buffer if STANDARD_INPUT in asked.paths else None,
            steps=steps,
        )
        finished = _way(asked)(out, options, rules, asked.wanted, call)
    return _report(finished, out, asked.as_of, rules)


def _way(asked: Asked) -> Callable[[Path, Options, RuleBase, Wanted, Call], Finished]:
    if not asked.plain:
        return screen_to
    from spmwatch.screening.run.plain import screen_plainly  # noqa: PLC0415 - hardly anybody asks for it

    return screen_plainly


def _check(asked: Asked) -> None:
    """Options that do not go together. Raises InputError."""
    if asked.engine is Engine.LOCAL:
        if asked.master is not None:
            raise InputError("--master", asked.master, "is an address of a Spark cluster", "Add --engine spark")
        return
    for option, given in (("--plain", asked.plain), ("--workers", asked.workers is not None)):
        if given:
            raise InputError(option, "-", "is of the local engine", "Leave it out, or leave --engine out")
    if STANDARD_INPUT in asked.paths and not (asked.master or "").startswith("local"):
        raise InputError(STANDARD_INPUT, "-", "is on this machine only", "Name a path that all machines can read")


@contextmanager
def _steps(asked: Asked) -> Generator[Steps | None]:
    """A cluster for the time of a run; None for processes of this machine."""
    if asked.engine is Engine.LOCAL:
        yield None
        return
    from spmwatch.screening.spark.session import session  # noqa: PLC0415 - PySpark is an extra

    with session(asked.master) as spark:
        from spmwatch.screening.spark.cluster import on_cluster  # noqa: PLC0415

        yield on_cluster(spark, complain)


def _report(finished: Finished, out: Path, day: date, rules: RuleBase) -> int:
    run = finished.run
    if not run["patients"]:
        complain("No patient with any evidence of myeloma, lenalidomide, melphalan or a transplant was found.")
    tiers = run["tiers"]
    told = ", ".join(f"{number} {tier}" for tier, number in tiers.items()) if isinstance(tiers, dict) else ""
    complain(f"{_counted(run['patients'], 'patient', 'patients')}: {told}, as of {day}.")
    for name, words in _TO_TELL.items():
        if run[name]:
            complain(f"{_counted(run[name], *words)}; see the table of patients.")
    for line in _not_supplied(run["not_supplied"]):
        complain(line)
    if run["quarantined"]:
        places = _counted(run["quarantined"], "place", "places")
        complain(f"{places} of the input could not be used, or not wholly: {out / QUARANTINE}")
    complain(f"Results: {out}")
    for line in overlay_lines(Evaluator(rules).identity):
        complain(line)
    return SOME_FAILED if run["failed"] or run["rules_failed"] or run["quarantined"] else ALL_EVALUATED


def _counted(number: object, one: str, several: str) -> str:
    return f"{number} {one if number == 1 else several}"


def _not_supplied(types: object) -> Iterator[str]:
    """What holds for everybody, in a line for each reason."""
    by_reason: defaultdict[str, list[str]] = defaultdict(list)
    for kind, why in types.items() if isinstance(types, dict) else ():
        by_reason[why].append(kind)
    for why, kinds in by_reason.items():
        yield f"Not supplied, so unknown: {', '.join(kinds)} ({why})."
