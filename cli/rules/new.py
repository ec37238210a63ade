"""`spmwatch rules new`: the files of a rule that does not exist yet."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from spmwatch.cli.edge import complain, tidy
from spmwatch.engine.catalogue.load import load_rule_base
from spmwatch.engine.errors import InputError
from spmwatch.rule_book.scaffold import new_rule
from spmwatch.screening.report import write_file


@tidy
def new(
    id_: Annotated[str, typer.Argument(metavar="ID", help="The rule's id for ever, e.g. SPM-31.")],
    topic: Annotated[str, typer.Argument(metavar="TOPIC", help="Its folder under rules/, e.g. lenalidomide.")],
    name: Annotated[str, typer.Argument(metavar="WHAT-IT-CATCHES", help="In words with hyphens.")],
    into: Annotated[
        Path,
        typer.Option("--into", metavar="DIR", help="The folder that holds rules/ and features/.", show_default=False),
    ] = Path(),
) -> None:
    """Write a rule file and its feature, with every key and tag in place, as a draft to fill in.

    Nothing that exists is overwritten.
    """
    if not (into / "rules").is_dir():
        raise InputError(str(into), "-", "has no folder rules/", "Run this where rules/ stands, or name it with --into")
    made = new_rule(load_rule_base(into / "rules"), id_=id_, topic=topic, name=name)
    files = [(into / made.rule_path, made.rule_text), (into / made.feature_path, made.feature_text)]
    for path, _ in files:
        if path.exists():
            raise InputError(str(path), "-", "exists already", "Take another name, or edit that file")
    for path, text in files:
        _make_folder(path.parent)
        write_file(path, text.encode())
        complain(f"Written: {path}")
    complain(
        f"Fill in both, then: spmwatch rules lint --root {into / 'rules'}; python -m pytest -k {id_}. "
        "Keys: docs/rule-file.md."
    )


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        problem = f"cannot be made ({error.strerror or type(error).__name__})"
        raise InputError(str(folder), "-", problem, "Name a folder that you may write to") from None
