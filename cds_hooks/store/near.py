"""Whether anything was answered about a patient, asked of a SQLite file by the shortest way.

Each request asks it, and hardly ever is the answer yes. The way through the pool and the library that the rest of the
store goes takes three times as long; a fault is left to that way, which tells of it.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from pathlib import Path
from urllib.parse import quote

_ASKS = "SELECT 1 FROM feedback WHERE pseudonym = ? LIMIT 1"


class NearFile:
    """One connection of its own, opened when it is first needed. May be used from any thread.

    Args:
        file: the store.
        busy_seconds: how long to wait for a lock.
    """

    def __init__(self, file: Path, busy_seconds: float) -> None:
        self._file, self._busy_seconds = file, busy_seconds
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._opened: tuple[int, int] | None = None

    def nothing_answered(self, pseudonym: str) -> bool:
        """Is there no feedback on cards of this patient? False also where that could not be found out."""
        with self._lock:
            try:
                return not self._current().execute(_ASKS, (pseudonym,)).fetchall()
            except (sqlite3.Error, OSError):
                self._let_go()
                return False

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._let_go()

    def _current(self) -> sqlite3.Connection:
        """A connection to the file that is there now: it may have been exchanged. Raises OSError, sqlite3.Error."""
        found = os.stat(self._file)  # noqa: PTH116 - half of pathlib's time
        identity = (found.st_dev, found.st_ino)
        if self._connection is None or identity != self._opened:
            self._let_go()
            self._connection = sqlite3.connect(
                f"file:{quote(str(self._file))}?mode=rw",  # made by the rest of the store, never here
                uri=True,
                timeout=self._busy_seconds,
                isolation_level=None,
                check_same_thread=False,
            )
            self._opened = identity
        return self._connection

    def _let_go(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None
