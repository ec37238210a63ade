"""What is wrong with a setting, for the person who wrote it: where, what was found, what to write.

A value that is secret is never repeated, nor one under a name that nobody knows: a misspelt name may hide a secret.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from spmwatch.cds_hooks.configuration.file import Place, model_in, types_in
from spmwatch.engine.errors import CdsError

_CREDENTIALS = re.compile(r"(?<=://)([^/@:]*):[^/]*@")
_LONGEST = 80


class SettingsFaultError(CdsError):
    """Settings that cannot be used; one line for each fault."""

    code = "settings"


def told(fault: ErrorDetails, model: type[BaseModel], sources: Mapping[Place, str]) -> str:
    """One fault in one line."""
    place = tuple(fault["loc"])
    found, holder, depth = _field(model, place)
    place = place[: depth + 1] if found is None else place[:depth]
    where = f"{_source(place, sources)}: {name_of(place)}" if place else "settings"
    if fault["type"] == "extra_forbidden":
        return f"{where}: there is no such setting. {known_names(holder, str(place[-1]))}"
    plain = found is not None and model_in(found.annotation) is None
    means = f" Write: {_line(found.description)}" if found is not None and plain and found.description else ""
    if fault["type"] == "missing":
        return f"{where}: this is missing.{means}"
    says = fault["msg"].removeprefix("Value error, ").rstrip(".")
    value = fault["input"]
    shown = ""
    if isinstance(value, str | int | float | bool) and found is not None and not is_secret(found):
        shown = f" {masked(str(value))[:_LONGEST]!r} was found."
    return f"{where}:{shown} {says}.{means}"


def known_names(model: type[BaseModel], name: str) -> str:
    """Which name may have been meant."""
    near = difflib.get_close_matches(name, list(model.model_fields), n=1, cutoff=0.5)
    return f"Was {near[0]} meant?" if near else f"Known here: {', '.join(model.model_fields)}"


def is_secret(field: FieldInfo) -> bool:
    """May its value be shown to nobody?"""
    return any("Secret" in getattr(one, "__name__", "") for one in types_in(field.annotation))


def masked(text: str) -> str:
    """The text without the password of an address."""
    return _CREDENTIALS.sub(r"\1:***@", text)


def name_of(place: Place) -> str:
    """A place as people write it, e.g. `trust.clients[0].id`."""
    return "".join(f"[{one}]" if isinstance(one, int) else f".{one}" for one in place).lstrip(".")


def _field(model: type[BaseModel], place: Place) -> tuple[FieldInfo | None, type[BaseModel], int]:
    """The innermost known field on the way to a place, its section, and how far down that is."""
    found: FieldInfo | None = None
    holder, inside = model, True
    for depth, name in enumerate(place):
        if isinstance(name, int) and found is not None:
            continue
        if not inside or str(name) not in holder.model_fields:
            # Either an unknown name of a section, or a step within a value (a member of a union, a key of a table).
            return (None, holder, depth) if inside else (found, holder, depth)
        found = holder.model_fields[str(name)]
        inner = model_in(found.annotation)
        inside = inner is not None
        holder = inner or holder
    return found, holder, len(place)


def _source(place: Place, sources: Mapping[Place, str]) -> str:
    for end in range(len(place), 0, -1):
        if place[:end] in sources:
            return sources[place[:end]]
    return "default"


def _line(text: str) -> str:
    return " ".join(text.split())
