"""The two statuses of a Condition, as codes whatever the FHIR version (clinical conventions 7.1)."""

from __future__ import annotations

COUNTING_VERIFICATION = frozenset({"confirmed"})
POSSIBLE_VERIFICATION = frozenset({"provisional", "differential", "unconfirmed", "unknown"})
EXCLUDED_VERIFICATION = frozenset({"refuted", "entered-in-error"})
CLINICAL = frozenset({"active", "recurrence", "relapse", "inactive", "remission", "resolved"})
OVER = frozenset({"inactive", "resolved"})
_KNOWN = COUNTING_VERIFICATION | POSSIBLE_VERIFICATION | EXCLUDED_VERIFICATION | CLINICAL
UNREADABLE = "?"


def status_code(value: object) -> str | None:
    """The code in a status, plain (STU3) or in a CodeableConcept (R4, R5); None for no status, `?` for no known code.

    Where several are given, one that takes the condition back outweighs the others.
    """
    if value is None:
        return None
    known = [code for code in _codes(value) if code in _KNOWN]
    if not known:
        return UNREADABLE
    return next((code for code in known if code in EXCLUDED_VERIFICATION), known[0])


def _codes(value: object) -> list[str]:
    if isinstance(value, dict):
        codings = value.get("coding")
        listed = codings if isinstance(codings, list) else (codings,)
        found = [code.strip() for one in listed if isinstance(one, dict) and isinstance(code := one.get("code"), str)]
        if isinstance(text := value.get("text"), str):
            found.append(text.strip().lower())
        return found
    if isinstance(value, list):  # some senders repeat what may stand once only
        return [code for one in value if isinstance(one, dict) for code in _codes(one)]
    return [value.strip()] if isinstance(value, str) else []
