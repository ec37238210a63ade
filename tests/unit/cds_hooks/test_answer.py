"""From bytes to answer without HTTP: what `spmwatch hook` and the route share."""

from __future__ import annotations

import uuid
from datetime import date
from itertools import count
from pathlib import Path
from typing import Any

import orjson

from spmwatch.cds_hooks.answer import HookAnswer, respond

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


def test_every_finding_is_on_some_card() -> None:
    """The merge policy shortens, it drops nothing."""
    for path in sorted(HOOKS.glob("*.json")):
        found = respond(path.read_bytes(), as_of=AS_OF)
        if found.status == 200:
            assert found.recommendation is not None
            text = orjson.dumps(found.body).decode()
            assert all(finding.rule in text for finding in found.recommendation.findings)


def test_bad_bytes_get_an_answer_too() -> None:
    for body in (b"", b"[]", b"\xef\xbb\xbf{}", b'{"hook": "patient-view"}'):
        found = respond(body, as_of=AS_OF)
        assert (found.status, found.recommendation) == (400, None)
