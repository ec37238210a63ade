"""docs/rule-file.md tells every key of a rule file and every word of the vocabulary, and its example loads."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path, PurePosixPath

import pytest

from spmwatch.engine.catalogue.rule import RuleFile, parse_rule
from spmwatch.engine.episodes import VOCABULARY
from spmwatch.engine.yaml_file import parse_yaml, validated

DOC = Path(str(resources.files("spmwatch.rules"))).resolve().parent / "docs" / "rule-file.md"
UNITS = {"d": "number, days", "mo": "number, months", "a": "number, years", "*": "number, in the unit of the analyte"}


def vocabulary_table() -> str:
    """The table as it should stand in the document."""
    lines = ["| verb | what it is | field | may be |", "| --- | --- | --- | --- |"]
    for verb, shape in VOCABULARY.items():
        what = re.sub(r" \([^)]*\)", "", (shape.episode.__doc__ or "").splitlines()[0]).split(";")[0].rstrip(".")
        rows = [(name, ", ".join(f"`{v}`" for v in word.values) or "any id") for name, word in shape.words.items()]
        rows += [(name, "day" if unit.is_day else UNITS[unit.ucum]) for name, unit in shape.spans.items()]
        for index, (name, may_be) in enumerate(rows):
            first, second = (f"`{verb}`", what) if index == 0 else ("", "")
            lines.append(f"| {first} | {second} | `{name}` | {may_be} |")
    return "\n".join(lines)


@pytest.fixture(scope="module")
def text() -> str:
    return DOC.read_text(encoding="utf-8")


def test_the_table_of_the_vocabulary_is_fresh(text: str) -> None:
    found = re.search(r"<!-- vocabulary:.*?-->\n(.*?)\n<!-- end of vocabulary -->", text, re.DOTALL)
    assert found is not None
    assert found[1] == vocabulary_table(), f"Put this between the marks:\n\n{vocabulary_table()}"


@pytest.mark.parametrize("key", RuleFile.model_fields)
def test_every_key_is_explained(key: str, text: str) -> None:
    assert f"| `{key}` |" in text


def test_the_example_is_a_rule(text: str) -> None:
    example = re.search(r"```yaml\n(id: SPM-09.*?)```", text, re.DOTALL)
    assert example is not None
    path = PurePosixPath("docs/rule-file.md")
    rule = parse_rule(validated(RuleFile, parse_yaml(example[1], path), path), path, [])
    assert [variant.indicator.value for variant in rule.variants] == ["warning", "info"]
