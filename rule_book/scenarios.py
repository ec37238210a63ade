"""The scenarios of the rules, as their feature files tell them: found beside rules/ in a clone, absent from a wheel."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from gherkin.errors import CompositeParserException, ParserException
from gherkin.parser import Parser

from spmwatch.engine.errors import InputError

FOLDER = "features"
_ABOUT = "@rule:"
KINDS = {
    "fires": "it speaks",
    "near-miss": "one step short of speaking",
    "unless": "a negative keeps it silent",
    "unknown": "the record is incomplete",
}
"""What the tags of scenarios mean (rule_testing/plugin.py), in the order in which a page tells them."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step with the table that hangs on it."""

    keyword: str
    text: str
    table: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One scenario; an outline with its examples, the first row their names.

    Attributes:
        line: of its name; example_lines: of each row of its examples, without those of names.
        about: ids of the rules that it is tagged with, by its feature too.
        digest: sha256 over all that decides what it tells: tags of rules, background, steps, tables, examples. Its
            name, its place, comments and layout may change.
    """

    name: str
    kinds: tuple[str, ...]
    steps: tuple[Step, ...]
    examples: tuple[tuple[tuple[str, ...], ...], ...]
    line: int
    example_lines: tuple[int, ...]
    about: tuple[str, ...]
    digest: str

    @property
    def cases(self) -> int:
        """How many patients it tells of."""
        return sum(len(table) - 1 for table in self.examples) or 1

    @property
    def rows(self) -> tuple[tuple[str, ...], ...]:
        """The rows of its examples, without those of names; none where it is no outline."""
        return tuple(row for table in self.examples for row in table[1:])


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """One feature file. `about`: ids of the rules that it is tagged with."""

    name: str
    about: tuple[str, ...]
    description: str
    path: str
    background: tuple[Step, ...]
    scenarios: tuple[Scenario, ...]

    @property
    def cases(self) -> int:
        """How many patients its scenarios tell of."""
        return sum(scenario.cases for scenario in self.scenarios)

    def of_kind(self, kind: str) -> tuple[Scenario, ...]:
        """The scenarios that carry a tag."""
        return tuple(scenario for scenario in self.scenarios if kind in scenario.kinds)


def beside_the_rules(root: Path | None = None) -> Path | None:
    """features/ beside the folder of rules; None where there is none, as in an installed wheel."""
    rules = root or Path(str(resources.files("spmwatch.rules")))
    folder = rules.resolve().parent / FOLDER
    return folder if folder.is_dir() else None


def features_by_rule(folder: Path) -> dict[str, Feature]:
    """The feature of each rule, found by its tag `@rule:SPM-nn`. Raises InputError for a file that is no Gherkin."""
    return by_rule(features_under(folder))


def by_rule(features: Iterable[Feature]) -> dict[str, Feature]:
    """The feature of each rule."""
    return {rule: feature for feature in features for rule in feature.about}


def features_under(folder: Path) -> tuple[Feature, ...]:
    """Every feature below the folder, whatever it is about. Raises InputError for a file that is no Gherkin."""
    paths = sorted(folder.rglob("*.feature"))
    found = (read_feature(path, (Path(FOLDER) / path.relative_to(folder)).as_posix()) for path in paths)
    return tuple(feature for feature in found if feature is not None)


def read_feature(path: Path, shown: str) -> Feature | None:
    """One feature; None when the file is empty.

    Args:
        path: the file.
        shown: how its path is told.

    Raises:
        InputError: it is no Gherkin.
    """
    try:
        feature = _parsed(path)
    except (CompositeParserException, ParserException, UnicodeDecodeError, OSError) as error:
        problem = f"is no Gherkin ({type(error).__name__})"
        raise InputError(str(path), "-", problem, "Start with `Feature:`; mind the keywords") from None
    return None if feature is None else _feature(feature, shown)


def _parsed(path: Path) -> Mapping[str, Any] | None:
    """What the file says; None when it is empty."""
    return Parser().parse(path.read_text(encoding="utf-8-sig")).get("feature")


def _feature(feature: Mapping[str, Any], path: str) -> Feature:
    children = feature["children"]
    about = _about(feature)
    background = [step for child in children if "background" in child for step in _steps(child["background"]["steps"])]
    return Feature(
        name=feature["name"],
        about=about,
        description=" ".join(feature["description"].split()),
        path=path,
        background=tuple(background),
        scenarios=tuple(_scenario(*found) for found in _scenarios(children, about, ())),
    )


_RawStep = Mapping[str, Any]


def _scenarios(
    children: Iterable[Mapping[str, Any]], about: tuple[str, ...], before: tuple[_RawStep, ...]
) -> Iterator[tuple[Mapping[str, Any], tuple[str, ...], tuple[_RawStep, ...]]]:
    """Each scenario with the rules that those around it are about, and the steps of the backgrounds before it."""
    for child in children:
        if "background" in child:
            before = (*before, *child["background"]["steps"])
        elif "scenario" in child:
            yield child["scenario"], about, before
        elif "rule" in child:
            yield from _scenarios(child["rule"]["children"], (*about, *_about(child["rule"])), before)


def _about(part: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(tag["name"].removeprefix(_ABOUT) for tag in part["tags"] if tag["name"].startswith(_ABOUT))


def _scenario(found: Mapping[str, Any], about: tuple[str, ...], before: Sequence[_RawStep]) -> Scenario:
    tags = [tag["name"].removeprefix("@") for tag in found["tags"]]
    tables = [table for table in found["examples"] if table.get("tableHeader")]
    examples = tuple((_cells(table["tableHeader"]), *map(_cells, table["tableBody"])) for table in tables)
    about = tuple(dict.fromkeys((*about, *_about(found))))
    return Scenario(
        name=found["name"],
        kinds=tuple(kind for kind in KINDS if kind in tags),
        steps=tuple(_steps(found["steps"])),
        examples=examples,
        line=found["location"]["line"],
        example_lines=tuple(row["location"]["line"] for table in tables for row in table["tableBody"]),
        about=about,
        digest=_digest(sorted(about), [_meaning(step) for step in (*before, *found["steps"])], examples),
    )


def _digest(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()


def _meaning(step: _RawStep) -> tuple[object, ...]:
    table, words = step.get("dataTable"), step.get("docString")
    rows = [_cells(row) for row in table["rows"]] if table else None
    return step["keyword"].strip(), step["text"], rows, words["content"] if words else None


def _steps(steps: Iterable[_RawStep]) -> Iterator[Step]:
    for step in steps:
        table = step.get("dataTable")
        rows = tuple(_cells(row) for row in table["rows"]) if table else ()
        yield Step(step["keyword"].strip(), step["text"], rows)


def _cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(cell["value"] for cell in row["cells"])
