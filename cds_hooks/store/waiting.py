"""Writes what waits: one thread, in batches, so that no answer ever waits for a disk."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, Literal, TypeVar

_log = logging.getLogger("spmwatch.store")

T = TypeVar("T")


Fate = Literal["written", "lost", "unfit", "failed_writes", "failed_reads"]


@dataclass(slots=True)
class Counts:
    """What became of what was handed in: written, lost for want of room, lost for being unfit; failed attempts."""

    written: int = 0
    lost: int = 0
    unfit: int = 0
    failed_writes: int = 0
    failed_reads: int = 0
    tell: Callable[[Fate, int], None] = field(default=lambda _, __: None, compare=False)

    def add(self, fate: Fate, number: int = 1) -> None:
        """So many more; `tell` hears of it too."""
        setattr(self, fate, getattr(self, fate) + number)
        self.tell(fate, number)


class Waiting(Generic[T]):
    """A bounded line of things to be written, and the thread that writes them.

    Args:
        write: writes a batch, all or nothing. An OSError-like failure is told by raising; then the batch stays in line
            and is tried again, until there is no more room.
        most: things that may wait.
        counts: what is counted.
        idle: called between batches, at least every `EACH` seconds.

    Attributes:
        failing: did the last attempt to write fail, so that things wait for the next?
    """

    BATCH = 100
    EACH = 0.2
    """Seconds between batches that are not full."""
    PAUSES = (0.5, 1.0, 2.0, 5.0)
    """Seconds after failures in a row; the last one holds."""
    AT_END = 10.0
    """Seconds that `close` waits for what is in line."""

    def __init__(
        self,
        write: Callable[[Sequence[T]], None],
        *,
        most: int,
        counts: Counts,
        idle: Callable[[], None] = lambda: None,
    ) -> None:
        self._write, self._most, self._counts, self._idle = write, most, counts, idle
        self._line: deque[T] = deque()
        self._change = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closing = False
        self._writing = 0
        self.failing = False

    def put(self, thing: T) -> None:
        """Stand it in line; returns at once. What finds no room, or comes after the close, is counted and gone."""
        with self._change:
            if self._closing or len(self._line) + self._writing >= self._most:
                self._counts.add("lost")
                first = self._counts.lost == 1
            else:
                first = False
                self._line.append(thing)
                if len(self._line) >= self.BATCH:
                    self._change.notify_all()
            if self._thread is None and not self._closing:  # not before: a worker process may be forked until here
                self._thread = threading.Thread(target=self._run, name="store", daemon=True)
                self._thread.start()
        if first:
            _log.error("A decision could not be kept: too many wait to be written. More are only counted.")

    def flush(self, seconds: float = AT_END) -> bool:
        """Wait until everything that stands in line now is written; False when that took too long."""
        with self._change:
            self._change.notify_all()
            return self._change.wait_for(lambda: not self._line and not self._writing, timeout=seconds)

    def close(self) -> None:
        """Write what waits, and end the thread."""
        with self._change:
            self._closing = True
            self._change.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join(timeout=self.AT_END)
        with self._change:
            left = len(self._line) + self._writing
            if left:
                self._counts.add("lost", left)
            self._line.clear()
        if left:
            _log.error("%d decisions could not be kept: the store did not take them before the end.", left)

    def _run(self) -> None:
        failures = 0
        while True:
            with self._change:
                if not self._closing and len(self._line) < self.BATCH:
                    self._change.wait(timeout=self.EACH)
                batch = [self._line.popleft() for _ in range(min(self.BATCH, len(self._line)))]
                self._writing = len(batch)
                ends = self._closing and not batch
            if ends:
                return
            done = self._tried(batch)
            with self._change:
                self._writing = 0
                self.failing = not done
                if not done:
                    self._line.extendleft(reversed(batch))
                    failures += 1
                    if self._closing and failures >= len(self.PAUSES):
                        return
                    pause = self.PAUSES[min(failures, len(self.PAUSES)) - 1]
                    self._change.wait_for(lambda: self._closing, timeout=pause)
                else:
                    failures = 0
                self._change.notify_all()

    def _tried(self, batch: Sequence[T]) -> bool:
        """Is the batch written?"""
        if batch and not self._survives(lambda: self._write(batch), len(batch)):
            return False
        if batch:
            self._counts.add("written", len(batch))
        self._survives(self._idle, 0)
        return True

    def _survives(self, act: Callable[[], None], waiting: int) -> bool:
        try:
            act()
        except Exception as error:  # noqa: BLE001 - the edge of a thread: whatever it is, the thread goes on
            self._counts.add("failed_writes")
            _log.error("The store failed (%s); %d decisions wait.", type(error).__name__, waiting)
            return False
        return True
