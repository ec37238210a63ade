"""A request whose chart may have been evaluated a moment ago: known again, and told again.

Everything but the chart itself is this request's own, and is looked at as if nothing were remembered: its form, who
asks, what was set aside meanwhile. What is told again is told under new uuids.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import orjson
from pydantic import ValidationError
from starlette import status as codes

from spmwatch.cds_hooks.answer import Evaluated, HookAnswer, told
from spmwatch.cds_hooks.ids import new_row_id
from spmwatch.cds_hooks.remembered.charts import Chart, Charts
from spmwatch.cds_hooks.remembered.cutting import Cut, cut, cut_at, spot_of
from spmwatch.cds_hooks.wire.discovery import SERVICES
from spmwatch.cds_hooks.wire.refusal import Json
from spmwatch.cds_hooks.wire.requests import HookRequest
from spmwatch.engine.acknowledgement import Acknowledgement
from spmwatch.engine.evaluate import Evaluator


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A request that was taken apart.

    Attributes:
        name: what stands for its chart, its day and who asks.
        hook_instance: its own.
        chart: what is remembered of that.
    """

    name: bytes
    hook_instance: str
    chart: Chart | None


def known(charts: Charts, body: bytes, *, service_id: str, client_id: str, day: date, rules: Evaluator) -> Known | None:
    """The request taken apart; None when it is to be read as a whole, and perhaps refused.

    Args:
        charts: what is remembered.
        body: the request as it came.
        service_id: the service that was called.
        client_id: who asks.
        day: of the evaluation.
        rules: those in force.
    """
    if not charts.enabled:
        return None
    # Whose an absolute reference is depends on the client's server (C070); and pseudonyms are each client's own.
    about = (service_id.encode(), client_id.encode(), day.isoformat().encode())
    spot = spot_of(body)
    length = charts.likely_length(spot.head) if spot is not None else None
    if spot is not None and length is not None:
        found = _named(charts, cut_at(body, spot, length), about, service_id, rules)
        if found is not None and found.chart is not None:  # so the very bytes were read when it was evaluated
            return found
    parts = cut(body)
    if spot is not None and parts is not None and body.startswith(bytes(parts.prefetch), spot.begins):
        charts.guess(spot.head, len(parts.prefetch))
    return _named(charts, parts, about, service_id, rules)


def _named(
    charts: Charts, parts: Cut | None, about: Sequence[bytes], service_id: str, rules: Evaluator
) -> Known | None:
    """What is known of a request in parts; None where its form is not in order, or not for this service."""
    if parts is None or parts.rest.get("hook") != SERVICES[service_id].hook:
        return None
    try:
        request = HookRequest.model_validate(parts.rest)
    except ValidationError:
        return None
    name = charts.name(*about, (request.fhir_server or "").encode(), parts.prefetch, parts.context)
    return Known(name=name, hook_instance=request.hook_instance, chart=charts.get(name, rules))


def told_first(
    evaluated: Evaluated,
    rules: Evaluator,
    acknowledged: Callable[[str], Sequence[Acknowledgement]],
    *,
    pseudonym: str,
    rule_pages: str | None,
) -> tuple[HookAnswer, Chart | None]:
    """The answer about a chart just evaluated, and what may be remembered of it: nothing where anything failed.

    Args:
        evaluated: what was found.
        rules: which found it.
        acknowledged: gives what was set aside for a pseudonym; called only when there is something to say.
        pseudonym: stands for the patient.
        rule_pages: as in `respond`.
    """
    aside: list[Acknowledgement] = []

    def looked_up() -> Sequence[Acknowledgement]:
        aside.extend(acknowledged(pseudonym))
        return aside

    answer = told(evaluated, rules, acknowledged=looked_up, pseudonym=pseudonym, rule_pages=rule_pages)
    if answer.status != codes.HTTP_200_OK or evaluated.recommendation.failures:
        return answer, None
    chart = Chart(
        rules=rules,
        pseudonym=pseudonym,
        evaluated=evaluated,
        acknowledged=aside,
        answer=answer,
        answer_bytes=len(orjson.dumps(answer.body)),
    )
    return answer, chart


def told_again(
    chart: Chart,
    acknowledged: Callable[[str], Sequence[Acknowledgement]],
    *,
    rule_pages: str | None,
    new_uuid: Callable[[], uuid.UUID | str] = new_row_id,
) -> HookAnswer:
    """The answer about a remembered chart: laid out anew where something else was set aside than the last time.

    Args:
        chart: what is remembered.
        acknowledged: as of `told_first`.
        rule_pages: as in `respond`.
        new_uuid: ids of cards and suggestions.
    """
    begun = time.perf_counter()
    aside = list(acknowledged(chart.pseudonym)) if chart.evaluated.recommendation.findings else []
    if aside == chart.acknowledged:
        body = _under_new_uuids(chart.answer.body, new_uuid)
        return replace(chart.answer, body=body, seconds={"cards": time.perf_counter() - begun})
    answer = told(
        chart.evaluated,
        chart.rules,
        acknowledged=lambda: aside,
        pseudonym=chart.pseudonym,
        new_uuid=new_uuid,
        rule_pages=rule_pages,
    )
    chart.acknowledged, chart.answer = aside, answer
    return replace(answer, seconds={"cards": time.perf_counter() - begun})


def _under_new_uuids(body: Json, new_uuid: Callable[[], uuid.UUID | str]) -> Json:
    """The same cards and suggestions (C090); nothing else in an answer has an id of its own."""
    cards = body["cards"]
    assert isinstance(cards, list)
    return {"cards": [_renewed(card, new_uuid) for card in cards]}


def _renewed(card: Mapping[str, object], new_uuid: Callable[[], uuid.UUID | str]) -> Json:
    renewed = {**card, "uuid": str(new_uuid())}
    suggestions = card.get("suggestions")
    if isinstance(suggestions, list):
        renewed["suggestions"] = [{**one, "uuid": str(new_uuid())} for one in suggestions]
    return renewed
