"""Bytes to JSON: RFC 8259 and nothing looser (cds-hooks.md C002, C006, C054-C056, C058)."""

from __future__ import annotations

import pytest

from spmwatch.cds_hooks.wire.refusal import RequestError
from spmwatch.cds_hooks.wire.strict_json import DEEPEST, MOST_BYTES, parse, without_byte_order_mark

BROKEN = {
    "empty": b"",
    "blank": b" \n",
    "truncated": b'{"hook": "patient-view"',
    "nan": b'{"a": NaN}',
    "infinity": b'{"a": -Infinity}',
    "1e999": b'{"a": 1e999}',
    "-1e999": b'{"a": -1e999}',
    "400 digits": b'{"a": ' + b"9" * 400 + b"}",
    "repeated member": b'{"a": 1, "a": 2}',
    "repeated member, deep": b'{"x": [{"a": 1, "b": {}, "a": 2}]}',
    "repeated member, escaped": b'{"a": 1, "\\u0061": 2}',
    "repeated member beside escaped quotes": b'{"q": "\\u0022\\u0022\\u0022\\u0022", "a": 1, "a": 2}',
    "repeated member, same value": b'{"a": {"b": "\\""}, "a": {"b": "\\""}}',
    "byte order mark": b'\xef\xbb\xbf{"a": 1}',
    "utf-16": '{"a": 1}'.encode("utf-16"),
    "utf-16-le": '{"a": 1}'.encode("utf-16-le"),
    "utf-16-be": '{"a": 1}'.encode("utf-16-be"),
    "utf-32": '{"a": 1}'.encode("utf-32"),
    "latin-1": '{"a": "é"}'.encode("latin-1"),
    "lone surrogate": b'{"a": "\\ud800"}',
    "surrogates in UTF-8": b'{"a": "\xed\xa0\x80"}',
    "comment": b'/* a */ {"a": 1}',
    "trailing comma": b'{"a": 1,}',
    "single quotes": b"{'a': 1}",
    "two values": b"{} {}",
    "nul": b"{}\x00",
    "control character": b'{"a": "\x01"}',
    "leading zero": b'{"a": 01}',
    "255 levels": b"[" * 255 + b"]" * 255,
    "10,000 levels": b'{"a":' * 10_000,
    "10,000 levels, closed": b"[" * 10_000 + b"]" * 10_000,
}


@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN.keys())
def test_broken_json_is_refused_as_400(body: bytes) -> None:
    """C002, C054-C056."""
    with pytest.raises(RequestError) as refused:
        parse(body)
    assert refused.value.status == 400
    assert refused.value.issues[0].says


def test_a_body_that_is_too_long_is_413() -> None:
    """C056."""
    with pytest.raises(RequestError) as refused:
        parse(b'"' + b"a" * MOST_BYTES + b'"')
    assert refused.value.status == 413


def test_a_refusal_repeats_nothing_of_the_body() -> None:
    """C058: members are named by us or not at all."""
    bodies = (
        b'{"Zacharias": 1, "Zacharias": 2}',
        b'{"Zacharias": Zacharias}',
        b"Zacharias",
        b'{"a": 1e999, "b": "Zacharias"}',
    )
    for body in bodies:
        with pytest.raises(RequestError) as refused:
            parse(body)
        assert "Zacharias" not in str(refused.value)


def test_what_is_json_is_taken() -> None:
    assert parse(b' {"a": [1, -0.5, 1e3, "\\u00e9", null, true], "A": {}} ') == {
        "a": [1, -0.5, 1000.0, "é", None, True],
        "A": {},
    }
    assert parse(b"[" * DEEPEST + b"]" * DEEPEST)
    assert parse(b'{"a": "\\"\\u0022", "\\"": "", "b": 18446744073709551616}')
    assert parse(b'{"a": 1e-999, "b": 1.7e308}') == {"a": 0.0, "b": 1.7e308}


def test_a_file_may_start_with_a_byte_order_mark() -> None:
    assert without_byte_order_mark(b"\xef\xbb\xbf{}") == without_byte_order_mark(b"{}") == b"{}"
