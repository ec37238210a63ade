"""A `.feature` file as pytest collects it: one test for each scenario and example, without any Python beside it."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, cast

import pytest
from gherkin.errors import CompositeParserException, ParserException
from gherkin.parser import Parser
from pytest_bdd import exceptions as bdd
from pytest_bdd import scenario as bdd_scenario
from pytest_bdd.feature import features as known_features
from pytest_bdd.feature import get_feature
from pytest_bdd.parser import Feature

from spmwatch.engine.errors import CdsError
from spmwatch.rule_testing.failures import said
from spmwatch.rule_testing.outlines import columns_astray, scenarios_in
from spmwatch.rule_testing.rule_choice import RuleChoice

_UNLOADABLE = "the rules that it is about cannot be loaded"
OWN_STEPS = "own-steps"
"""Tag of features that are told by steps of a project's own; they run where those steps are."""
ENCODING = "utf-8-sig"
"""UTF-8, with or without the mark at the start that some editors of Windows write."""
_STEP_WORDS, _LIKE_A_STEP = ("Given", "When", "Then", "And", "But"), 0.75
_LIKE_A_BLOCK = 0.8
_BLOCK_WORDS = ("Background", "Rule", "Scenario", "Scenario outline", "Example", "Examples")
_KEYWORDS = (
    "Lines begin with Feature:, Background:, Rule:, Scenario:, Examples:, Given, When, Then, And, But, |, @ or #"
)


class FeatureFile(pytest.Module):
    """One feature. What is wrong with the file is told with its line, and none of its scenarios runs."""

    choose_rules: Callable[[Path], RuleChoice]
    unloadable: MutableMapping[RuleChoice, str]
    """Rules that could not be loaded, with the file that told why: it is told once."""

    def _getobj(self) -> types.ModuleType:
        """The tests, by the names of their scenarios."""
        module = types.ModuleType(self.path.stem)
        base, name = str(self.path.parent), self.path.name
        known_features.pop(str(self.path), None)  # it may have been edited since an earlier run in this process
        feature = get_feature(base, name, encoding=ENCODING)
        self._register_tags(feature)
        for title, template in feature.scenarios.items():
            test = bdd_scenario(name, title, encoding=ENCODING, features_base_dir=base)(_nothing())
            if OWN_STEPS in template.tags | feature.tags:
                test = pytest.mark.skip(reason=f"tagged @{OWN_STEPS}: it runs where its steps are")(test)
            setattr(module, title_of(title), test)
        return module

    def collect(self) -> Iterable[pytest.Item | pytest.Collector]:
        """The tests. Raises CollectError when the file, or the rules that it is about, cannot be read."""
        shown = shown_path(self.path, self.config.rootpath)
        if faults := list(faults_of(self.path, shown)):
            raise self.CollectError("\n".join(faults))
        choice = self.choose_rules(self.path)
        if choice in self.unloadable:
            raise self.CollectError(f"{shown}: {_UNLOADABLE}, as told for {self.unloadable[choice]}")
        try:
            choice.evaluator()
            return super().collect()
        except bdd.GherkinParseError as error:
            raise self.CollectError(f"{shown}:{error.line}: {error.message}") from None
        except CdsError as error:
            self.unloadable[choice] = shown
            raise self.CollectError(f"{shown}: {_UNLOADABLE}. {said(error)}") from None

    def _register_tags(self, feature: Feature) -> None:
        """Any word may be a tag; pytest wants to be told of each."""
        tags = set(feature.tags)
        for template in feature.scenarios.values():
            tags.update(template.tags, *(table.tags for table in template.examples))
        for tag in sorted(tags):
            self.config.addinivalue_line("markers", f"{tag}: a tag of feature files")

    def istestfunction(self, obj: object, name: str) -> bool:  # noqa: ARG002 - pytest's signature
        """Every scenario is a test, whatever its name."""
        return callable(obj)


def title_of(scenario: str) -> str:
    """The name of a scenario as pytest has it, in whose ids `::` parts files from tests."""
    return scenario.replace("::", ":")


def shown_path(path: Path, root: Path) -> str:
    """A path as people read it: below `root` from there, else whole."""
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)


def _nothing() -> Callable[[], None]:
    """The body of a scenario: its steps are all of it. A new one each time, since tags are hung on it."""

    def scenario() -> None:
        pass

    return scenario


def faults_of(path: Path, shown: str) -> Iterator[str]:
    """What is wrong with the form of a feature file, a line for each fault: `file:line: problem. what to do`."""
    try:
        text = path.read_text(encoding=ENCODING)
    except (OSError, UnicodeDecodeError) as error:
        yield f"{shown}: cannot be read ({type(error).__name__}). Save it as UTF-8 text, readable by you"
        return
    try:
        feature = cast("Mapping[str, Any] | None", Parser().parse(text).get("feature"))  # an empty file has none
    except CompositeParserException as error:
        yield from (_syntax(each, text, shown) for each in error.errors)
        return
    except ParserException as error:
        yield _syntax(error, text, shown)
        return
    found = list(scenarios_in(feature["children"])) if feature else []
    if feature:
        yield from _read_as_remarks(feature, text.splitlines(), shown)
    if not found:
        place = f"{shown}:{feature['location']['line']}" if feature else shown
        yield f"{place}: holds no scenario. Write `Scenario: ...` with its steps below `Feature: ...`"
    yield from _unsound(found, shown)
    if feature:
        yield from columns_astray(feature["children"], shown)


def _unsound(found: list[Mapping[str, Any]], shown: str) -> Iterator[str]:
    """Scenarios that would be passed over, or could never fail."""
    first: dict[str, int] = {}
    for scenario in found:
        name, line = scenario["name"], scenario["location"]["line"]
        if name in first:
            yield f"{shown}:{line}: the name `{name}` stands in line {first[name]} already. Give each scenario its own"
        first.setdefault(name, line)
        if not any(step["keywordType"] == "Outcome" for step in scenario["steps"]):
            yield f"{shown}:{line}: `{name}` has no `Then`, so it could never fail. Say what the rules should do"
        yield from _unasked(scenario["steps"], shown)
        rows = [row for table in scenario["examples"] for row in table["tableBody"]]
        if ("Outline" in scenario["keyword"] or scenario["examples"]) and not rows:
            yield f"{shown}:{line}: `{name}` has no examples. Add a table below `Examples:`, or write `Scenario:`"


def _unasked(steps: list[Mapping[str, Any]], shown: str) -> Iterator[str]:
    """A moment at the end, of which nothing is asked any more."""
    told = [step for step in steps if step["keywordType"] != "Conjunction"]
    if told and told[-1]["keywordType"] == "Action" and any(step["keywordType"] == "Outcome" for step in told):
        place = f"{shown}:{told[-1]['location']['line']}"
        yield f"{place}: nothing is asked of `When {told[-1]['text']}`. Write a `Then` below it, or leave it out"


def _read_as_remarks(block: Mapping[str, Any], lines: Sequence[str], shown: str) -> Iterator[str]:
    """Lines that Gherkin takes for a description, though they were meant as steps or as the head of a scenario."""
    holds_steps = "steps" in block
    for number, line in _description(block, lines):
        mark = " " if holds_steps else ":"
        word, found, rest = line.partition(mark)
        known, cutoff = (_STEP_WORDS, _LIKE_A_STEP) if holds_steps else (_BLOCK_WORDS, _LIKE_A_BLOCK)
        near = get_close_matches(word.strip().capitalize(), known, n=1, cutoff=cutoff)
        if near and found and (rest or not holds_steps):
            kind, instead = "a step" if holds_steps else f"`{near[0]}:`", near[0] + mark + rest
            yield f"{shown}:{number}: `{line}` is read as a remark, not as {kind}. Write `{instead.strip()}`"
    for child in block.get("children", ()):
        yield from _read_as_remarks(next(iter(child.values())), lines, shown)


def _description(block: Mapping[str, Any], lines: Sequence[str]) -> Iterator[tuple[int, str]]:
    """The lines of a description, each with its number."""
    number = block["location"]["line"]
    for line in filter(None, map(str.strip, block["description"].splitlines())):
        number = next(n for n, each in enumerate(lines[number:], start=number + 1) if each.strip() == line)
        yield number, line


def _syntax(error: ParserException, text: str, shown: str) -> str:
    line = error.location.get("line", 1)
    lines = text.splitlines()
    found = lines[line - 1].strip() if 0 < line <= len(lines) else "the end of the file"
    if "inconsistent cell count" in str(error):
        return f"{shown}:{line}: `{found}` has another number of cells than the row above. Give each row as many"
    return f"{shown}:{line}: `{found}` cannot stand here. {_KEYWORDS}"
