"""One row per patient: what `screen` prints and writes, as JSON values and as CSV cells."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from spmwatch.engine.errors import CdsError
from spmwatch.engine.presentation import Json, recommendation_as_json
from spmwatch.engine.recommendation import Recommendation

FINDING_COLUMNS = (
    "patient",
    "as_of",
    "tier",
    "rule",
    "part",
    "variant",
    "version",
    "indicator",
    "certainty",
    "grade",
    "summary",
    "evidence",
    "references",
    "error",
    "rulebase_version",
    "rulebase_hash",
    "rulebase_overlays",
)
PATIENT_COLUMNS = (
    "patient",
    "as_of",
    "tier",
    "findings",
    "questions",
    "overdue",
    "none_recorded",
    "data_problems",
    "error",
    "error_message",
    "rulebase_version",
    "rulebase_hash",
    "rulebase_overlays",
)
PLAN_COLUMNS = (
    "patient",
    "as_of",
    "check",
    "title",
    "state",
    "test",
    "last",
    "next",
    "overdue_days_min",
    "overdue_days_max",
    "reasons",
    "excluded",
    "schedule",
    "source",
    "references",
    "rulebase_version",
    "rulebase_hash",
    "rulebase_overlays",
)
TIERS = ("critical", "warning", "info", "none")
"""Strongest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One patient's result. `failed` when the patient could not be evaluated; `incomplete` when some rule could not.

    `body` is the JSON value: with `tier`, `findings` and `gaps`, or with a null tier and `error` {code, message}.
    """

    patient: str
    tier: str | None
    body: Json
    incomplete: bool = False

    @property
    def failed(self) -> bool:
        """Is there no result for this patient?"""
        return self.tier is None


def evaluated_row(recommendation: Recommendation) -> Row:
    """The row of a patient who was evaluated."""
    return Row(
        patient=recommendation.patient,
        tier=recommendation.tier,
        body=recommendation_as_json(recommendation),
        incomplete=bool(recommendation.failures),
    )


def failed_row(patient: str, as_of: date, error: Exception) -> Row:
    """The row of a patient who could not be evaluated. Of an unforeseen error only its kind is told."""
    if isinstance(error, CdsError):
        code, message = error.code, str(error)
    else:
        code = "unexpected"
        message = f"could not be evaluated ({type(error).__name__}); a fault of spmwatch, please report it"
    body: Json = {
        "patient": patient,
        "as_of": as_of.isoformat(),
        "tier": None,
        "error": {"code": code, "message": message},
        "findings": [],
        "gaps": [],
        "plan": [],
    }
    return Row(patient=patient, tier=None, body=body)


def in_order(rows: Iterable[Row]) -> list[Row]:
    """Sorted by patient; rows of one id stay in the order in which they were read."""
    return sorted(rows, key=lambda row: row.patient)


def json_array(bodies: Iterable[Mapping[str, object]]) -> Iterator[bytes]:
    """A JSON array in pieces, one object a line, in UTF-8."""
    before = b"[\n"
    for body in bodies:
        yield before + json_line(body)
        before = b",\n"
    yield b"[]\n" if before == b"[\n" else b"\n]\n"


def json_line(body: Mapping[str, object]) -> bytes:
    """One JSON value on one line. A lone surrogate in an id leaves as its JSON escape, as it came."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode(
        "utf-8", "backslashreplace"
    )


def finding_cells(row: Row) -> Iterator[dict[str, str]]:
    """A CSV line per finding; a patient without one, or who failed, has one line that says so."""
    common = _common_cells(row)
    findings = _dicts(row.body.get("findings"))
    if not findings:
        yield common
    for finding in findings:
        references: dict[str, None] = {}
        for fact in _dicts(finding.get("facts")):
            references |= dict.fromkeys(str(reference) for reference in _list(fact.get("references")))
        yield {
            **common,
            **{name: str(finding.get(name) or "") for name in FINDING_COLUMNS[3:11]},
            "evidence": " ".join(str(item.get("id")) for item in _dicts(finding.get("evidence"))),
            "references": " ".join(references),
        }


def patient_cells(row: Row) -> dict[str, str]:
    """The CSV line of a patient: ids of findings, topics of decisive questions, checks; lists joined by spaces."""
    gaps = _dicts(row.body.get("gaps"))
    error = row.body.get("error")
    return {
        **_common_cells(row),
        "findings": " ".join(finding_id(finding) for finding in _dicts(row.body.get("findings"))),
        "questions": " ".join(str(gap["topic"]) for gap in gaps if gap.get("question") and gap.get("decisive")),
        "overdue": _checks(row, "overdue"),
        "none_recorded": _checks(row, "none-recorded"),
        "data_problems": str(sum(1 for gap in gaps if gap.get("problem"))),
        "error_message": str(error.get("message", "")) if isinstance(error, dict) else "",
    }


def plan_cells(row: Row) -> Iterator[dict[str, str]]:
    """A CSV line per check of the patient's plan; none for a patient without a plan, or who failed.

    A day that is not known exactly is `earliest/latest`, with `..` for an open side.
    """
    common = _common_cells(row)
    for item in _dicts(row.body.get("plan")):
        overdue = item.get("overdue_days")
        span = overdue if isinstance(overdue, dict) else {"low": overdue, "high": overdue}
        source = item.get("source")
        yield {
            **common,
            **{name: str(item.get(name) or "") for name in ("check", "title", "state", "test", "excluded", "schedule")},
            "last": _day(item.get("last")),
            "next": _day(item.get("next")),
            "overdue_days_min": _number(span.get("low")),
            "overdue_days_max": _number(span.get("high")),
            "reasons": " ".join(str(reason) for reason in _list(item.get("reasons"))),
            "source": str(source.get("id")) if isinstance(source, dict) else "",
            "references": " ".join(str(reference) for reference in _list(item.get("references"))),
        }


def _checks(row: Row, state: str) -> str:
    return " ".join(str(item.get("check")) for item in _dicts(row.body.get("plan")) if item.get("state") == state)


def _day(value: object) -> str:
    if isinstance(value, dict):
        return f"{value.get('earliest') or '..'}/{value.get('latest') or '..'}"
    return "" if value is None else str(value)


def _number(value: object) -> str:
    return "" if value is None else str(value)


def finding_id(finding: Mapping[str, object]) -> str:
    """`SPM-02a`: the rule with the letter of its part."""
    return f"{finding.get('rule')}{finding.get('part') or ''}"


def _common_cells(row: Row) -> dict[str, str]:
    rulebase, error = row.body.get("rulebase"), row.body.get("error")
    return {
        "patient": row.patient,
        "as_of": str(row.body.get("as_of")),
        "tier": row.tier or "",
        "error": str(error.get("code", "")) if isinstance(error, dict) else "",
        "rulebase_version": str(rulebase.get("version")) if isinstance(rulebase, dict) else "",
        "rulebase_hash": str(rulebase.get("hash")) if isinstance(rulebase, dict) else "",
        "rulebase_overlays": "; ".join(
            str(name) for name in _list(rulebase.get("overlays") if isinstance(rulebase, dict) else None)
        ),
    }


def csv_lines(columns: Sequence[str], lines: Iterable[Mapping[str, str]]) -> Iterator[bytes]:
    """CSV (RFC 4180, UTF-8) with a header. A cell that a spreadsheet would run as a formula gets a `'` in front."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, columns, restval="", lineterminator="\r\n")
    writer.writeheader()
    for line in lines:
        writer.writerow({key: _harmless(value) for key, value in line.items() if key in columns})
        if buffer.tell() > 1 << 16:
            yield _take(buffer)
    yield _take(buffer)


def _take(buffer: io.StringIO) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode("utf-8", "backslashreplace")


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell


def _dicts(value: object) -> list[Mapping[str, object]]:
    return [item for item in _list(value) if isinstance(item, dict)]


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
