"""Bytes into JSON, whatever came: the fast parser first, then a lenient one that saves what can be saved.

orjson refuses NaN, 1e400, lone surrogates, invalid UTF-8 and more than 1,024 levels, and takes repeated members
silently. Records have all of these, and one bad number must not cost a patient the rest of a Bundle.
"""

from __future__ import annotations

import codecs
import json
import math
from dataclasses import dataclass
from typing import Any

import orjson

_KINDS: dict[type, str] = {
    dict: "an object",
    list: "a list",
    str: "a string",
    bool: "a boolean",
    int: "a number",
    float: "a number",
}


def kind_of(value: object) -> str:
    """What sort of JSON value this is, in words."""
    return "null" if value is None else _KINDS.get(type(value), "an unknown value")


@dataclass(frozen=True, slots=True)
class Parsed:
    """A JSON value, or why there is none.

    Attributes:
        value: what was read; None together with `error` when nothing could be.
        error: why nothing could be read, without content.
        repairs: what had to be left out or replaced to read it, without content; empty for clean JSON.
    """

    value: Any = None
    error: str | None = None
    repairs: tuple[str, ...] = ()


def parse(data: bytes) -> Parsed:
    """The JSON value in `data`; a byte order mark is ignored. Never raises."""
    if data.startswith(codecs.BOM_UTF8):
        data = data[3:]
    try:
        return Parsed(value=orjson.loads(data))
    except orjson.JSONDecodeError as error:
        return _lenient(data, f"{error.msg} at byte {error.pos + 1}")


def parse_strictly_once(data: bytes) -> Parsed:
    """Like `parse`, and notices members that stand twice in one object (orjson keeps the last without a word)."""
    parsed = parse(data)
    if parsed.error is None and not parsed.repairs and _lost_quotes(data, parsed.value):
        return _lenient(data, "a member stands twice", only_disputes=parsed)
    return parsed


def _lost_quotes(data: bytes, value: object) -> bool:
    """Were there more quotation marks than a rewrite of the value has? Then members were dropped."""
    try:
        return data.count(b'"') > orjson.dumps(value).count(b'"')
    except (orjson.JSONEncodeError, RecursionError):  # deeper than orjson writes
        return True


def _lenient(data: bytes, why: str, only_disputes: Parsed | None = None) -> Parsed:
    mending = _Mending()
    text = mending.text(data)
    try:
        value: object = json.loads(
            text,
            parse_float=mending.number,
            parse_int=mending.integer,
            parse_constant=mending.constant,
            object_pairs_hook=mending.members,
        )
    except (ValueError, RecursionError):
        return only_disputes or Parsed(error=why)
    value, surrogates = _without_surrogates(value, text)
    if surrogates:
        mending.repairs.append("half of a character (a lone surrogate)")
    if mending.disputed:
        mending.repairs.append("a member that stands twice with different values")
    return Parsed(value=value, repairs=tuple(dict.fromkeys(mending.repairs)))


class _Mending:
    """Hooks for the standard parser that replace what JSON cannot hold by null, and remember that they did."""

    def __init__(self) -> None:
        self.repairs: list[str] = []
        self.disputed = False

    def text(self, data: bytes) -> str:
        """The characters; broken ones replaced."""
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError as error:
            self.repairs.append(f"invalid UTF-8 at byte {error.start + 1}")
            return data.decode("utf-8", errors="replace")

    def number(self, written: str) -> float | None:
        """A number, if it is finite."""
        value = float(written)
        if math.isfinite(value):
            return value
        self.repairs.append("a number too large to hold")
        return None

    def integer(self, written: str) -> float | int | None:
        """A whole number; as orjson does, a float when it is large."""
        return int(written) if len(written) < 19 else self.number(written)

    def constant(self, _: str) -> None:
        """NaN, Infinity."""
        self.repairs.append("NaN or Infinity, which JSON does not have")

    def members(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        """An object; a member that stands twice with different values is left out, so neither is believed."""
        result = dict(pairs)
        if len(result) < len(pairs):
            first: dict[str, Any] = {}
            for name, member in pairs:
                if first.setdefault(name, member) != member:
                    result.pop(name, None)
                    self.disputed = True
        return result


def _without_surrogates(value: object, text: str) -> tuple[object, bool]:
    """`value` with lone surrogates replaced, so that it can be written out again."""
    if "\\ud" not in text and "\\uD" not in text:
        return value, False
    found = False

    def clean(item: object) -> object:
        nonlocal found
        if isinstance(item, str):
            fixed = item.encode("utf-8", errors="replace").decode("utf-8")
            found = found or fixed != item
            return fixed
        if isinstance(item, list):
            return [clean(one) for one in item]
        if isinstance(item, dict):
            return {clean(name): clean(one) for name, one in item.items()}
        return item

    try:
        return clean(value), found
    except RecursionError:
        return None, True
