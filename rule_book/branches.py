"""The tree of `all` and `any` that a rule file wrote, put together again from the branches that were made of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from spmwatch.engine.catalogue.conditions import Branch, Condition
from spmwatch.engine.catalogue.rule import Variant

_ROOT = re.compile(r"^.*?\.(when|who)")
_STEP = re.compile(r"(all|any)\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class Choice:
    """Of `items` one has to hold (`any`) or each (`all`)."""

    key: str
    items: tuple[Choice | Condition, ...]


def logic_of(variant: Variant) -> tuple[Choice | Condition | None, Choice | Condition]:
    """The rule's own `when`, None where it has none, and the variant's; they hold every condition of every branch."""
    tree = tree_of(variant.branches)
    if isinstance(tree, Choice) and tree.key == "all" and len(tree.items) > 1:
        own, *_, rest = tree.items
        return own, rest
    if isinstance(tree, Choice) and tree.key == "all" and len(tree.items) == 1:
        return None, tree.items[0]
    return None, tree


def tree_of(branches: Sequence[Branch]) -> Choice | Condition:
    """The tree that was multiplied out into these branches; there is at least one."""
    found = {condition.path: condition for branch in branches for condition in branch.conditions}
    return _tree([(_steps(path), condition) for path, condition in found.items()])


def conditions_of(tree: Choice | Condition | None) -> list[Condition]:
    """Every condition below, in the order of the file."""
    if tree is None:
        return []
    if isinstance(tree, Condition):
        return [tree]
    return [condition for item in tree.items for condition in conditions_of(item)]


def _steps(path: str) -> tuple[tuple[str, int], ...]:
    """`variants.now.when.all[1].any[0].exposed` as ((all, 1), (any, 0))."""
    return tuple((key, int(index)) for key, index in _STEP.findall(_ROOT.sub("", path)))


def _tree(entries: Sequence[tuple[tuple[tuple[str, int], ...], Condition]]) -> Choice | Condition:
    if not entries[0][0]:
        return entries[0][1]
    key = entries[0][0][0][0]
    groups: dict[int, list[tuple[tuple[tuple[str, int], ...], Condition]]] = {}
    for steps, condition in entries:
        groups.setdefault(steps[0][1], []).append((steps[1:], condition))
    return Choice(key, tuple(_tree(groups[index]) for index in sorted(groups)))
