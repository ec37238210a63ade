"""Which advice a clinician's feedback sets aside, and from which day on.

Both answers set aside: who overrides a card has seen it and decided against it; who accepts it has acted on it, and
would be asked to do the same again. Two things are not set aside:

- of an accepted card, advice that asks for a check which the card offered and nobody accepted: one mammogram requested
  is no answer to the blood count that is overdue. Of several suggestions for one check one is enough;
- whatever nobody saw: cards of silent clients, and feedback that names no card of the same client.

Critical advice is never quiet (engine/merging.py). The day is the feedback's own, but never before the card, never
after its coming, and never after the day on which it is read: clients' clocks and time zones are theirs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from spmwatch.engine.acknowledgement import Acknowledgement

ACCEPTED = "accepted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A card that was shown, with one feedback on it.

    Attributes:
        card: its uuid.
        shown_on: the day of its evaluation.
        advice: rule and digest of all it told.
        offered: of each suggestion its uuid, its check and the rules that ask for it.
        outcome: `accepted` or `overridden`.
        at: when, as the client says, but not after its coming.
        accepted: uuids of accepted suggestions.
    """

    card: str
    shown_on: date
    advice: Sequence[tuple[str, str]]
    offered: Sequence[tuple[str, str, Sequence[str]]]
    outcome: str
    at: datetime
    accepted: Sequence[str]


def acknowledgements(answers: Iterable[Answered], today: date) -> list[Acknowledgement]:
    """What the answers of one patient's clinicians set aside.

    Args:
        answers: feedback with the card that it is about; in any order.
        today: the day on which it is read.
    """
    by_card: dict[str, list[Answered]] = {}
    for answer in answers:
        by_card.setdefault(answer.card, []).append(answer)
    return [one for answers_of_card in by_card.values() for one in _of_card(answers_of_card, today)]


def _of_card(answers: Sequence[Answered], today: date) -> Iterable[Acknowledgement]:
    card = answers[0]
    taken = {suggestion for answer in answers for suggestion in answer.accepted}
    open_rules = _open_rules(card, taken)
    for rule, digest in card.advice:
        counting = [answer for answer in answers if answer.outcome != ACCEPTED or rule not in open_rules]
        if counting:
            on = max(_day(answer, today) for answer in counting)
            yield Acknowledgement(rule=rule, on=on, digest=digest)


def _open_rules(card: Answered, taken: set[str]) -> set[str]:
    """The rules with a check that the card offered and nobody accepted."""
    done = {check for suggestion, check, _ in card.offered if suggestion in taken}
    return {rule for _, check, rules in card.offered if check not in done for rule in rules}


def _day(answer: Answered, today: date) -> date:
    return max(answer.shown_on, min(answer.at.astimezone(UTC).date(), today))
