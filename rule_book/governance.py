"""The governance page: each rule with what it says, its evidence, its scenarios' last results, and what is unknown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from spmwatch.engine.catalogue.evidence import Evidence, Kind
from spmwatch.engine.catalogue.load import RuleBase
from spmwatch.rule_book.catalogue import Catalogue, catalogue_of
from spmwatch.rule_book.mutation_file import Changes, Mutation
from spmwatch.rule_book.page import RulePage
from spmwatch.rule_book.render import STATUSES, html
from spmwatch.rule_book.results import Reached, Result, Results
from spmwatch.rule_book.scenarios import Feature, by_rule
from spmwatch.rule_book.standing import STATES, Line, Standing, State, counted, standing_of

_CHECK = "check "
"""With this the name of a check begins where changes are told."""
_OF_OTHERS = "of rules that have changed since"


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleTested:
    """One rule with all that is known of its tests.

    Attributes:
        own: scenarios that are about it; naming: those of other features that name it.
        tested_version: its version when they ran, where it is another now.
        reached: its coverage; None where it was not measured.
        changes: what became of changes of it; None where none was tried.
        open: what is unknown or untested, a sentence each.
    """

    page: RulePage
    own: tuple[Line, ...]
    naming: tuple[Line, ...]
    tested_version: str | None
    reached: Reached | None
    changes: Changes | None
    open: tuple[str, ...]

    @property
    def counts(self) -> Mapping[State, int]:
        """How many of its own scenarios stand how."""
        return counted(self.own)


@dataclass(frozen=True, slots=True, kw_only=True)
class Governance:
    """All that the page tells.

    Attributes:
        topics: the folders of rules, each with its rules.
        others: scenarios that name no rule.
        coverage_note, mutation_note: what is to be said of all of these figures; empty: nothing.
        checks: what became of changes of checks, by name; shared: of what all rules share.
    """

    catalogue: Catalogue
    standing: Standing
    results: Results | None
    topics: tuple[tuple[str, tuple[RuleTested, ...]], ...]
    others: tuple[Line, ...]
    coverage_note: str
    mutation: Mutation | None
    mutation_note: str
    checks: tuple[tuple[str, Changes], ...]
    shared: tuple[tuple[str, Changes], ...]

    @property
    def rules(self) -> tuple[RuleTested, ...]:
        """Every rule, in the order of the page."""
        return tuple(rule for _, rules in self.topics for rule in rules)

    @property
    def reached(self) -> Reached | None:
        """Coverage of all rules together; None where it was not measured."""
        rows = () if self.results is None else self.results.coverage
        if not rows:
            return None
        return Reached(rule="", kinds={row.rule: (row.reached, row.all) for row in rows})

    @property
    def measured(self) -> int:
        """Of how many rules coverage was measured."""
        return sum(rule.reached is not None for rule in self.rules)

    @property
    def ran(self) -> int:
        """How many scenarios ran, each example of an outline counted; as `spmwatch test` counts them."""
        return sum(case.result is not Result.NOT_RUN for case in (self.results.scenarios if self.results else ()))

    @property
    def cases(self) -> Mapping[State, int]:
        """How many scenarios stand how, each example of an outline counted."""
        lines = self.standing.lines
        return {state: sum(line.scenario.cases for line in lines if line.state is state) for state in State}

    @property
    def unsure(self) -> tuple[int, int]:
        """Of how many scenarios that name rules, and of how many others, nobody knows whether they hold."""
        open_ = [line for line in self.standing.lines if line.state in (State.STALE, State.NOT_RUN)]
        naming = sum(bool(line.names) for line in open_)
        return naming, len(open_) - naming

    @property
    def untested(self) -> int:
        """How many rules that are in use have no scenario of their own."""
        return sum(rule.page.status == "active" and not rule.own for rule in self.rules)

    @property
    def elsewhere(self) -> int:
        """How many scenarios tell of other rules than these."""
        return self.standing.counts[State.ELSEWHERE]

    @property
    def failed(self) -> tuple[Line, ...]:
        """Scenarios that fail."""
        return tuple(line for line in self.standing.lines if line.state is State.FAILED)


def governance_page(
    base: RuleBase, features: Sequence[Feature] | None, results: Results | None, mutation: Mutation | None
) -> str:
    """The page as HTML text: the same rules, scenarios and results give the same text."""
    return html("governance.html.j2", told=governance_of(base, features, results, mutation), STATES=STATES)


def governance_of(
    base: RuleBase, features: Sequence[Feature] | None, results: Results | None, mutation: Mutation | None
) -> Governance:
    """What the page tells.

    Args:
        base: the rules.
        features: the scenarios; None where none are at hand.
        results: their last run; None where there was none.
        mutation: what became of changes of the rules; None where none were tried.
    """
    catalogue = catalogue_of(base, None if features is None else by_rule(features))
    standing = standing_of(base, features or (), results)
    tested = {page.id: _tested(page, base, standing, mutation) for page in catalogue.pages}
    others = [
        (part, found) for part in (mutation.parts if mutation else ()) if mutation and (found := mutation.of(part))
    ]
    return Governance(
        catalogue=catalogue,
        standing=standing,
        results=results,
        topics=tuple((topic, tuple(tested[page.id] for page in pages)) for topic, pages in catalogue.topics),
        others=standing.of_none,
        coverage_note=_coverage_note(base, standing),
        mutation=mutation,
        mutation_note=_OF_OTHERS if mutation and mutation.rules.digest != base.digest else "",
        checks=tuple(each for each in others if each[0].startswith(_CHECK)),
        shared=tuple(each for each in others if each[0] not in tested and not each[0].startswith(_CHECK)),
    )


def _coverage_note(base: RuleBase, standing: Standing) -> str:
    """What is to be said of coverage as a whole."""
    results = standing.results
    if results is None or results.coverage is None:
        return ""
    if base.digest not in {used.digest for used in results.rule_bases}:
        return _OF_OTHERS
    if standing.counts[State.STALE]:
        return "of scenarios that have changed since"
    return "of some scenarios only" if results.only else ""


def _tested(page: RulePage, base: RuleBase, standing: Standing, mutation: Mutation | None) -> RuleTested:
    results, own = standing.results, standing.of(page.id)
    reached = next((row for row in (results.coverage if results else None) or () if row.rule == page.id), None)
    changes = mutation.of(page.id) if mutation else None
    return RuleTested(
        page=page,
        own=own,
        naming=standing.naming(page.id),
        tested_version=_tested_version(page, own, results),
        reached=reached,
        changes=changes,
        open=(
            *_open_status(page),
            *_open_scenarios(own),
            *_open_figures(reached, changes),
            *_open_evidence(page, base.evidence),
        ),
    )


def _tested_version(page: RulePage, own: Sequence[Line], results: Results | None) -> str | None:
    """Its version in the run, where all its scenarios are stale and it has changed."""
    if results is None or not any(line.state is State.STALE for line in own):
        return None
    versions = {used.rules[page.id] for used in results.rule_bases if page.id in used.rules}
    return None if page.version in versions or len(versions) != 1 else versions.pop()


def _open_status(page: RulePage) -> Iterator[str]:
    if page.status != "active":
        yield f"It is {STATUSES[page.status]}."


def _open_scenarios(own: Sequence[Line]) -> Iterator[str]:
    if not own:
        yield "No scenario at hand is about this rule: nothing is known of how it behaves."
    counts = counted(own)
    told = {
        State.FAILED: "fail: the rule does not do what they expect",
        State.STALE: "have a stale result: whether they hold now is not known",
        State.NOT_RUN: "have no result: whether they hold is not known",
        State.ELSEWHERE: "ran with another overlay: they tell nothing of these rules",
    }
    for state, what in told.items():
        if counts[state]:
            yield f"{counts[state]} of {len(own)} scenarios {what}."


def _open_figures(reached: Reached | None, changes: Changes | None) -> Iterator[str]:
    if reached is None:
        yield "Coverage was not measured: which of its limits no scenario tests is not known."
    else:
        yield from (f"No scenario reaches: {line}." for line in reached.missing)
    if changes is None:
        yield "No change of it was tried: whether its scenarios would notice one is not known."
    else:
        for each in changes.survivors:
            yield f"No scenario notices the change {each.change}" + (f" ({each.missing})." if each.missing else ".")
        for each in changes.accepted:
            yield f"No scenario notices the change {each.change}; accepted: {each.accepted}"


def _open_evidence(page: RulePage, evidence: Mapping[str, Evidence]) -> Iterator[str]:
    for item in page.evidence:
        if not item.showable:
            yield f"{item.id} was not opened by anybody: it is hidden from cards."
        elif item.unverified:
            number = len(item.unverified)
            yield f"{item.id}: {number} statement{'s' if number > 1 else ''} not seen in the source, and so hidden."
    own = [
        number.name
        for number in page.parameters
        if all(id_ in evidence and evidence[id_].kind is Kind.CONVENTION for id_ in number.evidence)
    ]
    if own:
        yield f"No source sets {len(own)} of its {len(page.parameters)} numbers (conventions): {', '.join(own)}."
