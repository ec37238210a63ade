"""New uuids as text: the system is asked for the random bytes of many at once.

An answer needs a dozen, and each question to the system is a moment in which another thread takes over.
"""

from __future__ import annotations

import os
import sys
import time

_AT_ONCE = 128
_A_MILLISECOND = 1_000_000
_ready: list[str] = []
if sys.platform != "win32":
    os.register_at_fork(after_in_child=_ready.clear)  # no two processes give out the same ones


def new_id() -> str:
    """One that nobody else has (version 4), told from others by its first digits. May be called from any thread."""
    while True:
        try:
            return _ready.pop()
        except IndexError:
            _ready.extend(_made())


def new_row_id() -> str:
    """One that nobody else has (version 7) and that is greater than those of earlier milliseconds.

    For what becomes the key of a row: an index grows at its end, where random ones would touch a page each. May be
    called from any thread.
    """
    moment = f"{time.time_ns() // _A_MILLISECOND:012x}"
    return f"{moment[:8]}-{moment[8:]}-7{new_id()[15:]}"


def _made() -> list[str]:
    drawn = os.urandom(16 * _AT_ONCE)
    return [_text(drawn[at : at + 16]) for at in range(0, len(drawn), 16)]


def _text(drawn: bytes) -> str:
    """RFC 9562, section 5.4: four bits tell the version, two the variant, the rest is random."""
    digits = drawn.hex()
    variant = "89ab"[drawn[8] >> 6]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"
