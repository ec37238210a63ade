"""The files that all rules share, as far as scenarios can judge them: what of them is changed, and read again."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from spmwatch.engine.catalogue.load import RuleBase
from spmwatch.engine.timeline.conventions import PATH as CONVENTIONS
from spmwatch.engine.timeline.conventions import Conventions
from spmwatch.rule_testing.mutation.changes import Change, each_dropped, each_swapped, numbers

_AN_ORDER = "plan_order"
_BEYOND_EPISODES = frozenset({_AN_ORDER, "phases_inferred_for", "looked_for"})
"""What the engine asks of the conventions when the episodes stand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """A file that all rules share, as the engine has it.

    Attributes:
        id: as people name it, e.g. `conventions`.
        path: of the file.
        value: its content.
        field: of the rule base, which has the content.
        beyond_episodes: fields of the file that make a difference even where all episodes stay as they are.
    """

    id: str
    path: str
    value: object
    field: str
    beyond_episodes: frozenset[str]

    def within(self, base: RuleBase) -> bool:
        """Does the rule base say the same?"""
        return bool(getattr(base, self.field) == self.value)

    def put_into(self, base: RuleBase) -> RuleBase:
        """The rule base with this in its place."""
        changed: dict[str, Any] = {self.field: self.value}
        return dataclasses.replace(base, **changed)

    def changes(self, data: Mapping[str, Any]) -> Iterator[Change]:
        """Every change of the file."""
        return _CHANGES[self.id](data)

    def read(self, data: Mapping[str, Any]) -> Shared:
        """The same with other content. Raises RuleFileError where the loader refuses it."""
        return dataclasses.replace(self, value=_READ[self.id](data))


def shared_in(base: RuleBase) -> list[Shared]:
    """Those of a rule base."""
    return [
        Shared(
            id="conventions",
            path=str(CONVENTIONS),
            value=base.conventions,
            field="conventions",
            beyond_episodes=_BEYOND_EPISODES,
        )
    ]


def _of_conventions(data: Mapping[str, Any]) -> Iterator[Change]:
    """Each number, each entry of a list; where the order decides, each two neighbours."""
    yield from numbers(data)
    for name, value in data.items():
        if name == _AN_ORDER:
            yield from each_swapped(data, (name,))
        elif isinstance(value, list):
            yield from each_dropped(data, (name,))


_CHANGES: Mapping[str, Callable[[Mapping[str, Any]], Iterator[Change]]] = {"conventions": _of_conventions}
_READ: Mapping[str, Callable[[Mapping[str, Any]], object]] = {"conventions": Conventions.parse}
