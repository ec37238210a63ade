"""How laboratory values keep over time: one `Sustained` episode for each analyte (clinical conventions 7.10).

A change is taken to last when two values that lie far enough apart show it and no value between them or after them
speaks against it. So the values from the latest one that is `sustained_apart` or more before the last, up to the last,
decide; both lie within `sustained_window` before the day of evaluation. Any earlier start would only add values, so if
some pair shows a change without a break, this pair does too.

What is not certain (a possible or preliminary value, a vague day) is in the result in each way it could be: it widens
the bounds of an episode that stands without it, or makes one that is possible only. A value of which nothing is known
takes nothing from what the others show: with it there is a second episode, possible only.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from spmwatch.engine.episodes import UNBOUNDED, Lab, Span, Sustained
from spmwatch.engine.facts import Certainty, Standing
from spmwatch.engine.timeline.conventions import Conventions
from spmwatch.engine.timeline.transplants import in_order


def sustained_of(labs: Iterable[Lab], as_of: int, conventions: Conventions) -> list[Sustained]:
    """The lasting values of each analyte that has two values far enough apart, or may have; by analyte.

    Args:
        labs: all values, cut at the day of evaluation.
        as_of: the day of evaluation.
        conventions: how far apart, and how long ago at most.
    """
    by_analyte: defaultdict[str, list[Lab]] = defaultdict(list)
    earliest = as_of - conventions.sustained_window
    for lab in labs:
        if lab.date.high >= earliest:
            by_analyte[lab.analyte].append(lab)
    found: list[Sustained] = []
    for _, values in sorted(by_analyte.items()):
        told = [lab for lab in values if not _says_nothing(lab)]
        if len(told) > 1 and (episode := _Series(told, earliest, conventions.sustained_apart).episode()) is not None:
            found.append(episode)
        if 1 < len(values) > len(told):
            episode = _Series(values, earliest, conventions.sustained_apart).episode()
            found += [] if episode is None else [replace(episode, standing=Standing.POSSIBLE)]
    return found


def _says_nothing(lab: Lab) -> bool:
    """Is every value possible, as where a result could not be read?"""
    return lab.value.high == UNBOUNDED and lab.value.low == 0


@dataclass(frozen=True, slots=True)
class _Pair:
    """Days on which the first and the last value could lie.

    Attributes:
        floor: the highest of the two is at least so high.
        ceiling: the lowest of the two is at most so high.
    """

    first: Span
    last: Span
    floor: float
    ceiling: float


class _Series:
    """The values of one analyte that may lie within the window, from `earliest` on."""

    def __init__(self, values: Sequence[Lab], earliest: int, apart: int) -> None:
        self._apart, self._earliest = apart, earliest
        certain = [lab for lab in values if _is_certain(lab)]
        days = [lab.date.low for lab in certain if lab.date.low >= earliest]
        self._last = max(days, default=None)
        self._first = None
        if self._last is not None:
            self._first = max((day for day in days if day <= self._last - apart), default=None)
        start = earliest if self._first is None else self._first
        self._inside = [lab for lab in values if lab.date.high >= start]
        self._all_certain = len(certain) == len(values) or all(_is_certain(lab) for lab in self._inside)

    def episode(self) -> Sustained | None:
        """What the values make together; None when no two of them can lie far enough apart."""
        if self._first is not None and self._last is not None and self._all_certain:
            return self._certain(self._first, self._last)
        pairs = list(self._pairs())
        return self._uncertain(pairs) if pairs else None

    def _certain(self, first: float, last: float) -> Sustained:
        values = [lab.value for lab in self._inside]
        return self._made(
            Standing.COUNTS,
            highest=Span(max(value.low for value in values), max(value.high for value in values)),
            lowest=Span(min(value.low for value in values), min(value.high for value in values)),
            first=Span.exactly(first),
            last=Span.exactly(last),
        )

    def _uncertain(self, pairs: Sequence[_Pair]) -> Sustained:
        """Bounds that hold in each way the values could be: at least the first and the last are always there."""
        values = [lab.value for lab in self._inside]
        starts = [max(pair.first.low, self._earliest) for pair in pairs]
        ends = [min(pair.first.high, pair.last.high - self._apart) for pair in pairs]
        return self._made(
            Standing.POSSIBLE if self._first is None else Standing.COUNTS,
            highest=Span(min(pair.floor for pair in pairs), max(value.high for value in values)),
            lowest=Span(min(value.low for value in values), max(pair.ceiling for pair in pairs)),
            first=Span(min(starts), max(ends)),
            last=Span(self._last or min(pair.last.low for pair in pairs), max(pair.last.high for pair in pairs)),
        )

    def _pairs(self) -> Iterator[_Pair]:
        """Every two days, known or vague, on which the first and the last value could lie."""
        groups: defaultdict[tuple[float, float], list[Span]] = defaultdict(list)
        for lab in self._inside:
            groups[lab.date.low, lab.date.high].append(lab.value)
        days = [
            (Span(*when), sorted(v.low for v in told), sorted(v.high for v in told)) for when, told in groups.items()
        ]
        for last, last_lows, last_highs in days:
            if self._last is not None and last.high < self._last:
                continue
            for first, lows, highs in days:
                if last.high - max(first.low, self._earliest) < self._apart:
                    continue
                if first != last:
                    yield _Pair(first, last, max(lows[0], last_lows[0]), min(highs[-1], last_highs[-1]))
                elif len(lows) > 1:  # two records of one vague time; a single one is not its own other
                    yield _Pair(first, last, lows[1], highs[-2])

    def _made(self, standing: Standing, *, highest: Span, lowest: Span, first: Span, last: Span) -> Sustained:
        low = any(lab.certainty is Certainty.LOW for lab in self._inside)
        return Sustained(
            id="",
            standing=standing,
            certainty=Certainty.LOW if low else Certainty.HIGH,
            sources=in_order([source for lab in self._inside for source in lab.sources]),
            analyte=self._inside[0].analyte,
            highest=highest,
            lowest=lowest,
            first=first,
            last=last,
        )


def _is_certain(lab: Lab) -> bool:
    """Does the value count, as final, on a known day?"""
    return lab.standing is Standing.COUNTS and lab.result_status == "final" and lab.date.exact
