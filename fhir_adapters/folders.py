"""Which files there are to read; what cannot be opened or is not followed is named, never passed over in silence."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from spmwatch.engine.errors import InputError
from spmwatch.fhir_adapters.problems import Problem


def check_path(path: Path) -> None:
    """A file or a folder is there. A pipe or a device is refused: it cannot be read twice, and may never end.

    Raises:
        InputError: it is not, or may not be looked at.
    """
    fix = "Name a Bundle, an NDJSON file or an export"
    try:
        path.stat()
        usable = path.is_file() or path.is_dir()
    except FileNotFoundError:
        raise InputError(str(path), "-", "there is no such file or folder", fix) from None
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        why = error.strerror if isinstance(error, OSError) else None
        raise InputError(str(path), "-", f"cannot be opened ({why or type(error).__name__})", fix) from None
    if not usable:
        raise InputError(str(path), "-", "is neither a file nor a folder", fix)


def files_under(folder: Path, report: Callable[[Problem], None]) -> list[Path]:
    """The files under a folder in order, without hidden ones. Links to folders are not followed, but reported."""
    files: list[Path] = []

    def note(place: Path, found: str, expected: str, advice: str) -> None:
        where = folder.name if place == folder else place.relative_to(folder).as_posix()
        report(Problem(where=where, found=found, expected=expected, advice=advice))

    def closed(error: OSError) -> None:
        found = f"a folder that cannot be read ({error.strerror or type(error).__name__})"
        note(Path(error.filename), found, "a readable folder", "Check its rights.")

    for root, folders, names in os.walk(folder, onerror=closed):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for inner in (Path(root, name) for name in folders):
            if inner.is_symlink():
                note(inner, "a link to a folder, which is not followed", "a folder", "Name that folder by itself.")
        for file in sorted(Path(root, name) for name in names if not name.startswith(".")):
            if file.is_file():
                files.append(file)
            elif file.is_symlink():
                note(file, "a link that leads to no file", "a file", "Put the file itself there.")
            else:
                note(file, "a pipe, a socket or a device", "a file", "Put a file there.")
    return sorted(files)
