"""Hyperscan databases, made once: those of the value sets are kept in the user's cache folder for the next run.

Nothing that was given by the input is kept there: a database that looks for ids of patients is made anew in each run.
What is read back was made by this user, by this very library on a processor with the same features, from these very
expressions, and is whole; whatever else lies there is made again. A cache that cannot be used costs time and no more.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import stat
from functools import cache, lru_cache
from importlib.metadata import version
from pathlib import Path

import hyperscan

Wanted = tuple[tuple[bytes, int], ...]
"""Expressions with their flags; the number of each is its place."""

_LAYOUT = b"spmwatch hyperscan 1\n"
_DIGEST = hashlib.sha256
_DIGEST_SIZE = 32
_OTHERS_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH
QUICK = 50
"""Expressions that are sooner compiled than a file is opened."""

MOST_FILES = 64
"""Rules and overlays come and go; of what is left behind the newest stay."""


@lru_cache(maxsize=256)
def database(wanted: Wanted, *, keep: bool) -> hyperscan.Database:
    """To compile some hundred codes takes as long as to read many megabytes with them.

    Args:
        wanted: what to look for.
        keep: nothing in it is of the input, so it may be kept for other runs.
    """
    if not keep or (len(wanted) < QUICK and sum(len(expression) for expression, _ in wanted) < QUICK**2):
        return compiled(wanted)
    folder = _folder()
    if folder is None:
        return compiled(wanted)
    path = folder / f"{key_of(wanted)}.db"
    kept = _read(path)
    if kept is not None:
        return kept
    made = compiled(wanted)
    _write(path, hyperscan.dumpb(made))
    return made


def compiled(wanted: Wanted) -> hyperscan.Database:
    """Made here and now."""
    made = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    made.compile(
        expressions=[expression for expression, _ in wanted],
        ids=list(range(len(wanted))),
        flags=[flags | hyperscan.HS_FLAG_DOTALL for _, flags in wanted],
    )
    return made


def key_of(wanted: Wanted) -> str:
    """What a database depends on: the expressions, the library, and the features of the processor that it uses."""
    digest = _DIGEST(_LAYOUT + library())
    for expression, flags in wanted:
        digest.update(b"%d %d " % (flags, len(expression)) + expression)
    return digest.hexdigest()


@cache
def library() -> bytes:
    """The library and the features of the processor that it uses."""
    info: bytes | str = compiled(((b"a", 0),)).info()
    told = info if isinstance(info, bytes) else info.encode()
    return b"\n".join((told, version("hyperscan").encode(), platform.machine().encode(), b""))


def _folder() -> Path | None:
    """Where databases are kept; None where there is no place that nobody else may write to."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    try:
        root = Path(base) if Path(base).is_absolute() else Path.home() / ".cache"
        folder = root / "spmwatch" / "hyperscan"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.stat()
    except (OSError, RuntimeError):
        return None
    ours = not hasattr(os, "getuid") or found.st_uid == os.getuid()
    return folder if ours and not found.st_mode & _OTHERS_MAY_WRITE else None


def _read(path: Path) -> hyperscan.Database | None:
    """None when there is none, or none that is whole. Its name is in it, so no file stands for another."""
    try:
        data = path.read_bytes()
    except OSError:
        return None
    head = _LAYOUT + path.name.encode()
    body = data[len(head) + _DIGEST_SIZE :]
    if data[: len(head)] != head or _DIGEST(head + body).digest() != data[len(head) : len(head) + _DIGEST_SIZE]:
        return None
    try:
        kept = hyperscan.loadb(body, hyperscan.HS_MODE_BLOCK)
        kept.scratch = hyperscan.Scratch(kept)
    except hyperscan.error:
        return None
    return kept


def _write(path: Path, body: bytes) -> None:
    head = _LAYOUT + path.name.encode()
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    with contextlib.suppress(OSError):
        try:
            part.write_bytes(head + _DIGEST(head + body).digest() + body)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
        files = sorted(path.parent.glob("*.db"), key=lambda file: file.stat().st_mtime_ns, reverse=True)
        for old in files[MOST_FILES:]:
            old.unlink(missing_ok=True)
