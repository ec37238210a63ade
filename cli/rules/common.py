"""What the commands that show rules share: which rule base, which scenarios, which rule."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from spmwatch.cli.edge import visible
from spmwatch.engine.catalogue.load import RuleBase
from spmwatch.engine.catalogue.rule import Rule
from spmwatch.engine.errors import InputError
from spmwatch.rule_book.scenarios import Feature, beside_the_rules, by_rule, features_under

Features = Annotated[
    Path | None,
    typer.Option(
        "--features",
        metavar="DIR",
        help="The folder of scenarios. Default: features/ beside the rules.",
        show_default=False,
    ),
]


def features_in(folder: Path | None, root: Path | None) -> dict[str, Feature] | None:
    """The scenarios by rule; None where none were named and none stand beside the rules.

    Raises:
        InputError: the folder that was named is none, or a file in it is no Gherkin.
    """
    found = all_features_in(folder, root)
    return None if found is None else by_rule(found)


def all_features_in(folder: Path | None, root: Path | None) -> Sequence[Feature] | None:
    """Every feature, also those that are about no rule. None and errors as in `features_in`."""
    if folder is not None and not folder.is_dir():
        raise InputError(str(folder), "-", "is no folder", "Name the folder of scenarios")
    found = folder or beside_the_rules(root)
    return None if found is None else features_under(found)


def chosen_rule(id_: str, base: RuleBase) -> Rule:
    """The rule of that id, however it is written. Raises BadParameter with what there is."""
    known = {rule.id: rule for rule in base.all_rules}
    wanted = id_.upper()
    if wanted not in known:
        raise typer.BadParameter(f"there is no rule {visible(id_)}; there are {', '.join(known)}")
    return known[wanted]


def checked_root(root: Path | None) -> Path | None:
    """A folder of rules that was named. Raises InputError when it is none."""
    if root is not None and not root.is_dir():
        raise InputError(str(root), "-", "is no folder", "Name a folder in the form of rules/")
    return root
