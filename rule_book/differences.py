"""Two parsed files compared leaf by leaf, in the words of the file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from spmwatch.engine.catalogue.texts import plain_number


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that differs between two rule bases.

    Attributes:
        kind: rule, switched-off, version, parameter, text, logic, evidence, code, convention, check, value-set, setting
            or order.
        what: a rule, a check, a value set or a file.
        field: its field, empty for the whole.
        before, after: None where it was not there or is no more.
        because: the reason that an overlay gives, with its name; None where none does.
    """

    kind: str
    what: str
    field: str = ""
    before: str | None = None
    after: str | None = None
    because: str | None = None


@dataclass(frozen=True, slots=True)
class Leaf:
    """A field with its value before and after, as text."""

    field: str
    before: str | None
    after: str | None


def leaves(old: object, new: object, field: str = "") -> Iterator[Leaf]:
    """Every field that differs; a list of entries with ids is entered by id, any other list is one value."""
    if old == new:
        return
    before, after = _entries(old), _entries(new)
    if _is_parameter(old) and _is_parameter(new):
        yield from _parameter(before or {}, after or {}, field)
    elif _is_parameter(old if new is None else new) or before is None or after is None:
        yield Leaf(field, told(old), told(new))
    else:
        for key in dict.fromkeys([*before, *after]):
            yield from leaves(before.get(key), after.get(key), f"{field}.{key}" if field else key)
        shared_before, shared_after = (
            [key for key in one if key in other] for one, other in ((before, after), (after, before))
        )
        if shared_before != shared_after and isinstance(old, list):
            yield Leaf(f"{field} (order)", ", ".join(before), ", ".join(after))


def told(value: object) -> str | None:
    """A value in one piece of text; a parameter as `24 mo`."""
    if value is None:
        return None
    if isinstance(value, bool | int | float):
        return str(value).lower() if isinstance(value, bool) else plain_number(value)
    if isinstance(value, dict) and _is_parameter(value):
        return f"{told(value['value'])} {value['unit']}"
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {told(item)}" for key, item in value.items() if item is not None)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(f"({told(item)})" if isinstance(item, Mapping) else str(told(item)) for item in value)
    return str(value).strip()


def _entries(value: object) -> Mapping[str, object] | None:
    """What a value holds by name; None for a value that is told as one."""
    if isinstance(value, dict):
        return value
    if isinstance(value, list) and value and all(isinstance(item, dict) and "id" in item for item in value):
        return {str(item["id"]): item for item in value}
    return None


def _is_parameter(value: object) -> bool:
    return isinstance(value, dict) and "value" in value and "unit" in value


def _parameter(old: Mapping[str, object], new: Mapping[str, object], field: str) -> Iterator[Leaf]:
    if told(old) != told(new):
        yield Leaf(field, told(old), told(new))
    for key in ("meaning", "evidence"):
        if old.get(key) != new.get(key):
            yield Leaf(f"{field} ({key})", told(old.get(key)), told(new.get(key)))
