"""The TOML file of the settings: its values, and on which line each stands."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import get_args

from pydantic import BaseModel

from spmwatch.engine.errors import InputError

Place = tuple[str | int, ...]
"""Where a value stands: names, and numbers within lists, e.g. `("trust", "clients", 0, "id")`."""

_TABLE = re.compile(r"\s*(\[\[?)\s*([A-Za-z0-9_.\- \"']+?)\s*\]\]?\s*(#.*)?")
_KEY = re.compile(r"\s*([A-Za-z0-9_\-.\"']+)\s*=")


def read_file(file: Path) -> tuple[dict[str, object], Mapping[Place, int]]:
    """The values of a TOML file and their lines. Raises InputError."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        problem = f"the settings cannot be read ({reason or type(error).__name__})"
        raise InputError(str(file), "-", problem, "Name a TOML file; examples stand in examples/config") from None
    try:
        return tomllib.loads(text), _lines(text)
    except tomllib.TOMLDecodeError as error:
        problem = f"this is no TOML: {str(error)[:1].lower()}{str(error)[1:]}"
        raise InputError(str(file), "-", problem, "Mend it there; texts stand in quotes, tables in brackets") from None


def line_of(file: Path, lines: Mapping[Place, int], place: Place) -> str:
    """File and line of a value, or of the nearest thing round it."""
    for end in range(len(place), 0, -1):
        if place[:end] in lines:
            return f"{file}:{lines[place[:end]]}"
    return str(file)


def anchored(content: Mapping[str, object], model: type[BaseModel], folder: Path) -> dict[str, object]:
    """The values with relative paths taken from the file's folder: where a service starts is nobody's choice."""
    made: dict[str, object] = {}
    for name, value in content.items():
        known = model.model_fields.get(name)
        made[name] = value if known is None else _anchored(value, known.annotation, folder)
    return made


def _anchored(value: object, annotation: object, folder: Path) -> object:
    if isinstance(value, list):
        return [_anchored(one, annotation, folder) for one in value]
    inner = model_in(annotation)
    if isinstance(value, dict) and inner is not None:
        return anchored(value, inner, folder)
    return str(folder / value) if isinstance(value, str) and Path in types_in(annotation) else value


def model_in(annotation: object) -> type[BaseModel] | None:
    """The section that a field is made of, if it is one, or a list of them."""
    for one in types_in(annotation):
        if isinstance(one, type) and issubclass(one, BaseModel):
            return one
    return None


def types_in(annotation: object) -> Iterator[object]:
    """All types that an annotation names."""
    yield annotation
    for inner in get_args(annotation):
        yield from types_in(inner)


def _lines(text: str) -> Mapping[Place, int]:
    """Where each key stands, by and large: tomllib does not say. The first place counts."""
    lines: dict[Place, int] = {}
    table: Place = ()
    entries: dict[Place, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if found := _TABLE.fullmatch(line):
            names = _names(found[2])
            if found[1] == "[[":
                entries[names] = entries.get(names, -1) + 1
            table = _numbered(names, entries)
            for end in range(1, len(table) + 1):
                lines.setdefault(table[:end], number)
        elif found := _KEY.match(line):
            lines.setdefault((*table, *_names(found[1])), number)
    return lines


def _names(dotted: str) -> Place:
    return tuple(name.strip().strip("\"'") for name in dotted.split("."))


def _numbered(table: Place, entries: Mapping[Place, int]) -> Place:
    """The table's place with the number of the entry after each list of tables that it is part of."""
    place: list[str | int] = []
    for end, name in enumerate(table, start=1):
        place.append(name)
        if table[:end] in entries:
            place.append(entries[table[:end]])
    return tuple(place)
