"""From findings to few cards (clinical merge policy)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spmwatch.engine.acknowledgement import Acknowledgement
from spmwatch.engine.catalogue.load import load_rule_base
from spmwatch.engine.catalogue.rule import Indicator
from spmwatch.engine.episodes import Malignancy
from spmwatch.engine.merging import Merged, merge
from spmwatch.engine.recommendation import Finding, OpenQuestion
from tests.unit.engine.recommendations import (
    AS_OF,
    CRITICAL,
    INFO,
    WARNING,
    acknowledge,
    check,
    finding,
    leads,
    maintenance,
    places,
    recommendation,
)

POLICY = load_rule_base().card_policy
RULES = [f"SPM-{number:02d}" for number in range(1, 31)]


def merged(*findings: Finding, acknowledged: list[Acknowledgement] | None = None, **changes: Any) -> Merged:
    return merge(recommendation(*findings, **changes), policy=POLICY, acknowledged=acknowledged or [])


def test_nothing_found_nothing_merged() -> None:
    assert merged() == Merged(cards=())


def test_urgency_goes_before_decisiveness_and_both_before_the_id() -> None:
    found = merged(finding("SPM-05"), finding("SPM-22"), finding("SPM-09", WARNING), finding("SPM-02"))
    assert leads(found) == ["SPM-09", "SPM-22", "SPM-02", "SPM-05"]


def test_the_order_that_is_signed_speaks_for_its_cause() -> None:
    """One critical card for melphalan; the new cancer is another matter."""
    found = merged(finding("SPM-03", CRITICAL), finding("SPM-20", CRITICAL), finding("SPM-17", CRITICAL))
    assert leads(found) == ["SPM-20", "SPM-17"]
    assert [one.rule for one in found.cards[0].folded] == ["SPM-03"]


def test_blasts_carry_low_counts() -> None:
    found = merged(finding("SPM-23", CRITICAL), finding("SPM-21", CRITICAL))
    assert leads(found) == ["SPM-21"]
    assert [one.rule for one in found.cards[0].folded] == ["SPM-23"]


@pytest.mark.parametrize("group", ["aml", "all", "mds", "t-mn"])
def test_blasts_and_acute_leukaemia_are_one_cause(group: str) -> None:
    leukaemia = finding("SPM-17", CRITICAL, episodes=(Malignancy(id="m", group=group), maintenance()))
    found = merged(leukaemia, finding("SPM-21", CRITICAL))
    assert leads(found) == ["SPM-21"]
    assert [one.rule for one in found.cards[0].folded] == ["SPM-17"]


@pytest.mark.parametrize("groups", [["solid"], ["aml", "solid"], ["unknown"], []])
def test_blasts_and_another_cancer_are_two(groups: list[str]) -> None:
    cancers = tuple(Malignancy(id=group, group=group) for group in groups)
    found = merged(finding("SPM-17", CRITICAL, episodes=cancers), finding("SPM-21", CRITICAL))
    assert leads(found) == ["SPM-21", "SPM-17"]


def test_a_warning_of_a_critical_cause_keeps_its_card() -> None:
    assert leads(merged(finding("SPM-21", CRITICAL), finding("SPM-23", WARNING))) == ["SPM-21", "SPM-23"]


def test_due_checks_share_one_card_and_the_strongest_leads_it() -> None:
    found = merged(finding("SPM-24"), finding("SPM-26", part="b"), finding("SPM-25", WARNING), finding("SPM-09"))
    assert leads(found) == ["SPM-25", "SPM-09"]
    assert [one.rule for one in found.cards[0].folded] == ["SPM-24", "SPM-26"]


def test_the_first_order_takes_due_checks_along() -> None:
    found = merged(finding("SPM-28"), finding("SPM-26", part="a"))
    assert leads(found) == ["SPM-28"]


def test_context_is_told_inside_the_top_card() -> None:
    (card,) = merged(finding("SPM-01"), finding("SPM-27"), finding("SPM-05")).cards
    assert card.advice.rule == "SPM-05"
    assert [one.rule for one in card.folded] == ["SPM-27"]
    assert [one.rule for one in card.mentioned] == ["SPM-01"]


def test_context_speaks_where_it_is_alone() -> None:
    (card,) = merged(finding("SPM-27")).cards
    assert card.advice.rule == "SPM-27"
    found = merged(finding("SPM-27"), finding("SPM-01"), finding("SPM-29"))
    assert leads(found) == ["SPM-01", "SPM-29"]
    assert [one.rule for one in found.cards[0].folded] == ["SPM-27"]


def test_what_is_more_than_info_is_no_context() -> None:
    assert leads(merged(finding("SPM-05"), finding("SPM-16", WARNING))) == ["SPM-16", "SPM-05"]
    assert leads(merged(finding("SPM-05"), finding("SPM-16"))) == ["SPM-05"]


def test_data_gaps_come_last_and_inside_the_last_of_four() -> None:
    """Their questions are not to be lost where there is no room."""
    three = [finding(rule) for rule in ("SPM-02", "SPM-04", "SPM-05")]
    assert leads(merged(finding("SPM-29"), *three)) == ["SPM-02", "SPM-04", "SPM-05", "SPM-29"]
    found = merged(finding("SPM-29"), *three, finding("SPM-08"), finding("SPM-09"))
    assert leads(found) == ["SPM-02", "SPM-04", "SPM-05", "SPM-08"]
    assert [one.rule for one in found.cards[-1].folded] == ["SPM-29"]
    assert [one.rule for one in found.beyond] == ["SPM-09"]


def question(*rules: str, decisive: bool = True) -> OpenQuestion:
    return OpenQuestion(topic="t", question="What?", rules=rules, decisive=decisive, references=())


def test_data_gaps_need_no_card_where_the_others_ask_all_their_questions() -> None:
    given_ = [finding("SPM-05"), finding("SPM-02"), finding("SPM-29")]
    found = merged(*given_, questions=(question("SPM-05", "SPM-29"), question("SPM-02"), question(decisive=False)))
    assert leads(found) == ["SPM-02", "SPM-05"]
    assert [one.rule for one in found.cards[-1].mentioned] == ["SPM-29"]


@pytest.mark.parametrize("open_", [(question("SPM-08"),), (question("SPM-05"), question("SPM-08", "SPM-29")), ()])
def test_data_gaps_have_a_card_where_a_question_is_asked_nowhere_else(open_: tuple[OpenQuestion, ...]) -> None:
    assert leads(merged(finding("SPM-05"), finding("SPM-29"), questions=open_)) == ["SPM-05", "SPM-29"]
    assert leads(merged(finding("SPM-29"), questions=open_)) == ["SPM-29"]


def test_a_question_of_a_rule_without_a_card_is_not_asked_yet() -> None:
    given_ = [finding(rule) for rule in ("SPM-02", "SPM-04", "SPM-05", "SPM-08", "SPM-09", "SPM-29")]
    found = merged(*given_, questions=(question("SPM-09"),))
    assert [one.rule for one in found.cards[-1].folded] == ["SPM-29"]
    found = merged(*given_, questions=(question("SPM-08"),))
    assert [one.rule for one in found.cards[-1].mentioned] == ["SPM-29"]
    assert [one.rule for one in found.beyond] == ["SPM-09"]


def test_parts_of_a_rule_stand_together_strongest_first() -> None:
    (card,) = merged(finding("SPM-02", part="a"), finding("SPM-02", WARNING, part="b")).cards
    assert [one.part for one in card.advice.findings] == ["b", "a"]
    assert card.advice.indicator is WARNING


def test_the_order_of_findings_does_not_matter() -> None:
    found = [finding("SPM-01"), finding("SPM-29"), finding("SPM-24"), finding("SPM-02", part="a"), finding("SPM-25")]
    results = [merged(*order) for order in permutations(found)]
    assert all(one == results[0] for one in results)


# -- acknowledged ---------------------------------------------------------------------------------------------------


def acknowledged_days_ago(days: int) -> Merged:
    """SPM-05 and SPM-09, of which the first was acknowledged so long ago."""
    given_ = [finding("SPM-05", WARNING), finding("SPM-09")]
    seen = acknowledge(merged(*given_).cards[0], AS_OF - timedelta(days=days))
    return merged(*given_, acknowledged=seen)


@pytest.mark.parametrize("days", [0, 1, 90])
def test_an_acknowledged_card_stays_quiet(days: int) -> None:
    found = acknowledged_days_ago(days)
    assert leads(found) == ["SPM-09"]
    (quiet,) = found.quiet
    assert (quiet.advice.rule, quiet.on) == ("SPM-05", AS_OF - timedelta(days=days))
    assert quiet.until == quiet.on + timedelta(days=90)


@pytest.mark.parametrize("days", [91, 400, -1])
def test_it_speaks_again_after_ninety_days_and_not_before_it_was_acknowledged(days: int) -> None:
    found = acknowledged_days_ago(days)
    assert leads(found) == ["SPM-05", "SPM-09"]
    assert found.quiet == ()


def test_the_last_acknowledgement_counts() -> None:
    given_ = [finding("SPM-05")]
    (card,) = merged(*given_).cards
    seen = [*acknowledge(card, date(2025, 12, 1)), *acknowledge(card, date(2026, 1, 1))]
    for known in (seen, seen[::-1]):
        assert merged(*given_, acknowledged=known).quiet[0].on == date(2026, 1, 1)


def test_critical_is_never_quiet() -> None:
    given_ = [finding("SPM-21", CRITICAL)]
    seen = acknowledge(merged(*given_).cards[0], AS_OF)
    assert leads(merged(*given_, acknowledged=seen)) == ["SPM-21"]


def test_an_acknowledged_warning_does_not_quieten_what_became_critical() -> None:
    seen = acknowledge(merged(finding("SPM-03", WARNING)).cards[0], AS_OF)
    assert leads(merged(finding("SPM-03", CRITICAL), acknowledged=seen)) == ["SPM-03"]
    later = [*seen, *acknowledge(merged(finding("SPM-03", CRITICAL)).cards[0], AS_OF)]
    assert leads(merged(finding("SPM-03", CRITICAL), acknowledged=later)) == ["SPM-03"]


def test_new_inputs_speak_again() -> None:
    seen = acknowledge(merged(finding("SPM-05")).cards[0], AS_OF)
    assert leads(merged(finding("SPM-05", episodes=(maintenance(phase="relapse"),)), acknowledged=seen)) == ["SPM-05"]
    assert leads(merged(finding("SPM-05", variant="w"), acknowledged=seen)) == ["SPM-05"]


def test_what_a_card_told_inside_is_acknowledged_with_it() -> None:
    """Context and due checks: nothing of an acknowledged card comes back on its own."""
    given_ = [finding("SPM-24"), finding("SPM-25"), finding("SPM-01"), finding("SPM-27")]
    found = merged(*given_, acknowledged=acknowledge(merged(*given_).cards[0], AS_OF))
    assert found.cards == ()
    assert {quiet.advice.rule for quiet in found.quiet} == {"SPM-01", "SPM-24", "SPM-25", "SPM-27"}


def test_a_check_that_becomes_due_later_speaks_alone() -> None:
    seen = acknowledge(merged(finding("SPM-24")).cards[0], AS_OF)
    found = merged(finding("SPM-24"), finding("SPM-25"), acknowledged=seen)
    assert leads(found) == ["SPM-25"]
    assert found.cards[0].folded == ()


def test_what_was_only_named_beyond_the_cards_is_not_acknowledged_with_them() -> None:
    given_ = [finding(rule) for rule in ("SPM-02", "SPM-04", "SPM-05", "SPM-08", "SPM-09")]
    seen = [one for card in merged(*given_).cards for one in acknowledge(card, AS_OF)]
    assert leads(merged(*given_, acknowledged=seen)) == ["SPM-09"]


def test_of_another_patient_nothing_is_quiet() -> None:
    seen = acknowledge(merged(finding("SPM-05")).cards[0], AS_OF)
    assert leads(merged(finding("SPM-05"), patient="p2", acknowledged=seen)) == ["SPM-05"]


# -- plan and suggestions -------------------------------------------------------------------------------------------


def suggested(found: Merged) -> list[str]:
    return [one.orderable.display for card in found.cards for one in card.suggested]


def test_the_card_of_due_checks_shows_the_plan_and_suggests() -> None:
    plan = (check("cbc"), check("skin", "none-recorded"), check("breast", "up-to-date"), check("lung", "due"))
    found = merged(finding("SPM-09", WARNING), finding("SPM-24"), plan=plan)
    assert leads(found) == ["SPM-09", "SPM-24"]
    assert found.cards[0].plan == ()
    assert found.cards[1].plan == plan
    assert suggested(found) == ["cbc one", "skin one", "lung one"]


@pytest.mark.parametrize("state", ["up-to-date", "individual", "excluded", "unknown"])
def test_what_is_not_due_is_not_suggested(state: str) -> None:
    assert suggested(merged(finding("SPM-24"), plan=(check("cbc", state),))) == []


def test_no_due_check_is_left_without_its_first_choice() -> None:
    plan = tuple(check(f"check{number}", orders=("first", "second", "third")) for number in range(6))
    chosen = suggested(merged(finding("SPM-26", part="a"), plan=plan))
    assert len(chosen) == POLICY.most_suggestions
    assert chosen[:6] == [f"check{number} first" for number in range(6)]


def test_without_a_card_of_checks_the_last_card_shows_the_plan_and_suggests_nothing() -> None:
    found = merged(finding("SPM-05"), finding("SPM-09"), finding("SPM-29"), plan=(check("cbc", "due"),))
    assert [len(card.plan) for card in found.cards] == [0, 1, 0]
    assert suggested(found) == []


def test_a_critical_card_carries_the_plan_only_where_no_other_can() -> None:
    plan = (check("cbc", "up-to-date"),)
    found = merged(finding("SPM-21", CRITICAL), finding("SPM-05"), plan=plan)
    assert [card.plan for card in found.cards] == [(), plan]
    assert merged(finding("SPM-21", CRITICAL), plan=plan).cards[0].plan == plan


def test_due_checks_take_the_last_place_from_what_is_not_more_urgent() -> None:
    four = [finding(rule) for rule in ("SPM-21", "SPM-20", "SPM-19", "SPM-17")]
    found = merged(*four, finding("SPM-25"), plan=(check("skin"),))
    assert leads(found) == ["SPM-21", "SPM-20", "SPM-19", "SPM-25"]
    assert [one.rule for one in found.beyond] == ["SPM-17"]
    assert suggested(found) == ["skin one"]
    warnings = [replace(one, indicator=WARNING) for one in four]
    assert leads(merged(*warnings, finding("SPM-25", WARNING), plan=(check("skin"),)))[-1] == "SPM-25"


def test_where_four_are_more_urgent_the_last_card_carries_plan_and_suggestions() -> None:
    four = [finding(rule, WARNING) for rule in ("SPM-02", "SPM-04", "SPM-05", "SPM-08")]
    plan = (check("cbc"),)
    found = merged(*four, finding("SPM-24"), finding("SPM-25"), finding("SPM-29"), plan=plan)
    assert leads(found) == ["SPM-02", "SPM-04", "SPM-05", "SPM-08"]
    assert [card.plan for card in found.cards] == [(), (), (), plan]
    assert [one.rule for one in found.cards[-1].mentioned] == ["SPM-24", "SPM-25"]
    assert suggested(found) == ["cbc one"]
    assert found.beyond == ()


def test_no_critical_card_gives_way_to_due_checks() -> None:
    four = [finding(rule, CRITICAL) for rule in ("SPM-02", "SPM-04", "SPM-05", "SPM-08")]
    found = merged(*four, finding("SPM-24", WARNING), plan=(check("cbc"),))
    assert leads(found) == ["SPM-02", "SPM-04", "SPM-05", "SPM-08"]
    assert suggested(found) == ["cbc one"]
    assert found.cards[-1].suggested


def test_a_policy_may_leave_the_place_to_others() -> None:
    four = [finding(rule) for rule in ("SPM-21", "SPM-20", "SPM-19", "SPM-17")]
    given_ = recommendation(*four, finding("SPM-25"), plan=(check("skin"),))
    found = merge(given_, policy=POLICY.model_copy(update={"checks_keep_a_place": False}))
    assert leads(found) == ["SPM-21", "SPM-20", "SPM-19", "SPM-17"]
    assert found.cards[-1].suggested


# -- whatever is found ----------------------------------------------------------------------------------------------

FINDINGS = st.builds(
    finding,
    rule=st.sampled_from(RULES),
    indicator=st.sampled_from([INFO, WARNING, CRITICAL]),
    part=st.sampled_from([None, "a", "b"]),
)
VISITS = st.lists(FINDINGS, max_size=40)


PLANS = st.sampled_from([(), (check("cbc"),)])


@given(VISITS, PLANS)
def test_at_most_four_cards_and_every_rule_in_exactly_one_place(found: list[Finding], plan: Any) -> None:
    result = merged(*found, plan=plan)
    assert len(result.cards) <= POLICY.most_cards
    assert sorted(places(result)) == sorted({one.rule for one in found})
    assert bool(result.cards) == bool(found)


@given(VISITS)
def test_a_plan_always_stands_on_one_card_and_speaking_checks_suggest(found: list[Finding]) -> None:
    result = merged(*found, plan=(check("cbc"),))
    assert sum(bool(card.plan) for card in result.cards) == bool(found)
    assert bool(suggested(result)) == any(one.rule in POLICY.checks for one in found)


@given(VISITS, PLANS)
def test_every_finding_is_kept(found: list[Finding], plan: Any) -> None:
    result = merged(*found, plan=plan)
    advice = [*(one for card in result.cards for one in card.all_advice), *result.beyond]
    assert sorted(map(repr, (f for one in advice for f in one.findings))) == sorted(map(repr, found))


@given(VISITS, PLANS)
def test_cards_stand_in_order_of_urgency(found: list[Finding], plan: Any) -> None:
    """But for the card of data gaps, which is last."""
    cards = merged(*found, plan=plan).cards
    ranks = [card.advice.indicator.rank for card in cards if card.advice.rule != POLICY.data_gaps]
    assert ranks == sorted(ranks, reverse=True)


@given(VISITS, st.integers(-2, 100))
def test_acknowledged_cards_are_quiet_and_critical_ones_never(found: list[Finding], days: int) -> None:
    before = merged(*found)
    on = AS_OF - timedelta(days=days)
    after = merged(*found, acknowledged=[one for card in before.cards for one in acknowledge(card, on)])
    assert sorted(places(after)) == sorted(places(before))
    assert all(quiet.advice.indicator is not Indicator.CRITICAL for quiet in after.quiet)
    told = {one.rule for card in before.cards for one in card.all_advice if one.indicator is not Indicator.CRITICAL}
    assert {quiet.advice.rule for quiet in after.quiet} == (told if 0 <= days <= POLICY.quiet_days else set())
