"""What two decisions differ in, and what does not count as a difference."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from spmwatch.cds_hooks.store.differences import answer_differences, differences
from spmwatch.cds_hooks.store.keys import Key
from spmwatch.cds_hooks.store.recording import facts_digest, outcome_of
from tests.support.decisions import decision, request_body

KEY = Key(b"a key that is long enough")
MADE = decision()
OUTCOME: dict[str, Any] = outcome_of(MADE.recommendation, MADE.merged, MADE.cards, KEY)
LINE = "Rule {rule} version {version}, rule base {rulebase}."


def changed(**members: Any) -> dict[str, Any]:
    return copy.deepcopy(OUTCOME) | members


def told(after: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    return [(one.of, one.what, one.name, one.field) for one in differences(OUTCOME, after)]


def test_the_same_again() -> None:
    again = decision()  # other uuids, another hook instance
    after: dict[str, Any] = outcome_of(again.recommendation, again.merged, again.cards, KEY)
    assert differences(OUTCOME, after) == []
    assert after["facts"] == OUTCOME["facts"]


def test_findings_come_go_and_change() -> None:
    after = changed()
    gone = after["findings"].pop(0)
    after["findings"][0]["words"] = "other"
    after["findings"][1]["indicator"] = "critical"
    after["findings"].append(gone | {"rule": "SPM-99", "part": "b"})
    names = [f"{one['rule']}{one['part'] or ''}" for one in OUTCOME["findings"]]
    assert told(after) == [
        ("finding", "went", names[0], ""),
        ("finding", "changed", names[1], "words"),
        ("finding", "changed", names[2], "indicator"),
        ("finding", "came", "SPM-99b", ""),
    ]


def test_cards_come_go_and_change_places() -> None:
    cards = OUTCOME["cards"]
    assert told(changed(cards=cards[1:])) == [("card", "went", cards[0]["rule"], "")]
    assert told(changed(cards=[*cards[1:], cards[0]])) == [("order", "changed", "cards", "")]
    others = [cards[0] | {"with": ["SPM-77"]}, *cards[1:]]
    assert told(changed(cards=others)) == [("card", "changed", cards[0]["rule"], "with")]


def test_truths_questions_failures_tier() -> None:
    truths = copy.deepcopy(OUTCOME["truths"])
    moved = truths["FALSE"].pop()
    truths["UNKNOWN"].append(moved)
    after = changed(truths=truths, questions=["new-topic"], failures=["SPM-01"], tier="critical")
    kinds = told(after)
    assert ("tier", "changed", "tier", "") in kinds
    assert ("truth", "changed", moved, "") in kinds
    assert ("question", "came", "new-topic", "") in kinds
    assert ("failure", "came", "SPM-01", "") in kinds


def card(**members: Any) -> dict[str, Any]:
    base = {
        "uuid": "1",
        "summary": "S",
        "indicator": "info",
        "detail": "Text\n\nSuggestion. Rule SPM-05 version 1.0.0, rule base 0.1.0 (abc).",
        "source": {"topic": {"code": "SPM05"}},
        "suggestions": [{"label": "Blood count", "uuid": "2"}],
        "links": [{"url": "https://example.org"}],
    }
    return base | members


def test_answers_differ_in_what_is_read() -> None:
    other_rules = "Text\n\nSuggestion. Rule SPM-05 version 1.1.0, rule base 0.2.0 (def) + overlay acs 1.0.0."
    same = card(uuid="3", detail=other_rules, suggestions=[{"label": "Blood count", "uuid": "4"}], links=[])
    assert answer_differences([card()], [same], LINE) == []


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"summary": "T"}, "summary"),
        ({"indicator": "warning"}, "indicator"),
        ({"detail": "Other text"}, "detail"),
        ({"suggestions": []}, "suggestions"),
    ],
)
def test_answers_by_field(members: dict[str, Any], field: str) -> None:
    found = answer_differences([card()], [card(**members)], LINE)
    assert [(one.of, one.what, one.name, one.field) for one in found] == [("card", "changed", "SPM05", field)]


def test_facts_have_one_digest_whatever_their_ids_and_places() -> None:
    renamed = request_body().replace(b"asct-1", b"other-name").replace(b"synthetic-p01", b"synthetic-p02")
    other = decision(renamed)
    moved = decision(request_body().replace(b'"2020-11-10"', b'"2020-11-12"'))
    first = facts_digest(MADE.recommendation.timeline, KEY)
    assert facts_digest(other.recommendation.timeline, KEY) == first
    assert facts_digest(moved.recommendation.timeline, KEY) != first
    assert facts_digest(MADE.recommendation.timeline, Key(b"another key, also long")) != first
