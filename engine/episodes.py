"""What the timeline tells of one patient: the vocabulary that rules speak.

Each class here is one word a rule file may use as a condition (its `verb`); each annotated field is something the
condition may test. Adding a class or a field is all it takes to widen the vocabulary: engine/catalogue checks rule
files against it, engine/reasoning reads it. Values are a closed vocabulary of ours plus finite
numbers, so no text from a patient record can pass beyond this point.

A field is one of two things:
- a **word** (`Annotated[str, Word(...)]`): one of our own words, or `unknown` where the record does not tell;
- a **span** (`Annotated[Span, unit]`): a number known to lie within `low..high`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, ClassVar, get_args, get_origin, get_type_hints

from spmwatch.engine.dates import DateRange
from spmwatch.engine.facts import Certainty, Gap, Source, Standing

UNKNOWN = "unknown"
"""The word for "the record does not tell". A rule may name it to say what is done then."""

STEPS = 1_000_000
"""Numbers that are no days are told apart in steps of one in so many: whole numbers compare exactly in the network."""

UNBOUNDED = 1e12
"""Stands for "without limit" above a value that is only known to exceed something; far beyond any result."""

FIRST_DAY, LAST_DAY = date.min.toordinal(), date.max.toordinal()


@dataclass(frozen=True, slots=True)
class Span:
    """A finite number within `low..high`; days are proleptic Gregorian ordinals (`date.toordinal`)."""

    low: float
    high: float

    def __post_init__(self) -> None:
        """Raise ValueError when empty or not finite (the C network takes no infinities)."""
        if not -1e15 < self.low <= self.high < 1e15:
            raise ValueError(f"not a finite span: {self.low}..{self.high}")

    @classmethod
    def exactly(cls, value: float) -> Span:
        """A known number."""
        return cls(value, value)

    @classmethod
    def of_days(cls, days: DateRange | None) -> Span:
        """The ordinals of a span of days; an open side, or None, reaches to the end of the calendar."""
        if days is None:
            return cls(FIRST_DAY, LAST_DAY)
        return cls(
            FIRST_DAY if days.earliest is None else days.earliest.toordinal(),
            LAST_DAY if days.latest is None else days.latest.toordinal(),
        )

    def days(self) -> DateRange | None:
        """The same as dates; None when nothing is known."""
        if FIRST_DAY < self.low == self.high < LAST_DAY:
            day = date.fromordinal(int(self.low))
            return DateRange(day, day)
        earliest = None if self.low <= FIRST_DAY else date.fromordinal(min(int(self.low), LAST_DAY))
        latest = None if self.high >= LAST_DAY else date.fromordinal(max(int(self.high), FIRST_DAY))
        return None if earliest is None and latest is None else DateRange(earliest, latest)

    @property
    def exact(self) -> bool:
        """Is the number known?"""
        return self.low == self.high


@dataclass(frozen=True, slots=True)
class Word:
    """A field that holds one of `values` (empty: any id of the catalogue, e.g. a drug), or `unknown`."""

    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unit:
    """A field that holds a Span in this UCUM unit; `is_day` when the span is of calendar days."""

    ucum: str
    is_day: bool = False


Day = Annotated[Span, Unit("d", is_day=True)]
Months = Annotated[Span, Unit("mo")]
Years = Annotated[Span, Unit("a")]
Days = Annotated[Span, Unit("d")]
AMOUNT = "*"
Amount = Annotated[Span, Unit(AMOUNT)]  # in the canonical unit of the analyte
Id = Annotated[str, Word()]
ANY_DAY = Span(FIRST_DAY, LAST_DAY)

DRUG_FORMS = ("oral", "iv-high-dose", "iv-other", "local")
PHASES = ("induction", "intensification", "consolidation", "maintenance", "relapse")
TRANSPLANT_KINDS = ("autologous", "allogeneic", "syngeneic", "gene-modified")


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """Common to all: a stable id within the patient, standing, certainty and every source behind it.

    `hypothetical` marks an episode that nobody recorded but that data which were not supplied could contain; its
    standing is always POSSIBLE and `topic` names the datum that would decide it (rules/gaps.yaml).
    """

    verb: ClassVar[str] = ""
    id: str
    standing: Standing = Standing.COUNTS
    certainty: Certainty = Certainty.HIGH
    sources: tuple[Source, ...] = ()
    hypothetical: bool = False
    topic: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientEpisode(Episode):
    """The patient at `as_of`; exactly one per evaluation.

    `indication`: myeloma (a diagnosis of the myeloma family, or that reason on an order), other (only another recorded
    indication of lenalidomide), unrecorded (looked for, none found), unknown (provisional, or conditions not supplied).
    """

    verb: ClassVar[str] = "patient"
    age: Years = Span(0, 150)
    sex: Annotated[str, Word(("male", "female"))] = UNKNOWN
    vital_status: Annotated[str, Word(("alive", "deceased"))] = "alive"
    indication: Annotated[str, Word(("myeloma", "other", "unrecorded"))] = UNKNOWN
    transplant_eligibility: Annotated[str, Word(("eligible", "ineligible", "not-asked"))] = UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class Course(Episode):
    """One course of a drug: overlaps united, short gaps bridged, one phase (conventions 7.3-7.6).

    `form` tells melphalan's kinds apart (and route for other drugs). `active` as of `as_of`: covered, or last supply
    ended within the grace period. `duration` counts from first to last day of the course; `since` is the first day of
    the unbroken cover that it belongs to, whatever the phase. `doses` are the amounts of one intake that its records
    state ("10 mg"): no rule asks for them, but another dose makes what was acknowledged speak again.
    """

    verb: ClassVar[str] = "exposed"
    drug: Id
    form: Annotated[str, Word(DRUG_FORMS)] = UNKNOWN
    phase: Annotated[str, Word(PHASES)] = UNKNOWN
    active: Annotated[str, Word(("current", "past"))] = UNKNOWN
    start: Day = ANY_DAY
    end: Day = ANY_DAY
    duration: Months = Span(0, 1800)
    since: Day = ANY_DAY
    doses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cumulative(Episode):
    """All courses of a drug together, of one phase or of `any`: months of cover, overlaps counted once (7.4, 7.5).

    `doses` as in a course.
    """

    verb: ClassVar[str] = "cumulated"
    drug: Id
    phase: Annotated[str, Word((*PHASES, "any"))]
    active: Annotated[str, Word(("current", "past"))] = UNKNOWN
    duration: Months = Span(0, 1800)
    doses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Order(Episode):
    """A draft order that is being selected or signed."""

    verb: ClassVar[str] = "ordered"
    drug: Id
    form: Annotated[str, Word(("oral", "intravenous", "local"))] = UNKNOWN
    phase: Annotated[str, Word(PHASES)] = UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned(Episode):
    """A drug that the record plans or proposes for later: neither given nor being ordered now."""

    verb: ClassVar[str] = "planned"
    drug: Id
    form: Annotated[str, Word(("oral", "intravenous", "local"))] = UNKNOWN
    phase: Annotated[str, Word(PHASES)] = UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class Regimen(Episode):
    """A named combination, recognised from its drugs together or by its name (rules/value_sets/regimens).

    `stage`: ordered, planned, or given (all its drugs are current). `basis`: what shows it - `drugs`, all of them in
    that stage; `completed`, by drugs that are being given now and that need not go on; `name`, words alone.
    """

    verb: ClassVar[str] = "regimen"
    name: Id
    stage: Annotated[str, Word(("ordered", "planned", "given"))]
    basis: Annotated[str, Word(("drugs", "completed", "name"))]
    lenalidomide: Annotated[str, Word(("contains", "free"))]
    melphalan: Annotated[str, Word(("contains", "free"))]
    other_leukemogenic: Annotated[str, Word(("contains", "free"))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Transplant(Episode):
    """One stem-cell infusion, however many codes tell of it (conventions 7.7)."""

    verb: ClassVar[str] = "transplanted"
    kind: Annotated[str, Word(TRANSPLANT_KINDS)] = UNKNOWN
    date: Day = ANY_DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Disease(Episode):
    """The disease that lenalidomide is for: the myeloma family, or another indication (7.12)."""

    verb: ClassVar[str] = "diagnosed"
    family: Annotated[str, Word(("myeloma", "other-indication"))]
    onset: Day = ANY_DAY
    age_at_onset: Years = Span(0, 150)


@dataclass(frozen=True, slots=True, kw_only=True)
class Malignancy(Episode):
    """Another cancer: SPM, prior cancer, or undecided between the two (7.8).

    Metastases and recurrences are none of these. A code that names a cancer without its site leaves `group` unknown.
    """

    verb: ClassVar[str] = "malignancy"
    role: Annotated[str, Word(("spm", "prior"))] = UNKNOWN
    group: Annotated[str, Word(("aml", "mds", "all", "t-mn", "other-heme", "solid", "melanoma", "nmsc", "in-situ"))] = (
        UNKNOWN
    )
    organ: Id = UNKNOWN
    status: Annotated[str, Word(("active", "remission", "resolved"))] = UNKNOWN
    onset: Day = ANY_DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated(Episode):
    """What the record states in so many words or by a local code (7.13): progression, response, eligibility."""

    verb: ClassVar[str] = "stated"
    what: Id
    date: Day = ANY_DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Done(Episode):
    """A procedure of interest that was done: radiotherapy, screening tests, marrow examination, exclusions."""

    verb: ClassVar[str] = "performed"
    what: Id
    date: Day = ANY_DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Lab(Episode):
    """A laboratory value that counts (7.10), in the canonical unit of its analyte."""

    verb: ClassVar[str] = "measured"
    analyte: Id
    value: Amount
    date: Day = ANY_DAY
    latest: Annotated[str, Word(("latest", "earlier"))] = UNKNOWN
    result_status: Annotated[str, Word(("final", "preliminary"))] = "final"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sustained(Episode):
    """How one analyte kept over its last values that lie far enough apart to show a lasting change (conventions 7.10).

    From the latest value that is at least so many days before the last one (`sustained_apart`, `sustained_window` of
    rules/conventions.yaml) up to the last: the highest and the lowest of all values in between, these two included.
    """

    verb: ClassVar[str] = "sustained"
    analyte: Id
    highest: Amount
    lowest: Amount
    first: Day = ANY_DAY
    last: Day = ANY_DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUp(Episode):
    """A check that is due from time to time, e.g. mammography: how it stands today (rules/checks).

    `schedule` is the id of the schedule that applies to the patient. `state`: `due` from the day on which it is next
    due; `overdue` once the limit of the schedule is passed; `none-recorded` when records were searched and hold none;
    `individual` where the guideline leaves it to an individual decision; `excluded` where it falls away, for the
    reason `exclusion`. `last` is the day of the `test` that lasts longest. Where the record leaves several states open
    there is one possible episode for each.
    """

    verb: ClassVar[str] = "follow_up"
    check: Id
    schedule: Id = UNKNOWN
    state: Annotated[str, Word(("up-to-date", "due", "overdue", "none-recorded", "individual", "excluded"))] = UNKNOWN
    test: Id = UNKNOWN
    exclusion: Id = UNKNOWN
    last: Day = ANY_DAY
    next: Day = ANY_DAY
    since_last: Days = Span(0, LAST_DAY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found(Episode):
    """A finding of another rule in this evaluation: how rules build on each other. Only `when` may name it."""

    verb: ClassVar[str] = "finding"
    rule: Id
    variant: Id
    indicator: Annotated[str, Word(("info", "warning", "critical"))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing(Episode):
    """A datum that is missing and would matter; made by engine/evaluate.py after the other rules ran."""

    verb: ClassVar[str] = "missing"
    datum: Id
    decisive: Annotated[str, Word(("decisive", "minor"))]


EPISODES: tuple[type[Episode], ...] = (
    PatientEpisode,
    Course,
    Cumulative,
    Order,
    Planned,
    Regimen,
    Transplant,
    Disease,
    Malignancy,
    Stated,
    Done,
    Lab,
    Sustained,
    FollowUp,
    Found,
    Missing,
)


@dataclass(frozen=True, slots=True)
class VerbShape:
    """What a condition on one kind of episode may test."""

    episode: type[Episode]
    words: Mapping[str, Word]
    spans: Mapping[str, Unit]


def _shape(episode: type[Episode]) -> VerbShape:
    words: dict[str, Word] = {}
    spans: dict[str, Unit] = {}
    for name, hint in get_type_hints(episode, include_extras=True).items():
        if get_origin(hint) is Annotated:
            meaning = get_args(hint)[1]
            if isinstance(meaning, Word):
                words[name] = meaning
            elif isinstance(meaning, Unit):
                spans[name] = meaning
    return VerbShape(episode, words, spans)


VOCABULARY: Mapping[str, VerbShape] = {episode.verb: _shape(episode) for episode in EPISODES}
"""verb -> what may be tested: the one place where rule files, network and explainer get their words from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """All episodes of one patient as of one day.

    Attributes:
        notes: gaps that the timeline itself saw (undecided cancers, implausible dates, data after `as_of`); those of
            the reader come along in front.
    """

    patient: str
    as_of: date
    episodes: tuple[Episode, ...]
    notes: tuple[Gap, ...] = ()
