"""Every sentence that scenarios may use, read from the step definitions: what it means, and examples of it.

The docstring of a step says what it means; the lines below its `Example:` are sentences as they stand in a feature.
"""

from __future__ import annotations

import difflib
import inspect
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module

from pytest_bdd.parsers import StepParser
from pytest_bdd.steps import step_function_context_registry

from spmwatch.rule_testing.dates import RELATIVE
from spmwatch.rule_testing.step_modules import PACKAGE, STEP_MODULES

EXAMPLE = "Example:"
MOST_NEAREST = 3
_LIKE_ENOUGH = 0.3
_OF_THE_SAME_KIND = 0.05
_INSIDE = (
    (re.compile(r'"[^"]*"'), '"..."'),
    (re.compile(r"\b(?:it|part [a-z]|[A-Z][A-Z0-9]*-\d{2,4}[a-z]?)(?= )"), "RULE"),
    (re.compile(rf"\b(?:\d{{4}}(?:-\d{{2}}(?:-\d{{2}})?)?|on today|{RELATIVE})\b"), "DATE"),
    (re.compile(r"\b\d+(?:\.\d+)?\b"), "N"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One use of a step: its keyword, its sentence, and the lines of a table below it."""

    keyword: str
    sentence: str
    table: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StepDefinition:
    """A kind of sentence. `kind` is given, when or then; `module` the step module that holds it."""

    kind: str
    module: str
    name: str
    meaning: str
    examples: tuple[Example, ...]
    parser: StepParser
    call: Callable[..., object]

    def matches(self, sentence: str) -> bool:
        """Is the sentence of this kind?"""
        return bool(self.parser.is_matching(sentence))


@cache
def step_definitions() -> tuple[StepDefinition, ...]:
    """All step definitions, in the order of STEP_MODULES, in each in that of the file."""
    order = {import_module(f"{PACKAGE}.{name}").__name__: name for name in STEP_MODULES}
    found = {name: list[StepDefinition]() for name in STEP_MODULES}
    for context in step_function_context_registry.values():
        module = order.get(context.step_func.__module__)
        if module is not None and context.type is not None:
            meaning, _, examples = (inspect.getdoc(context.step_func) or "").partition(EXAMPLE)
            found[module].append(
                StepDefinition(
                    kind=context.type,
                    module=module,
                    name=context.step_func.__name__,
                    meaning=meaning.strip(),
                    examples=_examples(examples),
                    parser=context.parser,
                    call=context.step_func,
                )
            )
    return tuple(definition for definitions in found.values() for definition in definitions)


def _examples(text: str) -> tuple[Example, ...]:
    found: list[Example] = []
    for line in filter(None, map(str.strip, text.splitlines())):
        if line.startswith("|"):
            last = found.pop()
            found.append(Example(keyword=last.keyword, sentence=last.sentence, table=(*last.table, line)))
        else:
            keyword, _, sentence = line.partition(" ")
            found.append(Example(keyword=keyword, sentence=sentence))
    return tuple(found)


def nearest(sentence: str, kind: str) -> Sequence[str]:
    """Sentences that exist and are like one that does not, the likest first, each with its keyword.

    Where the very sentence exists for another keyword, it alone is told.
    """
    elsewhere = [one for one in step_definitions() if one.kind != kind and one.matches(sentence)]
    if elsewhere:
        return [f"{elsewhere[0].kind.capitalize()} {sentence}"]
    scored = [
        (_likeness(sentence, example.sentence) + (_OF_THE_SAME_KIND if one.kind == kind else 0.0), index, example)
        for index, one in enumerate(step_definitions())
        for example in one.examples
    ]
    best: dict[int, str] = {}
    for score, index, example in sorted(scored, key=lambda each: (-each[0], each[1])):
        if score >= _LIKE_ENOUGH and len(best) < MOST_NEAREST:
            best.setdefault(index, f"{example.keyword} {example.sentence}")
    return list(best.values())


def _likeness(one: str, other: str) -> float:
    """From 0 to 1, by words, by letters, and by how much of `one` is in `other`.

    Which date, number, quotation or rule stands there does not matter.
    """
    first, second = _bare(one), _bare(other)
    words = difflib.SequenceMatcher(None, first.split(), second.split(), autojunk=False)
    letters = difflib.SequenceMatcher(None, first, second, autojunk=False)
    held = sum(block.size for block in words.get_matching_blocks()) / max(1, len(first.split()))
    return (words.ratio() + letters.ratio() + held) / 3


def _bare(sentence: str) -> str:
    for pattern, instead in _INSIDE:
        sentence = pattern.sub(instead, sentence)
    return sentence.casefold()
