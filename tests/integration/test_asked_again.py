"""One question more, where it may help and there is time: a busy server that says when, a connection that broke."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from spmwatch.cds_hooks.prefetch.reading import State
from tests.support.hostile_asking import OUTCOME, PATIENT, SOON, against, bundle, condition, states
from tests.support.hostile_fhir import Act, Heard, reply

EVERYTHING_ELSE = {
    "patient": {"resourceType": "Patient", "id": PATIENT},
    **dict.fromkeys(
        (
            "medicationRequests",
            "medicationStatements",
            "medicationAdministrations",
            "medicationDispenses",
            "procedures",
            "observations",
        )
    ),
}
DATE = "Date: Fri, 16 Jan 2026 10:00:00 GMT"


def first(what: bytes | None, times: int = 1) -> Act:
    """The first answers are these bytes, or a broken connection; then comes what was asked for."""
    asked: Counter[str] = Counter()

    async def act(writer: asyncio.StreamWriter, heard: Heard) -> None:
        asked[heard.target] += 1
        if asked[heard.target] > times:
            writer.write(reply(200, bundle(condition())))
        elif what is None:
            writer.transport.abort()
        else:
            writer.write(what)

    return act


@pytest.mark.parametrize(
    "what",
    [
        reply(429, OUTCOME, "Retry-After: 0"),
        reply(503, b"<html>busy</html>", "Retry-After: 1"),
        reply(503, OUTCOME, DATE, "Retry-After: Fri, 16 Jan 2026 10:00:01 GMT"),
        reply(429, OUTCOME, DATE, "Retry-After: Fri, 16 Jan 2026 09:00:00 GMT"),
        None,
    ],
)
def test_the_second_answer_counts(what: bytes | None) -> None:
    """C081, C083."""
    supplied, server = against(first(what), EVERYTHING_ELSE)
    assert states(supplied)["conditions"] is State.SUPPLIED
    assert len(server.heard) == 2
    assert len({one.target for one in server.heard}) == 1
    assert len(server.tokens) == 2


@pytest.mark.parametrize("what", [reply(429, OUTCOME, "Retry-After: 0"), reply(503, OUTCOME, "Retry-After: 0"), None])
def test_it_is_asked_once_more_and_no_oftener(what: bytes | None) -> None:
    supplied, server = against(first(what, times=9), EVERYTHING_ELSE)
    assert states(supplied)["conditions"] is State.FAILED
    assert len(server.heard) == 2


@pytest.mark.parametrize(
    "what",
    [
        reply(429, OUTCOME),
        reply(503, OUTCOME),
        reply(503, OUTCOME, "Retry-After: soon"),
        reply(503, OUTCOME, "Retry-After: -1"),
        reply(503, OUTCOME, "Retry-After: Fri, 16 Jan 2026 10:00:01 GMT"),
        reply(500, OUTCOME, "Retry-After: 0"),
        reply(401, OUTCOME, "Retry-After: 0"),
        reply(429, OUTCOME, "Retry-After: 3600"),
        reply(429, OUTCOME, "Retry-After: 99999999999999999999"),
    ],
)
def test_what_will_not_help_or_would_come_too_late_is_not_waited_for(what: bytes) -> None:
    """The budget is for everything that is asked; a server that says "in an hour" has answered."""
    supplied, server = against(first(what), EVERYTHING_ELSE)
    (why,) = [reading.why for reading in supplied.readings if reading.template.key == "conditions"]
    assert states(supplied)["conditions"] is State.FAILED
    assert "in time" not in why, "it was not waited for"
    assert len(server.heard) == 1


def test_the_second_question_has_no_more_time_than_was_left() -> None:
    supplied, server = against(first(reply(429, OUTCOME, "Retry-After: 1")), EVERYTHING_ELSE, total_seconds=SOON)
    assert states(supplied)["conditions"] is State.FAILED
    assert len(server.heard) == 1
