"""The patients to look at first, each with why and what waits: one line for whoever rings them up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from spmwatch.engine.catalogue.load import RuleBase
from spmwatch.engine.dates import completed_years
from spmwatch.screening.results.schemas import FINDINGS, PLAN
from spmwatch.screening.results.statistics import Statistics

_STATES = ("overdue", "due", "none-recorded")
_INFO = "info"
_TIERS = {"critical": 0, "warning": 1, "info": 2, "none": 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """A finding in one line; `ids` of the rules that say the same."""

    ids: str
    summary: str
    indicator: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A check that waits: its title, how it stands in words, when it was done last."""

    title: str
    state: str
    words: str
    last: str | None
    days: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One patient of the work list.

    `number` is the place by urgency, `rank` the tier's, for sorting. `reasons` are the findings that make somebody
    look; `beside` are the rules of those that only inform, where there are others.
    """

    number: int
    patient: str
    tier: str
    rank: int
    age: str
    years: int
    sex: str
    reasons: Sequence[Reason]
    beside: str
    checks: Sequence[Waiting]
    overdue_days: int
    questions: Sequence[str]
    incomplete: bool


def work_list(statistics: Statistics, rule_base: RuleBase) -> list[Line]:
    """The most urgent patients, in order."""
    if statistics.urgent is None:
        return []
    findings, plan = (_by_patient(statistics.of_urgent[table]) for table in (FINDINGS, PLAN))
    questions = {topic.id: topic.question for topic in rule_base.topics}
    lines = []
    for number, row in enumerate(statistics.urgent.to_pylist(), start=1):
        patient = str(row["patient"])
        years, age = _age(row, statistics.as_of)
        asked = str(row["questions"] or "").split()
        reasons, beside = _reasons(findings.get(patient, ()))
        lines.append(
            Line(
                number=number,
                patient=patient,
                tier=str(row["tier"]),
                rank=_TIERS[str(row["tier"])],
                age=age,
                years=years,
                sex=str(row["sex"] or "unknown"),
                reasons=reasons,
                beside=beside,
                checks=_checks(plan.get(patient, ()), rule_base),
                overdue_days=int(row["overdue_days_max"] or 0),
                questions=[questions.get(topic, topic) for topic in asked],
                incomplete=bool(row["incomplete"]),
            )
        )
    return lines


def _by_patient(rows: Iterable[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(str(row["patient"]), []).append(row)
    return found


def _reasons(rows: Iterable[Mapping[str, Any]]) -> tuple[list[Reason], str]:
    """Findings that say the same stand together; beside more urgent ones, those that only inform by their rules."""
    found: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        found.setdefault((row["summary"], row["indicator"]), []).append(f"{row['rule']}{row['part'] or ''}")
    told = [Reason(ids=", ".join(ids), summary=text, indicator=urgency) for (text, urgency), ids in found.items()]
    urgent = [reason for reason in told if reason.indicator != _INFO]
    return urgent or told, ", ".join(r.ids for r in told if r.indicator == _INFO) if urgent else ""


def _checks(rows: Iterable[Mapping[str, Any]], rule_base: RuleBase) -> list[Waiting]:
    return [
        Waiting(
            title=row["title"],
            state=row["state"],
            words=rule_base.wording.word("state", row["state"]),
            last=None if row["last_latest"] is None else _day(row["last_earliest"], row["last_latest"]),
            days=row["overdue_days_max"],
        )
        for row in rows
        if row["state"] in _STATES
    ]


def _day(earliest: date | None, latest: date) -> str:
    return latest.isoformat() if earliest == latest else f"up to {latest.isoformat()}"


def _age(row: Mapping[str, Any], as_of: date) -> tuple[int, str]:
    """In completed years; `60-61` where the birth date is known in part, -1 for sorting where it is not known."""
    earliest, latest = row["birth_earliest"], row["birth_latest"]
    if earliest is None or latest is None or latest > as_of:
        return -1, "unknown"
    oldest, youngest = completed_years(earliest, as_of), completed_years(latest, as_of)
    return oldest, str(oldest) if oldest == youngest else f"{youngest}-{oldest}"
