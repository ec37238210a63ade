"""One CDS Hooks request, from bytes to answer: the path that the HTTP route and `spmwatch hook` share.

No clock, no network, no files beyond loading the rules once. Equal calls differ in the uuids of the cards alone.
"""

from __future__ import annotations

import dataclasses
import re
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

from spmwatch.cds_hooks.cards.layout import lay_out
from spmwatch.cds_hooks.ids import new_row_id
from spmwatch.cds_hooks.prefetch.reading import MEDICATION_KEYS, Supplied, read_prefetch
from spmwatch.cds_hooks.prefetch.same_patient import of_the_patient
from spmwatch.cds_hooks.size import agreed_effort, check_drafts, check_length, check_size, too_costly
from spmwatch.cds_hooks.wire import strict_json
from spmwatch.cds_hooks.wire.discovery import SERVICES
from spmwatch.cds_hooks.wire.refusal import Issue, Json, RequestError, operation_outcome
from spmwatch.cds_hooks.wire.requests import (
    MedicationRefillRequest,
    OrderSelectRequest,
    Request,
    drafts_of,
    request_from,
)
from spmwatch.engine.acknowledgement import Acknowledgement
from spmwatch.engine.catalogue.load import load_rule_base
from spmwatch.engine.evaluate import Evaluator
from spmwatch.engine.facts import Coverage, Gap, PatientRecord
from spmwatch.engine.merging import Merged, merge
from spmwatch.engine.recommendation import Recommendation
from spmwatch.engine.selected_orders import about_selected
from spmwatch.engine.terminology.value_sets import ValueSets
from spmwatch.fhir_adapters.effort import TooCostlyError
from spmwatch.fhir_adapters.orders import Draft, orders_from_draft
from spmwatch.fhir_adapters.record import record_from_resources

_TYPE = re.compile("[A-Za-z]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class HookAnswer:
    """What goes back.

    Attributes:
        status: HTTP status.
        body: `{"cards": [...]}`, or an OperationOutcome when the status is not 200.
        recommendation: what the cards are laid out from; None when no evaluation took place.
        merged: what became of its findings; its `cards` are those of the body, in the same order. To acknowledge a
            card, keep rule and digest of all its advice with the day (engine/acknowledgement.py).
        seconds: time taken, by stage.
    """

    status: int
    body: Json
    recommendation: Recommendation | None = None
    merged: Merged | None = None
    seconds: Mapping[str, float] = field(default_factory=dict)


def respond(
    body: bytes,
    *,
    as_of: date,
    service_id: str | None = None,
    evaluator: Evaluator | None = None,
    acknowledged: Sequence[Acknowledgement] = (),
    new_uuid: Callable[[], uuid.UUID | str] = new_row_id,
    rule_pages: str | None = None,
) -> HookAnswer:
    """The answer to a request from what it brings along, whatever the bytes.

    Args:
        body: the request as it came.
        as_of: the day of the evaluation.
        service_id: the id in the path; None takes the service of the request's hook.
        evaluator: the rules; None takes the shipped ones.
        acknowledged: what was set aside earlier for this patient; the caller keeps it.
        new_uuid: ids of the cards.
        rule_pages: public address below which each rule has its page, e.g. `https://cds.example.org/rules`.
    """
    rules = evaluator or default_evaluator()
    try:
        request = parse_request(body, service_id)
        supplied = gather(request)
        return conclude(
            request,
            supplied,
            rules,
            as_of=as_of,
            acknowledged=lambda: acknowledged,
            new_uuid=new_uuid,
            rule_pages=rule_pages,
        )
    except RequestError as refusal:
        return HookAnswer(status=refusal.status, body=operation_outcome(refusal.issues))


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluated:
    """What the rules find of a chart on a day: the same whoever asks, and whatever was set aside.

    Attributes:
        has_medications: did any medication record come with an answer?
        seconds: time taken.
    """

    recommendation: Recommendation
    has_medications: bool
    seconds: float


def conclude(
    request: Request,
    supplied: Supplied,
    rules: Evaluator,
    *,
    as_of: date,
    acknowledged: Callable[[], Sequence[Acknowledgement]] = tuple,
    pseudonym: str | None = None,
    new_uuid: Callable[[], uuid.UUID | str] = new_row_id,
    rule_pages: str | None = None,
) -> HookAnswer:
    """The answer from everything that could be had: 200 with cards, 412, or 500 where rules broke and no card tells it.

    Args:
        request: a request that was parsed.
        supplied: what prefetch brought, completed from the client's server where that was possible.
        rules: the rules to apply.
        as_of: the day of the evaluation.
        acknowledged: gives what was set aside earlier; called only when there is something to say.
        pseudonym: stands for the patient in digests.
        new_uuid: ids of the cards.
        rule_pages: as in `respond`.

    Raises:
        RequestError: 422 when there is more than can be evaluated while somebody waits.
    """
    evaluated = evaluate(request, supplied, rules, as_of=as_of)
    return told(
        evaluated, rules, acknowledged=acknowledged, pseudonym=pseudonym, new_uuid=new_uuid, rule_pages=rule_pages
    )


def evaluate(request: Request, supplied: Supplied, rules: Evaluator, *, as_of: date) -> Evaluated:
    """What the rules find; arguments as of `conclude`. Raises RequestError 422 as `conclude` does."""
    started = time.perf_counter()
    check_length([placed for reading in supplied.readings for placed in reading.placed], drafts_of(request))
    try:
        record = read(request, supplied, rules.rule_base.value_sets)
    except TooCostlyError as error:
        raise too_costly(error) from None
    timeline = rules.timeline(record, as_of=as_of)
    check_size(timeline)
    recommendation = about_selected(rules.evaluate_timeline(timeline, hook=request.hook), record)
    return Evaluated(
        recommendation=recommendation,
        has_medications=supplied.has_medications,
        seconds=time.perf_counter() - started,
    )


def told(
    evaluated: Evaluated,
    rules: Evaluator,
    *,
    acknowledged: Callable[[], Sequence[Acknowledgement]] = tuple,
    pseudonym: str | None = None,
    new_uuid: Callable[[], uuid.UUID | str] = new_row_id,
    rule_pages: str | None = None,
) -> HookAnswer:
    """The answer from what was found; arguments and answer as of `conclude`."""
    started, recommendation = time.perf_counter(), evaluated.recommendation
    if not recommendation.findings and not evaluated.has_medications:
        return HookAnswer(
            status=412,
            body=operation_outcome([_without_medications()]),
            recommendation=recommendation,
            seconds={"evaluate": evaluated.seconds},
        )
    policy, texts = rules.rule_base.card_policy, rules.rule_base.texts
    known = acknowledged() if recommendation.findings else ()
    merged = merge(recommendation, policy=policy, acknowledged=known, pseudonym=pseudonym)
    cards = lay_out(merged, recommendation, policy=policy, texts=texts, new_uuid=new_uuid, rule_pages=rule_pages)
    if recommendation.failures and not cards:  # no card would say that there is nothing to say (C091)
        return HookAnswer(
            status=500,
            body=operation_outcome([_broken(recommendation)]),
            recommendation=recommendation,
            seconds={"evaluate": evaluated.seconds},
        )
    return HookAnswer(
        status=200,
        body={"cards": cards},
        recommendation=recommendation,
        merged=merged,
        seconds={"evaluate": evaluated.seconds, "cards": time.perf_counter() - started},
    )


@lru_cache(maxsize=1)
def default_evaluator() -> Evaluator:
    """The shipped rules, loaded and compiled once."""
    return Evaluator(load_rule_base())


def parse_request(body: bytes, service_id: str | None) -> Request:
    """The request of the bytes, made to this service.

    Raises:
        RequestError: 404 for an unknown service; 400, 413 or 422 as strict_json and requests have it; 422 when hook and
            service do not belong together.
    """
    if service_id is not None and service_id not in SERVICES:
        raise unknown_service()
    request = request_from(strict_json.parse(body))
    if service_id is not None and SERVICES[service_id].hook != request.hook:
        says = f"The service {service_id} answers the hook {SERVICES[service_id].hook} only"
        raise RequestError(422, Issue(code="business-rule", says=says, where="hook"))
    return request


def unknown_service() -> RequestError:
    """The refusal of a path that names no service."""
    known = ", ".join(SERVICES)
    return RequestError(404, Issue(code="not-found", says=f"There is no such service; known: {known}"))


def gather(request: Request) -> Supplied:
    """Everything that was supplied about the patient of the context.

    Raises:
        RequestError: 422 when anything is about another patient, or an order is too long to be one.
    """
    check_drafts(drafts_of(request))
    return of_the_patient(request, read_prefetch(request.prefetch))


def read(request: Request, supplied: Supplied, value_sets: ValueSets) -> PatientRecord:
    """The patient's facts; draft orders are among them, but are no exposure. Raises TooCostlyError."""
    drafts = drafts_of(request)
    selections = tuple(request.context.selections) if isinstance(request, OrderSelectRequest) else None
    patient_id = request.context.patient_id
    orders: tuple[Draft, ...] = ()
    effort = agreed_effort()
    order_gaps: tuple[Gap, ...] = ()
    if drafts is not None:
        orders, order_gaps = orders_from_draft(
            drafts.bundle,
            value_sets=value_sets,
            selections=selections,
            patient_id=patient_id,
            refill=isinstance(request, MedicationRefillRequest),
            beside=supplied.found,
            effort=effort,
        )
    if not any(order.selected for order in orders):
        orders = ()  # C049: nothing that concerns us was selected, so nothing is said about orders
    record = record_from_resources(
        patient_id,
        supplied.found,
        value_sets=value_sets,
        coverage=supplied.coverage,
        orders=orders,
        effort=effort,
    )
    gaps = (*record.gaps, *order_gaps, *supplied.gaps)
    return dataclasses.replace(record, coverage=_without_the_uncounted(record), gaps=gaps)


def _without_the_uncounted(record: PatientRecord) -> Coverage:
    """What was not supplied, and each kind of which something was counted for nobody: that is not "no"."""
    found = (_TYPE.match(gap.reference or "") for gap in record.gaps if gap.kind == "other-patient")
    why = "something of it could not be tied to the patient"
    types = sorted({match[0] for match in found if match} - {name for name, _ in record.coverage.unsupplied})
    more = tuple((type_, why) for type_ in types)
    return dataclasses.replace(record.coverage, unsupplied=(*record.coverage.unsupplied, *more))


def _broken(recommendation: Recommendation) -> Issue:
    rules = ", ".join(sorted({failure.rule for failure in recommendation.failures}))
    return Issue(code="exception", says=f"Could not be evaluated through a fault of this service: {rules}")


def _without_medications() -> Issue:
    keys = ", ".join(sorted(MEDICATION_KEYS))
    says = f"No medication record was supplied, so nothing can be said; send at least one of the prefetch keys {keys}"
    return Issue(code="required", says=says, where="prefetch")
