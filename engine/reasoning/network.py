"""The rule network: compiled rules run by durable_rules, which matches, joins and chains them over episodes.

This is the only module that imports durable_rules, and it honours what was measured of version 2.0.28
(docs/decisions/0003): the C module is driven directly (its Host starts threads); sessions are always deleted; every
episode that a negation may see is asserted first as a guard copy, so the order of facts does not matter. The C code
crashes on odd JSON, so wire.py lets our own closed vocabulary and whole numbers through, nothing else.

Each branch of a rule is a ruleset of its own: a session costs what its ruleset could hold, not what it does hold. One
is opened only where each condition of the branch has an episode (docs/decisions/0011).
"""

from __future__ import annotations

import itertools
import json
import re
import threading
import weakref
from collections.abc import Iterable, Sequence
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
from spmwatch.engine.episodes import VOCABULARY, Episode, Found
from spmwatch.engine.errors import NetworkFactError
from spmwatch.engine.reasoning.chaining import found_episode, references
from spmwatch.engine.reasoning.compiler import ALWAYS, Compiled, Piece
from spmwatch.engine.reasoning.wire import Json, Sent, checked

_OK, _UNMATCHED = 0, 1
_TWO = 2
_EPISODES = re.compile('"e":"([^"]*)"').findall  # no word that travels holds a quote

MatchKey = tuple[str, str, bool]
"""Rule, variant, and whether it holds for certain."""


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

    def __init__(self, rules: Sequence[Rule]) -> None:
        compiled = Compiled(rules)
        self.wire = compiled.wire
        self.kinds = {verb: compiled.wire.kind(verb) for verb in VOCABULARY}
        self.chained = set().union(*(references(rule) for rule in rules))
        self.building = {rule.id for rule in rules if references(rule)}
        self.rulesets = tuple(_Ruleset(piece) for piece in compiled.pieces)
        self.plan = tuple((ruleset.piece.needs, ruleset) for ruleset in self.rulesets)
        self.lock = threading.Lock()
        self._sessions = itertools.count()

    def session(self, as_of: date) -> Session:
        """One patient's evaluation."""
        return Session(self, as_of, f"s{next(self._sessions)}")

    def evaluate(self, episodes: Iterable[Episode], as_of: date) -> list[Match]:
        """All matches of one patient's episodes, findings chained; the order of `episodes` does not matter."""
        return self.session(as_of).run(episodes)


class _Ruleset:
    """A piece with its ruleset in the C module, which is made when it is first needed."""

    _serial = itertools.count()

    def __init__(self, piece: Piece) -> None:
        self.piece = piece
        self._definition = _to_json(piece.definition)
        self._handle: int | None = None

    @property
    def handle(self) -> int:
        """The ruleset in the C module; the network's lock has to be held."""
        if self._handle is None:
            self._handle = int(_c.create_ruleset(f"spmwatch-{next(self._serial)}", self._definition))
            weakref.finalize(self, _c.delete_ruleset, self._handle)
        return self._handle


class Session:
    """One patient's evaluation. Made by `Network.session`; between runs nothing of it lives in the C module."""

    def __init__(self, network: Network, as_of: date, sid: str) -> None:
        self._network, self._today, self._sid = network, as_of.toordinal(), sid
        self._opening = f'[{{"id":"{sid}","sid":"{sid}","k":"{ALWAYS}"}}]'
        self._sent: list[Sent] = []
        self._present = 0  # what the episodes so far match
        self._taken = 0
        self._used: dict[MatchKey, set[tuple[str, ...]]] = {}
        self._matches: dict[MatchKey, Match] = {}
        self._alike: dict[tuple[int, str], list[str]] = {}  # what findings say -> all that say it, the one sent first
        self._stands_for: dict[str, list[str]] = {}
        self._several_alike = False

    def run(self, episodes: Iterable[Episode]) -> list[Match]:
        """Add `episodes`, let every rule fire that can, and give all matches of the session so far.

        Raises:
            NetworkFactError: an episode holds what may not reach the C code.
        """
        with self._network.lock:
            fresh = self._take(episodes)
            for needs, ruleset in self._network.plan:  # in order of reference, so that findings are there in time
                if needs & fresh and needs & self._present == needs:
                    fresh |= self._take(self._fire(ruleset))
        return [self._match(key) for key in sorted(self._used)]

    def _take(self, episodes: Iterable[Episode]) -> int:
        """Keep the episodes that could satisfy some condition; which conditions these are."""
        kinds, matches = self._network.kinds, 0
        for number, episode in enumerate(episodes, start=self._taken):
            self._taken = number + 1
            sent = kinds[episode.verb].sent(episode, self._today, self._sid, number)
            if sent is None or (isinstance(episode, Found) and self._is_told(episode, sent)):
                continue
            self._sent.append(sent)
            matches |= sent.matches
        self._present |= matches
        return matches

    def _is_told(self, finding: Found, sent: Sent) -> bool:
        """Does a finding travel already that says the same to every rule? One stands for all, as each matches alike."""
        alike = self._alike.setdefault((sent.matches, sent.says), [])
        self._stands_for[finding.id] = alike
        alike.append(finding.id)
        self._matches.clear()
        if len(alike) == 1:
            return False
        self._several_alike = True
        return True

    def _match(self, key: MatchKey) -> Match:
        """A match as known by now, with every finding for which one travelled; the same object until more is known."""
        match = self._matches.get(key)
        if match is None:
            bindings = self._used[key]
            if self._several_alike and key[0] in self._network.building:
                alike = self._stands_for
                ways = (itertools.product(*(alike.get(id_, (id_,)) for id_ in used)) for used in bindings)
                bindings = set(itertools.chain.from_iterable(ways))
            ordered = sorted(bindings) if len(bindings) > 1 else bindings
            match = self._matches[key] = Match(*key, tuple(ordered))
        return match

    def _fire(self, ruleset: _Ruleset) -> list[Found]:
        """Run one ruleset on the episodes that concern it; the findings to chain on."""
        for pair in ruleset.piece.pairs:
            if sum([bool(sent.matches & pair) for sent in self._sent]) < _TWO:
                return []
        piece, handle = ruleset.piece, ruleset.handle
        facts = [sent.guard for sent in self._sent if sent.matches & piece.guards] if piece.guards else []
        facts += [sent.fact for sent in self._sent if sent.matches & piece.needs]
        messages: list[str] = []
        state = self._open(handle)
        try:
            code, _ = _c.assert_facts(handle, f"[{','.join(facts)}]")
            if code not in (_OK, _UNMATCHED):
                raise NetworkFactError(f"the network refused the episodes with code {code}: two of them have one id")
            while message := _c.complete_and_start_action(handle, state):
                messages.append(message)
        finally:
            _c.delete_state(handle, self._sid)
        return self._record(piece, messages)

    def _open(self, handle: int) -> int:
        """A session in which the rule that always fires has begun: only then may it be deleted, whatever follows."""
        _, state = _c.assert_facts(handle, self._opening)
        _c.start_action_for_state(handle, state)
        return int(state)

    def _record(self, piece: Piece, messages: Iterable[str]) -> list[Found]:
        """Note what fired; the findings to chain on, when other rules refer to this one.

        Args:
            piece: what the messages are about.
            messages: JSON of the C code, from our own facts: `{"name":{"n0":{...,"e":"exposed-1",...},"n1":{...}}}`.
        """
        found: list[Found] = []
        for message in messages:
            target = piece.targets[message[2 : message.index('"', 2)]]
            episodes = tuple(_EPISODES(message))
            if len(episodes) != target.size:
                raise NetworkFactError(f"{target.size} episodes were matched and {len(episodes)} came back")
            if target.match in self._matches:
                del self._matches[target.match]
            if target.match not in self._used:
                self._used[target.match] = set()
                if target.rule.id in self._network.chained:
                    found.append(found_episode(target.rule, target.variant, certain=target.certain))
            self._used[target.match].add(episodes)
        return found


def _to_json(definition: Json) -> str:
    """The definition as JSON, after the check for every word and number in it.

    Raises:
        NetworkFactError: a word or number may not reach the C code.
    """
    pending: list[object] = [definition]
    while pending:
        node = pending.pop()
        if isinstance(node, dict):
            pending += node.values()
        elif isinstance(node, list):
            pending += node
        else:
            checked({"value": node})
    return json.dumps(definition, ensure_ascii=False)
