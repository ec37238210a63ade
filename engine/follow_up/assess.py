"""Each check of one patient as episodes: what rules may speak of, and what the plan is made from.

Only patients whose record holds some evidence of the drug that checks are about (rules/conventions.yaml) are looked
at; for others no rule asks, and batches stay fast.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from spmwatch.engine.catalogue.conditions import Branch
from spmwatch.engine.episodes import LAST_DAY, UNKNOWN, Course, Episode, FollowUp, Order, Span, Timeline
from spmwatch.engine.facts import Certainty, Coverage, Source, Standing
from spmwatch.engine.follow_up.check import Check, Exclusion, Schedule
from spmwatch.engine.follow_up.smoking import SmokingRecords
from spmwatch.engine.follow_up.states import Standings, sources_of_day, standings_of, tests_among
from spmwatch.engine.reasoning.explain import Explainer
from spmwatch.engine.terminology.value_sets import ValueSets
from spmwatch.engine.truth import Truth

INDIVIDUAL, EXCLUDED = "individual", "excluded"
_ANY_TIME = Span(0, LAST_DAY)


class FollowUps:
    """Works out the checks of a rule base, one patient at a time."""

    def __init__(self, checks: Sequence[Check], value_sets: ValueSets, subjects: frozenset[str]) -> None:
        """`subjects`: the drugs whose patients are looked at."""
        self._checks, self._subjects = checks, subjects
        self._smoking = SmokingRecords(value_sets)

    def added_to(self, timeline: Timeline, coverage: Coverage) -> Timeline:
        """The timeline with the checks as they stand on its day."""
        if not any(isinstance(e, (Course, Order)) and e.drug in self._subjects for e in timeline.episodes):
            return timeline
        episodes = self._smoking.completed(timeline.episodes, timeline.as_of)
        patient = _Patient(episodes, timeline, coverage, self._subjects)
        found = [episode for check in self._checks for episode in patient.episodes(check)]
        numbered = (replace(e, id=f"{FollowUp.verb}-{number}") for number, e in enumerate(found, start=1))
        return replace(timeline, episodes=(*timeline.episodes, *numbered))


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
        self._episodes, self._coverage, self._subjects = episodes, coverage, subjects
        self._today = timeline.as_of.toordinal()
        self._explainer = Explainer(episodes, timeline.as_of)

    def episodes(self, check: Check) -> Iterator[FollowUp]:
        """One episode that counts where the record decides; else a possible one for each state that it leaves open."""
        schedules, applies, topics = self._schedules(check)
        if not schedules:
            return
        surely, perhaps, doubts = self._exclusions(check)
        if surely is not None:
            sources = self._sources(surely)
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
            yield self._episode(check, way, schedule if sure else way.schedule.id, sure=sure, topic=topic)

    def _schedules(self, check: Check) -> tuple[list[Schedule], bool, list[str]]:
        """The schedules of which one may hold; whether one holds for certain; what would decide between them."""
        found: list[Schedule] = []
        topics: list[str] = []
        for schedule in check.schedules:
            truth = self._explainer.holds(schedule.who) if schedule.who else Truth.TRUE
            if truth is Truth.FALSE:
                continue
            found.append(schedule)
            if truth is Truth.TRUE:
                return found, True, topics
            topics += self._explainer.topics_of(schedule.who)
        return found, False, topics

    def _exclusions(self, check: Check) -> tuple[Exclusion | None, list[Exclusion], list[str]]:
        """The reason for which the check falls away; those for which it may; what would decide about them.

        What was recognised by words alone may be the reason, and is never enough to leave screening out.
        """
        perhaps: list[Exclusion] = []
        topics: list[str] = []
        for item in check.exclusions:
            truth = self._explainer.holds(item.branches)
            if truth is Truth.TRUE and not item.doubtful and self._is_coded(item.branches):
                return item, [], []
            if truth is not Truth.FALSE:
                perhaps.append(item)
                topics += self._explainer.topics_of(item.branches) if truth is Truth.UNKNOWN else ()
        return None, perhaps, topics

    def _ways(self, check: Check, schedule: Schedule) -> Iterator[_Possibility]:
        if schedule.individual:
            yield _Possibility(schedule, INDIVIDUAL, self._done(check))
            return
        complete = not self._coverage.lacks(*check.kept_in)
        standings = standings_of(schedule, self._episodes, self._today, complete=complete)
        for state in standings.states:
            yield _Possibility(schedule, state, standings)

    def _done(self, check: Check, sources: Iterable[Source] = ()) -> Standings:
        """The last of any test of the check, where nothing follows from it."""
        accepted = [test for schedule in check.schedules for test in schedule.tests]
        tests = [test for test in tests_among(accepted, self._episodes) if test.counts]
        if not tests:
            return Standings(states=(), sources=tuple(sources))
        last = max(tests, key=lambda test: (test.episode.date.low, test.episode.date.high, test.what))
        told = sorted({*sources, *sources_of_day(tests, last)})
        return Standings(states=(), test=last.what, last=last.episode.date, sources=tuple(told))

    def _sources(self, exclusion: Exclusion) -> list[Source]:
        ways = self._explainer.ways(exclusion.branches, certain=True)
        return [source for way in ways for episode in way for source in episode.sources]

    def _certainty(self, way: _Possibility) -> Certainty:
        """LOW when the last test, or why the schedule applies (e.g. smoking), was recognised by words alone.

        The drug that checks are about does not matter here: who speaks of it says by itself how it is known.
        """
        if way.state == EXCLUDED or self._is_coded(way.schedule.who):
            return way.standings.certainty
        return Certainty.LOW

    def _is_coded(self, branches: Sequence[Branch]) -> bool:
        ways = list(self._explainer.ways(branches, certain=True)) or [()]
        return any(all(e.certainty is Certainty.HIGH or self._is_subject(e) for e in way) for way in ways)

    def _is_subject(self, episode: Episode) -> bool:
        return isinstance(episode, (Course, Order)) and episode.drug in self._subjects

    def _episode(self, check: Check, way: _Possibility, schedule: str, *, sure: bool, topic: str) -> FollowUp:
        last = way.standings.last
        known = way.standings.test != UNKNOWN
        since = Span(max(self._today - last.high, 0), self._today - last.low) if known else _ANY_TIME
        return FollowUp(
            id="",
            standing=Standing.COUNTS if sure else Standing.POSSIBLE,
            certainty=self._certainty(way) if sure else Certainty.HIGH,
            sources=way.standings.sources,
            topic=None if sure else topic,
            check=check.id,
            schedule=schedule,
            state=way.state,
            test=way.standings.test,
            exclusion=way.exclusion,
            last=last,
            next=way.standings.next,
            since_last=since,
        )
