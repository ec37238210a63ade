"""Bytes that are not clean JSON: what can be saved is saved, the rest is named, nothing raises."""

from __future__ import annotations

import io
from typing import Any

import orjson
import pytest

from spmwatch.fhir_adapters.bundle import cut_entries, salvage
from spmwatch.fhir_adapters.json_text import parse, parse_strictly_once
from spmwatch.fhir_adapters.lines import Line, lines_of
from spmwatch.fhir_adapters.problems import Problem
from tests.unit.fhir_adapters.fhir import bundle, patient, request


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b'\xef\xbb\xbf{"a":1}', {"a": 1}),
        (b'{"a":NaN,"b":1}', {"a": None, "b": 1}),
        (b'{"a":-Infinity}', {"a": None}),
        (b'{"a":1e400}', {"a": None}),
        (b'{"a":1' + b"0" * 4000 + b"}", {"a": None}),
        (b'{"a":"\\ud800x"}', {"a": "?x"}),
        (b'{"a":"M\xe9"}', {"a": "M�"}),
    ],
)
def test_repaired(data: bytes, value: object) -> None:
    parsed = parse(data)
    assert parsed.value == value
    assert bool(parsed.repairs) is not data.startswith(b"\xef")


@pytest.mark.parametrize("data", [b"", b"{", b'{"a":', b"nul", b"{} {}", b"\x00", b"[" * 10_000 + b"]" * 10_000])
def test_not_json(data: bytes) -> None:
    parsed = parse(data)
    assert parsed.value is None
    assert parsed.error


def test_huge_integers_are_numbers() -> None:
    assert parse(b"123456789012345678901234567890").value == pytest.approx(1.2345678901234568e29)


@pytest.mark.parametrize(
    ("data", "value", "repaired"),
    [
        (b'{"status":"active","status":"entered-in-error","id":"1"}', {"id": "1"}, True),
        (b'{"status" : "active", "status" :"active"}', {"status": "active"}, False),
        (b'{"a":{"b":"1","b":"2"}}', {"a": {}}, True),
        (b'{"a":"\\"b\\":","c":"\\u0022"}', {"a": '"b":', "c": '"'}, False),
    ],
)
def test_members_that_stand_twice(data: bytes, value: object, repaired: bool) -> None:
    parsed = parse_strictly_once(data)
    assert parsed.value == value
    assert bool(parsed.repairs) is repaired


def test_lines_with_mark_crlf_blanks_and_no_last_end() -> None:
    stream = io.BytesIO(b'\xef\xbb\xbf{"a":1}\r\n\r\n   \n{"b":2}\n{"c":')
    assert list(lines_of(stream, "f")) == [Line(1, b'{"a":1}'), Line(4, b'{"b":2}'), Line(5, b'{"c":', complete=False)]


def test_a_line_that_is_too_long_is_passed_over() -> None:
    stream = io.BytesIO(b"x" * 100 + b'\n{"b":2}\n' + b"y" * 41)
    found = list(lines_of(stream, "f", longest=40))
    assert [type(one) for one in found] == [Problem, Line, Problem]
    assert str(found[0]).startswith("f:1: -: found a line of 101 bytes")
    assert str(found[2]).startswith("f:3: ")


def test_entries_are_cut_out_without_recursion() -> None:
    deep = b'{"resource":{"resourceType":"Condition","extension":' + b"[" * 10_000 + b"]" * 10_000 + b"}}"
    whole = orjson.dumps({"resource": patient()})
    data = b'{"resourceType":"Bundle","note":"} ] {","entry":[' + whole + b"," + deep + b"," + whole + b"]}"
    pieces, closed = cut_entries(data)
    assert [len(piece) for piece in pieces] == [len(whole), len(deep), len(whole)]
    assert closed


def test_only_the_broken_entry_of_a_bundle_is_lost() -> None:
    data = orjson.dumps(bundle(patient(), request(), {"resourceType": "Condition", "id": "deep", "x": "@"}))
    data = data.replace(b'"@"', b"[" * 10_000 + b"]" * 10_000)
    saved = salvage(data, "b.json", "depth limit exceeded")
    assert saved is not None
    assert [item.label for item in saved.items] == ["Patient/p1", "MedicationRequest/m1"]
    assert saved.unsupplied == {"Condition": "an entry of the Bundle cannot be read"}
    assert [problem.element for problem in saved.problems] == ["entry[2]"]


@pytest.mark.parametrize("end", range(40, 400, 30))
def test_a_truncated_bundle_keeps_whole_entries_and_says_so(end: int) -> None:
    data = orjson.dumps(bundle(patient(), request()))
    saved = salvage(data[:end], "b.json", "ends early")
    assert saved is not None
    assert saved.unsupplied["MedicationRequest"] == "the file ends early"
    assert saved.problems


def test_problem_is_one_printable_line() -> None:
    problem = Problem(where="a\nb", found="x\x00", expected="y", advice="Z.")
    assert str(problem) == "a?b: -: found x?, expected y. Z."


def deepest(levels: int) -> dict[str, Any]:
    value: Any = {}
    for _ in range(levels):
        value = {"extension": [value]}
    return {**request(), **value}


@pytest.mark.parametrize("levels", [100, 400, 511])
def test_deep_but_parsable_resources_are_read(levels: int) -> None:
    from tests.unit.fhir_adapters.fhir import read

    resource = deepest(levels)
    for strict in (False, True):
        record = read(resource, resource, strict=strict)
        assert len(record.facts) == 1
