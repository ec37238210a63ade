"""A rule's logic as data: what a condition tests, and how a rule file's words become such conditions.

A rule file says, for example:

    all:
      - exposed: {drug: lenalidomide, as: len}
      - exposed: {drug: melphalan, form: oral, overlaps: len}
      - any:
          - transplanted: {kind: autologous, date: {before: len.start}}
          - patient: {age: {at_least: older_age}}

Each `verb: {...}` is one existential condition: "there is such an episode". The words and spans that a verb may test
come from engine/episodes.py. `any` is multiplied out, so a rule is a list of branches, each a list of conditions that
hold together; names given with `as` bind an episode for the conditions after it.

Both readers of rules, engine/reasoning/network.py and engine/reasoning/explain.py, start from here; neither sees YAML.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from spmwatch.engine.episodes import AMOUNT, VOCABULARY, Unit, VerbShape

TODAY = "today"
OFFSET_UNITS = {"d": 1, "wk": 7}
"""UCUM units that a distance between two days may have, in days. Months differ in length, so rules may not use them."""
MONTHS_IN = {"mo": 1, "a": 12}
"""Units of a distance from today that checks may use besides: calendar months (engine/follow_up)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A named number of a rule: `unit` is UCUM, `evidence` the ids of rules/evidence.yaml that it comes from."""

    name: str
    value: float
    unit: str
    meaning: str
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WordTest:
    """The field holds one of `values`. Naming `unknown` among them says that not knowing is enough."""

    field: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanTest:
    """The field compares (`>=`, `>`, `<=`, `<`) to a limit.

    The limit is `offset` alone, or another span plus `offset`: field `anchor_field` of the episode bound as `anchor`,
    or the day of evaluation when `anchor` is `today`. Offsets from an anchor are in days; `months` are calendar months
    from today, in conditions of checks alone. `parameter` names the number's origin.
    """

    field: str
    comparison: str
    offset: float = 0
    months: int = 0
    anchor: str | None = None
    anchor_field: str | None = None
    parameter: Parameter | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """There is an episode of kind `verb` that passes every test; it is bound as `name` for the conditions after it."""

    verb: str
    name: str
    words: tuple[WordTest, ...] = ()
    spans: tuple[SpanTest, ...] = ()
    path: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unless:
    """A condition that must not hold, with the id by which silence explains itself."""

    id: str
    condition: Condition


@dataclass(frozen=True, slots=True)
class Branch:
    """Conditions that hold together, in order; one way for a rule to be true."""

    conditions: tuple[Condition, ...]


class ConditionError(Exception):
    """A condition cannot be understood; `field` says where in the rule file."""

    def __init__(self, field: str, problem: str, fix: str) -> None:
        self.field, self.problem, self.fix = field, problem, fix
        super().__init__(f"{field}: {problem}. {fix}")


def parse_when(
    tree: object, path: str, parameters: Mapping[str, Parameter], bound: Mapping[str, str], *, calendar: bool = False
) -> list[Branch]:
    """The branches of a `when` tree.

    Args:
        tree: what YAML read under `when`.
        path: name of that field for messages, e.g. `variants.now.when`.
        parameters: the rule's parameters by name.
        bound: names bound before (`as`), each with its verb.
        calendar: distances from today may be in months and years.

    Raises:
        ConditionError: an unknown verb, field, word, name or parameter, a bare number, or a unit that does not fit.
    """
    parser = _Parser(parameters, calendar=calendar)
    return [Branch(tuple(conditions)) for conditions, _ in parser.branches(tree, path, dict(bound))]


def parse_unless(
    entry: object, path: str, parameters: Mapping[str, Parameter], bound: Mapping[str, str], *, calendar: bool = False
) -> tuple[str, Condition]:
    """An `unless` entry: its id and its one condition. `calendar` as for `parse_when`. Raises ConditionError."""
    if not isinstance(entry, dict) or not isinstance(entry.get("id"), str):
        raise ConditionError(
            path, "an entry of `unless` needs an id and one condition", "Write {id: some-id, verb: {...}}"
        )
    rest = {key: value for key, value in entry.items() if key != "id"}
    branches = list(_Parser(parameters, calendar=calendar).branches(rest, path, dict(bound)))
    if len(branches) != 1 or len(branches[0][0]) != 1:
        raise ConditionError(path, "`unless` takes one condition", "Split it into several entries")
    condition = branches[0][0][0]
    if condition.verb in ("finding", "missing"):
        raise ConditionError(path, "findings may not be negated", "State the underlying facts instead")
    return entry["id"], condition


_COMPARISONS = {
    "at_least": ">=",
    "more_than": ">",
    "at_most": "<=",
    "less_than": "<",
    "not_before": ">=",
    "after": ">",
    "not_after": "<=",
    "before": "<",
}
_DISTANCES = ("at_least", "more_than", "at_most", "less_than")
_MIRRORED = {">=": "<=", ">": "<", "<=": ">=", "<": ">"}


class _Parser:
    """Turns trees into branches; holds the parameters and numbers unnamed bindings."""

    def __init__(self, parameters: Mapping[str, Parameter], *, calendar: bool = False) -> None:
        self._parameters, self._calendar = parameters, calendar

    def branches(
        self, tree: object, path: str, bound: dict[str, str]
    ) -> Iterator[tuple[list[Condition], dict[str, str]]]:
        """Each way to satisfy `tree`, with the names bound on that way."""
        if not isinstance(tree, dict) or len(tree) != 1:
            raise ConditionError(
                path, "a condition is one `all`, `any` or verb", "Write e.g. `exposed: {drug: lenalidomide}`"
            )
        (key, body), *_ = tree.items()
        if key == "all":
            yield from self._all(self._items(body, f"{path}.all"), f"{path}.all", bound)
        elif key == "any":
            for index, item in enumerate(self._items(body, f"{path}.any")):
                yield from self.branches(item, f"{path}.any[{index}]", bound)
        elif key in VOCABULARY:
            condition = self._condition(key, body, f"{path}.{key}", bound)
            yield [condition], {**bound, condition.name: key}
        else:
            raise ConditionError(f"{path}.{key}", "is not a verb", f"Use one of: all, any, {', '.join(VOCABULARY)}")

    def _items(self, body: object, path: str) -> Sequence[object]:
        if not isinstance(body, list) or not body:
            raise ConditionError(path, "needs a list of conditions", "Start each with `- `")
        return body

    def _all(
        self, items: Sequence[object], path: str, bound: dict[str, str], first: int = 0
    ) -> Iterator[tuple[list[Condition], dict[str, str]]]:
        if first == len(items):
            yield [], bound
            return
        for head, names in self.branches(items[first], f"{path}[{first}]", bound):
            for tail, all_names in self._all(items, path, names, first + 1):
                yield [*head, *tail], all_names

    def _condition(self, verb: str, body: object, path: str, bound: Mapping[str, str]) -> Condition:
        if not isinstance(body, dict):
            raise ConditionError(path, "needs its tests in braces", f"Write e.g. `{verb}: {{}}` at least")
        shape = VOCABULARY[verb]
        words: list[WordTest] = []
        spans: list[SpanTest] = []
        name = self._name(verb, body.get("as"), path, bound)
        for field, test in body.items():
            at = f"{path}.{field}"
            if field == "as":
                continue
            if field == "overlaps":
                spans += self._overlap(shape, test, at, bound)
            elif field in shape.words:
                words.append(WordTest(field=field, values=self._words(shape, field, test, at)))
            elif field in shape.spans:
                spans += self._span(field, shape.spans[field], test, at, bound)
            else:
                known = ", ".join([*shape.words, *shape.spans, "as"])
                raise ConditionError(at, f"`{verb}` has no such field", f"Use one of: {known}")
        return Condition(verb=verb, name=name, words=tuple(words), spans=tuple(spans), path=path)

    def _name(self, verb: str, given: object, path: str, bound: Mapping[str, str]) -> str:
        if given is None:
            return next(name for name in (f"{verb}_{n}" for n in itertools.count(1)) if name not in bound)
        if not isinstance(given, str) or not given.isidentifier() or given == TODAY:
            raise ConditionError(f"{path}.as", "is no usable name", "Use a short word of letters and _")
        if given in bound:
            raise ConditionError(f"{path}.as", f"`{given}` names an earlier condition already", "Choose another name")
        return given

    def _words(self, shape: VerbShape, field: str, test: object, path: str) -> tuple[str, ...]:
        values: list[str] = []
        allowed = shape.words[field].values
        for value in test if isinstance(test, list) else [test]:
            if not isinstance(value, str):
                raise ConditionError(path, "needs a word or a list of words", "A number belongs under `parameters`")
            if allowed and value not in (*allowed, "unknown"):
                raise ConditionError(
                    path, f"`{value}` is not among its words", f"Use one of: {', '.join(allowed)}, unknown"
                )
            values.append(value)
        return tuple(values)

    def _overlap(self, shape: VerbShape, test: object, path: str, bound: Mapping[str, str]) -> list[SpanTest]:
        """At least one day in common: neither ends before the other starts."""
        if "start" not in shape.spans or "end" not in shape.spans:
            raise ConditionError(path, "only exposures overlap", "Compare dates instead")
        other, _ = self._anchor(f"{test}.start", path, bound)
        return [
            SpanTest(field="start", comparison="<=", anchor=other, anchor_field="end"),
            SpanTest(field="end", comparison=">=", anchor=other, anchor_field="start"),
        ]

    def _span(self, field: str, unit: Unit, test: object, path: str, bound: Mapping[str, str]) -> list[SpanTest]:
        if not isinstance(test, dict) or not test:
            raise ConditionError(path, "needs a comparison", "Write e.g. {at_least: name_of_a_parameter}")
        distances = [key for key in test if key in _DISTANCES]
        anchors = [key for key in test if key in ("after", "before", "not_after", "not_before", "of")]
        unknown = set(test) - {*_DISTANCES, *anchors, "within", "grace"}
        if unknown or (anchors and not unit.is_day):
            raise ConditionError(
                path, f"does not take {', '.join(sorted(unknown)) or 'a day to compare with'}", "See docs/rule-file.md"
            )
        if "within" in test or "of" in test:
            return self._within(field, test, path, bound)
        if "grace" in test:
            return [self._with_grace(field, test, path, bound)]
        if not anchors:
            return [self._limit(field, unit, key, test[key], f"{path}.{key}") for key in distances]
        if len(anchors) > 1:
            raise ConditionError(path, "compares with two days", "Write two conditions")
        anchor, anchor_field = self._anchor(test[anchors[0]], f"{path}.{anchors[0]}", bound)
        base = SpanTest(field=field, comparison=_COMPARISONS[anchors[0]], anchor=anchor, anchor_field=anchor_field)
        if not distances:
            return [base]
        return self._distance(base, anchors[0], {key: test[key] for key in distances}, path)

    def _distance(self, base: SpanTest, side: str, distances: Mapping[str, object], path: str) -> list[SpanTest]:
        """`{at_most: P, before: X}`: not after X, and at most P before it."""
        if side not in ("after", "before"):
            raise ConditionError(path, f"a distance does not go with `{side}`", "Use `before` or `after`")
        tests = []
        calendar = self._calendar and base.anchor == TODAY
        sign = 1 if side == "after" else -1
        for key, value in distances.items():
            parameter = self._parameter(value, f"{path}.{key}", {*OFFSET_UNITS, *(MONTHS_IN if calendar else ())})
            months = float(parameter.value * MONTHS_IN.get(parameter.unit, 0))
            if not months.is_integer():
                raise ConditionError(f"{path}.{key}", f"`{parameter.name}` is no whole month", "Write whole months")
            comparison = _COMPARISONS[key] if side == "after" else _MIRRORED[_COMPARISONS[key]]
            tests.append(
                SpanTest(
                    field=base.field,
                    comparison=comparison,
                    offset=sign * parameter.value * OFFSET_UNITS.get(parameter.unit, 0),
                    months=sign * int(months),
                    anchor=base.anchor,
                    anchor_field=base.anchor_field,
                    parameter=parameter,
                )
            )
        if set(distances) <= {"at_most", "less_than"}:
            floor = ">=" if side == "after" else "<="
            tests.append(
                SpanTest(field=base.field, comparison=floor, anchor=base.anchor, anchor_field=base.anchor_field)
            )
        return tests

    def _within(self, field: str, test: Mapping[str, object], path: str, bound: Mapping[str, str]) -> list[SpanTest]:
        """`{within: P, of: X}`: at most P before or after X."""
        if set(test) != {"within", "of"}:
            raise ConditionError(
                path, "`within` needs `of`, and nothing else", "Write {within: parameter, of: name.field}"
            )
        parameter = self._parameter(test["within"], f"{path}.within", set(OFFSET_UNITS))
        anchor, anchor_field = self._anchor(test["of"], f"{path}.of", bound)
        days = parameter.value * OFFSET_UNITS[parameter.unit]
        return [
            SpanTest(
                field=field,
                comparison=op,
                offset=sign * days,
                anchor=anchor,
                anchor_field=anchor_field,
                parameter=parameter,
            )
            for op, sign in ((">=", -1), ("<=", 1))
        ]

    def _with_grace(self, field: str, test: Mapping[str, object], path: str, bound: Mapping[str, str]) -> SpanTest:
        """`{not_before: X, grace: P}`: on X or later, or at most P before it; `not_after` is its mirror."""
        sides = [key for key in ("not_before", "not_after") if key in test]
        if len(test) != 2 or len(sides) != 1:
            raise ConditionError(
                path,
                "`grace` goes with `not_before` or `not_after`, and nothing else",
                "Write {not_before: x, grace: p}",
            )
        parameter = self._parameter(test["grace"], f"{path}.grace", set(OFFSET_UNITS))
        anchor, anchor_field = self._anchor(test[sides[0]], f"{path}.{sides[0]}", bound)
        days = parameter.value * OFFSET_UNITS[parameter.unit]
        return SpanTest(
            field=field,
            comparison=_COMPARISONS[sides[0]],
            offset=-days if sides[0] == "not_before" else days,
            anchor=anchor,
            anchor_field=anchor_field,
            parameter=parameter,
        )

    def _limit(self, field: str, unit: Unit, key: str, value: object, path: str) -> SpanTest:
        parameter = self._parameter(value, path, None if unit.ucum == AMOUNT else {unit.ucum})
        return SpanTest(field=field, comparison=_COMPARISONS[key], offset=parameter.value, parameter=parameter)

    def _parameter(self, name: object, path: str, units: set[str] | None) -> Parameter:
        if not isinstance(name, str):
            raise ConditionError(
                path, f"is a bare value ({name!r})", "Name it under `parameters`, with unit and source"
            )
        if name not in self._parameters:
            raise ConditionError(path, f"`{name}` is not a parameter of this rule", "Add it under `parameters`")
        parameter = self._parameters[name]
        if units is not None and parameter.unit not in units:
            raise ConditionError(
                path, f"`{name}` is in {parameter.unit}", f"This comparison is in {' or '.join(sorted(units))}"
            )
        return parameter

    def _anchor(self, text: object, path: str, bound: Mapping[str, str]) -> tuple[str, str | None]:
        if text == TODAY:
            return TODAY, None
        name, _, field = str(text).partition(".")
        if name not in bound:
            raise ConditionError(path, f"`{name}` names no condition before this one", "Bind it there with `as: name`")
        shape = VOCABULARY[bound[name]]
        if field not in shape.spans or not shape.spans[field].is_day:
            days = ", ".join(key for key, unit in shape.spans.items() if unit.is_day)
            raise ConditionError(path, f"`{name}` has no day called `{field}`", f"Use one of: {days}")
        return name, field
