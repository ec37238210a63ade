"""A rule, a check or a file that all rules share as the file has it, with the line of each of its fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path, PurePosixPath

import yaml

from spmwatch.engine.catalogue.load import RuleBase
from spmwatch.engine.catalogue.rule import Rule
from spmwatch.engine.follow_up.check import Check
from spmwatch.rule_testing.mutation.changes import Steps
from spmwatch.rule_testing.mutation.shared import Shared, shared_in

COMMON = "common.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What is changed: a rule, a check, or a file that all rules share.

    Attributes:
        part: as the engine has it.
        data: the content of its file, overlays included.
        root: the folder of rules that holds the file; None: the shipped one.
    """

    part: Rule | Check | Shared
    data: Mapping[str, object]
    root: Path | None

    @property
    def id(self) -> str:
        """Of the rule; of a check `check skin`; of a shared file its name."""
        return f"check {self.part.id}" if isinstance(self.part, Check) else self.part.id

    def line(self, steps: Steps) -> int:
        """The line on which a field stands, or the nearest above it that is there; 1 where the file is not at hand."""
        lines = _lines(self.part.path, self.root)
        return next((lines[steps[:n]] for n in range(len(steps), 0, -1) if steps[:n] in lines), 1)

    def common_line(self, id_: str) -> int:
        """The line in common.yaml of the negative with that id."""
        lines = _lines(f"rules/{COMMON}", self.root)
        ids = [line for steps, line in lines.items() if steps[:1] == ("unless",) and id_ in steps]
        return ids[0] if ids else 1


def sources_of(base: RuleBase, root: Path | None) -> list[Source]:
    """The active rules of a rule base, by id, then its checks, then what all rules share."""
    found = [Source(part=rule, data=_content(base, f"rule {rule.id}"), root=root) for rule in base.rules]
    found += [Source(part=check, data=_content(base, check.path), root=root) for check in base.checks]
    return found + [Source(part=shared, data=_content(base, shared.path), root=root) for shared in shared_in(base)]


def _content(base: RuleBase, key: str) -> Mapping[str, object]:
    data = base.meaning[key]
    assert isinstance(data, dict), "a file of the catalogue is a mapping"
    return data


@lru_cache(maxsize=200)
def _lines(path: str, root: Path | None) -> Mapping[Steps, int]:
    file = _file(path, root)
    if file is None:
        return {}
    node = yaml.compose(file.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    return {} if node is None else dict(_walk(node, ()))


def _file(path: str, root: Path | None) -> Traversable | None:
    """The file on disk: below the rules, or a site's own."""
    if Path(path).is_file() and not path.startswith("rules/"):
        return Path(path)
    below = PurePosixPath(path)
    folder: Traversable = resources.files("spmwatch.rules") if root is None else root
    file = folder.joinpath(*below.parts[1:])
    return file if file.is_file() else None


def _walk(node: yaml.Node, steps: Steps) -> Iterator[tuple[Steps, int]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            at = (*steps, str(key.value))
            yield at, key.start_mark.line + 1
            yield from _walk(value, at)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield (*steps, index), item.start_mark.line + 1
            yield from _walk(item, (*steps, index))
    elif isinstance(node, yaml.ScalarNode) and steps and steps[-1] == "id":
        yield (*steps[:-1], str(node.value)), node.start_mark.line + 1
