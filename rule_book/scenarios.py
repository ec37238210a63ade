"""The scenarios of the rules, as their feature files tell them: found beside rules/ in a clone, absent from a wheel."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from gherkin.errors import CompositeParserException, ParserException
from gherkin.parser import Parser

from spmwatch.engine.errors import InputError

FOLDER = "features"
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
    """One scenario; an outline with its examples, the first row their names."""

    name: str
    kinds: tuple[str, ...]
    steps: tuple[Step, ...]
    examples: tuple[tuple[tuple[str, ...], ...], ...]

    @property
    def cases(self) -> int:
        """How many patients it tells of."""
        return sum(len(table) - 1 for table in self.examples) or 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """One feature file."""

    name: str
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
    """The feature of each rule, found by its tag `@rule:SPM-nn`.

    Raises:
        InputError: a file that is no Gherkin.
    """
    found: dict[str, Feature] = {}
    for path in sorted(folder.rglob("*.feature")):
        try:
            feature = _parsed(path)
        except (CompositeParserException, ParserException, UnicodeDecodeError, OSError) as error:
            problem = f"is no Gherkin ({type(error).__name__})"
            raise InputError(str(path), "-", problem, "Start with `Feature:`; mind the keywords") from None
        if feature is None:
            continue
        for tag in feature["tags"]:
            if tag["name"].startswith("@rule:"):
                shown = (Path(FOLDER) / path.relative_to(folder)).as_posix()
                found[tag["name"].removeprefix("@rule:")] = _feature(feature, shown)
    return found


def _parsed(path: Path) -> Mapping[str, Any] | None:
    """What the file says; None when it is empty."""
    return Parser().parse(path.read_text(encoding="utf-8-sig")).get("feature")


def _feature(feature: Mapping[str, Any], path: str) -> Feature:
    children = feature["children"]
    background = [step for child in children if "background" in child for step in _steps(child["background"]["steps"])]
    return Feature(
        name=feature["name"],
        description=" ".join(feature["description"].split()),
        path=path,
        background=tuple(background),
        scenarios=tuple(_scenario(found) for found in _scenarios(children)),
    )


def _scenarios(children: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for child in children:
        if "scenario" in child:
            yield child["scenario"]
        elif "rule" in child:
            yield from _scenarios(child["rule"]["children"])


def _scenario(found: Mapping[str, Any]) -> Scenario:
    tags = [tag["name"].removeprefix("@") for tag in found["tags"]]
    return Scenario(
        name=found["name"],
        kinds=tuple(kind for kind in KINDS if kind in tags),
        steps=tuple(_steps(found["steps"])),
        examples=tuple(
            (_cells(table["tableHeader"]), *(_cells(row) for row in table["tableBody"]))
            for table in found["examples"]
            if table.get("tableHeader")
        ),
    )


def _steps(steps: Iterable[Mapping[str, Any]]) -> Iterator[Step]:
    for step in steps:
        table = step.get("dataTable")
        rows = tuple(_cells(row) for row in table["rows"]) if table else ()
        yield Step(step["keyword"].strip(), step["text"], rows)


def _cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(cell["value"] for cell in row["cells"])
