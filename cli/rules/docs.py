"""`spmwatch rules docs`: the catalogue as Markdown pages, one for each rule; with results also as a governance page."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from spmwatch.cli.edge import complain, tidy
from spmwatch.cli.reading import Overlays, load_rules
from spmwatch.cli.rules.common import Features, all_features_in, checked_root
from spmwatch.cli.rules.schema import Root
from spmwatch.engine.errors import InputError
from spmwatch.rule_book.mutation_file import read_mutation
from spmwatch.rule_book.results import read_results
from spmwatch.rule_book.scenarios import by_rule
from spmwatch.rule_book.standing import standing_of
from spmwatch.screening.report import write_file

FRESH, STALE = 0, 1
KEPT, PASSING = Path("docs/rules"), Path("build/rules")
"""Where pages go without results, and with them: these change with every run, and are not kept."""

ResultsFile = Annotated[
    Path | None,
    typer.Option(
        "--results",
        metavar="FILE",
        help="Tell each scenario's last result, from `spmwatch test --results FILE`.",
        show_default=False,
    ),
]
MutationFile = Annotated[
    Path | None,
    typer.Option(
        "--mutation",
        metavar="FILE",
        help="Tell on the governance page which changes are noticed, from `spmwatch rules mutate --json FILE`.",
        show_default=False,
    ),
]
GovernancePage = Annotated[
    Path | None,
    typer.Option(
        "--governance",
        metavar="FILE",
        help="Write one printable page of the rules and how they are tested, and no other unless --out is given.",
        show_default=False,
    ),
]


@tidy
def docs(
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="DIR",
            help="The folder of the pages. Default: docs/rules, with --results build/rules.",
            show_default=False,
        ),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; name the pages that are stale and exit with 1.")
    ] = False,
    root: Root = None,
    features: Features = None,
    overlay: Overlays = None,
    results: ResultsFile = None,
    mutation: MutationFile = None,
    governance: GovernancePage = None,
) -> None:
    """Write a page for each rule, and pages for evidence, disagreements, conventions and value sets.

    With --results they tell how each scenario went, and which results are stale: rules or scenario have changed.

    Exit codes: 0 done, or every page is fresh; 1 with --check, a page is stale; 2 something cannot be read or written.
    """
    from spmwatch.rule_book.docs import docs_of  # noqa: PLC0415 - brings the drawing library, for this command alone
    from spmwatch.rule_book.governance import governance_page  # noqa: PLC0415 - for this command alone

    if check and (results or governance):
        raise typer.BadParameter("pages with results are not kept, so there is nothing to check", param_hint="--check")
    if mutation and not governance:
        raise typer.BadParameter(
            "it is told on the governance page: name that with --governance", param_hint="--mutation"
        )
    base, found = load_rules(overlay, checked_root(root)), all_features_in(features, root)
    ran = None if results is None else read_results(results)
    if governance is not None:
        changes = None if mutation is None else read_mutation(mutation)
        write_file(governance, governance_page(base, found, ran, changes).encode("utf-8"))
        complain(f"Written: {governance}")
        if out is None:
            return
    standing = None if ran is None else standing_of(base, found or (), ran)
    pages = docs_of(base, None if found is None else by_rule(found), standing)
    folder = out or (KEPT if ran is None else PASSING)
    if check:
        _check(folder, pages)
    _write(folder, pages)


def _check(folder: Path, pages: Mapping[str, str]) -> None:
    """Name what is stale. Raises Exit."""
    from spmwatch.rule_book.docs import stale  # noqa: PLC0415 - see `docs`

    old = stale(folder, pages)
    for name in old:
        typer.echo(f"stale: {folder / name}")
    complain(f"{len(old)} of {len(pages)} pages are stale." if old else f"{len(pages)} pages are fresh.")
    raise typer.Exit(STALE if old else FRESH)


def _write(folder: Path, pages: Mapping[str, str]) -> None:
    """Write what has changed, and remove pages that are none any more."""
    from spmwatch.rule_book.docs import stale  # noqa: PLC0415 - see `docs`

    old = stale(folder, pages)
    _make_folder(folder)
    for name in old:
        if name in pages:
            write_file(folder / name, pages[name].encode("utf-8"))
        elif name.endswith((".md", ".svg")):
            (folder / name).unlink()
    complain(f"{len(pages)} pages in {folder}, {len(old)} of them changed.")


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        problem = f"cannot be made ({error.strerror or type(error).__name__})"
        raise InputError(str(folder), "-", problem, "Name a folder that you may write to") from None
