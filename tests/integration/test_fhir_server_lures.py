"""FHIR servers that lure: the token goes to its origin alone, links and pages lead nowhere else, and all of it ends.

Numbers such as C080 are the obligations in docs/cds-hooks.md.
"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from spmwatch.cds_hooks.prefetch.reading import TEMPLATES, State
from tests.support.hostile_asking import PATIENT, TOKEN, against, bundle, completed, condition, states
from tests.support.hostile_fhir import Heard, double, reply, saying


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
