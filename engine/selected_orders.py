"""At order-select the advice is about what was selected; the other drafts are background (cds-hooks.md C049).

A finding may rest on both: lenalidomide selected beside a draft of melphalan. One that rests on unselected drafts alone
was told when those were selected, and is told again when the orders are signed.
"""

from __future__ import annotations

from dataclasses import replace

from spmwatch.engine.episodes import Order, Regimen
from spmwatch.engine.evaluate import tier_of
from spmwatch.engine.facts import DrugOrder, NamedRegimen, PatientRecord
from spmwatch.engine.recommendation import Finding, Recommendation


def about_selected(recommendation: Recommendation, record: PatientRecord) -> Recommendation:
    """The same without findings about orders of which none was selected. Where all are selected it is the same."""
    drafts = [fact for fact in record.facts if isinstance(fact, DrugOrder | NamedRegimen)]
    if all(draft.selected for draft in drafts):
        return recommendation
    chosen = {source.reference for draft in drafts if draft.selected for source in draft.sources}
    kept = tuple(finding for finding in recommendation.findings if _is_about(finding, chosen))
    speaking = {name for finding in kept for name in _names(finding)}
    silent = {name for finding in recommendation.findings for name in _names(finding)} - speaking
    plan = tuple(
        replace(item, reasons=tuple(reason for reason in item.reasons if reason not in silent))
        for item in recommendation.plan
    )
    return replace(recommendation, findings=kept, plan=plan, tier=tier_of(kept))


def _is_about(finding: Finding, chosen: set[str]) -> bool:
    """Does it rest on a chosen order, or on no order at all?"""
    ordered = [
        episode
        for episode in finding.episodes
        if isinstance(episode, Order) or (isinstance(episode, Regimen) and episode.stage == "ordered")
    ]
    return not ordered or any(source.reference in chosen for episode in ordered for source in episode.sources)


def _names(finding: Finding) -> tuple[str, ...]:
    """How the plan's reasons name it: SPM-02, SPM-02a."""
    return (finding.rule, f"{finding.rule}{finding.part or ''}")
