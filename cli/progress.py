"""How far a long run is: a bar on a terminal, a plain line now and then elsewhere, nothing with --quiet.

It goes to standard error, like everything that is not a result.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TextIO

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

Tell = Callable[[str, int, int, int], None]
"""(step, bytes done, bytes of the step, lines quarantined so far)."""

SECONDS_BETWEEN_LINES = 10.0
_UNITS = ("B", "kB", "MB", "GB", "TB")
_THOUSAND = 1000.0


@contextmanager
def progress(
    *, quiet: bool, stream: TextIO | None = None, clock: Callable[[], float] = time.monotonic
) -> Generator[Tell]:
    """Whom to tell how far a run is, for as long as it lasts.

    Args:
        quiet: tell nobody.
        stream: standard error unless named; a bar where it is a terminal.
        clock: seconds, for rate and time left.
    """
    out: TextIO = sys.stderr if stream is None else stream
    if quiet:
        yield _nobody
    elif out.isatty():
        with _bar(out) as tell:
            yield tell
    else:
        yield PlainLines(out, clock)


def _nobody(step: str, done: int, whole: int, quarantined: int) -> None:
    del step, done, whole, quarantined


class PlainLines:
    """A line at the start of each step, every ten seconds, and at its end."""

    def __init__(self, stream: TextIO, clock: Callable[[], float]) -> None:
        self._stream, self._clock = stream, clock
        self._step, self._began, self._first, self._told_at = "", 0.0, 0, 0.0

    def __call__(self, step: str, done: int, whole: int, quarantined: int) -> None:
        """Say so, if it is time; of a step with nothing to do nothing is said."""
        if not whole:
            return
        now = self._clock()
        if step != self._step:
            self._step, self._began, self._first = step, now, done
        elif done < whole and now - self._told_at < SECONDS_BETWEEN_LINES:
            return
        self._told_at = now
        print(self._line(now, done, whole, quarantined), file=self._stream, flush=True)

    def _line(self, now: float, done: int, whole: int, quarantined: int) -> str:
        share = 100 * done // whole
        pieces = [f"{self._step}: {amount(done)} of {amount(whole)} ({share} %)"]
        passed, fresh = now - self._began, done - self._first  # what an earlier run did says nothing of the rate
        if passed > 0 and fresh > 0:
            rate = fresh / passed
            pieces.append(f"{amount(rate)}/s")
            if done < whole:
                pieces.append(f"{duration((whole - done) / rate)} left")
        pieces.append(f"{quarantined:,} quarantined")
        return ", ".join(pieces)


@contextmanager
def _bar(stream: TextIO) -> Generator[Tell]:
    """A bar with rate, time left and the quarantine count; a step's bar stays where the next one begins."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[quarantined]:,} quarantined"),
    )
    bar = Progress(*columns, console=Console(file=stream, highlight=False, markup=False))
    try:
        tasks: dict[str, TaskID] = {}

        def tell(step: str, done: int, whole: int, quarantined: int) -> None:
            if step not in tasks:
                if not whole:
                    return
                bar.start()  # not before: it has a thread, and workers are forked before there is any
                tasks[step] = bar.add_task(step, total=whole, completed=done, quarantined=quarantined)
            bar.update(tasks[step], completed=done, total=whole, quarantined=quarantined)

        yield tell
    finally:
        bar.stop()


def amount(number: float) -> str:
    """Bytes in three digits or so: `950 B`, `2.6 GB`."""
    power = 0
    while number >= _THOUSAND and power < len(_UNITS) - 1:
        number, power = number / _THOUSAND, power + 1
    return f"{number:.0f} {_UNITS[power]}" if power == 0 or number >= 100 else f"{number:.1f} {_UNITS[power]}"


def duration(seconds: float) -> str:
    """`45 s`, `3 min`, `2 h 5 min`."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    hours, minutes = divmod(round(whole / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
