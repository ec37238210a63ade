"""What a clinician may accept from a card: requests for checks that are due, each a draft that somebody confirms.

One `create` of a ServiceRequest a suggestion; never an update, a delete or a system action, and nothing is recommended
above the rest. Which checks is decided in engine/merging.py.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable

from spmwatch.engine.catalogue.card_policy import CardPolicy
from spmwatch.engine.merging import Card, Suggested
from spmwatch.engine.recommendation import Orderable, Recommendation
from spmwatch.fhir_adapters.service_request import draft_request, myeloma_condition

Json = dict[str, object]

LABEL_LIMIT = 79
"""CDS Hooks 3.0 ballot: EHRs show about 80 characters of a label."""


def suggestions(
    card: Card, recommendation: Recommendation, *, policy: CardPolicy, new_uuid: Callable[[], uuid.UUID | str]
) -> Json:
    """`suggestions` and `selectionBehavior` of a card (C103-C110); nothing when it suggests nothing (C003)."""
    if not card.suggested:
        return {}
    condition = myeloma_condition(recommendation.timeline)
    items = [_suggestion(one, recommendation, condition, policy, new_uuid()) for one in card.suggested]
    return {"suggestions": items, "selectionBehavior": "any"}


def _suggestion(
    one: Suggested, recommendation: Recommendation, condition: str | None, policy: CardPolicy, id_: uuid.UUID | str
) -> Json:
    orderable, lines = one.orderable, policy.lines
    rules = ", ".join(one.item.reasons) or one.item.check
    resource = draft_request(
        orderable,
        patient=recommendation.patient,
        reasons=_reasons(one, recommendation),
        condition=condition,
        note=lines.request_note.format(rules=rules, source=one.item.source.title, confirm=orderable.confirm),
    )
    action = {
        "type": "create",
        "description": lines.request.format(display=orderable.display, confirm=orderable.confirm),
        "resource": resource,
    }
    return {"label": label(orderable, lines.suggestion), "uuid": str(id_), "actions": [action]}


def _reasons(one: Suggested, recommendation: Recommendation) -> list[str]:
    """The findings that are a reason for the check, in their own words, strongest first; else the check's name."""
    found = [f.summary for f in recommendation.findings if {f.rule, f"{f.rule}{f.part or ''}"} & set(one.item.reasons)]
    return list(dict.fromkeys(found)) or [one.item.title]


def label(orderable: Orderable, form: str) -> str:
    """What is accepted and who confirms it, in one line of fewer than 80 characters; the first matters more."""
    who = re.split(r"[,:;]", orderable.confirm)[0].strip().removeprefix("The ").removeprefix("the ")
    for text in (form.format(label=orderable.label, who=who), orderable.label):
        line = " ".join(text.split())
        if len(line) <= LABEL_LIMIT:
            return line
    return line[: LABEL_LIMIT - 1].rstrip() + "…"
