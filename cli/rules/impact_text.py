"""What a change of the rules would change for patients: as a table by rule with examples, as CSV, as JSON."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from spmwatch.cli.edge import visible
from spmwatch.cli.rules.impact import Impact
from spmwatch.engine.presentation import Json
from spmwatch.screening.rows import csv_lines

MOST_PATIENTS = 20
"""Patients whose changes are told one by one; CSV and JSON have all."""

COLUMNS = ("patient", "tier_before", "tier_after", "kind", "name", "change", "before", "after")


def print_impact(console: Console, impact: Impact) -> None:
    """How many, by rule, and the first patients."""
    number = len(impact.changes)
    looked_at = f"{impact.patients} patient{'' if impact.patients == 1 else 's'}"
    if number:
        _say(console, "", f"{number} of {looked_at} would have another result")
    else:
        _say(console, "", f"No patient would have another result ({looked_at} looked at)")
    moves = [f"{before} -> {after}: {count}" for (before, after), count in sorted(impact.tiers.items())]
    if moves:
        _say(console, f"Tiers: {', '.join(moves)}")
    if impact.tallies:
        _say(console, "")
        console.print(_table(impact))
    for change in impact.changes[:MOST_PATIENTS]:
        _say(console, f"  {change.patient}", *(f"    {line}" for line in change.lines()))
    if number > MOST_PATIENTS:
        more = number - MOST_PATIENTS
        _say(console, f"  ... and {more} more patient{'' if more == 1 else 's'}; --format csv has all")
    for rule, count in impact.reworded.items():
        plural = "patient" if count == 1 else "patients"
        _say(console, f"{rule}: the same finding in other words, {count} {plural}")


def _say(console: Console, *lines: str) -> None:
    for line in lines:
        console.print(Text(visible(line)), soft_wrap=True)


def _table(impact: Impact) -> Table:
    """A line for each rule, check and question that changes for somebody."""
    table = Table(box=box.ASCII2, show_edge=False, pad_edge=False)
    table.add_column("Changes", overflow="fold")
    for name in ("gained", "lost", "changed", "other words"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("for example", overflow="fold")
    for kind, name, tally in impact.ordered():
        label = {"check": f"check: {name}", "question": f"asks: {name}"}.get(kind, name)
        numbers = (str(number) for number in (tally.gained, tally.lost, tally.changed, tally.reworded))
        table.add_row(Text(visible(label)), *numbers, Text(visible(", ".join(tally.examples))))
    return table


def impact_csv(impact: Impact) -> Iterator[bytes]:
    """A line for each thing that changes for a patient; harmless in a spreadsheet."""
    return csv_lines(COLUMNS, _csv_rows(impact))


def _csv_rows(impact: Impact) -> Iterator[dict[str, str]]:
    for change in impact.changes:
        for difference in change.differences():
            yield {
                "patient": change.patient,
                "tier_before": change.before.tier,
                "tier_after": change.after.tier,
                "kind": difference.kind,
                "name": difference.name,
                "change": difference.change,
                "before": difference.before or "",
                "after": difference.after or "",
            }


def impact_as_json(impact: Impact) -> Json:
    """For programs: counts by rule, and every patient whose result changes."""
    return {
        "looked_at": impact.patients,
        "tiers": [
            {"before": before, "after": after, "patients": count}
            for (before, after), count in sorted(impact.tiers.items())
        ],
        "by_rule": [
            {"kind": kind, "name": name, **dataclasses.asdict(tally)} for kind, name, tally in impact.ordered()
        ],
        "reworded": impact.reworded,
        "changed": [
            {
                "patient": change.patient,
                "tier": {"before": change.before.tier, "after": change.after.tier},
                "changes": list(change.lines()),
            }
            for change in impact.changes
        ],
    }
