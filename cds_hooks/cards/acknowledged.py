"""What was acknowledged earlier, as the caller hands it over, and what to keep of a card (docs/cds-hooks.md).

Keeping it is the caller's.
"""

from __future__ import annotations

import re
from datetime import date

from spmwatch.cds_hooks.wire import strict_json
from spmwatch.cds_hooks.wire.refusal import RequestError
from spmwatch.engine.acknowledgement import Acknowledgement
from spmwatch.engine.catalogue.rule import RULE_ID
from spmwatch.engine.errors import InputError
from spmwatch.engine.merging import Advice, Merged

Json = dict[str, object]

KEYS = ("rule", "on", "digest")
_FORMS = {"rule": RULE_ID, "on": r"^\d{4}-\d{2}-\d{2}$", "digest": r"^[0-9a-f]{64}$"}
_WANTED = {
    "rule": "a rule id such as SPM-05",
    "on": "a day such as 2026-01-15",
    "digest": "the 64 hexadecimal digits that came with the card",
}


def acknowledged_from(body: bytes, where: str) -> tuple[Acknowledgement, ...]:
    """The acknowledgements of a JSON list of `{"rule", "on", "digest"}`.

    Args:
        body: the bytes as they came.
        where: what messages call them, e.g. the file's name.

    Raises:
        InputError: no JSON, no list, or an entry that is not of this form; nothing is taken from it then.
    """
    body = strict_json.without_byte_order_mark(body)
    if not body.strip():
        raise InputError(where, "-", "is empty", "Write [] where nothing was acknowledged")
    try:
        entries = strict_json.parse(body)
    except RequestError as refusal:
        raise InputError(where, "-", refusal.issues[0].says, _FIX) from None
    if not isinstance(entries, list):
        raise InputError(where, "-", "is not a list", _FIX)
    return tuple(_entry(entry, where, f"[{number}]") for number, entry in enumerate(entries))


_FIX = 'Write e.g. [{"rule": "SPM-05", "on": "2026-01-15", "digest": "..."}]; `spmwatch hook --format json` prints them'


def _entry(entry: object, where: str, element: str) -> Acknowledgement:
    if not isinstance(entry, dict) or set(entry) != set(KEYS):
        raise InputError(where, element, f"has not exactly the members {', '.join(KEYS)}", _FIX)
    for key in KEYS:
        value = entry[key]
        if not isinstance(value, str) or not re.fullmatch(_FORMS[key], value):
            raise InputError(where, f"{element}.{key}", f"is not {_WANTED[key]}", _FIX)
    try:
        on = date.fromisoformat(entry["on"])
    except ValueError:
        raise InputError(where, f"{element}.on", "is a day that no calendar has", _FIX) from None
    return Acknowledgement(rule=entry["rule"], on=on, digest=entry["digest"])


def merged_as_json(merged: Merged, as_of: date) -> Json:
    """What became of the findings: `cards`, `beyond`, `quiet`.

    `acknowledge` of a card holds what to keep when it is set aside today; the same form is read above.
    """
    return {
        "cards": [
            {
                "rule": card.advice.rule,
                "indicator": card.advice.indicator.value,
                "summary": card.advice.lead.summary,
                "folded": [one.rule for one in card.folded],
                "mentioned": [one.rule for one in card.mentioned],
                "suggests": [one.orderable.display for one in card.suggested],
                "acknowledge": [
                    {"rule": one.rule, "on": as_of.isoformat(), "digest": one.digest} for one in card.all_advice
                ],
            }
            for card in merged.cards
        ],
        "beyond": [_named(one) for one in merged.beyond],
        "quiet": [
            _named(one.advice) | {"on": one.on.isoformat(), "until": one.until.isoformat()} for one in merged.quiet
        ],
    }


def _named(advice: Advice) -> Json:
    """`summary` is the strongest finding's; `findings` has all of them."""
    return {
        "rule": advice.rule,
        "indicator": advice.indicator.value,
        "summary": advice.lead.summary,
        "findings": [
            {"part": one.part, "indicator": one.indicator.value, "summary": one.summary} for one in advice.findings
        ],
    }
