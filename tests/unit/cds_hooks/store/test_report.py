"""What clinicians did with cards, counted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time

import pytest

from spmwatch.cds_hooks.store.decision import TRY_IT, Decision, Feedback
from spmwatch.cds_hooks.store.memory import StoredMemory
from spmwatch.cds_hooks.store.opening import Store
from spmwatch.cds_hooks.store.report import NO_REASON, Period, Tally, feedback_report
from tests.support.decisions import card_of, decision, uuid_of
from tests.support.stores import Clock, memory_in, opened, settings_for

WHY = ("urn:x", "because")


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    with opened(settings_for(store_url)) as one:
        yield one


@pytest.fixture
def memory(store: Store) -> Iterator[StoredMemory]:
    one = memory_in(store, Clock())
    yield one
    one.close()


def shown(memory: StoredMemory, on: date, client: str = "north", *, seen: bool = True) -> Decision:
    made = decision(on=on, client=client, shown=seen)
    memory.record(made)
    memory.flush()
    return made


def answered(made: Decision, rule: str, outcome: str, *reasons: tuple[str, str]) -> Feedback:
    return Feedback(
        card=uuid_of(made, rule),
        outcome=outcome,
        at=datetime.combine(made.as_of, time(12), UTC),
        reason=reasons[0] if reasons else None,
        further_reasons=reasons[1:],
    )


def tally(shown: int = 0, accepted: int = 0, overridden: int = 0) -> Tally:
    return Tally(accepted=accepted, overridden=overridden, not_answered=shown - accepted - overridden)


def test_counts_by_rule_client_time_and_reason(store: Store, memory: StoredMemory) -> None:
    november, january = shown(memory, date(2025, 11, 30)), shown(memory, date(2026, 1, 15), "south")
    each = len(january.cards)
    assert len(november.cards) == each
    memory.take("north", "s", [answered(november, "SPM-05", "overridden", WHY, ("urn:y", "also"))])
    memory.take("south", "s", [answered(january, "SPM-05", "overridden"), answered(january, "SPM-02", "accepted")])
    report = feedback_report(store.engine)
    assert report.total == tally(2 * each, 1, 2)
    assert report.rules["SPM-05"] == tally(2, 0, 2)
    assert report.rules["SPM-02"] == tally(2, 1, 0)
    assert report.clients == {"north": tally(each, 0, 1), "south": tally(each, 1, 1)}
    assert report.periods == {
        date(2025, 11, 1): tally(each, 0, 1),
        date(2025, 12, 1): tally(),
        date(2026, 1, 1): tally(each, 1, 1),
    }
    assert report.reasons == {"SPM-05": {WHY: 1, ("urn:y", "also"): 1, NO_REASON: 1}}
    cells = {cell for cell in report.cells if cell.rule == "SPM-05"}
    assert {(cell.period, cell.client, cell.reason) for cell in cells} == {
        (date(2025, 11, 1), "north", WHY),
        (date(2025, 11, 1), "north", ("urn:y", "also")),
        (date(2026, 1, 1), "south", NO_REASON),
    }


def test_days_at_both_ends_count(store: Store, memory: StoredMemory) -> None:
    made = shown(memory, date(2026, 1, 15))
    each = len(made.cards)
    days = [(date(2026, 1, 15), date(2026, 1, 15), each), (date(2026, 1, 16), None, 0), (None, date(2026, 1, 14), 0)]
    for since, until, cards in days:
        assert feedback_report(store.engine, since=since, until=until).total.shown == cards


def test_weeks_begin_on_monday(store: Store, memory: StoredMemory) -> None:
    for day in (date(2026, 1, 11), date(2026, 1, 12)):  # Sunday, Monday
        shown(memory, day)
    periods = feedback_report(store.engine, by=Period.WEEK).periods
    assert list(periods) == [date(2026, 1, 5), date(2026, 1, 12)]


def test_a_card_answered_twice_counts_once(store: Store, memory: StoredMemory) -> None:
    """C134: accepted where any feedback says so."""
    made = shown(memory, date(2026, 1, 15))
    memory.take("north", "s", [answered(made, "SPM-05", "overridden", WHY), answered(made, "SPM-05", "accepted")])
    report = feedback_report(store.engine)
    assert report.rules["SPM-05"] == tally(1, 1, 0)
    assert report.reasons == {}


def test_what_nobody_saw_and_what_nobody_knows(store: Store, memory: StoredMemory) -> None:
    hidden, seen = shown(memory, date(2026, 1, 15), "north", seen=False), shown(memory, date(2026, 1, 15), "north")
    memory.take("north", "s", [answered(hidden, "SPM-05", "overridden")])
    memory.take("south", "s", [answered(seen, "SPM-05", "overridden")])
    report = feedback_report(store.engine)
    assert report.total == tally(len(seen.cards))
    assert report.silent == len(hidden.cards)
    assert report.strangers == 1


def test_suggested_checks(store: Store, memory: StoredMemory) -> None:
    made = shown(memory, date(2026, 1, 15))
    rule = next(one.advice.rule for one in made.merged.cards if one.suggested) if made.merged else ""
    suggestions = card_of(made, rule)["suggestions"]
    assert isinstance(suggestions, list)
    first = str(suggestions[0]["uuid"])
    accepted = answered(made, rule, "accepted")
    memory.take("north", "s", [Feedback(card=accepted.card, outcome="accepted", at=accepted.at, suggestions=(first,))])
    checks = feedback_report(store.engine).checks
    assert len(checks) > 1
    assert sum(one.accepted for one in checks.values()) == 1
    assert {one.offered for one in checks.values()} == {1}


def test_rates() -> None:
    assert Tally().override_rate is None
    assert Tally(not_answered=5).override_rate is None
    assert Tally(accepted=1, overridden=3, not_answered=96).override_rate == 0.75
    assert Tally(accepted=1, overridden=3, not_answered=96).shown == 100


def test_the_try_it_page_counts_only_when_it_is_asked_for(store: Store, memory: StoredMemory) -> None:
    tried, seen = shown(memory, date(2026, 1, 15), TRY_IT), shown(memory, date(2026, 1, 15))
    memory.take(TRY_IT, "s", [answered(tried, "SPM-05", "overridden"), answered(seen, "SPM-02", "overridden")])
    report = feedback_report(store.engine)
    assert report.clients == {"north": tally(len(seen.cards))}
    assert report.total == tally(len(seen.cards))
    assert (report.tried_out, report.strangers) == (len(tried.cards), 0)
    alone = feedback_report(store.engine, client=TRY_IT)
    assert alone.clients == {TRY_IT: tally(len(tried.cards), 0, 1)}
    assert (alone.tried_out, alone.strangers) == (0, 1)
