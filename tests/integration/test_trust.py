"""Trust over real HTTP: who may call, who may call from a browser, who is shown nothing.

Numbers such as C145 are the obligations in docs/cds-hooks.md.
"""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
from fhir.resources.R4B.operationoutcome import OperationOutcome

from spmwatch.cds_hooks.configuration.reading import configured
from spmwatch.cds_hooks.server.app import create_app
from spmwatch.cds_hooks.server.assemble import assemble
from spmwatch.cds_hooks.server.settings import Settings
from spmwatch.cds_hooks.store.decision import Decision, Forgetful
from spmwatch.cds_hooks.store.settings import StoreSettings
from spmwatch.engine.catalogue.load import RuleBase, load_rule_base
from tests.support.key_servers import Answering, key_server
from tests.support.serving import serving
from tests.support.tokens import ISSUER, Ehr, ec, rsa

AS_OF = date(2026, 1, 15)
ROOT = Path(__file__).parents[2]
REQUEST = (ROOT / "examples/hooks/patient-view-maintenance-after-transplant.json").read_bytes()
DISCOVERY, VIEW = "/cds-services", "/cds-services/spmwatch-patient-view"
FEEDBACK = f"{VIEW}/feedback"
JSON = {"Content-Type": "application/json"}
PAGE = "https://ehr.example.org"


@dataclass
class Noting(Forgetful):
    """Remembers decisions, for the test."""

    decisions: list[Decision] = field(default_factory=list)

    def record(self, decision: Decision) -> None:
        self.decisions.append(decision)


@pytest.fixture(scope="module")
def rules() -> RuleBase:
    return load_rule_base()


@contextmanager
def running(rules: RuleBase, memory: Forgetful | None = None, **settings: Any) -> Iterator[httpx.Client]:
    """A client for a service with these settings."""

    def make(base: str) -> Any:
        kept = {"store": {"url": "none"}} | settings
        service = assemble(Settings.model_validate({"public_url": base} | kept), rules, today=lambda: AS_OF)
        if memory is not None:
            service.memory = memory
        return create_app(service)

    with serving(make) as base, httpx.Client(base_url=base, timeout=10, trust_env=False) as http:
        yield http


def one_client(ehr: Ehr, **more: Any) -> dict[str, Any]:
    return {"clients": [{"id": "ehr", "issuers": [ISSUER], "jwks": ehr.jwks} | more]}


@pytest.fixture(scope="module")
def ehr() -> Ehr:
    return Ehr()


@pytest.fixture(scope="module")
def trusting(rules: RuleBase, ehr: Ehr) -> Iterator[httpx.Client]:
    with running(rules, trust=one_client(ehr) | {"origins": [PAGE, "http://127.0.0.1:8080"]}) as http:
        yield http


def url(http: httpx.Client, path: str) -> str:
    return str(http.base_url).rstrip("/") + path


def ask(http: httpx.Client, path: str, **headers: str) -> httpx.Response:
    if path.rstrip("/") == DISCOVERY:
        return http.get(path, headers=headers)
    body = b'{"feedback": []}' if "feedback" in path else REQUEST
    return http.post(path, content=body, headers=JSON | headers)


@pytest.mark.parametrize("path", [DISCOVERY, VIEW, FEEDBACK, f"{FEEDBACK}/"])
def test_every_call_needs_a_token(trusting: httpx.Client, ehr: Ehr, path: str) -> None:
    """C145, C152: one answer for every fault, with nothing more than a challenge."""
    here = url(trusting, path)
    faulty = [
        {},
        {"Authorization": "Bearer"},
        {"Authorization": "Basic dXNlcjpwYXNz"},
        Ehr().bearer(here),
        ehr.bearer("https://elsewhere.example.org"),
        ehr.bearer(here, exp=1),
        ehr.bearer(here, {"kid": "other"}),
        ehr.bearer(here, {"jku": "https://evil.example.org/jwks.json"}),
        ehr.bearer(here, iss="https://other.example.org"),
    ]
    answers = [ask(trusting, path, **headers) for headers in faulty]
    assert {answer.status_code for answer in answers} == {401}
    assert {answer.headers["www-authenticate"] for answer in answers} == {"Bearer"}
    assert len({answer.content for answer in answers}) == 1
    OperationOutcome.model_validate(answers[0].json())
    assert {answer.headers["cache-control"] for answer in answers} == {"no-store"}


@pytest.mark.parametrize("path", [DISCOVERY, f"{DISCOVERY}/", VIEW, FEEDBACK])
def test_with_a_token_it_answers_and_only_once(trusting: httpx.Client, ehr: Ehr, path: str) -> None:
    """C145, C148, C150: the audience is the public address, whatever the Host header says."""
    token = ehr.bearer(url(trusting, path))
    assert ask(trusting, path, **token).status_code == 200
    assert ask(trusting, path, **token).status_code == 401
    elsewhere = ehr.bearer(f"https://evil.example.org{path}")
    assert ask(trusting, path, Host="evil.example.org", **elsewhere).status_code == 401


def test_unknown_services_are_not_told_to_strangers(trusting: httpx.Client) -> None:
    """C152."""
    assert ask(trusting, "/cds-services/no-such").status_code == 401


def test_the_log_never_has_a_token(trusting: httpx.Client, ehr: Ehr, caplog: pytest.LogCaptureFixture) -> None:
    """C155."""
    with caplog.at_level(logging.DEBUG):
        good, bad = ehr.bearer(url(trusting, VIEW)), ehr.bearer("elsewhere", jti="nonce-of-a-bad-token")
        ask(trusting, VIEW, **good)
        ask(trusting, VIEW, **bad)
    for header in (good, bad):
        for part in header["Authorization"].removeprefix("Bearer ").split("."):
            assert part not in caplog.text
    assert "reason=audience client=ehr jti=nonce-of-a-bad-token" in caplog.text


def test_keys_from_a_server(rules: RuleBase) -> None:
    """C147, C151, C153: rotation, and a server of the caller's choice that is never asked."""
    first, second = Ehr(kid="one"), Ehr(rsa(), kid="two", algorithm="RS384")
    with key_server(first.jwks) as keys, key_server(first.jwks) as foreign:
        client = {"id": "ehr", "issuers": [ISSUER], "jku": [keys.url]}
        trust = {"clients": [client], "key_server": {"loopback_http": True, "pause_seconds": 1}}
        with running(rules, trust=trust) as http:
            here = url(http, VIEW)
            assert ask(http, VIEW, **first.bearer(here, {"jku": keys.url})).status_code == 200
            assert ask(http, VIEW, **first.bearer(here, {"jku": foreign.url})).status_code == 401
            assert ask(http, VIEW, **first.bearer(here)).status_code == 401
            keys.has(second.jwks)
            until_taken(http, second, keys)
            keys.status = 500
            assert ask(http, VIEW, **second.bearer(here, {"jku": keys.url})).status_code == 200
        assert foreign.asked == []


def until_taken(http: httpx.Client, ehr: Ehr, keys: Answering) -> None:
    """A rotated key is taken as soon as the pause is over."""
    for _ in range(1000):
        if ask(http, DISCOVERY, **ehr.bearer(url(http, DISCOVERY), {"jku": keys.url})).status_code == 200:
            return
    pytest.fail("the rotated key was never fetched")


# -- browsers -------------------------------------------------------------------------------------------------------


def preflight(http: httpx.Client, path: str, origin: str, method: str) -> httpx.Response:
    asked = {"Origin": origin, "Access-Control-Request-Method": method}
    return http.options(path, headers=asked | {"Access-Control-Request-Headers": "authorization,content-type"})


@pytest.mark.parametrize(
    ("path", "method"), [(DISCOVERY, "GET"), (f"{DISCOVERY}/", "GET"), (VIEW, "POST"), (FEEDBACK, "POST")]
)
@pytest.mark.parametrize("origin", [PAGE, "http://127.0.0.1:8080"])
def test_preflight(trusting: httpx.Client, path: str, method: str, origin: str) -> None:
    """C156: without a token, which no preflight has."""
    answer = preflight(trusting, path, origin, method)
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == origin
    assert method in answer.headers["access-control-allow-methods"]
    assert {"authorization", "content-type"} <= set(answer.headers["access-control-allow-headers"].split(", "))
    assert "Origin" in answer.headers["vary"]
    assert "access-control-allow-credentials" not in answer.headers


FOREIGN = [
    "https://evil.example.org", "null", "*", "https://ehr.example.org.evil.org", "https://ehr.example.org:8443",
    "http://ehr.example.org", "http://127.0.0.1:8081", "HTTPS://EHR.EXAMPLE.ORG", "https://ehr.example.org/",
]  # fmt: skip


@pytest.mark.parametrize("origin", FOREIGN)
def test_other_origins_get_nothing(trusting: httpx.Client, ehr: Ehr, origin: str) -> None:
    """C158: never * and nothing reflected; caches are told that origins differ."""
    token = ehr.bearer(url(trusting, VIEW))
    for answer in (preflight(trusting, VIEW, origin, "POST"), ask(trusting, VIEW, Origin=origin, **token)):
        assert not [name for name in answer.headers if name.startswith("access-control-")]
        assert "Origin" in answer.headers["vary"]


def test_errors_carry_the_header_too(rules: RuleBase, ehr: Ehr, monkeypatch: pytest.MonkeyPatch) -> None:
    """C157: else a page sees no status at all."""
    with running(rules, trust=one_client(ehr, audience=["x"]) | {"origins": [PAGE]}) as http:
        statuses = {
            401: ask(http, VIEW, Origin=PAGE),
            404: ask(http, "/cds-services/none", Origin=PAGE, **ehr.bearer("x")),
            405: http.put(VIEW, headers={"Origin": PAGE}),
            415: http.post(VIEW, content=b"", headers={"Origin": PAGE} | ehr.bearer("x")),
            400: http.post(VIEW, content=b"{", headers={"Origin": PAGE} | JSON | ehr.bearer("x")),
            413: http.post(VIEW, content=b" " * 9_000_000, headers={"Origin": PAGE} | JSON | ehr.bearer("x")),
        }
        monkeypatch.setattr("spmwatch.cds_hooks.server.calls.check_media_type", _fail)
        with monkeypatch.context() as full:
            full.setattr("spmwatch.cds_hooks.server.turns.Turns.full", True)
            statuses[503] = ask(http, VIEW, Origin=PAGE, **ehr.bearer("x"))
        statuses[500] = ask(http, VIEW, Origin=PAGE, **ehr.bearer("x"))
    for status, answer in statuses.items():
        assert answer.status_code == status
        assert answer.headers["access-control-allow-origin"] == PAGE
        assert "X-Correlation-Id" in answer.headers["access-control-expose-headers"]
        assert answer.headers["x-correlation-id"]


def _fail(_: object) -> None:
    raise RuntimeError("a fault of ours")


def test_without_origins_there_is_no_cors(rules: RuleBase) -> None:
    with running(rules) as http:
        assert preflight(http, DISCOVERY, PAGE, "GET").status_code == 405
        answer = ask(http, DISCOVERY, Origin=PAGE)
        assert answer.status_code == 200
        assert not [name for name in answer.headers if name.startswith("access-control-")]


# -- clients as they are ---------------------------------------------------------------------------------------------


def of_example(name: str, ehr: Ehr) -> Settings:
    """The example's settings with keys of the test: nothing is fetched."""
    settings = configured(ROOT / f"examples/config/{name}.toml", environment={}).settings
    first = settings.trust.clients[0].model_copy(update={"jwks": ehr.jwks, "jwks_url": None})
    trust = settings.trust.model_copy(update={"clients": (first, *settings.trust.clients[1:]), "replay_file": None})
    return settings.model_copy(update={"trust": trust, "store": StoreSettings(url="none")})


@contextmanager
def of_settings(settings: Settings, rules: RuleBase) -> Iterator[httpx.Client]:
    def make(base: str) -> Any:
        here = settings if settings.public_url else settings.model_copy(update={"public_url": base})
        return create_app(assemble(here, rules, today=lambda: AS_OF))

    with serving(make) as base, httpx.Client(base_url=base, timeout=10, trust_env=False) as http:
        yield http


@pytest.mark.parametrize("ehr", [Ehr(), Ehr(ec("P-256"), algorithm="ES256")], ids=["ES384", "ES256"])
def test_tokens_of_the_public_sandbox(rules: RuleBase, ehr: Ehr) -> None:
    """N, C145, C147, C156: a page that asks first, and signs discovery too."""
    sandbox = "https://sandbox.cds-hooks.org"
    header = {"jku": f"{sandbox}/.well-known/jwks.json"}
    said = {"iss": sandbox, "sub": "6bb95f14-0000-4000-8000-1ff3a1a1b2f4"}
    with of_settings(of_example("public-sandbox", ehr), rules) as http:
        page = "http://127.0.0.1:8080"
        for path in (DISCOVERY, VIEW, FEEDBACK):
            asked = preflight(http, path, page, "GET" if path == DISCOVERY else "POST")
            assert asked.headers["access-control-allow-origin"] == page
            answer = ask(http, path, Origin=page, **ehr.bearer(url(http, path), header, **said))
            assert answer.status_code == 200
            assert answer.headers["access-control-allow-origin"] == page
        foreign = ehr.bearer(url(http, VIEW), {"jku": "https://evil.example.org/jwks.json"}, **said)
        assert ask(http, VIEW, **foreign).status_code == 401


def test_tokens_of_epic(rules: RuleBase) -> None:
    """M, C148, C149: RS384, `nbf` five minutes back, and what analysts typed."""
    ehr = Ehr(rsa(), algorithm="RS384")
    settings = of_example("epic", ehr)
    client = settings.trust.clients[0]
    header = {"jku": client.jku[0]}
    said = {"iss": client.issuers[0], "sub": client.subject, "nbf": int(time.time()) - 300}
    with of_settings(settings, rules) as http:
        assert ask(http, VIEW, **ehr.bearer(client.audience[0], header, **said)).status_code == 200
        assert ask(http, VIEW, **ehr.bearer(url(http, VIEW), header, **said)).status_code == 401
        assert ask(http, VIEW, **ehr.bearer(client.audience[0], header, **said | {"sub": "other"})).status_code == 401


def test_tokens_by_the_book(rules: RuleBase) -> None:
    """C148: behind a proxy the audience is the public address."""
    ehr = Ehr()
    with of_settings(of_example("smart-server", ehr), rules) as http:
        for host in ("cds.example.org", "127.0.0.1"):
            token = ehr.bearer(f"https://cds.example.org{VIEW}")
            assert ask(http, VIEW, Host=host, **token).status_code == 200
        assert ask(http, VIEW, **ehr.bearer(url(http, VIEW))).status_code == 401


# -- silent mode ----------------------------------------------------------------------------------------------------


def test_a_silent_client_is_shown_nothing_and_all_is_recorded(rules: RuleBase, ehr: Ehr) -> None:
    """Part 10 of the service: a trial. The client beside it sees its cards."""
    live = Ehr(kid="live")
    silent = {
        "id": "trial",
        "issuers": [ISSUER],
        "tenant": "trial",
        "audience": ["x"],
        "jwks": ehr.jwks,
        "silent": True,
    }
    other = {"id": "live", "issuers": [ISSUER], "tenant": "live", "audience": ["x"], "jwks": live.jwks}
    memory = Noting()
    with running(rules, memory, trust={"clients": [silent, other]}) as http:
        unseen = ask(http, VIEW, **ehr.bearer("x", tenant="trial"))
        seen = ask(http, VIEW, **live.bearer("x", tenant="live"))
    assert (unseen.status_code, unseen.json()) == (200, {"cards": []})
    assert seen.json()["cards"]
    trial, shown = memory.decisions
    assert (trial.client, trial.shown, shown.client, shown.shown) == ("trial", False, "live", True)
    assert [_without_ids(card) for card in trial.cards] == [_without_ids(card) for card in shown.cards]
    assert trial.recommendation.findings


def test_a_silent_client_s_faults_are_told(rules: RuleBase, ehr: Ehr) -> None:
    """Errors are for its analysts, not for clinicians: they stay as they are."""
    with running(rules, Noting(), trust=one_client(ehr, audience=["x"], silent=True)) as http:
        assert http.post(VIEW, content=b"{", headers=JSON | ehr.bearer("x")).status_code == 400
        bare = b'{"hook":"patient-view","hookInstance":"d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",'
        bare += b'"context":{"userId":"Practitioner/1","patientId":"1"}}'
        assert http.post(VIEW, content=bare, headers=JSON | ehr.bearer("x")).status_code == 412


def test_anyone_may_be_silent(rules: RuleBase) -> None:
    """Where a proxy tells who calls."""
    memory = Noting()
    with running(rules, memory, trust={"anyone": {"silent": True}}) as http:
        assert ask(http, VIEW).json() == {"cards": []}
    assert memory.decisions[0].cards


def test_going_live_after_a_trial_shows_everything(rules: RuleBase, ehr: Ehr, tmp_path: Path) -> None:
    """Feedback about cards that nobody saw, sent by whoever guessed or by mistake, quietens nothing."""
    store = {"url": f"sqlite:///{tmp_path}/spmwatch.db"}
    with running(rules, store=store, trust=one_client(ehr, audience=["x"], silent=True)) as http:
        assert ask(http, VIEW, **ehr.bearer("x")).json() == {"cards": []}
    with sqlite3.connect(tmp_path / "spmwatch.db") as database:
        hidden = [uuid for (uuid,) in database.execute("SELECT uuid FROM card WHERE NOT shown")]
    database.close()
    assert hidden
    entries = [{"card": card, "outcome": "overridden", "outcomeTimestamp": f"{AS_OF}T12:00:00Z"} for card in hidden]
    with running(rules, store=store, trust=one_client(ehr, audience=["x"])) as http:
        told = http.post(FEEDBACK, json={"feedback": entries}, headers=ehr.bearer("x"))
        assert told.status_code == 200
        cards = ask(http, VIEW, **ehr.bearer("x")).json()["cards"]
    assert len(cards) == len(hidden)


def test_a_burst_of_strangers_leaves_the_clients_in(rules: RuleBase, ehr: Ehr) -> None:
    """C151: faulty tokens fill no memory and cost no fetch of pinned keys."""
    with running(rules, trust=one_client(ehr, audience=["x"])) as http:
        for _ in range(200):
            assert ask(http, DISCOVERY, **Ehr(ehr.key, kid="other").bearer("x")).status_code == 401
        assert ask(http, DISCOVERY, **ehr.bearer("x")).status_code == 200


def _without_ids(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_ids(inner) for key, inner in value.items() if key != "uuid"}
    return [_without_ids(inner) for inner in value] if isinstance(value, list) else value
