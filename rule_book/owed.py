"""The scenarios that a rule owes (CONTRIBUTING.md), counted in its feature file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from gherkin.errors import CompositeParserException, ParserException
from gherkin.parser import Parser
from gherkin.parser_types import Feature

from spmwatch.engine.catalogue.rule import Rule


def owed(rule: Rule, features: Sequence[Path], common: set[str]) -> Iterator[tuple[str, str]]:
    """What is missing, each as problem and fix; nothing when all is there.

    Args:
        rule: the rule.
        features: folders that the first part of `rule.tests` may stand for; the first that holds the file counts.
        common: ids of the negatives that hold for every rule; they are told once, in features/common.feature.
    """
    below = Path(rule.tests).parts[1:]
    path = next((folder.joinpath(*below) for folder in features if folder.joinpath(*below).is_file()), None)
    if path is None:
        yield f"`{rule.tests}` does not exist", "Write it; `spmwatch rules new` shows the form"
        return
    try:
        document = Parser().parse(path.read_text(encoding="utf-8-sig"))
    except (CompositeParserException, ParserException, UnicodeDecodeError) as error:
        yield f"`{rule.tests}` is no Gherkin ({type(error).__name__})", "Start with `Feature:`; mind the keywords"
        return
    feature = cast("Feature | None", document.get("feature"))  # an empty file has none, whatever its type says
    if feature is None:
        yield f"`{rule.tests}` is empty", "Start with `Feature:`"
        return
    names = {tag["name"] for tag in feature["tags"]}
    if f"@rule:{rule.id}" not in names:
        yield f"`{rule.tests}` does not carry the tag @rule:{rule.id}", "Put it above `Feature:`"
    counted = _tags(feature)
    for tag, needed, what in _needs(rule, common):
        if counted[f"@{tag}"] < needed:
            problem = f"{counted[f'@{tag}']} of at least {needed} scenarios tagged @{tag} ({what})"
            yield problem, f"Add them to {rule.tests}"


def _needs(rule: Rule, common: set[str]) -> Iterator[tuple[str, int, str]]:
    conditions = [c for variant in rule.variants for branch in variant.branches for c in branch.conditions]
    parameters = {test.parameter.name for c in conditions for test in c.spans if test.parameter}
    negatives = sum(len({item.id for item in variant.unless} - common) for variant in rule.variants)
    yield "fires", sum(len(variant.branches) for variant in rule.variants), "one for each way to fire"
    yield "near-miss", max(1, len(parameters)), "one for each parameter, on its other side"
    yield "unless", negatives + len(common), "one for each negative, those of rules/common.yaml included"
    if rule.asks:
        yield "unknown", 1, "one for each way in which the record can be incomplete"


def _tags(feature: Feature) -> Counter[str]:
    """How many scenarios carry each tag; an outline counts once for each example, which may have tags of its own."""
    counted: Counter[str] = Counter()
    for scenario in _scenarios(feature["children"]):
        rows = sum(len(table["tableBody"]) for table in scenario["examples"])
        for tag in scenario["tags"]:
            counted[tag["name"]] += rows or 1
        for table in scenario["examples"]:
            for tag in table["tags"]:
                counted[tag["name"]] += len(table["tableBody"])
    return counted


def _scenarios(children: Iterable[Mapping[str, Any]]) -> Iterator[Any]:
    for child in children:
        if "scenario" in child:
            yield child["scenario"]
        elif "rule" in child:
            yield from _scenarios(child["rule"]["children"])
