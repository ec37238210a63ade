"""How a check stands by the tests on record: the states that the record leaves open, from worst to best.

Dates are known within bounds and some records prove nothing by themselves. So everything is worked out twice: as if
only what counts were true and each day the earliest it can be, and as if all were true and each day the latest.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from spmwatch.engine.episodes import ANY_DAY, UNKNOWN, Done, Episode, Lab, Span
from spmwatch.engine.facts import Certainty, Source, Standing
from spmwatch.engine.follow_up.check import Accepted, Schedule
from spmwatch.engine.follow_up.intervals import later

NONE, OVERDUE, DUE, UP_TO_DATE = "none-recorded", "overdue", "due", "up-to-date"
_FROM_WORST = (NONE, OVERDUE, DUE, UP_TO_DATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standings:
    """Where a check may stand.

    Attributes:
        states: what the record leaves open; one state when it decides.
        test: what was done last, of several that which lasts longest; UNKNOWN when nothing counts.
        last: when; ANY_DAY when nothing counts.
        next: when the next one is due; ANY_DAY when nothing counts.
        sources: the records of that test.
        certainty: LOW when that test was recognised by words alone.
    """

    states: tuple[str, ...]
    test: str = UNKNOWN
    last: Span = ANY_DAY
    next: Span = ANY_DAY
    sources: tuple[Source, ...] = ()
    certainty: Certainty = Certainty.HIGH


@dataclass(frozen=True, slots=True)
class _Test:
    """A test that was done, with what follows from its schedule; days are ordinals."""

    episode: Done | Lab
    accepted: Accepted

    @property
    def counts(self) -> bool:
        return self.episode.standing is Standing.COUNTS

    def due(self, day: float) -> int:
        return later(int(day), self.accepted.due)

    def overdue_after(self, day: float) -> int:
        return later(int(day), self.accepted.overdue)

    @property
    def next(self) -> tuple[int, int]:
        day = self.episode.date
        first = self.due(day.low)
        return first, first if day.exact else self.due(day.high)

    @property
    def what(self) -> str:
        return self.accepted.concept or str(self.accepted.analyte)


OnRecord: TypeAlias = Mapping[tuple[str | None, str | None], Sequence[Done | Lab]]
"""The tests on record by what they are, as `Accepted` names it: (concept, None) or (None, analyte)."""


def on_record(episodes: Iterable[Episode]) -> OnRecord:
    """Everything among the episodes that could be a test of some check; grouped once, for all checks."""
    found: defaultdict[tuple[str | None, str | None], list[Done | Lab]] = defaultdict(list)
    for episode in episodes:
        if isinstance(episode, Lab):
            found[None, episode.analyte].append(episode)
        elif isinstance(episode, Done):
            found[episode.what, None].append(episode)
    return found


def standings_of(schedule: Schedule, recorded: OnRecord, today: int, *, complete: bool) -> Standings:
    """Where the check stands by this schedule.

    Args:
        schedule: not an individual one.
        recorded: what the patient had.
        today: ordinal of the day of evaluation.
        complete: the kinds of record that hold the tests were supplied; else a test could be hidden there.
    """
    tests = tests_among(schedule.tests, recorded)
    if not tests:
        return Standings(states=(NONE,) if complete else _FROM_WORST)
    counting = [test for test in tests if test.counts]
    worst = _state([(test, test.episode.date.low) for test in counting], today)
    if not complete:
        best = UP_TO_DATE
    elif all(test.counts and test.episode.date.exact for test in tests):
        best = worst
    else:
        best = _state([(test, test.episode.date.high) for test in tests], today)
    if worst == NONE and best == OVERDUE:  # whether that old record holds or not: nothing that lasts is on record
        best = NONE
    states = _FROM_WORST[_FROM_WORST.index(worst) : _FROM_WORST.index(best) + 1]
    if not counting:
        return Standings(states=tuple(states))
    due = [(test.next, test) for test in counting]
    next_, longest = max(due, key=lambda one: (one[0], one[1].episode.date.low, one[1].what))
    return Standings(
        states=tuple(states),
        test=longest.what,
        last=longest.episode.date,
        next=Span(next_[0], max([last for (_, last), _ in due])),
        sources=sources_of_day(tests, longest),
        certainty=longest.episode.certainty,
    )


def tests_among(accepted: Iterable[Accepted], recorded: OnRecord) -> list[_Test]:
    """The tests that were done, each with the interval that goes with it, in a stable order."""
    by_kind = {(test.concept, test.analyte): test for test in accepted}
    found = [_Test(episode, test) for kind, test in by_kind.items() for episode in recorded.get(kind, ())]
    found.sort(key=lambda test: (test.episode.date.low, test.episode.date.high, test.what, test.episode.id))
    return found


def sources_of_day(tests: Iterable[_Test], one: _Test) -> tuple[Source, ...]:
    """The records of what was done that day."""
    same = [t.episode for t in tests if t.counts and t.what == one.what and t.episode.date == one.episode.date]
    return tuple(sorted({source for episode in same for source in episode.sources}))


def _state(tests: Sequence[tuple[_Test, float]], today: int) -> str:
    """Where the check stands if each test was done on its day; the latest due date holds."""
    if not tests:
        return NONE
    if today > max(test.overdue_after(day) for test, day in tests):
        return OVERDUE
    return DUE if today >= max(test.due(day) for test, day in tests) else UP_TO_DATE
