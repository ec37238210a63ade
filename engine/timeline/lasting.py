"""How laboratory values keep over time: one `Sustained` episode for each analyte (clinical conventions 7.10).

A change is taken to last when two values that lie far enough apart show it and no value between them or after them
speaks against it. So the values from the latest one that is `sustained_apart` or more before the last, up to the last,
decide; both lie within `sustained_window` before the day of evaluation. Any earlier start would only add values, so if
some pair shows a change without a break, this pair does too.

What is not certain (a possible or preliminary value, a vague day) is in the result in each way it could be: it widens
the bounds of an episode that stands without it, or makes one that is possible only.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from spmwatch.engine.episodes import Lab, Span, Sustained
from spmwatch.engine.facts import Certainty, Standing
from spmwatch.engine.timeline.conventions import Conventions


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
    found = (_Series(values, earliest, conventions.sustained_apart) for _, values in sorted(by_analyte.items()))
    return [episode for series in found if (episode := series.episode()) is not None]


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two values that could be the first and the last."""

    first: Lab
    last: Lab


class _Series:
    """The values of one analyte that may lie within the window, from `earliest` on."""

    def __init__(self, values: Sequence[Lab], earliest: int, apart: int) -> None:
        self._apart, self._earliest = apart, earliest
        days = [lab.date.low for lab in values if _is_certain(lab) and lab.date.low >= earliest]
        self._last = max(days, default=None)
        self._first = None
        if self._last is not None:
            self._first = max((day for day in days if day <= self._last - apart), default=None)
        start = earliest if self._first is None else self._first
        self._inside = [lab for lab in values if lab.date.high >= start]

    def episode(self) -> Sustained | None:
        """What the values make together; None when no two of them can lie far enough apart."""
        if self._first is not None and self._last is not None and all(_is_certain(lab) for lab in self._inside):
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
        latest = max(pair.last.date.high for pair in pairs)
        starts = [max(pair.first.date.low, self._earliest) for pair in pairs]
        ends = [min(pair.first.date.high, pair.last.date.high - self._apart) for pair in pairs]
        return self._made(
            Standing.POSSIBLE if self._first is None else Standing.COUNTS,
            highest=Span(
                min(max(pair.first.value.low, pair.last.value.low) for pair in pairs),
                max(value.high for value in values),
            ),
            lowest=Span(
                min(value.low for value in values),
                max(min(pair.first.value.high, pair.last.value.high) for pair in pairs),
            ),
            first=Span(min(starts), max(ends)),
            last=Span(self._last or min(pair.last.date.low for pair in pairs), latest),
        )

    def _pairs(self) -> Iterator[_Pair]:
        """Every two values that could be the first and the last; a value twice on record counts as one way."""
        ways = {(lab.date.low, lab.date.high, lab.value.low, lab.value.high): lab for lab in self._inside}
        distinct = list(ways.values())
        lasts = [lab for lab in distinct if self._last is None or lab.date.high >= self._last]
        for last in lasts:
            for first in distinct:
                if last.date.high - max(first.date.low, self._earliest) >= self._apart and self._two(first, last):
                    yield _Pair(first, last)

    def _two(self, first: Lab, last: Lab) -> bool:
        """Are these two records? One vague record is not its own other; its twin on the same vague day is."""
        return first is not last or sum(lab.date == first.date and lab.value == first.value for lab in self._inside) > 1

    def _made(self, standing: Standing, *, highest: Span, lowest: Span, first: Span, last: Span) -> Sustained:
        low = any(lab.certainty is Certainty.LOW for lab in self._inside)
        return Sustained(
            id="",
            standing=standing,
            certainty=Certainty.LOW if low else Certainty.HIGH,
            sources=tuple(sorted({source for lab in self._inside for source in lab.sources})),
            analyte=self._inside[0].analyte,
            highest=highest,
            lowest=lowest,
            first=first,
            last=last,
        )


def _is_certain(lab: Lab) -> bool:
    """Does the value count, as final, on a known day?"""
    return lab.standing is Standing.COUNTS and lab.result_status == "final" and lab.date.exact
