"""Counts gathered in plain numbers and handed on a few times a second.

Several processes share their counts through mapped files, where each single count takes a lock, a look at the process
id and two writes: some fifty of them for a request were an eighth of a remembered chart's time.
"""

from __future__ import annotations

import asyncio
import threading
from bisect import bisect_left
from collections.abc import Mapping

from prometheus_client import Counter, Histogram

EACH = 0.25
"""Seconds for which counts may wait to be handed on."""

Labels = tuple[str, ...]


class GatheredHistogram(Histogram):
    """A histogram that is told of many observations at once."""

    def take(self, buckets: Mapping[int, int], total: float) -> None:
        """So many observations in each bucket, by its place, which come to this total."""
        self._sum.inc(total)
        for place, count in buckets.items():
            self._buckets[place].inc(count)


class _Observed:
    __slots__ = ("bounds", "buckets", "total")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds, self.total = bounds, 0.0
        self.buckets: dict[int, int] = {}

    def add(self, amount: float) -> None:
        place = bisect_left(self.bounds, amount)
        self.buckets[place] = self.buckets.get(place, 0) + 1
        self.total += amount


class Gathering:
    """What was counted and not handed on yet. May be used from any thread.

    On an event loop it is handed on a little later; elsewhere at once.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[tuple[Counter, Labels], float] = {}
        self._observed: dict[tuple[GatheredHistogram, Labels], _Observed] = {}
        self._soon = False

    def count(self, counter: Counter, *labels: str, by: float = 1) -> None:
        """Count so many more."""
        key = (counter, labels)
        with self._lock:
            self._counts[key] = self._counts.get(key, 0) + by

    def observe(self, histogram: GatheredHistogram, bounds: tuple[float, ...], amount: float, *labels: str) -> None:
        """Observe an amount; `bounds` are those that the histogram was made with."""
        key = (histogram, labels)
        with self._lock:
            seen = self._observed.get(key)
            if seen is None:
                seen = self._observed[key] = _Observed(bounds)
            seen.add(amount)

    def hand_on_soon(self) -> None:
        """See to it that what was counted is handed on."""
        if self._soon:
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self.hand_on()
            return
        self._soon = True
        loop.call_later(EACH, self.hand_on)

    def hand_on(self) -> None:
        """Hand everything on."""
        with self._lock:
            self._soon = False
            counts, self._counts = self._counts, {}
            observed, self._observed = self._observed, {}
        for (counter, labels), by in counts.items():
            counter.labels(*labels).inc(by)
        for (histogram, labels), seen in observed.items():
            histogram.labels(*labels).take(seen.buckets, seen.total)
