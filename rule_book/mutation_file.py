"""What `spmwatch rules mutate --json FILE` found, counted for each rule and check."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from spmwatch.rule_book.results import RulesUsed, read_as


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that was changed in the rules.

    Attributes:
        of: the rule's id, or `check skin`.
        change: in words, beginning with `of`.
        noticed_by: the scenario that noticed it; None: it survived.
        missing: of a survivor, which scenario there should be.
        accepted: of a survivor, why it may survive; None: it may not.
    """

    of: str
    change: str
    noticed_by: str | None
    missing: str | None = None
    accepted: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutation:
    """All changes of a run. `rules`: the rule base that was changed."""

    rules: RulesUsed
    each: tuple[Change, ...]

    @property
    def parts(self) -> tuple[str, ...]:
        """The rules and checks that were changed, in their order."""
        return tuple(dict.fromkeys(change.of for change in self.each))

    def of(self, part: str) -> Changes | None:
        """Those of a rule or a check; None where it was not changed at all."""
        found = [change for change in self.each if change.of == part]
        return Changes(found) if found else None

    @property
    def all(self) -> Changes:
        """Those of every rule and check."""
        return Changes(self.each)


@dataclass(frozen=True, slots=True)
class Changes:
    """Changes, counted."""

    each: Sequence[Change]

    @property
    def caught(self) -> Sequence[Change]:
        """Those that some scenario noticed."""
        return [change for change in self.each if change.noticed_by is not None]

    @property
    def noticed(self) -> int:
        """How many some scenario noticed."""
        return len(self.caught)

    @property
    def accepted(self) -> Sequence[Change]:
        """Survivors with a reason."""
        return [change for change in self.each if change.noticed_by is None and change.accepted is not None]

    @property
    def survivors(self) -> Sequence[Change]:
        """Survivors without one."""
        return [change for change in self.each if change.noticed_by is None and change.accepted is None]


def read_mutation(path: Path) -> Mutation:
    """The file. Raises InputError when it is none."""
    return read_as(_MUTATION, path, "Write it with `spmwatch rules mutate --json FILE`")


_MUTATION: TypeAdapter[Mutation] = TypeAdapter(Mutation)
