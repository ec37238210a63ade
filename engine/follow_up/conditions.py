"""Whether conditions of checks hold for a patient: each is compiled once, and decided once for each patient.

Conditions of checks do not as a rule compare one episode with another, so each is decided by itself. What comes out is
what reasoning/explain.py, the reader of all conditions, comes to; a property test holds the two together. Branches in
which conditions do compare are left to that reader.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from operator import attrgetter

from spmwatch.engine.catalogue.conditions import TODAY, Branch, Condition, SpanTest, WordTest
from spmwatch.engine.dates import add_months
from spmwatch.engine.episodes import UNKNOWN, Episode, Span
from spmwatch.engine.facts import Standing
from spmwatch.engine.reasoning.explain import Explainer
from spmwatch.engine.reasoning.reading import alone, compare, standing_truth, word_truth
from spmwatch.engine.timeline.topics import topic_of
from spmwatch.engine.truth import Truth


@dataclass(frozen=True, slots=True)
class _Limit:
    """A span compared with a number, or with a day so long before or after today (`from_today`)."""

    field: str
    comparison: str
    number: Span
    from_today: SpanTest | None

    @classmethod
    def of(cls, test: SpanTest) -> _Limit:
        """`test` compares with no other episode."""
        return cls(test.field, test.comparison, Span.exactly(test.offset), test if test.anchor == TODAY else None)

    def passed(self, episode: Episode, today: int) -> Truth:
        """Does the episode's span lie on the right side of it?"""
        limit = self.number if self.from_today is None else _day(self.from_today, today)
        return compare(getattr(episode, self.field), self.comparison, limit)


def _day(test: SpanTest, today: int) -> Span:
    day = add_months(date.fromordinal(today), test.months).toordinal() if test.months else today
    return Span.exactly(day + test.offset)


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    """There is an episode that passes these tests, none of which compares it with another."""

    verb: str
    words: tuple[WordTest, ...]
    limits: tuple[_Limit, ...]

    def truth(self, episode: Episode, today: int) -> Truth:
        """Is it such an episode? FALSE with the first test that it fails."""
        result = Truth.TRUE if episode.standing is Standing.COUNTS else Truth.UNKNOWN
        for word in self.words:
            value = getattr(episode, word.field)
            if value not in word.values:
                if value != UNKNOWN:
                    return Truth.FALSE
                result = Truth.UNKNOWN
        for limit in self.limits:
            passed = limit.passed(episode, today)
            if passed is Truth.FALSE:
                return passed
            if passed is Truth.UNKNOWN:
                result = passed
        return result

    def open_topics(self, episode: Episode, today: int) -> Iterator[str]:
        """What keeps an episode that may be such a one from being it for certain."""
        fields = [word.field for word in self.words if word_truth(word, episode) is Truth.UNKNOWN]
        fields += [limit.field for limit in self.limits if limit.passed(episode, today) is Truth.UNKNOWN]
        if standing_truth(episode) is Truth.UNKNOWN:
            fields.append("standing")
        yield from (topic for field in fields if (topic := topic_of(episode, field)) is not None)


@dataclass(frozen=True, slots=True, eq=False)
class Ways:
    """Branches, one of which has to hold.

    Attributes:
        branches: as they were written.
        asked: of each branch its conditions; None where some condition compares with another.
    """

    branches: tuple[Branch, ...]
    asked: tuple[tuple[_Asked, ...], ...] | None


class Compiler:
    """Makes ways of branches; equal conditions become one, so that a patient's episodes are asked once."""

    def __init__(self) -> None:
        self._known: dict[tuple[object, ...], _Asked] = {}

    def ways(self, branches: Sequence[Branch]) -> Ways:
        """The branches, compiled."""
        conditions = [condition for branch in branches for condition in branch.conditions]
        if not all(alone(test) for condition in conditions for test in condition.spans):
            return Ways(tuple(branches), None)
        return Ways(
            tuple(branches), tuple(tuple(self._asked(each) for each in branch.conditions) for branch in branches)
        )

    def _asked(self, condition: Condition) -> _Asked:
        key = (condition.verb, condition.words, condition.spans)
        if key not in self._known:
            limits = tuple(_Limit.of(test) for test in condition.spans)
            self._known[key] = _Asked(condition.verb, condition.words, limits)
        return self._known[key]


@dataclass(frozen=True, slots=True)
class _Answer:
    """Whether a condition holds, and its episodes: `certain` fit it; `possible` are these and those that may."""

    truth: Truth
    certain: Sequence[Episode]
    possible: Sequence[Episode]


_NOT_FOUND = _Answer(Truth.FALSE, (), ())
_ID = attrgetter("id")


class Circumstances:
    """One patient's episodes as of one day, as conditions of checks ask for them."""

    def __init__(self, episodes: Sequence[Episode], as_of: date) -> None:
        self._episodes, self._as_of, self._today = episodes, as_of, as_of.toordinal()
        self._by_verb: defaultdict[str, list[Episode]] = defaultdict(list)
        for episode in episodes:
            self._by_verb[episode.verb].append(episode)
        for alike in self._by_verb.values():
            alike.sort(key=_ID)  # the order in which the explainer has them
        self._answers: dict[_Asked, _Answer] = {}

    def holds(self, ways: Ways) -> Truth:
        """Does one of the branches hold?"""
        if ways.asked is None:
            return self._explainer.holds(ways.branches)
        result = Truth.FALSE
        for branch in ways.asked:
            truth = self._branch_truth(branch)
            if truth is Truth.TRUE:
                return truth
            if truth is Truth.UNKNOWN:
                result = truth
        return result

    def topics_of(self, ways: Ways) -> tuple[str, ...]:
        """What would decide branches of which none is decided, each an id of rules/gaps.yaml."""
        if ways.asked is None:
            return self._explainer.topics_of(ways.branches)
        open_branches = (branch for branch in ways.asked if self._branch_truth(branch) is not Truth.FALSE)
        return tuple(dict.fromkeys(topic for branch in open_branches for topic in self._open_topics(branch)))

    def certain(self, ways: Ways) -> Iterable[tuple[Episode, ...]]:
        """The episodes of every way in which one of the branches holds for certain."""
        if ways.asked is None:
            return self._explainer.ways(ways.branches, certain=True)
        fitting = ([self._answer(asked).certain for asked in branch] for branch in ways.asked)
        return itertools.chain.from_iterable(itertools.product(*each) for each in fitting)

    @cached_property
    def _explainer(self) -> Explainer:
        return Explainer(self._episodes, self._as_of)

    def _branch_truth(self, branch: Sequence[_Asked]) -> Truth:
        result = Truth.TRUE
        answers = self._answers
        for asked in branch:
            truth = (answers[asked] if asked in answers else self._answer(asked)).truth
            if truth is Truth.FALSE:
                return truth
            if truth is Truth.UNKNOWN:
                result = truth
        return result

    def _open_topics(self, branch: Sequence[_Asked]) -> Iterator[str]:
        for asked in branch:
            for episode in self._answer(asked).possible:
                yield from asked.open_topics(episode, self._today)

    def _answer(self, asked: _Asked) -> _Answer:
        if asked.verb not in self._by_verb:
            return _NOT_FOUND
        if asked not in self._answers:
            self._answers[asked] = self._looked_for(asked)
        return self._answers[asked]

    def _looked_for(self, asked: _Asked) -> _Answer:
        """Goes through the episodes; those found are in the order of their ids."""
        certain: list[Episode] = []
        possible: list[Episode] = []
        for episode in self._by_verb[asked.verb]:
            truth = asked.truth(episode, self._today)
            if truth is not Truth.FALSE:
                possible.append(episode)
                if truth is Truth.TRUE:
                    certain.append(episode)
        if not possible:
            return _NOT_FOUND
        return _Answer(Truth.TRUE if certain else Truth.UNKNOWN, certain, possible)
