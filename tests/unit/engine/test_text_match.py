"""Words in texts: what matches, and what a negation, a relative, a plan or a spread forbids."""

import time
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spmwatch.engine.terminology.phrases import TEXT_LIMIT
from spmwatch.engine.terminology.value_sets import TEXT_CATEGORIES, ValueSets

SETS = ValueSets.load(resources.files("spmwatch.rules"))
HISTORY = "*"
"""Stands behind a concept that the text puts in the past."""


def found(category: str, text: str) -> list[str]:
    matches = SETS.by_text(text, category)
    return [f"{match.concept.id}{HISTORY if match.history else ''}" for match in matches]


@pytest.mark.parametrize(
    ("text", "concepts"),
    [
        ("Revlimid 10mg", ["lenalidomide"]),
        ("REVLIMID® 25 MG capsule", ["lenalidomide"]),
        ("lénalidomide", ["lenalidomide"]),
        ("Lenalidomid 10 mg", ["lenalidomide"]),
        ("no dose reduction, lenalidomide continued", ["lenalidomide"]),
        ("no longer on lenalidomide", ["lenalidomide"]),
        ("allergic to penicillin, lenalidomide continued", ["lenalidomide"]),
        ("denies fever. lenalidomide 10 mg daily", ["lenalidomide"]),
        ("lenalidomide stopped for rash", ["lenalidomide"]),
        ("Revlimid maintenance", ["lenalidomide"]),
        ("no response to lenalidomide", ["lenalidomide"]),
        ("not refractory to lenalidomide", ["lenalidomide"]),
        ("lenalidomide, no dexamethasone", ["lenalidomide"]),
        ("lenalidomide-induced rash", ["lenalidomide"]),
        ("no evidence of progression on lenalidomide", ["lenalidomide"]),
        ("tolerating lenalidomide without complications", ["lenalidomide"]),
        ("no new complaints on lenalidomide", ["lenalidomide"]),
        ("lenalidomide not tolerated", ["lenalidomide"]),
        ("lenalidomide (Revlimid)", ["lenalidomide"]),
        ("continue lenalidomide", ["lenalidomide"]),
        ("lenalidomide was discontinued due to neutropenia", ["lenalidomide"]),
        ("No change in lenalidomide", ["lenalidomide"]),
        ("no fever, lenalidomide 10 mg", ["lenalidomide"]),
        ("penicillin allergy; lenalidomide", ["lenalidomide"]),
        ("penicillin allergy, lenalidomide 10 mg", ["lenalidomide"]),
        ("Allergy: lenalidomide", []),
        ("RVd (lenalidomide, bortezomib, dexamethasone)", ["lenalidomide", "bortezomib", "dexamethasone"]),
        ("lenalidomide refractory", ["lenalidomide"]),
        ("lenalidomide 10 mg PO daily, planned CBC weekly", ["lenalidomide"]),
        ("on lenalidomide since 2020, melanoma screening due", ["lenalidomide"]),
        ("no known drug allergies, on lenalidomide", ["lenalidomide"]),
        ("no lenalidomide", []),
        ("allergic to lenalidomide", []),
        ("lenalidomide allergy", []),
        ("Allergies: lenalidomide", []),
        ("lenalidomide: not given", []),
        ("lenalidomide was never started", []),
        ("lenalidomide declined", []),
        ("never received lenalidomide", []),
        ("intolerance to lenalidomide", []),
        ("planned lenalidomide", []),
        ("lenalidomide planned", []),
        ("awaiting lenalidomide", []),
        ("prerevlimidx", []),
        ("not given lenalidomide", []),
        ("patient denies taking lenalidomide", []),
        ("allergic to penicillin, lenalidomide", []),
        ("without lenalidomide", []),
        ("lenalidomide ruled out", []),
        ("no prior exposure to lenalidomide", []),
        ("mother had lenalidomide", []),
        ("consider lenalidomide", []),
        ("if relapse, consider lenalidomide", []),
        ("discussed lenalidomide", []),
        ("lenalidomide was not started", []),
        ("non-lenalidomide", []),
        ("lenalidomide not yet started", []),
        ("revlimidmelphalan", []),
        ("patient declined lenalidomide", []),
        ("lenalidomide refused", []),
        ("no melphalan, lenalidomide or thalidomide", []),
        ("no lenalidomide, melphalan was given 2020", ["melphalan"]),
        ("lenalidomide and melphalan not given", []),
        ("melphalan flufenamide 20 mg", ["melphalan-flufenamide"]),
        ("Pepaxto then melphalan", ["melphalan-flufenamide", "melphalan"]),
        ("intravitreal melphalan", ["melphalan-hepatic-perfusion"]),
        ("melphalan 2 MG oral tablet", ["melphalan-oral"]),
        ("Melphalan 200 mg/m2 IV", ["melphalan"]),
        ("high-dose melphalan and ASCT", ["melphalan-iv"]),
        ("High dose melphalan 200 mg/m2", ["melphalan-iv"]),
        ("HDM", ["melphalan-iv"]),
        ("HDM.", ["melphalan-iv"]),
        ("200 mg/m2, HDM", ["melphalan-iv"]),
        ("HDM 200 mg/m2", ["melphalan-iv"]),
        ("HDM (140 mg/m²)", ["melphalan-iv"]),
        ("given 200 mg/m2 IV HDM with cryotherapy", ["melphalan-iv"]),
        ("HDM-ASCT", ["melphalan-iv"]),
        ("HDM followed by ASCT in May", ["melphalan-iv"]),
        ("hdm", []),
        ("Hdm 200 mg/m2", []),
        ("HDM allergy", []),
        ("HDM allergen extract", []),
        ("HDM immunotherapy 12 SQ", []),
        ("HDM drops, 300 IR daily", []),
        ("12 SQ-HDM SLIT tablet", []),
        ("cetirizine 10 mg for HDM", []),
        ("carmustine 300 mg/m2, HDM allergy", ["carmustine"]),
        ("HDM planned", []),
        ("no HDM", []),
        ("eligible for HDM-ASCT", []),
        ("HDMX 200 mg/m2", []),
        ("lenalidomide, dexamethasone and bortezomib", ["lenalidomide", "dexamethasone", "bortezomib"]),
        ("Gliadel wafer", ["carmustine-implant"]),
    ],
)
def test_drugs(text: str, concepts: list[str]) -> None:
    assert sorted(found("drug", text)) == sorted(concepts)


@pytest.mark.parametrize(
    ("text", "concepts"),
    [
        ("Multiple myeloma", ["multiple-myeloma"]),
        ("Plasma cell myeloma", ["multiple-myeloma"]),
        ("smouldering multiple myeloma", ["smoldering-myeloma"]),
        ("MGUS", ["mgus"]),
        ("Solitary plasmacytoma of bone", ["plasma-cell-neoplasm-other"]),
        ("plasma cell leukaemia", ["plasma-cell-neoplasm-other"]),
        ("AML", ["spm-aml"]),
        ("acute myeloid leukaemia", ["spm-aml"]),
        ("acute myeloid leukemia in remission", ["spm-aml"]),
        ("Therapy-related AML", ["spm-therapy-related-myeloid"]),
        ("secondary AML", ["spm-therapy-related-myeloid"]),
        ("MDS secondary to melphalan", ["spm-therapy-related-myeloid"]),
        ("t-MN", ["spm-therapy-related-myeloid"]),
        ("ALL", ["spm-all"]),
        ("all systems normal", []),
        ("B-ALL", ["spm-all"]),
        ("AML secondary to chemotherapy", ["spm-therapy-related-myeloid"]),
        ("mantle cell lymphoma", ["spm-heme-other"]),
        ("follicular lymphoma", ["spm-heme-other"]),
        ("CLL", ["spm-heme-other"]),
        ("Non-Hodgkin's lymphoma", ["spm-heme-other"]),
        ("basal cell carcinoma of skin", ["spm-nmsc-bcc"]),
        ("BCC", ["spm-nmsc-bcc"]),
        ("squamous cell carcinoma of the skin", ["spm-nmsc-scc"]),
        ("squamous cell carcinoma", []),
        ("melanoma of skin", ["spm-melanoma"]),
        ("melanoma in situ", ["in-situ-melanoma"]),
        ("non-melanoma skin cancer", ["spm-nmsc-unspecified"]),
        ("breast cancer", ["spm-breast"]),
        ("Malignant neoplasm of left female breast", ["spm-breast"]),
        ("adenocarcinoma of the colon", ["spm-colorectal"]),
        ("Malignant tumour of rectum", ["spm-colorectal"]),
        ("prostate cancer", ["spm-prostate"]),
        ("non-small cell lung cancer", ["spm-lung"]),
        ("metastatic breast cancer", ["metastasis-not-spm"]),
        ("breast cancer metastatic to lung", ["metastasis-not-spm"]),
        ("lung metastasis from colon cancer", ["metastasis-not-spm"]),
        ("Secondary malignant neoplasm of liver", ["metastasis-not-spm"]),
        ("non-metastatic breast cancer", ["spm-breast"]),
        ("breast cancer, no metastases", ["spm-breast"]),
        ("breast cancer without metastasis", ["spm-breast"]),
        ("family history of breast cancer", []),
        ("mother had breast cancer", []),
        ("breast cancer in mother", []),
        ("screening for breast cancer", []),
        ("risk of AML", []),
        ("no AML", []),
        ("AML ruled out", []),
        ("rule out MDS", []),
        ("?AML", []),
        ("possible MDS", []),
        ("denies breast cancer", []),
        ("no evidence of MDS, AML", []),
        ("family history of colon and breast cancer", []),
        ("no history of melanoma", []),
        ("breast cancer screening", []),
        ("non-myeloma", []),
        ("history of breast cancer", ["spm-breast*"]),
        ("h/o prostate cancer", ["spm-prostate*"]),
        ("breast cancer 2012", ["spm-breast"]),
        ("status post melanoma excision", ["spm-melanoma*"]),
        ("ductal carcinoma in situ of breast", ["in-situ-breast"]),
        ("Invasive ductal carcinoma of breast", ["spm-breast"]),
        ("renal cell carcinoma", ["spm-solid-other"]),
        ("bladder cancer", ["spm-solid-other"]),
        ("mother had AML; patient has MDS", ["spm-mds"]),
        ("Relapse multiple myeloma (disorder)", ["multiple-myeloma"]),
        ("Bisphosphonate therapy", []),
        ("Carcinoma of breast", ["spm-breast"]),
        ("encounter for screening for malignant neoplasm of colon", []),
        ("Malignant neoplasm of breast", ["spm-breast"]),
        ("family history of breast cancer; colon cancer 2020", ["spm-colorectal"]),
        ("no cancer", []),
        ("Lentigo maligna melanoma", ["spm-melanoma"]),
        ("bone lesions secondary to multiple myeloma", ["multiple-myeloma"]),
        ("increased risk of second primary malignancy", []),
    ],
)
def test_conditions(text: str, concepts: list[str]) -> None:
    assert sorted(found("condition", text)) == sorted(concepts)


@pytest.mark.parametrize(
    ("text", "concepts"),
    [
        ("autologous stem cell transplant", ["autologous-sct"]),
        ("ASCT", ["autologous-sct"]),
        ("ASCT 2020", ["autologous-sct"]),
        ("s/p ASCT", ["autologous-sct*"]),
        ("allogeneic stem cell transplantation", ["allogeneic-sct"]),
        ("allo-SCT", ["allogeneic-sct"]),
        ("auto-HSCT", ["autologous-sct"]),
        ("bone marrow transplant", ["sct-unspecified"]),
        ("stem cell transplant", ["sct-unspecified"]),
        ("planned ASCT", []),
        ("awaiting stem cell transplant", ["sct-planned"]),
        ("ASCT ineligible", []),
        ("not a candidate for autologous stem cell transplant", []),
        ("autologous stem cell collection", ["stem-cell-collection"]),
        ("ASCT deferred", []),
        ("no ASCT", []),
        ("declined ASCT", []),
        ("ASCT declined by patient", []),
        ("eligible for ASCT", []),
        ("deferred transplant", []),
        ("no transplant yet", []),
        ("evaluation for ASCT", []),
        ("Donor lymphocyte infusion", ["allogeneic-lymphocyte-infusion"]),
        ("stem cell mobilisation", ["stem-cell-collection"]),
        ("High dose melphalan with autologous stem cell rescue", ["autologous-sct"]),
        ("transplant coordinator", []),
        ("autologous peripheral blood stem cell transplantation", ["autologous-sct"]),
        ("ASCT eligible", []),
        ("radiotherapy to spine", ["radiotherapy"]),
        ("total body irradiation", ["total-body-irradiation"]),
        ("ASCT not performed", []),
        ("tandem ASCT", ["autologous-sct"]),
        ("mobilisation prior to ASCT", []),
        ("ASCT in the future", []),
        ("day +100 post ASCT", ["autologous-sct"]),
        ("kidney transplant", []),
        ("Hx of autologous SCT 2019, no allogeneic transplant", ["autologous-sct*"]),
        ("prior ASCT", ["autologous-sct*"]),
    ],
)
def test_procedures(text: str, concepts: list[str]) -> None:
    assert sorted(found("procedure", text)) == sorted(concepts)


@pytest.mark.parametrize(
    ("text", "concepts"),
    [
        ("transplant-ineligible", ["transplant-ineligible"]),
        ("transplant ineligible", ["transplant-ineligible"]),
        ("not a candidate for autologous stem cell transplant", ["transplant-ineligible"]),
        ("Not a candidate for transplant", ["transplant-ineligible"]),
        ("not eligible for transplant", ["transplant-ineligible"]),
        ("not transplant-ineligible", []),
        ("transplant-eligible", ["transplant-eligible"]),
        ("eligible for stem cell transplantation", ["transplant-eligible"]),
        ("not transplant eligible", ["transplant-ineligible"]),
        ("deferred transplant", []),
        ("no transplant yet", []),
        ("candidate for ASCT", ["transplant-eligible"]),
        ("patient is not a suitable candidate for stem cell transplant", ["transplant-ineligible"]),
        ("transplant eligible: no", []),
        ("ineligible for ASCT", ["transplant-ineligible"]),
        ("non-transplant candidate", ["transplant-ineligible"]),
        ("transplant non-eligible", ["transplant-ineligible"]),
        ("unfit for transplant", ["transplant-ineligible"]),
        ("not a transplant candidate", ["transplant-ineligible"]),
        ("not considered transplant eligible", ["transplant-ineligible"]),
        ("ineligible for high-dose therapy and ASCT", ["transplant-ineligible"]),
        ("TNE", ["transplant-ineligible"]),
        ("not considered a candidate for transplant", ["transplant-ineligible"]),
        ("progressive disease", ["progression"]),
        ("no progressive disease", []),
        ("progression-free survival", []),
        ("PD", ["progression"]),
        ("no evidence of disease progression", []),
        ("disease progression on lenalidomide", ["progression"]),
        ("possible disease progression", []),
        ("CR", ["response-cr"]),
        ("sCR", ["response-scr"]),
        ("VGPR", ["response-vgpr"]),
        ("very good partial response", ["response-vgpr"]),
        ("partial response", ["response-pr"]),
        ("near complete response", []),
        ("stringent complete response", ["response-scr"]),
        ("complete remission", ["response-cr"]),
        ("not in complete response", []),
        ("never achieved CR", []),
        ("Lenalidomide maintenance", ["phase-maintenance"]),
        ("no maintenance", []),
        ("induction cycle 2", ["phase-induction"]),
        ("progression of disease", ["progression"]),
        ("biochemical progression", []),
        ("Progressive disease.", ["progression"]),
        ("CR.", ["response-cr"]),
    ],
)
def test_statements(text: str, concepts: list[str]) -> None:
    assert sorted(found("statement", text)) == sorted(concepts)


@pytest.mark.parametrize(
    ("text", "concepts"),
    [
        ("Colonoscopy 2022", ["colonoscopy"]),
        ("colonoscopy due", []),
        ("declined mammogram", []),
        ("Screening mammogram", ["mammography"]),
        ("virtual colonoscopy", ["ct-colonography"]),
        ("full skin check", ["skin-exam"]),
    ],
)
def test_screening(text: str, concepts: list[str]) -> None:
    assert found("screening", text) == concepts


@pytest.mark.parametrize(
    ("text", "concepts"),
    [
        ("never smoker", ["smoking-never"]),
        ("former smoker", ["smoking-former"]),
        ("current every day smoker", ["smoking-current"]),
        ("not a smoker", []),
    ],
)
def test_smoking(text: str, concepts: list[str]) -> None:
    assert found("smoking", text) == concepts


def test_the_match_tells_our_words_and_never_the_records() -> None:
    (match,) = SETS.by_text("Mrs. Smith takes REVLIMID 10", "drug")
    assert match.matched == "revlimid"


def test_a_plain_mention_outweighs_a_past_one() -> None:
    assert found("condition", "history of melanoma. Melanoma of the back, excised today") == ["spm-melanoma"]


def test_unknown_category_finds_nothing() -> None:
    assert SETS.by_text("lenalidomide", "weather") == ()


def test_only_the_first_characters_are_read() -> None:
    filler = "x " * (TEXT_LIMIT // 2)
    assert found("drug", f"lenalidomide {filler}") == ["lenalidomide"]
    assert found("drug", f"{filler} lenalidomide") == []


@pytest.mark.parametrize(
    "unit",
    [
        "no ",
        "lenalidomide ",
        ", ",
        "a",
        "no lenalidomide, ",
        "lenalidomide, ",
        "metastatic breast cancer ",
        "family ",
        "é",
        "\u0301\u0316",
        "\u0f73",
        "?a",
        "no. ",
    ],
)
def test_a_long_text_takes_no_long_time(unit: str) -> None:
    text = unit * (100_000 // len(unit))
    start = time.process_time()
    for category in TEXT_CATEGORIES:
        SETS.by_text(text, category)
    assert time.process_time() - start < 5


@given(st.text(max_size=300), st.sampled_from(TEXT_CATEGORIES))
def test_no_text_is_too_strange(text: str, category: str) -> None:
    assert isinstance(SETS.by_text(text, category), tuple)


@given(st.sampled_from([" ", "  ", "-", "/", "\t", "\u00a0", " - "]), st.booleans())
def test_separators_and_case_do_not_matter(separator: str, capitals: bool) -> None:
    text = separator.join(["autologous", "stem", "cell", "transplant"])
    assert found("procedure", text.upper() if capitals else text) == ["autologous-sct"]


@given(
    st.sampled_from(sorted(SETS.drugs & {"lenalidomide", "melphalan", "bortezomib"})),
    st.from_regex(r"[a-z0-9]{1,8}", fullmatch=True),
)
def test_words_match_whole(drug: str, letters: str) -> None:
    assert found("drug", f"{letters}{drug}") == []
    assert found("drug", f"x {drug}{letters}") == []
    assert found("drug", f"x {drug}, y") == [drug]


@given(
    st.sampled_from(["no {}", "never received {}", "allergic to {}", "{} not given", "declined {}", "mother had {}"])
)
def test_denials_hold_for_every_drug(pattern: str) -> None:
    for drug in ("lenalidomide", "melphalan", "revlimid", "alkeran"):
        assert found("drug", pattern.format(drug)) == []
