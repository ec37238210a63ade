"""Numbers that parent and workers share: a page of memory that all of them see.

Each number has one writer, so nothing is locked. The parent makes the board before it forks; a service without a parent
has one of its own.
"""

from __future__ import annotations

import mmap
from typing import Final

MOST_WORKERS: Final = 256
"""Workers that may be there at once; while rules are exchanged, old and new ones overlap."""
_SHARED, _OF_WORKER = 8, 3
_WORD = 8


class Board:
    """Whole numbers in shared memory."""

    def __init__(self) -> None:
        size = (_SHARED + _OF_WORKER * MOST_WORKERS) * _WORD
        self._numbers = memoryview(mmap.mmap(-1, size)).cast("q")

    # -- written by the parent --------------------------------------------------------------------------------------

    @property
    def reload_failed(self) -> bool:
        """Were the rules of the last reload broken, so that older ones are in force?"""
        return bool(self._numbers[0])

    @reload_failed.setter
    def reload_failed(self, failed: bool) -> None:
        self._numbers[0] = failed

    @property
    def reloads(self) -> int:
        """How often rules were exchanged."""
        return self._numbers[1]

    @reloads.setter
    def reloads(self, count: int) -> None:
        self._numbers[1] = count

    @property
    def deaths(self) -> int:
        """How many workers ended without being told to."""
        return self._numbers[2]

    @deaths.setter
    def deaths(self, count: int) -> None:
        self._numbers[2] = count

    @property
    def ending(self) -> bool:
        """Does the whole service end, so that no other worker takes whoever waits? Orphaned workers write it too."""
        return bool(self._numbers[3])

    @ending.setter
    def ending(self, ends: bool) -> None:
        self._numbers[3] = ends

    def forget(self, worker: int) -> None:
        """A worker is gone."""
        self.set_connections(worker, 0)
        self.set_waiting(worker, 0)
        self.set_turn(worker, 0)

    # -- written by each worker -------------------------------------------------------------------------------------

    def set_connections(self, worker: int, count: int) -> None:
        """How many connections a worker holds."""
        self._numbers[_SHARED + worker] = count

    def set_waiting(self, worker: int, count: int) -> None:
        """How many requests a worker has taken in and not answered."""
        self._numbers[_SHARED + MOST_WORKERS + worker] = count

    def set_turn(self, worker: int, began: float) -> None:
        """Since when a worker has been in the turn of one request, by the system's monotonic clock; 0 while in none."""
        self._numbers[_SHARED + 2 * MOST_WORKERS + worker] = int(1000 * began)

    # -- read by all ------------------------------------------------------------------------------------------------

    @property
    def connections(self) -> int:
        """Of all workers."""
        return sum(self._numbers[_SHARED : _SHARED + MOST_WORKERS])

    @property
    def waiting(self) -> int:
        """Of all workers."""
        return sum(self._numbers[_SHARED + MOST_WORKERS : _SHARED + 2 * MOST_WORKERS])

    def connections_of(self, worker: int) -> int:
        """Of one worker."""
        return self._numbers[_SHARED + worker]

    def turn_of(self, worker: int) -> float | None:
        """When the turn that a worker is in began, in seconds of the system's monotonic clock; None while in none."""
        began = self._numbers[_SHARED + 2 * MOST_WORKERS + worker]
        return began / 1000 if began else None
