"""Then: what the screening and monitoring plan lists."""

from __future__ import annotations

import re
from datetime import date

from pytest_bdd import then

from spmwatch.engine.dates import DateRange
from spmwatch.engine.recommendation import PlanItem
from spmwatch.rule_testing.dates import DATE, DAY, ON
from spmwatch.rule_testing.scenario import Scenario
from spmwatch.rule_testing.steps.grammar import RULE, sentence
from spmwatch.rule_testing.vocabulary import PLAN_STATES, look_up, one_of

_CHECK = r"(?P<check>[a-z][a-z -]+?)"
_STATE = rf"(?P<state>{'|'.join(PLAN_STATES)})"


@then(sentence(rf"the plan lists {_CHECK} as {_STATE}(?: since (?P<day>{DAY}))?"))
def lists_as(scenario: Scenario, check: str, state: str, day: str | None) -> None:
    """Where the check stands; `since` is the day on which it was next due.

    Example:
        Then the plan lists breast cancer screening as up to date
        Then the plan lists blood count as overdue since 2025-12-20
    """
    item = _item(scenario, check)
    if item.state != look_up("state", state, PLAN_STATES):
        scenario.fail(f"{check} stands as `{item.state}`, expected `{state}`")
    if day is not None:
        _same(scenario, f"{check} is due since", item.next, day)


@then(sentence(rf"the plan has {_CHECK} next due {ON}(?P<day>{DAY})"))
def next_due(scenario: Scenario, check: str, day: str) -> None:
    """The next due date.

    Example:
        Then the plan has skin check next due on 2026-01-16
        Then the plan has skin check next due in 2 weeks
    """
    _same(scenario, f"{check} is next due on", _item(scenario, check).next, day)


@then(sentence(rf"the plan has {_CHECK} last done {ON}(?P<day>{DATE})"))
def last_done(scenario: Scenario, check: str, day: str) -> None:
    """The last date, with a record of the patient that tells of it.

    Example:
        Then the plan has blood count last done on 2025-12-10
    """
    item = _item(scenario, check)
    _same(scenario, f"{check} was last done on", item.last, day)
    if not item.references or set(item.references) - scenario.builder.references():
        scenario.fail(f"{check} names the records {item.references}")


@then(sentence(rf"the plan has {_CHECK} overdue by (?P<days>\d+) days?"))
def overdue_by(scenario: Scenario, check: str, days: str) -> None:
    """Days since it was next due.

    Example:
        Then the plan has breast cancer screening overdue by 93 days
    """
    found = _item(scenario, check).overdue_days
    if found != (int(days), int(days)):
        scenario.fail(f"{check} is overdue by {found}, expected {days}")


@then(sentence(rf'in the plan {_CHECK} (?P<how>falls|may fall) away because "(?P<why>[^"]+)"'))
def falls_away(scenario: Scenario, check: str, how: str, why: str) -> None:
    """The check is excluded, or may be, and the plan says why.

    Example:
        Then in the plan cervical cancer screening falls away because "Cervical cancer"
    """
    item = _item(scenario, check)
    wanted = "excluded" if how == "falls" else "unknown"
    if item.state != wanted or why not in (item.excluded or ""):
        scenario.fail(f"{check} stands as `{item.state}` because: {item.excluded}")


@then(sentence(rf"the plan offers nothing for {_CHECK}"))
def offers_nothing(scenario: Scenario, check: str) -> None:
    """Nothing may be ordered for the check.

    Example:
        Then the plan offers nothing for breast cancer screening
    """
    offers(scenario, "", check)


@then(sentence(rf'the plan offers (?P<labels>"[^"]+"(?: (?:and|or) "[^"]+")*) for {_CHECK}'))
def offers(scenario: Scenario, labels: str, check: str) -> None:
    """What may be ordered for the check: this and nothing else, by its label.

    Example:
        Then the plan offers "Cervical smear" or "HPV test" for cervical cancer screening
    """
    wanted = re.findall(r'"([^"]+)"', labels)
    known = [one.label for each in scenario.evaluator.rule_base.checks for one in each.orderables]
    for label in wanted:
        one_of("request", label, known)
    found = sorted(one.label for one in _item(scenario, check).orderables)
    if found != sorted(wanted):
        scenario.fail(f"for {check} the plan offers {', '.join(found) or 'nothing'}")


@then(sentence(rf'the plan says of {_CHECK} "(?P<words>[^"]+)"'))
def schedule_says(scenario: Scenario, check: str, words: str) -> None:
    """Which schedule applies, in words.

    Example:
        Then the plan says of colorectal cancer screening "at least as close as for average risk"
    """
    found = _item(scenario, check).schedule
    if words not in found:
        scenario.fail(f"the plan says of {check}: {found}")


@then(sentence(rf"the plan names {RULE} as a reason for {_CHECK}"))
def reason_for(scenario: Scenario, rule: str, check: str) -> None:
    """Among the reasons of the check is that finding.

    Example:
        Then the plan names SPM-25 as a reason for skin check
    """
    found = _item(scenario, check).reasons
    if str(scenario.speaker(rule)) not in found:
        scenario.fail(f"{check} has the reasons {', '.join(found) or 'none'}")


@then(sentence(rf"the plan says nothing of {_CHECK}"))
def not_listed(scenario: Scenario, check: str) -> None:
    """The check does not apply to the patient.

    Example:
        Then the plan says nothing of cervical cancer screening
    """
    _known(scenario, check)
    if any(_name(scenario, item) == check for item in scenario.recommendation.plan):
        scenario.fail(f"the plan lists {check}")


@then("there is no plan")
def no_plan(scenario: Scenario) -> None:
    """The patient is none of those whom the plan is for.

    Example:
        Then there is no plan
    """
    if scenario.recommendation.plan:
        scenario.fail(f"the plan lists {', '.join(_name(scenario, i) for i in scenario.recommendation.plan)}")


@then(sentence(r"the plan starts with (?P<checks>.+)"))
def starts_with(scenario: Scenario, checks: str) -> None:
    """The most pressing checks, in their order.

    Example:
        Then the plan starts with colorectal cancer screening, second-cancer review and skin check
    """
    wanted = [_known(scenario, name.strip()) for name in checks.replace(" and ", ", ").split(",")]
    found = [_name(scenario, item) for item in scenario.recommendation.plan]
    if found[: len(wanted)] != wanted:
        scenario.fail(f"the plan starts with {', '.join(found)}")


def _item(scenario: Scenario, check: str) -> PlanItem:
    _known(scenario, check)
    for item in scenario.recommendation.plan:
        if _name(scenario, item) == check:
            return item
    scenario.fail(f"the plan says nothing of {check}")
    raise AssertionError


def _known(scenario: Scenario, check: str) -> str:
    """The name of a check. Raises StepError where the rules have no such check."""
    rules = scenario.evaluator.rule_base
    return one_of("check", check, [rules.wording.word("check", one.id) for one in rules.checks])


def _name(scenario: Scenario, item: PlanItem) -> str:
    return scenario.evaluator.rule_base.wording.word("check", item.check)


def _same(scenario: Scenario, what: str, found: DateRange | None, wanted: str) -> None:
    expected = DateRange.parse(wanted) if len(wanted) < len("2026-01-15") else DateRange.on(date.fromisoformat(wanted))
    if found != expected:
        scenario.fail(f"{what} {found}, expected {wanted}")
