"""`spmwatch rules diff`: what differs between two rule bases, and which patients it would concern."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from datetime import date
from enum import StrEnum
from itertools import groupby
from pathlib import Path
from typing import Annotated

import typer

from spmwatch.cli.edge import AsOf, complain, console, tidy, today, visible, write_out
from spmwatch.cli.reading import Overlays, Partial, load_rules, pretty
from spmwatch.cli.rules.common import checked_root
from spmwatch.cli.rules.impact import Impact, impact_of
from spmwatch.cli.rules.impact_tables import impact_on_export
from spmwatch.cli.rules.impact_text import impact_as_json, impact_csv, print_impact
from spmwatch.engine.catalogue.load import RuleBase
from spmwatch.engine.overlays.form import OVERLAY_FILE
from spmwatch.rule_book.diff import diff
from spmwatch.rule_book.differences import Difference
from spmwatch.screening.scan.sources import inventory

SAME, DIFFERENT = 0, 1
IN_MEMORY = 64_000_000
"""Bytes of data up to which both rule bases are run on them in memory."""

_SHORT = 60
"""Texts up to this length stand on one line with what they were."""


class Format(StrEnum):
    """How differences are told."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"


OldRules = Annotated[
    Path | None,
    typer.Argument(
        metavar="[OLD]", help="A folder in the form of rules/. Default: the shipped rules.", show_default=False
    ),
]
NewRules = Annotated[
    Path | None,
    typer.Argument(
        metavar="[NEW]", help="The folder to compare it with. Default: the shipped rules.", show_default=False
    ),
]
OldOverlays = Annotated[
    list[Path] | None,
    typer.Option("--old-overlay", metavar="DIR", help="Lay this overlay over OLD. Repeatable.", show_default=False),
]
OnPatients = Annotated[
    Path | None,
    typer.Option(
        "--on",
        metavar="PATH",
        help="Also name the patients under PATH (as for screen) whose result would change.",
        show_default=False,
    ),
]


@tidy
def diff_command(
    old: OldRules = None,
    new: NewRules = None,
    overlay: Overlays = None,
    old_overlay: OldOverlays = None,
    on: OnPatients = None,
    as_of: AsOf = None,
    partial: Partial = None,
    form: Annotated[
        Format,
        typer.Option(
            "--format", help="text for people; json for programs; csv: a line for each change of a patient (with --on)."
        ),
    ] = Format.TEXT,
) -> None:
    """Compare two rule bases in words: numbers, texts, conditions, sources, codes, schedules.

    --overlay lays a site overlay over NEW: `spmwatch rules diff --overlay DIR` tells what the overlay changes.

    Exit codes: 0 the same; 1 they differ; 2 one of them, or the data, cannot be read.
    """
    if form is Format.CSV and on is None:
        raise typer.BadParameter("csv tells of patients: name them with --on PATH", param_hint="--format")
    before, after = _rules(old, old_overlay), _rules(new, overlay)
    found = diff(before, after)
    impact = None if on is None else _impact(before, after, on, as_of or today(), partial)
    if form is Format.JSON:
        write_out([pretty(_as_json(before, after, found, impact))])
    elif form is Format.CSV and impact is not None:
        write_out(impact_csv(impact))
    else:
        for line in _text(found):
            typer.echo(visible(line))
        if impact is not None:
            print_impact(console(), impact)
    differs = bool(found) or before.digest != after.digest
    complain(_summary(before, after, found, differs=differs))
    raise typer.Exit(DIFFERENT if differs else SAME)


def _impact(before: RuleBase, after: RuleBase, path: Path, day: date, partial: Sequence[str] | None) -> Impact:
    """In memory what is small; the rest by way of tables, which tell all but other words for the same finding."""
    size = sum(source.size for source in inventory([path]).sources) if path.exists() else 0
    if size <= IN_MEMORY:
        return impact_of(before, after, path, day, partial)
    return impact_on_export(before, after, path, day, partial)


def _rules(path: Path | None, overlays: Sequence[Path] | None) -> RuleBase:
    """The rule base of a folder; an overlay's folder is laid over the shipped rules, below other overlays."""
    if path is not None and (path / OVERLAY_FILE).is_file():
        return load_rules((path, *(overlays or ())))
    return load_rules(overlays, checked_root(path))


def _text(found: Sequence[Difference]) -> Iterator[str]:
    for what, group in groupby(found, key=lambda each: each.what):
        entries = list(group)
        reasons = {each.because for each in entries}
        yield what
        for each in entries:
            yield from _lines(each)
            if each.because and len(reasons) > 1:
                yield f"      because: {each.because}"
        if len(reasons) == 1 and entries[0].because:
            yield f"  because: {entries[0].because}"


def _lines(each: Difference) -> Iterator[str]:
    name = each.field or each.kind
    if each.kind == "switched-off":
        yield f"  {'switched off' if each.after == 'off' else 'switched on again'}"
    elif each.before is None or each.after is None:
        yield f"  {name}: {'added' if each.before is None else 'removed'}: {_one_line(each.after or each.before)}"
    elif max(len(each.before), len(each.after)) <= _SHORT and "\n" not in each.before + each.after:
        yield f"  {name}: {each.before} -> {each.after}"
    else:
        yield f"  {name}:"
        yield from (
            f"    {sign} {line}"
            for sign, text in (("-", each.before), ("+", each.after))
            for line in text.splitlines()
            if line
        )


def _one_line(text: str | None) -> str:
    return " ".join((text or "").split())


def _summary(before: RuleBase, after: RuleBase, found: Sequence[Difference], *, differs: bool) -> str:
    if not differs:
        return "The two rule bases mean the same."
    named = {each.what for each in found}
    rules = named & {rule.id for rule in (*before.all_rules, *after.all_rules)}
    checks = named & {f"check {check.id}" for check in (*before.checks, *after.checks)}
    counts = ((len(rules), "rule"), (len(checks), "check"))
    concerned = " and ".join(_count(number, word) for number, word in counts if number) or "no rule"
    hashes = f"{before.digest[:12]} -> {after.digest[:12]}"
    return f"{_count(len(found), 'difference')}, {concerned} concerned ({hashes})."


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _as_json(
    before: RuleBase, after: RuleBase, found: Sequence[Difference], impact: Impact | None
) -> dict[str, object]:
    return {
        "old": _identity(before),
        "new": _identity(after),
        "differences": [dataclasses.asdict(each) for each in found],
        **({} if impact is None else {"patients": impact_as_json(impact)}),
    }


def _identity(base: RuleBase) -> dict[str, object]:
    return {"version": base.version, "hash": base.digest, "overlays": [str(overlay) for overlay in base.overlays]}
