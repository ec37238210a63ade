"""Which scanner a step needs."""

from __future__ import annotations

from collections.abc import Iterable

from spmwatch.engine.terminology.value_sets import ValueSets
from spmwatch.screening.run.state import Cohort
from spmwatch.screening.scan.scanner import PlainScanner, Scanner

_EVERYTHING = PlainScanner()


def for_evidence(value_sets: ValueSets, cohort: Cohort, *, many: int) -> Scanner:
    """Lines with codes or words of the cohort's drugs and diseases, or that refer to one of its Medications."""
    del value_sets, cohort, many
    return _EVERYTHING


def for_cohort(value_sets: ValueSets, cohort: Cohort, *, many: int) -> Scanner:
    """Lines about the cohort, and lines that may bring somebody else into it; by code when the cohort is large."""
    del value_sets, cohort, many
    return _EVERYTHING


def for_members(cohort: Cohort, *, many: int) -> Scanner:
    """Lines about the cohort."""
    del cohort, many
    return _EVERYTHING


def for_products(names: Iterable[str], *, many: int) -> Scanner:
    """Lines that could be one of these Medications or Substances."""
    del names, many
    return _EVERYTHING
