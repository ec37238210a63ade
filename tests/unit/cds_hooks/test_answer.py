"""From bytes to answer without HTTP: what `spmwatch hook` and the route share."""

from __future__ import annotations

import uuid
from copy import deepcopy
from datetime import date
from itertools import count
from pathlib import Path
from typing import Any

import orjson
import pytest

from spmwatch.cds_hooks.answer import HookAnswer, parse_request, read, respond
from spmwatch.cds_hooks.prefetch.reading import read_prefetch
from spmwatch.engine.acknowledgement import Acknowledgement
from spmwatch.engine.catalogue.load import load_rule_base
from spmwatch.engine.episodes import Order
from spmwatch.engine.evaluate import Evaluator
from spmwatch.engine.recommendation import Finding

HOOKS = Path(__file__).parents[3] / "examples/hooks"
AS_OF = date(2026, 1, 15)


def answer(name: str, **options: Any) -> HookAnswer:
    return respond((HOOKS / f"{name}.json").read_bytes(), as_of=AS_OF, **options)


def test_without_a_service_the_hook_decides() -> None:
    """The CLI names no service."""
    found = answer("order-sign-lenalidomide-after-transplant")
    assert found.status == 200
    assert found.recommendation is not None
    assert found.recommendation.hook == "order-sign"


def test_service_and_hook_have_to_agree() -> None:
    """C043, C044, C051."""
    assert answer("order-sign-epic", service_id="spmwatch-order-sign").status == 200
    assert answer("order-sign-epic", service_id="spmwatch-patient-view").status == 422
    assert answer("order-sign-epic", service_id="no-such-service").status == 404


def test_412_still_says_what_was_found() -> None:
    """C060: an integrator sees why."""
    found = answer("patient-view-without-prefetch")
    assert found.status == 412
    assert found.body["resourceType"] == "OperationOutcome"
    assert found.recommendation is not None
    assert {gap.element for gap in found.recommendation.gaps if gap.kind == "not-supplied"} >= {"MedicationRequest"}


def test_a_rule_that_breaks_is_no_empty_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """C091, C058: no card means that there is nothing to say, not that it could not be said."""

    def broken(*_: object) -> Finding:
        raise ZeroDivisionError

    whole = answer("patient-view-maintenance-after-transplant")
    assert whole.merged is not None
    shown = [one for card in whole.merged.cards for one in (*card.all_advice, *whole.merged.beyond)]
    quiet = [Acknowledgement(rule=one.rule, on=AS_OF, digest=one.digest) for one in shown]
    told = vars(Evaluator)["_finding"]
    monkeypatch.setattr(Evaluator, "_finding", broken)
    found = answer("patient-view-maintenance-after-transplant")
    assert found.status == 500
    assert found.body["resourceType"] == "OperationOutcome"
    assert "SPM-05" in str(found.body)
    monkeypatch.setattr(
        Evaluator, "_finding", lambda me, rule, *rest: (broken if rule.id == "SPM-05" else told)(me, rule, *rest)
    )
    assert answer("patient-view-maintenance-after-transplant").status == 200  # a card names the rule
    assert answer("patient-view-maintenance-after-transplant", acknowledged=quiet).status == 500
    assert answer("patient-view-nothing-to-say").status == 200


def test_the_day_is_an_argument() -> None:
    """Maintenance since 2021-02-15 is not over 24 months in 2022."""
    name = "patient-view-maintenance-after-transplant"
    early = respond((HOOKS / f"{name}.json").read_bytes(), as_of=date(2022, 1, 15))
    assert early.recommendation is not None
    assert "SPM-09" not in [finding.rule for finding in early.recommendation.findings]


def test_given_ids_make_equal_bytes() -> None:
    """C123."""
    name = "patient-view-maintenance-after-transplant"
    bodies = []
    for _ in range(2):
        numbers = count(1)
        bodies.append(orjson.dumps(answer(name, new_uuid=lambda numbers=numbers: uuid.UUID(int=next(numbers))).body))
    assert bodies[0] == bodies[1]


def crowded_visit() -> bytes:
    """Melphalan before and a second transplant: with what stands there, four warnings above the checks."""
    request = orjson.loads((HOOKS / "patient-view-maintenance-after-transplant.json").read_bytes())
    prefetch = request["prefetch"]
    second = deepcopy(prefetch["procedures"]["entry"][0])
    second["resource"] |= {"id": "asct-2", "performedDateTime": "2023-11-10"}
    earlier = deepcopy(prefetch["medicationAdministrations"]["entry"][0])
    earlier["resource"] |= {"id": "mel-0", "effectiveDateTime": "2018-02-01"}
    earlier["resource"]["dosage"]["dose"] = {
        "value": 9,
        "unit": "mg",
        "system": "http://unitsofmeasure.org",
        "code": "mg",
    }
    for key, entry in (("procedures", second), ("medicationAdministrations", earlier)):
        prefetch[key]["entry"].append(entry)
        prefetch[key]["total"] += 1
    return orjson.dumps(request)


@pytest.mark.parametrize("body", [crowded_visit(), *(path.read_bytes() for path in sorted(HOOKS.glob("*.json")))])
def test_every_finding_is_named_on_some_card(body: bytes) -> None:
    """The merge policy shortens, it drops nothing: each finding has its own words, also where it has no card."""
    found = respond(body, as_of=AS_OF)
    if found.status == 200:
        cards: Any = found.body["cards"]
        text = "\n".join(f"{card['summary']}\n{card['detail']}" for card in cards)
        assert found.recommendation is not None
        assert [one.summary for one in found.recommendation.findings if one.summary not in text] == []


def test_a_crowded_visit_keeps_plan_and_suggestions() -> None:
    found = respond(crowded_visit(), as_of=AS_OF)
    cards: Any = found.body["cards"]
    assert [card["indicator"] for card in cards] == ["warning"] * 4
    assert "**Checks in follow-up:**" in cards[-1]["detail"]
    assert "Screening mammography" in cards[-1]["suggestions"][0]["label"]


def test_bad_bytes_get_an_answer_too() -> None:
    for body in (b"", b"[]", b"\xef\xbb\xbf{}", b'{"hook": "patient-view"}'):
        found = respond(body, as_of=AS_OF)
        assert (found.status, found.recommendation) == (400, None)


def drugs_ordered(name: str, **options: Any) -> list[str]:
    found = answer(name, **options)
    assert found.recommendation is not None
    return [episode.drug for episode in found.recommendation.timeline.episodes if isinstance(episode, Order)]


def test_what_is_refilled_is_an_order() -> None:
    name = "medication-refill-maintenance-after-transplant"
    assert answer(name, service_id="spmwatch-medication-refill").status == 200
    assert drugs_ordered(name) == ["lenalidomide"]


@pytest.mark.parametrize(
    ("status", "counts"),
    [("active", True), ("completed", True), ("stopped", True), ("entered-in-error", False), ("cancelled", False)],
)
def test_a_prescription_that_has_run_out_may_be_refilled(status: str, counts: bool) -> None:
    """C050: the hook's definition says draft; a client may send the prescription as it stands."""
    request = orjson.loads((HOOKS / "medication-refill-maintenance-after-transplant.json").read_bytes())
    request["context"]["medications"]["entry"][0]["resource"]["status"] = status
    found = respond(orjson.dumps(request), as_of=AS_OF)
    assert found.recommendation is not None
    assert ("SPM-19" in [one.rule for one in found.recommendation.findings]) is counts


def test_a_visit_says_what_the_chart_says() -> None:
    def said(name: str) -> list[str]:
        cards: Any = answer(name).body["cards"]
        return [card["summary"] for card in cards]

    assert said("encounter-start-maintenance-after-transplant") == said("patient-view-maintenance-after-transplant")


def test_epic_without_any_results_is_silence_not_412() -> None:
    """C064, C067, C091: everything was looked for, nothing is there."""
    found = answer("patient-view-epic-no-results")
    assert (found.status, found.body) == (200, {"cards": []})


def test_what_names_no_patient_is_no_proof_of_absence() -> None:
    """C070: it is counted for nobody, and its kind is not fully known."""
    request = orjson.loads((HOOKS / "patient-view-maintenance-after-transplant.json").read_bytes())
    del request["prefetch"]["procedures"]["entry"][0]["resource"]["subject"]
    found = respond(orjson.dumps(request), as_of=AS_OF)
    assert found.recommendation is not None
    assert "Procedure" in [gap.element for gap in found.recommendation.gaps if gap.kind == "not-supplied"]


def test_a_prefetch_of_urns_is_read_like_any_other() -> None:
    """Subject and medication by `urn:uuid:`, as a document made into a searchset has them."""
    name = "patient-view-maintenance-after-transplant"
    request = orjson.loads((HOOKS / f"{name}.json").read_bytes())
    patient, drug = (f"urn:uuid:{uuid.UUID(int=number)}" for number in (1, 2))
    prefetch = request["prefetch"]
    resource = prefetch["patient"]
    prefetch["patient"] = {"resourceType": "Bundle", "entry": [{"fullUrl": patient, "resource": resource}]}
    for value in list(prefetch.values()):
        for entry in value.get("entry", []) if isinstance(value, dict) else []:
            if "subject" in entry["resource"]:
                entry["resource"]["subject"] = {"reference": patient}
    entries = prefetch["medicationRequests"]["entry"]
    code = entries[0]["resource"].pop("medicationCodeableConcept")
    entries[0]["resource"]["medicationReference"] = {"reference": drug}
    entries.append({"fullUrl": drug, "resource": {"resourceType": "Medication", "id": "m", "code": code}})
    del prefetch["medicationRequests"]["total"]
    found, before = respond(orjson.dumps(request), as_of=AS_OF), answer(name)
    assert found.recommendation is not None
    assert before.recommendation is not None
    assert [f.rule for f in found.recommendation.findings] == [f.rule for f in before.recommendation.findings]


def test_a_patient_sent_bare_is_referred_to_by_the_id_as_a_urn() -> None:
    """What passes as the patient's is counted as the patient's."""
    name = "patient-view-maintenance-after-transplant"
    text = (HOOKS / f"{name}.json").read_text(encoding="utf-8")
    found, before = respond(text.replace('"Patient/', '"urn:uuid:').encode(), as_of=AS_OF), answer(name)
    assert found.recommendation is not None
    assert before.recommendation is not None
    assert [f.summary for f in found.recommendation.findings] == [f.summary for f in before.recommendation.findings]


def test_what_was_counted_for_nobody_leaves_its_kind_open() -> None:
    """C070: also where the two readers of subjects, one for refusing and one for counting, do not agree."""
    request = orjson.loads((HOOKS / "patient-view-maintenance-after-transplant.json").read_bytes())
    drug = request["prefetch"]["medicationAdministrations"]["entry"][0]["resource"]
    drug["subject"] = {"identifier": {"system": "urn:unknown", "value": "1"}}
    record = read(*read_all(request))
    assert record.coverage.lacks("MedicationAdministration")
    assert not record.coverage.lacks("Condition")


def read_all(request: dict[str, Any]) -> tuple[Any, Any, Any]:
    parsed = parse_request(orjson.dumps(request), None)
    return parsed, read_prefetch(parsed.prefetch), load_rule_base().value_sets
