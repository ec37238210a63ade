"""A server that gave no answer several times in a row is left alone for a while, so it does not hold up every call."""

from __future__ import annotations

import time
from collections.abc import Callable

from spmwatch.cds_hooks.fhir_server.addresses import Base


class Resting:
    """Counts, for each server, requests in a row for which it gave no answer at all.

    Args:
        after: so many, and it rests.
        seconds: how long. Afterwards it is asked again; one more failure, and it rests again.
        now: a clock that never goes back, in seconds.
    """

    def __init__(self, after: int, seconds: float, now: Callable[[], float] = time.monotonic) -> None:
        self._after, self._seconds, self._now = after, seconds, now
        self._failures: dict[Base, int] = {}
        self._until: dict[Base, float] = {}

    def rests(self, base: Base) -> bool:
        """Is it to be left alone now?"""
        return self._now() < self._until.get(base, 0.0)

    def answered(self, base: Base) -> None:
        """It gave some answer."""
        self._failures.pop(base, None)
        self._until.pop(base, None)

    def failed(self, base: Base) -> None:
        """It gave none."""
        self._failures[base] = self._failures.get(base, 0) + 1
        if self._failures[base] >= self._after:
            self._until[base] = self._now() + self._seconds
