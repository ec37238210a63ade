"""One rule as a haematologist reads it: what it says, when it speaks, on which evidence, how it was tested.

The model behind every form of a rule's page: terminal, Markdown, HTML, JSON.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from spmwatch.engine.catalogue.conditions import Condition, Unless
from spmwatch.engine.catalogue.disagreements import Disagreement
from spmwatch.engine.catalogue.evidence import Evidence
from spmwatch.engine.catalogue.load import RuleBase
from spmwatch.engine.catalogue.rule import Grade, Indicator, Rule, Variant
from spmwatch.engine.catalogue.texts import FACTS
from spmwatch.engine.reasoning.chaining import references
from spmwatch.rule_book.branches import conditions_of, logic_of
from spmwatch.rule_book.check_page import CheckPage, check_pages, checks_of
from spmwatch.rule_book.said import Number, Said, number_of, said_of
from spmwatch.rule_book.scenarios import Feature
from spmwatch.rule_book.sentences import Names, Sentences

_FACTS_TOLD = "(Here the card lists the facts of this patient's record that made the rule speak.)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Negative:
    """What silences a rule or one of its variants."""

    id: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way to speak: a variant.

    Attributes:
        label: its id in words.
        part: letter of the side of the rule that it belongs to; in each part the first that holds speaks.
        conditions: what has to hold beside what the rule asks in every case; empty when nothing does.
        grade: None where it is the rule's own; summary, detail: None where they are those of an earlier way.
    """

    id: str
    label: str
    part: str | None
    indicator: Indicator
    conditions: tuple[Said, ...]
    unless: tuple[Negative, ...]
    grade: Grade | None
    summary: str | None
    detail: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Other:
    """Another rule that this one builds on, or that builds on it; `switched_off`: by which overlay and why."""

    id: str
    title: str
    switched_off: str | None = None

    @property
    def label(self) -> str:
        """Its title, and that it makes no finding where an overlay switched it off."""
        return f"{self.title} ({self.switched_off})" if self.switched_off else self.title


@dataclass(frozen=True, slots=True, kw_only=True)
class RulePage:
    """All that is told of one rule.

    Attributes:
        topic: folder of the rule file.
        given: what has to hold in every case.
        switched_off: by which overlay and why, where one did; overlays: those that changed or brought the rule.
        never: negatives of the whole rule and of the catalogue.
        unknown: why a missing datum is asked for, or is not.
        checks: those that it asks about or gives a reason for.
        feature: its scenarios; None where no features are at hand.
    """

    id: str
    title: str
    topic: str
    version: str
    status: str
    switched_off: str | None
    overlays: tuple[str, ...]
    hooks: tuple[str, ...]
    grade: Grade
    grade_means: str
    indicators: tuple[Indicator, ...]
    rationale: str
    given: tuple[Said, ...]
    ways: tuple[Way, ...]
    never: tuple[Negative, ...]
    asks: bool
    ask: str
    unknown: str
    parameters: tuple[Number, ...]
    source: str
    evidence: tuple[Evidence, ...]
    disagreements: tuple[Disagreement, ...]
    checks: tuple[CheckPage, ...]
    builds_on: tuple[Other, ...]
    built_on_by: tuple[Other, ...]
    path: str
    tests: str
    feature: Feature | None

    @property
    def summaries(self) -> tuple[str, ...]:
        """What its cards are headed, each once."""
        return tuple(dict.fromkeys(way.summary for way in self.ways if way.summary is not None))

    @property
    def in_parts(self) -> bool:
        """Are there sides of the rule that may both be told?"""
        return len({way.part for way in self.ways}) > 1


def pages_of(base: RuleBase, features: Mapping[str, Feature] | None = None) -> tuple[RulePage, ...]:
    """The page of every rule, drafts and retired ones too, in the order of their ids."""
    return tuple(page_of(rule, base, features) for rule in base.all_rules)


def page_of(rule: Rule, base: RuleBase, features: Mapping[str, Feature] | None = None) -> RulePage:
    """The page of one rule of the rule base."""
    sentences = Sentences(base.wording)
    common = {str(entry["id"]) for entry in base.common_unless}
    shared = _shared_negatives(rule, common)
    names = _names(rule, sentences)
    first = rule.variants[0]
    own, _ = logic_of(first)
    given = [sentences.sentence(condition, names[first.id]) for condition in conditions_of(own)]
    return RulePage(
        id=rule.id,
        title=rule.title,
        topic=PurePosixPath(rule.path).parent.name,
        version=rule.shown_version,
        status=rule.status,
        switched_off=next((str(off) for off in base.switched_off if off.rule == rule.id), None),
        overlays=rule.overlays,
        hooks=rule.hooks,
        grade=rule.grade,
        grade_means=base.texts.grades[rule.grade.value],
        indicators=tuple(sorted({v.indicator for v in rule.variants}, key=lambda i: -i.rank)),
        rationale=rule.rationale,
        given=said_of(own, sentences, names[first.id], ()),
        ways=tuple(_ways(rule, sentences, names, given, shared)),
        never=tuple(_negatives([u for u in first.unless if u.id in shared], sentences, names[first.id])),
        asks=rule.asks,
        ask=rule.ask,
        unknown=rule.because,
        parameters=tuple(number_of(parameter, sentences) for parameter in rule.parameters.values()),
        source=rule.source,
        evidence=tuple(base.evidence[id_] for id_ in rule.evidence),
        disagreements=tuple(base.disagreements[id_] for id_ in rule.disagreements),
        checks=tuple(check for check in check_pages(base) if check.id in checks_of(rule)),
        builds_on=_others(sorted(references(rule)), base),
        built_on_by=_others([other.id for other in base.all_rules if rule.id in references(other)], base),
        path=rule.path,
        tests=rule.tests,
        feature=None if features is None else features.get(rule.id),
    )


def _names(rule: Rule, sentences: Sentences) -> dict[str, Names]:
    """What conditions are called, by variant; one that is given in every case has one name in all of them."""
    conditions = {variant.id: _all_conditions(variant) for variant in rule.variants}
    own, _ = logic_of(rule.variants[0])
    given = {_place(condition.path) for condition in conditions_of(own)}
    alone = [sentences.names(found) for found in conditions.values()]
    lettered = {_place(path) for names in alone for path in names.marks} & given
    return {
        id_: sentences.names(found, {c.path for c in found if _place(c.path) in lettered})
        for id_, found in conditions.items()
    }


def _place(path: str) -> str:
    """Where a condition stands, whatever the variant."""
    return path.partition(".when")[2]


def _all_conditions(variant: Variant) -> list[Condition]:
    own, rest = logic_of(variant)
    return [*conditions_of(own), *conditions_of(rest), *(item.condition for item in variant.unless)]


def _shared_negatives(rule: Rule, common: set[str]) -> set[str]:
    """Ids of the negatives that silence every variant alike."""
    alike = set.intersection(*({(u.id, _without_path(u.condition)) for u in v.unless} for v in rule.variants))
    return {id_ for id_, _ in alike if len(rule.variants) > 1 or id_ in common} | common


def _without_path(condition: Condition) -> tuple[object, ...]:
    return condition.verb, condition.words, condition.spans


def _ways(
    rule: Rule, sentences: Sentences, names: Mapping[str, Names], given: Sequence[str], shared: set[str]
) -> Iterable[Way]:
    told: set[tuple[str, str]] = set()
    for variant in rule.variants:
        _, rest = logic_of(variant)
        texts = (variant.summary, variant.detail)
        yield Way(
            id=variant.id,
            label=variant.id.replace("-", " "),
            part=variant.part,
            indicator=variant.indicator,
            conditions=said_of(rest, sentences, names[variant.id], given),
            unless=tuple(_negatives([u for u in variant.unless if u.id not in shared], sentences, names[variant.id])),
            grade=variant.grade if variant.grade != rule.grade else None,
            summary=None if texts in told else variant.summary,
            detail=None if texts in told else variant.detail.replace(f"{{{FACTS}}}", _FACTS_TOLD),
        )
        told.add(texts)


def _negatives(entries: Iterable[Unless], sentences: Sentences, names: Names) -> Iterable[Negative]:
    for entry in entries:
        yield Negative(id=entry.id, text=sentences.sentence(entry.condition, names))


def _others(ids: Iterable[str], base: RuleBase) -> tuple[Other, ...]:
    titles = {rule.id: rule.title for rule in base.all_rules}
    off = {each.rule: f"switched off by {each.overlay}: {each.because.rstrip('.')}" for each in base.switched_off}
    return tuple(Other(id=id_, title=titles[id_], switched_off=off.get(id_)) for id_ in ids if id_ in titles)
