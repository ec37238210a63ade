"""The rule network: rules compiled to durable_rules, which matches, joins and chains them over a patient's episodes.

Every variant of every rule becomes one durable_rules rule for each branch and each reading:

- **certain**: only episodes that count, words that are known, spans at their worst; it holds whatever is missing;
- **possible**: also episodes that may be, words that are unknown, spans at their best; it could hold.

Under `unless` the readings change places. This is the only module that imports durable_rules, and it honours what was
measured of version 2.0.28 (docs/decisions): the C module is driven directly (its Host starts threads); one session per
evaluation, always deleted; every episode is asserted first as a guard copy that only negations see, so the order of
facts does not matter; joins end with one that is always true, and one rule always fires, which keeps two memory
faults of the C code asleep. It crashes on odd JSON, so `_checked` lets through our own closed vocabulary and
integers, nothing else.
"""

from __future__ import annotations

import itertools
import json
import threading
import weakref
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

import durable_rules_engine as _c

from spmwatch.engine.chaining import found_episode, references
from spmwatch.engine.conditions import TODAY, Condition, SpanTest
from spmwatch.engine.episodes import UNKNOWN, VOCABULARY, Episode, Found
from spmwatch.engine.errors import NetworkFactError
from spmwatch.engine.facts import Standing
from spmwatch.engine.rule import Rule, Variant

Json = dict[str, object]

_SCALE = 1_000_000  # spans other than days travel as whole millionths: integers compare exactly in C
_GUARD = "~"  # prefix of the kind of a guard copy
_MAX_WORD, _MAX_NUMBER, _MAX_PROPERTIES = 64, 2**62, 100
_OK, _UNMATCHED = 0, 1
_ALWAYS = "always"


@dataclass(frozen=True, slots=True)
class Match:
    """A variant that holds in one reading, with the ids of the episodes of each binding that satisfied it, sorted."""

    rule: str
    variant: str
    certain: bool
    bindings: tuple[tuple[str, ...], ...]

    @property
    def episodes(self) -> tuple[str, ...]:
        """Every episode that some binding used, sorted by id."""
        return tuple(sorted({episode for binding in self.bindings for episode in binding}))


@dataclass(frozen=True, slots=True)
class _Target:
    """What a compiled rule stands for."""

    rule: Rule
    variant: Variant
    certain: bool
    names: tuple[str, ...]  # of its bound episodes, in the compiled rule


class Network:
    """A compiled set of rules. Safe to share between threads; evaluations take turns.

    Raises (on construction):
        NetworkFactError: a rule holds a word or number that may not reach the C code.
    """

    _serial = itertools.count()

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.targets: dict[str, _Target] = {}
        self.guarded: set[str] = set()
        self.flags = _Flags()
        self.chained = set().union(*(references(rule) for rule in rules))
        definition = self._compile(rules)
        self.handle = _c.create_ruleset(f"spmwatch-{next(self._serial)}", _to_json(definition))
        weakref.finalize(self, _c.delete_ruleset, self.handle)
        self._lock = threading.Lock()
        self._sessions = itertools.count()

    @contextmanager
    def session(self, as_of: date) -> Iterator[Session]:
        """One patient's evaluation; its state in the C module is freed whatever happens."""
        with self._lock:
            session = Session(self, as_of, f"s{next(self._sessions)}")
            try:
                yield session
            finally:
                session.close()

    def evaluate(self, episodes: Iterable[Episode], as_of: date) -> list[Match]:
        """All matches of one patient's episodes, findings chained; the order of `episodes` does not matter."""
        with self.session(as_of) as session:
            return session.run(episodes)

    def _compile(self, rules: Sequence[Rule]) -> Json:
        definition: Json = {_ALWAYS: {"all": [{"m": {"$and": [{"k": "patient"}]}}]}}
        for rule in rules:
            for variant in rule.variants:
                for (number, branch), certain in itertools.product(enumerate(variant.branches), (True, False)):
                    for same, blocks in enumerate(_identifications(branch.conditions)):
                        key = f"{rule.id}/{variant.id}/{number}.{same}/{'certain' if certain else 'possible'}"
                        definition[key] = {"all": self._patterns(blocks, variant, certain)}
                        names = tuple(f"n{n}" for n in range(len(blocks)))
                        self.targets[key] = _Target(rule, variant, certain, names)
        return definition

    def _patterns(self, blocks: Sequence[Sequence[Condition]], variant: Variant, certain: bool) -> list[Json]:
        names = {condition.name: f"n{number}" for number, block in enumerate(blocks) for condition in block}
        joins = _joins(blocks, names)
        patterns: list[Json] = []
        for number, block in enumerate(blocks):
            name = f"n{number}"
            patterns.append({name: _pattern(block, block[0].verb, certain, joins[name], self.flags)})
        for number, unless in enumerate(variant.unless):
            condition = unless.condition
            self.guarded.add(condition.verb)
            own = [_Join(test, names[str(test.anchor)]) for test in condition.spans if test.anchor not in (None, TODAY)]
            kind = _GUARD + condition.verb
            patterns.append({f"u{number}$not": _pattern([condition], kind, not certain, own, self.flags, apart=True)})
        return patterns


class Session:
    """The live state of one evaluation. Made by `Network.session`."""

    def __init__(self, network: Network, as_of: date, sid: str) -> None:
        self._network, self._today, self._sid = network, as_of.toordinal(), sid
        self._state: int | None = None
        self._ids = itertools.count()
        self._derived: set[tuple[str, str, bool]] = set()
        self._used: dict[tuple[str, str, bool], set[tuple[str, ...]]] = defaultdict(set)

    def run(self, episodes: Iterable[Episode]) -> list[Match]:
        """Assert `episodes`, let every rule fire that can, and give all matches of the session so far.

        Raises:
            NetworkFactError: an episode holds what may not reach the C code, or came twice.
        """
        known = list(episodes)
        self._assert(known, guards=True)
        self._assert(known, guards=False)
        self._fire()
        return [Match(*key, tuple(sorted(bindings))) for key, bindings in sorted(self._used.items())]

    def close(self) -> None:
        """Free the state in the C module."""
        if self._state is not None:
            _c.delete_state(self._network.handle, self._sid)
            self._state = None

    def _assert(self, episodes: Sequence[Episode], *, guards: bool) -> None:
        facts = [
            self._fact(episode, guard=guards)
            for episode in episodes
            if not guards or episode.verb in self._network.guarded
        ]
        if not facts:
            return
        code, state = _c.assert_facts(self._network.handle, json.dumps(facts, ensure_ascii=False))
        if code not in (_OK, _UNMATCHED):
            raise NetworkFactError(f"the network refused the episodes with code {code}: two of them have one id")
        self._state = state

    def _fact(self, episode: Episode, *, guard: bool) -> Json:
        verb = episode.verb
        fact: Json = {
            "id": f"{self._sid}-{next(self._ids)}",
            "sid": self._sid,
            "e": episode.id,
            "k": _GUARD + verb if guard else verb,
            "c": 1 if episode.standing is Standing.COUNTS else 0,
            "t": 1,
        }
        shape = VOCABULARY[verb]
        for field in shape.words:
            fact[field] = getattr(episode, field)
        fact |= self._network.flags.set_by(episode)
        for field, unit in shape.spans.items():
            span = getattr(episode, field)
            origin, scale = (self._today, 1) if unit.is_day else (0, _SCALE)
            fact[f"{field}_lo"] = round((span.low - origin) * scale)
            fact[f"{field}_hi"] = round((span.high - origin) * scale)
        return _checked(fact)

    def _fire(self) -> None:
        handle, state = self._network.handle, self._state
        if state is None:
            return
        started = _c.start_action_for_state(handle, state)
        message = started[1] if started else None
        while message:
            derived = self._record(json.loads(message))
            for found in derived:
                self._assert([found], guards=False)
            message = _c.complete_and_start_action(handle, state)

    def _record(self, message: Mapping[str, Mapping[str, Json]]) -> list[Found]:
        """Note what fired; the finding to chain on, when another rule refers to this one."""
        ((key, bindings),) = message.items()
        if key == _ALWAYS:
            return []
        target = self._network.targets[key]
        match = (target.rule.id, target.variant.id, target.certain)
        self._used[match].add(tuple(str(bindings[name]["e"]) for name in target.names))
        if target.rule.id not in self._network.chained or match in self._derived:
            return []
        self._derived.add(match)
        return [found_episode(target.rule, target.variant, certain=target.certain)]


class _Flags:
    """Properties that say "this word is one of those", one for each set of words that some test allows.

    An alternative (`$or`) inside a pattern with joins makes the C code skip the joins after it, so a test of several
    words becomes a test of one flag, which the facts carry.
    """

    def __init__(self) -> None:
        self._names: dict[str, dict[tuple[str, frozenset[str]], str]] = defaultdict(dict)

    def of(self, verb: str, field: str, values: Iterable[str]) -> str:
        """The property for these words of this field."""
        names = self._names[verb]
        return names.setdefault((field, frozenset(values)), f"w{len(names)}")

    def set_by(self, episode: Episode) -> Json:
        """The flags that the episode's words set."""
        names = self._names.get(episode.verb, {})
        return {name: 1 for (field, values), name in names.items() if getattr(episode, field) in values}


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


def _pattern(
    conditions: Sequence[Condition],
    kind: str,
    certain: bool,
    joins: Sequence[_Join],
    flags: _Flags,
    *,
    apart: bool = False,
) -> Json:
    """All tests on one episode; `apart`: another than those it is compared with (guard copies need telling)."""
    shape = VOCABULARY[conditions[0].verb]
    tests: list[Json] = [{"k": kind}]
    if certain:
        tests.append({"c": 1})
    for word in itertools.chain.from_iterable(condition.words for condition in conditions):
        values = word.values if certain or UNKNOWN in word.values else (*word.values, UNKNOWN)
        tests.append(
            {word.field: values[0]} if len(values) == 1 else {flags.of(shape.episode.verb, word.field, values): 1}
        )
    tests += [
        _span_test(span, certain, None, is_day=shape.spans[span.field].is_day)
        for span in itertools.chain.from_iterable(condition.spans for condition in conditions)
        if span.anchor in (None, TODAY)
    ]
    tests += [_span_test(join.test, certain, join.other, is_day=True) for join in joins]
    if apart:
        tests += [{"$neq": {"e": {other: "e"}}} for other in dict.fromkeys(join.other for join in joins)]
    if joins:
        tests.append(
            {"$lte": {"t": {joins[-1].other: "t"}}}
        )  # always true: see "memory fault in joins" in docs/decisions
    return {"$and": tests}


_OPERATORS = {">=": "$gte", ">": "$gt", "<=": "$lte", "<": "$lt"}


def _span_test(test: SpanTest, certain: bool, other: str | None, *, is_day: bool) -> Json:
    """Certain takes the end that makes the comparison hardest, possible the end that makes it easiest."""
    upward = test.comparison in (">=", ">")
    side, far_side = ("lo", "hi") if upward is certain else ("hi", "lo")
    offset = round(test.offset * (1 if is_day else _SCALE))
    limit: object = offset
    if other is not None:
        limit = {other: f"{test.anchor_field}_{far_side}"}
        if offset:
            limit = {"$add" if offset > 0 else "$sub": {"$l": limit, "$r": abs(offset)}}
    return {_OPERATORS[test.comparison]: {f"{test.field}_{side}": limit}}


def _checked(fact: object) -> Json:
    """The fact, when it is flat and holds only short words of ours and bounded integers.

    Raises:
        NetworkFactError: naming the property; the C code would crash or misread it.
    """
    if not isinstance(fact, dict) or not 0 < len(fact) <= _MAX_PROPERTIES:
        raise NetworkFactError(f"not a flat object of 1 to {_MAX_PROPERTIES} properties")
    for name, value in fact.items():
        if isinstance(value, str):
            if not 0 < len(value) <= _MAX_WORD or not value.isascii() or not value.isprintable():
                raise NetworkFactError(f"property {name}: not a short word of our vocabulary")
            if '"' in value or "\\" in value:
                raise NetworkFactError(f"property {name}: a word may hold no quote or backslash")
        elif type(value) is not int or not -_MAX_NUMBER < value < _MAX_NUMBER:
            raise NetworkFactError(f"property {name}: neither a word nor a bounded whole number")
    return fact


def _to_json(definition: Json) -> str:
    """The definition as JSON, after the same check for every word and number in it."""
    pending: list[object] = [definition]
    while pending:
        node = pending.pop()
        if isinstance(node, dict):
            pending += node.values()
        elif isinstance(node, list):
            pending += node
        else:
            _checked({"value": node})
    return json.dumps(definition, ensure_ascii=False)
