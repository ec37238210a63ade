"""Files that spare the next run some work, in the user's cache folder; never trusted further than their digest.

What is read back was written by this user under this very name, which says all that it depends on, and is whole.
Whatever else lies there counts for nothing. A cache that cannot be used costs time and no more.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from pathlib import Path

MOST_FILES = 64
"""Of one kind: rules, overlays and versions come and go; of what is left behind the newest stay."""

_LAYOUT = b"spmwatch kept 1\n"
_DIGEST_SIZE = 32
_OTHERS_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH


def read(kind: str, name: str) -> bytes | None:
    """What was kept under a name; None when there is nothing, or nothing that is whole."""
    folder = _folder(kind)
    if folder is None:
        return None
    try:
        data = (folder / name).read_bytes()
    except OSError:
        return None
    head = _head(kind, name)
    digest, body = data[len(head) : len(head) + _DIGEST_SIZE], data[len(head) + _DIGEST_SIZE :]
    return body if data.startswith(head) and _digest(head, body) == digest else None


def write(kind: str, name: str, body: bytes) -> None:
    """Keep it, whole or not at all; where that is not possible, nothing happens."""
    folder = _folder(kind)
    if folder is None:
        return
    head, part = _head(kind, name), folder / f".{name}.{os.getpid()}.part"
    with contextlib.suppress(OSError):
        try:
            part.write_bytes(head + _digest(head, body) + body)
            part.replace(folder / name)
        finally:
            part.unlink(missing_ok=True)
        files = [file for file in folder.iterdir() if not file.name.startswith(".")]
        for old in sorted(files, key=lambda file: file.stat().st_mtime_ns, reverse=True)[MOST_FILES:]:
            old.unlink(missing_ok=True)


def _folder(kind: str) -> Path | None:
    """Where files of a kind are kept; None where there is no place that nobody else may write to."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    try:
        root = Path(base) if Path(base).is_absolute() else Path.home() / ".cache"
        folder = root / "spmwatch" / kind
        for each in (folder.parent, folder):
            each.mkdir(mode=0o700, parents=True, exist_ok=True)
            found = each.stat()
            if found.st_mode & _OTHERS_MAY_WRITE or (hasattr(os, "getuid") and found.st_uid != os.getuid()):
                return None
    except (OSError, RuntimeError):
        return None
    return folder


def _head(kind: str, name: str) -> bytes:
    """With the name in it no file stands for another."""
    return _LAYOUT + f"{kind}/{name}\n".encode()


def _digest(head: bytes, body: bytes) -> bytes:
    return hashlib.sha256(head + body).digest()
