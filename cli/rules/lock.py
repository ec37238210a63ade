"""`spmwatch rules lock`: writes or checks versions.lock."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Annotated

import typer

from spmwatch.cli.edge import complain, tidy
from spmwatch.cli.rules.schema import Root
from spmwatch.engine.catalogue.load import load_rule_base
from spmwatch.engine.errors import InputError
from spmwatch.rule_book.lock import FILE, Lock, LockProblem, compare, lock_of, lock_text, read_lock
from spmwatch.screening.report import write_file

AGREES, DIFFERS = 0, 1


@tidy
def lock(
    root: Root = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; say whether rules and lock agree.", show_default=False)
    ] = False,
) -> None:
    """Lock the meaning of every rule to its version, in versions.lock beside the rules.

    A meaning that changed under an unchanged version is refused, and so is a version that goes down: raise the version
    in the rule's file (in common.yaml for what is no rule), then lock. Formatting and comments are no meaning.

    Exit codes: 0 locked, or in agreement; 1 not; 2 the rules cannot be read.
    """
    folder = root or Path(str(resources.files("spmwatch.rules")))
    if not folder.is_dir():
        raise InputError(str(folder), "-", "is no folder", "Name a folder in the form of rules/")
    present, path = lock_of(load_rule_base(folder)), folder / FILE
    problems = _problems(path, present)
    told = problems if check else [problem for problem in problems if problem.grave]
    for problem in told:
        complain(str(problem))
    if told:
        raise typer.Exit(DIFFERS)
    if not check:
        write_file(path, lock_text(present).encode())
    agree = " agree" if check else ""
    complain(f"{path}: {len(present.rules)} rules and checks{agree}, catalogue {present.catalogue.version}.")
    raise typer.Exit(AGREES)


def _problems(path: Path, present: Lock) -> list[LockProblem]:
    if not path.exists():
        return [LockProblem(text=f"{path} is missing: run make lock", grave=False)]
    return list(compare(read_lock(path), present))
