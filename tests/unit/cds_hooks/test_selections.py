"""C049: at order-select the advice is about what was selected; the rest of the drafts is background."""

from __future__ import annotations

import copy
from datetime import date
from pathlib import Path
from typing import Any

import orjson
import pytest

from spmwatch.cds_hooks.answer import HookAnswer, respond

AS_OF = date(2026, 1, 15)
HOOKS = Path(__file__).parents[3] / "examples/hooks"
LENALIDOMIDE, MELPHALAN, DEXAMETHASONE = "MedicationRequest/len", "MedicationRequest/mel", "MedicationRequest/dex"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
CODES = {LENALIDOMIDE: "602910", MELPHALAN: "197919", DEXAMETHASONE: "197577"}


def selected(*selections: str, hook: str = "order-select") -> HookAnswer:
    """The answer when these of three drafts are selected: lenalidomide, melphalan, dexamethasone."""
    request: dict[str, Any] = orjson.loads((HOOKS / "order-sign-lenalidomide-after-transplant.json").read_bytes())
    (entry,) = request["context"]["draftOrders"]["entry"]
    entries = []
    for reference, code in CODES.items():
        one = copy.deepcopy(entry)
        drug = {"coding": [{"system": RXNORM, "code": code}]}
        one["resource"] |= {"id": reference.partition("/")[2], "medicationCodeableConcept": drug}
        entries.append(one)
    request["context"]["draftOrders"]["entry"] = entries
    request["hook"] = hook
    if hook == "order-select":
        request["context"]["selections"] = list(selections)
    return respond(orjson.dumps(request), as_of=AS_OF)


def rules_of(answer: HookAnswer) -> set[str]:
    assert answer.status == 200
    assert answer.recommendation is not None
    assert answer.merged is not None
    told = {one.rule for card in answer.merged.cards for one in card.all_advice}
    assert told <= {finding.rule for finding in answer.recommendation.findings}
    return {finding.rule for finding in answer.recommendation.findings}


def test_what_was_selected_speaks_together_with_what_lies_beside_it() -> None:
    answer = selected(LENALIDOMIDE)
    assert "SPM-19" in rules_of(answer)
    cards: Any = answer.body["cards"]
    assert cards[0]["indicator"] == "critical"  # oral melphalan is in the same orders


def test_a_selected_drug_that_no_rule_is_about_brings_no_advice_on_the_others() -> None:
    assert "SPM-19" in rules_of(selected(hook="order-sign"))
    answer = selected(DEXAMETHASONE)
    assert not rules_of(answer) & {"SPM-19", "SPM-20", "SPM-28"}
    assert answer.recommendation is not None
    assert not {reason for item in answer.recommendation.plan for reason in item.reasons} & {"SPM-19"}
    assert answer.recommendation.tier != "critical"


def test_what_the_record_says_is_said_whatever_is_selected() -> None:
    answer = selected(DEXAMETHASONE)
    without: set[str] = rules_of(selected())
    assert rules_of(answer) >= without


@pytest.mark.parametrize("form", ["{}", "https://ehr.example/fhir/{}", "{}/_history/1", " {}"])
def test_selections_in_every_form_of_a_reference(form: str) -> None:
    assert ("SPM-19" in rules_of(selected(form.format(LENALIDOMIDE)))) is True
