"""`spmwatch steps`: the sentences that scenarios may use."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from spmwatch.cli.edge import complain, console, tidy, visible
from spmwatch.cli.test import need_testing
from spmwatch.engine.errors import InputError
from spmwatch.screening.report import write_file

DONE, STALE = 0, 1


@tidy
def steps(
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="[WORD]...", help="Only sentences that speak of all of these.", show_default=False),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Write the page of all sentences there.", show_default=False),
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="With --out: write nothing; exit with 1 when stale.")] = False,
) -> None:
    """Print the sentences that scenarios may use, each with an example.

    Exit codes: 0 done; 1 no sentence speaks of these words, or with --check the page is stale; 2 the page cannot be
    read or written.
    """
    need_testing()
    if check and out is None:
        raise typer.BadParameter("--check needs the page to look at: --out FILE")
    raise typer.Exit(_print(words or []) if out is None else _page(out, check=check))


def _page(out: Path, *, check: bool) -> int:
    from spmwatch.rule_testing.step_page import step_page  # noqa: PLC0415 - needs pytest-bdd, an extra

    content = step_page().encode("utf-8")
    try:
        fresh = out.is_file() and out.read_bytes() == content
    except OSError as error:
        raise InputError(str(out), "-", f"cannot be read ({error.strerror})", "Name another file") from None
    if check:
        complain(f"{out} is fresh." if fresh else f"{out} is stale. Write it: spmwatch steps --out {out}")
        return DONE if fresh else STALE
    write_file(out, content)
    complain(f"Written: {out}.")
    return DONE


def _print(words: list[str]) -> int:
    from spmwatch.rule_testing.step_list import step_definitions  # noqa: PLC0415 - needs pytest-bdd, an extra

    wanted = [word.casefold() for word in words]
    out, found = console(), 0
    for step in step_definitions():
        lines = [line for one in step.examples for line in (f"{one.keyword} {one.sentence}", *one.table)]
        text = " ".join([step.meaning, *lines]).casefold()
        if all(word in text for word in wanted):
            found += 1
            out.print(step.meaning, style="dim")
            for line in lines:
                out.print(f"  {'  ' if line.startswith('|') else ''}{line}", style="bold", soft_wrap=True)
    if not found:
        complain(f"No sentence speaks of {visible(' '.join(words))}. `spmwatch steps` lists all.")
        return STALE
    return DONE
