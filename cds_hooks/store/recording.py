"""What is kept of a decision: rows without anything of the patient but keyed hashes.

The findings' words name days and doses, so of them a keyed digest is kept, enough to tell later whether they changed.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

import orjson

from spmwatch.cds_hooks.ids import new_row_id
from spmwatch.cds_hooks.store.decision import Decision, Json
from spmwatch.cds_hooks.store.keys import Key
from spmwatch.cds_hooks.store.locating import written
from spmwatch.cds_hooks.store.settings import StoreSettings
from spmwatch.engine.episodes import VOCABULARY, Episode, Timeline
from spmwatch.engine.merging import Card, Merged
from spmwatch.engine.presentation import rulebase_as_json
from spmwatch.engine.recommendation import Finding, Recommendation
from spmwatch.engine.truth import Truth

Row = dict[str, object]

TOKEN = "fhirAuthorization"  # noqa: S105 - the name of a member


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """What one decision adds to the tables."""

    decision: Row | None
    cards: Sequence[Row]
    request: Row | None


def rows_of(decision: Decision, key: Key, settings: StoreSettings) -> Rows:
    """The rows of one decision."""
    pseudonym = key.pseudonym(decision.client, decision.recommendation.patient)
    id_ = new_row_id()
    keeps_request = settings.keep_requests and settings.decisions and decision.body is not None
    return Rows(
        decision=_decision(decision, id_, pseudonym, key) if settings.decisions else None,
        cards=_cards(decision, pseudonym),
        request=_request(decision, id_, pseudonym) if keeps_request else None,
    )


def _decision(decision: Decision, id_: str, pseudonym: str, key: Key) -> Row:
    return {
        "id": id_,
        "correlation": decision.id,
        "at": decision.at,
        "client": decision.client,
        "service": decision.service,
        "hook": decision.hook,
        "hook_instance": decision.hook_instance.lower(),
        "pseudonym": pseudonym,
        "as_of": decision.as_of,
        "status": decision.status,
        "shown": decision.shown,
        "seconds": {stage: round(seconds, 6) for stage, seconds in decision.seconds.items()},
        **_evaluated(decision, key),
        **_merged(decision.merged, decision.cards),
    }


def outcome_of(recommendation: Recommendation, merged: Merged | None, cards: Sequence[Json], key: Key) -> Row:
    """What was decided, as it is kept and as a replay is compared with it: the columns from `tier` to `quiet`."""
    return {**_outcome(recommendation, key), **_merged(merged, cards)}


def _evaluated(decision: Decision, key: Key) -> Row:
    """What was found; made once for all decisions on one remembered chart."""
    made: Row | None = decision.recorded.get("found")
    if made is None:
        found = _outcome(decision.recommendation, key)
        made = {name: value if isinstance(value, str) else written(value) for name, value in found.items()}
        decision.recorded["found"] = made
    return made


def _outcome(recommendation: Recommendation, key: Key) -> Row:
    return {
        "tier": recommendation.tier,
        "rulebase": rulebase_as_json(recommendation.rulebase),
        "facts": facts_digest(recommendation.timeline, key),
        "findings": [_finding(finding, key) for finding in recommendation.findings],
        "truths": _truths(recommendation.truths),
        "questions": [question.topic for question in recommendation.questions],
        "failures": [failure.rule for failure in recommendation.failures],
    }


def _merged(merged: Merged | None, cards: Sequence[Json]) -> Row:
    return {
        "cards": [
            {
                "uuid": _uuid(told),
                "rule": card.advice.rule,
                "indicator": card.advice.indicator.value,
                "with": [one.rule for one in card.all_advice[1:]],
            }
            for card, told in zip(merged.cards if merged else (), cards, strict=True)
        ],
        "quiet": [
            {"rule": one.advice.rule, "on": one.on.isoformat(), "digest": one.advice.digest}
            for one in (merged.quiet if merged else ())
        ],
    }


def facts_digest(timeline: Timeline, key: Key) -> str:
    """Stands for all facts that the rules saw on the day, without their ids and references: equal facts, equal digest.

    Facts are compared as the value sets and conventions in force read them.
    """
    seen = sorted(orjson.dumps(_facts(episode), option=orjson.OPT_SORT_KEYS) for episode in timeline.episodes)
    return key.digest("facts", b"\n".join(seen).decode())


def _facts(episode: Episode) -> Json:
    verb = episode.verb
    words, spans = _members_of(verb)
    facts: Json = {"": verb, "doses": [str(dose) for dose in getattr(episode, "doses", ())]}
    for name in words:
        facts[name] = str(getattr(episode, name))
    for name in spans:
        span = getattr(episode, name)
        facts[name] = (span.low, span.high)
    return facts


@cache
def _members_of(verb: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The words and the spans of an episode of this verb."""
    shape = VOCABULARY[verb]
    return tuple(shape.words), tuple(shape.spans)


def _finding(finding: Finding, key: Key) -> Json:
    return {
        "rule": finding.rule,
        "part": finding.part,
        "variant": finding.variant,
        "version": finding.version,
        "indicator": finding.indicator.value,
        "certainty": finding.certainty.value,
        "words": key.digest("words", finding.summary, finding.detail)[:16],
    }


def _truths(truths: Mapping[str, Truth]) -> dict[str, list[str]]:
    told: dict[Truth, list[str]] = {truth: [] for truth in Truth}
    for rule in sorted(truths):
        told[truths[rule]].append(rule)
    return {truth.value: rules for truth, rules in told.items()}


@dataclass(frozen=True, slots=True)
class _Advised:
    """What is the same of a card each time it goes out: columns, and of each suggestion its check and its rules."""

    row: Row
    suggestions: Sequence[tuple[str, Sequence[str]]]


def _cards(decision: Decision, pseudonym: str) -> list[Row]:
    if decision.merged is None:
        return []
    row = {
        "correlation": decision.id,
        "at": decision.at,
        "as_of": decision.as_of,
        "client": decision.client,
        "service": decision.service,
        "pseudonym": pseudonym,
        "shown": decision.shown,
    }
    return [
        {**row, **advised.row, "uuid": _uuid(told), "suggestions": _suggestions(advised, told)}
        for advised, told in zip(_advised(decision, decision.merged), decision.cards, strict=True)
    ]


def _advised(decision: Decision, merged: Merged) -> Sequence[_Advised]:
    """Made once for all decisions that tell the same of one remembered chart."""
    made = decision.recorded.get("advised")
    if made is None or made[0] is not merged:
        made = decision.recorded["advised"] = (merged, [_advised_of(card) for card in merged.cards])
    return made[1]


def _advised_of(card: Card) -> _Advised:
    row: Row = {
        "rule": card.advice.rule,
        "version": card.advice.lead.version,
        "indicator": card.advice.indicator.value,
        "advice": written([[one.rule, one.digest] for one in card.all_advice]),
    }
    own = [one.rule for one in card.all_advice]
    asked = [(one.item.check, [rule for rule in own if _asks(rule, one.item.reasons)]) for one in card.suggested]
    return _Advised(row, asked)


def _suggestions(advised: _Advised, told: Json) -> list[list[object]]:
    """Of each suggestion its uuid, its check and the rules that ask for that check."""
    suggestions = told.get("suggestions", [])
    assert isinstance(suggestions, list)
    return [[_uuid(one), *asked] for asked, one in zip(advised.suggestions, suggestions, strict=True)]


def _asks(rule: str, reasons: Sequence[str]) -> bool:
    """Is the rule, or a lettered part of it, among the reasons?"""
    return any(reason.startswith(rule) and not reason.removeprefix(rule)[:1].isdigit() for reason in reasons)


def _uuid(told: Json) -> str:
    return str(told["uuid"]).lower()


def _request(decision: Decision, id_: str, pseudonym: str) -> Row:
    assert decision.body is not None
    body = orjson.loads(decision.body)
    body.pop(TOKEN, None)
    return {
        "decision": id_,
        "at": decision.at,
        "pseudonym": pseudonym,
        "body": zlib.compress(orjson.dumps(body), 6),
    }


def utc(moment: datetime) -> str:
    """A moment as it is printed: `2026-01-15T10:00:00Z`."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
