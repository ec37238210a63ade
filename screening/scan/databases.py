"""Hyperscan databases, made once: those of the value sets are kept in the user's cache folder for the next run.

Nothing that was given by the input is kept there: a database that looks for ids of patients is made anew in each run.
What is read back was made by this very library for a processor with the same features, from these very expressions.
"""

from __future__ import annotations

import hashlib
import platform
from functools import cache, lru_cache
from importlib.metadata import version

import hyperscan

from spmwatch.engine import kept

Wanted = tuple[tuple[bytes, int], ...]
"""Expressions with their flags; the number of each is its place."""

KIND = "hyperscan"
QUICK = 50
"""Expressions that are sooner compiled than a file is opened."""


@lru_cache(maxsize=256)
def database(wanted: Wanted, *, keep: bool) -> hyperscan.Database:
    """To compile some hundred codes takes as long as to read many megabytes with them.

    Args:
        wanted: what to look for.
        keep: nothing in it is of the input, so it may be kept for other runs.
    """
    if not keep or (len(wanted) < QUICK and sum(len(expression) for expression, _ in wanted) < QUICK**2):
        return compiled(wanted)
    name = key_of(wanted)
    body = kept.read(KIND, name)
    found = None if body is None else _loaded(body)
    if found is not None:
        return found
    made = compiled(wanted)
    kept.write(KIND, name, hyperscan.dumpb(made))
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


def _loaded(body: bytes) -> hyperscan.Database | None:
    """None when the library refuses it."""
    try:
        found = hyperscan.loadb(body, hyperscan.HS_MODE_BLOCK)
        found.scratch = hyperscan.Scratch(found)
    except hyperscan.error:
        return None
    return found


def key_of(wanted: Wanted) -> str:
    """What a database depends on: the expressions, the library, and the features of the processor that it uses."""
    digest = hashlib.sha256(library())
    for expression, flags in wanted:
        digest.update(b"%d %d " % (flags, len(expression)) + expression)
    return digest.hexdigest()


@cache
def library() -> bytes:
    """The library and the features of the processor that it uses."""
    info: bytes | str = compiled(((b"a", 0),)).info()
    told = info if isinstance(info, bytes) else info.encode()
    return b"\n".join((told, version("hyperscan").encode(), platform.machine().encode(), b""))
