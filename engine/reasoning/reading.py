"""How the plain reader takes single tests, and which conditions have to be looked at together."""

from __future__ import annotations

from collections.abc import Sequence

from spmwatch.engine.catalogue.conditions import TODAY, Branch, SpanTest, Unless, WordTest
from spmwatch.engine.episodes import UNKNOWN, Episode, Span
from spmwatch.engine.facts import Standing
from spmwatch.engine.truth import Truth

WANTED = {True: (Truth.TRUE,), False: (Truth.TRUE, Truth.UNKNOWN)}
"""What a test may come to in the certain and in the possible reading."""


def alone(test: SpanTest) -> bool:
    """Does the test compare with no other episode?"""
    return test.anchor in (None, TODAY)


Parts = Sequence[tuple[Branch, tuple[Unless, ...]]]

_MOST_REMEMBERED = 10_000
"""Branches whose parts are kept; the shipped rules and checks have far fewer."""

_taken_apart: dict[tuple[int, int], tuple[Branch, Sequence[Unless], Parts]] = {}
"""By identity, which is quicker told than equality; branch and negatives are kept with it, so that it stays theirs."""


def parts(branch: Branch, unless: Sequence[Unless]) -> Parts:
    """The branch in parts that are compared with each other in no test, each with the negatives that belong to it.

    A binding of the whole is one binding of each part, so what can be said of parts is never looked for in the product
    of all. A negative that compares with nothing is a part of its own. Worked out once for each branch of a rule.
    """
    key = id(branch), id(unless)
    known = _taken_apart.get(key)
    if known is None:
        if len(_taken_apart) >= _MOST_REMEMBERED:
            _taken_apart.clear()
        known = _taken_apart[key] = branch, unless, _parts(branch, unless)
    return known[2]


def _parts(branch: Branch, unless: Sequence[Unless]) -> Parts:
    groups: list[set[str]] = []
    negatives = [(item, {str(t.anchor) for t in item.condition.spans if not alone(t)}) for item in unless]
    linked = [{c.name, *(str(t.anchor) for t in c.spans if not alone(t))} for c in branch.conditions]
    for names in (*linked, *(anchors for _, anchors in negatives if anchors)):
        touching = [group for group in groups if group & names]
        groups = [group for group in groups if not group & names] + [set().union(names, *touching)]
    result = tuple(
        (
            Branch(tuple(condition for condition in branch.conditions if condition.name in group)),
            tuple(item for item, anchors in negatives if anchors & group),
        )
        for group in groups
    )
    free = tuple(item for item, anchors in negatives if not anchors)
    return (*result, (Branch(()), free)) if free else result


def standing_truth(episode: Episode) -> Truth:
    """TRUE for an episode that counts, UNKNOWN for one that may be."""
    return Truth.TRUE if episode.standing is Standing.COUNTS else Truth.UNKNOWN


def word_truth(test: WordTest, episode: Episode) -> Truth:
    """Is the word among those asked for? An unknown word could be any of them."""
    value = getattr(episode, test.field)
    if value in test.values:
        return Truth.TRUE
    return Truth.UNKNOWN if value == UNKNOWN else Truth.FALSE


def compare(span: Span, comparison: str, limit: Span) -> Truth:
    """Compare two numbers known to lie within spans: TRUE or FALSE only when every value would agree."""
    if comparison == ">=":
        certain, possible = span.low >= limit.high, span.high >= limit.low
    elif comparison == ">":
        certain, possible = span.low > limit.high, span.high > limit.low
    elif comparison == "<=":
        certain, possible = span.high <= limit.low, span.low <= limit.high
    elif comparison == "<":
        certain, possible = span.high < limit.low, span.low < limit.high
    else:
        raise ValueError(f"unknown comparison {comparison!r}")
    if certain:
        return Truth.TRUE
    return Truth.UNKNOWN if possible else Truth.FALSE
