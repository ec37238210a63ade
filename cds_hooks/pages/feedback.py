"""What a visitor answered to a card of the try-it page."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from spmwatch.cds_hooks.pages.card_view import reason_value
from spmwatch.cds_hooks.pages.forms import Form
from spmwatch.cds_hooks.store.decision import Feedback
from spmwatch.cds_hooks.wire.refusal import Issue, RequestError
from spmwatch.engine.catalogue.card_policy import CardPolicy

_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_ANSWER = re.compile(rf"(?P<what>accept|dismiss) (?P<card>{_UUID})(?: (?P<suggestion>{_UUID}))?")
FIELD = "answer"


@dataclass(frozen=True, slots=True)
class Answer:
    """The feedback, and the word for it in the page's address."""

    feedback: Feedback
    done: str


def answer_of(form: Form, *, policy: CardPolicy, at: datetime) -> Answer:
    """The answer of the button that was pressed.

    Raises:
        RequestError: 400 for what no button of the page sends.
    """
    pressed = _ANSWER.fullmatch(form.text(FIELD))
    if pressed is None or (pressed["what"] == "accept") != (pressed["suggestion"] is not None):
        raise _refused()
    card = pressed["card"]
    if pressed["what"] == "accept":
        return Answer(Feedback(card=card, outcome="accepted", at=at, suggestions=(pressed["suggestion"],)), "accepted")
    reasons = {reason_value(one.system, one.code): (one.system, one.code) for one in policy.override_reasons}
    chosen = form.text(f"reason-{card}")
    if chosen and chosen not in reasons:
        raise _refused()
    return Answer(Feedback(card=card, outcome="overridden", at=at, reason=reasons.get(chosen)), "dismissed")


def _refused() -> RequestError:
    return RequestError(
        400, Issue(code="value", says="That is no answer to a card; go back and press the button again")
    )
