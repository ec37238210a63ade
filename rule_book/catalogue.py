"""The whole catalogue as people read it: every rule's page and all that the rules share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

from spmwatch.engine.catalogue.disagreements import Disagreement
from spmwatch.engine.catalogue.evidence import Evidence
from spmwatch.engine.catalogue.load import RuleBase, Topic
from spmwatch.engine.overlays.form import Overlay
from spmwatch.engine.terminology.concept import Category, Concept
from spmwatch.rule_book.check_page import CheckPage, check_pages
from spmwatch.rule_book.page import RulePage, pages_of
from spmwatch.rule_book.said import Number, number_of
from spmwatch.rule_book.scenarios import Feature
from spmwatch.rule_book.sentences import Sentences


@dataclass(frozen=True, slots=True, kw_only=True)
class ConceptLine:
    """A value set in one line: what it stands for and by how many codes and phrases it is recognised."""

    id: str
    title: str
    codes: int
    systems: tuple[str, ...]
    phrases: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ConceptGroup:
    """The value sets of one category."""

    category: str
    concepts: tuple[ConceptLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """All that pages and book tell.

    Attributes:
        topics: the folders of rules, each with its pages.
        cited_by: evidence id -> ids of the rules that name it.
        touched_by: disagreement id -> ids of the rules whose texts touch it.
        questions: what is asked for when it is missing, the most decisive first.
        with_scenarios: were feature files at hand?
        overlays: what a site laid over the rules.
    """

    version: str
    digest: str
    pages: tuple[RulePage, ...]
    topics: tuple[tuple[str, tuple[RulePage, ...]], ...]
    evidence: tuple[Evidence, ...]
    cited_by: Mapping[str, tuple[str, ...]]
    checks: tuple[CheckPage, ...]
    disagreements: tuple[Disagreement, ...]
    touched_by: Mapping[str, tuple[str, ...]]
    conventions: tuple[Number, ...]
    questions: tuple[Topic, ...]
    value_sets: tuple[ConceptGroup, ...]
    grades: Mapping[str, str]
    suggestion: str
    with_scenarios: bool
    overlays: tuple[Overlay, ...]

    @property
    def cases(self) -> int:
        """How many patients the scenarios of all rules tell of."""
        return sum(page.feature.cases for page in self.pages if page.feature is not None)


def catalogue_of(base: RuleBase, features: Mapping[str, Feature] | None) -> Catalogue:
    """The catalogue of a rule base; `features` is None where no feature files are at hand."""
    pages = pages_of(base, features)
    topics = sorted({page.topic for page in pages})
    sentences = Sentences(base.wording)
    return Catalogue(
        version=base.version,
        digest=base.digest,
        pages=pages,
        topics=tuple((topic, tuple(page for page in pages if page.topic == topic)) for topic in topics),
        evidence=tuple(base.evidence.values()),
        cited_by={id_: tuple(rule.id for rule in base.all_rules if id_ in rule.evidence) for id_ in base.evidence},
        checks=check_pages(base),
        disagreements=tuple(base.disagreements.values()),
        touched_by={
            id_: tuple(rule.id for rule in base.all_rules if id_ in rule.disagreements) for id_ in base.disagreements
        },
        conventions=tuple(number_of(number, sentences) for number in base.convention_numbers),
        questions=base.topics,
        value_sets=_groups(base),
        grades=base.texts.grades,
        suggestion=base.texts.suggestion,
        with_scenarios=features is not None,
        overlays=base.overlays,
    )


def _groups(base: RuleBase) -> tuple[ConceptGroup, ...]:
    groups = []
    for category in get_args(Category):
        concepts = base.value_sets.concepts(category)
        if concepts:
            groups.append(ConceptGroup(category=category, concepts=tuple(_line(concept) for concept in concepts)))
    return tuple(groups)


def _line(concept: Concept) -> ConceptLine:
    phrases = (*concept.text, *concept.exact_text, *concept.asked_text, *concept.cased_text, *concept.abbreviations)
    systems = [*(row.system for row in concept.codes), *(row.system for row in concept.local_codes)]
    return ConceptLine(
        id=concept.id,
        title=concept.title,
        codes=len(systems),
        systems=tuple(sorted(set(systems))),
        phrases=len(phrases),
    )
