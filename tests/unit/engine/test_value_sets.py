"""Codes, systems, routes and units, at their edges."""

import shutil
from importlib import resources
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spmwatch.engine.errors import RuleFileError
from spmwatch.engine.terminology.code_systems import ndc_keys
from spmwatch.engine.terminology.units import UnitsFile
from spmwatch.engine.terminology.value_sets import ValueSets
from spmwatch.engine.yaml_file import read_yaml, validated

RULES = resources.files("spmwatch.rules")
SETS = ValueSets.load(RULES)
UNITS_YAML = PurePosixPath("rules/value_sets/units.yaml")
UNITS = validated(UnitsFile, read_yaml(RULES / "value_sets" / "units.yaml", UNITS_YAML), UNITS_YAML)
RXNORM, SNOMED = "http://www.nlm.nih.gov/research/umls/rxnorm", "http://snomed.info/sct"
ICD, WHO = "http://hl7.org/fhir/sid/icd-10-cm", "http://hl7.org/fhir/sid/icd-10"
CPT, NDC = "http://www.ama-assn.org/go/cpt", "http://hl7.org/fhir/sid/ndc"


def ids(system: str, code: str) -> list[str]:
    return [match.concept.id for match in SETS.by_code(system, code)]


@pytest.mark.parametrize(
    ("uri", "name"),
    [
        (RXNORM, "RxNorm"),
        (f"{RXNORM}/", "RxNorm"),
        (f" {RXNORM} ", "RxNorm"),
        (RXNORM.replace("http:", "https:"), "RxNorm"),
        (RXNORM.upper(), "RxNorm"),
        ("urn:oid:2.16.840.1.113883.6.88", "RxNorm"),
        ("2.16.840.1.113883.6.88", "RxNorm"),
        ("RxNorm", "RxNorm"),
        (SNOMED, "SNOMED CT"),
        (f"{SNOMED}/731000124108", "SNOMED CT"),
        (f"{SNOMED}/731000124108/version/20240301", "SNOMED CT"),
        (f"{SNOMED}|{SNOMED}/731000124108", "SNOMED CT"),
        ("urn:oid:2.16.840.1.113883.6.96", "SNOMED CT"),
        ("urn:oid:2.16.840.1.113883.6.1", "LOINC"),
        ("urn:oid:2.16.840.1.113883.6.103", None),  # ICD-9-CM, not a longer 6.1
        (ICD, "ICD-10-CM"),
        ("urn:oid:2.16.840.1.113883.6.90", "ICD-10-CM"),
        (WHO, "ICD-10"),
        ("http://fhir.de/CodeSystem/bfarm/icd-10-gm", "ICD-10"),
        ("http://hl7.org/fhir/sid/icd-10-pcs", "ICD-10-PCS"),
        ("https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets", "HCPCS"),
        ("http://www.nlm.nih.gov/research/umls/hcpcs", "HCPCS"),
        ("urn:oid:2.16.840.1.113883.6.14", "HCPCS"),
        ("http://unitsofmeasure.org", "UCUM"),
        ("http://www.whocc.no/atc", "ATC"),
        ("http://snomed.info/sctx", None),
        ("http://example.org/codes", None),
        ("", None),
    ],
)
def test_systems_by_any_name(uri: str, name: str | None) -> None:
    assert SETS.canonical_system(uri) == name


@pytest.mark.parametrize(
    ("code", "concepts"),
    [
        ("C90.00", ["multiple-myeloma"]),
        ("c9000", ["multiple-myeloma"]),
        (" C90.00 ", ["multiple-myeloma"]),
        ("C90.02", ["multiple-myeloma", "progression"]),
        ("C90.1", ["plasma-cell-neoplasm-other"]),
        ("C90", []),  # the whole block: not in the list
        ("C9", []),
        ("C77.3", ["metastasis-not-spm"]),
        ("C79.51", ["metastasis-not-spm"]),
        ("C7B.02", ["metastasis-not-spm"]),
        ("C7A.010", ["spm-solid-other"]),
        ("C43.9", ["spm-melanoma"]),
        ("C4A.0", ["spm-merkel"]),
        ("C44.311", ["spm-nmsc-bcc"]),
        ("C44.92", ["spm-nmsc-scc"]),
        ("C44.90", ["spm-nmsc-unspecified"]),
        ("C80.1", ["cancer-site-unspecified"]),
        ("D46.9", ["spm-mds"]),
        ("D46.C", ["spm-mds"]),
        ("D46.21", ["spm-mds"]),
        ("D47.2", ["mgus"]),
        ("D03.5", ["in-situ-melanoma"]),
        ("Z85.3", ["history-cancer-breast"]),
        ("Z85.79", ["history-heme-other-incl-myeloma"]),
        ("Z85.7", []),
        ("Z94.84", ["sct-unspecified"]),
        ("Z94.8", []),
        ("C611", []),  # C61 is a whole code, no prefix
    ],
)
def test_icd_the_most_specific_row_wins(code: str, concepts: list[str]) -> None:
    assert ids(ICD, code) == concepts


@pytest.mark.parametrize(
    ("code", "concepts"),
    [
        ("C90.0", ["multiple-myeloma"]),
        ("C90.00", ["multiple-myeloma"]),
        ("C90.02", ["multiple-myeloma"]),  # no relapse in WHO's edition, so no progression
        ("C50", ["spm-breast"]),
        ("C50.9", ["spm-breast"]),
        ("C44.311", ["spm-nmsc-unspecified"]),  # the fifth character means nothing here
        ("C78.7", ["metastasis-not-spm"]),
        ("D46.9", ["spm-mds"]),
        ("Z85.3", ["history-cancer-breast"]),
        ("Z94.84", []),
        ("Z92.21", []),  # WHO: long-term use of medicaments, not chemotherapy
        ("Z90.13", []),
        ("T86.5", []),
        ("D61.810", []),
    ],
)
def test_icd_of_who_is_read_for_cancers_to_the_fourth_character(code: str, concepts: list[str]) -> None:
    assert ids(WHO, code) == concepts


def test_what_the_row_says_about_time() -> None:
    (status,) = SETS.by_code(ICD, "Z94.84")
    (infusion,) = SETS.by_code(CPT, "38241")
    (history,) = SETS.by_code(SNOMED, "108631000119101")
    (past_myeloma,) = SETS.by_code(SNOMED, "120481000119109")
    assert (status.is_status, status.concept.transplant) == (True, "unknown")
    assert (infusion.is_status, infusion.concept.transplant) == (False, "autologous")
    assert (history.is_status, history.history, history.concept.transplant) == (True, True, "autologous")
    assert (past_myeloma.history, past_myeloma.concept.family) == (True, "myeloma")


@pytest.mark.parametrize(
    ("code", "not_transplant"), [("38206", True), ("38242", True), ("38243", True), ("38240", False)]
)
def test_not_every_cell_code_is_a_transplant(code: str, not_transplant: bool) -> None:
    (match,) = SETS.by_code(CPT, code)
    assert match.concept.not_a_transplant is not_transplant
    assert (match.concept.transplant is None) is not_transplant


def test_donor_lymphocytes_tell_of_an_earlier_allogeneic_transplant() -> None:
    (match,) = SETS.by_code(CPT, "38242")
    assert match.concept.implies_prior == "allogeneic"


def test_cpt_and_hcpcs_under_each_others_name() -> None:
    hcpcs = "http://www.nlm.nih.gov/research/umls/hcpcs"
    assert ids(hcpcs, "38241") == ["autologous-sct"]
    assert ids(hcpcs, "j9245") == ["melphalan-iv"]
    assert ids(CPT, "J8600") == ["melphalan-oral"]


@pytest.mark.parametrize(
    ("code", "route", "drug"),
    [("197919", "oral", "melphalan"), ("311487", "intravenous", "melphalan"), ("6718", None, "melphalan")],
)
def test_the_code_tells_the_route_or_not(code: str, route: str | None, drug: str) -> None:
    (match,) = SETS.by_code(RXNORM, code)
    assert (match.concept.route, match.concept.drug) == (route, drug)


def test_local_use_and_flufenamide_stand_apart() -> None:
    hcpcs = "HCPCS"
    assert [match.concept.route for match in SETS.by_code(hcpcs, "J9248")] == ["local"]
    assert [match.concept.route for match in SETS.by_code(RXNORM, "309013")] == ["local"]
    assert [match.concept.drug for match in SETS.by_code(RXNORM, "2531369")] == ["melphalan-flufenamide"]


@pytest.mark.parametrize(
    "code",
    [
        "59572-405", "59572-405-28", "59572-0405-28", "59572040528", "5957240528",
        "0378-1936", "0378-1936-01", "00378-1936-01", "00378193601", "0378193601", "60219171828"[:11],
    ],
)  # fmt: skip
def test_ndc_in_every_form(code: str) -> None:
    assert ids(NDC, code) == ["lenalidomide"]


@pytest.mark.parametrize("code", ["59572-406-28", "5957-2405-28", "5957204052", "123", "", "abc", "59572-405-28-1"])
def test_other_ndcs(code: str) -> None:
    assert ids(NDC, code) == []


@given(st.from_regex(r"[0-9]{5}-[0-9]{4}-[0-9]{2}", fullmatch=True))
def test_ndc_hyphens_do_not_matter_for_eleven_digits(code: str) -> None:
    assert ndc_keys(code) == ndc_keys(code.replace("-", ""))


@given(
    st.sampled_from(
        [row.code for concept in SETS.concepts("condition") for row in concept.codes if row.system == "ICD-10-CM"]
    )
)
def test_icd_dot_and_case_do_not_matter(code: str) -> None:
    assert ids(ICD, code) == ids(ICD, code.replace(".", "")) == ids(ICD, code.lower()) == ids(f"{ICD}/", f" {code} ")


@given(st.text(max_size=20), st.text(max_size=20))
def test_no_code_is_too_strange(system: str, code: str) -> None:
    for match in SETS.by_code(system, code):
        assert match.code


def test_unknown_system_and_code() -> None:
    assert ids("http://example.org", "C90.00") == []
    assert ids(RXNORM, "C90.00") == []
    assert ids("", "") == []


@pytest.mark.parametrize(
    ("system", "code", "text", "route"),
    [
        (SNOMED, "26643006", None, "oral"),
        (SNOMED, "47625008", None, "intravenous"),
        (SNOMED, "418401004", None, "local"),
        (SNOMED, "34206005", None, None),
        (SNOMED, "34206005", "subcutaneous", None),
        ("http://terminology.hl7.org/CodeSystem/v3-RouteOfAdministration", "PO", None, "oral"),
        ("urn:oid:2.16.840.1.113883.5.112", "iv", None, "intravenous"),
        ("http://standardterms.edqm.eu", "20053000", None, "oral"),
        (None, None, "by mouth", "oral"),
        (None, None, "p.o.", "oral"),
        (None, None, "Take 1 capsule daily", "oral"),
        (None, None, "i.v.", "intravenous"),
        (None, None, "IV infusion over 30 minutes", "intravenous"),
        (None, None, "intravitreal injection", "local"),
        (None, None, "intra-arterial infusion", "local"),
        (None, None, "percutaneous hepatic perfusion", "local"),
        (None, None, "injection", None),
        (None, None, "solution for infusion", None),
        (None, None, "oral or IV", None),
        (None, None, "not oral", None),
        (None, None, "stage IV", None),
        (None, None, "", None),
        (None, None, None, None),
        (SNOMED, "999", "by mouth", "oral"),
    ],
)
def test_routes(system: str | None, code: str | None, text: str | None, route: str | None) -> None:
    assert SETS.route(system, code, text) == route


@pytest.mark.parametrize(
    ("value", "unit", "analyte", "canonical"),
    [
        (0.9, "10*9/L", "anc", 0.9),
        (0.9, "×10⁹/L", "anc", 0.9),
        (0.9, "10*3/uL", "anc", 0.9),
        (0.9, "K/uL", "anc", 0.9),
        (0.9, "x10E3/µL", "anc", 0.9),
        (0.9, "G/L", "anc", 0.9),
        (900, "/uL", "anc", 0.9),
        (900, "cells/uL", "anc", 0.9),
        (900, "10*6/L", "anc", 0.9),
        (96, "g/L", "hemoglobin", 9.6),
        (96, "g/l", "hemoglobin", 9.6),
        (9.6, "G/DL", "hemoglobin", 9.6),
        (6, "mmol/L", "hemoglobin", 9.666),
        (104, "fl", "mcv", 104),
        (3, "%", "blasts-percent-blood", 3),
    ],
)
def test_conversions(value: float, unit: str, analyte: str, canonical: float) -> None:
    (unit_of_analyte,) = {concept.unit for concept in SETS.concepts("lab") if concept.analyte == analyte}
    assert SETS.convert(value, unit, analyte) == (canonical, unit_of_analyte)


@pytest.mark.parametrize(
    ("value", "unit", "analyte"),
    [
        (0.9, "", "anc"), (0.9, "furlong", "anc"), (96, "G/L", "hemoglobin"), (5, "mmol/L", "anc"), (5, "%", "anc"),
        (5, "mmol/L", "m-protein"), (1, "10*9/L", "unheard-of"),
        (float("nan"), "10*9/L", "anc"), (float("inf"), "%", "mcv"),
    ],
)  # fmt: skip
def test_what_cannot_be_converted(value: float, unit: str, analyte: str) -> None:
    assert SETS.convert(value, unit, analyte) is None


@given(
    st.floats(min_value=0, max_value=1e6, allow_nan=False),
    st.sampled_from(["10*9/L", "10*3/uL", "/uL", "10*6/L", "/mm3"]),
)
def test_a_count_is_the_same_in_every_unit(value: float, unit: str) -> None:
    converted = SETS.convert(value, unit, "platelets")
    known = SETS.unit(unit)
    assert converted is not None
    assert known is not None
    assert converted[0] == pytest.approx(value * known.factor)
    assert converted[1] == "10*9/L"


def test_doses_have_units() -> None:
    for written, ucum in (
        ("mg", "mg"),
        ("MG", "mg"),
        ("mcg", "ug"),
        ("mg/m²", "mg/m2"),
        ("mg/m^2", "mg/m2"),
        ("g", "g"),
    ):
        unit = SETS.unit(written)
        assert unit is not None
        assert unit.ucum == ucum


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    with resources.as_file(RULES) as rules:
        shutil.copytree(rules / "value_sets", tmp_path / "value_sets")
    return tmp_path


def broken(root: Path, file: str, old: str, new: str) -> RuleFileError:
    path = root / "value_sets" / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(RuleFileError) as caught:
        ValueSets.load(root)
    return caught.value


@pytest.mark.parametrize(
    ("file", "old", "new", "field"),
    [
        ("drugs/lenalidomide.yaml", "route: oral", "rout: oral", "rout"),
        ("drugs/lenalidomide.yaml", "route: oral", "route: by-mouth", "route"),
        ("drugs/lenalidomide.yaml", "id: lenalidomide", "id: revlimid", "id"),
        ("drugs/lenalidomide.yaml", "drug: lenalidomide\n", "", "-"),
        ("drugs/lenalidomide.yaml", 'code: "337535"', "code: 337535", "codes[0].code"),
        ("drugs/lenalidomide.yaml", "role: brand,", "role: trademark,", "codes[0].role"),
        ("drugs/lenalidomide.yaml", "system: RxNorm", "system: RxNorn", "codes[0].system"),
        ("labs/anc.yaml", 'unit: "10*9/L"', "unit: g/dL", "analyte"),
        ("units.yaml", "factor: 0.001", "factor: 0.001, faktor: 1", "units[4].faktor"),
        ("_systems.yaml", "2.16.840.1.113883.6.96", "2.16.840.1.113883.6.88", "systems"),
        ("_negation.yaml", "kind: forbid", "kind: forbids", "cues[0].kind"),
    ],
)
def test_a_wrong_file_names_file_and_field(copied: Path, file: str, old: str, new: str, field: str) -> None:
    error = broken(copied, file, old, new)
    assert str(error.path) == f"rules/value_sets/{file}"
    assert error.field == field


def test_a_phrase_in_two_concepts_is_refused(copied: Path) -> None:
    error = broken(copied, "drugs/thalidomide.yaml", "text: [", "text: [lenalidomide, ")
    assert "lenalidomide" in error.problem


@pytest.mark.parametrize("phrase", ["[only|optional]", "{open", "shut}", "..."])
def test_a_phrase_must_hold_a_word(copied: Path, phrase: str) -> None:
    error = broken(copied, "drugs/thalidomide.yaml", "text: [", f'text: ["{phrase}", ')
    assert error.path.name == "thalidomide.yaml"
    assert error.field == "text[0]"


def test_a_code_in_two_concepts_is_refused(copied: Path) -> None:
    row = '{system: RxNorm, code: "342369", display: "lenalidomide", role: ingredient, source: "x"}'
    error = broken(copied, "drugs/thalidomide.yaml", "codes:\n", f"codes:\n  - {row}\n")
    assert "342369" in error.problem


def test_a_site_adds_its_own_codes(copied: Path) -> None:
    path = copied / "value_sets/statements/transplant-ineligible.yaml"
    local = '  - {system: "https://hospital.example/codes", code: TNE-1, display: No transplant}\n'
    path.write_text(path.read_text("utf-8").replace("local_codes:\n", f"local_codes:\n{local}"), "utf-8")
    (match,) = ValueSets.load(copied).by_code("https://hospital.example/codes/", "TNE-1")
    assert (match.concept.id, match.role) == ("transplant-ineligible", "local")


@pytest.mark.parametrize(
    ("old", "new"),
    [("smoking: former", "smoking: never"), ("value: 1,", "value: 0,"), ("unit: a", "unit: d")],
    ids=["never smoked", "no time", "days"],
)
def test_how_long_ago_smoking_ended_goes_with_a_former_smoker(copied: Path, old: str, new: str) -> None:
    error = broken(copied, "smoking/smoking-former-under-1y.yaml", old, new)
    assert error.path.name == "smoking-former-under-1y.yaml"


@pytest.mark.parametrize(
    ("code", "concept"),
    [
        ("Z85.038", "history-cancer-colorectal"),
        ("Z85048", "history-cancer-colorectal"),
        ("Z85.030", "history-cancer-digestive"),
        ("Z85.028", "history-cancer-digestive"),
        ("Z85.41", "history-cancer-cervix"),
        ("Z85.46", "history-cancer-genital"),
        ("Z85.118", "history-cancer-lung-airway"),
        ("Z85.3", "history-cancer-breast"),
    ],
)
def test_the_more_specific_history_wins(code: str, concept: str) -> None:
    assert [match.concept.id for match in SETS.by_code("ICD-10-CM", code)] == [concept]


def test_palliative_care_is_no_hospice_care() -> None:
    assert SETS.by_code("ICD-10-CM", "Z51.5") == ()


@given(st.sampled_from([" ", "\u00a0", "  "]))
def test_a_unit_written_as_listed_is_the_one_that_is_found_otherwise(space: str) -> None:
    listed = UNITS.units
    assert len(listed) > 5
    for unit in listed:
        for spelling in (unit.ucum, *unit.spellings):
            assert SETS.unit(spelling) == SETS.unit(f"{space}{spelling}{space}") == unit
