"""Feedback as it comes over the wire -> feedback as it is kept (CDS Hooks 2.0, and what EHRs make of it).

Read tolerantly where nothing can be misunderstood: ids need not be UUIDs, `overrideReasons` may stand for
`overrideReason`, either may stand in an `extension`, a reason may be the coding itself, unknown members and nulls are
passed over (C137). Refused is what leaves open which card was meant, what was done with it, or when; then the whole
call is refused and nothing of it is kept, with the place of each faulty entry, so that it can be sent again as a whole:
what was kept before is not kept twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

from spmwatch.cds_hooks.store.decision import Feedback
from spmwatch.cds_hooks.wire import strict_json
from spmwatch.cds_hooks.wire.refusal import Issue, RequestError

MOST_BYTES = 1024 * 1024
MOST_ENTRIES = 1000
MOST_SUGGESTIONS = 100
MOST_REASONS = 10
LONGEST_ID = 200
LONGEST_CODE = 255
LONGEST_COMMENT = 2000
"""Characters that are kept of a comment, where comments are kept at all (C138)."""
MOST_ISSUES = 10
OUTCOMES = ("accepted", "overridden")
_DEEPEST_EXTENSION = 4
_UUID = re.compile(r"(?i)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_MOMENT = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))", re.ASCII
)
_REASON_KEYS = ("overrideReason", "overrideReasons")


class _FaultError(Exception):
    """One member of an entry is not as it should be."""

    def __init__(self, where: str, says: str, code: str = "value") -> None:
        self.where, self.says, self.code = where, says, code
        super().__init__(says)


def feedback_from(body: bytes) -> tuple[Feedback, ...]:
    """The feedback of a call, in its order.

    Raises:
        RequestError: 413 when it is too long, else 400; members are named, values are not.
    """
    value = strict_json.parse(body, most_bytes=MOST_BYTES)
    entries = value.get("feedback") if isinstance(value, dict) else None
    if not isinstance(entries, list):
        says = 'The body is not an object with a list `feedback`; expected {"feedback": [...]}'
        raise RequestError(400, Issue(code="structure", says=says, where="feedback"))
    if len(entries) > MOST_ENTRIES:
        says = f"feedback has more than {MOST_ENTRIES} entries; send them in several calls"
        raise RequestError(413, Issue(code="too-long", says=says, where="feedback"))
    feedback: list[Feedback] = []
    issues: list[Issue] = []
    for number, entry in enumerate(entries):
        try:
            feedback.append(_feedback(entry))
        except _FaultError as fault:
            where = f"feedback[{number}]{fault.where}"
            issues.append(Issue(code=fault.code, says=f"{where} {fault.says}", where=where))
    if issues:
        raise RequestError(400, *issues[:MOST_ISSUES])
    return tuple(feedback)


def _feedback(entry: object) -> Feedback:
    if not isinstance(entry, dict):
        raise _FaultError("", "is not an object")
    outcome = _text(entry, "outcome", LONGEST_CODE)
    if outcome not in OUTCOMES:
        raise _FaultError(".outcome", f"is neither {' nor '.join(OUTCOMES)}")
    said = tuple(_reasons_said(entry))
    reasons = tuple(dict.fromkeys(reason for one in said for reason in _codings(one)))[:MOST_REASONS]
    comments = [comment for one in said if isinstance(comment := one.get("userComment"), str) and comment.strip()]
    return Feedback(
        card=_id(_text(entry, "card", LONGEST_ID)),
        outcome=outcome,
        at=_moment(_text(entry, "outcomeTimestamp", LONGEST_CODE)),
        suggestions=tuple(_suggestions(entry.get("acceptedSuggestions"))),
        reason=reasons[0] if reasons else None,
        further_reasons=reasons[1:],
        comment=_shortened("\n".join(comments)) if comments else None,
    )


def _text(entry: Mapping[str, object], member: str, longest: int) -> str:
    value = entry.get(member)
    if value is None:
        raise _FaultError(f".{member}", "is missing", "required")
    if not isinstance(value, str) or not value.strip():
        raise _FaultError(f".{member}", "is not a text, or empty")
    if len(value) > longest or not value.isprintable():
        raise _FaultError(f".{member}", f"is longer than {longest} characters, or holds characters that do not print")
    return value


def _id(text: str) -> str:
    """An id as it is compared: UUIDs are equal whatever their case, and some write them as URNs."""
    bare = re.sub(r"(?i)^urn:uuid:", "", text.strip())
    return bare.lower() if _UUID.fullmatch(bare) else text


def _suggestions(value: object) -> Iterator[str]:
    """Ids of accepted suggestions; a card without suggestions may be accepted too."""
    if value is None:
        return
    if not isinstance(value, list) or len(value) > MOST_SUGGESTIONS:
        raise _FaultError(".acceptedSuggestions", f"is not a list of at most {MOST_SUGGESTIONS} objects")
    for number, one in enumerate(value):
        try:
            yield _id(_text(one if isinstance(one, dict) else {}, "id", LONGEST_ID))
        except _FaultError as fault:
            raise _FaultError(f".acceptedSuggestions[{number}]{fault.where}", fault.says, fault.code) from None


def _reasons_said(entry: Mapping[str, object]) -> Iterator[Mapping[str, object]]:
    """Everything that stands where an override reason may stand, in an entry or its extensions (C137)."""
    yield from _said_in(entry)
    yield from _extended(entry.get("extension"), _DEEPEST_EXTENSION)


def _said_in(value: Mapping[str, object]) -> Iterator[Mapping[str, object]]:
    for member in _REASON_KEYS:
        said = value.get(member)
        for one in said if isinstance(said, list) else [said]:
            if isinstance(one, dict):
                yield one
            elif one is not None:
                raise _FaultError(f".{member}", "is neither an object nor a list of objects")


def _extended(value: object, levels: int) -> Iterator[Mapping[str, object]]:
    if not levels:
        return
    if isinstance(value, dict):
        yield from _said_in(value)
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _extended(inner, levels - 1)


def _codings(said: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """System and code; the reason is a Coding, or a member of what was said is (C137)."""
    inner = said.get("reason")
    if inner is None:
        inner = said if "code" in said else {}
    for coding in inner if isinstance(inner, list) else [inner]:
        if not isinstance(coding, dict):
            raise _FaultError(".overrideReason.reason", "is not a Coding")
        code, system = coding.get("code"), coding.get("system") or ""
        if code is None:
            continue  # a comment alone
        if not isinstance(code, str) or not isinstance(system, str) or max(len(code), len(system)) > LONGEST_CODE:
            raise _FaultError(".overrideReason.reason", f"has no code and system of at most {LONGEST_CODE} characters")
        if not (code.isprintable() and system.isprintable()):
            raise _FaultError(".overrideReason.reason", "holds characters that do not print")
        yield system, code


def _shortened(comment: str) -> str:
    plain = comment.replace("\x00", "")
    return plain if len(plain) <= LONGEST_COMMENT else plain[: LONGEST_COMMENT - 1] + "…"


def _moment(text: str) -> datetime:
    """A moment of RFC 3339 in UTC; a leap second is the one before it, parts of a microsecond are cut off."""
    found = _MOMENT.fullmatch(text.strip())
    try:
        if found is None:
            raise ValueError
        year, month, day, hour, minute, second = (int(part) for part in found.groups()[:6])
        fraction = (found[7] or "").ljust(6, "0")[:6]
        offset = timedelta(hours=int(found[9] or 0), minutes=int(found[10] or 0))
        if offset >= timedelta(days=1) or int(found[10] or 0) > 59:
            raise ValueError
        moment = datetime(year, month, day, hour, minute, min(second, 59) if second == 60 else second, int(fraction))
        local = moment.replace(tzinfo=UTC)
        return local + offset if found[8] == "-" else local - offset
    except (ValueError, OverflowError):
        says = "is no moment of RFC 3339, e.g. 2026-01-15T09:30:00Z"
        raise _FaultError(".outcomeTimestamp", says) from None
