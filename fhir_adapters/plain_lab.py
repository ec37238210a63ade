"""The laboratory value that nearly every Observation is: one coded test, a number with its unit, a day, final.

`observation.py` reads whatever there is; this reads the plain case alone, in a fifth of the time, and leaves all others
to it: anything malformed, missing, preliminary, told in words or in parts. Where it answers, both answer the same.
"""

from __future__ import annotations

from typing import Literal

from spmwatch.engine.facts import LabValue, Standing
from spmwatch.fhir_adapters import views
from spmwatch.fhir_adapters.faults import view_of
from spmwatch.fhir_adapters.reader import Reader, source
from spmwatch.fhir_adapters.references import Item, Resource
from spmwatch.fhir_adapters.terms import Hit, Terms

_PLAIN = {"status", "code", "effectiveDateTime", "issued", "valueQuantity"}
_OTHERS = frozenset(views.ObservationView.model_fields) - _PLAIN
"""Elements that the view reads and a plain value does not have."""

_LARGEST = 1e9
"""What is larger is looked at more closely."""

_LAB = "lab"


def plain_lab(
    reader: Reader,
    item: Item,
    *,
    statuses: frozenset[str],
    categories: tuple[str, ...],
    by_words: tuple[str, ...],
) -> LabValue | None:
    """The value, or None when this is not the plain case.

    Args:
        reader: the patient's reading; it is not changed.
        item: an Observation.
        statuses: those that count.
        categories: what the code of an Observation may stand for.
        by_words: those of them that its words may tell too.
    """
    resource = item.resource
    status, written = resource.get("status"), resource.get("valueQuantity")
    if not isinstance(status, str) or status not in statuses or not isinstance(written, dict):
        return None
    if reader.strict or not _OTHERS.isdisjoint(resource):
        return None
    hit = _lone_lab(reader.terms, item, categories, by_words)
    if not hit or hit.concept.analyte is None:
        return None
    try:
        day = views.date_of(resource.get("effectiveDateTime"))
        if "issued" in resource:
            views.date_of(resource["issued"])
    except ValueError:
        return None
    known = _converted(reader.terms, written, hit.concept.analyte)
    if day is None or known is None:
        return None
    return LabValue(
        standing=Standing.COUNTS,
        certainty=hit.certainty,
        sources=source(item, "valueQuantity"),
        analyte=hit.concept.analyte,
        value=known[0],
        unit=known[1],
        date=day,
    )


def _converted(terms: Terms, quantity: Resource, analyte: str) -> tuple[float, str] | None:
    """The number in the canonical unit; None for all but a plain number in a unit that fits."""
    value, unit, code = quantity.get("value"), quantity.get("unit"), quantity.get("code")
    if isinstance(value, bool) or not isinstance(value, (float, int)) or not 0 <= value < _LARGEST:
        return None
    if "comparator" in quantity and quantity["comparator"] is not None:
        return None
    for text in (unit, code, quantity.get("system")):
        if text is not None and not isinstance(text, str):
            return None
    for text in (code, unit):
        known = terms.value_sets.convert(float(value), text, analyte) if text else None
        if known is not None:
            return known if known[0] < _LARGEST else None
    return None


def _lone_lab(terms: Terms, item: Item, categories: tuple[str, ...], by_words: tuple[str, ...]) -> Hit | Literal[False]:
    """What the code stands for, when that is one laboratory test and nothing else; remembered by digest."""
    digest = item.code_digest
    if not digest:
        return False
    key = (digest, categories, by_words)
    known = terms.lone_labs.get(key)
    if known is None:
        known = terms.lone_labs.keep(key, _looked_up(terms, item.resource.get("code"), categories, by_words))
    return known


def _looked_up(
    terms: Terms, code: object, categories: tuple[str, ...], by_words: tuple[str, ...]
) -> Hit | Literal[False]:
    if not isinstance(code, dict):
        return False
    concept, faults = view_of(views.Concept, code)
    readings = terms.read_all(concept, categories, "code", by_words=by_words)
    found = [(category, reading) for category, reading in readings.items() if reading.hits]
    if faults or len(found) != 1 or found[0][0] != _LAB:
        return False
    only = found[0][1]
    return only.hits[0] if len(only.hits) == 1 and not only.conflict else False
