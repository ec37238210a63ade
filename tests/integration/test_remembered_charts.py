"""A chart that is asked about again is answered as if nothing were remembered, but for uuids (docs/decisions/0017).

Two services get the same requests: one remembers charts, one does not.
"""

from __future__ import annotations

import copy
import uuid
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from spmwatch.cds_hooks.fhir_server.access import PrefetchOnly
from spmwatch.cds_hooks.pages.hook_request import Moment, request_of
from spmwatch.cds_hooks.pages.invented import orders
from spmwatch.cds_hooks.prefetch.reading import Supplied
from spmwatch.cds_hooks.remembered.charts import Charts
from spmwatch.cds_hooks.server.app import create_app
from spmwatch.cds_hooks.server.service import Rules, Service
from spmwatch.cds_hooks.server.watch import Unwatched
from spmwatch.cds_hooks.store.decision import Decision
from spmwatch.cds_hooks.store.decisions import as_json, decisions
from spmwatch.cds_hooks.store.memory import StoredMemory
from spmwatch.cds_hooks.store.opening import Store
from spmwatch.cds_hooks.trust.client import Client
from spmwatch.cds_hooks.wire.requests import Request
from spmwatch.engine.catalogue.load import load_rule_base
from tests.support.serving import serving
from tests.support.stores import DAY, Clock, memory_in, opened, settings_for, sqlite_url

ROOT = Path(__file__).parents[2] / "examples"
RULE_BASE = load_rule_base()
Json = dict[str, Any]


class ByHeader:
    """Takes the bearer token for the client's id; for tests alone."""

    async def client_of(self, authorization: str | None, url: str) -> Client:  # noqa: ARG002
        name = (authorization or "Bearer anyone").removeprefix("Bearer ")
        return Client(id=name, silent=name.startswith("silent"))


class Heard(Unwatched):
    """Hears of decisions."""

    def __init__(self) -> None:
        self.decisions: list[Decision] = []

    def decided(self, decision: Decision) -> None:
        self.decisions.append(decision)


class AsksAlways(PrefetchOnly):
    """As if a server were asked and told nothing new."""

    def asks_nothing(self, request: Request, supplied: Supplied, client: Client) -> bool:  # noqa: ARG002
        return False


class Asked:
    """A service in this process, with a store and a clock of its own."""

    def __init__(self, http: httpx.Client, service: Service, store: Store, memory: StoredMemory, clock: Clock) -> None:
        self.http, self.service, self.store, self.memory, self.clock = http, service, store, memory, clock
        self.heard = Heard()

    def ask(self, request: Json | bytes, client: str = "anyone", hook: str = "") -> tuple[int, Any]:
        """Status and answer; a new invocation unless it comes as bytes."""
        body = request if isinstance(request, bytes) else orjson.dumps(request | {"hookInstance": str(uuid.uuid4())})
        path = f"/cds-services/spmwatch-{hook or orjson.loads(body)['hook']}"
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {client}"}
        response = self.http.post(path, content=body, headers=headers)
        self.memory.flush()
        return response.status_code, response.json()

    def tell(self, entry: Json, client: str = "anyone") -> None:
        """Feedback at noon of the day."""
        moment = {"outcomeTimestamp": self.clock.now().isoformat()}
        headers = {"Authorization": f"Bearer {client}"}
        path = "/cds-services/spmwatch-patient-view/feedback"
        assert self.http.post(path, json={"feedback": [entry | moment]}, headers=headers).status_code == 200

    @property
    def remembered(self) -> bool:
        """Was the last answer told again?"""
        return self.heard.decisions[-1].remembered


@contextmanager
def asked(folder: Path, most_bytes: int, **store_settings: object) -> Generator[Asked]:
    clock = Clock()
    with opened(settings_for(sqlite_url(folder), keep_requests=True, **store_settings)) as store:
        memory = memory_in(store, clock, RULE_BASE.card_policy.quiet_days)
        service = Service(
            rules=Rules(RULE_BASE),
            today=clock.today,
            now=clock.now,
            memory=memory,
            authenticator=ByHeader(),
            charts=Charts(most_bytes=most_bytes, seconds=300, monotonic=clock.monotonic),
            keeps_requests=True,
        )
        with (
            serving(lambda _: create_app(service)) as base,
            httpx.Client(base_url=base, timeout=60, trust_env=False) as http,
        ):
            one = Asked(http, service, store, memory, clock)
            service.watch = one.heard
            yield one


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Asked, Asked]]:
    with (
        asked(tmp_path_factory.mktemp("with"), 1 << 26) as remembering,
        asked(tmp_path_factory.mktemp("without"), 0) as forgetting,
    ):
        yield remembering, forgetting


@pytest.fixture
def remembering(tmp_path: Path) -> Iterator[Asked]:
    with asked(tmp_path, 1 << 26) as one:
        yield one


def uuids(answer: Any) -> list[str]:
    cards = answer.get("cards", [])
    return [one["uuid"] for card in cards for one in (card, *card.get("suggestions", []))]


def bare(answer: tuple[int, Any]) -> tuple[int, Any]:
    """Without uuids."""
    status, body = answer[0], copy.deepcopy(answer[1])
    for card in body.get("cards", []):
        for one in (card, *card.get("suggestions", [])):
            assert uuid.UUID(one.pop("uuid")).version == 7
    return status, body


def recorded() -> dict[str, Json]:
    return {path.stem: orjson.loads(path.read_bytes()) for path in sorted((ROOT / "hooks").glob("*.json"))}


def worked() -> dict[str, Json]:
    """Each worked patient as an EHR would ask about them when the chart is opened, and when something is ordered."""
    found: dict[str, Json] = {}
    drafted = next(iter(orders().values()))
    for path in sorted((ROOT / "bundles").glob("*.json")):
        bundle = orjson.loads(path.read_bytes())
        for moment in (
            Moment(hook="patient-view", day=DAY),
            Moment(hook="order-select", day=DAY, drafted=drafted),
            Moment(hook="order-sign", day=DAY, drafted=drafted),
        ):
            found[f"{path.stem}-{moment.hook}"] = request_of(bundle, moment).request
    return found


REQUESTS = recorded() | worked()
VIEW = REQUESTS["patient-view-maintenance-after-transplant"]


@pytest.mark.parametrize("name", sorted(REQUESTS))
def test_told_again_is_as_evaluated(name: str, both: tuple[Asked, Asked]) -> None:
    """C090: every invocation has uuids of its own; all else is the same."""
    remembering, forgetting = both
    first, second, third = (remembering.ask(REQUESTS[name]) for _ in range(3))
    again = first[0] == 200 and isinstance(REQUESTS[name].get("prefetch"), dict)
    assert remembering.remembered is again
    expected = forgetting.ask(REQUESTS[name])
    assert not forgetting.remembered
    assert bare(first) == bare(second) == bare(third) == bare(expected)
    given_out = [one for answer in (first, second, third, expected) for one in uuids(answer[1])]
    assert len(set(given_out)) == len(given_out)


def test_many_charts_are_remembered_side_by_side(both: tuple[Asked, Asked]) -> None:
    """Nobody is told another one's cards, in whatever order they are asked about."""
    remembering, forgetting = both
    expected = {name: bare(forgetting.ask(request)) for name, request in REQUESTS.items()}
    for names in (sorted(REQUESTS), sorted(REQUESTS, reverse=True)):
        for name in names:
            assert bare(remembering.ask(REQUESTS[name])) == expected[name]


def places(value: object, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where texts and numbers stand."""
    if isinstance(value, dict):
        return [place for key, item in value.items() for place in places(item, (*path, key))]
    if isinstance(value, list):
        return [place for at, item in enumerate(value) for place in places(item, (*path, at))]
    return [path]


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_one_character_more_or_less_is_another_chart(both: tuple[Asked, Asked], data: st.DataObject) -> None:
    """Anything that is changed anywhere in a request that is remembered counts, as if nothing were."""
    remembering, forgetting = both
    name = data.draw(st.sampled_from(sorted(recorded())))
    request = copy.deepcopy(REQUESTS[name])
    remembering.ask(request)
    place = data.draw(st.sampled_from([p for p in places(request) if p[0] not in ("hook", "hookInstance")]))
    holder: Any = request
    for step in place[:-1]:
        holder = holder[step]
    old = holder[place[-1]]
    if isinstance(old, str) and old:
        at = data.draw(st.integers(0, len(old) - 1))
        holder[place[-1]] = old[:at] + data.draw(st.sampled_from("0123456789-xZ")) + old[at + 1 :]
    elif isinstance(old, int | float):
        holder[place[-1]] = old + data.draw(st.integers(-3, 3))
    else:
        holder[place[-1]] = data.draw(st.sampled_from(["", None, []]))
    assert bare(remembering.ask(request)) == bare(forgetting.ask(request))


def test_another_day_is_evaluated_anew(both: tuple[Asked, Asked]) -> None:
    remembering, forgetting = both
    try:
        for one in both:
            one.ask(VIEW)
            one.clock.day = DAY + timedelta(days=400)
        assert bare(remembering.ask(VIEW)) == bare(forgetting.ask(VIEW))
        assert not remembering.remembered
    finally:
        for one in both:
            one.clock.reset()


def test_another_hook_is_another_question(both: tuple[Asked, Asked]) -> None:
    """A chart that is opened and a visit that begins may come with the very same bytes of data and context."""
    remembering, forgetting = both
    visit = REQUESTS["encounter-start-maintenance-after-transplant"]
    for hook in ("encounter-start", "patient-view", "encounter-start"):
        assert bare(remembering.ask(visit | {"hook": hook})) == bare(forgetting.ask(visit | {"hook": hook}))
        assert remembering.heard.decisions[-1].hook == remembering.heard.decisions[-1].recommendation.hook == hook


def test_another_server_may_mean_other_patients(both: tuple[Asked, Asked]) -> None:
    """C070: an absolute reference is to the patient of one server alone."""
    remembering, forgetting = both
    request, patient = copy.deepcopy(VIEW), VIEW["context"]["patientId"]
    for entry in request["prefetch"]["conditions"]["entry"]:
        entry.pop("fullUrl", None)
        entry["resource"]["subject"] = {"reference": f"https://one.example/fhir/Patient/{patient}"}
    for server, status in (("one", 200), ("another", 422), ("one", 200)):
        asked_for = request | {"fhirServer": f"https://{server}.example/fhir"}
        answer = remembering.ask(asked_for)
        assert answer[0] == status
        assert bare(answer) == bare(forgetting.ask(asked_for))


def test_other_rules_evaluate_anew(remembering: Asked) -> None:
    """Rules that are exchanged know nothing of what was found before."""
    for _ in range(2):
        remembering.ask(VIEW)
    assert remembering.remembered
    remembering.service.rules.exchange(RULE_BASE)
    remembering.ask(VIEW)
    assert not remembering.remembered


def test_time_ends_it(remembering: Asked) -> None:
    for _ in range(2):
        remembering.ask(VIEW)
    remembering.clock.ticks = 301
    remembering.ask(VIEW)
    assert not remembering.remembered


def test_another_clients_chart_is_its_own(both: tuple[Asked, Asked]) -> None:
    """Pseudonyms and what was set aside are each client's own."""
    remembering, forgetting = both
    for one in both:
        one.ask(VIEW, client="north")
        one.tell({"card": one.ask(VIEW, client="north")[1]["cards"][0]["uuid"], "outcome": "overridden"}, "north")
    for client in ("north", "south"):
        assert bare(remembering.ask(VIEW, client=client)) == bare(forgetting.ask(VIEW, client=client))
    assert not remembering.remembered
    assert bare(remembering.ask(VIEW, client="north")) != bare(remembering.ask(VIEW, client="south"))


def test_what_was_set_aside_stays_quiet_and_comes_back(both: tuple[Asked, Asked]) -> None:
    """The card that was told again is the one that feedback is about; the chart itself is not evaluated anew."""
    answers = []
    for one in both:
        before = one.ask(VIEW, client="east")
        shown = one.ask(VIEW, client="east")[1]["cards"]
        for card in shown:
            one.tell({"card": card["uuid"], "outcome": "overridden"}, "east")
        after = one.ask(VIEW, client="east")
        again = one.ask(VIEW, client="east")
        assert bare(after) == bare(again) != bare(before)
        answers.append(bare(after))
    assert answers[0] == answers[1]
    assert both[0].remembered


def test_accepted_suggestions_have_their_own_uuids(remembering: Asked) -> None:
    """Accepting what a remembered card suggests sets aside the same as accepting what the first one did."""
    quiet = []
    for asks in (1, 3):
        client = f"asks-{asks}"
        cards = [remembering.ask(VIEW, client=client)[1]["cards"] for _ in range(asks)][-1]
        card = next(one for one in cards if "suggestions" in one)
        accepted = [{"id": one["uuid"]} for one in card["suggestions"]]
        entry = {"card": card["uuid"], "outcome": "accepted", "acceptedSuggestions": accepted}
        remembering.tell(entry, client)
        quiet.append(bare(remembering.ask(VIEW, client=client)))
    assert quiet[0] == quiet[1]


def test_silent_clients_are_told_nothing_and_kept_all_the_same(remembering: Asked) -> None:
    for _ in range(2):
        assert remembering.ask(VIEW, client="silent-west") == (200, {"cards": []})
    first, second = remembering.heard.decisions
    assert second.remembered
    assert not second.shown
    assert len(first.cards) == len(second.cards) > 0


def test_each_invocation_is_kept_whole(remembering: Asked) -> None:
    """The log of decisions, and requests for replay, are those of the invocation itself."""
    bodies = [orjson.dumps(VIEW | {"hookInstance": str(uuid.uuid4())}) for _ in range(2)]
    answers = [remembering.ask(body) for body in bodies]
    kept = {one.hook_instance: one for one in decisions(remembering.store.engine)}
    told = []
    for body, (_, answer) in zip(bodies, answers, strict=True):
        one = kept[orjson.loads(body)["hookInstance"]]
        assert one.request is not None
        assert orjson.loads(one.request) == orjson.loads(body)
        told.append(kept_form := as_json(one))
        cards: Any = kept_form["cards"]
        assert [card["uuid"] for card in cards] == [card["uuid"] for card in answer["cards"]]
    assert [one["remembered"] for one in told] == [False, True]
    own = ("id", "correlation", "hook_instance", "remembered", "seconds", "cards")
    assert {k: v for k, v in told[0].items() if k not in own} == {k: v for k, v in told[1].items() if k not in own}


def test_logs_say_it_and_nothing_of_the_patient(remembering: Asked) -> None:
    with capture_logs() as lines:
        for _ in range(2):
            remembering.ask(VIEW)
    assert [line["remembered"] for line in lines if line["event"] == "exchange"] == [False, True]
    assert VIEW["context"]["patientId"] not in str(lines)


SPOILT = {
    "hook twice": lambda body: body.replace(b'"hook":', b'"hook":"patient-view","hook":', 1),
    "prefetch twice": lambda body: body[:-1] + b',"prefetch":{}}',
    "prefetch twice, the same": lambda body: body[:-1] + b"," + body[body.index(b'"prefetch"') : -1] + b"}",
    "prefetch twice, spelled otherwise": lambda body: body[:-1] + b',"pre\\u0066etch":{}}',
    "context twice": lambda body: body.replace(b'"context":', b'"context":{"patientId":"x"},"context":', 1),
    "NaN": lambda body: body[:-1] + b',"extension":NaN}',
    "too large a number": lambda body: body[:-1] + b',"extension":1e999}',
    "too deep": lambda body: body[:-1] + b',"extension":' + b"[" * 260 + b"]" * 260 + b"}",
    "more behind it": lambda body: body + b"{}",
    "not UTF-8": lambda body: body[:-1] + b',"extension":"\xff"}',
    "hookInstance no uuid": lambda body: body.replace(b'"hookInstance":"', b'"hookInstance":"x', 1),
    "no hookInstance": lambda body: body.replace(b'"hookInstance"', b'"hookinstance"', 1),
    "a token without a server": lambda body: body[:-1] + b',"fhirAuthorization":{}}',
    "another hook": lambda body: body.replace(b'"patient-view"', b'"order-sign"', 1),
    "another patient": lambda body: body.replace(b'"patientId":"', b'"patientId":"x', 1),
    "another server": lambda body: body[:-1] + b',"fhirServer":"https://another.example/fhir"}',
}


@pytest.mark.parametrize("how", SPOILT)
def test_what_is_refused_is_refused_though_its_chart_is_remembered(how: str, both: tuple[Asked, Asked]) -> None:
    """C056, C070, and the form of the request itself: looked at each time."""
    remembering, forgetting = both
    body = orjson.dumps({name: value for name, value in VIEW.items() if name != "fhirServer"})
    remembering.ask(body, hook="patient-view")
    spoilt = SPOILT[how](body)
    assert spoilt != body
    answer = remembering.ask(spoilt, hook="patient-view")
    assert bare(answer) == bare(forgetting.ask(spoilt, hook="patient-view"))
    assert answer[0] == 200 if how == "another server" else 400 <= answer[0] < 500


def test_what_a_server_was_asked_for_is_not_remembered(remembering: Asked) -> None:
    """It may know more the next time."""
    remembering.service.fhir = AsksAlways()
    for _ in range(2):
        remembering.ask(VIEW)
        assert not remembering.remembered
    assert remembering.service.charts.count == 0
