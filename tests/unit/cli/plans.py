"""A plan made by hand, for what is printed and written of it."""

from __future__ import annotations

from typing import Any

from spmwatch.engine.catalogue.load import load_rule_base
from spmwatch.engine.dates import DateRange
from spmwatch.engine.recommendation import PlanItem


def item(check: str, state: str, **more: Any) -> PlanItem:
    """A check that rests on USPSTF."""
    source = load_rule_base().evidence["G04"]
    known: dict[str, Any] = {
        "title": f"{check.capitalize()} check",
        "schedule": f"Everybody: {check} every year",
        "reasons": (),
        "excluded": None,
        "test": None,
        "last": None,
        "references": (),
        "next": None,
        "overdue_days": None,
        "orderables": (),
    }
    return PlanItem(check=check, state=state, source=source, **{**known, **more})


def day(text: str) -> DateRange:
    """A FHIR date."""
    return DateRange.parse(text)


OVERDUE = item(
    "skin",
    "overdue",
    reasons=("SPM-01", "SPM-25"),
    test="skin-exam",
    last=day("2024-11-15"),
    references=("Procedure/p1",),
    next=day("2025-11-15"),
    overdue_days=(61, 61),
)
NEVER = item("breast", "none-recorded", reasons=("SPM-26a",))
ROUGHLY = item("colorectal", "unknown", test="fit", last=day("2025-01"), next=day("2026-01"), overdue_days=(0, 14))
CURRENT = item("cbc", "up-to-date", last=day("2026-01-05"), next=day("2026-02-02"))
EXCLUDED = item("cervical", "excluded", excluded="The cervix was removed", references=("Condition/c1",))
PLAN = (OVERDUE, NEVER, ROUGHLY, CURRENT, EXCLUDED)
