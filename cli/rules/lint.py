"""`spmwatch rules lint`: all that is wrong with a rule base."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from importlib import resources
from pathlib import Path
from typing import Annotated

import typer

from spmwatch.cli.edge import complain, tidy, write_out
from spmwatch.cli.reading import Overlays, pretty
from spmwatch.cli.rules.schema import Root
from spmwatch.engine.catalogue.load import load_rule_base
from spmwatch.engine.errors import InputError
from spmwatch.rule_book.lint import LintResult, Severity, lint, unlocked
from spmwatch.rule_book.lock import FILE as LOCK

CLEAN, PROBLEMS = 0, 1


class Format(StrEnum):
    """How problems are told."""

    TEXT = "text"
    JSON = "json"


@tidy
def lint_command(
    root: Root = None,
    features: Annotated[
        Path | None,
        typer.Option(
            "--features",
            metavar="DIR",
            help="The folder of scenarios. Default: features/ beside the rules.",
            show_default=False,
        ),
    ] = None,
    overlay: Overlays = None,
    form: Annotated[Format, typer.Option("--format", help="text for people, json for programs.")] = Format.TEXT,
) -> None:
    """Say everything that is wrong with the rules: form, units, unknown ids, logic that can never hold, evidence,
    length, missing scenarios.

    Exit codes: 0 clean; 1 problems, each on a line of standard output; 2 the folder cannot be read.
    """  # noqa: D205 - typer prints the first paragraph whole
    folder = root or Path(str(resources.files("spmwatch.rules")))
    if not folder.is_dir():
        raise InputError(str(folder), "-", "is no folder", "Name a folder in the form of rules/")
    overlays = tuple(overlay or ())
    scenarios = [*_features(folder, features), *(each / "features" for each in overlays)]
    found = lint(folder, scenarios, lambda copy: load_rule_base(copy, overlays))
    lock = folder / LOCK
    if lock.is_file() and not overlays and found.base is not None and not _broken(found):
        found = replace(found, problems=(*unlocked(lock, found.base), *found.problems))
    if form is Format.JSON:
        write_out([pretty([_as_json(problem) for problem in found.problems])])
    else:
        for problem in found.problems:
            typer.echo(str(problem))
    complain(_summary(found))
    raise typer.Exit(CLEAN if found.clean else PROBLEMS)


def _broken(found: LintResult) -> bool:
    """Is a fault known already? Then versions are for later."""
    return any(problem.severity is Severity.ERROR for problem in found.problems)


def _features(folder: Path, named: Path | None) -> list[Path]:
    if named is not None:
        if not named.is_dir():
            raise InputError(str(named), "-", "is no folder", "Name the folder of scenarios")
        return [named]
    beside = folder.resolve().parent / "features"
    if beside.is_dir():
        return [beside]
    complain("There is no folder features/ beside the rules, so missing scenarios are not looked for.")
    return []


def _as_json(problem: object) -> dict[str, str]:
    return {name: str(getattr(problem, name)) for name in ("severity", "path", "field", "problem", "fix")}


def _summary(found: LintResult) -> str:
    rules = "nothing could be loaded" if found.base is None else f"{len(found.base.all_rules)} rules"
    count = {level: sum(problem.severity is level for problem in found.problems) for level in Severity}
    return f"{rules}: {count[Severity.ERROR]} errors, {count[Severity.WARNING]} warnings"
