"""A request's bytes taken apart: `prefetch` and `context` as they came, and the rest, read as strictly as ever.

Only requests that spell the two as everybody does are taken apart; of any other nothing is remembered, and it is
answered all the same.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from spmwatch.cds_hooks.wire import strict_json
from spmwatch.cds_hooks.wire.refusal import Json, RequestError

_NOTHING = b"null"
_SPACE = b" \t\r\n"


class _Outer(msgspec.Struct):
    """The members that are cut out, not read."""

    prefetch: msgspec.Raw
    context: msgspec.Raw


_DECODER = msgspec.json.Decoder(_Outer)


_STAND_IN = b'"%s"' % secrets.token_hex(32).encode()
"""A text that no request holds but by our hand: nobody else knows it."""
_HEAD = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """A request taken apart.

    Attributes:
        prefetch: bytes of that member's value; `context` likewise.
        rest: the whole request with null in place of the two. It was parsed by strict_json: whoever puts a valid value
            back in place of a null has a valid request again, so nothing that makes a request be refused can hide in
            the rest (C056).
    """

    prefetch: bytes | memoryview
    context: bytes
    rest: Json


@dataclass(frozen=True, slots=True)
class Spot:
    """Where `prefetch` may begin in a request, and a number that tells how it begins."""

    begins: int
    head: int


def spot_of(body: bytes) -> Spot | None:
    """Where `prefetch` begins, unless something else before it looks like it."""
    at = _value(body, b"prefetch", 0, len(body))
    return None if at < 0 else Spot(at, hash(body[at : at + _HEAD]))


def cut_at(body: bytes, spot: Spot, length: int) -> Cut | None:
    """The parts of a request whose `prefetch` is those bytes, *provided that they are a JSON value*.

    They are not read. The rest is, with a text in their place that nobody but us can have written: where the request
    is valid so, and that text is its `prefetch`, then it stands where a value stands and is a token of its own, and any
    valid value in its place makes a valid request with this `prefetch`. Whether the bytes are one the caller knows from
    having read the very same before.
    """
    ends = spot.begins + length
    if len(body) > strict_json.MOST_BYTES or ends > len(body):
        return None
    parts = cut(b"".join((body[: spot.begins], _STAND_IN, body[ends:])))
    if parts is None or parts.prefetch != _STAND_IN:
        return None
    return Cut(prefetch=memoryview(body)[spot.begins : ends], context=parts.context, rest=parts.rest)


def cut(body: bytes) -> Cut | None:
    """The parts of a request; None when it has no such parts, spells them unusually, or is not to be taken."""
    if len(body) > strict_json.MOST_BYTES:
        return None
    try:
        outer = _DECODER.decode(body)
        prefetch, context = bytes(outer.prefetch), bytes(outer.context)
        slices = _places(body, prefetch, context)
        rest = None if slices is None else strict_json.parse(_without(body, slices))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, RequestError):
        return None  # the whole of it is read next, and refused with the place and the reason
    # Were the nulls put inside another member, the two would still be there.
    if not isinstance(rest, dict) or rest.get("prefetch", 0) is not None or rest.get("context", 0) is not None:
        return None
    return Cut(prefetch=prefetch, context=context, rest=rest)


def _places(body: bytes, prefetch: bytes, context: bytes) -> list[tuple[int, int]] | None:
    """Where the two stand, first the first: where each begins, its length. None where that is not plain to see."""
    first = _place(body, b"prefetch", prefetch, 0, len(body))
    ends = first + len(prefetch)
    # Not within prefetch: FHIR has an element of that name.
    second = _place(body, b"context", context, 0, first)
    if second < 0:
        second = _place(body, b"context", context, ends, len(body))
    if first < 0 or second < 0 or _NOTHING in (prefetch, context):
        return None
    return sorted(((first, len(prefetch)), (second, len(context))))


def _without(body: bytes, slices: Sequence[tuple[int, int]]) -> bytes:
    """The bytes with null in place of each slice (where it begins, its length)."""
    kept, at = [], 0
    for begins, length in slices:
        kept += [body[at:begins], _NOTHING]
        at = begins + length
    return b"".join((*kept, body[at:]))


def _place(body: bytes, name: bytes, value: bytes, begins: int, ends: int) -> int:
    """Where between two places the value of a member begins; -1 when it is not behind the first such name there."""
    at = _value(body, name, begins, ends)
    return at if at >= 0 and body.startswith(value, at, ends) else -1


def _value(body: bytes, name: bytes, begins: int, ends: int) -> int:
    """Where between two places a value begins behind the first such name there, as it seems; -1 when there is none."""
    at = body.find(b'"%s"' % name, begins, ends)
    if at < 0:
        return -1
    at = _behind_space(body, at + len(name) + 2)
    if body[at : at + 1] != b":":
        return -1
    return _behind_space(body, at + 1)


def _behind_space(body: bytes, at: int) -> int:
    while at < len(body) and body[at] in _SPACE:
        at += 1
    return at
