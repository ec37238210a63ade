"""The rule network: compiled rules run by durable_rules, which matches, joins and chains them over episodes.

This is the only module that imports durable_rules, and it honours what was measured of version 2.0.28
(docs/decisions/0003): the C module is driven directly (its Host starts threads); one session per evaluation, always
deleted; every episode that a negation may see is asserted first as a guard copy, so the order of facts does not matter.
The C code crashes on odd JSON, so `_checked` lets our own closed vocabulary and whole numbers through, nothing else.
"""

from __future__ import annotations

import itertools
import json
import threading
import weakref
from collections import defaultdict
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

try:
    import durable_rules_engine as _c
except ImportError as error:  # built without the flag that Python 3.13 and newer need
    raise ImportError(
        "durable_rules does not load. On Python 3.13 or newer it has to be built with "
        'CC="cc -DPyEval_CallObject=PyObject_CallObject" (`make setup` does it; see docs/decisions/0003).'
    ) from error

from spmwatch.engine.catalogue.rule import Rule
from spmwatch.engine.episodes import Episode, Found
from spmwatch.engine.errors import NetworkFactError
from spmwatch.engine.reasoning.chaining import found_episode, references
from spmwatch.engine.reasoning.compiler import ALWAYS, GUARD, Compiled, Json

_MAX_WORD, _MAX_NUMBER, _MAX_PROPERTIES = 64, 2**62, 100
_OK, _UNMATCHED = 0, 1


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


class Network:
    """A compiled set of rules. Safe to share between threads; evaluations take turns.

    Raises (on construction):
        NetworkFactError: a rule holds a word or number that may not reach the C code.
    """

    _serial = itertools.count()

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.compiled = Compiled(rules)
        self.chained = set().union(*(references(rule) for rule in rules))
        self.handle = _c.create_ruleset(f"spmwatch-{next(self._serial)}", _to_json(self.compiled.definition))
        weakref.finalize(self, _c.delete_ruleset, self.handle)
        self._lock = threading.Lock()
        self._sessions = itertools.count()

    @contextmanager
    def session(self, as_of: date) -> Generator[Session]:
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
        facts = self._facts(episodes)
        guarded = self._network.compiled.wire.guarded
        self._assert([{**fact, "k": f"{GUARD}{fact['k']}"} for fact in facts if fact["k"] in guarded])
        self._assert(facts)
        self._fire()
        return [Match(*key, tuple(sorted(bindings))) for key, bindings in sorted(self._used.items())]

    def close(self) -> None:
        """Free the state in the C module."""
        if self._state is not None:
            _c.delete_state(self._network.handle, self._sid)
            self._state = None

    def _facts(self, episodes: Iterable[Episode]) -> list[Json]:
        wire = self._network.compiled.wire
        encoded = (wire.fact(episode, self._today) for episode in episodes)
        return [_checked(fact) for fact in encoded if fact is not None]

    def _assert(self, facts: Sequence[Json]) -> None:
        if not facts:
            return
        identified = [{"id": f"{self._sid}-{next(self._ids)}", "sid": self._sid, **fact} for fact in facts]
        code, state = _c.assert_facts(self._network.handle, json.dumps(identified, ensure_ascii=False))
        if code not in (_OK, _UNMATCHED):
            raise NetworkFactError(f"the network refused the episodes with code {code}: two of them have one id")
        self._state = state

    def _fire(self) -> None:
        handle, state = self._network.handle, self._state
        if state is None:
            return
        started = _c.start_action_for_state(handle, state)
        message = started[1] if started else None
        while message:
            derived = self._record(json.loads(message))
            for found in derived:
                self._assert(self._facts([found]))
            message = _c.complete_and_start_action(handle, state)

    def _record(self, message: Mapping[str, Mapping[str, Json]]) -> list[Found]:
        """Note what fired; the finding to chain on, when another rule refers to this one."""
        ((key, bindings),) = message.items()
        if key == ALWAYS:
            return []
        target = self._network.compiled.targets[key]
        match = (target.rule.id, target.variant.id, target.certain)
        self._used[match].add(tuple(str(bindings[name]["e"]) for name in target.names))
        if target.rule.id not in self._network.chained or match in self._derived:
            return []
        self._derived.add(match)
        return [found_episode(target.rule, target.variant, certain=target.certain)]


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
