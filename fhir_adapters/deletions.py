"""What an export says is deleted, held against what it holds."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping

from spmwatch.fhir_adapters.bundle import Deletion
from spmwatch.fhir_adapters.references import Item, moment_of, updated_at

_IN_DOUBT = "an export says that it was deleted, and whether that was before or after this version cannot be told"


def dated(deletion: Deletion, files: Mapping[str, str | None]) -> Deletion:
    """A deletion without a day of its own, with that of the export in whose file of deletions it stands."""
    name = deletion.where.split(" ")[0].split(":")[0].rsplit("/", 1)[-1]
    when = files.get(name)
    return deletion if deletion.when is not None or when is None else dataclasses.replace(deletion, when=when)


class Deleted:
    """Which resources outside Bundles were deleted, and when for the last time."""

    def __init__(self, deletions: Iterable[Deletion]) -> None:
        """From all deletions of the input."""
        self._last: dict[str, float | None] = {}
        for deletion in deletions:
            when, known = moment_of(deletion.when), self._last.get(deletion.key, 0.0)
            self._last[deletion.key] = None if when is None or known is None else max(when, known)

    def __bool__(self) -> bool:
        """Was anything?"""
        return bool(self._last)

    def has(self, item: Item) -> bool:
        """Was it deleted after it was last changed? Where that cannot be told it was not, and is in doubt."""
        if item.scope is not None or item.label not in self._last:
            return False
        deleted, updated = self._last[item.label], updated_at(item)
        if deleted is None or updated is None:
            item.doubt = _IN_DOUBT
            return False
        return updated <= deleted
