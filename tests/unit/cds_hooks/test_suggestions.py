"""What may be accepted from a card, and the plan that stands on it (C103-C111)."""

from __future__ import annotations

import json
import uuid
from dataclasses import replace
from datetime import date
from itertools import count
from typing import Any

import pytest
from fhir.resources.R4B.servicerequest import ServiceRequest

from spmwatch.cds_hooks.cards.layout import lay_out
from spmwatch.cds_hooks.cards.plan_lines import PlanPage, inline
from spmwatch.cds_hooks.cards.suggestions import label
from spmwatch.engine.catalogue.load import load_rule_base
from spmwatch.engine.catalogue.wording import default_wording
from spmwatch.engine.dates import DateRange
from spmwatch.engine.episodes import Disease, Timeline
from spmwatch.engine.facts import Source, Standing
from spmwatch.engine.merging import merge
from spmwatch.engine.recommendation import Finding
from tests.unit.engine.recommendations import AS_OF, CRITICAL, WARNING, check, finding, orderable, recommendation

POLICY = load_rule_base().card_policy
FORM = POLICY.lines.suggestion
MYELOMA = Disease(id="d1", family="myeloma", sources=(Source(reference="Condition/mm-1"),))


def cards(*findings: Finding, **changes: Any) -> list[dict[str, Any]]:
    numbers = count(1)
    given = recommendation(*findings, **changes)
    return lay_out(
        merge(given, policy=POLICY),
        given,
        policy=POLICY,
        texts=load_rule_base().texts,
        new_uuid=lambda: uuid.UUID(int=next(numbers)),
    )


def suggested(**changes: Any) -> list[dict[str, Any]]:
    """The suggestions of a card for one blood count that is overdue."""
    item = replace(
        check("Blood count"),
        reasons=("SPM-24", "SPM-26b"),
        orderables=(orderable("Complete blood count", confirm="The treating haematologist, with the nurse"),),
    )
    timeline = Timeline(patient="p1", as_of=AS_OF, episodes=changes.pop("episodes", (MYELOMA,)))
    (card,) = cards(
        finding("SPM-24"), finding("SPM-26", part="b"), plan=changes.pop("plan", (item,)), timeline=timeline, **changes
    )
    assert card["selectionBehavior"] == "any"
    found = card["suggestions"]
    assert isinstance(found, list)
    return found


def resource_of(suggestion: dict[str, Any]) -> dict[str, Any]:
    (action,) = suggestion["actions"]
    found = action["resource"]
    assert isinstance(found, dict)
    return found


def test_a_suggestion_is_one_draft_that_somebody_confirms() -> None:
    (suggestion,) = suggested()
    assert set(suggestion) == {"label", "uuid", "actions"}  # nothing is recommended above the rest
    assert uuid.UUID(suggestion["uuid"])
    assert suggestion["label"] == "Draft: Complete blood count (treating haematologist confirms)"
    (action,) = suggestion["actions"]
    assert action["type"] == "create"
    assert "resourceId" not in action
    assert "The treating haematologist, with the nurse" in action["description"]


def test_the_draft_is_a_valid_proposal_for_this_patient() -> None:
    """Read back by fhir.resources: never active, never an order."""
    resource = resource_of(suggested(patient="p-77")[0])
    read = ServiceRequest.model_validate_json(json.dumps(resource))
    assert (read.status, read.intent) == ("draft", "proposal")
    assert read.subject.reference == "Patient/p-77"
    assert read.code.text == "Complete blood count"
    assert [reason.text for reason in read.reasonCode] == ["Summary of SPM-24", "Summary of SPM-26"]
    assert [reason.reference for reason in read.reasonReference] == ["Condition/mm-1"]
    assert "SPM-24, SPM-26b" in read.note[0].text
    assert "The treating haematologist, with the nurse" in read.note[0].text
    assert not {"id", "requester", "performer", "authoredOn"} & set(resource)


def test_a_code_is_given_where_one_was_verified() -> None:
    coded = orderable(
        "Complete blood count", system="http://www.ama-assn.org/go/cpt", code="85025", code_display="Blood count"
    )
    in_words = orderable("Skin check")
    plan = (check("cbc", orderables=(coded,)), check("skin", orderables=(in_words,)))
    first, second = (resource_of(one)["code"] for one in suggested(plan=plan))
    assert first["coding"] == [{"system": "http://www.ama-assn.org/go/cpt", "code": "85025", "display": "Blood count"}]
    assert "coding" not in second
    assert second["text"] == "Skin check"


@pytest.mark.parametrize(
    "episodes",
    [
        (),
        (replace(MYELOMA, standing=Standing.POSSIBLE),),
        (replace(MYELOMA, family="other-indication"),),
        (replace(MYELOMA, sources=(Source(reference="https://elsewhere.example/Condition/x"),)),),
        (replace(MYELOMA, sources=(Source(reference="Condition/<b>"),)),),
    ],
)
def test_no_reference_but_to_the_myeloma_on_this_server(episodes: Any) -> None:
    assert "reasonReference" not in resource_of(suggested(episodes=episodes)[0])


def test_a_check_that_no_finding_names_is_a_reason_by_its_name() -> None:
    (suggestion,) = suggested(plan=(check("skin check"),))
    assert [reason["text"] for reason in resource_of(suggestion)["reasonCode"]] == ["skin check"]


def test_every_id_of_an_answer_is_its_own() -> None:
    plan = tuple(check(f"c{number}", orders=("a", "b")) for number in range(3))
    (card,) = cards(finding("SPM-24"), plan=plan)
    ids = [card["uuid"], *(one["uuid"] for one in card["suggestions"])]
    assert len(set(ids)) == len(ids) == 7


def test_without_suggestions_nothing_is_said_of_selecting() -> None:
    """C003."""
    (card,) = cards(finding("SPM-24"), plan=(check("skin", orders=()),))
    assert not {"suggestions", "selectionBehavior"} & set(card)
    (critical,) = cards(finding("SPM-21", CRITICAL), plan=(check("cbc"),))
    assert not {"suggestions", "selectionBehavior"} & set(critical)


@pytest.mark.parametrize(
    ("name", "confirm", "expected"),
    [
        ("Mammography", "The screening team", "Mammography (screening team confirms)"),
        ("x" * 50, "y" * 17, "x" * 50 + " (" + "y" * 17 + " confirms)"),
        ("x" * 50, "y" * 18, "x" * 50),
        ("x" * 79, "y", "x" * 79),
        ("x" * 80, "y", "x" * 78 + "…"),
    ],
)
def test_a_label_has_fewer_than_80_characters(name: str, confirm: str, expected: str) -> None:
    found = label(orderable("d", label=name, confirm=confirm), FORM)
    assert found == expected
    assert len(found) < 80


# -- the plan -------------------------------------------------------------------------------------------------------


def day(text: str) -> DateRange:
    return DateRange(date.fromisoformat(text), date.fromisoformat(text))


def lines(*items: Any) -> list[str]:
    return PlanPage(POLICY.plan, default_wording()).text(items).splitlines()


def test_what_is_open_has_a_line_and_the_rest_shares_two() -> None:
    assert lines(
        check("Blood count", overdue_days=(12, 12), last=day("2025-12-01"), next=day("2026-01-03")),
        check("Skin check", "none-recorded", last=None, next=None, overdue_days=None),
        check("Lung", "unknown", last=None, next=None, excluded="Smoking is not on record"),
        check("Full review", "up-to-date", next=day("2026-05-01")),
        check("HPV test", "up-to-date", next=None),
        check("Breast", "excluded", excluded="Both breasts were removed"),
    ) == [
        "**Checks in follow-up:**",
        "",
        "- **Blood count:** overdue by 12 days, last 2025-12-01, due 2026-01-03",
        "- **Skin check:** none recorded",
        "- **Lung:** not known whether due, may not apply (Smoking is not on record)",
        "- Up to date: full review (due 2026-05-01); HPV test",
        "- Not applicable: breast (both breasts were removed)",
    ]


def test_days_that_are_not_known_exactly() -> None:
    line = lines(check("Skin check", overdue_days=(10, 40), last=DateRange(date(2024, 11, 1), date(2024, 11, 30))))[2]
    assert "overdue by 10 to 40 days" in line
    assert "2024-11" in line


@pytest.mark.parametrize("state", ["due", "overdue", "none-recorded", "individual", "unknown"])
def test_every_open_state_has_words(state: str) -> None:
    assert lines(check("Lung", state, last=None, next=None, overdue_days=None))[2].startswith("- **Lung:** ")


def test_what_was_not_sent_leaves_one_line_of_what_it_would_have_told() -> None:
    unsent = {"last": None, "next": None, "overdue_days": None, "kept_in": ("Procedure", "Observation")}
    plan = (
        check("Breast", "unknown", **unsent),
        check("Lung", "unknown", **unsent, excluded="Smoking is not on record"),
        check("Skin", "unknown", **(unsent | {"kept_in": ("Condition",)})),
        check("Cervical", "due", **unsent),
    )
    hidden = (
        "- Not known whether due, because not sent, or not in full (Observation, Procedure): "
        "breast; lung (may not apply (smoking is not on record))"
    )
    page = PlanPage(POLICY.plan, default_wording(), not_sent=("Observation", "Procedure"))
    assert page.text(plan).splitlines()[2:] == [
        "- **Skin:** not known whether due",
        "- **Cervical:** due now",
        hidden,
    ]


def test_on_a_card_of_another_rule_the_plan_has_a_line_for_each_state() -> None:
    none = {"last": None, "next": None, "overdue_days": None}
    plan = (
        check("Blood count", overdue_days=(12, 12), last=day("2025-12-01"), next=day("2026-01-03")),
        check("Skin check", "none-recorded", **none),
        check("Breast", "none-recorded", **none),
        check("Lung", "up-to-date", next=None),
    )
    (card,) = cards(finding("SPM-05"), plan=plan)
    assert (
        "**Checks in follow-up:**\n\n- Overdue: blood count (overdue by 12 days, last 2025-12-01, due 2026-01-03)\n"
        "- None recorded: skin check; breast\n- Up to date: lung\n"
    ) in card["detail"]


def test_the_most_urgent_check_is_named_first() -> None:
    """By the finding that says it is due; what other findings ask for does not count here."""
    plan = (
        check("Breast", "overdue", reasons=("SPM-26a", "SPM-05")),
        check("Blood count", "overdue", reasons=("SPM-24",)),
        check("Skin check", "none-recorded", reasons=("SPM-25",)),
    )
    found = [finding("SPM-24", WARNING), finding("SPM-25"), finding("SPM-26", part="a"), finding("SPM-05", WARNING)]
    card = next(card for card in cards(*found, plan=plan) if "suggestions" in card)
    assert card["summary"] == "Checks due in follow-up: blood count, breast, skin check"
    assert card["suggestions"][0]["label"].startswith("Draft: Blood count")


def test_several_due_checks_are_named_in_the_summary() -> None:
    plan = (check("Blood count"), check("Full skin check", "none-recorded"), check("Lung", "up-to-date"))
    (card,) = cards(finding("SPM-24"), finding("SPM-25"), plan=plan)
    assert card["summary"] == "Checks due in follow-up: blood count, full skin check"
    assert "- **Blood count:**" in card["detail"]
    (alone,) = cards(finding("SPM-24"), plan=plan)
    assert alone["summary"] == "Summary of SPM-24"


def test_a_summary_that_would_get_too_long_counts_the_rest() -> None:
    plan = tuple(check(f"{name} cancer screening") for name in ("breast", "cervical", "colorectal", "lung", "skin"))
    (card,) = cards(finding("SPM-24"), finding("SPM-25"), plan=plan)
    assert card["summary"] == (
        "Checks due in follow-up: breast cancer screening, cervical cancer screening, colorectal cancer screening, "
        "lung cancer screening and 1 more"
    )
    assert len(card["summary"]) < 140


def test_on_the_card_of_due_checks_the_plan_comes_first() -> None:
    (due,) = cards(finding("SPM-24"), plan=(check("cbc"),))
    assert due["detail"].startswith("**Checks in follow-up:**")
    (other,) = cards(finding("SPM-05"), plan=(check("cbc"),))
    assert other["detail"].index("Detail of SPM-05") < other["detail"].index("**Checks in follow-up:**")


def test_a_title_inside_a_sentence() -> None:
    assert inline("Full skin check") == "full skin check"
    assert inline("HPV test") == "HPV test"
    assert inline("") == ""
