"""`spmwatch rules list`: every rule in one line."""

from __future__ import annotations

import csv
import io
from enum import StrEnum
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from spmwatch.cli.edge import console, tidy, write_out
from spmwatch.cli.reading import Overlays, load_rules, pretty
from spmwatch.cli.rules.common import checked_root
from spmwatch.cli.rules.schema import Root
from spmwatch.engine.catalogue.rule import Rule

INDICATOR_STYLES = {"critical": "bold red", "warning": "bold yellow", "info": "bold blue"}
_HOOKS = {
    "patient-view": "chart",
    "encounter-start": "chart",
    "order-select": "orders",
    "order-sign": "orders",
    "medication-refill": "orders",
}


class Format(StrEnum):
    """How the list is told."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"


@tidy
def list_rules(
    form: Annotated[Format, typer.Option("--format", help="text for people, json or csv for programs.")] = Format.TEXT,
    root: Root = None,
    overlay: Overlays = None,
) -> None:
    """List every rule: id, title, indicators, evidence grade, when it is asked, version, status."""
    base = load_rules(overlay, checked_root(root))
    rules = base.all_rules
    if form is Format.JSON:
        write_out([pretty([_row(rule) for rule in rules])])
    elif form is Format.CSV:
        write_out([_csv(rules)])
    else:
        screen = console()
        _print(screen, rules)
        for each in base.overlays:
            screen.print(f"Overlay {each}: {each.title} ({each.responsible}).")
        for check in base.checks:
            if check.overlays:
                screen.print(f"Check {check.id}: {check.shown_version}.")
        for off in base.switched_off:
            screen.print(f"{off}.")


def indicators(rule: Rule) -> list[str]:
    """The urgencies that the rule can have, the strongest first."""
    return [i.value for i in sorted({v.indicator for v in rule.variants}, key=lambda item: -item.rank)]


def _row(rule: Rule) -> dict[str, object]:
    return {
        "id": rule.id,
        "title": rule.title,
        "indicators": indicators(rule),
        "grade": rule.grade.value,
        "hooks": list(rule.hooks),
        "version": rule.shown_version,
        "status": rule.status,
        "path": rule.path,
    }


def _csv(rules: tuple[Rule, ...]) -> bytes:
    text = io.StringIO()
    rows = [
        {key: " ".join(value) if isinstance(value, list) else value for key, value in _row(rule).items()}
        for rule in rules
    ]
    if rows:
        writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\r\n")
        writer.writeheader()
        writer.writerows(rows)
    return text.getvalue().encode("utf-8")


def _print(screen: Console, rules: tuple[Rule, ...]) -> None:
    unicode = (screen.encoding or "").lower().startswith("utf")
    table = Table(box=box.SIMPLE_HEAD if unicode else box.ASCII2, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("Rule", no_wrap=True)
    table.add_column("Title", ratio=1, overflow="fold")
    table.add_column("Indicator")
    table.add_column("Grade", no_wrap=True)
    table.add_column("Asked at")
    table.add_column("Version", overflow="fold")
    table.add_column("Status", no_wrap=True)
    for rule in rules:
        told = Text("\n").join(Text(word, style=INDICATOR_STYLES[word]) for word in indicators(rule))
        hooks = ", ".join(dict.fromkeys(_HOOKS.get(hook, hook) for hook in rule.hooks))
        table.add_row(rule.id, rule.title, told, rule.grade.value, hooks, rule.shown_version, rule.status)
    screen.print(table)
    screen.print(f"{len(rules)} rules. More of one: spmwatch rules show {rules[0].id}" if rules else "No rules.")
