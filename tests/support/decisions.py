"""Decisions as the service makes them, without a service."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, time
from functools import lru_cache
from pathlib import Path

import orjson

from spmwatch.cds_hooks.answer import conclude, gather, parse_request
from spmwatch.cds_hooks.store.decision import Decision, Json
from spmwatch.engine.catalogue.load import load_rule_base
from spmwatch.engine.evaluate import Evaluator
from tests.support.stores import DAY

EXAMPLES = Path(__file__).parents[2] / "examples/hooks"
MAINTENANCE = "patient-view-maintenance-after-transplant"


@lru_cache(maxsize=1)
def evaluator() -> Evaluator:
    return Evaluator(load_rule_base())


def request_body(name: str = MAINTENANCE, **members: object) -> bytes:
    value = orjson.loads((EXAMPLES / f"{name}.json").read_bytes())
    return orjson.dumps(value | {"hookInstance": str(uuid.uuid4())} | members)


def decision(
    body: bytes | None = None,
    *,
    on: date = DAY,
    client: str = "north",
    shown: bool = True,
    pseudonym: str | None = None,
    keeps: bool = True,
) -> Decision:
    body = body or request_body()
    request = parse_request(body, None)
    answer = conclude(request, gather(request), evaluator(), as_of=on, pseudonym=pseudonym)
    assert answer.recommendation is not None
    cards = answer.body.get("cards", [])
    assert isinstance(cards, list)
    return Decision(
        id=str(uuid.uuid4()),
        at=datetime.combine(on, time(9), UTC),
        client=client,
        service=f"spmwatch-{request.hook}",
        hook=request.hook,
        hook_instance=request.hook_instance,
        as_of=on,
        recommendation=answer.recommendation,
        merged=answer.merged,
        cards=cards,
        shown=shown,
        status=answer.status,
        seconds={"parse": 0.001, **answer.seconds},
        body=body if keeps else None,
    )


def uuid_of(decision_: Decision, rule: str) -> str:
    """The uuid of the card on which a rule speaks."""
    assert decision_.merged is not None
    for card, told in zip(decision_.merged.cards, decision_.cards, strict=True):
        if card.advice.rule == rule:
            return str(told["uuid"])
    raise AssertionError(rule)


def card_of(decision_: Decision, rule: str) -> Json:
    return next(card for card in decision_.cards if card["uuid"] == uuid_of(decision_, rule))
