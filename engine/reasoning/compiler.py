"""Rules compiled to the definitions that durable_rules takes.

Every branch of every variant becomes a small ruleset of its own, in two readings:

- **certain**: only episodes that count, words that are known, spans at their worst; it holds whatever is missing;
- **possible**: also episodes that may be, words that are unknown, spans at their best; it could hold.

Under `unless` the readings change places. Nothing here imports durable_rules; network.py runs what is compiled, and
only where each condition of the branch has an episode that passes what it asks of one alone (docs/decisions/0011).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from spmwatch.engine.catalogue.conditions import TODAY, Branch, Condition, SpanTest
from spmwatch.engine.catalogue.rule import Rule, Variant
from spmwatch.engine.episodes import UNKNOWN, VOCABULARY
from spmwatch.engine.reasoning.chaining import in_order_of_reference
from spmwatch.engine.reasoning.wire import GUARD, Json, Wire, offset_of, side_of

ALWAYS = "always"
"""The rule that always fires (docs/decisions/0003): without it, freeing an idle session reads uninitialised memory."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a compiled rule stands for; `match` names it, `size` is the number of episodes that it binds."""

    rule: Rule
    variant: Variant
    certain: bool
    size: int
    match: tuple[str, str, bool]


@dataclass(frozen=True, slots=True)
class Piece:
    """One branch of one variant, compiled.

    Attributes:
        definition: its ruleset, ready for JSON.
        targets: name of a compiled rule -> what it stands for.
        needs: what episodes have to match, each condition by one of them; without that the branch holds in no reading.
        guards: what the episodes match that a negation of the branch may see.
        pairs: what two conditions match that are compared with each other and ask for one kind; they speak of two
            different episodes, so without two there is nothing to compare.
    """

    name: str
    definition: Json
    targets: Mapping[str, Target]
    needs: int
    guards: int
    pairs: tuple[int, ...]


class Compiled:
    """Rules as durable_rules takes them.

    Attributes:
        pieces: those of a rule after those of the rules whose findings it builds on.
        wire: how episodes travel to these rules.
    """

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.wire = Wire()
        self.pieces = tuple(
            self._piece(rule, variant, number, branch)
            for rule in in_order_of_reference(rules)
            for variant in rule.variants
            for number, branch in enumerate(variant.branches)
        )

    def _piece(self, rule: Rule, variant: Variant, number: int, branch: Branch) -> Piece:
        name = f"{rule.id}/{variant.id}/{number}"
        definition: Json = {ALWAYS: {"all": [{"m": {"$and": [{"k": ALWAYS}]}}]}}
        targets: dict[str, Target] = {}
        needs = guards = 0
        bits = {condition.name: self.wire.learn(condition) for condition in branch.conditions}
        for bit in bits.values():
            needs |= bit
        for item in variant.unless:
            guards |= self.wire.learn(item.condition, negated=True)
        for (same, blocks), certain in itertools.product(enumerate(_identifications(branch.conditions)), (True, False)):
            key = f"{name}.{same}/{'certain' if certain else 'possible'}"
            definition[key] = {"all": self._patterns(blocks, variant, certain)}
            targets[key] = Target(rule, variant, certain, len(blocks), (rule.id, variant.id, certain))
        pairs = tuple(
            bits[one.name] | bits[other.name]
            for one, other in itertools.combinations(branch.conditions, 2)
            if one.verb == other.verb and _compared(one, other)
        )
        return Piece(name, definition, targets, needs, guards, pairs)

    def _patterns(self, blocks: Sequence[Sequence[Condition]], variant: Variant, certain: bool) -> list[Json]:
        names = {condition.name: f"n{number}" for number, block in enumerate(blocks) for condition in block}
        joins = _joins(blocks, names)
        patterns: list[Json] = []
        for number, block in enumerate(blocks):
            name = f"n{number}"
            patterns.append({name: self._pattern(block, block[0].verb, certain, joins[name])})
        for number, unless in enumerate(variant.unless):
            condition = unless.condition
            own = [_Join(test, names[str(test.anchor)]) for test in condition.spans if test.anchor not in (None, TODAY)]
            kind = GUARD + condition.verb
            patterns.append({f"u{number}$not": self._pattern([condition], kind, not certain, own, apart=True)})
        return patterns

    def _pattern(
        self,
        conditions: Sequence[Condition],
        kind: str,
        certain: bool,
        joins: Sequence[_Join],
        *,
        apart: bool = False,
    ) -> Json:
        """All tests on one episode; `apart`: another than those it is compared with (guard copies need telling)."""
        verb = conditions[0].verb
        spans = VOCABULARY[verb].spans
        tests: list[Json] = [{"k": kind}]
        if certain:
            tests.append({"c": 1})
        for word in itertools.chain.from_iterable(condition.words for condition in conditions):
            values = word.values if certain or UNKNOWN in word.values else (*word.values, UNKNOWN)
            tests.append(self.wire.word_test(verb, word.field, values))
        tests += [
            _span_test(span, certain, None, is_day=spans[span.field].is_day)
            for span in itertools.chain.from_iterable(condition.spans for condition in conditions)
            if span.anchor in (None, TODAY)
        ]
        tests += [_span_test(join.test, certain, join.other, is_day=True) for join in joins]
        if apart:
            others = dict.fromkeys(join.other for join in joins)
            tests.extend({"$neq": {"e": {other: "e"}}} for other in others)
        if joins:
            tests.append({"$lte": {"t": {joins[-1].other: "t"}}})  # always true: the memory fault in joins (ADR 0003)
        return {"$and": tests}


def _identifications(conditions: Sequence[Condition]) -> Iterator[list[list[Condition]]]:
    """Every way in which conditions of one kind may speak of one and the same episode.

    durable_rules never matches a fact twice in one rule, so each way becomes a compiled rule of its own. Conditions
    that are compared with each other speak of different episodes.
    """

    def place(rest: Sequence[Condition], blocks: list[list[Condition]]) -> Iterator[list[list[Condition]]]:
        if not rest:
            yield blocks
            return
        first, *others = rest
        for number, block in enumerate(blocks):
            if block[0].verb == first.verb and not any(_compared(first, member) for member in block):
                yield from place(others, [*blocks[:number], [*block, first], *blocks[number + 1 :]])
        if not (first.verb == "patient" and any(block[0].verb == "patient" for block in blocks)):
            yield from place(others, [*blocks, [first]])

    yield from place(conditions, [])


def _compared(one: Condition, other: Condition) -> bool:
    return any(test.anchor == other.name for test in one.spans) or any(test.anchor == one.name for test in other.spans)


@dataclass(frozen=True, slots=True)
class _Join:
    """A comparison with another bound episode, as the pattern that comes later in the rule makes it."""

    test: SpanTest
    other: str  # compiled name of the episode compared with


_MIRRORED = {">=": "<=", ">": "<", "<=": ">=", "<": ">"}


def _joins(blocks: Sequence[Sequence[Condition]], names: Mapping[str, str]) -> dict[str, list[_Join]]:
    """Each comparison between episodes at the later of the two, mirrored where the rule file has it at the earlier."""
    position = {name: number for number, name in enumerate(dict.fromkeys(names.values()))}
    joins: dict[str, list[_Join]] = {name: [] for name in position}
    for condition in itertools.chain.from_iterable(blocks):
        for test in condition.spans:
            if test.anchor in (None, TODAY):
                continue
            here, there = names[condition.name], names[str(test.anchor)]
            if position[there] < position[here]:
                joins[here].append(_Join(test, there))
            else:
                mirrored = SpanTest(
                    field=str(test.anchor_field),
                    comparison=_MIRRORED[test.comparison],
                    offset=-test.offset,
                    anchor=condition.name,
                    anchor_field=test.field,
                )
                joins[there].append(_Join(mirrored, here))
    return joins


_OPERATORS = {">=": "$gte", ">": "$gt", "<=": "$lte", "<": "$lt"}


def _span_test(test: SpanTest, certain: bool, other: str | None, *, is_day: bool) -> Json:
    """Certain takes the end that makes the comparison hardest, possible the end that makes it easiest."""
    side, far_side = side_of(test, certain=certain)
    offset = offset_of(test, is_day=is_day)
    limit: object = offset
    if other is not None:
        limit = {other: f"{test.anchor_field}_{far_side}"}
        if offset:
            limit = {"$add" if offset > 0 else "$sub": {"$l": limit, "$r": abs(offset)}}
    return {_OPERATORS[test.comparison]: {f"{test.field}_{side}": limit}}
