"""Rule coverage in the terminal: a row for each rule, then what no scenario reaches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer
from rich import box
from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

if TYPE_CHECKING:
    from spmwatch.rule_testing.coverage_table import Share, Table


def print_coverage(console: Console, table: Table) -> None:
    """The table, its legend, and a line for everything that is not reached."""
    from spmwatch.rule_testing.coverage_table import COLUMNS, LEGEND, not_counted  # noqa: PLC0415 - needs the extra `testing`

    unicode = (console.encoding or "").lower().startswith("utf")
    grid = Grid(box=box.SIMPLE_HEAD if unicode else box.ASCII2, show_edge=False, pad_edge=False)
    for heading in ("Rule", *COLUMNS.values(), "reached"):
        grid.add_column(heading, no_wrap=True)
    for row in table.rows:
        grid.add_row(row.rule, *(_share(row.shares[kind]) for kind in COLUMNS), f"{row.total.percent:.0f} %")
    grid.add_section()
    grid.add_row("All", *(str(share) for share in table.columns.values()), f"{table.total.percent:.1f} %")
    console.print(grid)
    for kind, meaning in LEGEND.items():
        console.print(Text(f"{COLUMNS[kind]}: {meaning}", style="dim"))
    if any(row.missing for row in table.rows):
        typer.echo("\nWhat no scenario reaches:")
    for row in table.rows:
        for line in row.missing:
            typer.echo(f"  {row.rule} {line}")
    if table.untold:
        typer.echo(not_counted(table))


def _share(share: Share) -> Text:
    return Text(str(share), style="" if share.reached == share.all else "bold red")
