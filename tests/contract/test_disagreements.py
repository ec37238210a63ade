"""Where experts disagree both sides are told, each with what it rests on."""

from __future__ import annotations

import pytest

from spmwatch.engine.catalogue.disagreements import Disagreement
from spmwatch.engine.catalogue.load import load_rule_base

BASE = load_rule_base()
ALL = pytest.mark.parametrize("disagreement", BASE.disagreements.values(), ids=lambda item: item.id)


def test_the_seven_known_disagreements_are_there_in_order() -> None:
    assert list(BASE.disagreements)[:7] == [f"D{number}" for number in range(1, 8)]


@ALL
def test_each_has_two_sides_with_evidence_of_their_own(disagreement: Disagreement) -> None:
    assert len(disagreement.positions) >= 2
    sides = [{item.id for item in position.evidence} for position in disagreement.positions]
    for index, side in enumerate(sides):
        others = set().union(*(other for at, other in enumerate(sides) if at != index))
        assert side - others, "a position needs a source that is not the other's"


@ALL
def test_what_is_shown_of_a_position_was_seen(disagreement: Disagreement) -> None:
    for position in disagreement.positions:
        assert all(item.showable for item in position.evidence)
        assert position.kinds
        assert list(position.years) == sorted(position.years)


@ALL
def test_question_and_card_read_as_such(disagreement: Disagreement) -> None:
    assert disagreement.question.endswith("?")
    assert "{" not in disagreement.card + "".join(position.says for position in disagreement.positions)
    assert len(disagreement.card) < 400, "it has to fit on a card beside the rest"


def test_the_length_of_maintenance_is_told_with_year_and_kind() -> None:
    limited, continued = BASE.disagreements["D1"].positions
    assert (limited.years[0], str(limited.kinds[0])) == (2012, "opinion")
    assert "2 years at most" in limited.says
    assert {str(kind) for kind in continued.kinds} == {"randomised trial", "label", "guideline", "cohort"}
    assert "consider" in BASE.disagreements["D1"].card.lower()


@pytest.mark.parametrize(("rule", "id_"), [("SPM-01", "D3"), ("SPM-08", "D4"), ("SPM-09", "D1"), ("SPM-17", "D7")])
def test_rules_name_the_disagreement_that_they_touch(rule: str, id_: str) -> None:
    assert id_ in next(item for item in BASE.rules if item.id == rule).disagreements


def test_a_rule_that_names_a_disagreement_cites_both_sides() -> None:
    for rule in BASE.all_rules:
        for id_ in rule.disagreements:
            for position in BASE.disagreements[id_].positions:
                assert {item.id for item in position.evidence} & set(rule.evidence), f"{rule.id}, {id_}"
