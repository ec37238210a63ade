"""The clinical words of the steps, and the value-set concept that each stands for.

Codes never stand here: `codes.py` looks them up. Where one concept holds several things (multiple myeloma and
its relapse), `shown_as` is a word of the display to choose by.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TypeVar

from spmwatch.engine.errors import CdsError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Meaning:
    """A concept, and words of the code's display that tell one code of it from another."""

    concept: str
    shown_as: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drug:
    """A drug as steps name it: its concept (None: written in words only) and the route that the record gives."""

    concept: str | None
    route: str | None = None


DRUGS: Mapping[str, Drug] = {
    "lenalidomide": Drug(concept="lenalidomide", route="oral"),
    "oral melphalan": Drug(concept="melphalan-oral", route="oral"),
    "intravenous melphalan": Drug(concept="melphalan-iv", route="intravenous"),
    "melphalan": Drug(concept="melphalan"),
    "melphalan by mouth": Drug(concept="melphalan", route="oral"),
    "melphalan by vein": Drug(concept="melphalan", route="intravenous"),
    "melphalan into the eye": Drug(concept="melphalan", route="intravitreal"),
    "melphalan into the liver": Drug(concept="melphalan-hepatic-perfusion"),
    "melphalan flufenamide": Drug(concept="melphalan-flufenamide", route="intravenous"),
    "thalidomide": Drug(concept="thalidomide", route="oral"),
    "pomalidomide": Drug(concept="pomalidomide", route="oral"),
    "bortezomib": Drug(concept="bortezomib"),
    "carfilzomib": Drug(concept="carfilzomib"),
    "ixazomib": Drug(concept="ixazomib", route="oral"),
    "daratumumab": Drug(concept="daratumumab"),
    "elotuzumab": Drug(concept="elotuzumab"),
    "dexamethasone": Drug(concept="dexamethasone", route="oral"),
    "cyclophosphamide": Drug(concept="cyclophosphamide"),
    "etoposide": Drug(concept="etoposide", route="intravenous"),
    "doxorubicin": Drug(concept="doxorubicin", route="intravenous"),
    "cisplatin": Drug(concept="cisplatin", route="intravenous"),
    "carmustine": Drug(concept="carmustine", route="intravenous"),
    "carmustine wafer": Drug(concept="carmustine-implant"),
    "bendamustine": Drug(concept="bendamustine", route="intravenous"),
    "cytarabine": Drug(concept="cytarabine", route="intravenous"),
    "isatuximab": Drug(concept="isatuximab"),
    "filgrastim": Drug(concept="g-csf"),
    "rituximab": Drug(concept=None),
}

DISEASES: Mapping[str, Meaning] = {
    "multiple myeloma": Meaning("multiple-myeloma", "Multiple myeloma"),
    "smouldering myeloma": Meaning("smoldering-myeloma"),
    "MGUS": Meaning("mgus"),
    "plasma cell leukaemia": Meaning("plasma-cell-neoplasm-other", "leukemia"),
    "plasmacytoma": Meaning("plasma-cell-neoplasm-other", "plasmacytoma"),
    "MDS": Meaning("spm-mds", "Myelodysplastic syndrome, unspecified"),
    "MDS with isolated del(5q)": Meaning("spm-mds", "isolated del(5q)"),
    "AML": Meaning("spm-aml", "Acute myeloblastic leukemia"),
    "ALL": Meaning("spm-all", "Acute lymphoblastic leukemia"),
    "therapy-related MDS": Meaning("spm-therapy-related-myeloid", "Therapy-related myelodysplastic"),
    "follicular lymphoma": Meaning("spm-heme-other", "Follicular lymphoma"),
    "non-follicular lymphoma": Meaning("spm-heme-other", "Non-follicular lymphoma"),
    "Hodgkin lymphoma": Meaning("spm-heme-other", "Hodgkin"),
    "chronic lymphocytic leukaemia": Meaning("spm-heme-other", "Chronic lymphocytic"),
    "breast cancer": Meaning("spm-breast"),
    "colon cancer": Meaning("spm-colorectal"),
    "lung cancer": Meaning("spm-lung"),
    "cervical cancer": Meaning("spm-cervical"),
    "prostate cancer": Meaning("spm-prostate"),
    "melanoma": Meaning("spm-melanoma", "melanoma"),
    "basal cell carcinoma": Meaning("spm-nmsc-bcc", "face"),
    "squamous cell skin cancer": Meaning("spm-nmsc-scc", "face"),
    "melanoma in situ": Meaning("in-situ-melanoma"),
    "breast carcinoma in situ": Meaning("in-situ-breast"),
    "metastasis": Meaning("metastasis-not-spm"),
    "cancer of unknown site": Meaning("cancer-site-unspecified", "Malignant (primary) neoplasm, unspecified"),
}

HISTORIES: Mapping[str, Meaning] = {
    "breast cancer": Meaning("history-cancer-breast"),
    "basal cell carcinoma": Meaning("history-nmsc"),
    "colon cancer": Meaning("history-cancer-colorectal", "large intestine"),
    "rectal cancer": Meaning("history-cancer-colorectal", "rectum"),
    "cervical cancer": Meaning("history-cancer-cervix"),
    "lung cancer": Meaning("history-cancer-lung-airway"),
    "cancer of the digestive tract": Meaning("history-cancer-digestive"),
    "cancer of the genital organs": Meaning("history-cancer-genital"),
    "multiple myeloma": Meaning("multiple-myeloma", "History of multiple myeloma"),
    "melanoma": Meaning("history-melanoma"),
    "Hodgkin lymphoma": Meaning("history-hodgkin"),
    "some blood cancer": Meaning("history-heme-other-incl-myeloma"),
    "cancer of unknown site": Meaning("history-cancer-unspecified"),
    "irradiation": Meaning("radiotherapy", "Personal history of irradiation"),
}

TRANSPLANTS: Mapping[str, Meaning] = {
    "autologous": Meaning("autologous-sct", "Transplantation of autologous hematopoietic stem cell"),
    "donor": Meaning("allogeneic-sct", "Allogeneic bone marrow transplantation (procedure)"),
    "identical-twin": Meaning("syngeneic-sct"),
    "gene-modified autologous": Meaning("autologous-sct-gene-modified"),
}

TESTS: Mapping[str, Meaning] = {
    "haemoglobin": Meaning("hemoglobin-mass"),
    "neutrophils": Meaning("anc"),
    "white cells": Meaning("wbc"),
    "platelets": Meaning("platelets"),
    "MCV": Meaning("mcv"),
    "haemoglobin, molar": Meaning("hemoglobin-molar"),
    "neutrophil share": Meaning("neutrophils-percent"),
    "granulocytes": Meaning("granulocytes-abs"),
    "blasts": Meaning("blasts-percent-blood"),
    "blast count": Meaning("blasts-abs-blood"),
    "lymphoblasts": Meaning("lymphoblasts-percent-blood"),
    "lymphoblast count": Meaning("lymphoblasts-abs-blood"),
    "marrow blasts": Meaning("blasts-percent-marrow"),
    "plasma cells": Meaning("plasma-cells-percent-blood"),
}

CHECKS: Mapping[str, Meaning] = {
    "colonoscopy": Meaning("colonoscopy"),
    "mammography": Meaning("mammography"),
    "cervical smear": Meaning("pap"),
    "skin examination": Meaning("skin-exam"),
    "low-dose chest CT": Meaning("ldct"),
    "bone marrow examination": Meaning("bone-marrow-exam"),
    "FIT": Meaning("fit"),
    "guaiac stool test": Meaning("fobt-guaiac"),
    "stool DNA test with FIT": Meaning("stool-dna-fit"),
    "sigmoidoscopy": Meaning("sigmoidoscopy"),
    "CT colonography": Meaning("ct-colonography"),
    "diagnostic mammography": Meaning("mammography", "Diagnostic mammography, bilateral"),
    "HPV test": Meaning("hpv"),
    "bilateral mastectomy": Meaning("bilateral-mastectomy", "Simple mastectomy of bilateral breasts"),
    "total colectomy": Meaning("total-colectomy", "Total colectomy (procedure)"),
}

ABSENCES: Mapping[str, Meaning] = {
    "the cervix": Meaning("absent-cervix", "Acquired absence of both cervix and uterus"),
    "both breasts": Meaning("bilateral-mastectomy", "Acquired absence of bilateral breasts"),
    "the right breast": Meaning("absent-right-breast", "Acquired absence of right breast"),
    "the left breast": Meaning("absent-left-breast", "Acquired absence of left breast"),
}

PLAN_STATES: Mapping[str, str] = {
    "overdue": "overdue",
    "none recorded": "none-recorded",
    "due": "due",
    "up to date": "up-to-date",
    "an individual decision": "individual",
    "not known": "unknown",
}

CODE_SYSTEMS: Mapping[str, str] = {
    "CPT": "http://www.ama-assn.org/go/cpt",
    "SNOMED CT": "http://snomed.info/sct",
    "ICD-10-PCS": "http://www.cms.gov/Medicare/Coding/ICD10",
    "ICD-10-CM": "http://hl7.org/fhir/sid/icd-10-cm",
    "RxNorm": "http://www.nlm.nih.gov/research/umls/rxnorm",
    "ATC": "http://www.whocc.no/atc",
    "NDC": "http://hl7.org/fhir/sid/ndc",
    "HCPCS": "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets",
    "LOINC": "http://loinc.org",
}

RECORD_KINDS: Mapping[str, str] = {
    "request": "MedicationRequest",
    "dispense": "MedicationDispense",
    "statement": "MedicationStatement",
    "administration": "MedicationAdministration",
}

VERBS: Mapping[str, str] = {
    "prescribed": "request",
    "dispensed": "dispense",
    "taken": "statement",
    "given": "administration",
}

ELIGIBILITY: Mapping[str, str] = {"eligible": "transplant-eligible", "ineligible": "transplant-ineligible"}


RESPONSES: Mapping[str, str] = {
    "stringent complete response": "response-scr",
    "complete response": "response-cr",
    "very good partial response": "response-vgpr",
    "partial response": "response-pr",
    "minimal response": "response-mr",
    "stable disease": "response-sd",
}


_OBSERVATION = (
    "registered",
    "preliminary",
    "final",
    "amended",
    "corrected",
    "cancelled",
    "entered-in-error",
    "unknown",
)
_EVENT = ("preparation", "in-progress", "not-done", "on-hold", "stopped", "completed", "entered-in-error", "unknown")
_REQUEST = ("active", "on-hold", "cancelled", "completed", "entered-in-error", "stopped", "draft", "unknown")
_DISPENSE = ("cancelled", "declined")
_TAKEN = ("active", "completed", "entered-in-error", "intended", "stopped", "on-hold", "unknown", "not-taken")

STATUSES: Mapping[str, tuple[str, ...]] = {
    "MedicationRequest": _REQUEST,
    "MedicationDispense": (*(status for status in _EVENT if status != "not-done"), *_DISPENSE),
    "MedicationStatement": _TAKEN,
    "MedicationAdministration": tuple(status for status in _EVENT if status != "preparation"),
    "Procedure": _EVENT,
    "Observation": _OBSERVATION,
}
"""FHIR's, by type of resource: no other status can be in a record."""

VERIFICATIONS = ("unconfirmed", "provisional", "differential", "confirmed", "refuted", "entered-in-error")
_ORDERS = ("order", "original-order", "reflex-order", "filler-order", "instance-order")
INTENTS = ("proposal", "plan", *_ORDERS, "option")
"""FHIR's, of a MedicationRequest."""
COMPARISONS = ("<", "<=", ">=", ">")
DOSE_UNITS = ("mg", "mg/m2", "mg/kg")


class StepError(CdsError):
    """A step cannot be understood; the message says what to write instead."""

    code = "step"


def look_up(kind: str, word: str, known: Mapping[str, T]) -> T:
    """What the word stands for. Raises StepError, which lists the words that are known."""
    if word not in known:
        raise StepError(f"`{word}` is no {kind} that the steps know.{instead(word, known)}")
    return known[word]


def one_of(kind: str, word: str, known: Iterable[str]) -> str:
    """The word itself, where it is one of these. Raises StepError as `look_up`."""
    return look_up(kind, word, {each: each for each in known})


_MOST_TOLD = 60
_TOO_MANY = " There are too many to tell them here, and none is like it."


def instead(word: str, known: Iterable[str]) -> str:
    """What to write instead of a word that is none of these: the nearest, and all."""
    words = list(known)
    near = get_close_matches(word, words, n=1) or get_close_matches(word.lower(), words, n=1)
    meant = f" Did you mean `{near[0]}`?" if near else ""
    return f"{meant} Write one of: {', '.join(words)}." if len(words) <= _MOST_TOLD else meant or _TOO_MANY


def status_of(resource_type: str, status: str) -> str:
    """The status, where FHIR has it for that type of resource. Raises StepError."""
    return one_of(
        f"status of {'an' if resource_type[0] in 'AEIOU' else 'a'} {resource_type}", status, STATUSES[resource_type]
    )
