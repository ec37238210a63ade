"""A request of very many alike orders is answered like one of a few: rules that ask for two orders meet each pair."""

from __future__ import annotations

import copy
from datetime import date
from pathlib import Path
from typing import Any

import orjson
import pytest

from spmwatch.cds_hooks.answer import respond
from spmwatch.engine.episodes import Order

AS_OF = date(2026, 1, 15)
HOOKS = Path(__file__).parents[3] / "examples/hooks"


def drafts(number: int) -> dict[str, Any]:
    request = orjson.loads((HOOKS / "order-sign-lenalidomide-after-transplant.json").read_bytes())
    (entry,) = request["context"]["draftOrders"]["entry"]
    entries = [copy.deepcopy(entry) for _ in range(number)]
    for place, one in enumerate(entries):
        one["resource"] |= {"id": f"d{place:04}", "authoredOn": f"2026-01-{1 + place % 15:02}"}
    request["context"]["draftOrders"]["entry"] = entries
    return request  # type: ignore[no-any-return]


@pytest.mark.parametrize("number", [2, 1000])
def test_alike_orders_are_one_episode_with_all_their_sources(number: int) -> None:
    """C056: 1,000 lenalidomide drafts would be a million pairs."""
    found, one = (respond(orjson.dumps(drafts(many)), as_of=AS_OF) for many in (number, 1))
    assert found.recommendation is not None
    assert one.recommendation is not None
    (order,) = [episode for episode in found.recommendation.timeline.episodes if isinstance(episode, Order)]
    assert {source.reference for source in order.sources} == {f"MedicationRequest/d{n:04}" for n in range(number)}
    assert [f.summary for f in found.recommendation.findings] == [f.summary for f in one.recommendation.findings]


def test_orders_that_differ_stay_apart() -> None:
    request = drafts(2)
    text = "oral melphalan"
    request["context"]["draftOrders"]["entry"][1]["resource"]["medicationCodeableConcept"] = {"text": text}
    found = respond(orjson.dumps(request), as_of=AS_OF)
    assert found.recommendation is not None
    orders = [episode for episode in found.recommendation.timeline.episodes if isinstance(episode, Order)]
    assert {order.drug for order in orders} == {"lenalidomide", "melphalan"}
