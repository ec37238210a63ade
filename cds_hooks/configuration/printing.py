"""Settings as a TOML file that can be read back: each value with what it means and where it came from.

Secrets are not printed; a line says that there is one. Passwords in addresses are masked.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from spmwatch.cds_hooks.configuration.faults import is_secret, masked
from spmwatch.cds_hooks.configuration.file import Place, model_in
from spmwatch.cds_hooks.configuration.reading import Configured

_WIDTH = 110


def printed(configured: Configured) -> str:
    """The settings in force."""
    return "\n".join(_section(configured.settings, (), configured.sources)).strip() + "\n"


def _section(section: BaseModel, at: Place, sources: Mapping[Place, str]) -> Iterator[str]:
    """Plain values first: in TOML, what follows a table's head is part of the table."""
    fields = type(section).model_fields
    for name, field in fields.items():
        if model_in(field.annotation) is None:
            yield from _value(name, getattr(section, name), field, (*at, name), sources)
    for name, field in fields.items():
        inner = getattr(section, name)
        place = (*at, name)
        if isinstance(inner, BaseModel):
            yield from ("", f"[{_dotted(place)}]")
            yield from _section(inner, place, sources)
        elif (model := model_in(field.annotation)) is not None:
            yield from ("", *_comment(field))
            for number, entry in enumerate(inner or ()):
                yield from ("", f"[[{_dotted(place)}]]")
                yield from _section(entry, (*place, number), sources)
            if not inner:
                yield f"# {name} = []  # default; each entry begins with [[{_dotted(place)}]] and has:"
                yield from (f"#   {key}" for key in model.model_fields)


def _value(name: str, value: object, field: FieldInfo, place: Place, sources: Mapping[Place, str]) -> Iterator[str]:
    yield ""
    yield from _comment(field)
    source = sources.get(place, "default")
    if value is None:
        yield f"# {name} is not set"
    elif is_secret(field) or isinstance(value, SecretStr):
        yield f'# {name} = "***"  # {source}; secret'
    else:
        yield f"{name} = {_toml(value)}  # {source}"


def _comment(field: FieldInfo) -> Iterator[str]:
    for line in textwrap.wrap(" ".join((field.description or "").split()), _WIDTH):
        yield f"# {line}"


def _dotted(place: Place) -> str:
    return ".".join(str(name) for name in place if isinstance(name, str))


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, str | Path):
        return json.dumps(masked(str(value)), ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{json.dumps(str(name))} = {_toml(one)}" for name, one in value.items()) + " }"
    if isinstance(value, list | tuple | set | frozenset):
        return "[" + ", ".join(_toml(one) for one in value) + "]"
    raise TypeError(type(value).__name__)
