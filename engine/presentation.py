"""Facts, findings and recommendations in words and as JSON values: what cards, rows and reports share.

Only our own words, dates, numbers and FHIR references come out; the text of a patient record has no way in. The JSON
values are plain dicts, lists, text and numbers in a fixed order, ready for any JSON writer.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterable, Mapping

from spmwatch.engine.catalogue.evidence import Evidence
from spmwatch.engine.catalogue.wording import Wording, default_wording, fill
from spmwatch.engine.dates import DateRange
from spmwatch.engine.episodes import (
    AMOUNT,
    FIRST_DAY,
    LAST_DAY,
    UNKNOWN,
    VOCABULARY,
    Course,
    Episode,
    Span,
    Sustained,
    Unit,
)
from spmwatch.engine.facts import Certainty, Dose, Fact, Gap, PatientRecord, Source, Standing
from spmwatch.engine.recommendation import (
    Finding,
    OpenQuestion,
    PlanItem,
    Recommendation,
    RuleBaseIdentity,
    RuleFailure,
)
from spmwatch.engine.timeline.build import RecordSummary
from spmwatch.engine.truth import Truth

Json = dict[str, object]

KINDS: Mapping[str, str] = {
    "patient": "patient",
    "exposed": "course",
    "cumulated": "cumulative-exposure",
    "ordered": "order",
    "planned": "planned-drug",
    "regimen": "regimen",
    "transplanted": "transplant",
    "diagnosed": "disease",
    "malignancy": "malignancy",
    "stated": "statement",
    "performed": "procedure",
    "measured": "lab",
    "sustained": "sustained-lab",
    "follow_up": "follow-up",
    "finding": "finding",
    "missing": "missing",
}
"""verb -> the word that programs read under `kind`."""

_SUFFIXES = {"mo": "_months", "a": "_years", "d": "_days"}
_OPEN = {"mo": 1800.0, "a": 150.0, "d": float(LAST_DAY)}


def describe(episode: Episode, wording: Wording | None = None) -> str:
    """One line of words: "lenalidomide, maintenance, 2021-02-15 to 2026-01-15 (current), 59 months".

    What the record does not tell is left out or said to be unknown, as rules/wording.yaml has it; a reservation stands
    at the end when the fact is possible only or was recognised by words.
    """
    words = wording or default_wording()
    values = _InWords(episode, words)
    wanted = words.pieces(episode.verb)[: 1 if episode.hypothetical else None]
    pieces = [said for piece in wanted if (said := fill(piece, values))]
    return words.qualified(
        ", ".join(pieces),
        hypothetical=episode.hypothetical,
        possible=episode.standing is Standing.POSSIBLE,
        low=episode.certainty is Certainty.LOW,
    )


_EVER = Span(FIRST_DAY, LAST_DAY)


class _InWords(dict[str, str]):
    """Every field of an episode as a sentence would say it, each put into words when it is asked for."""

    def __init__(self, episode: Episode, words: Wording) -> None:
        self._episode, self._words, self._shape = episode, words, VOCABULARY[episode.verb]

    def __missing__(self, name: str) -> str:
        """Put a field, or what is made of several, into words. Raises KeyError for a name that is neither."""
        made = _MADE.get(name)
        text = None if made is None else made(self._episode, self._words)
        self[name] = said = self._field(name) if text is None else text
        return said

    def _field(self, field: str) -> str:
        episode, words = self._episode, self._words
        word = self._shape.words.get(field)
        if word is None:
            return _span_words(field, getattr(episode, field), self._shape.spans[field], words)
        value = str(getattr(episode, field))
        return "" if value == UNKNOWN and not word.values else words.said(field, value)


def _named_drug(episode: Episode, words: Wording) -> str:
    drug, form = str(getattr(episode, "drug", "")), str(getattr(episode, "form", UNKNOWN))
    return words.concept(drug) if episode.hypothetical else words.named_drug(drug, form)


def _phase(episode: Episode, words: Wording) -> str | None:
    if getattr(episode, "phase", None) != UNKNOWN:
        return None
    has_phases = episode.verb not in ("ordered", "planned") and words.has_phases(str(getattr(episode, "drug", "")))
    return None if has_phases else ""


def _duration(episode: Episode, _: Wording) -> str | None:
    days_say_more = isinstance(episode, Course) and episode.start.exact and episode.end.exact
    return "" if days_say_more and getattr(episode, "duration", _EVER).high < 1 else None  # than "0.1 months"


def _kept(episode: Episode, words: Wording) -> str | None:
    if not isinstance(episode, Sustained):
        return None
    lowest, highest = episode.lowest, episode.highest
    return words.amount(Span(min(lowest.low, highest.low), max(lowest.high, highest.high)))


_MADE: Mapping[str, Callable[[Episode, Wording], str | None]] = {
    "named_drug": _named_drug,
    "named_transplant": lambda episode, words: words.named_transplant(str(getattr(episode, "kind", UNKNOWN))),
    "phase": _phase,
    "period": lambda episode, words: words.period(getattr(episode, "start", _EVER), getattr(episode, "end", _EVER)),
    "duration": _duration,
    "unit": lambda episode, words: words.unit(str(getattr(episode, "analyte", ""))),
    "kept": _kept,
}
"""What a sentence may name that is no field, and fields that are left out at times (None: said as they are)."""


def _span_words(field: str, span: Span, unit: Unit, words: Wording) -> str:
    if unit.is_day:
        return words.event_day(span) if field == "date" else words.day(span)
    if unit.ucum == "mo":
        return words.months(span)
    if unit.ucum == "a":
        return words.years(span)
    return words.amount(span) if unit.ucum == AMOUNT else words.number(span)


def references(sources: Iterable[Source]) -> list[str]:
    """The FHIR references behind a fact, each once, in the order of the sources."""
    return list(dict.fromkeys([source.reference for source in sources if source.reference]))


def date_as_json(days: DateRange | None) -> object:
    """ISO text for a known day, null for nothing known, else `{earliest, latest}` with null for an open side."""
    if days is None or (days.earliest is None and days.latest is None):
        return None
    if days.exact and days.earliest is not None:
        return days.earliest.isoformat()
    return {
        "earliest": None if days.earliest is None else days.earliest.isoformat(),
        "latest": None if days.latest is None else days.latest.isoformat(),
    }


def episode_as_json(episode: Episode, wording: Wording | None = None) -> Json:
    """An episode: `kind`, its words, dates and numbers, then `certainty`, `standing`, `references` and `text`.

    Numbers carry their unit in the name (`duration_months`, `age_years`); one that is not known exactly is
    `{low, high}`, where null is an open side.
    """
    shape = VOCABULARY[episode.verb]
    result: Json = {"kind": KINDS[episode.verb]}
    for field in shape.words:
        result["transplant_kind" if field == "kind" else field] = str(getattr(episode, field))
    for field, unit in shape.spans.items():
        span: Span = getattr(episode, field)
        if unit.is_day:
            result[field] = date_as_json(span.days())
        else:
            name = field if field.endswith(_SUFFIXES.get(unit.ucum, " ")) else f"{field}{_SUFFIXES.get(unit.ucum, '')}"
            result[name] = _number_as_json(span, _OPEN.get(unit.ucum))
    if episode.verb in ("measured", "sustained"):
        result["unit"] = (wording or default_wording()).unit(str(getattr(episode, "analyte", ""))) or None
    if episode.hypothetical:
        result["hypothetical"] = True
    result["certainty"] = episode.certainty.value
    result["standing"] = episode.standing.value
    result["references"] = references(episode.sources)
    result["text"] = describe(episode, wording)
    return result


def _number_as_json(span: Span, open_at: float | None) -> object:
    if span.exact:
        return _short(span.low)
    if open_at is not None and span.high >= open_at:
        return None if span.low <= 0 else {"low": _short(span.low), "high": None}
    return {"low": _short(span.low), "high": _short(span.high)}


def _short(value: float) -> float | int:
    """Two decimals, and no decimal point where there is nothing behind it."""
    rounded = round(value, 2)
    return int(rounded) if rounded == int(rounded) else rounded


def evidence_as_json(evidence: Evidence) -> Json:
    """`id`, `citation` and, where an address was seen, `url`."""
    result: Json = {"id": evidence.id, "citation": evidence.citation}
    if evidence.links:
        result["url"] = evidence.links[0]
    return result


def finding_as_json(finding: Finding, wording: Wording | None = None) -> Json:
    """A finding with the facts that fired it and the evidence it rests on."""
    return {
        "rule": finding.rule,
        "part": finding.part,
        "variant": finding.variant,
        "version": finding.version,
        "indicator": finding.indicator.value,
        "certainty": finding.certainty.value,
        "grade": finding.grade.value,
        "summary": finding.summary,
        "detail": finding.detail,
        "evidence": [evidence_as_json(item) for item in finding.evidence if item.showable],
        "facts": [episode_as_json(episode, wording) for episode in finding.episodes],
    }


def _gap(  # every gap has the same keys, whatever it is about
    *,
    kind: str,
    topic: str | None = None,
    decisive: bool = False,
    question: str | None = None,
    problem: str | None = None,
    advice: str | None = None,
    element: str | None = None,
    references: Iterable[str] = (),
    rules: Iterable[str] = (),
) -> Json:
    return {
        "kind": kind,
        "topic": topic,
        "decisive": decisive,
        "question": question,
        "problem": problem,
        "advice": advice,
        "element": element,
        "references": list(references),
        "rules": list(rules),
    }


def question_as_json(question: OpenQuestion) -> Json:
    """A datum that is missing and matters; `kind` is `open-question`."""
    return _gap(
        kind="open-question",
        topic=question.topic,
        decisive=question.decisive,
        question=question.question,
        references=question.references,
        rules=question.rules,
    )


def gap_as_json(gap: Gap) -> Json:
    """Something seen but not usable."""
    return _gap(
        kind=gap.kind,
        topic=gap.topic,
        problem=gap.problem,
        advice=gap.advice or None,
        element=gap.element or None,
        references=[gap.reference] if gap.reference else [],
    )


def failure_as_json(failure: RuleFailure) -> Json:
    """A rule that could not be evaluated, as a gap: without it the result may say too little."""
    return _gap(
        kind="rule-failed",
        decisive=True,
        problem=f"{failure.rule} could not be evaluated ({failure.problem})",
        advice="Report this with the rule base version; the other rules were evaluated",
        rules=[failure.rule],
    )


def plan_as_json(plan: Iterable[PlanItem]) -> list[Json]:
    """The plan, most pressing first. A date that is not known exactly is `{earliest, latest}`."""
    return [
        {
            "check": item.check,
            "title": item.title,
            "state": item.state,
            "schedule": item.schedule,
            "reasons": list(item.reasons),
            "excluded": item.excluded,
            "test": item.test,
            "last": date_as_json(item.last),
            "next": date_as_json(item.next),
            "overdue_days": None if item.overdue_days is None else _number_as_json(Span(*item.overdue_days), None),
            "references": list(item.references),
            "source": evidence_as_json(item.source),
            "orderables": [dataclasses.asdict(orderable) for orderable in item.orderables],
        }
        for item in plan
    ]


def rulebase_as_json(identity: RuleBaseIdentity) -> Json:
    """Which rules spoke, and which an overlay switched off."""
    return {
        "version": identity.version,
        "hash": identity.digest,
        "overlays": list(identity.overlays),
        "switched_off": [
            {"rule": off.rule, "title": off.title, "because": off.because, "overlay": off.overlay}
            for off in identity.switched_off
        ],
    }


def recommendation_as_json(recommendation: Recommendation, wording: Wording | None = None) -> Json:
    """One patient's result, as `screen --format json` prints it. Failed rules first, then questions, then gaps."""
    return {
        "patient": recommendation.patient,
        "as_of": recommendation.as_of.isoformat(),
        "tier": recommendation.tier,
        "findings": [
            finding_as_json(finding, wording or recommendation.wording) for finding in recommendation.findings
        ],
        "gaps": [
            *(failure_as_json(failure) for failure in recommendation.failures),
            *(question_as_json(question) for question in recommendation.questions),
            *(gap_as_json(gap) for gap in recommendation.gaps),
        ],
        "plan": plan_as_json(recommendation.plan),
        "rulebase": rulebase_as_json(recommendation.rulebase),
    }


_ANSWERS = {Truth.TRUE: "yes", Truth.FALSE: "no", Truth.UNKNOWN: "unknown"}


def summary_as_json(summary: RecordSummary) -> Json:
    """`lenalidomide`, `melphalan` (no: looked for and not found) and `transplant` {status, kind, date}."""
    date_ = None if summary.transplant_date is None else summary.transplant_date.days()
    return {
        "lenalidomide": _ANSWERS[summary.lenalidomide],
        "melphalan": _ANSWERS[summary.melphalan],
        "transplant": {
            "status": _ANSWERS[summary.transplant],
            "kind": summary.transplant_kind,
            "date": date_as_json(date_),
        },
    }


_CONCEPT_FIELDS = ("concept", "analyte", "what")
_COMMON = {"standing", "certainty", "sources", "drug", *_CONCEPT_FIELDS}


def fact_as_json(fact: Fact) -> Json:
    """One fact as it was read: `kind`, `agent` (an ingredient, or null), `concept`, what is recorded, and where."""
    result: Json = {
        "kind": re.sub(r"(?<!^)(?=[A-Z])", "-", type(fact).__name__).lower(),
        "agent": getattr(fact, "drug", None),
        "concept": next((getattr(fact, name) for name in _CONCEPT_FIELDS if hasattr(fact, name)), None),
    }
    for field in dataclasses.fields(fact):
        if field.name not in _COMMON:
            result[field.name] = _plain_value(getattr(fact, field.name))
    result["standing"] = fact.standing.value
    result["certainty"] = fact.certainty.value
    result["references"] = references(fact.sources)
    result["sources"] = [{"reference": source.reference, "element": source.element or None} for source in fact.sources]
    return result


def _plain_value(value: object) -> object:
    if isinstance(value, DateRange):
        return date_as_json(value)
    if isinstance(value, Dose):
        return {"value": _short(value.value), "unit": value.unit}
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, float):
        return _short(value)
    return value


def record_as_json(record: PatientRecord) -> Json:
    """What was read of one patient, without conclusions: patient, birth_date, sex, facts, coverage, gaps."""
    patient = record.patient
    return {
        "patient": record.id,
        "birth_date": None if patient is None else date_as_json(patient.birth),
        "sex": None if patient is None else patient.sex,
        "facts": [fact_as_json(fact) for fact in sorted(record.facts, key=_fact_order)],
        "coverage": {
            "not_supplied": [{"type": name, "reason": why} for name, why in sorted(record.coverage.unsupplied)],
            "until": None if record.coverage.until is None else record.coverage.until.isoformat(),
        },
        "gaps": [gap_as_json(gap) for gap in record.gaps],
    }


def _fact_order(fact: Fact) -> tuple[str, list[Source], str]:
    """Facts in one order whatever the order of input."""
    return type(fact).__name__, sorted(fact.sources), repr(fact)
