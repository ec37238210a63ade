"""Each check of one patient as episodes: what rules may speak of, and what the plan is made from.

Only patients whose record holds some evidence of the drug that checks are about (rules/conventions.yaml) are looked
at; for others no rule asks, and batches stay fast.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from spmwatch.engine.episodes import LAST_DAY, UNKNOWN, Course, Episode, FollowUp, Order, Span, Timeline
from spmwatch.engine.facts import Certainty, Coverage, Source, Standing
from spmwatch.engine.follow_up.check import Check, Exclusion, Schedule
from spmwatch.engine.follow_up.conditions import Circumstances, Compiler, Ways
from spmwatch.engine.follow_up.smoking import SmokingRecords
from spmwatch.engine.follow_up.states import Standings, on_record, sources_of_day, standings_of, tests_among
from spmwatch.engine.terminology.value_sets import ValueSets
from spmwatch.engine.truth import Truth

INDIVIDUAL, EXCLUDED = "individual", "excluded"
_ANY_TIME = Span(0, LAST_DAY)


class FollowUps:
    """Works out the checks of a rule base, one patient at a time."""

    def __init__(self, checks: Sequence[Check], value_sets: ValueSets, subjects: frozenset[str]) -> None:
        """`subjects`: the drugs whose patients are looked at."""
        compiler = Compiler()
        self._checks, self._subjects = [_compiled(check, compiler) for check in checks], subjects
        self._smoking = SmokingRecords(value_sets)

    def added_to(self, timeline: Timeline, coverage: Coverage) -> Timeline:
        """The timeline with the checks as they stand on its day."""
        if not any(e.drug in self._subjects for e in timeline.episodes if isinstance(e, (Course, Order))):
            return timeline
        episodes = self._smoking.completed(timeline.episodes, timeline.as_of)
        patient = _Patient(episodes, timeline, coverage, self._subjects)
        found = [episode for check in self._checks for episode in patient.episodes(check)]
        return Timeline(
            patient=timeline.patient,
            as_of=timeline.as_of,
            episodes=(*timeline.episodes, *found),
            notes=timeline.notes,
        )


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A check with the conditions of its schedules and exclusions, compiled, by their ids."""

    check: Check
    who: Mapping[str, Ways]
    why_not: Mapping[str, Ways]


def _compiled(check: Check, compiler: Compiler) -> _Compiled:
    return _Compiled(
        check=check,
        who={schedule.id: compiler.ways(schedule.who) for schedule in check.schedules},
        why_not={item.id: compiler.ways(item.branches) for item in check.exclusions},
    )


@dataclass(frozen=True, slots=True)
class _Possibility:
    """One way in which a check may stand."""

    schedule: Schedule
    state: str
    standings: Standings
    exclusion: str = UNKNOWN


class _Patient:
    """The checks of one patient."""

    def __init__(
        self, episodes: Sequence[Episode], timeline: Timeline, coverage: Coverage, subjects: frozenset[str]
    ) -> None:
        self._coverage, self._subjects = coverage, subjects
        self._tests = on_record(episodes)
        self._today = timeline.as_of.toordinal()
        self._circumstances = Circumstances(episodes, timeline.as_of)
        self._ids = (f"{FollowUp.verb}-{number}" for number in itertools.count(1))

    def episodes(self, compiled: _Compiled) -> Iterator[FollowUp]:
        """One episode that counts where the record decides; else a possible one for each state that it leaves open."""
        check = compiled.check
        schedules, applies, topics = self._schedules(compiled)
        if not schedules:
            return
        surely, perhaps, doubts = self._exclusions(compiled)
        if surely is not None:
            sources = self._sources(compiled.why_not[surely.id])
            ways = [_Possibility(schedules[0], EXCLUDED, self._done(check, sources), surely.id)]
        else:
            topics += doubts
            ways = [way for schedule in schedules for way in self._ways(check, schedule)]
            ways += [_Possibility(schedules[0], EXCLUDED, self._done(check), item.id) for item in perhaps]
        sure = applies and len({way.state for way in ways}) == 1
        shown = ways[:1] if sure else list({(way.schedule.id, way.state): way for way in ways}.values())
        schedule = schedules[0].id if len({way.schedule.id for way in ways}) == 1 else UNKNOWN
        topic = next(iter(topics), check.ask)
        for way in shown:
            yield self._episode(compiled, way, schedule if sure else way.schedule.id, sure=sure, topic=topic)

    def _schedules(self, compiled: _Compiled) -> tuple[list[Schedule], bool, list[str]]:
        """The schedules of which one may hold; whether one holds for certain; what would decide between them."""
        found: list[Schedule] = []
        topics: list[str] = []
        for schedule in compiled.check.schedules:
            who = compiled.who[schedule.id]
            truth = self._circumstances.holds(who) if schedule.who else Truth.TRUE
            if truth is Truth.FALSE:
                continue
            found.append(schedule)
            if truth is Truth.TRUE:
                return found, True, topics
            topics += self._circumstances.topics_of(who)
        return found, False, topics

    def _exclusions(self, compiled: _Compiled) -> tuple[Exclusion | None, list[Exclusion], list[str]]:
        """The reason for which the check falls away; those for which it may; what would decide about them.

        What was recognised by words alone may be the reason, and is never enough to leave screening out.
        """
        perhaps: list[Exclusion] = []
        topics: list[str] = []
        for item in compiled.check.exclusions:
            why = compiled.why_not[item.id]
            truth = self._circumstances.holds(why)
            if truth is Truth.TRUE and not item.doubtful and self._is_coded(why):
                return item, [], []
            if truth is not Truth.FALSE:
                perhaps.append(item)
                topics += self._circumstances.topics_of(why) if truth is Truth.UNKNOWN else ()
        return None, perhaps, topics

    def _ways(self, check: Check, schedule: Schedule) -> Iterator[_Possibility]:
        if schedule.individual:
            yield _Possibility(schedule, INDIVIDUAL, self._done(check))
            return
        complete = not self._coverage.lacks(*check.kept_in)
        standings = standings_of(schedule, self._tests, self._today, complete=complete)
        for state in standings.states:
            yield _Possibility(schedule, state, standings)

    def _done(self, check: Check, sources: Iterable[Source] = ()) -> Standings:
        """The last of any test of the check, where nothing follows from it."""
        accepted = [test for schedule in check.schedules for test in schedule.tests]
        tests = [test for test in tests_among(accepted, self._tests) if test.counts]
        if not tests:
            return Standings(states=(), sources=tuple(sources))
        last = max(tests, key=lambda test: (test.episode.date.low, test.episode.date.high, test.what))
        told = sorted({*sources, *sources_of_day(tests, last)})
        return Standings(states=(), test=last.what, last=last.episode.date, sources=tuple(told))

    def _sources(self, why: Ways) -> list[Source]:
        return [s for way in self._circumstances.certain(why) for episode in way for s in episode.sources]

    def _certainty(self, way: _Possibility, who: Ways) -> Certainty:
        """LOW when the last test, or why the schedule applies (e.g. smoking), was recognised by words alone.

        The drug that checks are about does not matter here: who speaks of it says by itself how it is known.
        """
        if way.state == EXCLUDED or self._is_coded(who):
            return way.standings.certainty
        return Certainty.LOW

    def _is_coded(self, conditions: Ways) -> bool:
        ways = list(self._circumstances.certain(conditions)) or [()]
        return any(all(e.certainty is Certainty.HIGH or self._is_subject(e) for e in way) for way in ways)

    def _is_subject(self, episode: Episode) -> bool:
        return isinstance(episode, (Course, Order)) and episode.drug in self._subjects

    def _episode(self, compiled: _Compiled, way: _Possibility, schedule: str, *, sure: bool, topic: str) -> FollowUp:
        last = way.standings.last
        known = way.standings.test != UNKNOWN
        since = Span(max(self._today - last.high, 0), self._today - last.low) if known else _ANY_TIME
        return FollowUp(
            id=next(self._ids),
            standing=Standing.COUNTS if sure else Standing.POSSIBLE,
            certainty=self._certainty(way, compiled.who[way.schedule.id]) if sure else Certainty.HIGH,
            sources=way.standings.sources,
            topic=None if sure else topic,
            check=compiled.check.id,
            schedule=schedule,
            state=way.state,
            test=way.standings.test,
            exclusion=way.exclusion,
            last=last,
            next=way.standings.next,
            since_last=since,
        )
