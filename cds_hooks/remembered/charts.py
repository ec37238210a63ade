"""The memory: what came of charts that were evaluated a moment ago, bounded in number, in bytes and in time.

A chart is known again by a keyed hash of the very bytes that came. The key is random, made for this process and kept
nowhere, so a hash tells nobody anything about a patient. The bytes themselves are not kept.

HMAC-SHA-256 and not BLAKE2: as good here, and it takes 62 instead of 116 microseconds for 86 KB.
"""

from __future__ import annotations

import hmac
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from spmwatch.cds_hooks.answer import Evaluated, HookAnswer
from spmwatch.engine.acknowledgement import Acknowledgement
from spmwatch.engine.evaluate import Evaluator

_EACH, _EPISODE, _LETTER = 12_288, 600, 3
"""Bytes that a chart takes whatever it holds, for each fact or gap, for each byte of its answer: no less than was
measured on examples/hooks and on the request of the benchmark (33 to 75 KB)."""


@dataclass(slots=True, kw_only=True)
class Chart:
    """One chart on one day, evaluated.

    Attributes:
        rules: which rules evaluated it.
        pseudonym: stands for the patient in digests.
        evaluated: what they found; the same for everybody who asks.
        acknowledged: what was set aside when `answer` was laid out. Its uuids were used once and are not used again.
        answer_bytes: length of its answer as JSON.
        recorded: where the store puts what it makes of `evaluated`, which is the same each time.
    """

    rules: Evaluator
    pseudonym: str
    evaluated: Evaluated
    acknowledged: Sequence[Acknowledgement]
    answer: HookAnswer
    answer_bytes: int
    recorded: dict[str, Any] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """About how many bytes of memory it takes, rather more than less."""
        recommendation = self.evaluated.recommendation
        facts = len(recommendation.timeline.episodes) + len(recommendation.gaps)
        return _EACH + _EPISODE * facts + _LETTER * self.answer_bytes


@dataclass(frozen=True, slots=True)
class _Held:
    chart: Chart
    size: int
    ends: float


class Charts:
    """Those of one worker. May be used from any thread.

    Args:
        most_bytes: how much all of them may take, by their own estimate; 0 remembers nothing.
        seconds: how long one is remembered, from its evaluation on, however often it is asked for.
        monotonic: gives seconds.
    """

    MOST = 5000
    """Charts, however small."""

    def __init__(self, *, most_bytes: int, seconds: float, monotonic: Callable[[], float]) -> None:
        self._most_bytes, self._seconds, self._monotonic = most_bytes, seconds, monotonic
        self._key = secrets.token_bytes(32)
        self._held: OrderedDict[bytes, _Held] = OrderedDict()  # the one that was asked for last comes last
        self._bytes = 0
        self._lock = threading.Lock()
        self._lengths: dict[int, int] = {}

    @property
    def enabled(self) -> bool:
        """Is anything remembered?"""
        return self._most_bytes > 0

    @property
    def count(self) -> int:
        """How many are remembered."""
        return len(self._held)

    @property
    def size(self) -> int:
        """How many bytes they take, about."""
        return self._bytes

    def likely_length(self, head: int) -> int | None:
        """How long the prefetch was that last began so: a guess, of which nothing is believed."""
        return self._lengths.get(head)

    def guess(self, head: int, length: int) -> None:
        """So long was one that began so."""
        if len(self._lengths) >= self.MOST:
            self._lengths.clear()
        self._lengths[head] = length

    def name(self, *parts: bytes | memoryview) -> bytes:
        """What stands for these parts, in this order."""
        lengths = b"%d" % len(parts) + b"".join(b":%d" % len(part) for part in parts) + b";"
        made = hmac.new(self._key, lengths, "sha256")
        for part in parts:
            made.update(part)
        return made.digest()

    def get(self, name: bytes, rules: Evaluator) -> Chart | None:
        """The chart of that name, evaluated by these very rules and not too long ago."""
        with self._lock:
            held = self._held.get(name)
            if held is None:
                return None
            if held.ends <= self._monotonic() or held.chart.rules is not rules:
                self._drop(name)
                return None
            self._held.move_to_end(name)
            return held.chart

    def put(self, name: bytes, chart: Chart) -> None:
        """Remember it; the ones that nobody asked for longest make room."""
        size = chart.size
        if size > self._most_bytes:
            return
        with self._lock:
            if name in self._held:
                self._drop(name)
            self._held[name] = _Held(chart, size, self._monotonic() + self._seconds)
            self._bytes += size
            while self._bytes > self._most_bytes or len(self._held) > self.MOST:
                self._drop(next(iter(self._held)))

    def sweep(self) -> None:
        """Forget those whose time is over, asked for or not."""
        with self._lock:
            now = self._monotonic()
            for name in [name for name, held in self._held.items() if held.ends <= now]:
                self._drop(name)

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._held.clear()
            self._lengths.clear()
            self._bytes = 0

    def _drop(self, name: bytes) -> None:
        self._bytes -= self._held.pop(name).size
