"""Steps about EHRs that call: each has a key, and a key server on the loopback address."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
from pytest_bdd import given, parsers, then, when

from spmwatch.cds_hooks.server.app import create_app
from spmwatch.cds_hooks.server.assemble import assemble
from spmwatch.cds_hooks.server.settings import Settings
from spmwatch.cds_hooks.store.decision import Decision, Forgetful
from spmwatch.engine.catalogue.load import load_rule_base
from tests.support.key_servers import Answering, key_server
from tests.support.tokens import Ehr, part

REQUEST = Path(__file__).parents[3] / "examples/hooks/patient-view-maintenance-after-transplant.json"
VIEW = "/cds-services/spmwatch-patient-view"
HERE = f"https://cds.example.org{VIEW}"
YEAR = 365 * 86400


@dataclass
class Noting(Forgetful):
    """Remembers decisions, for the scenario."""

    decisions: list[Decision] = field(default_factory=list)

    def record(self, decision: Decision) -> None:
        self.decisions.append(decision)


@dataclass
class Calls:
    """Who is registered, and what came of the calls."""

    stack: ExitStack
    registered: list[dict[str, Any]] = field(default_factory=list)
    ehrs: dict[str, tuple[Ehr, Answering]] = field(default_factory=dict)
    memory: Noting = field(default_factory=Noting)
    answer: httpx.Response | None = None

    def ehr(self, name: str) -> tuple[Ehr, Answering]:
        """The EHR of this name, with its key server."""
        if name not in self.ehrs:
            ehr = Ehr()
            self.ehrs[name] = ehr, self.stack.enter_context(key_server(ehr.jwks))
        return self.ehrs[name]

    def register(self, name: str, *, silent: bool = False) -> None:
        keys = self.ehr(name)[1].url
        self.registered.append({"id": name, "issuers": [issuer(name)], "jku": [keys], "silent": silent})

    def token(self, name: str, what: str) -> str | None:
        ehr, keys = self.ehr(name)
        said, header, now = {"iss": issuer(name)}, {"jku": keys.url}, int(time.time())
        match what:
            case "no token":
                return None
            case "a token for another address":
                return ehr.token("https://elsewhere.example.org", header, **said)
            case "a token that has expired":
                return ehr.token(HERE, header, **said, iat=now - 400, exp=now - 100)
            case "a token that lives for a year":
                return ehr.token(HERE, header, **said, exp=now + YEAR)
            case "a token without a name":
                return ehr.token(HERE, header, **said, jti=None)
            case "a token that nobody signed":
                return f"{part(ehr.header(alg='none', **header))}.{part(ehr.claims(HERE, **said))}."
            case "a token that names its own key server":
                return ehr.token(HERE, header, iss=issuer(str(self.registered[0]["id"])))
        return ehr.token(HERE, header, **said)

    def call(self, name: str, what: str) -> None:
        """Call once; twice with what was to be used before."""
        trust = {"clients": self.registered, "key_server": {"loopback_http": True}}
        settings = Settings.model_validate(
            {"public_url": "https://cds.example.org", "trust": trust, "store": {"url": "none"}}
        )
        service = assemble(settings, load_rule_base(), today=lambda: date(2026, 1, 15))
        service.memory = self.memory
        token = self.token(name, what)
        headers = {"Content-Type": "application/json"} | ({} if token is None else {"Authorization": f"Bearer {token}"})
        body = b"{" if what == "a body that is no request" else REQUEST.read_bytes()

        async def post() -> httpx.Response:
            transport = httpx.ASGITransport(create_app(service))
            async with httpx.AsyncClient(transport=transport, base_url="http://inside") as http:
                if what == "a token that was used before":
                    assert (await http.post(VIEW, content=body, headers=headers)).status_code == 200
                return await http.post(VIEW, content=body, headers=headers)

        self.answer = asyncio.run(post())
        service.evaluations.shutdown()

    @property
    def answered(self) -> httpx.Response:
        assert self.answer is not None, "nobody called yet"
        return self.answer


def issuer(name: str) -> str:
    return f"https://{name}.example.org"


@pytest.fixture
def calls() -> Iterator[Calls]:
    with ExitStack() as stack:
        yield Calls(stack)


@given(parsers.parse('the EHR "{name}" is registered'))
def registered(calls: Calls, name: str) -> None:
    calls.register(name)


@given(parsers.parse('the EHR "{name}" is registered and silent'))
def registered_and_silent(calls: Calls, name: str) -> None:
    calls.register(name, silent=True)


@when(parsers.parse('"{name}" calls with {what}'))
def called(calls: Calls, name: str, what: str) -> None:
    calls.call(name, what)


@then("it is shown cards")
def shown(calls: Calls) -> None:
    assert calls.answered.status_code == 200
    assert calls.answered.json()["cards"]


@then("it is shown no cards")
def shown_nothing(calls: Calls) -> None:
    assert (calls.answered.status_code, calls.answered.json()) == (200, {"cards": []})


@then("the cards that it would have been shown are recorded as not shown")
def recorded_as_not_shown(calls: Calls) -> None:
    (decision,) = calls.memory.decisions
    assert decision.cards
    assert not decision.shown


@then("its cards are recorded as shown")
def recorded_as_shown(calls: Calls) -> None:
    (decision,) = calls.memory.decisions
    assert len(decision.cards) == len(calls.answered.json()["cards"])
    assert decision.shown


@then("it is refused as unknown, and told nothing more")
def refused_as_unknown(calls: Calls) -> None:
    answer = calls.answered
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    (issue,) = answer.json()["issue"]
    assert issue["diagnostics"] == "Send a valid token of a client that is registered here"


@then(parsers.parse("it is refused with status {status:d}"))
def refused(calls: Calls, status: int) -> None:
    assert calls.answered.status_code == status


@then("the other key server was not asked")
def not_asked(calls: Calls) -> None:
    registered = {str(one["id"]) for one in calls.registered}
    assert [keys.asked for name, (_, keys) in calls.ehrs.items() if name not in registered] == [[]]
