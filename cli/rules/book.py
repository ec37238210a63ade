"""`spmwatch rules book`: everything about the rules on one printable page, with boxes to sign."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from spmwatch.cli.edge import complain, parse_day, tidy, today
from spmwatch.cli.reading import Overlays, load_rules
from spmwatch.cli.rules.common import Features, checked_root, features_in
from spmwatch.cli.rules.schema import Root
from spmwatch.screening.report import write_file


@tidy
def book(
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="The HTML file to write.")] = Path("book.html"),
    day: Annotated[
        date | None,
        typer.Option(
            "--date",
            parser=parse_day,
            metavar="DATE",
            help="The day on the cover, e.g. 2026-01-15. Default: today.",
            show_default=False,
        ),
    ] = None,
    root: Root = None,
    overlay: Overlays = None,
    features: Features = None,
) -> None:
    """Write the whole catalogue as one page for a clinical governance committee: rules, numbers, texts, evidence,
    disagreements, scenarios, and boxes to sign.

    Print it from a browser, on A4 or Letter. It holds everything itself and loads nothing.
    """  # noqa: D205 - typer prints the first paragraph whole
    from spmwatch.rule_book.book import book_of  # noqa: PLC0415 - brings the drawing library, for this command alone

    base = load_rules(overlay, checked_root(root))
    found = features_in(features, root)
    write_file(out, book_of(base, found, day or today()).encode("utf-8"))
    if found is None:
        complain(
            "There is no folder features/ beside the rules, so the book holds no scenarios (--features names one)."
        )
    complain(f"Written: {out}")
