"""The columns of a Scenario Outline: a name that no column has would stay in the sentence, `<like this>`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

_NAMED = re.compile(r"<([^<>\s][^<>]*)>")


def scenarios_in(children: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Every scenario below a feature, those of its `Rule:` sections included."""
    for child in children:
        if "scenario" in child:
            yield child["scenario"]
        elif "rule" in child:
            yield from scenarios_in(child["rule"]["children"])


def columns_astray(children: Iterable[Mapping[str, Any]], shown: str) -> Iterator[str]:
    """What of the names in `<...>` and the columns of `Examples:` does not fit, a line for each.

    Args:
        children: of a feature, as gherkin parsed it.
        shown: the file as it is told.
    """
    children = list(children)
    before = {name for child in children if "background" in child for name, _ in _names(child["background"])}
    for scenario in scenarios_in(children):
        named = dict(_names(scenario))
        for table in scenario["examples"]:
            heading = table.get("tableHeader")
            columns = [cell["value"] for cell in heading["cells"]] if heading else []
            for name, line in named.items() if columns else ():
                if name not in columns:
                    advice = _advice(name, columns, f"The columns are: {', '.join(columns)}")
                    yield f"{shown}:{line}: `<{name}>` is no column of the examples. {advice}"
            for column in columns:
                if column not in named and column not in before:
                    advice = _advice(
                        column,
                        [name for name in named if name not in columns],
                        "Name it in a step or in the name of the scenario, or leave it out",
                    )
                    line = heading["location"]["line"]
                    yield f"{shown}:{line}: no step names the column `{column}` as `<{column}>`. {advice}"


def _advice(wrong: str, known: Iterable[str], otherwise: str) -> str:
    near = get_close_matches(wrong, list(known), n=1)
    return f"Did you mean `{near[0]}`?" if near else otherwise


def _names(part: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """Each name in `<...>` with its line: in the scenario's own name, its steps and their tables."""
    texts = [(part["name"], part["location"]["line"])]
    for step in part["steps"]:
        texts.append((step["text"], step["location"]["line"]))
        for row in step.get("dataTable", {}).get("rows", ()):
            texts += [(cell["value"], row["location"]["line"]) for cell in row["cells"]]
        if "docString" in step:
            texts.append((step["docString"]["content"], step["docString"]["location"]["line"]))
    for text, line in texts:
        for name in _NAMED.findall(text):
            yield name, line
