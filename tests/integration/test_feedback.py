"""Feedback over real HTTP: what clinicians did with cards, and what stays quiet after it (C130-C138).

Every test runs on SQLite and on PostgreSQL.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from sqlalchemy import delete, func, select

from spmwatch.cds_hooks.server.app import create_app
from spmwatch.cds_hooks.server.service import Rules, Service
from spmwatch.cds_hooks.server.watch import Unwatched
from spmwatch.cds_hooks.store.memory import StoredMemory
from spmwatch.cds_hooks.store.opening import Store, open_store
from spmwatch.cds_hooks.store.tables import CARD, FEEDBACK
from spmwatch.cds_hooks.trust.client import Client
from spmwatch.cds_hooks.wire.feedback import LONGEST_COMMENT, MOST_ENTRIES
from spmwatch.engine.catalogue.load import load_rule_base
from tests.support.serving import serving
from tests.support.stores import Clock, database_of, memory_in, settings_for, sqlite_url

EXAMPLES = Path(__file__).parents[2] / "examples/hooks"
VIEW = "/cds-services/spmwatch-patient-view"
FEEDBACK_PATH = f"{VIEW}/feedback"
REASON = {"system": "urn:spmwatch:override-reason", "code": "intended-and-discussed"}
RULE_BASE = load_rule_base()
RULES = Rules(RULE_BASE)


class ByHeader:
    """Takes the bearer token for the client's id; for tests alone."""

    async def client_of(self, authorization: str | None, url: str) -> Client:  # noqa: ARG002
        name = (authorization or "Bearer anyone").removeprefix("Bearer ")
        return Client(id=name, silent=name.startswith("silent"))


class Listening(Unwatched):
    """Hears of feedback."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str, str | None]] = []

    def answered(self, rule: str, outcome: str, reason: str | None) -> None:
        self.heard.append((rule, outcome, reason))


class Running:
    """A service that runs, with its clock and its store."""

    def __init__(self, http: httpx.Client, memory: StoredMemory, clock: Clock, store: Store) -> None:
        self.http, self.memory, self.clock, self.store = http, memory, clock, store
        self.watch = Listening()

    def ask(self, request: dict[str, Any], client: str = "anyone") -> list[dict[str, Any]]:
        """The cards of a new hook invocation, once they are written."""
        body = orjson.dumps(request | {"hookInstance": str(uuid.uuid4())})
        response = self.http.post(VIEW, content=body, headers=headers(client))
        assert response.status_code == 200, response.text
        self.memory.flush()
        cards: list[dict[str, Any]] = response.json()["cards"]
        return cards

    def tell(self, *entries: dict[str, Any], client: str = "anyone", path: str = FEEDBACK_PATH) -> httpx.Response:
        return self.http.post(path, content=orjson.dumps({"feedback": list(entries)}), headers=headers(client))

    def rows(self) -> list[Any]:
        with self.store.engine.connect() as connection:
            return list(connection.execute(select(FEEDBACK).order_by(FEEDBACK.c.at)))


def headers(client: str) -> dict[str, str]:
    return {"Content-Type": "application/json", "Authorization": f"Bearer {client}"}


@contextmanager
def running(url: str, clock: Clock | None = None, **values: object) -> Iterator[Running]:
    clock = clock or Clock()
    store = open_store(settings_for(url, **values))
    memory = memory_in(store, clock, RULE_BASE.card_policy.quiet_days)
    service = Service(rules=RULES, today=clock.today, now=clock.now, memory=memory, authenticator=ByHeader())
    with (
        serving(lambda _: create_app(service)) as base,
        httpx.Client(base_url=base, timeout=10, trust_env=False) as http,
    ):
        one = Running(http, memory, clock, store)
        service.watch = one.watch
        yield one


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def started(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One service for all tests on one kind of database."""
    if request.param == "sqlite":
        with running(sqlite_url(tmp_path_factory.mktemp("store"))) as one:
            yield one
        return
    with database_of(request.getfixturevalue("postgres_server")) as url, running(url) as one:
        yield one


@pytest.fixture
def service(started: Running) -> Running:
    """The same service with empty tables, on the first day."""
    started.memory.flush()
    with started.store.engine.begin() as connection:
        for table in (CARD, FEEDBACK):
            connection.execute(delete(table))
    started.clock.reset()
    started.watch.heard.clear()
    return started


def request_of(name: str = "patient-view-maintenance-after-transplant") -> dict[str, Any]:
    value: dict[str, Any] = orjson.loads((EXAMPLES / f"{name}.json").read_bytes())
    return value


def overridden(card: dict[str, Any] | str, /, **members: Any) -> dict[str, Any]:
    id_ = card if isinstance(card, str) else card["uuid"]
    return {"card": id_, "outcome": "overridden", "outcomeTimestamp": "2026-01-15T12:00:00Z"} | members


def accepted(card: dict[str, Any], /, *suggestions: str, **members: Any) -> dict[str, Any]:
    told = {"acceptedSuggestions": [{"id": one} for one in suggestions]} if suggestions else {}
    return overridden(card, outcome="accepted") | told | members


def topics(cards: list[dict[str, Any]]) -> list[str]:
    return [card["source"]["topic"]["code"] for card in cards]


def by_topic(cards: list[dict[str, Any]], topic: str) -> dict[str, Any]:
    return next(card for card in cards if card["source"]["topic"]["code"] == topic)


def changed(request: dict[str, Any]) -> dict[str, Any]:
    """The same patient, transplanted on another day."""
    text = orjson.dumps(request)
    other = text.replace(b'"performedDateTime":"2020-11-10"', b'"performedDateTime":"2020-11-12"')
    assert other != text
    value: dict[str, Any] = orjson.loads(other)
    return value


# -- quiet ----------------------------------------------------------------------------------------------------------


def test_an_overridden_card_stays_quiet_and_is_named(service: Running) -> None:
    """C130-C133: card, feedback, the same request: not repeated, and named in one line of the last card."""
    cards = service.ask(request_of())
    card = by_topic(cards, "SPM05")
    assert service.tell(overridden(card, overrideReason={"reason": REASON})).json() == {}
    again = service.ask(request_of())
    assert "SPM05" not in topics(again)
    assert "SPM02" in topics(again)
    assert again[-1]["detail"].count("SPM-05, 2026-01-15") == 1
    assert all("SPM-05, 2026-01-15" not in card["detail"] for card in again[:-1])


def test_what_is_folded_into_a_card_is_acknowledged_with_it(service: Running) -> None:
    cards = service.ask(request_of())
    assert "(SPM-01)" in cards[0]["detail"]
    service.tell(overridden(cards[0]))
    again = service.ask(request_of())
    assert "SPM-01, 2026-01-15" in again[-1]["detail"]


def test_all_cards_answered_leave_none(service: Running) -> None:
    for _ in range(2):
        cards = service.ask(request_of())
        service.tell(*(overridden(card) for card in cards))
    assert service.ask(request_of()) == []


def test_changed_inputs_speak(service: Running) -> None:
    service.tell(*(overridden(card) for card in service.ask(request_of())))
    assert "SPM05" not in topics(service.ask(request_of()))
    assert "SPM05" in topics(service.ask(changed(request_of())))


@pytest.mark.parametrize(("days", "speaks"), [(90, False), (91, True)])
def test_quiet_for_ninety_days(service: Running, days: int, speaks: bool) -> None:
    service.tell(overridden(by_topic(service.ask(request_of()), "SPM05")))
    service.clock.day += timedelta(days=days)
    assert ("SPM05" in topics(service.ask(request_of()))) is speaks


def test_quiet_counts_from_the_feedback_not_from_the_card(service: Running) -> None:
    """C137: batches come late; the day is that of the clinician's answer."""
    card = by_topic(service.ask(request_of()), "SPM05")
    service.clock.day += timedelta(days=10)
    service.clock.moment += timedelta(days=10)
    service.tell(overridden(card, outcomeTimestamp="2026-01-20T08:00:00+01:00"))
    service.clock.day += timedelta(days=85)  # day 95 after the card, 90 after the answer
    assert "SPM05" not in topics(service.ask(request_of()))
    service.clock.day += timedelta(days=1)
    assert "SPM05" in topics(service.ask(request_of()))


@pytest.mark.parametrize("moment", ["2026-01-16T03:00:00+05:00", "2031-01-01T00:00:00Z", "1970-01-01T00:00:00Z"])
def test_a_clients_clock_does_not_matter(service: Running, moment: str) -> None:
    """C133: a card that was answered was answered on the day it was shown or later, and not in the future."""
    service.tell(overridden(by_topic(service.ask(request_of()), "SPM05"), outcomeTimestamp=moment))
    assert "SPM05" not in topics(service.ask(request_of()))
    service.clock.day += timedelta(days=91)
    assert "SPM05" in topics(service.ask(request_of()))


def test_others_are_unaffected(service: Running) -> None:
    cards = service.ask(request_of())
    service.tell(*(overridden(card) for card in cards))
    other_patient = orjson.loads(orjson.dumps(request_of()).replace(b"p01", b"p77").replace(b"P01", b"P77"))
    assert other_patient["context"]["patientId"] != request_of()["context"]["patientId"]
    assert topics(service.ask(other_patient)) == topics(cards)
    assert topics(service.ask(request_of(), client="elsewhere")) == topics(cards)


def test_feedback_of_another_client_is_not_applied(service: Running) -> None:
    """C135: taken, for the card might be ours another day; but it silences nobody's card."""
    cards = service.ask(request_of())
    assert service.tell(*(overridden(card) for card in cards), client="elsewhere").status_code == 200
    assert topics(service.ask(request_of())) == topics(cards)


def test_silent_clients_acknowledge_nothing(service: Running) -> None:
    assert service.ask(request_of(), client="silent-one") == []
    with service.store.engine.connect() as connection:
        hidden = connection.execute(select(CARD.c.uuid).where(~CARD.c.shown)).scalars().all()
    assert hidden
    service.tell(*(overridden(card) for card in hidden), client="silent-one")
    pseudonym = service.memory.pseudonym("silent-one", request_of()["context"]["patientId"])
    assert service.memory.acknowledged(pseudonym) == []


def test_a_restart_forgets_nothing(store_url: str) -> None:
    clock = Clock()
    with running(store_url, clock) as before:
        before.tell(overridden(by_topic(before.ask(request_of()), "SPM05")))
    with running(store_url, clock) as after:
        assert "SPM05" not in topics(after.ask(request_of()))


def test_feedback_through_another_worker(store_url: str) -> None:
    """Two services on one store, as two worker processes are: one shows, the other hears."""
    clock = Clock()
    with running(store_url, clock) as one, running(store_url, clock) as other:
        other.tell(overridden(by_topic(one.ask(request_of()), "SPM05")))
        assert "SPM05" not in topics(one.ask(request_of()))
        assert "SPM05" not in topics(other.ask(request_of()))


def test_feedback_before_its_card_is_written(service: Running) -> None:
    body = orjson.dumps(request_of() | {"hookInstance": str(uuid.uuid4())})
    cards = service.http.post(VIEW, content=body, headers=headers("anyone")).json()["cards"]
    assert service.tell(overridden(by_topic(cards, "SPM05"))).status_code == 200
    assert "SPM05" not in topics(service.ask(request_of()) and service.ask(request_of()))


# -- accepted -------------------------------------------------------------------------------------------------------


def checks_card(cards: list[dict[str, Any]]) -> dict[str, Any]:
    return next(card for card in cards if card.get("suggestions"))


def test_an_accepted_card_without_suggestions_stays_quiet(service: Running) -> None:
    """C132."""
    card = by_topic(service.ask(request_of()), "SPM05")
    service.tell(accepted(card))
    assert "SPM05" not in topics(service.ask(request_of()))


def test_an_accepted_suggestion_does_not_silence_the_checks_left_open(service: Running) -> None:
    """C132: one check requested is no answer to another one that is overdue."""
    card = checks_card(service.ask(request_of()))
    assert len(card["suggestions"]) > 1
    service.tell(accepted(card, card["suggestions"][0]["uuid"]))
    assert checks_card(service.ask(request_of()))


def test_all_checks_accepted_silence_their_card(service: Running) -> None:
    card = checks_card(service.ask(request_of()))
    service.tell(accepted(card, *(one["uuid"] for one in card["suggestions"])))
    again = service.ask(request_of())
    assert not [one for one in again if one.get("suggestions")]


def test_an_overridden_card_silences_its_checks_too(service: Running) -> None:
    card = checks_card(service.ask(request_of()))
    service.tell(accepted(card, card["suggestions"][0]["uuid"]), overridden(card))
    assert not [one for one in service.ask(request_of()) if one.get("suggestions")]


# -- what is taken --------------------------------------------------------------------------------------------------


def test_the_same_feedback_is_kept_once(service: Running) -> None:
    """C134: in one call and in several, whatever the spelling of the same moment and of the uuid."""
    card = service.ask(request_of())[0]["uuid"]
    service.tell(overridden(card), overridden(card.upper()))
    service.tell(overridden(card, outcomeTimestamp="2026-01-15T13:00:00.000+01:00"))
    assert len(service.rows()) == 1


def test_metrics_hear_of_feedback_once(service: Running) -> None:
    """C130, C134: for each rule that the card told."""
    cards = service.ask(request_of())
    entry = overridden(by_topic(cards, "SPM05"), overrideReason={"reason": REASON})
    service.tell(entry, overridden("unknown"))
    service.tell(entry)
    assert service.watch.heard == [("SPM-05", "overridden", REASON["code"])]


def test_a_card_may_be_answered_more_than_once(service: Running) -> None:
    """C134: first accepted, overridden later."""
    first, second = service.ask(request_of())[:2]
    later = {"outcomeTimestamp": "2026-01-15T12:05:00Z"}
    assert service.tell(accepted(first), overridden(second), overridden(first, **later)).status_code == 200
    assert [row.outcome for row in service.rows() if row.card == first["uuid"]] == ["accepted", "overridden"]


def test_trailing_slash_and_other_services(service: Running) -> None:
    assert service.tell(path=f"{FEEDBACK_PATH}/").status_code == 200
    assert service.tell(path="/cds-services/nobody/feedback").status_code == 404
    assert service.http.get(FEEDBACK_PATH).status_code == 405


def test_unknown_cards_are_taken(service: Running) -> None:
    """C135, C137: ids that are no UUIDs and cards that nobody here knows."""
    assert service.tell(overridden("4711.card"), overridden(str(uuid.uuid4()))).status_code == 200
    assert len(service.rows()) == 2


EPIC = [
    {"overrideReasons": [{"reason": REASON, "userComment": "seen"}]},
    {"overrideReasons": {"reason": REASON}},
    {"overrideReasons": [REASON]},
    {"extension": {"overrideReason": {"reason": REASON}}},
    {"extension": {"com.epic.cdshooks.feedback": {"overrideReasons": [{"reason": REASON}]}}},
    {"overrideReason": None, "extension": {"overrideReasons": [REASON]}},
    {"overrideReason": {"reason": REASON | {"display": "Intended"}, "unknown": [1]}, "more": {}},
]


@pytest.mark.parametrize("members", EPIC)
def test_reasons_however_they_are_spelled(service: Running, members: dict[str, Any]) -> None:
    """C137."""
    assert service.tell(overridden("c", **members)).status_code == 200
    assert service.rows()[0].reasons == [[REASON["system"], REASON["code"]]]


@pytest.mark.parametrize(
    ("entry", "where"),
    [
        ({}, "feedback[1].outcome"),
        ("text", "feedback[1]"),
        (overridden("c", card=None), "feedback[1].card"),
        (overridden("c", card=7), "feedback[1].card"),
        (overridden("c", card="x" * 201), "feedback[1].card"),
        (overridden("c", outcome="ignored"), "feedback[1].outcome"),
        (overridden("c", outcomeTimestamp="yesterday-secret"), "feedback[1].outcomeTimestamp"),
        (overridden("c", outcomeTimestamp="2026-01-15T12:00:00"), "feedback[1].outcomeTimestamp"),
        (overridden("c", outcomeTimestamp="2026-02-30T12:00:00Z"), "feedback[1].outcomeTimestamp"),
        (overridden("c", outcomeTimestamp="0001-01-01T00:00:00+23:00"), "feedback[1].outcomeTimestamp"),
        (overridden("c", acceptedSuggestions="secret"), "feedback[1].acceptedSuggestions"),
        (overridden("c", acceptedSuggestions=[{}]), "feedback[1].acceptedSuggestions[0].id"),
        (overridden("c", overrideReason="secret"), "feedback[1].overrideReason"),
        (overridden("c", overrideReason={"reason": {"code": 5}}), "feedback[1].overrideReason.reason"),
        (overridden("c", overrideReason={"reason": {"code": "c" * 256}}), "feedback[1].overrideReason.reason"),
    ],
)
def test_one_faulty_entry_refuses_the_call(service: Running, entry: Any, where: str) -> None:
    """C136: named by its place, without its values; nothing of the call is kept."""
    response = service.tell(overridden("good"), entry)
    assert response.status_code == 400
    issue = response.json()["issue"][0]
    assert issue["expression"] == [where]
    assert "secret" not in response.text
    assert service.rows() == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"[]", 400),
        (b"{}", 400),
        (b'{"feedback": {}}', 400),
        (b'{"feedback": [NaN]}', 400),
        (b'{"feedback": [], "feedback": []}', 400),
        (orjson.dumps({"feedback": [overridden("c")] * (MOST_ENTRIES + 1)}), 413),
        (b'{"feedback": [], "x": "' + b"x" * (1024 * 1024) + b'"}', 413),
    ],
)
def test_bodies_that_are_no_feedback(service: Running, body: bytes, status: int) -> None:
    """C136."""
    response = service.http.post(FEEDBACK_PATH, content=body, headers=headers("anyone"))
    assert response.status_code == status
    assert response.json()["resourceType"] == "OperationOutcome"
    assert service.rows() == []


def test_as_many_entries_as_allowed(service: Running) -> None:
    assert service.tell(*(overridden(f"card-{number}") for number in range(MOST_ENTRIES))).status_code == 200
    with service.store.engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(FEEDBACK)).scalar() == MOST_ENTRIES


def test_comments_are_not_kept_or_logged(service: Running, caplog: pytest.LogCaptureFixture) -> None:
    """C138."""
    with caplog.at_level(logging.DEBUG):
        response = service.tell(overridden("c", overrideReason={"userComment": "Mrs Secret agreed"}))
    assert response.status_code == 200
    assert "Secret" not in caplog.text + response.text
    assert service.rows()[0].comment is None


def test_comments_are_kept_in_bounds_where_asked(store_url: str) -> None:
    """C138."""
    with running(store_url, keep_comments=True) as service:
        service.tell(overridden("c", overrideReason={"reason": REASON, "userComment": "x" * 5000 + "\u0000"}))
        comment = service.rows()[0].comment
        assert len(comment) == LONGEST_COMMENT
        assert comment.endswith("…")


def test_a_store_that_fails_is_told_and_advice_goes_on(store_url: str) -> None:
    with running(store_url) as service:
        cards = service.ask(request_of())
        service.tell(*(overridden(card) for card in cards))
        FEEDBACK.drop(service.store.engine)
        response = service.tell(overridden("c"))
        assert response.status_code == 503
        assert int(response.headers["retry-after"]) > 0
        assert response.json()["issue"][0]["code"] == "transient"
        assert topics(service.ask(request_of())) == topics(cards)  # rather repeated than lost
        assert service.memory.counts.failed_reads == 1
