"""An overlay's folder, read: overlay.yaml and the catalogue files that it brings along. Nothing is passed over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath, PurePosixPath

from spmwatch.engine.catalogue.meaning import canonical, digest_of
from spmwatch.engine.errors import RuleFileError
from spmwatch.engine.overlays.form import OVERLAY_FILE, SHIPPED_PREFIX, OverlayFile
from spmwatch.engine.yaml_file import read_yaml, validated

EVIDENCE, RULES, CHECKS = "evidence.yaml", "rules", "checks"
_NOT_READ = frozenset({"features", "tests"})
"""Folders of an overlay that hold its scenarios and tests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """What an overlay's folder holds, parsed. Paths of `rules` and `checks` are those below these two folders."""

    path: Path
    file: OverlayFile
    evidence: Mapping[str, object]
    rules: Mapping[PurePosixPath, object]
    checks: Mapping[PurePosixPath, object]
    digest: str

    @property
    def overlay_file(self) -> PurePath:
        """Where overlay.yaml stands, for messages."""
        return self.path / OVERLAY_FILE

    def __str__(self) -> str:
        """Name and version."""
        return f"{self.file.name} {self.file.version}"


def read_folder(path: Path) -> Folder:
    """The overlay of a folder.

    Raises:
        RuleFileError: no folder, no overlay.yaml, a YAML file that would not be read, ids without the site's prefix.
    """
    if not path.is_dir():
        raise RuleFileError(path, "-", "is no folder", f"Name the folder that holds the overlay's {OVERLAY_FILE}")
    if not (path / OVERLAY_FILE).is_file():
        raise RuleFileError(path / OVERLAY_FILE, "-", "is missing", "Write it; docs/overlays.md shows the form")
    files = {place: read_yaml(path / place, path / place) for place in _yaml_files(path)}
    file = validated(
        OverlayFile, files[PurePosixPath(OVERLAY_FILE)], path / OVERLAY_FILE, explained_in="docs/overlays.md"
    )
    if file.prefix == SHIPPED_PREFIX:
        problem = f"`{SHIPPED_PREFIX}` is the prefix of the shipped rules"
        raise RuleFileError(path / OVERLAY_FILE, "prefix", problem, "Choose one of your own, e.g. ACS")
    folder = Folder(
        path=path,
        file=file,
        evidence=_evidence(files.get(PurePosixPath(EVIDENCE)), path / EVIDENCE),
        rules=_below(files, RULES),
        checks=_below(files, CHECKS),
        digest=digest_of({str(place): canonical(data) for place, data in files.items()}),
    )
    _check_prefixes(folder)
    return folder


def _yaml_files(path: Path) -> Iterator[PurePosixPath]:
    """Every YAML file of the overlay, all of which are read."""
    for found in sorted(path.rglob("*")):
        place = PurePosixPath(found.relative_to(path).as_posix())
        if place.parts[0] in _NOT_READ or any(part.startswith(".") for part in place.parts):
            continue
        if found.suffix.lower() in (".yaml", ".yml") and not _belongs(place):
            fix = f"Use {OVERLAY_FILE}, {EVIDENCE}, {RULES}/<topic>/<rule>.yaml or {CHECKS}/<check>.yaml"
            raise RuleFileError(path / place, "-", "would not be read", fix)
        if found.suffix == ".yaml":
            yield place


def _belongs(place: PurePosixPath) -> bool:
    if place.suffix != ".yaml":
        return False
    if len(place.parts) == 1:
        return place.name in (OVERLAY_FILE, EVIDENCE)
    return (place.parts[0], len(place.parts)) in ((RULES, 3), (CHECKS, 2))


def _below(files: Mapping[PurePosixPath, object], folder: str) -> dict[PurePosixPath, object]:
    return {PurePosixPath(*p.parts[1:]): data for p, data in files.items() if len(p.parts) > 1 and p.parts[0] == folder}


def _evidence(data: object, path: PurePath) -> Mapping[str, object]:
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise RuleFileError(path, "-", "is not a mapping", "Write each source under its id, e.g. `ACS-E01:`")
    return data


def _check_prefixes(folder: Folder) -> None:
    """What an overlay adds bears the site's prefix, so that it never hides an id of the catalogue."""
    prefix = folder.file.prefix
    added = [(folder.path / EVIDENCE, id_, id_) for id_ in folder.evidence]
    for place, data in folder.rules.items():
        id_ = data.get("id") if isinstance(data, dict) else None
        added.append((folder.path / RULES / place, "id", str(id_)))
    for path, field, id_ in added:
        if prefix is None:
            fix = "Choose the prefix of your own ids, e.g. `prefix: ACS`"
            raise RuleFileError(folder.overlay_file, "prefix", f"is missing, and {path.name} adds `{id_}`", fix)
        if not id_.startswith(f"{prefix}-"):
            problem = f"`{id_}` does not begin with the overlay's prefix `{prefix}-`"
            raise RuleFileError(path, field, problem, "Ids without it are the catalogue's own")
