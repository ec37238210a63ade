"""Requests taken apart, and the bounds of what is remembered (docs/decisions/0017)."""

from __future__ import annotations

import json
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from spmwatch.cds_hooks.answer import default_evaluator, evaluate, gather, parse_request
from spmwatch.cds_hooks.remembered.charts import Chart, Charts
from spmwatch.cds_hooks.remembered.cutting import cut, cut_at, spot_of
from spmwatch.cds_hooks.remembered.recalling import known, told_first
from spmwatch.engine.evaluate import Evaluator

EXAMPLES = sorted((Path(__file__).parents[3] / "examples/hooks").glob("*.json"))
DAY = date(2026, 1, 15)
BODY = b'{"hook": "h", "context" : {"patientId": "1"}, "prefetch":{"a": [1, 2]}, "extension": {"x": 1}}'


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@lru_cache(maxsize=1)
def chart() -> Chart:
    body = (EXAMPLES[0].parent / "patient-view-maintenance-after-transplant.json").read_bytes()
    request = parse_request(body, None)
    rules = default_evaluator()
    evaluated = evaluate(request, gather(request), rules, as_of=DAY)
    _, made = told_first(evaluated, rules, lambda _: (), pseudonym="p", rule_pages=None)
    assert made is not None
    return made


def charts(clock: Clock, *, room_for: float = 3, seconds: float = 300) -> Charts:
    return Charts(most_bytes=int(room_for * chart().size), seconds=seconds, monotonic=clock)


def is_there(memory: Charts, name: bytes, rules: Evaluator | None = None) -> bool:
    return memory.get(name, rules or chart().rules) is not None


# -- cut --------------------------------------------------------------------------------------------------------------


def test_a_request_is_cut_where_its_members_are() -> None:
    parts = cut(BODY)
    assert parts is not None
    assert (parts.prefetch, parts.context) == (b'{"a": [1, 2]}', b'{"patientId": "1"}')
    assert parts.rest == {"hook": "h", "context": None, "prefetch": None, "extension": {"x": 1}}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_parts_of_a_real_request_are_the_request(path: Path) -> None:
    """The order of members does not matter, nor that FHIR has an element `context`."""
    value = orjson.loads(path.read_bytes())
    backwards = dict(reversed(value.items()))
    if "prefetch" in value:
        value["prefetch"]["x"] = backwards["prefetch"]["x"] = {"context": {"reference": "Encounter/1"}}
    for body in (orjson.dumps(value), orjson.dumps(backwards), orjson.dumps(value, option=orjson.OPT_INDENT_2)):
        parts = cut(body)
        if "prefetch" not in value:
            assert parts is None
            continue
        assert parts is not None
        again = parts.rest | {name: orjson.loads(getattr(parts, name)) for name in ("prefetch", "context")}
        assert again == value


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b'{"prefetch": {}}',
        b'{"prefetch": null, "context": {}}',
        b'{"prefetch": {}, "context": null}',
        BODY + b"x",
        b"\xef\xbb\xbf" + BODY,
        BODY.replace(b'"h"', b'"h", "hook": "h"'),
        BODY.replace(b'"h"', b'"h", "prefetch": {"a": [1, 2]}'),
        BODY.replace(b'"h"', b'"h", "prefetch": {}'),
        BODY.replace(b'"h"', b'"h", "pre\\u0066etch": {"a": [1, 2]}'),
        BODY.replace(b'"h"', b'"h", "conte\\u0078t": {"patientId": "1"}'),
        BODY.replace(b'"h"', b'"h", "context": {"patientId": "2"}'),
        BODY.replace(b'"prefetch"', b'"pre\\u0066etch"'),
        BODY.replace(b'"h"', b'"h", "extension": NaN'),
        BODY.replace(b'{"x": 1}', b"1e999"),
        BODY.replace(b'{"x": 1}', b'"\\ud800"'),
        BODY.replace(b'{"x": 1}', b'"\xff"'),
        BODY.replace(b'{"x": 1}', b"[" * 300 + b"]" * 300),
        BODY.replace(b'{"x": 1}', b'{"prefetch":{"a": [1, 2]}}').replace(b'"prefetch":', b'"prefetch" :', 1)[:-1],
        b'{"extension": {"prefetch":{"a": 1}}, "pre\\u0066etch":{"a": 1}, "context":{}}',
    ],
    ids=lambda body: body[:60],
)
def test_what_is_refused_or_unusual_is_not_cut(body: bytes) -> None:
    """C056: a repeated member, NaN and the like outside of the chart are seen each time."""
    assert cut(body) is None


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_may_come(body: bytes) -> None:
    assert cut(body) is None
    assert known(Charts(most_bytes=1, seconds=1, monotonic=Clock()), body, **ASKED) is None


# -- cut without reading the chart ----------------------------------------------------------------------------------

CHART = b'{"a": [1, "}"], "prefetch": {"b": null}}'


def shortcut(body: bytes, length: int = len(CHART)) -> tuple[bytes, bytes, Any] | None:
    """What is made of a request in which a chart of this length is looked for."""
    spot = spot_of(body)
    parts = None if spot is None else cut_at(body, spot, length)
    return None if parts is None else (bytes(parts.prefetch), bytes(parts.context), parts.rest)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
@pytest.mark.parametrize("option", [0, orjson.OPT_INDENT_2, orjson.OPT_SORT_KEYS])
def test_with_the_right_length_the_parts_are_the_same(path: Path, option: int) -> None:
    body = orjson.dumps(orjson.loads(path.read_bytes()), option=option)
    parts = cut(body)
    if parts is None:
        assert "prefetch" not in orjson.loads(body)
        return
    assert shortcut(body, len(parts.prefetch)) == (parts.prefetch, parts.context, parts.rest)
    for wrong in (0, 1, len(parts.prefetch) - 1, len(parts.prefetch) + 1, len(body), 10 * len(body)):
        found = shortcut(body, wrong)
        assert found is None or found[0].strip() == parts.prefetch  # with a space behind it is the same value


@pytest.mark.parametrize(
    "around",
    [
        b'{"x": "a\\"prefetch": %s, "prefetch": null, "context": {}}',  # the name ends with the letters of ours
        b'{"x": "\\"prefetch\\":%s", "context": {}, "hook": "h"}',
        b'{"x": {"prefetch": %s}, "context": {}, "hook": "h"}',
        b'{"x": {"prefetch": %s}, "pre\\u0066etch": {}, "context": {}}',
        b'{"x": ["prefetch": %s], "prefetch": {}, "context": {}}',
        b'{"prefetch": %s, "prefetch": %s, "context": {}}',
        b'{"prefetch": %s, "pre\\u0066etch": 1, "context": {}}',
        b'{"prefetch": %s1, "context": {}}',
        b'{"prefetch": %s "context": {}}',
        b'{"prefetch": %s, "context": {}, "context": {}}',
        b'{"prefetch": %s, "context": {}, "x": NaN}',
        b'{"prefetch": %s, "context": {}, "x": 1e999}',
        b'{"prefetch": %s, "context": {}, "x": "\xff"}',
        b'{"prefetch": %s, "context": {}, "x": ' + b"[" * 300 + b"]" * 300 + b"}",
        b'{"prefetch": %s, "context": {}}{}',
        b'["prefetch": %s, "context": {}]',
        b'"prefetch": %s',
        b'{"prefetch": %s',
    ],
    ids=lambda around: around[:60],
)
def test_bytes_that_are_no_prefetch_are_not_taken_for_it(around: bytes) -> None:
    """C056: a chart that is known, in another place or in a request that is to be refused."""
    assert shortcut(around.replace(b"%s", CHART)) is None


def test_bytes_that_are_prefetch_are_taken_for_it() -> None:
    body = b'{"context":{}, "x": {"prefetchs": 1}, "prefetch" :\n%s , "hook":"h"}' % CHART
    assert shortcut(body) == (CHART, b"{}", {"context": None, "x": {"prefetchs": 1}, "prefetch": None, "hook": "h"})


TOKENS = [
    b'"prefetch"',
    b'"context"',
    b"prefetch",
    b'"',
    b"\\",
    b":",
    b",",
    b"{",
    b"}",
    b"[",
    b"]",
    b"null",
    b"1",
    b" ",
    CHART,
]


@example(CHART + b"}")
@example(b'"prefetch":' + CHART)
@given(st.lists(st.sampled_from(TOKENS), max_size=14).map(b"".join))
def test_whatever_stands_around_a_chart(inner: bytes) -> None:
    """If a known chart is found anywhere, the request is valid and that chart is its prefetch."""
    for body in (inner, b'{"context":{},%s}' % inner, b'{"context":{},"prefetch":%s' % inner):
        found = shortcut(body)
        if found is not None and found[0] == CHART:  # of others nothing is known, and nothing would be remembered
            value = json.loads(body)
            assert value["prefetch"] == json.loads(CHART)
            assert value == found[2] | {"prefetch": json.loads(CHART), "context": json.loads(found[1])}


def test_a_chart_is_known_by_the_same_bytes_alone() -> None:
    """The length is a guess of the last request that began alike; what is believed is the hash of all bytes."""
    memory, body = charts(Clock()), (EXAMPLES[0].parent / "patient-view-maintenance-after-transplant.json").read_bytes()
    value = orjson.loads(body)
    first = known(memory, orjson.dumps(value), **ASKED)
    assert first is not None
    assert first.chart is None
    memory.put(first.name, chart())
    value["hookInstance"] = "00000000-0000-4000-8000-000000000001"
    again = known(memory, orjson.dumps(value), **ASKED)
    assert again is not None
    assert again.chart is not None
    assert (again.name, again.hook_instance) == (first.name, value["hookInstance"])
    text = orjson.dumps(value)
    at = len(text) - text[::-1].index(b"-") - 1  # a letter far behind what the guess goes by
    other = known(memory, text[:at] + b"_" + text[at + 1 :], **ASKED)
    assert other is not None
    assert other.chart is None
    assert other.name != first.name


ASKED: dict[str, Any] = {
    "service_id": "spmwatch-patient-view",
    "client_id": "c",
    "day": DAY,
    "rules": default_evaluator(),
}


# -- bounds ---------------------------------------------------------------------------------------------------------


def test_the_one_that_nobody_asked_for_longest_goes_first() -> None:
    memory = charts(Clock())
    for name in (b"1", b"2", b"3"):
        memory.put(name, chart())
    assert is_there(memory, b"1")
    memory.put(b"4", chart())
    assert [is_there(memory, name) for name in (b"1", b"2", b"3", b"4")] == [True, False, True, True]
    assert memory.size == 3 * chart().size


def test_the_same_one_is_there_once() -> None:
    memory = charts(Clock())
    for _ in range(10):
        memory.put(b"1", chart())
    assert (memory.count, memory.size) == (1, chart().size)


def test_one_that_is_too_large_throws_nobody_out() -> None:
    memory = charts(Clock(), room_for=0.9)
    memory.put(b"1", chart())
    assert (memory.count, memory.size) == (0, 0)


def test_small_ones_are_bounded_in_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Charts, "MOST", 2)
    memory = charts(Clock())
    for name in (b"1", b"2", b"3"):
        memory.put(name, chart())
    assert memory.count == 2


def test_time_runs_from_the_evaluation_however_often_it_is_asked_for() -> None:
    clock = Clock()
    memory = charts(clock, seconds=300)
    memory.put(b"1", chart())
    clock.now = 299
    assert is_there(memory, b"1")
    clock.now = 300
    assert not is_there(memory, b"1")
    assert memory.size == 0


def test_what_nobody_asks_for_any_more_goes_too() -> None:
    clock = Clock()
    memory = charts(clock, seconds=300)
    memory.put(b"1", chart())
    clock.now = 200
    memory.put(b"2", chart())
    clock.now = 301
    memory.sweep()
    assert (memory.count, memory.size) == (1, chart().size)
    memory.clear()
    assert (memory.count, memory.size) == (0, 0)


def test_other_rules_know_nothing_of_it() -> None:
    memory, others = charts(Clock()), Evaluator(default_evaluator().rule_base)
    memory.put(b"1", chart())
    assert not is_there(memory, b"1", others)
    assert memory.count == 0


def test_switched_off_it_looks_at_nothing() -> None:
    memory = Charts(most_bytes=0, seconds=300, monotonic=Clock())
    memory.put(b"1", chart())
    assert memory.count == 0
    assert known(memory, EXAMPLES[0].read_bytes(), **ASKED) is None


def test_a_name_tells_nobody_anything() -> None:
    """It can be made in this process alone, and parts do not run into each other."""
    one, other = charts(Clock()), charts(Clock())
    assert one.name(b"a", b"b") == one.name(b"a", b"b")
    names = {memory.name(*parts) for memory in (one, other) for parts in ((b"a", b"b"), (b"ab", b""), (b"", b"ab"))}
    assert len(names) == 6
