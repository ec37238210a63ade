"""Which facts feed which rules, and which rules feed which: what the picture shows (drawn in rule_book/drawing.py)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from spmwatch.engine.catalogue.conditions import Condition
from spmwatch.engine.catalogue.load import RuleBase
from spmwatch.engine.catalogue.rule import Indicator, Rule
from spmwatch.engine.catalogue.wording import Wording
from spmwatch.engine.episodes import VOCABULARY, Cumulative, Found
from spmwatch.engine.reasoning.chaining import references

OWN_COLUMN = 3
"""A drug that at least so many rules look at gets a column of its own; others share one."""


UNUSED = ("retired", "off")


@dataclass(frozen=True, slots=True)
class Row:
    """A rule."""

    id: str
    title: str
    topic: str
    indicator: Indicator


@dataclass(frozen=True, slots=True)
class Column:
    """A kind of fact."""

    key: str
    label: str


@dataclass(frozen=True, slots=True)
class Cell:
    """The rule looks at such facts: because of them it speaks, or they silence it (or both)."""

    rule: str
    column: str
    speaks: bool
    silences: bool


@dataclass(frozen=True, slots=True)
class Arc:
    """`target` builds on a finding of `source`."""

    source: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """Rows by topic, then by id; columns in the order of the vocabulary."""

    rows: tuple[Row, ...]
    columns: tuple[Column, ...]
    cells: tuple[Cell, ...]
    arcs: tuple[Arc, ...]


def graph_of(base: RuleBase, around: str | None = None) -> Graph:
    """The graph of all rules in use; `around`: of one rule, those that it builds on and those that build on it."""
    rules = [rule for rule in base.all_rules if rule.status not in UNUSED]
    if around is not None:
        near = {around, *_upstream(around, rules), *(rule.id for rule in rules if around in references(rule))}
        rules = [rule for rule in rules if rule.id in near]
    everyone = [rule for rule in base.all_rules if rule.status not in UNUSED]
    columns = _Columns(base.wording, everyone)
    common = {str(entry["id"]) for entry in base.common_unless}
    cells = [cell for rule in rules for cell in _cells(rule, columns, common)]
    used = {cell.column for cell in cells}
    rows = sorted(
        (Row(rule.id, rule.title, PurePosixPath(rule.path).parent.name, _strongest(rule)) for rule in rules),
        key=lambda row: (row.topic, row.id),
    )
    return Graph(
        rows=tuple(rows),
        columns=tuple(column for column in columns.all() if column.key in used),
        cells=tuple(cells),
        arcs=tuple(
            Arc(source, rule.id)
            for rule in rules
            for source in sorted(references(rule))
            if any(source == other.id for other in rules)
        ),
    )


class _Columns:
    """The column of a condition: its kind, and its drug where many rules look at that drug."""

    def __init__(self, wording: Wording, rules: Iterable[Rule]) -> None:
        self._wording = wording
        seen = {(rule.id, verb, drug) for rule in rules for c in _conditions(rule) for verb, drug in _drugs(c)}
        counted = Counter((verb, drug) for _, verb, drug in seen)
        self._own = {key for key, count in counted.items() if count >= OWN_COLUMN}
        self._drugs = sorted(
            {drug for _, drug in self._own}, key=lambda d: (-sum(counted[v, d] for v in VOCABULARY), d)
        )

    def of(self, condition: Condition) -> set[str]:
        """Keys of the columns that the condition belongs to."""
        drugs = list(_drugs(condition))
        if not drugs:
            return {_kind(condition.verb)}
        return {f"{verb} {drug}" if (verb, drug) in self._own else f"{verb} other" for verb, drug in drugs}

    def all(self) -> Iterator[Column]:
        """Every column that there can be."""
        for verb, shape in VOCABULARY.items():
            if verb in (Found.verb, Cumulative.verb):
                continue
            if "drug" not in shape.words:
                yield Column(verb, self._wording.kind(verb))
                continue
            for drug in self._drugs:
                yield Column(f"{verb} {drug}", f"{self._wording.kind(verb)}: {self._wording.concept(drug)}")
            yield Column(f"{verb} other", f"{self._wording.kind(verb)}: other drugs")


def _kind(verb: str) -> str:
    """Courses one by one and in total are told together."""
    return "exposed" if verb == Cumulative.verb else verb


def _drugs(condition: Condition) -> Iterator[tuple[str, str]]:
    if "drug" in VOCABULARY[condition.verb].words:
        named = [value for test in condition.words if test.field == "drug" for value in test.values]
        yield from ((_kind(condition.verb), drug) for drug in named or ["other"])


def _conditions(rule: Rule) -> Iterator[Condition]:
    for variant in rule.variants:
        for branch in variant.branches:
            yield from branch.conditions
        yield from (item.condition for item in variant.unless)


def _cells(rule: Rule, columns: _Columns, common: set[str]) -> Iterator[Cell]:
    speaks: set[str] = set()
    silences: set[str] = set()
    for variant in rule.variants:
        for branch in variant.branches:
            for condition in branch.conditions:
                if condition.verb != Found.verb:
                    speaks |= columns.of(condition)
        for item in variant.unless:
            if item.id not in common:
                silences |= columns.of(item.condition)
    for column in sorted(speaks | silences):
        yield Cell(rule.id, column, column in speaks, column in silences)


def _upstream(id_: str, rules: Sequence[Rule]) -> set[str]:
    """Rules on whose findings it builds, directly or through others."""
    by_id = {rule.id: rule for rule in rules}
    found: set[str] = set()
    left = sorted(references(by_id[id_]) & by_id.keys())
    while left:
        other = left.pop()
        if other not in found:
            found.add(other)
            left += sorted(references(by_id[other]) & by_id.keys())
    return found


def _strongest(rule: Rule) -> Indicator:
    return max((variant.indicator for variant in rule.variants), key=lambda indicator: indicator.rank)
