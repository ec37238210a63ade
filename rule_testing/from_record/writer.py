"""A record as a feature file: what is given without a name or date of it, and what the engine concludes from it."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from spmwatch.engine.errors import CdsError, InputError
from spmwatch.engine.evaluate import PATIENT_VIEW, Evaluator
from spmwatch.engine.facts import PatientRecord
from spmwatch.engine.recommendation import PlanItem, Recommendation
from spmwatch.engine.truth import Truth
from spmwatch.rule_testing.failures import ScenarioFailedError
from spmwatch.rule_testing.from_record.conclusion import Conclusion, concluded
from spmwatch.rule_testing.from_record.great_age import without_great_age
from spmwatch.rule_testing.from_record.shift import Shift, shifts
from spmwatch.rule_testing.from_record.telling import Teller
from spmwatch.rule_testing.play import THEN, WHEN, Said, new_scenario, play
from spmwatch.rule_testing.scenario import (
    CHART_OPENED,
    ENCOUNTER_STARTED,
    ORDER_SELECTED,
    ORDER_SIGNED,
    REFILLED,
    Scenario,
)
from spmwatch.rule_testing.vocabulary import PLAN_STATES

ASKED = {
    CHART_OPENED: "the chart is opened",
    ORDER_SELECTED: "the order is selected",
    ORDER_SIGNED: "the order is signed",
    REFILLED: "a refill is requested",
    ENCOUNTER_STARTED: "the visit begins",
}
WITH_DRAFTS = (ORDER_SELECTED, ORDER_SIGNED, REFILLED)
"""The moments at which draft orders are looked at."""
TITLE = "A record, as it was read"
_HEAD = (
    "# Made by `spmwatch scenario` of a record: no identifier, reference or word of it stands here, and all dates were",
    "# moved alike. Doses and results are the record's own. Look through it before you pass it on.",
)
_STATES = {state: words for words, state in PLAN_STATES.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A scenario that was written.

    Attributes:
        text: the feature file.
        untold: what could not be told in it, a line for each; it stands in the text as well.
        differences: in what the scenario comes to something else than the record; empty when it is true to it.
    """

    text: str
    untold: tuple[str, ...]
    differences: tuple[str, ...]


def scenario_of(
    record: PatientRecord,
    evaluator: Evaluator,
    *,
    as_of: date,
    hook: str = PATIENT_VIEW,
    chance: random.Random,
    title: str = TITLE,
    remarks: Sequence[str] = (),
) -> Written:
    """Write what the engine saw and concluded.

    Args:
        record: all that was read of one patient.
        evaluator: the rules.
        as_of: the day of the evaluation.
        hook: at which the rules are asked.
        chance: chooses by how many days dates move; nobody should be able to foresee it.
        title: of the scenario; what callers put here is written as it is.
        remarks: further lines for the reader.

    Raises:
        InputError: no move of the dates was found that leaves the conclusion as it is.
    """
    wanted = Conclusion.of(concluded(record, evaluator, as_of, hook))
    record, age = without_great_age(record, evaluator, as_of, hook)
    move = _chosen(record, evaluator, as_of, hook, chance, wanted)
    told = Teller(evaluator, move.day(as_of)).told(move.record(record), drafts=hook in WITH_DRAFTS)
    scenario, apart = _play(told, evaluator, hook)
    again = concluded(scenario.record(hook), evaluator, move.day(as_of), hook)
    expected = list(_expectations(again, evaluator))
    untold = [*_untold(record), *age, *([] if apart else _broken(scenario, expected))]
    differences = [*apart, *wanted.differences(Conclusion.of(again))]
    lines = [*remarks, *untold, *(f"Unlike the record: {one}" for one in differences)]
    sentences = [*told, Said(WHEN, ASKED[hook]), *expected]
    return Written(text=_feature(title, lines, sentences), untold=tuple(untold), differences=tuple(differences))


def _chosen(
    record: PatientRecord,
    evaluator: Evaluator,
    as_of: date,
    hook: str,
    chance: random.Random,
    wanted: Conclusion,
) -> Shift:
    for move in shifts(record, as_of, chance):
        moved = concluded(move.record(record), evaluator, move.day(as_of), hook)
        if Conclusion.of(moved) == wanted:
            return move
    problem = "no way was found to move its dates so that none is left and the conclusion stays"
    raise InputError("the record", "-", problem, "Write the scenario by hand; docs/rule-tests.md shows how")


def _play(told: Sequence[Said], evaluator: Evaluator, hook: str) -> tuple[Scenario, list[str]]:
    """The scenario as far as its When, and why that fails where it does: the readers of the rules disagree."""
    scenario = new_scenario(evaluator)
    play(scenario, told)
    try:
        play(scenario, [Said(WHEN, ASKED[hook])])
    except ScenarioFailedError as error:
        return scenario, [error.problem]
    return scenario, []


def _expectations(recommendation: Recommendation, evaluator: Evaluator) -> Iterator[Said]:
    """The conclusion in sentences."""
    listed = {f"{one.rule}{one.part or ''}": one.indicator.value for one in recommendation.findings}
    fired = ", ".join(f"{name} ({indicator})" for name, indicator in sorted(listed.items()))
    yield Said(THEN, f"exactly these rules fire: {fired}" if fired else "no rule fires")
    undecided = ", ".join(rule for rule, truth in recommendation.truths.items() if truth is Truth.UNKNOWN)
    yield Said(THEN, f"exactly these rules are undecided: {undecided}" if undecided else "no rule is undecided")
    yield Said(THEN, f'the tier is "{recommendation.tier}"')
    asked = [question.topic.replace("-", " ") for question in recommendation.decisive_questions]
    yield from (Said(THEN, f"something is asked about {topic}") for topic in asked)
    if not asked:
        yield Said(THEN, "nothing is asked")
    wording = evaluator.rule_base.wording
    for item in recommendation.plan:
        yield from _planned(item, wording.word("check", item.check))
    if recommendation.plan:
        names = ", ".join(wording.word("check", item.check) for item in recommendation.plan)
        yield Said(THEN, f"the plan starts with {names}")
    else:
        yield Said(THEN, "there is no plan")


def _planned(item: PlanItem, name: str) -> Iterator[Said]:
    """Where a check stands, and since or until when."""
    if item.excluded:
        how = "falls" if item.state == "excluded" else "may fall"
        yield Said(THEN, f'in the plan {name} {how} away because "{item.excluded}"')
        return
    day = item.next if item.next is not None and item.next.exact else None
    since = f" since {day}" if day is not None and item.overdue_days else ""
    yield Said(THEN, f"the plan lists {name} as {_STATES[item.state]}{since}")
    if day is not None and not since:
        yield Said(THEN, f"the plan has {name} next due on {day}")


def _broken(scenario: Scenario, expected: list[Said]) -> Iterator[str]:
    """Expectations that cannot be said in a sentence; they are taken out of the list and named."""
    for said in list(expected):
        try:
            play(scenario, [said])
        except (CdsError, AssertionError, ValueError):
            expected.remove(said)
            yield f"Not told: {said.sentence}"


def _untold(record: PatientRecord) -> Iterator[str]:
    """What a record has and a scenario cannot hold."""
    kinds = Counter(gap.kind for gap in record.gaps)
    if kinds:
        counted = ", ".join(f"{number} {kind}" for kind, number in sorted(kinds.items()))
        yield f"The record has remarks on its quality, which are not told here: {counted}"
    if record.patient is None:
        yield "The record has no Patient; here it is a person of unrecorded age"
    if record.coverage.until is not None:
        yield "The record speaks up to an earlier day than that of the evaluation, which is not told here"


def _feature(title: str, remarks: Sequence[str], sentences: Sequence[Said]) -> str:
    lines = [*_HEAD, "", "Feature: From a record", "", *(f"  # {remark}" for remark in remarks)]
    lines.append(f"  Scenario: {title}")
    before = ""
    for said in sentences:
        keyword = "And" if said.kind == before else said.kind.capitalize()
        lines.append(f"    {keyword} {said.sentence}")
        lines += _aligned(said.table)
        before = said.kind
    return "\n".join(lines) + "\n"


def _aligned(table: Sequence[Sequence[str]]) -> Iterator[str]:
    cells = [[cell.replace("\\", "\\\\").replace("|", "\\|") for cell in row] for row in table]
    widths = [max(len(row[index]) for row in cells) for index in range(len(cells[0]))] if cells else []
    for row in cells:
        yield "      | " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
