"""Findings and due checks of one patient as FHIR R4 resources, each checked by fhir.resources, ready to be loaded.

- RiskAssessment: one for each patient with findings, on what it rests (`basis`), a prediction for each finding.
- DetectedIssue: one for each finding.
- ServiceRequest: one for each check that waits, its first choice, as a draft and a proposal; never an order.

Nobody has looked at them: the first two have the status `preliminary`. Ids come from what a resource is about, so that
loading the results of one day twice changes nothing.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache

import orjson
from pydantic import BaseModel

from spmwatch.engine.catalogue.load import RuleBase
from spmwatch.engine.catalogue.rule import Indicator
from spmwatch.engine.episodes import Episode, PatientEpisode
from spmwatch.engine.presentation import Json, references
from spmwatch.engine.recommendation import Finding, PlanItem, Recommendation

Row = tuple[object, ...]

_SEVERITY: Mapping[Indicator, str] = {
    Indicator.CRITICAL: "high",
    Indicator.WARNING: "moderate",
    Indicator.INFO: "low",
}
"""CDS Hooks' urgency -> hl7.org/fhir/R4/valueset-detectedissue-severity.html."""

_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_REFERENCE = re.compile(r"[A-Z][A-Za-z]{1,60}/[A-Za-z0-9\-.]{1,64}")
RESOURCE_TYPES = ("DetectedIssue", "RiskAssessment", "ServiceRequest")
"""What a run with --fhir may write."""


@cache
def _models() -> Mapping[str, type[BaseModel]]:
    """fhir.resources of each type; a run without --fhir does not load them."""
    from fhir.resources.R4B.detectedissue import DetectedIssue  # noqa: PLC0415
    from fhir.resources.R4B.riskassessment import RiskAssessment  # noqa: PLC0415
    from fhir.resources.R4B.servicerequest import ServiceRequest  # noqa: PLC0415

    return {"RiskAssessment": RiskAssessment, "DetectedIssue": DetectedIssue, "ServiceRequest": ServiceRequest}


def resources_of(recommendation: Recommendation, rule_base: RuleBase) -> tuple[Row, ...]:
    """The rows of the table `fhir`: patient, type, id, resource as JSON text; by type, then in order of urgency.

    Raises:
        ValueError: what was made is no valid resource; a fault of ours.
    """
    made: list[Json] = []
    if recommendation.findings:
        made.append(_assessment(recommendation, rule_base))
        made += [_issue(finding, recommendation, rule_base) for finding in recommendation.findings]
    made += _requests(recommendation, rule_base)
    return tuple(_row(resource, recommendation) for resource in made)


def _row(resource: Json, recommendation: Recommendation) -> Row:
    kind = str(resource["resourceType"])
    model = _models()[kind].model_validate(resource)
    text = orjson.dumps(model.model_dump(mode="json")).decode()
    return _readable(recommendation.patient), kind, resource["id"], text


def _assessment(recommendation: Recommendation, rule_base: RuleBase) -> Json:
    """The patient's findings together."""
    episodes = (episode for finding in recommendation.findings for episode in finding.episodes)
    resource: Json = {
        "resourceType": "RiskAssessment",
        "id": _id("RiskAssessment", recommendation),
        "status": "preliminary",
        "method": {"text": f"spmwatch {recommendation.rulebase}"},
        "subject": _subject(recommendation.patient),
        "occurrenceDateTime": recommendation.as_of.isoformat(),
        "prediction": [
            {
                "qualitativeRisk": {"text": rule_base.texts.indicators[finding.indicator.value]},
                "rationale": f"{finding.summary} ({_name(finding)}; {finding.source.citation})",
            }
            for finding in recommendation.findings
        ],
        "note": [{"text": rule_base.texts.suggestion}],
    }
    return resource | _some("basis", _references(episodes))


def _issue(finding: Finding, recommendation: Recommendation, rule_base: RuleBase) -> Json:
    """One finding."""
    facts = "\n".join(finding.facts)
    resource: Json = {
        "resourceType": "DetectedIssue",
        "id": _id("DetectedIssue", recommendation, f"{_name(finding)} {finding.variant}"),
        "status": "preliminary",
        "code": {"coding": [{"system": rule_base.card_policy.topic_system, "code": finding.rule.replace("-", "")}],
                 "text": finding.title},
        "severity": _SEVERITY[finding.indicator],
        "patient": _subject(recommendation.patient),
        "identifiedDateTime": recommendation.as_of.isoformat(),
        "detail": "\n".join(part for part in (finding.summary, facts, rule_base.texts.suggestion) if part),
        "evidence": [{"code": [{"text": item.citation}]} for item in finding.evidence if item.showable],
    }  # fmt: skip
    if not resource["evidence"]:
        del resource["evidence"]
    if finding.source.links:
        resource["reference"] = finding.source.links[0]
    return resource | _some("implicated", _references(finding.episodes))


def _requests(recommendation: Recommendation, rule_base: RuleBase) -> Iterator[Json]:
    """Each check that waits, as a draft; none for somebody who died."""
    policy, timeline = rule_base.card_policy, recommendation.timeline
    if any(isinstance(e, PatientEpisode) and e.vital_status == "deceased" for e in timeline.episodes):
        return
    from spmwatch.fhir_adapters.service_request import draft_request, myeloma_condition  # noqa: PLC0415 - as `_models`

    condition = myeloma_condition(timeline)
    for item in recommendation.plan:
        if item.state not in policy.suggested_when or not item.orderables:
            continue
        orderable = item.orderables[0]
        rules = ", ".join(item.reasons) or item.check
        draft = draft_request(
            orderable,
            patient="patient",  # the form alone; whose it is follows, for ids that FHIR has no reference for too
            reasons=_reasons(item, recommendation),
            condition=condition,
            note=policy.lines.request_note.format(rules=rules, source=item.source.title, confirm=orderable.confirm),
        )
        yield {**draft, "id": _id("ServiceRequest", recommendation, item.check),
               "subject": _subject(recommendation.patient),
               "authoredOn": recommendation.as_of.isoformat()}  # fmt: skip


def _reasons(item: PlanItem, recommendation: Recommendation) -> list[str]:
    """The findings that are a reason for the check, in their own words; else the check's name."""
    wanted = set(item.reasons)
    found = [f.summary for f in recommendation.findings if {f.rule, _name(f)} & wanted]
    return list(dict.fromkeys(found)) or [item.title]


def _name(finding: Finding) -> str:
    return f"{finding.rule}{finding.part or ''}"


def _subject(patient: str) -> Json:
    """A reference where the patient has an id that FHIR allows, else what is known as an identifier."""
    if _ID.fullmatch(patient):
        return {"reference": f"Patient/{patient}"}
    return {"identifier": {"value": _readable(patient)}, "type": "Patient"}


def _references(episodes: Iterable[Episode]) -> list[Json]:
    found = references(source for episode in episodes for source in episode.sources)
    return [{"reference": one} for one in found if _REFERENCE.fullmatch(one)]


def _some(name: str, values: list[Json]) -> Json:
    """The element, or nothing: FHIR knows no empty list."""
    return {name: values} if values else {}


def _id(kind: str, recommendation: Recommendation, of: str = "") -> str:
    about = "\n".join((kind, _readable(recommendation.patient), recommendation.as_of.isoformat(), of))
    return f"spmwatch-{hashlib.sha256(about.encode()).hexdigest()[:40]}"


def _readable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()
