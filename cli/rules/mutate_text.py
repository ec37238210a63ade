"""What became of mutants, in the terminal and as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich import box
from rich.table import Table

from spmwatch.cli.edge import console, visible
from spmwatch.rule_book.results import rules_used

if TYPE_CHECKING:
    from spmwatch.engine.catalogue.load import RuleBase
    from spmwatch.rule_testing.mutation.run import Report, Verdict


def print_report(report: Report) -> None:
    """A row for each rule, then each survivor with the scenario that is missing, then those accepted."""
    out = console()
    unicode = (out.encoding or "").lower().startswith("utf")
    grid = Table(box=box.SIMPLE_HEAD if unicode else box.ASCII2, show_edge=False, pad_edge=False)
    for heading in ("Rule", "changes", "noticed", "accepted", "survive"):
        grid.add_column(heading, no_wrap=True)
    for rule, counted in report.by_rule():
        grid.add_row(rule, str(counted.total()), *(str(counted[state]) for state in ("killed", "accepted", "survived")))
    grid.add_section()
    totals = (len(report.verdicts), report.killed, len(report.accepted), len(report.survivors))
    grid.add_row("All", *map(str, totals))
    out.print(grid)
    from spmwatch.rule_testing.feature_file import shown_path  # noqa: PLC0415 - needs the extra `testing`

    if report.survivors:
        typer.echo("\nNo scenario notices:")
    for verdict in report.survivors:
        mutant = verdict.mutant
        typer.echo(f"  {visible(shown_path(Path(mutant.file), Path.cwd()))}:{mutant.line}: {visible(mutant.id)}")
        typer.echo(f"      {visible(verdict.missing)}")
    if report.accepted:
        typer.echo(f"\n{len(report.accepted)} are accepted, each with a reason.")


def as_json(report: Report, base: RuleBase) -> Mapping[str, object]:
    """All of it, for programs (rule_book/mutation_file.py reads it). `base`: the rules that were changed."""
    return {
        "rules": asdict(rules_used(base)),
        "scenarios": report.scenarios,
        "changes": len(report.verdicts),
        "noticed": report.killed,
        "accepted": len(report.accepted),
        "survive": len(report.survivors),
        "stale": list(report.stale),
        "each": [_as_json(verdict) for verdict in report.verdicts],
    }


def _as_json(verdict: Verdict) -> Mapping[str, object]:
    mutant = verdict.mutant
    return {
        "of": mutant.rule,
        "change": mutant.id,
        "kind": mutant.change.kind.value,
        "file": mutant.file,
        "line": mutant.line,
        "before": mutant.change.before,
        "after": mutant.change.after,
        "noticed_by": verdict.killer,
        "missing": verdict.missing or None,
        "accepted": verdict.accepted if verdict.killer is None else None,
    }
