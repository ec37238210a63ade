"""YAML as the catalogue allows it: one meaning for every file, and a message with file and field for everything else.

YAML 1.1 has traps that a clinical rule base cannot afford: `no` is a boolean, `1:30` a number, a repeated key silently
wins, an alias can blow up memory. Here each of these is refused. Dates stay text.
"""

from __future__ import annotations

import math
import re
from importlib.resources.abc import Traversable
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from spmwatch.engine.errors import RuleFileError
from spmwatch.engine.parsed_files import ParsedFile

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails
    from yaml import SafeLoader as _Loader
else:
    _Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

M = TypeVar("M", bound=BaseModel)
DEEPEST = 40
_INT = re.compile(r"-?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"-?(0|[1-9][0-9]*)\.[0-9]+")
_TAG = "tag:yaml.org,2002:"


def read_yaml(file: Traversable, name: PurePath) -> object:
    """What `file` says: dicts with text keys, lists, text, int, float, True, False and None.

    Args:
        file: the file, on disk or inside an installed package.
        name: how messages call it, e.g. `rules/lenalidomide/spm-01-exposure.yaml`.

    Raises:
        RuleFileError: no UTF-8, no YAML, a repeated key, an alias, a word that YAML takes for a boolean or a number.
    """
    if isinstance(file, ParsedFile):
        return file.data
    if isinstance(file, Path) and file.exists() and not file.is_file():
        raise RuleFileError(name, "-", "is no regular file", "Put a file there, or remove it")
    try:
        text = file.read_bytes().decode("utf-8")
    except (UnicodeDecodeError, OSError) as error:
        raise RuleFileError(name, "-", f"cannot be read ({type(error).__name__})", "Save it as UTF-8 text") from None
    return parse_yaml(text, name)


def parse_yaml(text: str, name: PurePath) -> object:
    """As `read_yaml`, for text in hand. Raises RuleFileError."""
    try:
        _check_events(text, name)
        node = yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError as error:
        fix = "Mind indentation, and quote text with `: ` or `#`"
        raise RuleFileError(name, _where(error), "is not valid YAML", fix) from None
    if node is None:
        raise RuleFileError(name, "-", "is empty", "Fill it in or remove it")
    return _value(node, "", name)


def _where(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    return "-" if mark is None else f"line {mark.line + 1}"


def _check_events(text: str, name: PurePath) -> None:
    """Refuse aliases and absurd nesting before anything is built from them."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        line = "-" if event.start_mark is None else f"line {event.start_mark.line + 1}"
        if isinstance(event, yaml.AliasEvent):
            raise RuleFileError(name, line, "has an alias (`*name`)", "Write the value out")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > DEEPEST:
                raise RuleFileError(name, line, "is nested too deeply", "Flatten it")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _value(node: yaml.Node, at: str, name: PurePath) -> object:
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, at, name)
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, f"{at}[{index}]", name) for index, item in enumerate(node.value)]
    return _scalar(node, at, name)


def _mapping(node: yaml.MappingNode, at: str, name: PurePath) -> dict[str, object]:
    result: dict[str, object] = {}
    for key_node, value_node in node.value:
        if not isinstance(key_node, yaml.ScalarNode):
            raise RuleFileError(name, at or "-", "has a key that is no word", "Use a plain word as key")
        key = key_node.value
        field = f"{at}.{key}" if at else key
        if key_node.tag == f"{_TAG}bool" and not key_node.style:
            fix = "Choose another word or quote it"
            raise RuleFileError(name, field, f"the key `{key}` reads as a boolean in YAML", fix)
        if key_node.tag == f"{_TAG}merge":
            raise RuleFileError(name, field, "merges another mapping (`<<`)", "Write the values out")
        if key in result:
            line = key_node.start_mark.line + 1
            raise RuleFileError(name, field, f"the key stands twice (again in line {line})", "Keep one of the two")
        result[key] = _value(value_node, field, name)
    return result


def _scalar(node: yaml.Node, at: str, name: PurePath) -> object:
    text: str = node.value
    kind = node.tag.removeprefix(_TAG)
    if kind in ("str", "timestamp"):
        return text
    if kind == "null":
        return None
    if kind == "bool" and text in ("true", "false"):
        return text == "true"
    if kind == "int" and _INT.fullmatch(text):
        return int(text)
    if kind == "float" and _FLOAT.fullmatch(text) and math.isfinite(float(text)):
        return float(text)
    reading = {"bool": "a boolean", "int": "a number", "float": "a number"}.get(kind, f"`{node.tag}`")
    fix = "Quote it if it is text; else write it plainly"
    raise RuleFileError(name, at or "-", f"`{text}` reads as {reading} in YAML", fix)


def validated(
    model: type[M], data: object, name: PurePath, at: str = "", *, explained_in: str = "docs/rule-file.md"
) -> M:
    """`data` as a `model`; `at` says where in the file it stands, for messages (empty: the whole file).

    Raises:
        RuleFileError: the first thing that does not fit, with its field; `others` are the rest.
    """
    if not isinstance(data, dict):
        raise RuleFileError(name, at or "-", "is not a mapping", f"Start with the keys {_keys(model)}")
    try:
        return model.model_validate(data)
    except ValidationError as error:
        seen = error.errors(include_url=False, include_context=False)
        first, *others = [_refusal(model, each, name, at, explained_in) for each in seen]
        first.others = tuple(others)
        raise first from None


def _refusal(model: type[BaseModel], seen: ErrorDetails, name: PurePath, at: str, explained_in: str) -> RuleFileError:
    field = _field(at, seen["loc"])
    if seen["type"] == "extra_forbidden":
        fix = f"Use one of: {_keys(model)}" if len(seen["loc"]) == 1 else f"See {explained_in} for the keys"
        return RuleFileError(name, field, "is not a key that is known here", fix)
    if seen["type"] == "missing":
        return RuleFileError(name, field, "is missing", f"Write it; see {explained_in}")
    expected, found = seen["msg"].replace("Input should", "it should"), seen["input"]
    but = f", not `{found}`" if isinstance(found, (str, int, float)) else ""
    return RuleFileError(name, field, f"does not fit: {expected}{but}", f"See {explained_in}")


def _keys(model: type[BaseModel]) -> str:
    return ", ".join(model.model_fields)


def _field(at: str, location: tuple[int | str, ...]) -> str:
    parts = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in location]
    return f"{at}{''.join(parts)}".lstrip(".") or "-"
