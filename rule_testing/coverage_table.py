"""Rule coverage for people: a row for each rule, and what no scenario reaches, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

import jinja2

from spmwatch.engine.catalogue.rule import Rule, Variant
from spmwatch.engine.catalogue.texts import plain_number
from spmwatch.engine.catalogue.wording import default_wording
from spmwatch.engine.version import version
from spmwatch.rule_book.sentences import Sentences
from spmwatch.rule_testing.coverage import PASSES, Aim, Coverage, Kind, aims_of

COLUMNS: Mapping[Kind, str] = {
    Kind.FIRES: "speaks",
    Kind.WAY: "ways",
    Kind.EDGE: "edges",
    Kind.UNLESS: "unless",
    Kind.UNKNOWN: "undecided",
}
LEGEND: Mapping[Kind, str] = {
    Kind.FIRES: "each variant makes a finding",
    Kind.WAY: "each way of `any` is the only one that holds",
    Kind.EDGE: "each number is met by a value next to it, and missed by a value next to it, all else being equal",
    Kind.UNLESS: "each negative is the only thing that silences the rule",
    Kind.UNKNOWN: "each variant is left undecided by a record that is incomplete",
}
"""What each column counts."""


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many."""

    reached: int
    all: int

    def __str__(self) -> str:
        """`3/4`; `-` where there is nothing to reach."""
        return f"{self.reached}/{self.all}" if self.all else "-"

    @property
    def percent(self) -> float:
        """From 0 to 100; 100 where there is nothing to reach."""
        return 100 * self.reached / self.all if self.all else 100.0

    def __add__(self, other: Share) -> Share:
        """Both together."""
        return Share(self.reached + other.reached, self.all + other.all)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One rule: how much of each kind is reached, and in words what is not."""

    rule: str
    title: str
    shares: Mapping[Kind, Share]
    missing: tuple[str, ...]

    @property
    def total(self) -> Share:
        """All kinds together."""
        return sum(self.shares.values(), Share(0, 0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The rows by rule id. `untold`: rules of which no feature that ran is, so they are not counted."""

    rows: tuple[Row, ...]
    untold: tuple[str, ...]

    @property
    def total(self) -> Share:
        """All rules together."""
        return sum((row.total for row in self.rows), Share(0, 0))

    @property
    def columns(self) -> Mapping[Kind, Share]:
        """Each kind over all rules."""
        return {kind: sum((row.shares[kind] for row in self.rows), Share(0, 0)) for kind in Kind}


def table_of(coverage: Coverage, about: Collection[str], own: Collection[str] = ()) -> Table:
    """The table.

    Args:
        coverage: what was reached.
        about: ids of the rules that are counted; empty: all.
        own: ids of a site's own rules, which are counted too. Of one that no feature is about nothing is reached:
            scenarios about other rules may pass through it, and none says what it should do.
    """
    sentences = Sentences(coverage.wording or default_wording())
    rules = [rule for _, rule in sorted(coverage.rules.items())]
    counted = [rule for rule in rules if not about or rule.id in about or rule.id in own]
    rows = {rule.id: _row(rule, coverage.reached, sentences) for rule in counted}
    rows |= {rule.id: _untested(rule) for rule in counted if about and rule.id not in about}
    return Table(
        rows=tuple(rows.values()),
        untold=tuple(rule.id for rule in rules if rule not in counted),
    )


def _row(rule: Rule, reached: Mapping[Aim, int], sentences: Sentences) -> Row:
    aims = list(aims_of(rule))
    missed = sorted((aim for aim in aims if aim not in reached), key=lambda aim: list(Kind).index(aim.kind))
    return Row(
        rule=rule.id,
        title=rule.title,
        shares={
            kind: Share(sum(aim.kind is kind and aim in reached for aim in aims), sum(aim.kind is kind for aim in aims))
            for kind in Kind
        },
        missing=tuple(_in_words(aim, rule, sentences) for aim in missed),
    )


def _untested(rule: Rule) -> Row:
    aims = Counter(aim.kind for aim in aims_of(rule))
    missing = (f"no feature is about it, so nothing counts. Write one with the tag @rule:{rule.id}",)
    return Row(rule=rule.id, title=rule.title, shares={kind: Share(0, aims[kind]) for kind in Kind}, missing=missing)


def _in_words(aim: Aim, rule: Rule, sentences: Sentences) -> str:
    """What a scenario is missing for."""
    if aim.kind is Kind.FIRES:
        return f"{aim.variant}: it never speaks"
    if aim.kind is Kind.UNKNOWN:
        return f"{aim.variant}: it is never left undecided"
    if aim.kind is Kind.UNLESS:
        return f"unless {aim.what}: it never is the only thing that silences the rule"
    if aim.kind is Kind.EDGE:
        name, side = aim.what.split(" ")
        number = rule.parameters[name]
        what = "meets" if side == PASSES else "misses"
        return f"{name} ({plain_number(number.value)} {number.unit}): no value next to it {what} it and decides"
    variant = next(each for each in rule.variants if each.id == aim.variant)
    way = "; ".join(_own_conditions(variant, int(aim.what) - 1, sentences))
    return f"{aim.variant}, way {aim.what} of {len(variant.branches)}: it never alone holds ({way})"


def _own_conditions(variant: Variant, index: int, sentences: Sentences) -> Iterator[str]:
    """What tells a way from the others, as sentences."""
    branches = variant.branches
    shared = set.intersection(*({condition.path for condition in branch.conditions} for branch in branches))
    names = sentences.names([condition for branch in branches for condition in branch.conditions])
    for condition in branches[index].conditions:
        if condition.path not in shared:
            yield sentences.sentence(condition, names).replace("**", "")


def not_counted(table: Table) -> str:
    """How many rules the figures leave out, and why, in a sentence; the one of a single rule names it."""
    number = len(table.untold)
    what = f"1 rule is not counted: no feature that ran is about it ({table.untold[0]})." if number == 1 else ""
    return what or f"{number} rules are not counted: no feature that ran is about them."


def page_of(table: Table) -> str:
    """The table as a page by itself, with nothing to load."""
    template = _templates().get_template("coverage.html.j2")
    return template.render(
        table=table, kinds=list(Kind), columns=COLUMNS, legend=LEGEND, not_counted=not_counted, version=version()
    )


@lru_cache(maxsize=1)
def _templates() -> jinja2.Environment:
    """Everything is escaped; a name that is not there is an error, not an empty place."""
    return jinja2.Environment(
        loader=jinja2.PackageLoader("spmwatch.rule_testing"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
