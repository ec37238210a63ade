"""The value sets against the terminology list: every code by its display, no trap, no code in two concepts."""

import csv
from collections import defaultdict
from importlib import resources
from pathlib import Path

import pytest

from spmwatch.engine.terminology.concept import Code, Concept
from spmwatch.engine.terminology.phrases import expanded, words_of
from spmwatch.engine.terminology.value_sets import TEXT_CATEGORIES, ValueSets

TERMINOLOGY = Path(__file__).parent / "data" / "terminology.csv"
SETS = ValueSets.load(resources.files("spmwatch.rules"))
CATEGORIES = ("drug", "condition", "procedure", "lab", "screening", "smoking", "exclusion", "statement", "route")
CONCEPTS = [concept for category in CATEGORIES for concept in SETS.concepts(category)]
ROWS = [pytest.param(concept, row, id=f"{concept.id}-{row.code}") for concept in CONCEPTS for row in concept.codes]

RXNORM, SNOMED, ICD = (
    "http://www.nlm.nih.gov/research/umls/rxnorm",
    "http://snomed.info/sct",
    "http://hl7.org/fhir/sid/icd-10-cm",
)
TRAPS = {  # code -> what public data wrongly take it for is never what it matches
    (RXNORM, "321191"): None,
    (RXNORM, "643037"): None,
    (RXNORM, "10324"): None,  # tamoxifen
    (RXNORM, "10432"): "thalidomide",
    (RXNORM, "10400"): None,
    (RXNORM, "358263"): None,  # tadalafil
    (RXNORM, "358258"): "bortezomib",
    (SNOMED, "848081"): None,  # a cut-off 108631000119101
    (SNOMED, "1086310001"): None,
    (SNOMED, "108631000119101"): "autologous-sct",
}


def terminology() -> dict[tuple[str, str], str]:
    with TERMINOLOGY.open(encoding="utf-8", newline="") as file:
        return {(row["system"], row["code"]): row["display"] for row in csv.DictReader(file)}


LISTED = terminology()


def test_the_list_tells_each_code_once() -> None:
    with TERMINOLOGY.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(LISTED)
    assert all(all(row.values()) for row in rows)


@pytest.mark.parametrize(("concept", "row"), ROWS)
def test_every_code_is_listed_under_its_display(concept: Concept, row: Code) -> None:
    assert LISTED[row.system, row.code] == row.display, concept.id


def test_every_listed_code_is_in_a_value_set() -> None:
    assert set(LISTED) == {(row.system, row.code) for concept in CONCEPTS for row in concept.codes}


@pytest.mark.parametrize(("concept", "row"), ROWS)
def test_every_code_finds_its_concept(concept: Concept, row: Code) -> None:
    assert concept.id in {match.concept.id for match in SETS.by_code(row.system, row.code)}


@pytest.mark.parametrize(
    ("trap", "truth"), TRAPS.items(), ids=lambda value: str(value[1]) if isinstance(value, tuple) else None
)
def test_traps_of_public_data(trap: tuple[str, str], truth: str | None) -> None:
    assert [match.concept.id for match in SETS.by_code(*trap)] == ([] if truth is None else [truth])


def test_a_code_means_one_thing_except_for_progression() -> None:
    owners: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for concept in CONCEPTS:
        for row in concept.codes:
            owners[row.system, row.code].add(concept.id)
    shared = {code: concepts for code, concepts in owners.items() if len(concepts) > 1}
    assert set(shared) == {("ICD-10-CM", "C90.02"), ("SNOMED CT", "452291000124109")}
    assert all(concepts == {"multiple-myeloma", "progression"} for concepts in shared.values())


def test_no_prefix_of_one_concept_is_cut_by_another_by_accident() -> None:
    """Where prefixes of two concepts nest, the inner one is meant to be an exception: these and no others."""
    prefixes = {
        row.code.replace(".", ""): concept.id
        for concept in CONCEPTS
        for row in concept.codes
        if row.system == "ICD-10-CM"
    }
    nested = {
        (outer, inner)
        for code, inner in prefixes.items()
        for other, outer in prefixes.items()
        if code != other and code.startswith(other) and inner != outer
    }
    assert nested == {
        ("spm-nmsc-unspecified", "spm-nmsc-bcc"),
        ("spm-nmsc-unspecified", "spm-nmsc-scc"),
        ("multiple-myeloma", "progression"),
        ("history-cancer-digestive", "history-cancer-colorectal"),
        ("history-cancer-genital", "history-cancer-cervix"),
    }


@pytest.mark.parametrize("category", TEXT_CATEGORIES)
def test_a_phrase_means_one_thing(category: str) -> None:
    meanings: defaultdict[tuple[str, ...], set[str]] = defaultdict(set)
    for concept in SETS.concepts(category):
        for phrase in (*concept.text, *concept.exact_text, *concept.asked_text):
            for reading in expanded(phrase):
                meanings[words_of(reading)].add(concept.id)
    assert {words: ids for words, ids in meanings.items() if len(ids) > 1} == {}


@pytest.mark.parametrize("concept", CONCEPTS, ids=lambda concept: concept.id)
def test_drug_phrases_find_their_drug(concept: Concept) -> None:
    if concept.category != "drug":
        return
    for phrase in concept.text:
        for reading in expanded(phrase):
            assert concept.id in {match.concept.id for match in SETS.by_text(reading, "drug")}, reading


@pytest.mark.parametrize("row", LISTED, ids=lambda row: f"{row[0]}-{row[1]}")
def test_a_display_alone_never_means_another_ingredient(row: tuple[str, str]) -> None:
    """The display of a coded drug, read as text, is that drug or nothing."""
    system, code = row
    told = {match.concept.drug for match in SETS.by_code(system, code) if match.concept.category == "drug"}
    if told:
        assert {match.concept.drug for match in SETS.by_text(LISTED[row], "drug")} <= told


@pytest.mark.parametrize("row", LISTED, ids=lambda row: f"{row[0]}-{row[1]}")
def test_a_display_of_a_diagnosis_alone_never_means_a_second_cancer_of_another_kind(row: tuple[str, str]) -> None:
    matches = [match for match in SETS.by_code(*row) if match.concept.category == "condition"]
    if not matches:
        return
    by_code = {(match.concept.family, match.concept.malignancy) for match in matches}
    for match in SETS.by_text(LISTED[row], "condition"):
        if match.concept.spm_group is None:
            continue
        groups = {one.concept.spm_group for one in matches}
        assert match.concept.spm_group in groups or (match.history and None not in groups), (LISTED[row], by_code)


def test_what_never_counts_as_a_second_cancer() -> None:
    for concept in SETS.concepts("condition"):
        if (
            concept.family == "myeloma"
            or concept.malignancy in ("metastasis", "premalignant", "none")
            or concept.ambiguous_history
        ):
            assert concept.spm_group is None, concept.id
        else:
            assert concept.spm_group is not None, concept.id
            assert concept.organ is not None, concept.id


def test_the_myeloma_family() -> None:
    family = {concept.id for concept in SETS.concepts("condition") if concept.family == "myeloma"}
    assert family == {"multiple-myeloma", "smoldering-myeloma", "plasma-cell-neoplasm-other", "mgus", "al-amyloidosis"}


def test_only_infusions_of_cells_are_transplants() -> None:
    transplants = {concept.id: concept.transplant for concept in SETS.concepts("procedure") if concept.transplant}
    assert transplants == {
        "autologous-sct": "autologous",
        "allogeneic-sct": "allogeneic",
        "syngeneic-sct": "syngeneic",
        "autologous-sct-gene-modified": "gene-modified",
        "sct-unspecified": "unknown",
    }


def test_every_statement_has_a_code_of_ours() -> None:
    for concept in SETS.concepts("statement"):
        (match,) = SETS.by_code("urn:spmwatch:statements", concept.id)
        assert match.concept is concept
