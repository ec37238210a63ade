"""Decisions are written behind the service's back, whatever happens to the store; nothing of the patient is in them."""

from __future__ import annotations

import logging
import re
import threading
import zlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import orjson
import pytest
from sqlalchemy import func, select, text

from spmwatch.cds_hooks.store.decision import Answer, Feedback
from spmwatch.cds_hooks.store.decisions import decisions
from spmwatch.cds_hooks.store.deleting import forget, purge
from spmwatch.cds_hooks.store.memory import PURGE_EACH, REST, StoredMemory
from spmwatch.cds_hooks.store.opening import Store
from spmwatch.cds_hooks.store.tables import CARD, DECISION, FEEDBACK, METADATA, REQUEST
from spmwatch.cds_hooks.store.waiting import Counts, Waiting
from tests.support.decisions import decision, request_body, uuid_of
from tests.support.stores import NOON, Clock, memory_in, opened, settings_for, sqlite_url


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    with opened(settings_for(store_url, keep_requests=True)) as one:
        yield one


@pytest.fixture
def memory(store: Store, clock: Clock) -> Iterator[StoredMemory]:
    one = memory_in(store, clock)
    yield one
    one.close()


def count(store: Store, name: str) -> int:
    with store.engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(METADATA.tables[name])).scalar() or 0


def overridden(card: str) -> Feedback:
    return Feedback(card=card, outcome="overridden", at=NOON)


def test_a_decision_is_kept_whole(store: Store, memory: StoredMemory) -> None:
    made = decision()
    memory.record(made)
    memory.flush()
    kept = decisions(store.engine)[0]
    assert kept.correlation == made.id
    assert kept.at == made.at
    assert (kept.client, kept.hook, kept.as_of, kept.status) == ("north", "patient-view", made.as_of, 200)
    assert kept.hook_instance == made.hook_instance
    assert kept.seconds["parse"] == 0.001
    assert kept.outcome["tier"] == made.recommendation.tier
    findings = kept.outcome["findings"]
    assert isinstance(findings, list)
    assert [one["rule"] for one in findings] == [one.rule for one in made.recommendation.findings]
    truths = kept.outcome["truths"]
    assert isinstance(truths, dict)
    assert sum(len(rules) for rules in truths.values()) == len(made.recommendation.truths)
    assert count(store, "card") == len(made.cards)


def test_by_any_of_its_ids(store: Store, memory: StoredMemory) -> None:
    made = decision()
    memory.record(made)
    memory.record(decision())
    memory.flush()
    for id_ in (made.id, made.id[:8], made.hook_instance.upper()):
        assert [one.correlation for one in decisions(store.engine, id_=id_)] == [made.id]
    assert decisions(store.engine, id_="%") == []
    assert decisions(store.engine, id_=made.id[:4]) == []


def texts_of(body: bytes) -> set[str]:
    """What identifies the patient in a request: ids of all resources, names, days."""
    values = set(re.findall(rb'"(?:id|family|birthDate|reference|fullUrl|patientId)":"([^"]+)"', body))
    return {value.decode() for value in values}


def test_nothing_of_the_patient_is_in_the_tables(store_url: str, clock: Clock) -> None:
    body = request_body()
    with opened(settings_for(store_url)) as store:
        memory = memory_in(store, clock)
        made = decision(body)
        memory.record(made)
        memory.take("north", "s", [Feedback(card=uuid_of(made, "SPM-05"), outcome="accepted", at=NOON, comment="Jane")])
        memory.close()
        with store.engine.connect() as connection:
            everything = repr([connection.execute(select(table)).all() for table in METADATA.sorted_tables])
    found = texts_of(body)
    assert "synthetic-p01" in found
    assert [text for text in found | {"Jane", "2020-11"} if text in everything] == []
    assert "SPM-05" in everything


def test_a_request_is_kept_without_its_token(store: Store, memory: StoredMemory) -> None:
    token = {"access_token": "s3cret", "token_type": "Bearer", "expires_in": 300, "scope": "x", "subject": "y"}
    body = request_body(fhirServer="https://fhir.example.org", fhirAuthorization=token)
    memory.record(decision(body))
    memory.flush()
    with store.engine.connect() as connection:
        kept = zlib.decompress(connection.execute(select(REQUEST.c.body)).scalar_one())
    assert b"s3cret" not in kept
    wanted = orjson.loads(body)
    del wanted["fhirAuthorization"]
    assert orjson.loads(kept) == wanted


def test_requests_are_not_kept_unless_asked(store_url: str, clock: Clock) -> None:
    with opened(settings_for(store_url)) as store:
        memory = memory_in(store, clock)
        memory.record(decision())
        memory.close()
        assert (count(store, "decision"), count(store, "request")) == (1, 0)


def test_without_the_log_cards_are_still_known(store_url: str, clock: Clock) -> None:
    with opened(settings_for(store_url, decisions=False, keep_requests=True)) as store:
        memory = memory_in(store, clock)
        made = decision()
        memory.record(made)
        memory.take("north", "s", [overridden(uuid_of(made, "SPM-05"))])
        memory.flush()
        assert (count(store, "decision"), count(store, "request")) == (0, 0)
        assert memory.acknowledged(memory.pseudonym("north", "synthetic-p01"))
        memory.close()


def test_close_writes_what_waits(store: Store, clock: Clock) -> None:
    memory = memory_in(store, clock)
    for _ in range(20):
        memory.record(decision())
    memory.close()
    assert count(store, "decision") == 20
    assert memory.counts == Counts(written=20)
    memory.record(decision())  # too late: counted, not raised
    assert memory.counts.lost == 1


def test_several_workers_write_one_store(store_url: str, clock: Clock) -> None:
    made = [decision(keeps=False) for _ in range(10)]
    settings = settings_for(store_url)
    with opened(settings):
        pass

    def work() -> None:
        with opened(settings) as store:
            memory = memory_in(store, clock)
            for number, one in enumerate(made):
                memory.record(decision(keeps=False))
                memory.take("north", "s", [overridden(f"{threading.get_ident()}-{number}"), overridden(one.id)])
            memory.close()
            assert memory.counts == Counts(written=10)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with opened(settings) as store:
        assert count(store, "decision") == 30
        assert count(store, "feedback") == 40


def test_a_failing_store_holds_nobody_up(
    store: Store, memory: StoredMemory, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What waits is written once the store is back."""
    monkeypatch.setattr(Waiting, "PAUSES", (0.01,))
    with store.engine.begin() as connection:
        connection.execute(text("ALTER TABLE decision RENAME TO away"))
    failing = Waiting._tried
    tried = threading.Event()

    def told(self: Waiting[object], batch: list[object]) -> bool:
        done = failing(self, batch)
        if batch:
            tried.set()
        return done

    monkeypatch.setattr(Waiting, "_tried", told)
    with caplog.at_level(logging.ERROR):
        memory.record(decision())
        assert tried.wait(10)
    assert "p01" not in caplog.text
    assert memory.counts.failed_writes
    with store.engine.begin() as connection:
        connection.execute(text("ALTER TABLE away RENAME TO decision"))
    memory.flush()
    assert (memory.counts.written, memory.counts.unfit) == (1, 0)


def test_a_decision_that_cannot_be_kept_costs_no_other(store: Store, memory: StoredMemory) -> None:
    twice = decision()
    memory.record(twice)
    memory.flush()
    memory.record(twice)  # the same cards again: refused by the tables
    memory.record(decision())
    memory.flush()
    assert memory.counts.unfit == 1
    assert count(store, "decision") == 2


class Stuck:
    """Something to write to that does not answer until it is let go."""

    def __init__(self) -> None:
        self.go, self.written = threading.Event(), list[int]()

    def write(self, batch: object) -> None:
        assert isinstance(batch, list)
        self.go.wait(10)
        self.written += batch


def test_what_finds_no_room_is_counted_and_gone(caplog: pytest.LogCaptureFixture) -> None:
    stuck, counts = Stuck(), Counts()
    waiting = Waiting[int](stuck.write, most=5, counts=counts)
    with caplog.at_level(logging.ERROR):
        for number in range(12):
            waiting.put(number)
    assert counts.lost == 7
    assert len(caplog.records) == 1
    stuck.go.set()
    waiting.close()
    assert stuck.written == [0, 1, 2, 3, 4]


def test_a_purge_that_fails_costs_no_decision() -> None:
    stuck, counts = Stuck(), Counts()
    stuck.go.set()

    def fails() -> None:
        raise OSError

    waiting = Waiting[int](stuck.write, most=5, counts=counts, idle=fails)
    waiting.put(1)
    waiting.flush()
    waiting.close()
    assert stuck.written == [1]
    assert (counts.written, counts.lost) == (1, 0)
    assert counts.failed_writes


def test_a_store_that_fails_to_read_is_left_alone_for_a_while(store: Store, memory: StoredMemory, clock: Clock) -> None:
    with store.engine.begin() as connection:
        connection.execute(text("ALTER TABLE feedback RENAME TO away"))
    assert memory.acknowledged("p") == ()
    with store.engine.begin() as connection:
        connection.execute(text("ALTER TABLE away RENAME TO feedback"))
    assert memory.acknowledged("p") == ()  # not asked
    assert memory.counts.failed_reads == 2
    clock.ticks += REST
    assert memory.acknowledged("p") == []
    assert memory.counts.failed_reads == 2


def test_what_is_new_is_told_once(memory: StoredMemory) -> None:
    made = decision()
    memory.record(made)
    memory.flush()
    one = Feedback(card=uuid_of(made, "SPM-05"), outcome="overridden", at=NOON, reason=("s", "c"))
    told = memory.take("north", "s", [one, overridden("unknown")])
    assert [(answer.rule, answer.outcome, answer.reason) for answer in told] == [("SPM-05", "overridden", "c")]
    assert memory.take("north", "s", [one]) == []
    assert memory.take("elsewhere", "s", [one]) == []


def test_feedback_that_overtakes_its_card_is_told_once_when_the_card_is_written(store: Store, clock: Clock) -> None:
    """C135: cards are written behind the answers' back, and an EHR may be faster."""
    heard: list[Answer] = []
    memory = memory_in(store, clock, late=heard.append)
    made, hidden = decision(), decision(shown=False)
    given = [
        Feedback(card=uuid_of(one, "SPM-05"), outcome="overridden", at=NOON, reason=("s", "c"))
        for one in (made, hidden)
    ]
    assert memory.take("north", "s", given) == []
    assert memory.take("elsewhere", "s", given) == []
    for one in (made, hidden, decision()):
        memory.record(one)
    memory.flush()
    assert heard == [Answer(rule="SPM-05", outcome="overridden", reason="c")]
    assert memory.take("north", "s", given) == []
    memory.close()
    assert len(heard) == 1


def test_what_was_acknowledged_is_found_whichever_was_written_first(store: Store, memory: StoredMemory) -> None:
    """C135, and whatever else the patient was shown: only cards with feedback are looked at."""
    early, late = decision(), decision()
    memory.take("north", "s", [overridden(uuid_of(early, "SPM-05"))])
    for one in (early, late):
        memory.record(one)
    memory.flush()
    pseudonym = memory.pseudonym("north", early.recommendation.patient)
    (first,) = memory.acknowledged(pseudonym)
    assert first.rule == "SPM-05"
    memory.take("north", "s", [overridden(uuid_of(late, "SPM-05"))])
    assert [one.rule for one in memory.acknowledged(pseudonym)] == ["SPM-05", "SPM-05"]
    with store.engine.connect() as connection:
        assert set(connection.execute(select(FEEDBACK.c.pseudonym)).scalars()) == {pseudonym}


def test_feedback_of_another_client_is_tied_to_nobody(store: Store, memory: StoredMemory) -> None:
    """Each client's cards are its own."""
    made = decision()
    memory.take("elsewhere", "s", [overridden(uuid_of(made, "SPM-05"))])
    memory.record(made)
    memory.flush()
    assert memory.acknowledged(memory.pseudonym("north", made.recommendation.patient)) == []
    with store.engine.connect() as connection:
        assert connection.execute(select(FEEDBACK.c.pseudonym)).scalars().all() == [None]


# -- deleted --------------------------------------------------------------------------------------------------------


def test_old_rows_go_each_in_its_time(store: Store, memory: StoredMemory, clock: Clock) -> None:
    memory.record(decision())
    memory.take("north", "s", [overridden("c")])
    memory.flush()
    settings = store.settings

    def left(days: int) -> list[int]:
        purge(store.engine, settings, clock.now() + timedelta(days=days), quiet_days=90)
        return [count(store, name) for name in ("request", "decision", "card", "feedback")]

    cards = count(store, "card")
    assert left(settings.requests_days - 1) == [1, 1, cards, 1]
    assert left(settings.requests_days + 1) == [0, 1, cards, 1]
    assert left(settings.decisions_days + 1) == [0, 0, cards, 1]
    assert left(settings.cards_days + 1) == [0, 0, 0, 0]


def test_cards_are_kept_while_they_may_be_quiet(store_url: str, clock: Clock) -> None:
    with opened(settings_for(store_url, cards_days=1)) as store:
        memory = memory_in(store, clock)
        memory.record(decision())
        memory.close()
        purge(store.engine, store.settings, clock.now() + timedelta(days=90), quiet_days=90)
        assert count(store, "card")


def test_a_running_service_deletes_once_a_day(store: Store, memory: StoredMemory, clock: Clock) -> None:
    memory.record(decision())
    memory.flush()
    assert count(store, "request") == 1
    clock.moment += timedelta(days=store.settings.requests_days) + PURGE_EACH
    memory.record(decision(on=clock.moment.date()))
    memory.flush()
    memory.close()
    assert count(store, "request") == 1
    assert count(store, "decision") == 2


def test_a_patient_is_forgotten_and_others_are_not(store: Store, memory: StoredMemory) -> None:
    made, other, elsewhere = decision(), decision(request_body("order-sign-epic")), decision(client="south")
    for one in (made, other, elsewhere):
        memory.record(one)
    memory.flush()
    memory.take("north", "s", [overridden(str(card["uuid"])) for one in (made, other) for card in one.cards])
    memory.take("south", "s", [overridden(str(card["uuid"])) for card in (*elsewhere.cards, *made.cards)])
    counts = forget(store.engine, memory.pseudonym("north", made.recommendation.patient))
    assert counts == {"request": 1, "feedback": len(made.cards), "card": len(made.cards), "decision": 1}
    with store.engine.connect() as connection:
        assert set(connection.execute(select(DECISION.c.correlation)).scalars()) == {other.id, elsewhere.id}
        assert set(connection.execute(select(CARD.c.client)).scalars()) == {"north", "south"}
    assert forget(store.engine, memory.pseudonym("north", made.recommendation.patient))["card"] == 0


def test_what_is_forgotten_is_not_on_the_disk(tmp_path: Path, clock: Clock) -> None:
    with opened(settings_for(sqlite_url(tmp_path))) as store:
        memory = memory_in(store, clock)
        made = decision()
        memory.record(made)
        memory.flush()
        forget(store.engine, memory.pseudonym("north", made.recommendation.patient))
        memory.close()
    pseudonym = store.key.pseudonym("north", made.recommendation.patient).encode()
    content = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert pseudonym not in content
