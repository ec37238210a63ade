"""Every word of the step language has a code in the value sets, or is meant to have none."""

from __future__ import annotations

import pytest

from spmwatch.engine.catalogue.load import load_rule_base
from spmwatch.rule_testing.codes import ValueSetCodes
from spmwatch.rule_testing.vocabulary import (
    CHECKS,
    DISEASES,
    DRUGS,
    ELIGIBILITY,
    HISTORIES,
    TESTS,
    TRANSPLANTS,
    Drug,
    Meaning,
    StepError,
)

MEANINGS = [meaning for words in (DISEASES, HISTORIES, TRANSPLANTS, TESTS, CHECKS) for meaning in words.values()]


@pytest.fixture(scope="module")
def codes() -> ValueSetCodes:
    return ValueSetCodes(load_rule_base().value_sets)


@pytest.mark.parametrize("meaning", MEANINGS, ids=lambda meaning: f"{meaning.concept} {meaning.shown_as}")
def test_every_word_stands_for_its_concept(codes: ValueSetCodes, meaning: Meaning) -> None:
    (coding,) = codes.concept(meaning.concept, shown_as=meaning.shown_as)["coding"]  # type: ignore[misc]
    found = load_rule_base().value_sets.by_code(coding["system"], coding["code"])
    assert meaning.concept in {match.concept.id for match in found}


@pytest.mark.parametrize("drug", [drug for drug in DRUGS.values() if drug.concept], ids=lambda drug: drug.concept)
def test_every_drug_stands_for_its_concept(codes: ValueSetCodes, drug: Drug) -> None:
    assert drug.concept is not None
    (coding,) = codes.drug(drug.concept)["coding"]  # type: ignore[misc]
    found = load_rule_base().value_sets.by_code(coding["system"], coding["code"])
    assert {match.concept.id for match in found} == {drug.concept}


@pytest.mark.parametrize("route", sorted({drug.route for drug in DRUGS.values() if drug.route}))
def test_every_route_is_coded(codes: ValueSetCodes, route: str) -> None:
    assert "coding" in codes.route(route)


@pytest.mark.parametrize("statement", ELIGIBILITY.values())
def test_a_statement_has_a_local_code(codes: ValueSetCodes, statement: str) -> None:
    assert "coding" in codes.concept(statement)


def test_a_strength_chooses_the_product(codes: ValueSetCodes) -> None:
    assert "10 MG" in str(codes.drug("lenalidomide", strength_mg=10)["text"])
    assert codes.drug("lenalidomide", strength_mg=12)["text"] == "lenalidomide"


def test_a_system_is_kept_to(codes: ValueSetCodes) -> None:
    (coding,) = codes.concept("autologous-sct", system="CPT")["coding"]  # type: ignore[misc]
    assert coding["system"].endswith("/cpt")


@pytest.mark.parametrize(("concept", "system"), [("no-such-concept", None), ("smoldering-myeloma", "CPT")])
def test_what_has_no_code_is_refused(codes: ValueSetCodes, concept: str, system: str | None) -> None:
    with pytest.raises(StepError):
        codes.concept(concept, system=system)
