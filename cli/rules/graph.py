"""`spmwatch rules graph`: which facts feed which rules, as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from spmwatch.cli.edge import complain, tidy
from spmwatch.cli.reading import Overlays, load_rules
from spmwatch.cli.rules.common import checked_root, chosen_rule
from spmwatch.cli.rules.schema import Root
from spmwatch.rule_book.graph import graph_of
from spmwatch.screening.report import write_file


@tidy
def graph(
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="The SVG file to write.")] = Path("rules.svg"),
    rule: Annotated[
        str | None,
        typer.Option(
            "--rule",
            metavar="ID",
            help="Only this rule, those that it builds on and those that build on it.",
            show_default=False,
        ),
    ] = None,
    root: Root = None,
    overlay: Overlays = None,
) -> None:
    """Draw which kinds of facts feed which rules, and which rules build on findings of others."""
    from spmwatch.rule_book.drawing import svg_of  # noqa: PLC0415 - the drawing library, for this command alone

    if out.suffix.lower() != ".svg":
        raise typer.BadParameter("the picture is an SVG file; name it so, e.g. rules.svg")
    base = load_rules(overlay, checked_root(root))
    found = graph_of(base, None if rule is None else chosen_rule(rule, base).id)
    write_file(out, svg_of(found).encode("utf-8"))
    complain(f"Written: {out} ({len(found.rows)} rules, {len(found.columns)} kinds of facts)")
