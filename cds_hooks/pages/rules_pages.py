"""The rules in force as pages: a list that can be searched, and for each rule what a card links to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from markupsafe import Markup

from spmwatch.cds_hooks.pages.forms import Form
from spmwatch.engine.catalogue.load import RuleBase
from spmwatch.engine.catalogue.rule import Indicator
from spmwatch.rule_book.catalogue import Catalogue, catalogue_of
from spmwatch.rule_book.page import RulePage
from spmwatch.rule_book.render import MOMENTS, STATUSES, rule_html
from spmwatch.rule_book.scenarios import Feature, beside_the_rules, features_by_rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the list is narrowed to; "" for no limit."""

    words: str = ""
    topic: str = ""
    indicator: str = ""
    hook: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A rule in the list. `found_by` is everything that the search looks at, in lower case."""

    page: RulePage
    found_by: str
    shown: bool

    @property
    def status(self) -> str:
        """What hinders it from reaching a clinician; "" when nothing does."""
        return "" if self.page.status == "active" else STATUSES[self.page.status]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The list, and what it can be narrowed by: value -> words."""

    catalogue: Catalogue
    rows: tuple[Row, ...]
    wanted: Wanted
    topics: Mapping[str, str]
    indicators: Mapping[str, str]
    hooks: Mapping[str, str]

    @property
    def shown(self) -> int:
        """How many rules are left."""
        return sum(row.shown for row in self.rows)


class Rulebook:
    """The catalogue of the rules in force, made once for each."""

    def __init__(self) -> None:
        self._made: tuple[str, Catalogue] | None = None

    def of(self, base: RuleBase) -> Catalogue:
        """The catalogue of these rules."""
        if self._made is None or self._made[0] != base.digest:
            self._made = (base.digest, catalogue_of(base, _features()))
        return self._made[1]


@lru_cache(maxsize=1)
def _features() -> dict[str, Feature] | None:
    """The scenarios, where the source is at hand; an installed package brings none."""
    folder = beside_the_rules()
    return None if folder is None else features_by_rule(folder)


def wanted_of(form: Form) -> Wanted:
    """What a query asks for."""
    return Wanted(
        words=form.text("q")[:100], topic=form.text("topic"), indicator=form.text("indicator"), hook=form.text("hook")
    )


def listing_of(catalogue: Catalogue, wanted: Wanted) -> Listing:
    """All rules, with those marked that fit; a search finds rules that hold every one of its words."""
    words = wanted.words.lower().split()
    rows = []
    for page in catalogue.pages:
        found_by = " ".join((page.id, page.title, page.topic, *page.summaries, page.rationale)).lower()
        fits = all(word in found_by for word in words) and _fits(page, wanted)
        rows.append(Row(page=page, found_by=found_by, shown=fits))
    return Listing(
        catalogue=catalogue,
        rows=tuple(rows),
        wanted=wanted,
        topics={topic: topic.replace("-", " ") for topic, _ in catalogue.topics},
        indicators={one.value: one.value for one in sorted(Indicator, key=lambda one: -one.rank)},
        hooks={hook: MOMENTS.get(hook, hook) for hook in dict.fromkeys(h for p in catalogue.pages for h in p.hooks)},
    )


def _fits(page: RulePage, wanted: Wanted) -> bool:
    return (
        wanted.topic in ("", page.topic)
        and (not wanted.indicator or wanted.indicator in {one.value for one in page.indicators})
        and (not wanted.hook or wanted.hook in page.hooks)
    )


def page_of(catalogue: Catalogue, id_: str) -> RulePage | None:
    """The rule of that id, however it is written."""
    return next((page for page in catalogue.pages if page.id == id_.upper()), None)


def body_of(page: RulePage) -> Markup:
    """All that is told of the rule."""
    return rule_html(page)
