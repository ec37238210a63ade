"""A check that is due, as a request that somebody may take up: a FHIR R4 ServiceRequest, built by fhir.resources.

Never an order by itself. FHIR has two elements that say so, and both are set: `status` draft ("created but not yet
complete or ready for action") and `intent` proposal ("a suggestion made by someone that does not have an intention to
ensure it occurs and without providing an authorization to act", hl7.org/fhir/R4/valueset-request-intent.html). An EHR
that takes it up makes an unsigned order of it; Epic's own samples of suggested orders carry the same two values.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

import orjson
from fhir.resources.R4B.servicerequest import ServiceRequest

from spmwatch.engine.episodes import Disease, Timeline
from spmwatch.engine.facts import Standing
from spmwatch.engine.recommendation import Orderable

Json = dict[str, object]

_CONDITION = re.compile(r"Condition/[A-Za-z0-9\-.]{1,64}")
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_SOME_PATIENT, _SOME_CONDITION = "patient", "Condition/condition"
_FORMS_REMEMBERED = 512


def draft_request(
    orderable: Orderable, *, patient: str, reasons: Sequence[str], condition: str | None, note: str
) -> Json:
    """A draft for `Patient/{patient}`, ready for a JSON writer; it has no id, and no requester until somebody takes it.

    Args:
        orderable: what is asked for; without a code that was verified, it is asked for in words alone.
        patient: the FHIR id of the patient.
        reasons: why, in words.
        condition: `Condition/id` of the myeloma, where the record has one.
        note: who should confirm it, and on what it rests.

    Raises:
        ValueError: the parts do not make a valid resource; a fault of ours.
    """
    if _ID.fullmatch(patient) is None or (condition is not None and _CONDITION.fullmatch(condition) is None):
        return built(orderable, patient=patient, reasons=reasons, condition=condition, note=note)
    form: Json = orjson.loads(_form(orderable, tuple(reasons), note, with_condition=condition is not None))
    form["subject"] = {"reference": f"Patient/{patient}"}
    if condition is not None:
        form["reasonReference"] = [{"reference": condition}]
    return form


@lru_cache(maxsize=_FORMS_REMEMBERED)
def _form(orderable: Orderable, reasons: tuple[str, ...], note: str, *, with_condition: bool) -> bytes:
    """The draft for somebody, as JSON. All of it are words and codes of the rules, so few forms serve all patients."""
    condition = _SOME_CONDITION if with_condition else None
    return orjson.dumps(built(orderable, patient=_SOME_PATIENT, reasons=reasons, condition=condition, note=note))


def built(orderable: Orderable, *, patient: str, reasons: Sequence[str], condition: str | None, note: str) -> Json:
    """The same as `draft_request`, made and checked by fhir.resources; that takes a hundred times as long."""
    code: Json = {"text": orderable.display}
    if orderable.system is not None and orderable.code is not None:
        named = {"display": orderable.code_display} if orderable.code_display else {}
        code["coding"] = [{"system": orderable.system, "code": orderable.code} | named]
    resource: Json = {
        "resourceType": "ServiceRequest",
        "status": "draft",
        "intent": "proposal",
        "code": code,
        "subject": {"reference": f"Patient/{patient}"},
        "note": [{"text": note}],
    }
    if reasons:
        resource["reasonCode"] = [{"text": reason} for reason in reasons]
    if condition is not None:
        resource["reasonReference"] = [{"reference": condition}]
    made: Json = ServiceRequest.model_validate(resource).model_dump(mode="json")
    return made


def myeloma_condition(timeline: Timeline) -> str | None:
    """The Condition that tells of the myeloma, as `Condition/id`; None when none counts or it has another address."""
    references = (
        source.reference
        for episode in timeline.episodes
        if isinstance(episode, Disease) and episode.family == "myeloma" and episode.standing is Standing.COUNTS
        for source in episode.sources
    )
    return next((reference for reference in references if reference and _CONDITION.fullmatch(reference)), None)
