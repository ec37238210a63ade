"""A check that falls due from time to time, as people read it: for whom, how often, when it falls away."""

from __future__ import annotations

from dataclasses import dataclass

from spmwatch.engine.catalogue.conditions import Branch
from spmwatch.engine.catalogue.evidence import Evidence
from spmwatch.engine.catalogue.load import RuleBase
from spmwatch.engine.catalogue.rule import Rule
from spmwatch.engine.episodes import FollowUp
from spmwatch.engine.follow_up.check import Accepted, Exclusion, Schedule
from spmwatch.engine.recommendation import Orderable
from spmwatch.rule_book.branches import conditions_of, tree_of
from spmwatch.rule_book.said import Number, Said, number_of, said_of
from spmwatch.rule_book.sentences import Sentences


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedBy:
    """A test that serves the check, and how long after it the next one is due and overdue; light Markdown."""

    name: str
    due: str
    overdue: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleLine:
    """For whom it is due how often; `who` is empty where it is for everybody who is left."""

    words: str
    who: tuple[Said, ...]
    individual: bool
    tests: tuple[ServedBy, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExclusionLine:
    """Why it falls away; `doubtful`: the record only hints at it."""

    words: str
    text: str
    doubtful: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckPage:
    """All that is told of one check. `used_by`: ids of the rules that ask how it stands or give a reason for it."""

    id: str
    title: str
    version: str
    source: Evidence
    question: str
    kept_in: tuple[str, ...]
    schedules: tuple[ScheduleLine, ...]
    exclusions: tuple[ExclusionLine, ...]
    parameters: tuple[Number, ...]
    evidence: tuple[str, ...]
    orders: tuple[Orderable, ...]
    used_by: tuple[str, ...]
    path: str


def check_pages(base: RuleBase) -> tuple[CheckPage, ...]:
    """The page of every check, in the order of the files."""
    sentences = Sentences(base.wording)
    questions = {topic.id: topic.question for topic in base.topics}
    return tuple(
        CheckPage(
            id=check.id,
            title=check.title,
            version=check.shown_version,
            source=check.source,
            question=questions[check.ask],
            kept_in=check.kept_in,
            schedules=tuple(_schedule(schedule, sentences, base) for schedule in check.schedules),
            exclusions=tuple(_exclusion(exclusion, sentences) for exclusion in check.exclusions),
            parameters=tuple(number_of(parameter, sentences) for parameter in check.parameters.values()),
            evidence=check.evidence,
            orders=check.orderables,
            used_by=tuple(rule.id for rule in base.all_rules if check.id in checks_of(rule)),
            path=check.path,
        )
        for check in base.checks
    )


def checks_of(rule: Rule) -> tuple[str, ...]:
    """Ids of the checks that a rule asks about or gives a reason for, each once."""
    asked = [
        value
        for variant in rule.variants
        for branch in variant.branches
        for condition in branch.conditions
        if condition.verb == FollowUp.verb
        for test in condition.words
        if test.field == "check"
        for value in test.values
    ]
    return tuple(dict.fromkeys([*asked, *rule.follow_up]))


def _schedule(schedule: Schedule, sentences: Sentences, base: RuleBase) -> ScheduleLine:
    return ScheduleLine(
        words=schedule.words,
        who=_who(schedule.who, sentences) if schedule.who else (),
        individual=schedule.individual,
        tests=tuple(_test(test, sentences, base) for test in schedule.tests),
    )


def _who(branches: tuple[Branch, ...], sentences: Sentences) -> tuple[Said, ...]:
    tree = tree_of(branches)
    return said_of(tree, sentences, sentences.names(conditions_of(tree)))


def _test(test: Accepted, sentences: Sentences, base: RuleBase) -> ServedBy:
    return ServedBy(
        name=base.wording.concept(test.concept or test.analyte or ""),
        due=sentences.amount(test.due),
        overdue=sentences.amount(test.overdue),
    )


def _exclusion(exclusion: Exclusion, sentences: Sentences) -> ExclusionLine:
    text = "; ".join(_flat(said) for said in _who(exclusion.branches, sentences))
    return ExclusionLine(words=exclusion.words, text=text, doubtful=exclusion.doubtful)


def _flat(said: Said) -> str:
    """A sentence with what it introduces, in one line."""
    return " ".join([said.text, "; ".join(_flat(item) for item in said.items)]).strip()
