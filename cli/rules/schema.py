"""`spmwatch rules schema`: the form of a rule file, for editors."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from spmwatch.cli.edge import complain, tidy, write_out
from spmwatch.cli.reading import Overlays, pretty
from spmwatch.engine.catalogue.load import load_rule_base
from spmwatch.rule_book.schema import rule_schema
from spmwatch.screening.report import write_file

Root = Annotated[
    Path | None,
    typer.Option(
        "--root", metavar="DIR", help="A folder in the form of rules/. Default: the shipped rules.", show_default=False
    ),
]


@tidy
def schema(
    root: Root = None,
    overlay: Overlays = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Write it there instead of printing it.", show_default=False),
    ] = None,
) -> None:
    """Print the JSON Schema of a rule file, with this rule base's ids as its words."""
    content = pretty(rule_schema(load_rule_base(root, tuple(overlay or ()))))
    if out is None:
        write_out([content])
    else:
        write_file(out, content)
        complain(f"Written: {out}. In an editor with a YAML language server, name it for rules/**/spm-*.yaml.")
