"""How conditions read as sentences: the shape of that part of rules/wording.yaml, checked against the vocabulary."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from pydantic import BaseModel, ConfigDict, Field

from spmwatch.engine.episodes import VOCABULARY, VerbShape

_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
PSEUDO: Mapping[str, tuple[str, ...]] = {"named_drug": ("drug", "form"), "named_transplant": ("kind",)}
"""Placeholders of a `thing` that are made of fields: a drug named with its form, a transplant named by its kind."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class VerbPhrases(_Model):
    """How one kind of condition reads."""

    thing: str
    reference: str
    untested: dict[str, str] = {}
    fields: dict[str, str] = {}
    days: dict[str, str] = {}


class NumberPhrases(_Model):
    """A number against a limit; each holds `{amount}`."""

    at_least: str
    more_than: str
    at_most: str
    less_than: str


class DayPhrases(_Model):
    """A day against another; each holds `{day}`."""

    not_before: str
    after: str
    not_after: str
    before: str


class DistancePhrases(_Model):
    """A day that is so and so far from another; each holds `{amount}` and `{day}`."""

    at_least_before: str
    more_than_before: str
    at_most_before: str
    less_than_before: str
    not_earlier_before: str
    later_before: str
    at_least_after: str
    more_than_after: str
    at_most_after: str
    less_than_after: str
    not_later_after: str
    earlier_after: str
    within: str


class ConditionPhrases(_Model):
    """`conditions` of rules/wording.yaml."""

    verbs: dict[str, VerbPhrases]
    or_: str = Field(alias="or")
    and_: str = Field(alias="and")
    one_of: str
    all_of: str
    overlaps: str
    marked: str
    today: str
    amount: str
    convention: str
    numbers: NumberPhrases
    days: DayPhrases
    distances: DistancePhrases
    units: dict[str, tuple[str, str]]


def faults(phrases: ConditionPhrases) -> Iterator[tuple[str, str, str]]:
    """What is wrong, each as (field, problem, what to do): a verb without phrases, a placeholder that holds nothing."""
    for verb, shape in VOCABULARY.items():
        at = f"conditions.verbs.{verb}"
        if verb not in phrases.verbs:
            yield at, "is missing", "Write its `thing` and its `reference`"
        else:
            for field, problem, fix in _verb_faults(phrases.verbs[verb], shape):
                yield f"{at}.{field}", problem, fix
    for field, text, wanted in _fixed(phrases):
        if set(_PLACEHOLDER.findall(text)) != wanted:
            names = ", ".join(sorted(f"{{{name}}}" for name in wanted))
            yield f"conditions.{field}", "has other placeholders than it takes", f"Use exactly: {names}"


def _verb_faults(verb: VerbPhrases, shape: VerbShape) -> Iterator[tuple[str, str, str]]:
    usable = {*shape.words, *(name for name, fields in PSEUDO.items() if set(fields) & set(shape.words))}
    for field in ("thing", "reference"):
        for name in _PLACEHOLDER.findall(getattr(verb, field)):
            if name not in usable:
                yield field, f"`{{{name}}}` stands for nothing", f"Use: {', '.join(sorted(usable))}"
            elif name not in verb.untested:
                yield f"untested.{name}", "is missing", "Write what stands there when no such word is asked for"
    for name, text in verb.fields.items():
        if name not in shape.words and name not in shape.spans:
            yield f"fields.{name}", "is no field of this verb", f"Use: {', '.join([*shape.words, *shape.spans])}"
            continue
        unit = shape.spans.get(name)
        wanted = "values" if unit is None else "when" if unit.is_day else "limit"
        if _PLACEHOLDER.findall(text) != [wanted]:
            yield f"fields.{name}", "does not say where its test goes", f"Use exactly: {{{wanted}}}"
    for name in (name for name, unit in shape.spans.items() if unit.is_day):
        if _PLACEHOLDER.findall(verb.days.get(name, "")) != ["thing"]:
            yield f"days.{name}", "is missing or names no thing", "Write e.g. `the day of {thing}`"


def _fixed(phrases: ConditionPhrases) -> Iterator[tuple[str, str, set[str]]]:
    yield "overlaps", phrases.overlaps, {"thing"}
    yield "marked", phrases.marked, {"thing", "mark"}
    yield "amount", phrases.amount, {"number", "unit", "sources"}
    for key, text in phrases.numbers.model_dump().items():
        yield f"numbers.{key}", text, {"amount"}
    for key, text in phrases.days.model_dump().items():
        yield f"days.{key}", text, {"day"}
    for key, text in phrases.distances.model_dump().items():
        yield f"distances.{key}", text, {"amount", "day"}
