"""Every single change of a rule or check that scenarios should notice, as changes of what its file says.

A change keeps the file readable: one that the catalogue refuses, and one that means the same, is none (mutants.py).
Numbers that only texts name are not changed, since no scenario has to repeat a text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise
from typing import Any

from spmwatch.engine.catalogue.rule import Indicator
from spmwatch.engine.episodes import UNKNOWN, VOCABULARY

Steps = tuple[str | int, ...]
"""From the top of a file to one of its fields: `("parameters", "apart", "value")`."""


class Kind(StrEnum):
    """What is changed, in the order in which tables show it."""

    THRESHOLD = "threshold"
    COMPARISON = "comparison"
    CONDITION = "condition"
    WAY = "way"
    UNLESS = "unless"
    WORD = "word"
    WIDER = "wider"
    INDICATOR = "indicator"
    UNKNOWN = "unknown"
    PLAN = "plan"
    HOOK = "hook"
    ORDER = "order"


@dataclass(frozen=True, slots=True)
class Change:
    """One change. `data` is the whole file after it; `what` is the thing changed, where words have to name it."""

    kind: Kind
    steps: Steps
    before: str
    after: str
    data: Mapping[str, Any]
    what: Mapping[str, Any] | None = None


Tree = dict[str, Any]
_WHOLE_UNITS = frozenset({"d", "wk", "mo", "a", "h", "1", "{pack-years}"})
_SWAPPED = {
    "at_least": "more_than",
    "more_than": "at_least",
    "at_most": "less_than",
    "less_than": "at_most",
    "not_before": "after",
    "after": "not_before",
    "not_after": "before",
    "before": "not_after",
}
_LIMITS = ("at_least", "more_than", "at_most", "less_than")
_TREES = ("when", "unless", "who", "exclusions")
_NOT_CONDITIONS = ("id", "words", "doubtful")
DROPPED = "(dropped)"


def changes_of(data: Mapping[str, Any]) -> Iterator[Change]:
    """Every change of a rule file or a check file, in the order of the file."""
    yield from numbers(data)
    for steps, tree in _trees(data):
        yield from _changed_tree(data, steps, tree)
    yield from _indicators(data)
    yield from _listed(data, ("follow_up",), Kind.PLAN)
    yield from _listed(data, ("hooks",), Kind.HOOK)
    if data.get("unknown", {}).get("incomplete_record") == "ask":
        yield _set(data, Kind.UNKNOWN, ("unknown", "incomplete_record"), "silent")


# -- numbers ----------------------------------------------------------------------------------------------------------


def numbers(data: Mapping[str, Any]) -> Iterator[Change]:
    """Each of the `parameters` by one unit more, and less."""
    for name, parameter in data["parameters"].items():
        value = Decimal(str(parameter["value"]))
        step = Decimal(1) if parameter["unit"] in _WHOLE_UNITS else _last_place(value)
        for changed in (value + step, value - step):
            if changed >= 0:
                number = int(changed) if changed == changed.to_integral_value() else float(changed)
                yield _set(data, Kind.THRESHOLD, ("parameters", name, "value"), number)


def _last_place(value: Decimal) -> Decimal:
    """One of the last place that is written: 1 for 10, 0.1 for 0.5; a tenth for numbers up to 2."""
    exponent = value.normalize().as_tuple().exponent
    place = min(exponent if isinstance(exponent, int) else 0, 0)
    return Decimal(1).scaleb(min(place, -1) if value <= 2 else place)


# -- conditions -------------------------------------------------------------------------------------------------------


def _trees(data: Mapping[str, Any]) -> Iterator[tuple[Steps, Any]]:
    """Where conditions stand: `when`, each entry of `unless`, of each variant; of checks `who` and exclusions."""
    holders: list[tuple[Steps, Mapping[str, Any]]] = [((), data)]
    for name in ("variants", "schedules"):
        holders += [((name, index), item) for index, item in enumerate(data.get(name) or [])]
    for steps, holder in holders:
        for name in _TREES:
            tree = holder.get(name)
            if isinstance(tree, list):
                for index, item in enumerate(tree):
                    yield (*steps, name, index), item
            elif tree is not None:
                yield (*steps, name), tree


def _changed_tree(data: Mapping[str, Any], steps: Steps, tree: Tree) -> Iterator[Change]:
    if steps[-2:-1] in (("unless",), ("exclusions",)):
        yield _drop(data, Kind.UNLESS, steps, tree)
    elif steps[0] == "variants" and steps[-1] == "when" and not {"all", "any"} & set(tree) and data.get("when"):
        yield _whole(data, steps, tree)
    for key, body in tree.items():
        if key in ("all", "any"):
            for index, item in enumerate(body):
                if len(body) > 1:
                    yield _drop(data, Kind.CONDITION if key == "all" else Kind.WAY, (*steps, key, index), item)
                yield from _changed_tree(data, (*steps, key, index), item)
        elif key not in _NOT_CONDITIONS:
            yield from _condition(data, key, (*steps, key), body, tree)


def _condition(data: Mapping[str, Any], verb: str, steps: Steps, body: Tree, tree: Tree) -> Iterator[Change]:
    for field, test in body.items():
        at = (*steps, field)
        if field == "as":
            continue
        if len([name for name in body if name != "as"]) > 1:
            yield _drop(data, Kind.CONDITION, at, {verb: {field: test}}, tree)
        if isinstance(test, dict):
            yield from _comparisons(data, at, test, tree)
        elif field != "overlaps":
            yield from _words(data, VOCABULARY[verb].words[field].values, at, test, tree)


def _comparisons(data: Mapping[str, Any], steps: Steps, test: Tree, tree: Tree) -> Iterator[Change]:
    limits = [key for key in test if key in _LIMITS]
    for key in limits or [key for key in test if key in _SWAPPED and "grace" not in test]:
        swapped = {_SWAPPED[key] if name == key else name: value for name, value in test.items()}
        yield _replaced(
            data, Kind.COMPARISON, steps, swapped, f"{key} {test[key]}", f"{_SWAPPED[key]} {test[key]}", tree
        )
    if len(limits) > 1 and not set(test) - set(limits):
        for key in limits:
            yield _drop(data, Kind.CONDITION, (*steps, key), {key: test[key]}, tree)


def _words(data: Mapping[str, Any], allowed: Sequence[str], steps: Steps, test: object, tree: Tree) -> Iterator[Change]:
    words = test if isinstance(test, list) else [test]
    others = [word for word in allowed if word not in words]
    for index, word in enumerate(words if len(words) > 1 else []):
        rest = [other for number, other in enumerate(words) if number != index]
        yield _replaced(data, Kind.WORD, steps, rest, str(word), DROPPED, tree, suffix=(index,))
    if others and len(words) == 1 and words[0] != UNKNOWN:
        following = [*allowed, *allowed][list(allowed).index(str(words[0])) + 1 :]
        other = next(word for word in following if word not in words)
        yield _replaced(data, Kind.WORD, steps, other, str(words[0]), other, tree)
    for other in others:
        yield _replaced(data, Kind.WIDER, steps, [*words, other], _shown(words), _shown([*words, other]), tree)


# -- the rest ---------------------------------------------------------------------------------------------------------


def _indicators(data: Mapping[str, Any]) -> Iterator[Change]:
    ranked = list(Indicator)
    for index, variant in enumerate(data.get("variants") or []):
        rank = Indicator(variant["indicator"]).rank
        for other in ranked:
            if abs(other.rank - rank) == 1:
                yield _set(data, Kind.INDICATOR, ("variants", index, "indicator"), other.value)


def _listed(data: Mapping[str, Any], steps: Steps, kind: Kind) -> Iterator[Change]:
    items = _at(data, steps) if steps[0] in data else []
    for index, item in enumerate(items):
        if kind is Kind.PLAN or len(items) > 1:
            yield _drop(data, kind, (*steps, index), item)


def each_dropped(data: Mapping[str, Any], steps: Steps) -> Iterator[Change]:
    """Each entry of a list left out."""
    for index, item in enumerate(_at(data, steps)):
        yield _drop(data, Kind.WORD, (*steps, index), item)


def each_swapped(data: Mapping[str, Any], steps: Steps) -> Iterator[Change]:
    """Each two neighbours of a list the other way round."""
    items = _at(data, steps)
    for index, (first, second) in enumerate(pairwise(items)):
        swapped = [*items[:index], second, first, *items[index + 2 :]]
        before, after = f"{first}, {second}", f"{second}, {first}"
        yield _replaced(data, Kind.ORDER, steps, swapped, before, after, None, suffix=(index,))


def _whole(data: Mapping[str, Any], steps: Steps, tree: Tree) -> Change:
    """A variant's only condition dropped: what all variants have in common stays, said twice."""
    common = data["when"]
    same = next(iter(_verbs(common)))
    return _replaced(data, Kind.CONDITION, steps, same, _shown(tree), DROPPED, tree)


def _verbs(tree: Tree) -> Iterator[Tree]:
    """The first condition of a tree, unnamed."""
    (key, body), *_ = tree.items()
    if key in ("all", "any"):
        yield from _verbs(body[0])
    else:
        yield {key: {name: test for name, test in body.items() if name != "as"}}


# -- how --------------------------------------------------------------------------------------------------------------


def _at(data: Any, steps: Steps) -> Any:  # noqa: ANN401 - what YAML may hold
    for step in steps:
        data = data[step]
    return data


def _set(data: Mapping[str, Any], kind: Kind, steps: Steps, value: object) -> Change:
    return _replaced(data, kind, steps, value, str(_at(data, steps)), str(value), None)


def _replaced(
    data: Mapping[str, Any],
    kind: Kind,
    steps: Steps,
    value: object,
    before: str,
    after: str,
    what: Mapping[str, Any] | None,
    suffix: Steps = (),
) -> Change:
    changed = deepcopy(dict(data))
    _at(changed, steps[:-1])[steps[-1]] = value
    return Change(kind, (*steps, *suffix), before, after, changed, what)


def _drop(data: Mapping[str, Any], kind: Kind, steps: Steps, item: object, what: Tree | None = None) -> Change:
    changed = deepcopy(dict(data))
    del _at(changed, steps[:-1])[steps[-1]]
    shown = what if what is not None else item if isinstance(item, dict) else None
    return Change(kind, steps, _shown(item), DROPPED, changed, shown)


def _shown(value: object) -> str:
    """As the file would say it, in one line."""
    if isinstance(value, dict):
        entries = ", ".join(f"{key}: {_shown(item)}" for key, item in value.items())
        return f"{{{entries}}}"
    if isinstance(value, list):
        return f"[{', '.join(_shown(item) for item in value)}]"
    return str(value)
