"""`spmwatch rules mutate`: one thing changed at a time in the rules; which changes does no scenario notice?"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spmwatch.cli.edge import complain, tidy, visible
from spmwatch.cli.reading import Overlays
from spmwatch.cli.rules.mutate_text import as_json, print_report
from spmwatch.cli.rules.mutate_wanted import wanted_of
from spmwatch.cli.test import feature_paths, named_rules, need_testing
from spmwatch.engine.errors import InputError
from spmwatch.screening.report import write_file

if TYPE_CHECKING:
    from spmwatch.rule_testing.mutation.mutants import Mutant
    from spmwatch.rule_testing.mutation.recording import Case
    from spmwatch.rule_testing.mutation.run import Report
    from spmwatch.rule_testing.rule_choice import RuleChoice

DONE, SURVIVORS, WRONG_INPUT = 0, 1, 2


@tidy
def mutate(
    rule: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[RULE]...",
            help="Ids, e.g. SPM-06; of a check its name, e.g. skin; conventions: the numbers that all rules share. "
            "Default: all.",
            show_default=False,
        ),
    ] = None,
    features: Annotated[
        list[Path] | None,
        typer.Option(
            "--features",
            metavar="PATH",
            help="Feature files or folders. Default: features/, else this folder.",
            show_default=False,
        ),
    ] = None,
    rules: Annotated[
        Path | None,
        typer.Option(
            "--rules",
            "--root",
            metavar="DIR",
            help="A folder in the form of rules/. Default: the rules or the overlay that stand beside the features, "
            "else the shipped rules.",
            show_default=False,
        ),
    ] = None,
    overlay: Overlays = None,
    changed_since: Annotated[
        str | None,
        typer.Option(
            "--changed-since",
            metavar="REF",
            help="Only rules whose files differ from this git revision, new ones included.",
            show_default=False,
        ),
    ] = None,
    thorough: Annotated[
        bool, typer.Option("--thorough", help="Also let each condition take one word more than it asks for.")
    ] = False,
    jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs", metavar="N", min=1, help="Processes. Default: one for each processor.", show_default=False
        ),
    ] = None,
    fail_on_survivors: Annotated[
        bool, typer.Option("--fail-on-survivors", help="Exit with 1 when a survivor is not listed as accepted.")
    ] = False,
    accepted: Annotated[
        Path | None,
        typer.Option(
            "--accepted",
            metavar="FILE",
            help="Accepted survivors. Default: accepted-survivors.yaml in the folder of features.",
            show_default=False,
        ),
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the results there.", show_default=False)
    ] = None,
) -> None:
    """Change one thing at a time in the rules and run the scenarios: whoever survives has no scenario.

    Exit codes: 0 done; 1 with --fail-on-survivors, some change is noticed by no scenario and not accepted; 2 a path, a
    rule or the list of accepted survivors is wrong, or a scenario fails already without any change.
    """
    need_testing()
    from spmwatch.rule_testing.mutation.accepted import FILE, accepted_in  # noqa: PLC0415 - needs the extra `testing`
    from spmwatch.rule_testing.mutation.changes import Kind  # noqa: PLC0415
    from spmwatch.rule_testing.mutation.run import USUAL, judge_all, mutants, usual_jobs  # noqa: PLC0415
    from spmwatch.rule_testing.rule_choice import rules_beside_all  # noqa: PLC0415

    paths = feature_paths(features)
    named = named_rules(rules, overlay)
    choice = named or rules_beside_all(paths)
    base = choice.evaluator().rule_base
    wanted = wanted_of(base, rule or [], changed_since, choice)
    if wanted is not None and not wanted:
        complain(f"No rule differs from {visible(changed_since or '')}.")
        raise typer.Exit(DONE)
    known = accepted_in(accepted or next((path / FILE for path in paths if path.is_dir()), Path(FILE)))
    found = mutants(base, choice.root, wanted or (), frozenset(Kind) if thorough else USUAL)

    def judged(found: Sequence[Mutant], about: Collection[str], *, complete: bool) -> Report | None:
        cases = _recorded(paths, named, about)
        if about and not cases:
            return None
        return judge_all(found, cases, base, known, jobs=jobs or usual_jobs(), progress=_progress, complete=complete)

    complete = wanted is None or not thorough
    report = judged(found, wanted, complete=complete) if wanted else None  # these scenarios notice nearly all
    if report is None:
        report = judged(found, (), complete=complete)
    elif report.survivors:
        again = judged([verdict.mutant for verdict in report.survivors], (), complete=False)
        report = report if again is None else report.judged_again(again)
    assert report is not None, "with all scenarios there is a report"
    print_report(report)
    if json_file is not None:
        write_file(json_file, json.dumps(as_json(report, base), ensure_ascii=False, indent=1).encode("utf-8"))
    for change in report.stale:
        complain(f"Accepted, but no survivor: {change}. Remove it from the list, or mend its wording.")
    if report.stale:
        raise typer.Exit(WRONG_INPUT)
    raise typer.Exit(SURVIVORS if fail_on_survivors and report.survivors else DONE)


def _recorded(paths: Sequence[Path], choice: RuleChoice | None, about: Collection[str]) -> Sequence[Case]:
    """The scenarios, or those about some rules alone, run once. Raises InputError when one does not hold."""
    from spmwatch.rule_testing.mutation.recording import record_scenarios  # noqa: PLC0415 - see `mutate`
    from spmwatch.rule_testing.run import Wanted  # noqa: PLC0415

    done, cases = record_scenarios(Wanted(paths=paths, choice=choice, about=about), Path.cwd())
    if about and not (done.outcomes or done.faults):
        return ()
    if not (done.readable and done.held):
        fix = "Run `spmwatch test` and mend them: changes are judged by scenarios that hold"
        raise InputError(", ".join(map(str, paths)), "-", "has scenarios that fail, or none", fix)
    ran, hold = ("1 scenario", "holds") if len(cases) == 1 else (f"{len(cases)} scenarios", "hold")
    complain(f"{ran}{' about them, or about no rule in particular,' if about else ''} ran and {hold}.")
    return cases


def _progress(done: int, of: int) -> None:
    if done % 100 == 0 and done != of:
        complain(f"{done} of {of} changes judged ...")
