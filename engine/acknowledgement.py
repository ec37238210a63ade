"""Which advice a clinician has set aside, and how it is known again: a digest of what the advice rests on.

The digest is the same on every day on which the advice is the same. It is taken from the patient, the rule, the first
two numbers of its version (the third is for wording alone), variants, urgency, certainty, and the facts that fired it:
their words, days, doses and laboratory values. What only moves with the calendar is left out: ages, durations, and the
end of a course that still goes on. So 25 months of maintenance are the same advice as 26, and another phase, another
dose, another cancer or a new blood count are not. The patient is part of it, so that nobody's acknowledgement can
quieten another's card.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from spmwatch.engine.episodes import VOCABULARY, Episode, Span, Unit
from spmwatch.engine.recommendation import Finding

PAST = "past"
AMOUNT = "*"
"""UCUM stand-in for "in the unit of the analyte" (engine/episodes.py): a measured value, which no calendar moves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """A clinician has seen what a rule says of this patient: `on` that day, for the findings with that `digest`."""

    rule: str
    on: date
    digest: str

    def holds(self, rule: str, digest: str, *, as_of: date, days: int) -> bool:
        """Does it concern this advice, and is it at most `days` old? One from after `as_of` is not known yet."""
        return self.rule == rule and self.digest == digest and 0 <= (as_of - self.on).days <= days


def digest_of(patient: str, findings: Sequence[Finding], as_of: date) -> str:
    """What the findings of one rule rest on, as 64 hexadecimal digits; their order does not matter."""
    said = sorted(
        json.dumps(
            [
                finding.rule,
                finding.version.split(".")[:2],
                finding.part,
                finding.variant,
                finding.indicator.value,
                finding.certainty.value,
                _facts(finding.episodes, as_of),
            ]
        )
        for finding in findings
    )
    return hashlib.sha256(json.dumps([patient, said]).encode()).hexdigest()


def _facts(episodes: Iterable[Episode], as_of: date) -> list[str]:
    return sorted({json.dumps(_lasting(episode, as_of), sort_keys=True) for episode in episodes})


def _lasting(episode: Episode, as_of: date) -> dict[str, object]:
    """The fields of a fact that stay as they are while nothing happens."""
    shape = VOCABULARY[episode.verb]
    result: dict[str, object] = {"": episode.verb}
    result.update((field, str(getattr(episode, field))) for field in shape.words)
    if doses := getattr(episode, "doses", ()):
        result["doses"] = list(doses)
    goes_on = "active" in shape.words and getattr(episode, "active", None) != PAST
    for field, unit in shape.spans.items():
        if _stays(field, unit, goes_on=goes_on):
            result[field] = _bounds(getattr(episode, field), unit, as_of)
    return result


def _stays(field: str, unit: Unit, *, goes_on: bool) -> bool:
    if unit.is_day:
        return not (goes_on and field == "end")
    return unit.ucum == AMOUNT


def _bounds(span: Span, unit: Unit, as_of: date) -> list[object]:
    """Both bounds; "some day up to today" is that on each day."""
    if unit.is_day and not span.exact and span.high == as_of.toordinal():
        return [span.low, "as-of"]
    return [span.low, span.high]
