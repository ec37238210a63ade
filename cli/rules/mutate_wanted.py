"""What `spmwatch rules mutate` changes: what was named, and of that what differs from a git revision."""

from __future__ import annotations

import subprocess
from collections.abc import Collection, Iterator, Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from spmwatch.engine.errors import InputError
from spmwatch.rule_testing.rule_choice import OVERLAY_FILE

if TYPE_CHECKING:
    from spmwatch.engine.catalogue.load import RuleBase
    from spmwatch.engine.overlays.form import Overlay
    from spmwatch.rule_testing.rule_choice import RuleChoice

_RULES, _CHECKS = "rules", "checks"


def wanted_of(base: RuleBase, named: Sequence[str], ref: str | None, choice: RuleChoice) -> Collection[str] | None:
    """Ids of what is to be changed; None: everything. Raises InputError for an id that is none."""
    ids = _ids(base)
    if strange := [name for name in named if name not in ids]:
        fix = f"Write one of: {', '.join(ids)}"
        raise InputError(strange[0], "-", "is no active rule and no check", fix)
    wanted = {ids[name] for name in named}
    if ref is None:
        return wanted or None
    touched = _touched(base, ref, choice, ids)
    return touched & wanted if wanted else touched


def _ids(base: RuleBase) -> Mapping[str, str]:
    """What may be named -> what it is called in results; a check by its name, too."""
    from spmwatch.rule_testing.mutation.shared import shared_in  # noqa: PLC0415 - needs the extra `testing`

    ids = {rule.id: rule.id for rule in base.rules}
    ids |= {shared.id: shared.id for shared in shared_in(base)}
    return ids | {name: f"check {check.id}" for check in base.checks for name in (check.id, f"check {check.id}")}


def _touched(base: RuleBase, ref: str, choice: RuleChoice, ids: Mapping[str, str]) -> set[str]:
    """Whatever a file that differs makes, or overlays. Raises InputError when git does not know the revision."""
    touched: set[str] = set()
    folder = choice.root or Path(str(resources.files("spmwatch.rules"))).resolve()
    if choice.root is not None or not base.overlays:  # beneath an overlay the shipped rules are not the site's
        of_files = _of_files(base, folder)
        for file in _changed_files(ref, folder):
            touched |= {of_files[file]} if file in of_files else set(ids.values())  # a file that all rules share
    for overlay in base.overlays:
        touched |= _touched_in_overlay(base, overlay, ref, ids)
    return touched


def _of_files(base: RuleBase, folder: Path) -> Mapping[Path, str]:
    """The file of each rule, each check and of what is changed of the files that all rules share."""
    from spmwatch.rule_testing.mutation.shared import shared_in  # noqa: PLC0415 - see `_ids`

    parts = [(rule.path, rule.id) for rule in base.rules]
    parts += [(check.path, f"check {check.id}") for check in base.checks]
    parts += [(shared.path, shared.id) for shared in shared_in(base)]
    return {folder / Path(path).relative_to(_RULES): id_ for path, id_ in parts if path.startswith(f"{_RULES}/")}


def _touched_in_overlay(base: RuleBase, overlay: Overlay, ref: str, ids: Mapping[str, str]) -> set[str]:
    folder = Path(overlay.folder).resolve()
    own = {Path(rule.path).resolve(): rule.id for rule in base.rules if not rule.path.startswith(f"{_RULES}/")}
    touched: set[str] = set()
    for file in _changed_files(ref, folder):
        if file == folder / OVERLAY_FILE:
            touched |= set(_changed_by(overlay, ids))
        elif file in own:
            touched.add(own[file])
        elif file.parent == folder / _CHECKS and file.stem in ids:
            touched.add(ids[file.stem])
    return touched


def _changed_by(overlay: Overlay, ids: Mapping[str, str]) -> Iterator[str]:
    """What overlay.yaml changes, by the reasons that it gives for each: `SPM-09 parameters.long_maintenance`."""
    for what in overlay.reasons:
        target = what.removeprefix("check ").split(" ")[0]
        if target in ids:
            yield ids[target]


def _changed_files(ref: str, folder: Path) -> list[Path]:
    """YAML files below the folder that differ from the revision, new ones included. Raises InputError."""
    if ref.startswith("-"):
        raise InputError(ref, "-", "is no revision", "Name a branch, a tag or a commit")
    differ = _git(folder, "diff", "--name-only", "--relative", "-z", ref, "--", ".")
    if differ is None:
        raise InputError(ref, "-", "is no revision that git knows here", "Name a branch, a tag or a commit")
    new = _git(folder, "ls-files", "--others", "--exclude-standard", "-z", "--", ".")
    return [folder / name for name in (*differ, *(new or ())) if name.endswith(".yaml")]


def _git(folder: Path, *command: str) -> list[str] | None:
    """The names that git answers with; None where it refuses."""
    line = ["git", "-C", str(folder), *command]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    return None if done.returncode else [name for name in done.stdout.split("\0") if name]
