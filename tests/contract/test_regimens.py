"""The regimens: what each contains follows from its drugs, and is what the clinical table (knowledge 5) says."""

from importlib import resources

import pytest

from spmwatch.engine.catalogue.load import load_rule_base
from spmwatch.engine.terminology.concept import Concept
from spmwatch.engine.terminology.phrases import expanded
from spmwatch.engine.terminology.value_sets import ValueSets

SETS = ValueSets.load(resources.files("spmwatch.rules"))
REGIMENS = {regimen.id: regimen for regimen in SETS.concepts("regimen")}

PACE = {"cyclophosphamide", "etoposide", "doxorubicin", "cisplatin"}
TABLE = {  # id -> contains melphalan, other leukemogenic drugs, contains lenalidomide
    "dara": (False, set(), False),
    "dara-kd": (False, set(), False),
    "dara-mpv": (True, set(), False),
    "dara-pd": (False, set(), False),
    "dara-vd": (False, set(), False),
    "dara-rd": (False, set(), True),
    "dcep": (False, {"cyclophosphamide", "etoposide", "cisplatin"}, False),
    "dexa-beam": (True, {"carmustine", "etoposide"}, False),
    "elo-pd": (False, set(), False),
    "elo-pvd": (False, set(), False),
    "isa-kd": (False, set(), False),
    "isa-pd": (False, set(), False),
    "kcd": (False, {"cyclophosphamide"}, False),
    "kd": (False, set(), False),
    "kpd": (False, set(), False),
    "pace": (False, PACE, False),
    "pvd": (False, set(), False),
    "vdt-pace": (False, PACE, False),
}
OTHERS = {  # the regimens named below that table, and those of trials
    "vrd": (False, set(), True),
    "dara-vrd": (False, set(), True),
    "rd": (False, set(), True),
    "mpr": (True, set(), True),
    "mpr-r": (True, set(), True),
    "mp": (True, set(), False),
    "mpt": (True, set(), False),
    "vmp": (True, set(), False),
    "dara-vmp": (True, set(), False),
    "ctd": (False, {"cyclophosphamide"}, False),
    "crd": (False, {"cyclophosphamide"}, True),
    "krd": (False, set(), True),
    "dara-krd": (False, set(), True),
}
DRUGS = {  # as the table expands them
    "dara": "daratumumab",
    "dara-kd": "daratumumab carfilzomib dexamethasone",
    "dara-mpv": "daratumumab melphalan pomalidomide bortezomib",
    "dara-pd": "daratumumab pomalidomide dexamethasone",
    "dara-vd": "daratumumab bortezomib dexamethasone",
    "dara-rd": "daratumumab lenalidomide dexamethasone",
    "dcep": "dexamethasone cyclophosphamide etoposide cisplatin",
    "dexa-beam": "dexamethasone carmustine cytarabine etoposide melphalan",
    "elo-pd": "elotuzumab pomalidomide dexamethasone",
    "elo-pvd": "elotuzumab pomalidomide bortezomib dexamethasone",
    "isa-kd": "isatuximab carfilzomib dexamethasone",
    "isa-pd": "isatuximab pomalidomide dexamethasone",
    "kcd": "carfilzomib cyclophosphamide dexamethasone",
    "kd": "carfilzomib dexamethasone",
    "kpd": "carfilzomib pomalidomide dexamethasone",
    "pace": "cisplatin doxorubicin cyclophosphamide etoposide",
    "pvd": "pomalidomide bortezomib dexamethasone",
    "vdt-pace": "bortezomib dexamethasone thalidomide cisplatin doxorubicin cyclophosphamide etoposide",
}


def leukemogenic() -> set[str]:
    return {concept.drug for concept in SETS.concepts("drug") if concept.leukemogenic and concept.drug is not None}


def derived(regimen: Concept) -> tuple[bool, set[str], bool]:
    drugs = set(regimen.drugs)
    return "melphalan" in drugs, (drugs & leukemogenic()) - {"melphalan"}, "lenalidomide" in drugs


def test_every_regimen_is_expected() -> None:
    assert set(REGIMENS) == {*TABLE, *OTHERS}
    assert len(TABLE) == 18


@pytest.mark.parametrize("regimen", [*TABLE, *OTHERS])
def test_what_a_regimen_contains_follows_from_its_drugs(regimen: str) -> None:
    assert derived(REGIMENS[regimen]) == {**TABLE, **OTHERS}[regimen]


@pytest.mark.parametrize("regimen", DRUGS)
def test_its_drugs_are_those_of_the_table(regimen: str) -> None:
    assert sorted(REGIMENS[regimen].drugs) == sorted(DRUGS[regimen].split())
    assert REGIMENS[regimen].other_drugs == ()
    assert REGIMENS[regimen].evidence == "E32"


@pytest.mark.parametrize("regimen", ["mpr", "mpr-r", "mp", "mpt", "vmp", "dara-vmp"])
def test_drugs_without_a_concept_are_listed_apart(regimen: str) -> None:
    assert REGIMENS[regimen].other_drugs == ("prednisone",)


def test_a_letter_that_is_read_in_two_ways_is_noted() -> None:
    assert "prednisone" in (REGIMENS["dara-mpv"].note or "")


@pytest.mark.parametrize("regimen", REGIMENS.values(), ids=lambda regimen: regimen.id)
def test_its_evidence_exists(regimen: Concept) -> None:
    assert regimen.evidence in load_rule_base().evidence


def test_no_two_regimens_consist_of_the_same_drugs_unless_they_differ_in_time() -> None:
    same: dict[frozenset[str], set[str]] = {}
    for regimen in REGIMENS.values():
        same.setdefault(frozenset({*regimen.drugs, *regimen.other_drugs}), set()).add(regimen.id)
    assert [ids for ids in same.values() if len(ids) > 1] == [{"mpr", "mpr-r"}]


def test_a_named_regimen_is_a_combination_wherever_phases_are_inferred() -> None:
    """The phases take any named regimen for a combination; a single agent would have to be left out there."""
    for drug in load_rule_base().conventions.phases_inferred_for:
        assert all(set(regimen.drugs) != {drug} or regimen.other_drugs for regimen in REGIMENS.values())


def readings(regimen: Concept) -> set[str]:
    phrases = (*regimen.text, *regimen.cased_text, *regimen.abbreviations)
    return {" ".join(one.split()) for phrase in phrases for one in expanded(phrase)}


@pytest.mark.parametrize("regimen", REGIMENS.values(), ids=lambda regimen: regimen.id)
def test_every_name_finds_its_regimen_and_no_other(regimen: Concept) -> None:
    for name in readings(regimen):
        assert [match.concept.id for match in SETS.by_text(name, "regimen")] == [regimen.id], name
        beside = SETS.by_text(f"25 mg daily, {name}", "regimen")
        assert [match.concept.id for match in beside] == [regimen.id], name


@pytest.mark.parametrize("regimen", REGIMENS.values(), ids=lambda regimen: regimen.id)
def test_its_title_is_one_of_its_names(regimen: Concept) -> None:
    assert [match.concept.id for match in SETS.by_text(regimen.title, "regimen")] == [regimen.id]


def test_no_name_of_a_regimen_is_a_name_of_a_drug_it_does_not_contain() -> None:
    for regimen in REGIMENS.values():
        for name in readings(regimen):
            assert {match.concept.drug for match in SETS.by_text(name, "drug")} <= set(regimen.drugs), name
