"""A condition as a sentence for people: the third reader of a rule, after network and explainer (ADR 0006).

Every test of the condition is told, with its number, unit and source; the words come from rules/wording.yaml. What is
told is light Markdown: a number that a rule sets stands between `**`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from spmwatch.engine.catalogue.condition_wording import PSEUDO, VerbPhrases
from spmwatch.engine.catalogue.conditions import TODAY, Condition, Parameter, SpanTest
from spmwatch.engine.catalogue.texts import plain_number
from spmwatch.engine.catalogue.wording import Wording
from spmwatch.engine.episodes import VOCABULARY

_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
_IN_BRACKETS = re.compile(r"\([^()]*\)")
_LIMITS = {">=": "at_least", ">": "more_than", "<=": "at_most", "<": "less_than"}
_DAYS = {">=": "not_before", ">": "after", "<=": "not_after", "<": "before"}
_BEFORE = {"<=": "at_least_before", "<": "more_than_before", ">=": "not_earlier_before", ">": "later_before"}
_AFTER = {">=": "at_least_after", ">": "more_than_after", "<=": "not_later_after", "<": "earlier_after"}
_CLOSED = {
    (">=", True): "at_most_before",
    (">", True): "less_than_before",
    ("<=", False): "at_most_after",
    ("<", False): "less_than_after",
}
"""A distance to one side whose other end is the anchor itself: (comparison, before)."""


@dataclass(frozen=True, slots=True)
class Names:
    """How the conditions of one way to fire speak of each other.

    Attributes:
        references: what a bound name is called where another condition compares with it.
        verbs: the kind of condition that each of these names is bound to.
        marks: letters of those that would be called the same, by condition path.
    """

    references: Mapping[str, str]
    verbs: Mapping[str, str]
    marks: Mapping[str, str]


class Sentences:
    """Writes conditions out with the wording of one rule base."""

    def __init__(self, wording: Wording) -> None:
        self._wording = wording
        self._phrases = wording.conditions

    @property
    def one_of(self) -> str:
        """What stands before conditions of which one is enough."""
        return self._phrases.one_of

    @property
    def all_of(self) -> str:
        """What stands before conditions that have to hold together."""
        return self._phrases.all_of

    def names(self, conditions: Sequence[Condition], marked: Container[str] = ()) -> Names:
        """What the conditions of one variant, all its branches together, are called by others.

        Args:
            conditions: in the order of the file, those of `unless` at the end.
            marked: paths of conditions that get a letter in any case, because another variant needs it.
        """
        unique = {condition.path: condition for condition in conditions}
        anchors = {
            test.anchor for condition in conditions for test in condition.spans if test.anchor not in (None, TODAY)
        }
        called: dict[str, list[str]] = {}
        for path, condition in unique.items():
            called.setdefault(self._thing(condition, self._verb(condition).reference)[0], []).append(path)
        marks: dict[str, str] = {}
        references: dict[str, list[str]] = {}
        for path, condition in unique.items():
            if condition.name not in anchors and path not in marked:
                continue
            reference = self._thing(condition, self._verb(condition).reference)[0]
            if len(called[reference]) > 1 or path in marked:
                marks[path] = chr(ord("A") + len(marks))
                reference = self._phrases.marked.format(thing=reference, mark=marks[path])
            references.setdefault(condition.name, []).append(reference)
        return Names(
            references={name: self._phrases.or_.join(dict.fromkeys(texts)) for name, texts in references.items()},
            verbs={condition.name: condition.verb for condition in unique.values()},
            marks=marks,
        )

    def sentence(self, condition: Condition, names: Names) -> str:
        """What the condition looks for, with every one of its tests."""
        thing, told = self._thing(condition, self._verb(condition).thing)
        if condition.path in names.marks:
            thing = self._phrases.marked.format(thing=thing, mark=names.marks[condition.path])
        words = [
            self._words(condition.verb, test.field, test.values) for test in condition.words if test.field not in told
        ]
        return _joined([thing, *words, *self._spans(condition, names)])

    def amount(self, parameter: Parameter) -> str:
        """A parameter with unit and source, e.g. `**36 months** (convention, E20b)`."""
        sources = ", ".join(self._phrases.convention if id_ == "convention" else id_ for id_ in parameter.evidence)
        return self._phrases.amount.format(
            number=plain_number(parameter.value), unit=self.unit(parameter), sources=sources
        )

    def unit(self, parameter: Parameter) -> str:
        """The parameter's unit as people write it, in the number that its value asks for."""
        one, several = self._phrases.units.get(parameter.unit, (parameter.unit, parameter.unit))
        return one if parameter.value == 1 else several

    def listed(self, words: Iterable[str]) -> str:
        """`a, b or c`."""
        *first, last = list(words)
        return self._phrases.or_.join([", ".join(first), last]) if first else last

    def _verb(self, condition: Condition) -> VerbPhrases:
        return self._phrases.verbs[condition.verb]

    def _thing(self, condition: Condition, pattern: str) -> tuple[str, set[str]]:
        """The pattern filled in, and the fields that are told by it."""
        told: set[str] = set()
        tested = {test.field: test.values for test in condition.words}
        untested = self._verb(condition).untested

        def insert(found: re.Match[str]) -> str:
            name = found[1]
            texts = list(self._inserted(name, tested, told)) if name in PSEUDO else []
            if name in tested:
                told.add(name)
                texts = [self._wording.word(name, value) for value in tested[name]]
            return self.listed(texts) if texts else untested[name]

        return _articles(_PLACEHOLDER.sub(insert, pattern)), told

    def _inserted(self, name: str, tested: Mapping[str, tuple[str, ...]], told: set[str]) -> Iterator[str]:
        """The words of a placeholder that is made of several fields; adds the fields that they tell."""
        if name == "named_transplant":
            told.update({"kind"} & set(tested))
            yield from (self._wording.named_transplant(kind) for kind in tested.get("kind", ()))
        elif "drug" in tested:
            told.add("drug")
            with_forms = all(self._wording.names_forms_of(drug) for drug in tested["drug"])
            forms = tested.get("form", ()) if with_forms else ()
            told.update({"form"} if forms else set())
            for drug in tested["drug"]:
                yield from [self._wording.named_drug(drug, form) for form in forms] or [self._wording.concept(drug)]

    def _words(self, verb: str, field: str, values: tuple[str, ...]) -> str:
        pattern = self._phrases.verbs[verb].fields.get(field, f"{self._wording.field(field)}: {{values}}")
        return pattern.format(values=self.listed(self._wording.word(field, value) for value in values))

    def _spans(self, condition: Condition, names: Names) -> Iterator[str]:
        """Every span test, those that belong together as one; one phrase a field."""
        left = list(condition.spans)
        if overlap := _overlap(left):
            left = [test for test in left if test not in overlap]
            yield self._phrases.overlaps.format(thing=names.references[overlap[0].anchor or ""])
        for field in dict.fromkeys(test.field for test in left):
            tests = [test for test in left if test.field == field]
            is_day = VOCABULARY[condition.verb].spans[field].is_day
            told = self._phrases.and_.join(
                self._days(tests, names) if is_day else [self._limit(test) for test in tests]
            )
            default = f"{self._wording.field(field)}: {{told}}"
            pattern = self._verb(condition).fields.get(field, default)
            yield pattern.format(when=told, limit=told, told=told)

    def _limit(self, test: SpanTest) -> str:
        pattern = getattr(self._phrases.numbers, _LIMITS[test.comparison])
        return str(pattern.format(amount=self._offset(test)))

    def _days(self, tests: Sequence[SpanTest], names: Names) -> Iterator[str]:
        phrases = self._phrases.distances
        left = list(tests)
        while left:
            test = left.pop(0)
            day = self._day(test, names)
            other = _partner(test, left)
            if other is not None:
                left.remove(other)
            if test.parameter is None and other is None:
                yield getattr(self._phrases.days, _DAYS[test.comparison]).format(day=day)
            elif other is not None and test.parameter is not None and other.parameter is not None:
                yield phrases.within.format(amount=self._offset(test), day=day)
            else:
                far = test if test.parameter is not None else other or test
                before = math.copysign(1, far.offset) < 0
                key = (_BEFORE if before else _AFTER)[far.comparison]
                if other is not None:
                    key = _CLOSED[far.comparison, before]
                yield getattr(phrases, key).format(amount=self._offset(far), day=day)

    def _day(self, test: SpanTest, names: Names) -> str:
        if test.anchor is None or test.anchor == TODAY:
            return self._phrases.today
        pattern = self._phrases.verbs[names.verbs[test.anchor]].days[test.anchor_field or ""]
        return pattern.format(thing=names.references[test.anchor])

    def _offset(self, test: SpanTest) -> str:
        return self.amount(test.parameter) if test.parameter is not None else plain_number(test.offset)


def _overlap(tests: Sequence[SpanTest]) -> tuple[SpanTest, SpanTest] | None:
    """The two tests that `overlaps` was made into: neither ends before the other starts."""
    for one in tests:
        for other in tests:
            starts = (one.field, one.comparison, one.anchor_field) == ("start", "<=", "end")
            ends = (other.field, other.comparison, other.anchor_field) == ("end", ">=", "start")
            if starts and ends and one.anchor == other.anchor and one.parameter is None is other.parameter:
                return one, other
    return None


def _partner(test: SpanTest, others: Sequence[SpanTest]) -> SpanTest | None:
    """The test that makes one phrase with this one: the other side of `within`, or the anchor as the nearer end."""
    for other in others:
        if (test.anchor, test.anchor_field) != (other.anchor, other.anchor_field):
            continue
        if test.parameter is not None and test.parameter == other.parameter:
            if test.offset == -other.offset and (test.comparison, other.comparison) == (">=", "<="):
                return other
        elif (test.parameter is None) != (other.parameter is None):
            far, near = (test, other) if test.parameter is not None else (other, test)
            before = math.copysign(1, far.offset) < 0
            if (far.comparison, before) in _CLOSED and near.comparison == ("<=" if before else ">="):
                return other
    return None


def _joined(pieces: Sequence[str]) -> str:
    """With commas; with semicolons where a piece is a list itself; nothing after a colon."""
    bare = [_IN_BRACKETS.sub("", piece) for piece in pieces]
    separator = "; " if any(", " in piece or " or " in piece for piece in bare) else ", "
    return separator.join(pieces).replace(f":{separator}", ": ")


def _articles(text: str) -> str:
    """`a(n)` as the next letter wants it."""
    return re.sub(r"\ba\(n\) (\w)", lambda found: f"{'an' if found[1] in 'aeiou' else 'a'} {found[1]}", text)
