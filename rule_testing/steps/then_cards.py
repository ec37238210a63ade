"""What becomes of the findings at one visit: cards, what they tell inside, what stays quiet, what they suggest."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date

from pytest_bdd import given, then

from spmwatch.engine.merging import Advice, Card
from spmwatch.rule_testing.dates import DAY, ON
from spmwatch.rule_testing.named_rules import list_of, speaking, whole_rules
from spmwatch.rule_testing.scenario import Scenario
from spmwatch.rule_testing.steps.grammar import sentence
from spmwatch.rule_testing.vocabulary import StepError, look_up, one_of

_CARD = r"the card of (?P<rule>[A-Z][A-Z0-9]*-\d{2,4})"


@given(sentence(rf"the cards shown {ON}(?P<day>{DAY}) were acknowledged"))
def cards_acknowledged(scenario: Scenario, day: str) -> None:
    """The clinician set aside every card that this record gave on that day.

    Example:
        Given the cards shown on 2025-12-01 were acknowledged
    """
    scenario.acknowledge(date.fromisoformat(day))


@given(sentence(rf"{_CARD} shown {ON}(?P<day>{DAY}) was acknowledged"))
def card_acknowledged(scenario: Scenario, rule: str, day: str) -> None:
    """The clinician set aside that one card; the others not.

    Example:
        Given the card of SPM-05 shown on 2025-12-01 was acknowledged
    """
    scenario.acknowledge(date.fromisoformat(day), scenario.speaker(rule).rule)


@then(sentence(r"the cards are, in this order: (?P<cards>.+)"))
def cards_are(scenario: Scenario, cards: str) -> None:
    """One card for each rule named, with its urgency, and no others.

    Example:
        Then the cards are, in this order: SPM-05 (warning), SPM-09 (info)
    """
    actual = [f"{card.advice.rule} ({card.advice.indicator.value})" for card in scenario.merged.cards]
    for name, indicator in speaking(cards, scenario.evaluator.rule_base, parts=False).items():
        if indicator is None:
            raise StepError(f"how urgent is the card of {name}? Write e.g. `{name} (info)`.")
    if actual != list_of(cards):
        scenario.fail(f"the cards are: {', '.join(actual) or 'none'}")


@then("there is no card")
def no_card(scenario: Scenario) -> None:
    """Nothing is shown.

    Example:
        Then there is no card
    """
    if scenario.merged.cards:
        scenario.fail(f"there are cards: {', '.join(card.advice.rule for card in scenario.merged.cards)}")


@then(sentence(rf"{_CARD} also tells (?P<rules>[A-Z].+)"))
def card_also_tells(scenario: Scenario, rule: str, rules: str) -> None:
    """These rules, and no others, are told inside it, in full or in a line.

    Example:
        Then the card of SPM-05 also tells SPM-01, SPM-27
    """
    told = whole_rules(rules, scenario.evaluator.rule_base)
    card = _card(scenario, rule)
    _same(scenario, f"the card of {rule} also tells", (*card.folded, *card.mentioned), told)


@then(sentence(rf"{_CARD} tells nothing else"))
def card_tells_nothing_else(scenario: Scenario, rule: str) -> None:
    """No other rule is told inside it.

    Example:
        Then the card of SPM-17 tells nothing else
    """
    card = _card(scenario, rule)
    _same(scenario, f"the card of {rule} also tells", (*card.folded, *card.mentioned), ())


@then(sentence(r"(?P<rules>[A-Z][A-Z0-9, -]+?(?: and [A-Z0-9-]+)?) (?:is|are) named without a card"))
def named_without_card(scenario: Scenario, rules: str) -> None:
    """There was no room for a card; these rules, and no others, are named at the end of the last.

    Example:
        Then SPM-09 is named without a card
    """
    _same(scenario, "named without a card", scenario.merged.beyond, whole_rules(rules, scenario.evaluator.rule_base))


@then(sentence(rf"(?P<rules>[A-Z][A-Z0-9, -]+?(?: and [A-Z0-9-]+)?) stays? quiet until (?P<day>{DAY})"))
def stays_quiet(scenario: Scenario, rules: str, day: str) -> None:
    """They were acknowledged and are not repeated up to that day; no other rule is quiet.

    Example:
        Then SPM-05 and SPM-09 stay quiet until 2026-01-15
    """
    quiet = scenario.merged.quiet
    _same(scenario, "quiet", [one.advice for one in quiet], whole_rules(rules, scenario.evaluator.rule_base))
    if strange := {one.until.isoformat() for one in quiet} - {day}:
        scenario.fail(f"quiet until {', '.join(sorted(strange))}")


@then("nothing stays quiet")
def nothing_quiet(scenario: Scenario) -> None:
    """No rule that holds is left unsaid because of an acknowledgement.

    Example:
        Then nothing stays quiet
    """
    _same(scenario, "quiet", [one.advice for one in scenario.merged.quiet], ())


@then(sentence(rf'{_CARD} suggests "(?P<request>[^"]+)", to be confirmed by "(?P<who>[^"]+)"'))
def card_suggests(scenario: Scenario, rule: str, request: str, who: str) -> None:
    """A draft of this request may be accepted from the card.

    Example:
        Then the card of SPM-28 suggests "Screening mammography of both breasts", to be confirmed by "The clinician"
    """
    one_of("person who confirms that request", who, look_up("request", request, _requests(scenario)))
    offered = {one.orderable.display: one.orderable.confirm for one in _card(scenario, rule).suggested}
    if offered.get(request) != who:
        scenario.fail(f"the card of {rule} suggests {offered}")


@then(sentence(rf'{_CARD} does not suggest "(?P<request>[^"]+)"'))
def card_does_not_suggest(scenario: Scenario, rule: str, request: str) -> None:
    """No draft of this request may be accepted from the card.

    Example:
        Then the card of SPM-24 does not suggest "Screening mammography of both breasts"
    """
    look_up("request", request, _requests(scenario))
    if request in [one.orderable.display for one in _card(scenario, rule).suggested]:
        scenario.fail(f"the card of {rule} suggests {request}")


@then("no card suggests anything")
def nothing_suggested(scenario: Scenario) -> None:
    """There is nothing to accept.

    Example:
        Then no card suggests anything
    """
    found = [one.orderable.display for card in scenario.merged.cards for one in card.suggested]
    if found:
        scenario.fail(f"suggested: {', '.join(found)}")


@then(sentence(rf"{_CARD} shows the plan"))
def card_shows_plan(scenario: Scenario, rule: str) -> None:
    """The checks of the plan stand on this card, and on no other.

    Example:
        Then the card of SPM-28 shows the plan
    """
    shown = [card.advice.rule for card in scenario.merged.cards if card.plan]
    if shown != [scenario.speaker(rule).rule]:
        scenario.fail(f"the plan stands on the cards of: {', '.join(shown) or 'nobody'}")


@then("no card shows the plan")
def no_plan_shown(scenario: Scenario) -> None:
    """There is a plan or not; it is not on a card.

    Example:
        Then no card shows the plan
    """
    if any(card.plan for card in scenario.merged.cards):
        scenario.fail("a card shows the plan")


def _requests(scenario: Scenario) -> Mapping[str, Collection[str]]:
    """Every request that some check of the rules may suggest, and who confirms it."""
    found: dict[str, set[str]] = {}
    for check in scenario.evaluator.rule_base.checks:
        for one in check.orderables:
            found.setdefault(one.display, set()).add(one.confirm)
    return found


def _card(scenario: Scenario, rule: str) -> Card:
    scenario.speaker(rule)
    found = [card for card in scenario.merged.cards if card.advice.rule == rule]
    if not found:
        shown = ", ".join(card.advice.rule for card in scenario.merged.cards)
        scenario.fail(f"{rule} has no card; the cards are those of: {shown or 'nobody'}")
    return found[0]


def _same(scenario: Scenario, what: str, advice: Sequence[Advice], wanted: Sequence[str]) -> None:
    actual = sorted(one.rule for one in advice)
    if actual != sorted(wanted):
        scenario.fail(f"{what}: {', '.join(actual) or 'nothing'}")
