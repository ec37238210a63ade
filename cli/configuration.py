"""The options that settings come by, for every command that needs them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

ConfigFile = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        envvar="SPMWATCH_CONFIG",
        help="Settings, as TOML (docs/configuration.md).",
        show_default=False,
    ),
]
