"""`spmwatch rules docs`: the catalogue as Markdown pages, one for each rule."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from spmwatch.cli.edge import complain, tidy
from spmwatch.cli.reading import Overlays, load_rules
from spmwatch.cli.rules.common import Features, checked_root, features_in
from spmwatch.cli.rules.schema import Root
from spmwatch.engine.errors import InputError
from spmwatch.screening.report import write_file

FRESH, STALE = 0, 1


@tidy
def docs(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="The folder of the pages.")] = Path("docs/rules"),
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; name the pages that are stale and exit with 1.")
    ] = False,
    root: Root = None,
    features: Features = None,
    overlay: Overlays = None,
) -> None:
    """Write a page for each rule, and pages for evidence, disagreements, conventions and value sets.

    Exit codes: 0 done, or every page is fresh; 1 with --check, a page is stale; 2 a folder cannot be read or written.
    """
    from spmwatch.rule_book.docs import docs_of, stale  # noqa: PLC0415 - brings the drawing library, for this command alone

    pages = docs_of(load_rules(overlay, checked_root(root)), features_in(features, root))
    old = stale(out, pages)
    if check:
        for name in old:
            typer.echo(f"stale: {out / name}")
        complain(f"{len(old)} of {len(pages)} pages are stale." if old else f"{len(pages)} pages are fresh.")
        raise typer.Exit(STALE if old else FRESH)
    _make_folder(out)
    for name in old:
        if name in pages:
            write_file(out / name, pages[name].encode("utf-8"))
        elif name.endswith((".md", ".svg")):
            (out / name).unlink()
    complain(f"{len(pages)} pages in {out}, {len(old)} of them changed.")


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        problem = f"cannot be made ({error.strerror or type(error).__name__})"
        raise InputError(str(folder), "-", problem, "Name a folder that you may write to") from None
