"""FHIR servers that fail, lie or lure: what was lacking stays not known, in time, and the token goes nowhere else.

Numbers such as C080 are the obligations in docs/cds-hooks.md.
"""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import logging
import ssl
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import orjson
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from structlog.testing import capture_logs

from spmwatch.cds_hooks.answer import conclude, default_evaluator, gather
from spmwatch.cds_hooks.fhir_server.resting import Resting
from spmwatch.cds_hooks.fhir_server.servers import ClientServers
from spmwatch.cds_hooks.fhir_server.settings import FhirSettings
from spmwatch.cds_hooks.prefetch.reading import TEMPLATES, State, Supplied
from spmwatch.cds_hooks.trust.client import Client
from spmwatch.cds_hooks.wire.refusal import RequestError
from spmwatch.cds_hooks.wire.requests import Request, request_from
from spmwatch.engine.errors import InputError
from tests.support.hostile_fhir import Act, Double, Heard, double, reply, saying

TOKEN = "tok-e2b7-secret"
PATIENT = "zacharias-2"
LIMIT = 60.0
"""Seconds in which a test must be over: none waits for what never comes."""
PATIENCE = 15.0
"""Seconds for what does come, on a busy machine."""
SOON = 0.5
"""Seconds for what does not."""


def settings(**changes: Any) -> FhirSettings:
    return FhirSettings(**({"total_seconds": PATIENCE, "connect_seconds": PATIENCE, "most_bytes": 20_000} | changes))


def request(base: str, prefetch: dict[str, Any] | None = None, *, token: str | None = TOKEN, **more: Any) -> Request:
    body: dict[str, Any] = {
        "hook": "patient-view",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {"userId": "Practitioner/u1", "patientId": PATIENT},
        "fhirServer": base,
    }
    if prefetch is not None:
        body["prefetch"] = prefetch
    if token is not None:
        body["fhirAuthorization"] = {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": 300,
            "scope": "patient/*.rs",
            "subject": "cds-service",
        } | more
    return request_from(body)


def servers(set_to: FhirSettings) -> ClientServers:
    return ClientServers(set_to, lambda: default_evaluator().rule_base.value_sets)


async def completed(
    base: str,
    prefetch: dict[str, Any] | None = None,
    *,
    set_to: FhirSettings | None = None,
    asked_for: Request | None = None,
    allowed: tuple[str, ...] | None = None,
) -> Supplied:
    asking = servers(set_to or settings())
    asked_for = asked_for or request(base, prefetch)
    client = Client(id="hospital", fhir_servers=(base,) if allowed is None else allowed)
    try:
        async with asyncio.timeout(LIMIT):
            return await asking.completed(asked_for, gather(asked_for), client)
    finally:
        await asking.aclose()


def against(act: Act, prefetch: dict[str, Any] | None = None, **changes: Any) -> tuple[Supplied, Double]:
    async def run() -> tuple[Supplied, Double]:
        async with double(act) as server:
            return await completed(server.base, prefetch, set_to=settings(**changes)), server

    return asyncio.run(run())


def states(supplied: Supplied) -> dict[str, State]:
    return {reading.template.key: reading.state for reading in supplied.readings}


def status_of(supplied: Supplied) -> int:
    asked_for = request("https://ehr.example/fhir")
    return conclude(asked_for, supplied, default_evaluator(), as_of=date(2026, 1, 15)).status


def bundle(*resources: dict[str, Any], following: str | None = None, **more: Any) -> dict[str, Any]:
    links = [{"relation": "next", "url": following}] if following is not None else []
    entries = [{"resource": resource} for resource in resources]
    return {"resourceType": "Bundle", "type": "searchset", "link": links, "entry": entries, **more}


def condition(patient: str = PATIENT, ident: str = "c1", **more: Any) -> dict[str, Any]:
    return {"resourceType": "Condition", "id": ident, "subject": {"reference": f"Patient/{patient}"}, **more}


# -- nothing to be had ----------------------------------------------------------------------------------------------

OUTCOME = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "processing"}]}
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


# -- another patient ------------------------------------------------------------------------------------------------


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


# -- the token ------------------------------------------------------------------------------------------------------


def test_every_call_carries_the_token_and_asks_for_fhir() -> None:
    """C076, C078: one GET for each template, of the patient in the context."""
    supplied, server = against(saying(200, bundle()))
    assert server.tokens == [f"Bearer {TOKEN}"] * len(TEMPLATES)
    assert {one.method for one in server.heard} == {"GET"}
    assert {one.headers["accept"] for one in server.heard} == {"application/fhir+json"}
    expected = {f"/fhir/{template.type}?patient={PATIENT}&_count=200" for template in TEMPLATES[1:]}
    assert {one.target for one in server.heard} == expected | {f"/fhir/Patient/{PATIENT}"}
    assert TOKEN not in repr(supplied)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("own", [True, False], ids=["to itself", "to another origin"])
def test_redirects_are_not_followed(status: int, own: bool) -> None:
    """C080."""

    async def run() -> None:
        async with double(saying(200, bundle())) as other:

            async def act(writer: asyncio.StreamWriter, heard: Heard) -> None:
                to = "" if own else other.origin
                writer.write(reply(status, b"", f"Location: {to}/fhir/elsewhere"))

            async with double(act) as server:
                supplied = await completed(server.base)
                assert set(states(supplied).values()) == {State.FAILED}
                assert len(server.heard) == len(TEMPLATES)
            assert other.heard == []

    asyncio.run(run())


LURES = {
    "another origin": "{other}/fhir/Condition?page=2",
    "without scheme": "//{other_netloc}/fhir/Condition?page=2",
    "user in front": "http://{own_netloc}@{other_netloc}/fhir/Condition?page=2",
    "backslash": "http://{own_netloc}\\@{other_netloc}/fhir/Condition?page=2",
    "tab": "http://{other_netloc}/\tfhir/Condition?page=2",
    "longer name": "{own}.attacker.invalid/fhir/Condition?page=2",
    "beside the base": "{own}/fhirs/Condition?page=2",
    "above the base": "{own}/admin",
    "out of the base": "{own}/fhir/../admin",
    "out of the base, encoded": "{own}/fhir/%2e%2e/admin",
    "https instead": "https://{own_netloc}/fhir/Condition?page=2",
    "another scheme": "file:///etc/passwd",
    "javascript": "javascript:alert(1)",
    "letters beyond ASCII": "http://127.0.0。1:{other_port}/fhir",
    "a line": "{own}/fhir/Condition\r\nX-Evil: 1",
}


@pytest.mark.parametrize("lure", LURES.values(), ids=LURES.keys())
@pytest.mark.parametrize("from_prefetch", [False, True], ids=["fetched page", "prefetched page"])
def test_next_links_leave_neither_origin_nor_base(lure: str, from_prefetch: bool) -> None:
    """C068, C080: the page that came is kept, the list is incomplete, and nothing is asked elsewhere."""

    async def run() -> None:
        async with double(saying(200, bundle())) as other:
            own = ""

            def page() -> dict[str, Any]:
                netlocs = {"own_netloc": own.removeprefix("http://"), "other_netloc": other.origin[7:]}
                url = lure.format(own=own, other=other.origin, other_port=other.origin.rpartition(":")[2], **netlocs)
                return bundle(condition(), following=url)

            async def act(writer: asyncio.StreamWriter, heard: Heard) -> None:
                writer.write(reply(200, page() if heard.type == "Condition" else bundle()))

            async with double(act) as server:
                own = server.origin
                prefetch: dict[str, Any] = {template.key: None for template in TEMPLATES[1:]}
                if from_prefetch:
                    prefetch["conditions"] = page()
                else:
                    del prefetch["conditions"]
                supplied = await completed(server.base, prefetch)
                assert states(supplied)["conditions"] is State.PARTIAL
                assert [item.resource["id"] for one in supplied.readings for item in one.placed] == ["c1"]
                expected = {f"/fhir/Patient/{PATIENT}"}
                if not from_prefetch:
                    expected.add(f"/fhir/Condition?patient={PATIENT}&_count=200")
                assert {one.target for one in server.heard} == expected
            assert other.heard == []

    asyncio.run(run())


def test_pages_are_followed_to_the_end() -> None:
    """C068, C079: from a prefetched first page too, which is not asked for again."""

    def page(number: int) -> dict[str, Any]:
        following = f"Condition?page={number + 1}" if number < 3 else None
        return bundle(condition(ident=f"c{number}"), following=following, total=3)

    async def act(writer: asyncio.StreamWriter, heard: Heard) -> None:
        number = int(heard.target[-1]) if "page=" in heard.target else 1
        writer.write(reply(200, page(number) if heard.type == "Condition" else bundle()))

    others = {template.key: None for template in TEMPLATES[1:]}
    del others["conditions"]
    for prefetch, asked in ((others, 3), (others | {"conditions": page(1)}, 2)):
        supplied, server = against(act, prefetch)
        assert states(supplied)["conditions"] is State.SUPPLIED
        assert [item.resource["id"] for one in supplied.readings for item in one.placed] == ["c1", "c2", "c3"]
        assert sum(one.type == "Condition" for one in server.heard) == asked
        assert set(server.tokens) == {f"Bearer {TOKEN}"}


@pytest.mark.parametrize("circle", [True, False], ids=["in a circle", "always another"])
def test_endless_pages_end(circle: bool) -> None:
    """C081: bounded in pages."""
    count = 0

    async def act(writer: asyncio.StreamWriter, heard: Heard) -> None:
        nonlocal count
        count += 1
        following = "/fhir/Condition?page=2" if circle else f"/fhir/Condition?page={count}"
        writer.write(reply(200, bundle(condition(ident=f"c{count}"), following=following)))

    prefetch: dict[str, Any] = {template.key: None for template in TEMPLATES if template.key != "conditions"}
    supplied, server = against(act, prefetch, most_pages=5)
    assert states(supplied)["conditions"] is State.PARTIAL
    assert len(server.heard) == (2 if circle else 5)


def test_entries_and_bytes_are_bounded_over_all_answers() -> None:
    """C081."""

    async def act(writer: asyncio.StreamWriter, heard: Heard) -> None:
        following = f"/fhir/{heard.type}?page={len(server_heard)}"
        server_heard.append(heard)
        writer.write(reply(200, bundle(condition(ident=f"c{len(server_heard)}", note="x" * 900), following=following)))

    for changes, bound in (({"most_entries": 3}, 3), ({"most_bytes_in_all": 5000}, 5)):
        server_heard: list[Heard] = []
        prefetch: dict[str, Any] = {template.key: None for template in TEMPLATES if template.key != "conditions"}
        supplied, _ = against(act, prefetch, **changes)
        assert states(supplied)["conditions"] is State.PARTIAL
        assert 1 <= len(server_heard) <= bound


def test_a_list_cut_off_by_a_bound_is_not_complete_although_every_page_was_well_formed() -> None:
    """C068, C081: without a `total` nothing but the page that was not fetched tells that there is more."""

    async def act(writer: asyncio.StreamWriter, heard: Heard) -> None:
        following = f"/fhir/{heard.type}?page=2" if "page" not in heard.target else None
        writer.write(reply(200, bundle(condition(ident="c2" if following is None else "c1"), following=following)))

    prefetch: dict[str, Any] = {template.key: None for template in TEMPLATES if template.key != "conditions"}
    whole, _ = against(act, prefetch)
    assert states(whole)["conditions"] is State.SUPPLIED
    for changes in ({"most_pages": 1}, {"most_entries": 1}):
        supplied, server = against(act, prefetch, **changes)
        assert len(server.heard) == 1
        (reading,) = (one for one in supplied.readings if one.template.key == "conditions")
        assert (reading.state, len(reading.placed)) == (State.PARTIAL, 1)
        assert "longer than is read" in reading.why
        assert "Condition" in dict(supplied.coverage.unsupplied)


def test_a_medication_on_another_server_is_not_read() -> None:
    """C080: absolute references are followed on the own server alone; of two servers' Medications none is guessed."""

    async def run() -> None:
        async with double(saying(200, {"resourceType": "Medication", "id": "m1"})) as other:

            async def act(writer: asyncio.StreamWriter, heard: Heard) -> None:
                code = {"text": "Lenalidomide 10 mg capsule"}
                found = {"resourceType": "Medication", "id": heard.target.rpartition("/")[2], "code": code}
                writer.write(reply(200, found if heard.type == "Medication" else bundle()))

            async with double(act) as server:
                refers = {
                    "own": f"{server.base}/Medication/m1",
                    "relative": "Medication/m2",
                    "versioned": f"{server.base}/Medication/m3/_history/2",
                    "foreign": f"{other.base}/Medication/m4",
                    "own, and foreign under one id": f"{server.base}/Medication/m5",
                    "foreign under the id of an own one": f"{other.base}/Medication/m5",
                    "beside the base": f"{server.origin}/admin/Medication/m6",
                    "out of the base": f"{server.base}/../Medication/m7",
                    "id that is none": "Medication/..%2f..%2fadmin",
                    "contained": "#m8",
                    "urn": "urn:uuid:8e0b5a51-8a3e-4a34-8b4f-0b0f0c3a4b5c",
                }
                requests = [
                    {
                        "resourceType": "MedicationRequest",
                        "id": f"r{number}",
                        "status": "active",
                        "intent": "order",
                        "subject": {"reference": f"Patient/{PATIENT}"},
                        "medicationReference": {"reference": reference},
                    }
                    for number, reference in enumerate(refers.values())
                ]
                prefetch: dict[str, Any] = {template.key: None for template in TEMPLATES}
                prefetch |= {"patient": {"resourceType": "Patient", "id": PATIENT}}
                prefetch |= {"medicationRequests": bundle(*requests)}
                supplied = await completed(server.base, prefetch)
                assert sorted(one.target for one in server.heard) == [f"/fhir/Medication/m{n}" for n in (1, 2, 3)]
                found = [one["id"] for one in supplied.resources if one["resourceType"] == "Medication"]
                assert sorted(found) == ["m1", "m2", "m3"]
            assert other.heard == []

    asyncio.run(run())


def test_no_cookie_is_kept() -> None:
    """C077: one patient's session never meets the next patient's token."""

    async def run() -> None:
        async with double(saying(200, bundle(), "Set-Cookie: session=s1; Path=/")) as server:
            asking = servers(settings())
            for _ in range(2):
                asked_for = request(server.base)
                await asking.completed(asked_for, gather(asked_for), Client(id="a", fhir_servers=(server.base,)))
            await asking.aclose()
            assert len(server.heard) == 2 * len(TEMPLATES)
            assert not [one for one in server.heard if "cookie" in one.headers]

    asyncio.run(run())


def certificate(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """A server's side of TLS for 127.0.0.1, and the file of the authority that signed it (itself)."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a FHIR server of tests")])
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2100, 1, 1, tzinfo=UTC))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = signed.public_bytes(Encoding.PEM)
    both = folder / "server.pem"
    both.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + pem)
    authority = folder / "authority.pem"
    authority.write_bytes(pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    return context, authority


def test_certificates_are_checked(tmp_path: Path) -> None:
    """C082: the token goes to nobody whose certificate no known authority signed."""

    async def run() -> None:
        tls, authority = certificate(tmp_path)
        async with double(saying(200, bundle()), tls) as server:
            supplied = await completed(server.base, set_to=settings())
            assert all("cannot be reached" in reading.why for reading in supplied.readings)
            assert server.heard == []
            supplied = await completed(server.base, set_to=settings(ca_file=authority))
            assert states(supplied)["conditions"] is State.NOTHING
            assert set(server.tokens) == {f"Bearer {TOKEN}"}

    asyncio.run(run())


def test_a_file_of_authorities_that_is_none_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("")
    for name in ("empty.pem", "missing.pem"):
        with pytest.raises(InputError, match=r"fhir\.ca_file"):
            servers(settings(ca_file=tmp_path / name))


# -- which server ---------------------------------------------------------------------------------------------------


def test_a_server_off_the_list_is_not_even_resolved(monkeypatch: pytest.MonkeyPatch) -> None:
    """C082: no name is looked up, no connection is opened, and the answer is as from prefetch alone."""

    async def refuse(*_: object, **__: object) -> None:
        raise AssertionError("looked up a server that is not on the list")

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", refuse)
    for base in ("https://evil.invalid/fhir", "http://169.254.169.254/latest", "https://ehr.example/fhir/../x"):
        supplied = asyncio.run(completed(base, allowed=("https://ehr.example/fhir",)))
        assert set(states(supplied).values()) == {State.MISSING}
        assert all("not one that may be asked" in reading.why for reading in supplied.readings)


def test_what_is_asked_depends_on_list_token_and_scope() -> None:
    """C076, C078, C082."""

    async def asked(changes: dict[str, Any] | None = None, set_to: FhirSettings | None = None, **more: Any) -> int:
        async with double(saying(200, bundle())) as server:
            given = set_to or settings(servers=(server.base,))
            token = more.pop("token", TOKEN)
            asked_for = request(server.base, token=token, **(changes or {}))
            if more.pop("open_", False):
                given = settings(servers=(server.base,), open_servers=(server.base,))
            await completed(server.base, set_to=given, asked_for=asked_for, allowed=())
            return len(server.heard)

    async def run() -> None:
        assert await asked() == 8  # on the list of the settings
        assert await asked(set_to=settings()) == 0  # on no list
        assert await asked(token=None) == 0  # no token, and not open
        assert await asked(token=None, open_=True) == 8
        assert await asked({"expires_in": 0}) == 0
        assert await asked({"patient": "another-1"}) == 0
        assert await asked({"patient": PATIENT}) == 8
        assert await asked({"access_token": "two words"}) == 0
        assert await asked({"access_token": "tök"}) == 0
        assert await asked({"access_token": "tok\r\nX-Evil: 1"}) == 0
        assert await asked({"scope": "launch patient/Condition.read patient/Observation.rs patient/Patient.c"}) == 2
        assert await asked({"scope": "Condition.Read (R4) Patient.Read (R4)"}) == 8  # Epic's own words

    asyncio.run(run())


def test_what_came_is_not_asked_for_again() -> None:
    """C063, C079: null, empty, supplied and failed keys are left alone."""
    prefetch = {
        "patient": {"resourceType": "Patient", "id": PATIENT},
        "conditions": None,
        "medicationRequests": bundle(),
        "medicationStatements": OUTCOME,
        "procedures": bundle(condition(), OUTCOME),
        "observations": bundle(total=9),
    }
    supplied, server = against(saying(200, bundle()), prefetch)
    assert sorted(one.type for one in server.heard) == ["MedicationAdministration", "MedicationDispense"]
    assert states(supplied)["medicationStatements"] is State.FAILED
    assert states(supplied)["medicationDispenses"] is State.NOTHING


def test_a_dead_server_is_left_alone_for_a_while() -> None:
    """C081: it does not hold up every call for the whole budget; an answer of any kind brings it back."""

    async def run() -> None:
        lives, now = False, 0.0

        async def act(writer: asyncio.StreamWriter, heard: Heard) -> None:
            writer.write(reply(200, bundle()) if lives else reply(503, b""))

        async with double(act) as server:
            asking = servers(settings())
            asking._resting = Resting(after=2, seconds=60, now=lambda: now)
            client = Client(id="hospital", fhir_servers=(server.base,))

            async def asked() -> int:
                before, asked_for = len(server.heard), request(server.base)
                await asking.completed(asked_for, gather(asked_for), client)
                return len(server.heard) - before

            assert [await asked() for _ in range(4)] == [8, 8, 0, 0]
            lives, now = True, 61.0
            assert [await asked() for _ in range(2)] == [8, 8]
            await asking.aclose()

    asyncio.run(run())
