"""Lasting laboratory values: which two counts decide, and what doubtful data leave open (clinical conventions 7.10)."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spmwatch.engine.dates import DateRange
from spmwatch.engine.episodes import Span, Sustained
from spmwatch.engine.facts import Certainty, LabValue, Source, Standing
from tests.unit.engine.timeline_records import AS_OF, conventions, days, only, timeline

WINDOW, APART = conventions().sustained_window, conventions().sustained_apart
POSSIBLE = Standing.POSSIBLE


def value(number: float, ago: int | str, **more: object) -> LabValue:
    """Platelets so many days ago, or on a day as it is written."""
    when = days(ago if isinstance(ago, str) else (AS_OF - timedelta(days=ago)).isoformat())
    more.setdefault("sources", (Source(reference=f"Observation/{number}-{ago}"),))
    return LabValue(analyte="platelets", value=number, unit="10*9/L", date=when, **more)  # type: ignore[arg-type]


def lasting(*facts: LabValue) -> Sustained | None:
    """The lasting value that they make."""
    found = only(timeline(*facts), Sustained)
    assert len(found) <= 1
    return found[0] if found else None


def certain(*facts: LabValue) -> tuple[float, float]:
    """Lowest and highest, both known."""
    found = lasting(*facts)
    assert found is not None
    assert (found.standing, found.lowest.exact, found.highest.exact) == (Standing.COUNTS, True, True)
    return found.lowest.low, found.highest.low


def test_two_values_28_days_apart_make_one_27_do_not() -> None:
    assert certain(value(80, 28), value(90, 0)) == (80, 90)
    assert lasting(value(80, 27), value(90, 0)) is None


def test_the_first_lies_at_most_120_days_back() -> None:
    assert certain(value(80, 120), value(90, 92)) == (80, 90)
    assert lasting(value(80, 121), value(90, 92)) is None


def test_a_result_that_could_not_be_read_leaves_what_others_show_and_may_show_more() -> None:
    unread = value(0, 5, comparator=">=", standing=POSSIBLE)
    shown, possible = only(timeline(value(80, 40), unread, value(90, 0)), Sustained)
    assert (shown.standing, shown.highest) == (Standing.COUNTS, Span.exactly(90))
    assert (possible.standing, possible.highest.low) == (POSSIBLE, 90)
    (possible,) = only(timeline(value(80, 40), unread), Sustained)
    assert (possible.standing, possible.lowest.low) == (POSSIBLE, 0)


def test_one_value_says_nothing_of_time() -> None:
    assert lasting(value(80, 60)) is None
    assert lasting(value(80, 60), value(90, 60)) is None


def test_all_values_between_count_and_those_before_do_not() -> None:
    assert certain(value(300, 100), value(80, 60), value(150, 40), value(70, 5)) == (70, 150)


def test_all_values_of_the_first_and_of_the_last_day_count() -> None:
    assert certain(value(80, 60), value(200, 60), value(70, 5), value(300, 5)) == (70, 300)


def test_the_latest_start_that_is_far_enough_back_is_taken() -> None:
    found = lasting(value(300, 70), value(80, 40), value(82, 33), value(79, 5))
    assert found is not None
    assert (found.first, found.last) == (Span.exactly(ordinal(33)), Span.exactly(ordinal(5)))


def ordinal(ago: int) -> int:
    return AS_OF.toordinal() - ago


def test_each_analyte_stands_alone() -> None:
    anc = LabValue(analyte="anc", value=1, unit="10*9/L", date=days("2026-01-10"))
    assert lasting(value(80, 60), anc) is None


def test_a_comparator_leaves_the_number_open() -> None:
    found = lasting(value(80, 60), value(100, 5, comparator="<"))
    assert found is not None
    assert found.highest.low == 80
    assert 99 < found.highest.high < 100


@pytest.mark.parametrize("doubt", [{"standing": POSSIBLE}, {"preliminary": True}])
def test_a_doubtful_value_never_makes_a_certain_one(doubt: dict[str, object]) -> None:
    found = lasting(value(80, 60), value(90, 5, **doubt))
    assert found is not None
    assert (found.standing, found.lowest, found.highest) == (POSSIBLE, Span(80, 80), Span(90, 90))


@pytest.mark.parametrize("doubt", [{"standing": POSSIBLE}, {"preliminary": True}])
def test_a_doubtful_normal_value_between_leaves_the_change_open(doubt: dict[str, object]) -> None:
    found = lasting(value(80, 60), value(250, 20, **doubt), value(90, 5))
    assert found is not None
    assert (found.standing, found.highest) == (Standing.COUNTS, Span(90, 250))


def test_a_doubtful_value_that_agrees_leaves_it_certain() -> None:
    found = lasting(value(80, 60), value(85, 20, standing=POSSIBLE), value(90, 5))
    assert found is not None
    assert (found.standing, found.highest.high) == (Standing.COUNTS, 90)


def test_a_normal_value_without_a_day_may_lie_between() -> None:
    undated = LabValue(analyte="platelets", value=250, unit="10*9/L", date=None)
    found = lasting(value(80, 60), undated, value(90, 5))
    assert found is not None
    assert found.highest.low <= 90 < 250 <= found.highest.high


def test_one_vague_value_is_not_two() -> None:
    vague = value(80, "2025")
    assert lasting(vague) is None
    assert lasting(vague, value(80, "2025", sources=(Source(reference="Observation/other"),))) is not None


def test_what_was_recognised_by_words_is_said_to_be() -> None:
    found = lasting(value(80, 60), value(90, 5, certainty=Certainty.LOW))
    assert found is not None
    assert found.certainty is Certainty.LOW


def test_every_source_is_named() -> None:
    found = lasting(value(300, 100), value(80, 60), value(90, 5))
    assert found is not None
    assert {source.reference for source in found.sources} == {"Observation/80-60", "Observation/90-5"}


# -- against every way in which doubtful values could be ---------------------------------------------------------------


@dataclass(frozen=True)
class Kept:
    """What one possible world holds."""

    first: int
    last: int
    lowest: float
    highest: float


def worlds(facts: Sequence[LabValue]) -> Iterator[list[tuple[int, float]]]:
    """Each way the record could be: every possible value there or not, every vague day."""
    choices: list[list[tuple[int, float] | None]] = []
    for fact in facts:
        assert fact.date is not None
        assert fact.date.earliest is not None
        assert fact.date.latest is not None
        span = range(fact.date.earliest.toordinal(), min(fact.date.latest.toordinal(), AS_OF.toordinal()) + 1)
        options: list[tuple[int, float] | None] = [(day, fact.value) for day in span]
        choices.append([*options, None] if fact.standing is POSSIBLE or fact.preliminary else options)
    for world in itertools.product(*choices):
        yield [item for item in world if item is not None]


def kept(world: Sequence[tuple[int, float]]) -> Kept | None:
    """The definition, word for word, where everything is known."""
    if not world:
        return None
    last = max(day for day, _ in world)
    firsts = [day for day, _ in world if day <= last - APART and day >= AS_OF.toordinal() - WINDOW]
    if not firsts:
        return None
    inside = [number for day, number in world if day >= max(firsts)]
    return Kept(max(firsts), last, min(inside), max(inside))


@st.composite
def doubtful_values(draw: st.DrawFn) -> LabValue:
    ago = draw(st.sampled_from((0, 1, 2, 26, 28, 29, 30, 56, 58, 60, 90, 92, 118, 120, 121, 124)))
    width = draw(st.sampled_from((0, 0, 0, 1, 3)))
    latest = AS_OF - timedelta(days=ago)
    return LabValue(
        analyte="platelets",
        value=draw(st.sampled_from((50.0, 80.0, 99.0, 100.0, 250.0))),
        unit="10*9/L",
        date=DateRange(latest - timedelta(days=width), latest),
        standing=draw(st.sampled_from((Standing.COUNTS, Standing.COUNTS, POSSIBLE))),
        preliminary=draw(st.sampled_from((False, False, True))),
        sources=(Source(reference=f"Observation/{draw(st.integers(0, 99))}"),),
    )


@settings(max_examples=300, deadline=None)
@given(st.lists(doubtful_values(), min_size=1, max_size=4))
def test_every_way_it_could_be_lies_within_the_bounds(facts: list[LabValue]) -> None:
    found = lasting(*facts)
    ways = [kept(world) for world in worlds(facts)]
    if found is None:
        assert not any(ways)
        return
    if found.standing is Standing.COUNTS:
        assert all(ways)
    for way in filter(None, ways):
        for field in ("first", "last", "lowest", "highest"):
            span = getattr(found, field)
            assert span.low <= getattr(way, field) <= span.high, field


@settings(max_examples=200, deadline=None)
@given(st.lists(doubtful_values(), max_size=5), st.randoms(use_true_random=False))
def test_the_order_of_values_never_shows(facts: list[LabValue], random_: object) -> None:
    shuffled = list(facts)
    random_.shuffle(shuffled)  # type: ignore[attr-defined]
    assert lasting(*facts) == lasting(*shuffled)


@settings(max_examples=200, deadline=None)
@given(st.lists(doubtful_values().map(lambda fact: fact), max_size=5))
def test_known_values_give_known_numbers(facts: list[LabValue]) -> None:
    known = [fact for fact in facts if fact.date is not None and fact.date.exact]
    known = [fact for fact in known if fact.standing is Standing.COUNTS and not fact.preliminary]
    (world,) = worlds(known)
    way, found = kept(world), lasting(*known)
    assert (found is None) == (way is None)
    if found is not None and way is not None:
        assert found.standing is Standing.COUNTS
        assert (found.first, found.last) == (Span.exactly(way.first), Span.exactly(way.last))
        assert (found.lowest, found.highest) == (Span.exactly(way.lowest), Span.exactly(way.highest))
