"""How long each step of a run takes, by when its progress is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

Tell = Callable[[str, int, int, int], None]
"""(step, bytes done, bytes of the step, lines quarantined)."""


@dataclass(slots=True)
class Timed:
    """Passes on what is told of progress, and notes for each step the seconds from its begin to that of the next.

    Attributes:
        tell: who is told.
        clock: seconds.
        seconds: by step, in this run; steps that an earlier run finished take next to nothing.
    """

    tell: Tell
    clock: Callable[[], float]
    seconds: dict[str, float] = field(default_factory=dict)
    _step: str = "inventory"
    _since: float = field(init=False)

    def __post_init__(self) -> None:
        """The first step begins."""
        self._since = self.clock()

    def __call__(self, step: str, done: int, whole: int, lost: int) -> None:
        """Tell how far a step is."""
        self.begin(step)
        self.tell(step, done, whole, lost)

    def begin(self, step: str) -> None:
        """From now on time is that of this step."""
        now = self.clock()
        self.seconds[self._step] = self.seconds.get(self._step, 0.0) + now - self._since
        self._step, self._since = step, now

    def so_far(self) -> dict[str, float]:
        """Seconds by step until now, and all together."""
        self.begin(self._step)
        return {**self.seconds, "total": sum(self.seconds.values())}
