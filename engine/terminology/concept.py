"""A concept: what one file of rules/value_sets says. Rules name concepts, never codes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, ConfigDict, Field

from spmwatch.engine.terminology.phrases import checked_phrase

Category = Literal[
    "drug", "condition", "procedure", "lab", "screening", "smoking", "exclusion", "statement", "route", "regimen"
]  # fmt: skip
Route = Literal["oral", "intravenous", "local"]
DrugClass = Literal[
    "imid", "proteasome-inhibitor", "anti-cd38", "anti-slamf7", "alkylator", "topoisomerase-ii", "platinum", "steroid",
    "antimetabolite", "hdac-inhibitor",
]  # fmt: skip
Malignancy = Literal[
    "haematological", "solid", "melanoma", "nmsc", "in-situ", "metastasis", "unspecified", "premalignant", "none"
]
SpmGroup = Literal["aml", "mds", "all", "t-mn", "other-heme", "solid", "melanoma", "nmsc", "in-situ", "unspecified"]
Role = Literal[
    "ingredient", "precise-ingredient", "brand", "clinical-drug", "branded-drug", "clinical-component",
    "branded-component", "clinical-dose-form", "branded-dose-form", "dose-form-group", "atc", "hcpcs-drug",
    "hcpcs-drug-nos", "ndc-product-prefix", "condition", "condition-prefix", "exclude", "exclude-prefix", "history",
    "history-prefix", "history-ambiguous", "status", "status-complication", "procedure", "procedure-not-a-transplant",
    "planned-not-given", "category", "encounter", "screening", "screening-encounter", "screening-adjunct",
    "screening-exclusion", "diagnostic", "lab", "lab-procedure", "smoking", "statement", "route", "local",
]  # fmt: skip
Phrase = Annotated[str, AfterValidator(checked_phrase)]
PREFIX_ROLES = frozenset({"condition-prefix", "exclude-prefix", "history-prefix"})
_NEEDED = {"drug": "drug", "condition": "malignancy", "exclusion": "excludes", "route": "route", "regimen": "evidence"}
_FORBID = ConfigDict(extra="forbid")


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """A row of a value set. `system` is a name of _systems.yaml, or the URI of a site's own system."""

    __pydantic_config__: ClassVar[ConfigDict] = _FORBID

    system: str
    code: str
    display: str
    role: Role
    source: str

    def __post_init__(self) -> None:
        """Raise ValueError for an empty word."""
        if not (self.system.strip() and self.code.strip() and self.display.strip() and self.source.strip()):
            raise ValueError("system, code, display and source are words, none of them empty")


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalCode:
    """A site's own code for a concept; `system` is its URI."""

    __pydantic_config__: ClassVar[ConfigDict] = _FORBID

    system: str
    code: str
    display: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Distance:
    """A length of time by the calendar; `unit` is UCUM: months or years."""

    __pydantic_config__: ClassVar[ConfigDict] = _FORBID

    value: Annotated[int, Field(gt=0, le=100, strict=True)]
    unit: Literal["mo", "a"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Concept:
    """What a code or a word stands for, with every distinction that rules or the timeline make.

    Attributes:
        text: phrases by which it is recognised where no code is; `[a|b]` one of these or nothing, `{a|b}` one of these.
        exact_text: phrases that count only as the whole text, e.g. `relapse`.
        asked_text: as `exact_text`, and only as the answer to a question that asks for it (`PD` may be dialysis).
        not_text: phrases that forbid a match on their words.
        cased_text: phrases whose capitals have to stand as written: `PVd` is a regimen, `PVD` an arterial disease.
        abbreviations: as `cased_text`, and counted only where nothing else can be meant: as the whole text, alone
            beside a dose ("25 mg, Rd"), or near a word of kind `confirm` in _negation.yaml ("Rd protocol").
        drug: ingredient that the rules speak of, e.g. `melphalan` for melphalan-oral.
        route: oral, intravenous or local where the code alone tells; for category `route` what it stands for.
        classes: drug classes.
        myeloma_therapy: given against myeloma (some also against other cancers: look from the diagnosis on).
        leukemogenic: known to cause leukaemia (SPM-12, SPM-13).
        disease: the disease, finer than `family`.
        family: `myeloma` for the myeloma family, which is never a second cancer.
        malignancy: kind of tumour; `metastasis` is never a second cancer, `none` is no tumour.
        organ: organ group, to tell a recurrence (7.8) and to leave out screening of an organ with cancer.
        spm_group: what it counts as when it is a second or a prior cancer; None: it never counts.
        lenalidomide_indication: `other` when lenalidomide is given for it and it is no myeloma (SPM-30).
        history: a "history of": that it was, not when.
        ambiguous_history: a history that may be the myeloma itself (Z85.79): ignored (7.8).
        transplant: kind of a stem-cell transplant; `unknown` when the code does not tell.
        is_status: says that it was done once, not when (Z94.84).
        not_a_transplant: looks like a transplant and is none (harvest, pheresis).
        planned: awaited, not done.
        implies_prior: kind of the transplant that must have gone before (donor lymphocytes: allogeneic).
        analyte: what a laboratory code measures; `unit` its canonical UCUM unit.
        screens: organ that a screening test or an examination looks at.
        screening_test: the test counts as that screening (G4); False for counselling and encounters alone.
        smoking: current, former, never, unknown.
        quit_within: of a former smoker, at most how long before it was recorded it ended, where the code tells.
        excludes: organ whose screening falls away; `all` where none is looked for.
        phase: treatment phase that the words state.
        response: response grade that the words state.
        drugs: ingredients of a regimen, by the names that `drug` has in the value sets.
        other_drugs: ingredients of a regimen that no value set knows, e.g. prednisone.
        evidence: id of rules/evidence.yaml that says what a regimen consists of.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _FORBID

    id: str
    title: str
    category: Category
    codes: tuple[Code, ...] = ()
    local_codes: tuple[LocalCode, ...] = ()
    text: tuple[Phrase, ...] = ()
    exact_text: tuple[Phrase, ...] = ()
    asked_text: tuple[Phrase, ...] = ()
    not_text: tuple[Phrase, ...] = ()
    cased_text: tuple[Phrase, ...] = ()
    abbreviations: tuple[Phrase, ...] = ()
    note: str | None = None
    drug: str | None = None
    route: Route | None = None
    classes: tuple[DrugClass, ...] = ()
    myeloma_therapy: bool = False
    leukemogenic: bool = False
    disease: str | None = None
    family: Literal["myeloma"] | None = None
    malignancy: Malignancy | None = None
    organ: str | None = None
    spm_group: SpmGroup | None = None
    lenalidomide_indication: Literal["other"] | None = None
    history: bool = False
    ambiguous_history: bool = False
    transplant: Literal["autologous", "allogeneic", "syngeneic", "gene-modified", "unknown"] | None = None
    is_status: bool = False
    not_a_transplant: bool = False
    planned: bool = False
    implies_prior: Literal["allogeneic"] | None = None
    analyte: str | None = None
    unit: str | None = None
    screens: Literal["breast", "colorectal", "cervical", "lung", "skin"] | None = None
    screening_test: bool = False
    smoking: Literal["current", "former", "never", "unknown"] | None = None
    quit_within: Distance | None = None
    excludes: Literal["breast", "colorectal", "cervical", "all"] | None = None
    phase: Literal["induction", "consolidation", "maintenance"] | None = None
    response: Literal["scr", "cr", "vgpr", "pr", "mr", "sd", "pd"] | None = None
    drugs: tuple[str, ...] = ()
    other_drugs: tuple[str, ...] = ()
    evidence: str | None = None

    @property
    def is_plain_finding(self) -> bool:
        """Is it a condition that is neither a disease of the myeloma family nor a tumour, e.g. an inherited risk?"""
        return self.family is None and self.spm_group is None and self.malignancy in (None, "none")

    def __post_init__(self) -> None:
        """Raise ValueError when a field that the category needs is missing, or nothing could ever match."""
        needed = _NEEDED.get(self.category)
        if needed is not None and getattr(self, needed) is None:
            raise ValueError(f"a {self.category} needs the field `{needed}`")
        if (self.analyte is None) != (self.unit is None):
            raise ValueError("`analyte` and `unit` go together")
        if self.family == "myeloma" and self.spm_group is not None:
            raise ValueError("the myeloma family is never a second cancer: leave `spm_group` out")
        if self.quit_within is not None and self.smoking != "former":
            raise ValueError("`quit_within` goes with `smoking: former` alone")
        if self.category == "lab" and self.analyte is None:
            raise ValueError("a lab needs the fields `analyte` and `unit`")
        if (self.category == "regimen") != bool(self.drugs):
            raise ValueError("a regimen, and nothing else, needs the field `drugs`")
        words = self.text or self.exact_text or self.asked_text or self.cased_text or self.abbreviations
        if not (self.codes or self.local_codes or words):
            raise ValueError("it has neither codes nor text, so nothing can ever match it")


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeMatch:
    """A code that stands in a value set: the row that matched, and its concept."""

    concept: Concept
    system: str
    code: str
    display: str
    role: Role

    @property
    def history(self) -> bool:
        """Does the row say that it was so once, not when?"""
        return self.concept.history or self.role.startswith("history")

    @property
    def is_status(self) -> bool:
        """Does the row say that a procedure was done once, not when?"""
        return self.concept.is_status or self.role in ("status", "status-complication", "history", "history-prefix")


@dataclass(frozen=True, slots=True, kw_only=True)
class TextMatch:
    """A term of ours found in a text. `matched` is our term, never the text of the record. `asked`: of `asked_text`."""

    concept: Concept
    matched: str
    history: bool = False
    asked: bool = False
