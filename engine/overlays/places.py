"""Which overlay changed what: so that a fault in the outcome is told by the overlay's own file and field."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePath, PurePosixPath

from spmwatch.engine.errors import RuleFileError
from spmwatch.engine.overlays.folder import Folder
from spmwatch.engine.overlays.form import Conflict

_WHOLE = "-"
"""In the place of a field: the whole file."""


@dataclass(frozen=True, slots=True)
class _Change:
    path: PurePosixPath
    field: str
    overlay: Folder
    at: PurePath
    at_field: str


@dataclass(slots=True)
class Places:
    """Every change so far, in order.

    Attributes:
        conflicts: things that more than one overlay changed.
        reasons: why, by overlay and by what was changed.
    """

    changes: list[_Change] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    reasons: dict[str, dict[str, str]] = field(default_factory=dict)

    def add(self, path: PurePosixPath, field_: str, overlay: Folder, at: PurePath, at_field: str) -> None:
        """`field_` of the catalogue's file `path` now says what `at_field` of the overlay's file `at` says."""
        self.changes.append(_Change(path, field_, overlay, at, at_field))

    def explain(self, overlay: Folder, what: str, because: str, brought_by: str | None = None) -> None:
        """Keep the reason of a change, and note when an earlier overlay changed, or brought, the same thing."""
        earlier = [name for name, reasons in self.reasons.items() if what in reasons]
        if brought_by is not None and brought_by not in earlier:
            earlier.append(brought_by)
        self.conflicts += [
            Conflict(what=what, earlier=name, later=str(overlay)) for name in earlier if name != str(overlay)
        ]
        self.reasons.setdefault(str(overlay), {})[what] = because

    def setter(self, path: PurePosixPath, field_: str) -> str | None:
        """The overlay that said last what `field_` is, by itself or with the whole file; None: the rules say it."""
        said = (c for c in self.changes[::-1] if c.path == path and c.field in (field_, _WHOLE))
        return next((str(change.overlay) for change in said), None)

    def replace(self, path: PurePosixPath, overlay: Folder, at: PurePath) -> None:
        """The whole file is the overlay's now. What earlier ones had changed in it is lost, and named as a conflict."""
        lost: dict[str, list[_Change]] = {}
        for change in self.changes:
            if change.path == path and change.overlay is not overlay and change.field != _WHOLE:
                lost.setdefault(str(change.overlay), []).append(change)
        for earlier, changes in lost.items():
            fields = tuple(change.field for change in changes if change.field != "evidence")
            what = str(path.relative_to(path.parts[0]))
            self.conflicts.append(
                Conflict(what=what, earlier=earlier, later=str(overlay), lost=fields or ("evidence",))
            )
            for change in changes:  # a reason for what is not there would be told of the new value
                self.reasons.get(earlier, {}).pop(f"{path.stem} {change.field}", None)
        self.changes = [change for change in self.changes if change.path != path]
        self.add(path, _WHOLE, overlay, at, _WHOLE)

    def told(self, error: RuleFileError) -> RuleFileError:
        """The fault by the file and field of the overlay that brought it; as it is when none did."""
        path = PurePosixPath(str(error.path))
        found = next(self._nearest(path, error.field), None)
        if found is None:
            return error
        problem = error.problem
        if found.field != error.field and (found.at_field != error.field or found.at.name != path.name):
            problem = f"{problem} ({path}: {error.field})"
        field_ = error.field if found.at_field == "-" else found.at_field
        return RuleFileError(found.at, field_, problem, error.fix)

    def _nearest(self, path: PurePosixPath, field_: str) -> Iterator[_Change]:
        """Changes that can have brought the fault, the likeliest first, later ones before earlier ones."""
        late = self.changes[::-1]
        here = [change for change in late if change.path == path]
        yield from (c for c in here if field_ == c.field or field_.startswith((f"{c.field}.", f"{c.field}[")))
        yield from (c for c in here if c.field.startswith((f"{field_}.", f"{field_}[")))
        last = field_.rpartition(".")[2]  # a variant inherits the card's summary and detail
        yield from (c for c in here if c.field.rpartition(".")[2] == last)
        yield from here
        yield from (c for c in late if path in c.path.parents)
        yield from late
