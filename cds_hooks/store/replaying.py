"""A request decided again, by the rules in force now, and compared with what was decided then.

Replayed is what the request itself holds, on the day of the decision unless another is given, with what had been
acknowledged then. What the service had fetched from the client's FHIR server is not kept: the digest of the facts tells
whether the same were seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import orjson

from spmwatch.cds_hooks.answer import HookAnswer, conclude, gather, parse_request
from spmwatch.cds_hooks.store.decision import Json
from spmwatch.cds_hooks.store.decisions import Kept
from spmwatch.cds_hooks.store.differences import CHANGED, Change, answer_differences, differences
from spmwatch.cds_hooks.store.keys import Key
from spmwatch.cds_hooks.store.recording import TOKEN, outcome_of
from spmwatch.cds_hooks.wire.refusal import RequestError, operation_outcome
from spmwatch.cds_hooks.wire.strict_json import without_byte_order_mark
from spmwatch.engine.acknowledgement import Acknowledgement
from spmwatch.engine.evaluate import Evaluator


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """A decision beside its replay.

    Attributes:
        before: identity of the rules then; None when they are not known.
        after: identity of the rules now.
        same_facts: were the facts of the request read as those of the decision? None when nobody can tell.
        as_of: the day of the replay.
        changes: what differs.
    """

    before: str | None
    after: str
    same_facts: bool | None
    as_of: date
    changes: Sequence[Change]


def replay(kept: Kept, body: bytes, evaluator: Evaluator, key: Key, *, as_of: date | None = None) -> Replayed:
    """The decision again.

    Args:
        kept: what was decided.
        body: the request that it answered.
        evaluator: the rules in force now.
        key: of the store.
        as_of: the day; None takes the decision's.
    """
    day = as_of or kept.as_of
    answer = answer_again(body, evaluator, as_of=day, pseudonym=kept.pseudonym, known=_acknowledged(kept))
    changes = _status(kept.status, answer.status)
    same_facts = None
    if answer.recommendation is not None:
        cards = answer.body.get("cards", [])
        assert isinstance(cards, list)
        outcome = outcome_of(answer.recommendation, answer.merged, cards, key)
        same_facts = outcome["facts"] == kept.outcome["facts"] if day == kept.as_of else None
        changes += differences(kept.outcome, outcome)
    return Replayed(
        before=identity(kept.outcome["rulebase"]),
        after=str(evaluator.identity),
        same_facts=same_facts,
        as_of=day,
        changes=changes,
    )


def replay_answer(body: bytes, answer: Sequence[Json], evaluator: Evaluator, *, as_of: date) -> Replayed:
    """The request again, beside the cards of the answer that was recorded with it."""
    again = answer_again(body, evaluator, as_of=as_of)
    cards = again.body.get("cards", [])
    assert isinstance(cards, list)
    rule_line = evaluator.rule_base.card_policy.lines.rule
    changes = [*_status(200, again.status), *answer_differences(answer, cards, rule_line)]
    return Replayed(before=None, after=str(evaluator.identity), same_facts=None, as_of=as_of, changes=changes)


def answer_again(
    body: bytes,
    evaluator: Evaluator,
    *,
    as_of: date,
    pseudonym: str | None = None,
    known: Sequence[Acknowledgement] = (),
) -> HookAnswer:
    """The answer to a request from what it brings along."""
    try:
        request = parse_request(without_token(body), None)
        return conclude(
            request, gather(request), evaluator, as_of=as_of, acknowledged=lambda: known, pseudonym=pseudonym
        )
    except RequestError as refusal:
        return HookAnswer(status=refusal.status, body=operation_outcome(refusal.issues))


def without_token(body: bytes) -> bytes:
    """The request without its access token; bytes that are no object as they are."""
    try:
        value = orjson.loads(without_byte_order_mark(body))
    except orjson.JSONDecodeError:
        return body
    return orjson.dumps({k: v for k, v in value.items() if k != TOKEN}) if isinstance(value, dict) else body


def hook_instance_of(body: bytes) -> str | None:
    """The hook invocation that a request belongs to; None when it says none."""
    try:
        value = orjson.loads(without_byte_order_mark(body))
    except orjson.JSONDecodeError:
        return None
    instance = value.get("hookInstance") if isinstance(value, dict) else None
    return instance.lower() if isinstance(instance, str) else None


def identity(rulebase: object) -> str:
    """Which rules, in one line, from their kept form."""
    assert isinstance(rulebase, dict)
    overlays = [f"overlay {name}" for name in rulebase.get("overlays", [])]
    return " + ".join([f"{rulebase.get('version')} ({str(rulebase.get('hash'))[:12]})", *overlays])


def _acknowledged(kept: Kept) -> list[Acknowledgement]:
    quiet = kept.outcome["quiet"]
    assert isinstance(quiet, list)
    return [Acknowledgement(rule=one["rule"], on=date.fromisoformat(one["on"]), digest=one["digest"]) for one in quiet]


def _status(before: int, after: int) -> list[Change]:
    if before == after:
        return []
    return [Change(of="status", what=CHANGED, name="status", before=str(before), after=str(after))]
