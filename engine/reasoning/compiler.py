"""Rules compiled to the definition that durable_rules takes, and episodes encoded as the facts that it matches.

Every branch of every variant becomes one durable_rules rule in each of two readings:

- **certain**: only episodes that count, words that are known, spans at their worst; it holds whatever is missing;
- **possible**: also episodes that may be, words that are unknown, spans at their best; it could hold.

Under `unless` the readings change places. Nothing here imports durable_rules; network.py runs what is compiled.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from spmwatch.engine.catalogue.conditions import TODAY, Condition, SpanTest
from spmwatch.engine.catalogue.rule import Rule, Variant
from spmwatch.engine.episodes import STEPS, UNKNOWN, VOCABULARY, Episode, PatientEpisode, Span
from spmwatch.engine.facts import Standing

Json = dict[str, object]

GUARD = "~"
"""Prefix of the kind of a guard copy: what negations match, so that they see every episode whatever the order."""
ALWAYS = "always"
"""The rule that always fires (docs/decisions/0003): without it, freeing an idle session reads uninitialised memory."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a compiled rule stands for."""

    rule: Rule
    variant: Variant
    certain: bool
    names: tuple[str, ...]  # of its bound episodes, in the compiled rule


class Compiled:
    """Rules as durable_rules takes them.

    Attributes:
        definition: the ruleset, ready for JSON.
        targets: name of a compiled rule -> what it stands for.
        wire: how episodes travel to these rules.
    """

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.targets: dict[str, Target] = {}
        self.wire = Wire()
        self.definition: Json = {ALWAYS: {"all": [{"m": {"$and": [{"k": PatientEpisode.verb}]}}]}}
        for rule in rules:
            for variant in rule.variants:
                self._add(rule, variant)

    def _add(self, rule: Rule, variant: Variant) -> None:
        for item in variant.unless:
            self.wire.learn(item.condition, negated=True)
        for number, branch in enumerate(variant.branches):
            for condition in branch.conditions:
                self.wire.learn(condition)
            for (same, blocks), certain in itertools.product(
                enumerate(_identifications(branch.conditions)), (True, False)
            ):
                key = f"{rule.id}/{variant.id}/{number}.{same}/{'certain' if certain else 'possible'}"
                self.definition[key] = {"all": self._patterns(blocks, variant, certain)}
                self.targets[key] = Target(rule, variant, certain, tuple(f"n{n}" for n in range(len(blocks))))

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


class Wire:
    """How episodes travel: as flat facts that carry what some rule tests, and nothing else.

    A test of several words becomes a test of one flag, which the facts carry: an alternative (`$or`) inside a pattern
    with joins makes the C code skip the joins after it.
    """

    def __init__(self) -> None:
        self.guarded: set[str] = set()
        self._flags: dict[str, dict[tuple[str, frozenset[str]], str]] = defaultdict(dict)
        self._words: dict[str, set[str]] = defaultdict(set)
        self._spans: dict[str, set[str]] = defaultdict(set)
        self._wanted: dict[str, dict[str, frozenset[str]]] = {}

    def learn(self, condition: Condition, *, negated: bool = False) -> None:
        """Note what a condition tests, and so what facts of its kind (and those it compares with) have to carry."""
        verb = condition.verb
        if negated:
            self.guarded.add(verb)
        self._spans[verb] |= {test.field for test in condition.spans}
        own = {test.field: frozenset((*test.values, UNKNOWN)) for test in condition.words}
        known = self._wanted.get(verb)
        self._wanted[verb] = (
            own if known is None else {field: known[field] | own[field] for field in known.keys() & own.keys()}
        )
        for test in condition.spans:
            if test.anchor_field is not None:
                for anchored in VOCABULARY:  # a condition knows its anchor by name only: each kind carries that field
                    if test.anchor_field in VOCABULARY[anchored].spans:
                        self._spans[anchored].add(test.anchor_field)

    def word_test(self, verb: str, field: str, values: Sequence[str]) -> Json:
        """The test that `field` is one of `values`."""
        if len(values) == 1:
            self._words[verb].add(field)
            return {field: values[0]}
        flags = self._flags[verb]
        return {flags.setdefault((field, frozenset(values)), f"w{len(flags)}"): 1}

    def fact(self, episode: Episode, today: int) -> Json | None:
        """The episode as a fact without identity; None when no rule could match it."""
        verb = episode.verb
        if verb != PatientEpisode.verb:  # the patient always travels: some rule has to fire
            wanted = self._wanted.get(verb)
            if wanted is None or any(getattr(episode, field) not in values for field, values in wanted.items()):
                return None
        fact: Json = {"e": episode.id, "k": verb, "c": int(episode.standing is Standing.COUNTS), "t": 1}
        for field in self._words.get(verb, ()):
            fact[field] = getattr(episode, field)
        for (field, values), name in self._flags.get(verb, {}).items():
            if getattr(episode, field) in values:
                fact[name] = 1
        units = VOCABULARY[verb].spans
        for field in self._spans.get(verb, ()):
            span: Span = getattr(episode, field)
            origin, scale = (today, 1) if units[field].is_day else (0, STEPS)
            fact[f"{field}_lo"] = round((span.low - origin) * scale)
            fact[f"{field}_hi"] = round((span.high - origin) * scale)
        return fact


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
    upward = test.comparison in (">=", ">")
    side, far_side = ("lo", "hi") if upward is certain else ("hi", "lo")
    offset = round(test.offset * (1 if is_day else STEPS))
    limit: object = offset
    if other is not None:
        limit = {other: f"{test.anchor_field}_{far_side}"}
        if offset:
            limit = {"$add" if offset > 0 else "$sub": {"$l": limit, "$r": abs(offset)}}
    return {_OPERATORS[test.comparison]: {f"{test.field}_{side}": limit}}
