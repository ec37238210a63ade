"""When: at which moment the rules are asked. Then: what they say."""

from __future__ import annotations

from pytest_bdd import then, when

from spmwatch.engine.episodes import Cumulative
from spmwatch.engine.facts import Certainty
from spmwatch.engine.presentation import describe
from spmwatch.engine.truth import Truth
from spmwatch.rule_testing.named_rules import speaking, whole_rules
from spmwatch.rule_testing.scenario import (
    CHART_OPENED,
    ENCOUNTER_STARTED,
    ORDER_SELECTED,
    ORDER_SIGNED,
    REFILLED,
    Scenario,
)
from spmwatch.rule_testing.steps.grammar import INDICATOR, NUMBER, RULE, sentence
from spmwatch.rule_testing.vocabulary import one_of


@when(sentence(r"the (?:rules are|rule is) evaluated"))
def evaluated(scenario: Scenario) -> None:
    """At the signing of the order where there is one, else at the opening of the chart.

    Example:
        When the rules are evaluated
    """
    scenario.evaluate(ORDER_SIGNED if scenario.builder.orders() else CHART_OPENED)


@when("the chart is opened")
def chart_opened(scenario: Scenario) -> None:
    """The hook patient-view; draft orders are not there yet.

    Example:
        When the chart is opened
    """
    scenario.evaluate(CHART_OPENED)


@when("the order is selected")
def order_selected(scenario: Scenario) -> None:
    """The hook order-select.

    Example:
        When the order is selected
    """
    scenario.evaluate(ORDER_SELECTED)


@when("the order is signed")
def order_signed(scenario: Scenario) -> None:
    """The hook order-sign.

    Example:
        When the order is signed
    """
    scenario.evaluate(ORDER_SIGNED)


@when("a refill is requested")
def refill_requested(scenario: Scenario) -> None:
    """The hook medication-refill; what is to be refilled is written as ordered.

    Example:
        When a refill is requested
    """
    scenario.evaluate(REFILLED)


@when("the visit begins")
def visit_begins(scenario: Scenario) -> None:
    """The hook encounter-start; draft orders are not there yet.

    Example:
        When the visit begins
    """
    scenario.evaluate(ENCOUNTER_STARTED)


@then(sentence(rf"{RULE} (?:fires|recommends) with indicator {INDICATOR}"))
def fires_with(scenario: Scenario, rule: str, indicator: str) -> None:
    """The rule, or its part, fires with that urgency.

    Example:
        Then it recommends with indicator "warning"
        Then SPM-02a fires with indicator "info"
    """
    speaker = scenario.speaker(rule)
    found = scenario.finding(speaker)
    if found.indicator.value != indicator:
        scenario.fail(f"{speaker} fires with `{found.indicator.value}`, expected `{indicator}`", speaker)


@then(sentence(rf"{RULE} stays silent"))
def stays_silent(scenario: Scenario, rule: str) -> None:
    """The rule does not hold, whatever is missing in the record.

    Example:
        Then it stays silent
        Then part b stays silent
    """
    speaker = scenario.speaker(rule)
    truth = scenario.truth(speaker)
    if truth is not Truth.FALSE:
        scenario.fail(f"{speaker} is not silent: {'it fires' if truth is Truth.TRUE else 'it is undecided'}", speaker)


@then(sentence(rf"{RULE} does not fire"))
def does_not_fire(scenario: Scenario, rule: str) -> None:
    """The rule makes no finding; it may be undecided.

    Example:
        Then SPM-05 does not fire
    """
    speaker = scenario.speaker(rule)
    if scenario.findings(speaker):
        scenario.fail(f"{speaker} fires", speaker)


@then(sentence(rf"{RULE} is undecided"))
def is_undecided(scenario: Scenario, rule: str) -> None:
    """The rule could hold; the record does not tell.

    Example:
        Then it is undecided
    """
    speaker = scenario.speaker(rule)
    truth = scenario.truth(speaker)
    if truth is not Truth.UNKNOWN:
        scenario.fail(f"{speaker} is decided: {truth.name}", speaker)


@then(sentence(r"exactly these rules fire: (?P<rules>.+)"))
def exactly(scenario: Scenario, rules: str) -> None:
    """The list is complete, as far as the scenario looks at rules; an indicator in parentheses is checked too.

    Example:
        Then exactly these rules fire: SPM-01 (info), SPM-02a (warning) and SPM-05
    """
    expected, actual = speaking(rules, scenario.evaluator.rule_base), scenario.listed()
    missing, extra = sorted(expected.keys() - actual.keys()), sorted(actual.keys() - expected.keys())
    wrong = [n for n, indicator in expected.items() if indicator and n in actual and actual[n] != indicator]
    if missing or extra or wrong:
        told = [f"missing: {', '.join(missing)}"] if missing else []
        told += [f"too many: {', '.join(extra)}"] if extra else []
        told += [f"{name} is {actual[name]}, expected {expected[name]}" for name in wrong]
        scenario.fail("; ".join(told), *(scenario.speaker(name) for name in [*missing, *extra, *wrong]))


@then("no rule fires")
def none_fire(scenario: Scenario) -> None:
    """Nothing is said at all, as far as the scenario looks at rules.

    Example:
        Then no rule fires
    """
    if actual := scenario.listed():
        scenario.fail(f"too many: {', '.join(actual)}", *(scenario.speaker(name) for name in actual))


@then(sentence(r"exactly these rules are undecided: (?P<rules>.+)"))
def exactly_undecided(scenario: Scenario, rules: str) -> None:
    """The list is complete, as far as the scenario looks at rules; all that neither fire nor stand here stay silent.

    Example:
        Then exactly these rules are undecided: SPM-03, SPM-08
    """
    expected, actual = set(whole_rules(rules, scenario.evaluator.rule_base)), set(scenario.undecided())
    missing, extra = sorted(expected - actual), sorted(actual - expected)
    if missing or extra:
        told = [f"decided: {', '.join(missing)}"] if missing else []
        told += [f"undecided too: {', '.join(extra)}"] if extra else []
        scenario.fail("; ".join(told), *(scenario.speaker(name) for name in [*missing, *extra]))


@then("no rule is undecided")
def none_undecided(scenario: Scenario) -> None:
    """Every rule that the scenario looks at fires or stays silent.

    Example:
        Then no rule is undecided
    """
    if actual := scenario.undecided():
        scenario.fail(f"undecided: {', '.join(actual)}", *(scenario.speaker(name) for name in actual))


@then(sentence(r'the tier is "(?P<tier>none|info|warning|critical)"'))
def tier_is(scenario: Scenario, tier: str) -> None:
    """The highest urgency of all findings.

    Example:
        Then the tier is "warning"
    """
    if scenario.recommendation.tier != tier:
        scenario.fail(f"the tier is `{scenario.recommendation.tier}`, expected `{tier}`")


@then(sentence(rf'the card of {RULE} says "(?P<text>[^"]+)"'))
def card_says(scenario: Scenario, rule: str, text: str) -> None:
    """Summary or detail contain the words; line breaks and emphasis do not matter.

    Example:
        Then the card of it says "no survival gain shown"
    """
    speaker = scenario.speaker(rule)
    found = scenario.finding(speaker)
    card = " ".join(f"{found.summary} {found.detail}".replace("**", "").split())
    if text not in card:
        scenario.fail(f"the card of {speaker} does not say `{text}`:\n{found.summary}\n{found.detail}", speaker)


@then(sentence(rf'the card of {RULE} does not say "(?P<text>[^"]+)"'))
def card_does_not_say(scenario: Scenario, rule: str, text: str) -> None:
    """Neither summary nor detail contain the words; line breaks and emphasis do not matter.

    Example:
        Then the card of SPM-05 does not say "maintenance"
    """
    speaker = scenario.speaker(rule)
    found = scenario.finding(speaker)
    card = " ".join(f"{found.summary} {found.detail}".replace("**", "").split())
    if text in card:
        scenario.fail(f"the card of {speaker} says `{text}`:\n{found.summary}\n{found.detail}", speaker)


@then(sentence(rf"{RULE} is worded as possible"))
def worded_as_possible(scenario: Scenario, rule: str) -> None:
    """It rests on words alone: its certainty is low and its summary says so.

    Example:
        Then it is worded as possible
    """
    speaker = scenario.speaker(rule)
    found = scenario.finding(speaker)
    if found.certainty is not Certainty.LOW or "possibly" not in found.summary.casefold():
        scenario.fail(f"{speaker} is of {found.certainty} certainty and says: {found.summary}", speaker)


@then(sentence(rf'{RULE} names the fact "(?P<text>[^"]+)"'))
def names_fact(scenario: Scenario, rule: str, text: str) -> None:
    """Among the facts behind the finding is one that reads so.

    Example:
        Then it names the fact "autologous"
    """
    speaker = scenario.speaker(rule)
    lines = [describe(episode) for episode in scenario.finding(speaker).episodes]
    if not any(text in line for line in lines):
        scenario.fail(f"{speaker} does not name `{text}`, but: {'; '.join(lines)}", speaker)


@then(sentence(rf"(?P<drug>[a-z-]+) adds up to (?P<low>{NUMBER})(?: to (?P<high>{NUMBER}))? months"))
def adds_up(scenario: Scenario, drug: str, low: str, high: str | None) -> None:
    """Months of the drug in all, overlaps counted once, rounded to one decimal.

    Example:
        Then lenalidomide adds up to 24.0 months
        Then lenalidomide adds up to 12.5 to 13.5 months
    """
    one_of(
        "drug", drug, sorted({one.drug for one in scenario.evaluator.rule_base.value_sets.concepts("drug") if one.drug})
    )
    episodes = scenario.recommendation.timeline.episodes
    totals = [episode for episode in episodes if isinstance(episode, Cumulative)]
    spans = [total.duration for total in totals if (total.drug, total.phase) == (drug, "any")]
    wanted = (float(low), float(high or low))
    found = [(round(span.low, 1), round(span.high, 1)) for span in spans]
    if wanted not in found:
        scenario.fail(f"{drug} adds up to {found}, expected {wanted}")


@then(sentence(r"the patient had (?P<number>\d+) transplants?"))
def number_of_transplants(scenario: Scenario, number: str) -> None:
    """So many stem-cell infusions, however many records tell of them.

    Example:
        Then the patient had 2 transplants
    """
    found = [episode for episode in scenario.recommendation.timeline.episodes if episode.verb == "transplanted"]
    if len(found) != int(number):
        scenario.fail(f"{len(found)} transplants, expected {number}")
