"""Fields of a catalogue file by their written name (`card.summary`), and which of them an overlay may change."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

SHARED_TEXTS = ("texts", "gaps", "wording", "disagreements")
"""Files of shared wording, by name without `.yaml`."""
CHANGEABLE_CARDS = ("most_cards", "most_records", "most_links", "lines", "override_reasons")
"""Settings of rules/cards.yaml that are a site's own; the first part of their field."""
_RULE_TEXT = re.compile(r"title|rationale|card\.(summary|detail|ask|source)|variants\.[a-z0-9-]+\.(summary|detail)")
_CHECK_TEXT = re.compile(r"title|source|(schedules|exclusions)\.[a-z0-9-]+\.words")
_NO_TEXT = re.compile(r"(^|\.)(id|ask|status|version|kind|state|tests|unit)$")


def may_change(path: PurePosixPath, field: str) -> bool:
    """Is this a text, which a site may word otherwise, and not logic?"""
    if path.stem in SHARED_TEXTS and len(path.parts) == 2:
        return _NO_TEXT.search(field) is None and not field.startswith(("forbidden", "digits_allowed"))
    if path.parts[1] == "checks":
        return _CHECK_TEXT.fullmatch(field) is not None
    return _RULE_TEXT.fullmatch(field) is not None


def value_at(data: object, field: str) -> object:
    """What stands there; None when nothing does. A list is entered by the `id` of its entries."""
    for part in field.split("."):
        data = _step(data, part)
    return data


def replace_field(data: object, field: str, value: object) -> bool:
    """Put `value` in the place of what stands there; False when nothing of its kind does.

    A variant without a summary or detail of its own gets one, a concept without a label too. A topic of gaps.yaml is
    named by its id alone.
    """
    *parents, last = field.split(".")
    holder = value_at(data, ".".join(parents)) if parents else data
    if isinstance(holder, list):
        holder, last = _step(holder, last), "question"
    if not isinstance(holder, dict):
        return False
    optional = (parents[:1] == ["variants"] and last in ("summary", "detail")) or parents == ["concepts"]
    if not optional and not isinstance(holder.get(last), type(value)):
        return False
    holder[last] = value
    return True


def _step(data: object, part: str) -> object:
    if isinstance(data, dict):
        return data.get(part)
    if isinstance(data, list):
        return next((entry for entry in data if isinstance(entry, dict) and entry.get("id") == part), None)
    return None
