"""Tokens that were used: each may be used once (C150).

What is remembered is a digest of client and `jti`, until the token could no longer be used anyway.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import heapq
import os
import sqlite3
import threading
from pathlib import Path
from typing import Protocol

from spmwatch.engine.errors import CdsError, InputError

MOST_TOKENS = 1_000_000
"""Remembered in one process at once, about 200 bytes each."""
_PURGE_EVERY = 60.0
_MAGIC = b"SQLite format 3\0"
_TABLE = "CREATE TABLE IF NOT EXISTS used_token (digest BLOB PRIMARY KEY, until REAL NOT NULL) WITHOUT ROWID"


class ReplayMemoryError(CdsError):
    """It cannot be told whether a token was used: nobody is let in until it can."""

    code = "replay-memory"


class ReplayMemory(Protocol):
    """Remembers tokens."""

    async def first_use(self, client: str, jti: str, *, until: float, now: float) -> bool:
        """Was this token not used before? From now on it was. Raises ReplayMemoryError.

        Args:
            client: id of the client, whose tokens have names of their own.
            jti: the token's name.
            until: when it may be forgotten, in seconds since 1970.
            now: seconds since 1970.
        """
        ...

    def close(self) -> None:
        """Let go of files."""
        ...


def _digest(client: str, jti: str) -> bytes:
    return hashlib.sha256(f"{len(client)}:{client}{jti}".encode()).digest()


class OwnMemory:
    """The memory of one process; gone when it ends."""

    def __init__(self, most: int = MOST_TOKENS) -> None:
        self._most = most
        self._used: set[bytes] = set()
        self._ends: list[tuple[float, bytes]] = []

    async def first_use(self, client: str, jti: str, *, until: float, now: float) -> bool:
        """See ReplayMemory."""
        while self._ends and self._ends[0][0] < now:
            self._used.discard(heapq.heappop(self._ends)[1])
        used = _digest(client, jti)
        if used in self._used:
            return False
        if len(self._used) >= self._most:
            raise ReplayMemoryError(f"{self._most} tokens are in use at once")
        self._used.add(used)
        heapq.heappush(self._ends, (until, used))
        return True

    def close(self) -> None:
        """Nothing is open."""


class SharedMemory:
    """The memory of several processes on one machine, in an SQLite file of its own; it outlives a restart.

    Raises InputError when the file cannot be opened.
    """

    def __init__(self, file: Path, *, patience: float = 2.0) -> None:
        self._lock = threading.Lock()
        self._purged = 0.0
        try:
            file.parent.mkdir(mode=0o700, exist_ok=True)  # the last folder alone: a mistyped path is told
            file.touch(mode=0o600)
            with contextlib.ExitStack() as unless_all_is_well:
                self._patient = unless_all_is_well.enter_context(contextlib.closing(_opened(file, patience)))
                self._patient.execute("PRAGMA journal_mode=WAL")
                self._patient.execute(_TABLE)
                self._patient.execute("CREATE INDEX IF NOT EXISTS used_token_until ON used_token (until)")
                self._patient.execute("PRAGMA synchronous=NORMAL")
                self._quick = unless_all_is_well.enter_context(contextlib.closing(_opened(file, 0)))
                self._quick.execute("PRAGMA synchronous=NORMAL")
                unless_all_is_well.pop_all()
        except (OSError, sqlite3.Error) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            raise _unusable(file, reason or type(error).__name__) from None

    async def first_use(self, client: str, jti: str, *, until: float, now: float) -> bool:
        """See ReplayMemory. A note takes microseconds; only when another process holds the file, a thread waits."""
        used = _digest(client, jti)
        try:
            return self._noted(self._quick, used, until, now)
        except sqlite3.Error:  # held, in all likelihood; whatever it is, the second attempt tells
            pass
        try:
            return await asyncio.to_thread(self._noted_in_time, used, until, now)
        except sqlite3.Error as error:
            raise ReplayMemoryError(type(error).__name__) from None

    def _noted_in_time(self, used: bytes, until: float, now: float) -> bool:
        with self._lock:
            return self._noted(self._patient, used, until, now)

    def _noted(self, database: sqlite3.Connection, used: bytes, until: float, now: float) -> bool:
        changed = database.execute("INSERT OR IGNORE INTO used_token VALUES (?, ?)", (used, until))
        first = changed.rowcount == 1
        if now - self._purged > _PURGE_EVERY:
            self._purged = now
            with contextlib.suppress(sqlite3.Error):  # next time will do
                database.execute("DELETE FROM used_token WHERE until < ?", (now,))
        return first

    def close(self) -> None:
        """Close the file."""
        for database in (self._quick, self._patient):
            with contextlib.suppress(sqlite3.Error):
                database.close()


def check_file(file: Path) -> None:
    """Could the file be opened, or made? Nothing is made or written. Raises InputError."""
    if file.exists():
        try:
            with file.open("rb") as content:
                begins = content.read(len(_MAGIC))
        except OSError as error:
            raise _unusable(file, error.strerror or type(error).__name__) from None
        if begins not in (b"", _MAGIC):
            raise _unusable(file, "it is no SQLite file")
    folder = file.parent if file.parent.exists() else file.parent.parent
    if not folder.is_dir():
        raise _unusable(file, f"there is no folder {file.parent}, and none to make it in")
    for needed in [folder, *([file] if file.exists() else [])]:
        if not os.access(needed, os.W_OK):
            raise _unusable(file, f"{needed} may not be written")


def _unusable(file: Path, reason: str) -> InputError:
    problem = f"cannot be used to remember tokens ({reason})"
    fix = "Name a file in a folder that the service may write, or leave it out to forget tokens at the end"
    return InputError(f"trust.replay_file: {file}", "-", problem, fix)


def _opened(file: Path, patience: float) -> sqlite3.Connection:
    """Each statement is a transaction of its own."""
    return sqlite3.connect(file, timeout=patience, check_same_thread=False, isolation_level=None)
