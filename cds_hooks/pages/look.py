"""One look at a patient: the request is answered as an EHR's would be, and everything behind the answer is shown."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import orjson
from markupsafe import Markup

from spmwatch.cds_hooks.answer import HookAnswer, conclude, gather, parse_request, read
from spmwatch.cds_hooks.pages.card_view import CardView, as_text, card_views
from spmwatch.cds_hooks.pages.choice import Choice
from spmwatch.cds_hooks.pages.hook_request import HOOKS, Made, recorded, request_of
from spmwatch.cds_hooks.prefetch.reading import Supplied
from spmwatch.cds_hooks.server.service import Service
from spmwatch.cds_hooks.store.decision import TRY_IT, Decision
from spmwatch.cds_hooks.wire import strict_json
from spmwatch.cds_hooks.wire.requests import REQUESTS, Request
from spmwatch.engine.acknowledgement import Acknowledgement
from spmwatch.engine.evaluate import Evaluator
from spmwatch.explaining.explain_page import Page, Part, explained, part_of
from spmwatch.explaining.reasons import reasons_of

CLIENT = TRY_IT
"""The client to which the store counts what is shown and answered here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietLine:
    """A finding that was set aside earlier and is not repeated; days as text."""

    rule: str
    summary: str
    on: str
    until: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """All that the page shows of one evaluation.

    Attributes:
        service: id of the service that was asked.
        status: HTTP status that an EHR would get.
        request, answer: what goes over the wire.
        cards: what an EHR would show, strongest first.
        page: the patient explained.
        not_asked: rules in force that belong to other moments.
    """

    choice: Choice
    service: str
    hook: str
    status: int
    request: str
    answer: str
    cards: tuple[CardView, ...]
    quiet: tuple[QuietLine, ...]
    page: Page
    not_asked: tuple[str, ...]

    def part(self, name: Part) -> Markup:
        """A section of the patient explained."""
        return part_of(self.page, name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request, ready for the rules."""

    choice: Choice
    made: Made
    request: Request
    supplied: Supplied


def ask(choice: Choice) -> Asked:
    """The request that the choice makes; slow for a long record.

    Raises:
        RequestError: the record is no JSON, no Bundle of one patient, or what an EHR would be refused for.
    """
    value = strict_json.parse(strict_json.without_byte_order_mark(choice.record))
    if isinstance(value, dict) and value.get("hook") in tuple(REQUESTS):
        made = Made(request=recorded(value), gaps=())
    else:
        made = request_of(value, choice.moment)
    request = parse_request(orjson.dumps(made.request), None)
    choice = dataclasses.replace(choice, hook=request.hook)  # a recorded request brings its own
    return Asked(choice=choice, made=made, request=request, supplied=gather(request))


def look(service: Service, asked: Asked, correlation: str) -> Look:
    """Answer it; on the evaluating thread. What is kept of it is what the store keeps of any request, under `try-it`.

    Raises:
        RequestError: the draft orders cannot be used.
    """
    rules, request, day = service.rules.current, asked.request, asked.choice.day
    pseudonym = service.memory.pseudonym(CLIENT, request.context.patient_id)
    answer = conclude(
        request,
        asked.supplied,
        rules,
        as_of=day,
        acknowledged=lambda: _known_by(day, service.memory.acknowledged(pseudonym)),
        pseudonym=pseudonym,
        rule_pages=service.rule_pages,
    )
    service.memory.record(_decision(service, asked, answer, correlation))
    cards = _cards(answer)
    page = _page(rules, asked)
    asked_now = {reasons.rule for reasons in page.rules}
    return Look(
        choice=asked.choice,
        service=HOOKS.get(request.hook, ""),
        hook=request.hook,
        status=answer.status,
        request=as_text(asked.made.request),
        answer=as_text(answer.body),
        cards=card_views(cards),
        quiet=_quiet(answer),
        page=page,
        not_asked=tuple(sorted(rule.id for rule in rules.rule_base.rules if rule.id not in asked_now)),
    )


def _known_by(day: date, known: Sequence[Acknowledgement]) -> list[Acknowledgement]:
    """What was set aside, as if on the day of the look: the stories play earlier than the visitor answers."""
    return [dataclasses.replace(one, on=min(one.on, day)) for one in known]


def _page(rules: Evaluator, asked: Asked) -> Page:
    base = rules.rule_base
    record = read(asked.request, asked.supplied, base.value_sets)
    recommendation, reports = rules.explain(record, as_of=asked.choice.day, hook=asked.request.hook)
    questions = {topic.id: topic.question for topic in base.topics}
    page = explained(recommendation, [reasons_of(report, questions, base.wording) for report in reports.values()])
    return dataclasses.replace(page, gaps=(*page.gaps, *asked.made.gaps))


def _quiet(answer: HookAnswer) -> tuple[QuietLine, ...]:
    if answer.merged is None:
        return ()
    return tuple(
        QuietLine(
            rule=one.advice.rule,
            summary=one.advice.lead.summary,
            on=one.on.isoformat(),
            until=one.until.isoformat(),
        )
        for one in answer.merged.quiet
    )


def _cards(answer: HookAnswer) -> list[dict[str, Any]]:
    cards = answer.body.get("cards")
    return [card for card in cards if isinstance(card, dict)] if isinstance(cards, list) else []


def _decision(service: Service, asked: Asked, answer: HookAnswer, correlation: str) -> Decision:
    """For the store. The request itself is not handed over."""
    assert answer.recommendation is not None
    return Decision(
        id=correlation,
        at=service.now(),
        client=CLIENT,
        service=HOOKS.get(asked.request.hook, ""),
        hook=asked.request.hook,
        hook_instance=asked.request.hook_instance,
        as_of=asked.choice.day,
        recommendation=answer.recommendation,
        merged=answer.merged,
        cards=_cards(answer),
        shown=True,
        status=answer.status,
        seconds=answer.seconds,
    )
