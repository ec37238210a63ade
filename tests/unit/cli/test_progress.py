"""Progress: a bar for a terminal, plain lines for a log, nothing when quiet; rate, time left, quarantine."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

import pytest

from spmwatch.cli.progress import SECONDS_BETWEEN_LINES, amount, duration, progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def ticking(seconds: float) -> Iterator[float]:
    now = 0.0
    while True:
        yield now
        now += seconds


def test_lines_tell_share_rate_time_left_and_quarantine() -> None:
    out, clock = io.StringIO(), ticking(SECONDS_BETWEEN_LINES)
    with progress(quiet=False, stream=out, clock=lambda: next(clock)) as tell:
        for done in (0, 1_000_000_000, 2_000_000_000):
            tell("gather", done, 2_000_000_000, 3)
    assert out.getvalue().splitlines() == [
        "gather: 0 B of 2.0 GB (0 %), 3 quarantined",
        "gather: 1.0 GB of 2.0 GB (50 %), 100 MB/s, 10 s left, 3 quarantined",
        "gather: 2.0 GB of 2.0 GB (100 %), 100 MB/s, 3 quarantined",
    ]


def test_lines_are_few_however_often_it_is_told() -> None:
    out, clock = io.StringIO(), ticking(0.015)
    with progress(quiet=False, stream=out, clock=lambda: next(clock)) as tell:
        for done in range(1001):
            tell("scan", done, 1000, 0)
    lines = out.getvalue().splitlines()
    assert len(lines) == 3  # begun, after ten seconds of fifteen, at its end
    assert lines[-1].startswith("scan: 1.0 kB of 1.0 kB (100 %)")


def test_what_an_earlier_run_did_is_not_part_of_the_rate() -> None:
    out, clock = io.StringIO(), ticking(SECONDS_BETWEEN_LINES)
    with progress(quiet=False, stream=out, clock=lambda: next(clock)) as tell:
        tell("gather", 900_000, 1_000_000, 0)
        tell("gather", 950_000, 1_000_000, 0)
    assert "5.0 kB/s, 10 s left" in out.getvalue().splitlines()[1]


def test_a_terminal_gets_a_bar_for_each_step() -> None:
    out = Terminal()
    with progress(quiet=False, stream=out) as tell:
        tell("scan", 500, 1000, 0)
        tell("scan", 1000, 1000, 7)
        tell("evaluate", 1000, 1000, 7)
    shown = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", out.getvalue())
    assert re.search(r"scan .*7 quarantined", shown)
    assert re.search(r"evaluate .*7 quarantined", shown)


def test_a_step_with_nothing_to_do_is_not_told() -> None:
    for stream in (io.StringIO(), Terminal()):
        with progress(quiet=False, stream=stream) as tell:
            tell("prime", 0, 0, 0)
        assert "prime" not in stream.getvalue()


def test_quiet_says_nothing() -> None:
    for stream in (io.StringIO(), Terminal()):
        with progress(quiet=True, stream=stream) as tell:
            tell("scan", 1, 2, 0)
        assert stream.getvalue() == ""


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (123_456, "123 kB"), (2.6e9, "2.6 GB")]
)
def test_amounts(number: float, text: str) -> None:
    assert amount(number) == text


@pytest.mark.parametrize(("seconds", "text"), [(0, "0 s"), (59.4, "59 s"), (60, "1 min"), (7500, "2 h 5 min")])
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text
