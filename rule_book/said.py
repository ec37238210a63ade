"""Logic and numbers as pages tell them: sentences that may introduce others, parameters with units in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from spmwatch.engine.catalogue.conditions import Condition, Parameter
from spmwatch.engine.catalogue.texts import plain_number
from spmwatch.rule_book.branches import Choice
from spmwatch.rule_book.sentences import Names, Sentences


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence of the logic, in light Markdown; `items` are what it introduces, e.g. of which one has to hold."""

    text: str
    items: tuple[Said, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A parameter as people read it."""

    name: str
    value: str
    unit: str
    meaning: str
    evidence: tuple[str, ...]


def number_of(parameter: Parameter, sentences: Sentences) -> Number:
    """A parameter with its unit in words."""
    return Number(
        name=parameter.name,
        value=plain_number(parameter.value),
        unit=sentences.unit(parameter),
        meaning=parameter.meaning,
        evidence=parameter.evidence,
    )


def said_of(
    tree: Choice | Condition | None, sentences: Sentences, names: Names, given: Sequence[str] = ()
) -> tuple[Said, ...]:
    """The tree as sentences; at the top a condition that is given anyway is left out."""
    if tree is None:
        return ()
    items = tree.items if isinstance(tree, Choice) and tree.key == "all" else (tree,)
    said = [_one(item, sentences, names) for item in items]
    return tuple(item for item in said if item.items or item.text not in given)


def _one(tree: Choice | Condition, sentences: Sentences, names: Names) -> Said:
    if isinstance(tree, Condition):
        return Said(sentences.sentence(tree, names))
    phrase = sentences.one_of if tree.key == "any" else sentences.all_of
    return Said(phrase, tuple(_one(item, sentences, names) for item in tree.items))
