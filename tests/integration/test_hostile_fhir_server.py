"""FHIR servers that fail or answer about somebody else: what was lacking stays not known, in time.

Numbers such as C080 are the obligations in docs/cds-hooks.md.
"""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import logging
from collections import Counter
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from structlog.testing import capture_logs

from spmwatch.cds_hooks.answer import default_evaluator, gather
from spmwatch.cds_hooks.fhir_server.servers import ClientServers
from spmwatch.cds_hooks.prefetch.reading import State, Supplied
from spmwatch.cds_hooks.trust.client import Client
from spmwatch.cds_hooks.wire.refusal import RequestError
from tests.support.hostile_asking import (
    OUTCOME,
    PATIENCE,
    PATIENT,
    SOON,
    TOKEN,
    against,
    bundle,
    completed,
    condition,
    request,
    servers,
    settings,
    states,
    status_of,
)
from tests.support.hostile_fhir import Act, Heard, double, reply, saying

BOMB = gzip.compress(b" " * 50_000_000)


async def slow_headers(writer: asyncio.StreamWriter, _: Heard) -> None:
    for letter in b"HTTP/1.1 200 OK\r\nX-Slow: yes":
        writer.write(bytes([letter]))
        await writer.drain()
        await asyncio.sleep(0.2)


async def slow_body(writer: asyncio.StreamWriter, _: Heard) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n")
    while not writer.is_closing():
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.1)


async def silent(_: asyncio.StreamWriter, __: Heard) -> None:
    await asyncio.sleep(60)


async def endless(writer: asyncio.StreamWriter, _: Heard) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while not writer.is_closing():
        writer.write(b"400\r\n" + b" " * 0x400 + b"\r\n")
        await writer.drain()


async def hangs_up(writer: asyncio.StreamWriter, _: Heard) -> None:
    writer.close()


async def breaks_off(writer: asyncio.StreamWriter, _: Heard) -> None:
    writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"resourceType": "Bundle"')
    writer.close()


async def no_http(writer: asyncio.StreamWriter, _: Heard) -> None:
    writer.write(b"SSH-2.0-OpenSSH_9.2\r\n")
    writer.close()


USELESS: dict[str, tuple[Act, str]] = {
    "401": (saying(401, OUTCOME), "does not accept the token"),
    "403": (saying(403, OUTCOME), "does not allow the query"),
    "404": (saying(404, OUTCOME), "does not know what was asked for"),
    "410": (saying(410, b""), "no longer has"),
    "429": (saying(429, b"", "Retry-After: 3600"), "asked too often"),
    "418": (saying(418, b"tea"), "refuses the query"),
    "500": (saying(500, b"Traceback: zacharias-2"), "fault of its own"),
    "503 in HTML": (saying(503, b"<html>busy</html>", "Content-Type: text/html"), "fault of its own"),
    "204": (saying(204, b""), "refuses the query"),
    "206": (saying(206, bundle()), "refuses the query"),
    "HTML": (saying(200, b"<html>Log in</html>", "Content-Type: text/html"), "is not JSON"),
    "empty body": (saying(200, b""), "is not JSON"),
    "broken JSON": (saying(200, orjson.dumps(bundle())[:-3]), "is not JSON"),
    "NaN": (saying(200, b'{"resourceType": "Bundle", "total": NaN}'), "is not JSON"),
    "1e999": (saying(200, b'{"resourceType": "Bundle", "total": 1e999}'), "is not JSON"),
    "repeated member": (saying(200, b'{"resourceType": "Patient", "resourceType": "Bundle"}'), "is not JSON"),
    "UTF-16": (saying(200, orjson.dumps(bundle()).decode().encode("utf-16")), "is not JSON"),
    "deep": (saying(200, b'{"a":' + b"[" * 5000 + b"]" * 5000 + b"}"), "is not JSON"),
    "list": (saying(200, b"[]"), "no FHIR resource"),
    "null": (saying(200, b"null"), "no FHIR resource"),
    "no resourceType": (saying(200, {"entry": []}), "no FHIR resource"),
    "resourceType is a number": (saying(200, {"resourceType": 7}), "no FHIR resource"),
    "OperationOutcome with status 200": (saying(200, OUTCOME), "reports that the query failed"),
    "another type": (saying(200, {"resourceType": "Binary", "data": ""}), "another kind of resource"),
    "entry is an object": (saying(200, {"resourceType": "Bundle", "entry": {}}), "another kind of resource"),
    "long": (saying(200, bundle(padding="x" * 30_000)), "too long"),
    "gzip bomb": (saying(200, BOMB, "Content-Encoding: gzip"), "too long"),
    "cut-off gzip": (saying(200, gzip.compress(orjson.dumps(bundle()))[:-9], "Content-Encoding: gzip"), "breaks off"),
    "no gzip": (saying(200, orjson.dumps(bundle()), "Content-Encoding: gzip"), "cannot be decompressed"),
    "brotli": (saying(200, b"\x0b\x02\x80", "Content-Encoding: br"), "not asked for"),
    "endless body": (endless, "too long"),
    "slow headers": (slow_headers, "in time"),
    "slow body": (slow_body, "in time"),
    "no answer": (silent, "in time"),
    "hangs up": (hangs_up, "cannot be reached, or breaks off"),
    "breaks off": (breaks_off, "cannot be reached, or breaks off"),
    "no HTTP": (no_http, "cannot be reached, or breaks off"),
}


@pytest.mark.parametrize(("act", "why"), USELESS.values(), ids=USELESS.keys())
def test_a_useless_answer_is_not_known_and_not_no(act: Act, why: str, caplog: pytest.LogCaptureFixture) -> None:
    """C060, C064, C077, C081: 412 within the budget; why, without address, token or patient."""
    caplog.set_level(logging.DEBUG)
    with capture_logs() as told:
        supplied, server = against(act, total_seconds=SOON if why == "in time" else PATIENCE)
    assert server.heard
    # A Bundle is no Patient and a Patient no Bundle, but never is anything taken for "looked, and nothing there".
    assert set(states(supplied).values()) == {State.FAILED}
    for reading in supplied.readings:
        assert why in reading.why or "another kind of resource" in reading.why
        assert not any(word in reading.why for word in (TOKEN, PATIENT, server.origin, "127.0.0.1", "http"))
    assert status_of(supplied) == 412
    (line,) = told
    assert (line["event"], line["client"]) == ("fhir", "hospital")
    assert any(why in one for one in line["lacking"])
    lines = [str(line), *(record.getMessage() for record in caplog.records)]
    assert not [line for line in lines if TOKEN in line or PATIENT in line]


def test_a_server_that_is_not_there() -> None:
    """C081: nobody listens on the port."""

    async def run() -> Supplied:
        async with double(silent) as server:
            base = server.base
        return await completed(base)

    supplied = asyncio.run(run())
    assert set(states(supplied).values()) == {State.FAILED}
    assert all("cannot be reached" in reading.why for reading in supplied.readings)


def test_a_list_of_a_bundle_that_holds_bundles_is_read_like_a_prefetched_one() -> None:
    """C069, C083."""
    supplied, _ = against(saying(200, bundle(bundle(condition()))))
    assert states(supplied)["conditions"] is State.SUPPLIED
    assert states(supplied)["procedures"] is State.FAILED


def test_nothing_found_is_nothing_there() -> None:
    """C062, C064: a list without entries, or with nothing but a warning, is an answer."""
    warning = {"resourceType": "OperationOutcome", "issue": [{"severity": "warning", "code": "not-found"}]}
    for answer in ({"resourceType": "Bundle", "type": "searchset"}, bundle(), bundle(warning)):
        supplied, _ = against(saying(200, answer))
        assert {key for key, state in states(supplied).items() if state is State.NOTHING} == set(states(supplied)) - {
            "patient"
        }


def test_an_error_inside_a_list_and_a_list_short_of_its_total() -> None:
    """C063, C068: what came is read; it is not known whether there is more."""
    for answer in (bundle(condition(), OUTCOME), bundle(condition(), total=7)):
        supplied, _ = against(saying(200, answer))
        assert states(supplied)["conditions"] is State.PARTIAL


def test_fast_queries_count_although_a_slow_one_is_cut_off() -> None:
    """C081: the total time is bounded, and what came within it is kept."""

    async def act(writer: asyncio.StreamWriter, heard: Heard) -> None:
        if heard.type == "Observation":
            await asyncio.sleep(60)
        writer.write(reply(200, bundle()))

    supplied, _ = against(act, total_seconds=3)
    assert states(supplied)["observations"] is State.FAILED
    assert states(supplied)["procedures"] is State.NOTHING
    assert status_of(supplied) == 200


def test_what_came_of_each_key_is_counted() -> None:
    """For `/metrics`: words of a closed list, one for each key that lacked."""

    def counted(act: Act, allowed: bool = True, seconds: float = PATIENCE) -> Counter[str]:
        outcomes: Counter[str] = Counter()

        async def run() -> None:
            async with double(act) as server:
                asking = ClientServers(
                    settings(total_seconds=seconds),
                    lambda: default_evaluator().rule_base.value_sets,
                    lambda one: outcomes.update([one]),
                )
                asked_for = request(server.base)
                client = Client(id="hospital", fhir_servers=(server.base,) if allowed else ())
                with contextlib.suppress(RequestError):
                    await asking.completed(asked_for, gather(asked_for), client)
                await asking.aclose()

        asyncio.run(run())
        return outcomes

    assert counted(saying(200, bundle())) == {"answered": 7, "failed": 1}  # a Bundle is no Patient
    assert counted(saying(403, OUTCOME)) == {"refused": 8}
    assert counted(saying(500, OUTCOME)) == {"failed": 8}
    assert counted(hangs_up) == {"unreachable": 8}
    assert counted(silent, seconds=SOON) == {"too-late": 8}
    assert counted(saying(200, bundle()), allowed=False) == {"not-allowed": 8}
    assert counted(saying(200, bundle(condition("another-1"))))["other-patient"] == 1


def test_what_was_cut_off_leaves_no_connection_behind() -> None:
    """C081: after many calls out of time the next one, to a server that lives again, has a connection."""

    async def run() -> None:
        lives = False

        async def act(writer: asyncio.StreamWriter, heard: Heard) -> None:
            if not lives:
                await asyncio.sleep(60)
            writer.write(reply(200, bundle()))

        async with double(act) as server:
            asking = servers(settings(connections=4, rest_after=1000, total_seconds=0.1))
            client = Client(id="hospital", fhir_servers=(server.base,))
            asked_for = request(server.base)
            for _ in range(10):
                supplied = await asking.completed(asked_for, gather(asked_for), client)
                assert states(supplied)["conditions"] is State.FAILED
            lives = True
            patient = servers(settings(connections=4))
            patient._client = asking._client
            supplied = await patient.completed(asked_for, gather(asked_for), client)
            assert states(supplied)["conditions"] is State.NOTHING
            await asking.aclose()

    asyncio.run(run())


@pytest.mark.parametrize(
    "answers",
    [
        lambda heard: bundle(condition("another-1")) if heard.type == "Condition" else bundle(),
        lambda heard: {"resourceType": "Patient", "id": "another-1"} if heard.type == "Patient" else bundle(),
        lambda heard: (
            bundle(condition(), following="/fhir/Condition?page=2")
            if heard.target.endswith("_count=200")
            else bundle(condition("another-1"))
        ),
    ],
    ids=["one subject", "the Patient", "on the second page"],
)
def test_another_patients_data_are_refused(answers: Callable[[Heard], dict[str, Any]]) -> None:
    """C070: a server that ignores the search parameter, or answers with somebody else."""

    async def act(writer: asyncio.StreamWriter, heard: Heard) -> None:
        writer.write(reply(200, answers(heard)))

    with pytest.raises(RequestError) as refused:
        against(act)
    assert refused.value.status == 422
    assert "another-1" not in str(refused.value)
    assert PATIENT not in str(refused.value)
