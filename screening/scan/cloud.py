"""Files in a store that fsspec knows by URL; each kind of store needs its own driver beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO, Any, cast

from spmwatch.engine.errors import InputError

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]+://")
_STAMPS = ("ETag", "etag", "mtime", "LastModified", "last_modified", "updated", "created")
_READ_AHEAD = 8 * 1024 * 1024


def is_url(path: str) -> bool:
    """Is it a URL, not a path of this machine?"""
    return _URL.match(path) is not None


def _store(url: str) -> tuple[Any, str]:
    """The store of a URL and the place in it. Raises InputError when its driver is missing or refuses."""
    import fsspec  # noqa: PLC0415 - costs a start of every command that reads no store

    try:
        return cast("tuple[Any, str]", fsspec.core.url_to_fs(url))
    except (ImportError, ValueError) as error:
        scheme = url.split("://", 1)[0]
        problem = f"there is no driver for {scheme}:// ({type(error).__name__})"
        raise InputError(url, "-", problem, "Install the fsspec driver of this store, or download the export") from None


def files_below(url: str) -> Iterator[tuple[str, str]]:
    """(name, URL) of each file at or below a URL, hidden ones left out, sorted. Raises InputError."""
    store, place = _store(url)
    try:
        found = store.find(place, withdirs=False)
    except OSError as error:
        raise InputError(
            url, "-", f"cannot be listed ({type(error).__name__})", "Check the URL and its rights"
        ) from None
    if not found:
        raise InputError(url, "-", "there is no such file or folder", "Name a Bundle, an NDJSON file or an export")
    for file in sorted(found):
        name = file.removeprefix(place).lstrip("/") or file.rsplit("/", 1)[-1]
        if not any(part.startswith(".") for part in name.split("/")):
            yield name, str(store.unstrip_protocol(file))


def size_and_stamp(url: str) -> tuple[int, str]:
    """Bytes, and what changes with the content as far as the store tells. Raises OSError."""
    store, place = _store(url)
    told = store.info(place)
    stamp = next((str(told[name]) for name in _STAMPS if told.get(name) is not None), "")
    return int(told.get("size") or 0), stamp


def open_url(url: str) -> IO[bytes]:
    """The file as a stream that can be read from any place. Raises OSError."""
    store, place = _store(url)
    return cast("IO[bytes]", store.open(place, "rb", block_size=_READ_AHEAD))
