"""Which lines each step has to look at, as a scanner."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import lru_cache

from spmwatch.engine.terminology.value_sets import ValueSets
from spmwatch.fhir_adapters.relevance import DRUG_TYPES, READ_TYPES
from spmwatch.screening.run.state import Cohort
from spmwatch.screening.scan.patterns import Looked, Patterns, evidence, ids, out_of_place, relevant
from spmwatch.screening.scan.scanner import HyperScanner, PlainScanner, Scanner

PRODUCT_TYPES = ("Medication", "Substance")
_MEMBERS = ("Patient", "Condition", "Procedure", "Medication", "Substance")


def for_evidence(value_sets: ValueSets, cohort: Cohort, *, many: int) -> Scanner:
    """Lines with codes or words of the cohort's drugs and diseases, or that refer to one of its Medications."""
    return HyperScanner(_evidence(value_sets), _names(cohort, many), out_of_place())


def for_members(cohort: Cohort, *, many: int) -> Scanner:
    """Patients of the cohort."""
    return HyperScanner(_lines_with(cohort.ids(), ("Patient",), many))


def for_cohort(value_sets: ValueSets, cohort: Cohort, *, many: int) -> Scanner:
    """Lines about the cohort, and lines that may bring somebody else into it; by code when the cohort is large.

    By code every Condition and Procedure is looked at, as every drug is: it may be a later version of what is found
    elsewhere, and a Condition may be the reason of a drug.
    """
    own = cohort.ids()
    if len(own) > many:
        return HyperScanner(_evidence(value_sets) | relevant(value_sets) | _whole(_MEMBERS), out_of_place())
    return HyperScanner(_evidence(value_sets), _names(cohort, many) | ids(own, READ_TYPES), out_of_place())


def for_known(cohort: Cohort, *, many: int) -> Scanner | None:
    """Lines about the cohort alone; None when it is too large to look for each patient."""
    own = cohort.ids()
    return None if len(own) > many else HyperScanner(ids(own, READ_TYPES), out_of_place())


def for_products(names: Collection[str], *, many: int) -> Scanner:
    """Lines that could be one of these Medications or Substances."""
    return HyperScanner(_lines_with(names, PRODUCT_TYPES, many))


def for_everything() -> Scanner:
    """Every line."""
    return PlainScanner()


@lru_cache(maxsize=4)
def _evidence(value_sets: ValueSets) -> Patterns:
    """A Substance may be the ingredient that matters, so it is held against what a Medication is held against."""
    found = evidence(value_sets)
    return found | Patterns({"Substance": found.by_type["Medication"]})


def _names(cohort: Cohort, many: int) -> Patterns:
    """Lines that refer to a Medication of the cohort's drugs, or are one."""
    return _lines_with(cohort.names(), (*DRUG_TYPES, *PRODUCT_TYPES), many)


def _lines_with(words: Collection[str], types: Iterable[str], many: int) -> Patterns:
    return ids(words, types) if len(words) <= many else _whole(types)


def _whole(types: Iterable[str]) -> Patterns:
    return Patterns(dict.fromkeys(types, Looked(whole=True)))
