"""From a path to records and an evaluator, and how problems of the input are told: what the commands share."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from spmwatch.cli.edge import complain, visible
from spmwatch.engine.catalogue.hooks import ALIKE, NAMED
from spmwatch.engine.catalogue.load import RuleBase, load_rule_base
from spmwatch.engine.dates import DateRange, add_months
from spmwatch.engine.errors import InputError
from spmwatch.engine.evaluate import Evaluator
from spmwatch.engine.presentation import Json
from spmwatch.engine.recommendation import RuleBaseIdentity
from spmwatch.fhir_adapters.export import ReadResult, read_paths
from spmwatch.fhir_adapters.problems import Problem

MOST_SHOWN = 20
HOOKS = (*NAMED, *ALIKE)
_TYPE = re.compile(r"[A-Z][A-Za-z]{1,60}")


def _resource_type(text: str) -> str:
    if not _TYPE.fullmatch(text):
        raise typer.BadParameter(f"{visible(text)} is no resource type; write e.g. MedicationRequest")
    return text


def parse_hook(text: str) -> str:
    """The hook of an option."""
    if text not in HOOKS:
        raise typer.BadParameter(f"{visible(text)} is not a hook with rules; use one of {', '.join(HOOKS)}")
    return text


InputPath = Annotated[
    Path,
    typer.Argument(
        metavar="PATH",
        help="A Bundle file, a folder of Bundles, an NDJSON file or a Bulk Data export folder.",
        show_default=False,
    ),
]
Partial = Annotated[
    list[str] | None,
    typer.Option(
        "--partial",
        metavar="TYPE",
        parser=_resource_type,
        help="This resource type is incomplete in the input, so its absence proves nothing. Repeatable.",
        show_default=False,
    ),
]
Strict = Annotated[
    bool,
    typer.Option("--strict", help="Check every relevant resource against the FHIR specification and name each fault."),
]
Overlays = Annotated[
    list[Path] | None,
    typer.Option(
        "--overlay",
        metavar="DIR",
        help="Lay this site overlay over the rules (docs/overlays.md). Repeatable; the last one is uppermost.",
        show_default=False,
    ),
]
Hook = Annotated[
    str,
    typer.Option(
        "--hook",
        metavar="HOOK",
        parser=parse_hook,
        help=f"Evaluate the rules of this hook: {', '.join(HOOKS)}.",
    ),
]


def load_rules(overlays: Sequence[Path] | None, root: Path | None = None) -> RuleBase:
    """The shipped rules (or those of a folder) with overlays on them; conflicts of overlays go to standard error.

    Raises:
        RuleFileError: a fault in the rules or in an overlay.
    """
    rules = load_rule_base(root, tuple(overlays or ()))
    for conflict in rules.conflicts:
        complain(f"Overlays: {conflict}.")
    for line in _grave(rules):
        complain(f"Warning: {line}.")
    return rules


def _grave(rules: RuleBase) -> Iterator[str]:
    """What an overlay may switch off, and what nobody should have switched off unawares."""
    if rules.switched_off and not rules.rules:
        yield "the overlays switch off every rule: no patient has a finding, whatever the record shows"
        return
    for off in rules.switched_off:
        if off.rule == rules.card_policy.data_gaps:
            yield f"{off.rule} {off.title} is switched off by overlay {off.overlay}: no card says what is not known"


def load_evaluator(overlays: Sequence[Path] | None = None) -> Evaluator:
    """The shipped rules with overlays on them, ready. Raises RuleFileError."""
    return Evaluator(load_rules(overlays))


def read_input(
    path: Path, evaluator: Evaluator, *, as_of: date, partial: Sequence[str] | None, strict: bool
) -> ReadResult:
    """What stands under a path. Raises InputError."""
    return read_inputs([path], evaluator, as_of=as_of, partial=partial, strict=strict)


def read_inputs(
    paths: Sequence[Path], evaluator: Evaluator, *, as_of: date, partial: Sequence[str] | None, strict: bool
) -> ReadResult:
    """What stands under several paths, as one. Raises InputError."""
    base = evaluator.rule_base
    born = DateRange(add_months(as_of, -12 * (base.conventions.oldest_plausible_age + 1)), as_of)
    return read_paths(paths, value_sets=base.value_sets, partial=tuple(partial or ()), strict=strict, born=born)


def problem_as_json(problem: Problem) -> Json:
    """A problem of the input for programs."""
    return {
        "where": problem.where,
        "element": None if problem.element == "-" else problem.element,
        "found": problem.found,
        "expected": problem.expected,
        "advice": problem.advice,
    }


def show_problems(problems: Sequence[Problem], all_in: Path | None = None) -> None:
    """The first problems on standard error, and where the others stand."""
    for problem in problems[:MOST_SHOWN]:
        complain(str(problem).replace(": -: ", ": ", 1))
    rest = len(problems) - MOST_SHOWN
    if rest > 0:
        complain(f"... and {rest} more problems" + (f", all in {all_in}" if all_in else "; --out DIR keeps them all"))


def no_patient(path: Path) -> InputError:
    """Nothing to evaluate."""
    fix = "Give a Bundle with a Patient, a folder of such, or a Bulk Data export"
    return InputError(str(path), "-", "holds no patient", fix)


def overlay_lines(identity: RuleBaseIdentity) -> Iterator[str]:
    """Which overlays the result stands on, and which rules they switched off; nothing without an overlay."""
    if identity.overlays:
        yield f"Rules {identity}."
    for off in identity.switched_off:
        yield f"{off}."


def pretty(value: object) -> bytes:
    """One JSON value, indented, in UTF-8."""
    text = json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False)
    return text.encode("utf-8", "backslashreplace") + b"\n"
