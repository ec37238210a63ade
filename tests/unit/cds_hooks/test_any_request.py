"""Whatever comes, an answer goes back: never a fault of ours, never a crash (cds-hooks.md C050, C054-C059, C069).

Two searches: over bytes, and over real requests in which anything was replaced, removed, doubled, emptied or nested.
"""

from __future__ import annotations

import copy
from datetime import date
from pathlib import Path
from typing import Any

import orjson
import pytest
from fhir.resources.R4B.operationoutcome import OperationOutcome
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spmwatch.cds_hooks.answer import HookAnswer, respond
from spmwatch.engine.catalogue.load import load_rule_base
from spmwatch.engine.evaluate import Evaluator
from tests.support.card_check import check_answer

AS_OF = date(2026, 1, 15)
HOOKS = Path(__file__).parents[3] / "examples/hooks"
REQUESTS = {path.stem: orjson.loads(path.read_bytes()) for path in sorted(HOOKS.glob("*.json"))}
STATUSES = {200, 400, 412, 413, 415, 422}
EVALUATOR = Evaluator(load_rule_base())
SEARCH = settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])

WORDS = st.sampled_from(
    [
        "",
        " ",
        "x",
        "Patient/1",
        "urn:uuid:x",
        "#x",
        "<img src=x onerror=1>",
        "[a](http://b)",
        "lenalidomide",
        "2020",
        "0000",
    ]
) | st.text(max_size=20)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | WORDS
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3), max_leaves=5
)


def answered(body: bytes) -> HookAnswer:
    """The answer, looked at: its status, and that a refusal is an OperationOutcome that repeats nothing."""
    found = respond(body, as_of=AS_OF, evaluator=EVALUATOR, rule_pages="https://cds.example/rules")
    assert found.status in STATUSES
    if found.status == 200:
        check_answer(found.body)
    else:
        OperationOutcome.model_validate(found.body)
    orjson.dumps(found.body)
    return found


@given(st.binary(max_size=300))
@SEARCH
def test_any_bytes(body: bytes) -> None:
    """C002, C054-C056."""
    assert answered(body).status == 400


@given(VALUES)
@SEARCH
def test_any_json(value: object) -> None:
    try:
        body = orjson.dumps(value)
    except TypeError:  # whole numbers and texts that no JSON of ours can hold
        return
    assert answered(body).status in (400, 422)


@given(st.sampled_from(sorted(REQUESTS)), st.data())
@SEARCH
def test_a_real_request_cut_or_spoilt_as_bytes(name: str, data: st.DataObject) -> None:
    body = bytearray(orjson.dumps(REQUESTS[name]))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(body) - 1))
        body[at : at + data.draw(st.integers(0, 6))] = data.draw(st.binary(max_size=4))
    answered(bytes(body))


def places(value: object, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path to each member and item."""
    found: list[tuple[Any, ...]] = [path] if path else []
    if isinstance(value, dict):
        for key, inner in value.items():
            found += places(inner, (*path, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            found += places(inner, (*path, number))
    return found


def change(request: Any, path: tuple[Any, ...], how: str, value: object) -> None:
    """Change what stands there, in one of the ways in which clients are wrong."""
    holder = request
    for step in path[:-1]:
        holder = holder[step]
    last = path[-1]
    match how:
        case "replace":
            holder[last] = value
        case "remove":
            del holder[last]
        case "wrap":
            holder[last] = [holder[last]]
        case "unwrap":
            inner = holder[last]
            holder[last] = inner[0] if isinstance(inner, list) and inner else {"inner": inner}
        case "hole":
            holder[last] = [None, holder[last], None]
        case "double" if isinstance(holder, list):
            holder.append(copy.deepcopy(holder[last]))
        case "add" if isinstance(holder, dict):
            holder["added"] = value


HOW = ("replace", "remove", "wrap", "unwrap", "hole", "double", "add")


@given(st.sampled_from(sorted(REQUESTS)), st.data())
@SEARCH
def test_a_real_request_changed_anywhere(name: str, data: st.DataObject) -> None:
    """C041, C047, C050, C060-C070."""
    request = copy.deepcopy(REQUESTS[name])
    for _ in range(data.draw(st.integers(1, 3))):
        if not (found := places(request)):
            break
        change(request, data.draw(st.sampled_from(found)), data.draw(st.sampled_from(HOW)), data.draw(VALUES))
    try:
        body = orjson.dumps(request)
    except TypeError:
        return
    answered(body)


@pytest.mark.parametrize("name", REQUESTS)
def test_every_recorded_request(name: str) -> None:
    """C090-C123 on what is shipped as an example."""
    assert answered(orjson.dumps(REQUESTS[name])).status in (200, 412)
