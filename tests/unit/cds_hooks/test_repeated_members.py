"""A differential test: the quick search for repeated members against the obvious one."""

from __future__ import annotations

import json
from contextlib import nullcontext
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spmwatch.cds_hooks.wire.refusal import RequestError
from spmwatch.cds_hooks.wire.strict_json import parse

_TEXT = st.text(alphabet='ab"\\é\n\u2028', max_size=3)


def _members(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(
        st.lists(inner, max_size=3),
        st.lists(st.tuples(_TEXT, inner), max_size=3).map(tuple),
    )


_VALUES = st.recursive(st.one_of(st.none(), st.booleans(), st.integers(), _TEXT), _members, max_leaves=12)


def _write(value: object, ascii_: bool) -> str:
    """JSON in which a tuple of pairs is an object, so that members can repeat; quotes sometimes as an escape."""
    if isinstance(value, tuple):
        return "{" + ",".join(f"{_write(name, ascii_)}:{_write(item, ascii_)}" for name, item in value) + "}"
    if isinstance(value, list):
        return "[" + ",".join(_write(item, ascii_) for item in value) + "]"
    if isinstance(value, str) and ascii_:
        return '"' + "".join(f"\\u{ord(character):04x}" for character in value) + '"'
    return json.dumps(value, ensure_ascii=False)


def _repeats(value: object) -> bool:
    if isinstance(value, tuple):
        names = [name for name, _ in value]
        return len(set(names)) != len(names) or any(_repeats(item) for _, item in value)
    return isinstance(value, list) and any(_repeats(item) for item in value)


@given(_VALUES, st.booleans())
def test_repeated_members_are_found_and_nothing_else(value: object, ascii_: bool) -> None:
    body = _write([value], ascii_).encode()
    with pytest.raises(RequestError, match="repeats") if _repeats(value) else nullcontext():
        parse(body)
