"""The store that a command works on, and the options that name it."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.table import Table

from spmwatch.cds_hooks.configuration.file import Place
from spmwatch.cds_hooks.configuration.reading import configured
from spmwatch.cds_hooks.store.opening import Store, existing_store
from spmwatch.cds_hooks.store.settings import StoreSettings
from spmwatch.cli.edge import parse_day, visible

StoreUrl = Annotated[
    str | None,
    typer.Option(
        "--store",
        metavar="URL",
        help="The store, e.g. sqlite:///spmwatch.db; by default that of the settings.",
        show_default=False,
    ),
]
Since = Annotated[
    date | None,
    typer.Option("--from", parser=parse_day, metavar="DATE", help="From this day on (UTC).", show_default=False),
]
Until = Annotated[
    date | None,
    typer.Option("--to", parser=parse_day, metavar="DATE", help="Up to this day, included (UTC).", show_default=False),
]
OfClient = Annotated[
    str | None, typer.Option("--client", metavar="ID", help="Of this client alone.", show_default=False)
]


def store_settings(config: Path | None, url: str | None) -> StoreSettings:
    """Section `store` of the settings, with another address where one is given. Raises InputError."""
    options: dict[Place, tuple[str, object]] = {} if url is None else {("store", "url"): ("--store", url)}
    return configured(config, options).settings.store


@contextmanager
def the_store(config: Path | None, url: str | None) -> Generator[Store]:
    """The store while the block runs. Raises StoreError: it is not there, or cannot be used."""
    store = existing_store(store_settings(config, url))
    try:
        yield store
    finally:
        store.engine.dispose()


def table_of(*columns: str, numbers: int = 0) -> Table:
    """An empty table; its last `numbers` columns hold numbers."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for place, column in enumerate(columns):
        is_number = place >= len(columns) - numbers
        table.add_column(column, justify="right" if is_number else "left", no_wrap=is_number, overflow="fold")
    return table


def cells(*values: object) -> list[str]:
    """Values as they may stand on a terminal."""
    return [visible(str(value)) for value in values]
