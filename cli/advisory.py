"""What an analyst types into the EHR, as tables: printed by `spmwatch serve --check`."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from spmwatch.cds_hooks.wire.advisory import Advisory


def print_advisory(console: Console, found: Advisory) -> None:
    """One table for each part of the EHR's form. What is typed is never cut, only wrapped."""
    console.print(Text(f"Discovery, for clients that read it: {found.discovery_url}", overflow="fold"))
    _table(
        console,
        "Services",
        ("Hook", "Endpoint, and for feedback the same with /feedback"),
        [(f"{one.hook} {one.hook_version}", one.url) for one in found.endpoints],
    )
    _table(
        console,
        "Prefetch: the same for every service; of those marked * at least one is needed",
        ("Key", "Query"),
        [(f"{key.key}{'*' if key.essential else ''}", key.query) for key in found.prefetch],
    )
    systems = ", ".join(sorted({topic.system for topic in found.topics}))
    _table(
        console,
        f"Topics, system {systems}",
        ("Code", "Rule", "Urgency"),
        [(topic.code, f"{topic.rule} {topic.title}", ", ".join(topic.indicators)) for topic in found.topics],
    )
    for system in dict.fromkeys(reason.system for reason in found.override_reasons):
        rows = [(reason.code, reason.display) for reason in found.override_reasons if reason.system == system]
        _table(console, f"Override reasons, system {system}", ("Code", "Display"), rows)
    _table(console, "Hosts of links on cards, to be allowed", ("Host",), [(host,) for host in found.hosts])
    _table(
        console,
        "FHIR scopes, where the service may ask for what prefetch lacks",
        ("SMART v2 (v1 in the JSON)", "Epic"),
        [(scope.smart_v2, ", ".join(scope.epic)) for scope in found.scopes],
    )


def _table(console: Console, title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    table = Table(title=Text(title, style="bold"), title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    console.print(table)
