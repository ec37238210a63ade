"""How episodes travel to the network: as flat facts that carry what some rule tests, and nothing else.

Beside the fact stands what the episode matches by itself: which conditions it could satisfy in the possible reading, as
one bit each. It is worked out from the same whole numbers, comparisons and words that the network gets, so it never
says less than the network does; joins, negations and the certain reading are left to the network.
"""

from __future__ import annotations

import operator
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from spmwatch.engine.catalogue.conditions import TODAY, Condition, SpanTest
from spmwatch.engine.episodes import STEPS, UNKNOWN, VOCABULARY, Episode
from spmwatch.engine.errors import NetworkFactError
from spmwatch.engine.facts import Standing

Json = dict[str, object]

GUARD = "~"
"""Prefix of the kind of a guard copy: what negations match, so that they see every episode whatever the order."""

_MAX_WORD, _MAX_NUMBER, _MAX_PROPERTIES = 64, 2**62, 100
_MOST_REMEMBERED = 10_000
"""Combinations of words of one kind that are kept encoded; our vocabulary has far fewer."""

_COMPARE: Mapping[str, Callable[[int, int], bool]] = {
    ">=": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "<": operator.lt,
}


@dataclass(frozen=True, slots=True)
class Sent:
    """An episode as it travels in one evaluation.

    Attributes:
        matches: the conditions that it could satisfy, by their bits.
        fact: the JSON that conditions under `when` match.
        guard: the copy that negations match; empty when none could.
        says: what the fact says beside its id: episodes that say the same are one to every rule.
    """

    matches: int
    fact: str
    guard: str
    says: str


@dataclass(frozen=True, slots=True)
class _Alone:
    """What a condition asks of one episode alone, in the possible reading."""

    verb: str
    words: tuple[tuple[str, frozenset[str]], ...]
    spans: tuple[tuple[str, str, int], ...]  # (property of the fact, comparison, limit)


_Tests = tuple[tuple[int, Callable[[int, int], bool], int], ...]
"""(which number of the fact, comparison, limit)."""


@dataclass(frozen=True, slots=True)
class _Encoded:
    """One combination of words: its JSON, the conditions it satisfies, those for which numbers have to be tested."""

    json: str
    matches: int
    undecided: tuple[tuple[int, _Tests], ...]


class Wire:
    """Learns from the conditions what has to travel, then encodes episodes.

    A test of several words becomes a test of one flag, which the facts carry: an alternative (`$or`) inside a pattern
    with joins makes the C code skip the joins after it.
    """

    def __init__(self) -> None:
        self._flags: dict[str, dict[tuple[str, frozenset[str]], str]] = defaultdict(dict)
        self._words: dict[str, set[str]] = defaultdict(set)
        self._spans: dict[str, set[str]] = defaultdict(set)
        self._bits: dict[_Alone, int] = {}
        self._negated = 0
        self._kinds: dict[str, Kind] = {}

    def learn(self, condition: Condition, *, negated: bool = False) -> int:
        """Note what a condition tests, and so what facts of its kind (and those it compares with) have to carry.

        Returns:
            the bit of what it asks of one episode alone.
        """
        verb, units = condition.verb, VOCABULARY[condition.verb].spans
        self._spans[verb] |= {test.field for test in condition.spans}
        for test in condition.spans:
            if test.anchor_field is not None:
                for anchored in VOCABULARY:  # a condition knows its anchor by name only: each kind carries that field
                    if test.anchor_field in VOCABULARY[anchored].spans:
                        self._spans[anchored].add(test.anchor_field)
        alone = _Alone(
            verb,
            tuple((test.field, frozenset((*test.values, UNKNOWN))) for test in condition.words),
            tuple(
                (f"{t.field}_{side_of(t, certain=False)[0]}", t.comparison, offset_of(t, is_day=units[t.field].is_day))
                for t in condition.spans
                if t.anchor in (None, TODAY)
            ),
        )
        self._kinds.clear()
        bit = self._bits.setdefault(alone, 1 << len(self._bits))
        if negated:
            self._negated |= bit
        return bit

    def word_test(self, verb: str, field: str, values: Sequence[str]) -> Json:
        """The test that `field` is one of `values`."""
        self._kinds.clear()
        if len(values) == 1:
            self._words[verb].add(field)
            return {field: values[0]}
        flags = self._flags[verb]
        return {flags.setdefault((field, frozenset(values)), f"w{len(flags)}"): 1}

    def kind(self, verb: str) -> Kind:
        """What encodes episodes of this kind."""
        kind = self._kinds.get(verb)
        if kind is None:
            kind = self._kinds[verb] = Kind(
                verb,
                sorted(self._words.get(verb, ())),
                self._flags.get(verb, {}),
                sorted(self._spans.get(verb, ())),
                {alone: bit for alone, bit in self._bits.items() if alone.verb == verb},
                self._negated,
            )
        return kind


class Kind:
    """Encodes the episodes of one kind; combinations of words are encoded once."""

    def __init__(
        self,
        verb: str,
        words: Sequence[str],
        flags: Mapping[tuple[str, frozenset[str]], str],
        spans: Sequence[str],
        conditions: Mapping[_Alone, int],
        negated: int,
    ) -> None:
        self._verb, self._sent_words, self._flags = verb, words, flags
        asked = {field for alone in conditions for field, _ in alone.words}
        self._fields = tuple(sorted({*words, *asked, *(field for field, _ in flags)}))
        self._values = _getter(self._fields)
        units = VOCABULARY[verb].spans
        self._spans, self._are_days = _getter(spans), [units[field].is_day for field in spans]
        self._numbers = [f"{field}_{side}" for field in spans for side in ("lo", "hi")]
        if len(self._numbers) + len(words) + len(flags) > _MAX_PROPERTIES:
            raise NetworkFactError(f"{verb}: rules test more than {_MAX_PROPERTIES} of its properties")
        self._template = "".join(f',"{name}":%d' for name in self._numbers)
        self._conditions, self._negated = conditions, negated
        self._known: dict[tuple[str, ...], _Encoded] = {}
        self._known_ids: set[str] = set()

    def sent(self, episode: Episode, today: int, sid: str, number: int) -> Sent | None:
        """The episode as it travels; None when it could satisfy no condition.

        Args:
            episode: of this kind.
            today: ordinal of the day of evaluation; days travel relative to it.
            sid: id of the session.
            number: tells it apart from the other episodes of the session.

        Raises:
            NetworkFactError: it holds what may not reach the C code.
        """
        if not self._conditions:
            return None
        words = self._values(episode)
        encoded = self._known.get(words)
        if encoded is None:
            encoded = self._encode(words)
        matches = encoded.matches
        if not matches and not encoded.undecided:
            return None
        numbers = [
            round(end - today) if is_day else round(end * STEPS)
            for span, is_day in zip(self._spans(episode), self._are_days, strict=True)
            for end in (span.low, span.high)
        ]
        for value in numbers:
            if not -_MAX_NUMBER < value < _MAX_NUMBER:
                raise NetworkFactError("a span is no bounded whole number")  # days, and numbers in rules, always are
        for bit, tests in encoded.undecided:
            for index, compare, limit in tests:
                if not compare(numbers[index], limit):
                    break
            else:
                matches |= bit
        if not matches:
            return None
        if episode.id not in self._known_ids:
            self._check_id(episode.id)
        counts = 1 if episode.standing is Standing.COUNTS else 0
        rest = f'{self._verb}","c":{counts},"t":1{encoded.json}{self._template % tuple(numbers)}}}'
        return Sent(
            matches,
            f'{{"id":"{number}","sid":"{sid}","e":"{episode.id}","k":"{rest}',
            f'{{"id":"{GUARD}{number}","sid":"{sid}","e":"{episode.id}","k":"{GUARD}{rest}'
            if matches & self._negated
            else "",
            rest,
        )

    def _check_id(self, id_: str) -> None:
        """Let an id pass, once: patients have the same ones (`exposed-1`). Raises NetworkFactError."""
        checked_word("e", id_)
        if len(self._known_ids) >= _MOST_REMEMBERED:
            self._known_ids.clear()
        self._known_ids.add(id_)

    def _encode(self, words: tuple[str, ...]) -> _Encoded:
        value = dict(zip(self._fields, words, strict=True))
        matches, undecided = 0, []
        for alone, bit in self._conditions.items():
            if all(value[field] in accepted for field, accepted in alone.words):
                tests = tuple((self._numbers.index(name), _COMPARE[how], limit) for name, how, limit in alone.spans)
                if tests:
                    undecided.append((bit, tests))
                else:
                    matches |= bit
        fact: Json = {field: value[field] for field in self._sent_words}
        fact |= {name: 1 for (field, accepted), name in self._flags.items() if value[field] in accepted}
        json = ""
        if fact and (matches or undecided):  # what matches nothing does not travel
            json = "".join(f',"{n}":"{v}"' if isinstance(v, str) else f',"{n}":{v}' for n, v in checked(fact).items())
        if len(self._known) >= _MOST_REMEMBERED:
            self._known.clear()
        encoded = self._known[words] = _Encoded(json, matches, tuple(undecided))
        return encoded


def _getter(fields: Sequence[str]) -> Callable[[Episode], tuple[Any, ...]]:
    """What gives the values of so many fields at once, always as a tuple."""
    if len(fields) > 1:
        return attrgetter(*fields)
    if not fields:
        return lambda _: ()
    only = attrgetter(*fields)
    return lambda episode: (only(episode),)


def side_of(test: SpanTest, *, certain: bool) -> tuple[str, str]:
    """The end of the span that a reading compares, and the end of what it is compared with.

    Certain takes the ends that make the comparison hardest, possible those that make it easiest.
    """
    upward = test.comparison in (">=", ">")
    return ("lo", "hi") if upward is certain else ("hi", "lo")


def offset_of(test: SpanTest, *, is_day: bool) -> int:
    """The offset of the comparison as a whole number: days, else millionths."""
    return round(test.offset * (1 if is_day else STEPS))


def checked_word(name: str, value: str) -> None:
    """Let a short word of ours pass.

    Raises:
        NetworkFactError: naming the property; the C code would crash or misread it.
    """
    if not 0 < len(value) <= _MAX_WORD or not value.isascii() or not value.isprintable():
        raise NetworkFactError(f"property {name}: not a short word of our vocabulary")
    if '"' in value or "\\" in value:
        raise NetworkFactError(f"property {name}: a word may hold no quote or backslash")


def checked(fact: object) -> Json:
    """The fact, when it is flat and holds only short words of ours and bounded integers.

    Raises:
        NetworkFactError: naming the property; the C code would crash or misread it.
    """
    if not isinstance(fact, dict) or not 0 < len(fact) <= _MAX_PROPERTIES:
        raise NetworkFactError(f"not a flat object of 1 to {_MAX_PROPERTIES} properties")
    for name, value in fact.items():
        if isinstance(value, str):
            checked_word(name, value)
        elif type(value) is not int or not -_MAX_NUMBER < value < _MAX_NUMBER:
            raise NetworkFactError(f"property {name}: neither a word nor a bounded whole number")
    return fact
