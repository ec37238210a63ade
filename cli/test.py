"""`spmwatch test`: feature files run against the rules, told in clinical words."""

from __future__ import annotations

import os
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spmwatch.cli.coverage_text import print_coverage
from spmwatch.cli.edge import complain, console, silence_stdout, tidy, today, visible
from spmwatch.cli.reading import Overlays, load_rules
from spmwatch.cli.rules.common import checked_root
from spmwatch.engine.errors import InputError
from spmwatch.screening.report import write_file

if TYPE_CHECKING:
    from spmwatch.rule_testing.coverage_table import Table
    from spmwatch.rule_testing.rule_choice import RuleChoice
    from spmwatch.rule_testing.run import Outcome, Run

ALL_HELD, SOME_FAILED, WRONG_INPUT, NOBODY_READS = 0, 1, 2, 141
FEATURES = Path("features")
EXIT_CODES = (
    "Exit codes: 0 every scenario held; 1 a scenario failed, or --fail-under is not met; 2 a path, a feature file, a "
    "step or the rules cannot be read, or no scenario ran; 130 interrupted; 141 nobody read the "
    "output to its end."
)


@tidy
def run_features(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[PATH]...",
            help="Feature files, or folders of such. Default: features/, else this folder.",
            show_default=False,
        ),
    ] = None,
    rules: Annotated[
        Path | None,
        typer.Option(
            "--rules",
            "--root",
            metavar="DIR",
            help="A folder in the form of rules/. Default: the rules or the overlay that stand beside features/, "
            "else the shipped rules.",
            show_default=False,
        ),
    ] = None,
    overlay: Overlays = None,
    name: Annotated[
        str, typer.Option("--name", metavar="WORDS", help="Only scenarios whose name holds these words.")
    ] = "",
    junit: Annotated[
        Path | None,
        typer.Option("--junit", metavar="FILE", help="Write JUnit XML there, for CI.", show_default=False),
    ] = None,
    coverage: Annotated[
        bool, typer.Option("--coverage", help="Say which parts of the rules the scenarios reach, and which not.")
    ] = False,
    html: Annotated[
        Path | None,
        typer.Option("--html", metavar="FILE", help="Write the coverage as a page there.", show_default=False),
    ] = None,
    fail_under: Annotated[
        float | None,
        typer.Option(
            "--fail-under",
            metavar="PERCENT",
            min=0,
            max=100,
            help="Exit with 1 when less than this is reached.",
            show_default=False,
        ),
    ] = None,
    results: Annotated[
        Path | None,
        typer.Option(
            "--results",
            metavar="FILE",
            help="Write what became of each scenario there, for `spmwatch rules docs --results`.",
            show_default=False,
        ),
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Name every scenario, not only each file.")] = False,
) -> None:
    """Run rule scenarios: say which hold, and of those that do not what was expected, what came, and why."""
    wanted_paths = feature_paths(paths)
    need_testing()
    from spmwatch.rule_testing.run import Wanted, run  # noqa: PLC0415 - needs pytest, an extra

    for file in (junit, html, results):
        if file is not None:
            _check_writable(file)
    measured = _Measured() if coverage or html is not None or fail_under is not None else None
    wanted = Wanted(paths=wanted_paths, choice=named_rules(rules, overlay), named=name, junit=junit)
    with _told_to_the_end():
        done = run(
            wanted,
            root=Path.cwd(),
            file_done=lambda path, outcomes: _show_file(path, outcomes, verbose=verbose),
            observer=None if measured is None else measured.coverage.observe,
        )
        _show_problems(done)
        code = _conclude(done, name)
        table = None
        if measured is not None and done.ran:
            table = measured.table(done)
            code = max(code, _show_coverage(table, html=html, fail_under=fail_under))
        if results is not None:
            _write_results(results, done, name, table)
    raise typer.Exit(code)


@contextmanager
def _told_to_the_end() -> Generator[None]:
    """Where nobody reads on, other commands end with 0. Here that would say that every scenario held."""
    try:
        yield
    except BrokenPipeError:
        silence_stdout()
        raise typer.Exit(NOBODY_READS) from None


class _Measured:
    """What the scenarios reach of the rules."""

    def __init__(self) -> None:
        from spmwatch.rule_testing.coverage import Coverage  # noqa: PLC0415 - see `run_features`

        self.coverage = Coverage()

    def table(self, done: Run) -> Table:
        """Of the rules that the scenarios are about."""
        from spmwatch.rule_testing.coverage_table import table_of  # noqa: PLC0415 - see `run_features`

        return table_of(self.coverage, done.rules, done.own)


def _show_coverage(table: Table, *, html: Path | None, fail_under: float | None) -> int:
    """Print it, write the page, and say whether it is enough."""
    from spmwatch.rule_testing.coverage_table import page_of  # noqa: PLC0415 - see `run_features`

    typer.echo()
    print_coverage(console(), table)
    if html is not None:
        write_file(html, page_of(table).encode("utf-8"))
        complain(f"Written: {html}.")
    if fail_under is not None and table.total.percent < fail_under:
        complain(f"{table.total.percent:.1f} % is reached; at least {fail_under:g} % is asked for (--fail-under).")
        return SOME_FAILED
    return ALL_HELD


def _write_results(file: Path, done: Run, name: str, table: Table | None) -> None:
    from spmwatch.rule_book.results import written  # noqa: PLC0415 - for this option alone
    from spmwatch.rule_testing.results import results_of  # noqa: PLC0415 - see `run_features`

    write_file(file, written(results_of(done, today(), named=name, coverage=table)))
    complain(f"Written: {file}.")


def _check_writable(file: Path) -> None:
    """Before all scenarios run. Raises InputError for what cannot be written."""
    if not file.absolute().parent.is_dir():
        raise InputError(str(file.parent), "-", "is no folder", "Name a file in a folder that exists")
    if file.is_dir():
        raise InputError(str(file), "-", "cannot be written (it is a folder)", f"Name a file, e.g. in {file}")
    if not os.access(file if file.exists() else file.absolute().parent, os.W_OK):
        fix = "Name a file in a folder that you may write to"
        raise InputError(str(file), "-", "cannot be written (Permission denied)", fix)


def feature_paths(paths: Sequence[Path] | None) -> list[Path]:
    """The paths that were named. Raises InputError for one that holds no features."""
    if not paths:
        return [FEATURES if FEATURES.is_dir() else Path()]
    for path in paths:
        if not path.exists():
            raise InputError(str(path), "-", "does not exist", "Name a feature file or a folder of such")
        if path.is_file() and path.suffix != ".feature":
            raise InputError(str(path), "-", "is no feature file", "Its name has to end in .feature")
    return list(paths)


def need_testing() -> None:
    """Raises InputError when the libraries that run scenarios are not there."""
    for library in ("pytest", "pytest_bdd"):
        if find_spec(library) is None:
            fix = "Install them: pip install 'spmwatch[testing]'"
            raise InputError(
                "spmwatch test and steps", "-", f"need {library.replace('_', '-')}, which is not installed", fix
            )


def named_rules(rules: Path | None, overlay: Sequence[Path] | None) -> RuleChoice | None:
    """The rules that were named, loaded once for what is to be said of them; None when none were."""
    from spmwatch.rule_testing.rule_choice import RuleChoice  # noqa: PLC0415 - see `run_features`

    if rules is None and not overlay:
        return None
    load_rules(overlay, checked_root(rules))
    return RuleChoice(rules and rules.resolve(), tuple(each.resolve() for each in overlay or ()))


def _show_file(path: str, outcomes: Sequence[Outcome], *, verbose: bool) -> None:
    out = console()
    counted = {state: sum(each.state is state for each in outcomes) for state in {each.state for each in outcomes}}
    told = ", ".join(
        f"{number} {state}" for state, number in sorted(counted.items(), key=lambda each: each[0] != "held")
    )
    out.print(f"{visible(path)}: {told}", style=None if set(counted) <= {"held", "left out"} else "red", soft_wrap=True)
    for outcome in outcomes if verbose else ():
        out.print(f"  {outcome.state.value:<10} {visible(outcome.scenario)}", soft_wrap=True)


def _show_problems(done: Run) -> None:
    for outcome in done.outcomes:
        if outcome.told is not None:
            typer.echo()
            typer.echo("\n".join(visible(line) for line in outcome.told.text().splitlines()))
    for fault in done.faults:
        complain(fault)


def _conclude(done: Run, name: str) -> int:
    """The last line, and the exit code."""
    if not done.outcomes and not done.faults:
        what = f" whose name holds `{visible(name)}`" if name else ""
        complain(f"There is no scenario{what}. Scenarios stand in files that end in .feature; docs/steps.md shows how.")
        return WRONG_INPUT
    parts = [f"{number} {state}" for state, number in sorted(done.states.items(), key=lambda each: each[0] != "held")]
    if done.faults:
        parts.append("1 file cannot be read" if len(done.faults) == 1 else f"{len(done.faults)} files cannot be read")
    typer.echo()
    typer.echo(f"{len(done.outcomes)} {'scenario' if len(done.outcomes) == 1 else 'scenarios'}: {', '.join(parts)}")
    for because in sorted({outcome.because for outcome in done.outcomes if outcome.because}):
        typer.echo(f"Left out: {because}.")
    if done.outcomes and not done.ran:
        complain("No scenario ran.")
    if not done.readable:
        return WRONG_INPUT
    return ALL_HELD if done.held else SOME_FAILED
