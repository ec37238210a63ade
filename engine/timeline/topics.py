"""Which question would mend an unknown: from an episode's field to a topic of rules/gaps.yaml."""

from __future__ import annotations

from spmwatch.engine.episodes import (
    UNKNOWN,
    Course,
    Cumulative,
    Disease,
    Done,
    Episode,
    FollowUp,
    Lab,
    Malignancy,
    Order,
    PatientEpisode,
    Planned,
    Regimen,
    Stated,
    Sustained,
    Transplant,
)
from spmwatch.engine.facts import ORDERED_DRUG
from spmwatch.engine.timeline.observations import PACK_YEARS

_DATES = ("start", "end", "duration", "active")
_WHETHER = ("standing", "certainty")
_CONTENTS = ("lenalidomide", "melphalan", "other_leukemogenic")
PROGRESSION = "progression"
"""What the record states of it, and the topic that asks for more."""

_BY_DRUG: dict[tuple[str, str], str] = {
    **{("lenalidomide", field): "lenalidomide-dates" for field in _DATES},
    **{("lenalidomide", field): "lenalidomide-exposure" for field in _WHETHER},
    ("lenalidomide", "phase"): "phase",
    **{(drug, field): "melphalan-dates" for drug in ("melphalan", "melphalan-flufenamide") for field in _DATES},
    **{(drug, field): "melphalan-exposure" for drug in ("melphalan", "melphalan-flufenamide") for field in _WHETHER},
    ("melphalan", "form"): "melphalan-kind",
}
"""For courses, cumulated courses and orders: (drug, field) -> topic."""

_BY_PROCEDURE: dict[str, str] = dict.fromkeys(("radiotherapy", "total-body-irradiation"), "radiotherapy")
"""Whether a procedure was done -> topic; of others nothing is asked but what the next says."""

_BY_DATED_PROCEDURE: dict[str, str] = {"bone-marrow-exam": "marrow-exam"}
"""Whether and when a procedure was done -> topic."""

_ASKED_ONE_BY_ONE = frozenset(drug for drug, _ in _BY_DRUG)
"""Drugs with questions of their own; about all others one question is asked."""

_BY_VERB: dict[tuple[str, str], str] = {
    (PatientEpisode.verb, "age"): "birth-date",
    (PatientEpisode.verb, "sex"): "sex",
    (PatientEpisode.verb, "indication"): "indication",
    (PatientEpisode.verb, "transplant_eligibility"): "transplant-eligibility",
    **{(Transplant.verb, field): "transplant" for field in ("date", *_WHETHER)},
    (Transplant.verb, "kind"): "transplant-kind",
    **{(Disease.verb, field): "indication" for field in ("family", *_WHETHER)},
    (Disease.verb, "age_at_onset"): "birth-date",
    **{(Malignancy.verb, field): "prior-cancers" for field in _WHETHER},
    **{(Malignancy.verb, field): "cancer-onset" for field in ("role", "onset")},
    **{(Malignancy.verb, field): "cancer-status" for field in ("status", "group", "organ")},
    **{(Regimen.verb, field): "other-treatment" for field in ("stage", "basis", *_CONTENTS, *_WHETHER)},
    **{(Lab.verb, field): "blood-count" for field in ("value", "date", "latest", "result_status", *_WHETHER)},
    **{(Sustained.verb, field): "blood-count" for field in ("highest", "lowest", "first", "last", *_WHETHER)},
}

TOPICS = frozenset({
    "smoking", "screening-dates", "other-treatment", PROGRESSION, ORDERED_DRUG,
    *_BY_DRUG.values(), *_BY_PROCEDURE.values(), *_BY_DATED_PROCEDURE.values(), *_BY_VERB.values(),
})  # fmt: skip
"""Every topic that an unknown may lead to: rules/gaps.yaml has a question for each."""


def topic_of(episode: Episode, field: str) -> str | None:
    """The topic that would decide `field` of this episode; None when no question is asked about it.

    `field` is an unknown word or an inexact span, `standing` (it may not be at all) or `certainty` (it was
    matched by words alone).

    An episode that names its own topic, such as every hypothetical one, is decided by that.
    """
    if episode.topic is not None and (episode.hypothetical or field not in _WHETHER or isinstance(episode, FollowUp)):
        return episode.topic
    if isinstance(episode, Transplant) and field == "date" and episode.kind == UNKNOWN:
        return "transplant-kind"  # who knows the kind knows the day
    if isinstance(episode, (Done, Stated)):
        return _of_event(episode, field)
    if isinstance(episode, (Course, Cumulative, Order, Planned)):
        return _BY_DRUG.get((episode.drug, field), None if episode.drug in _ASKED_ONE_BY_ONE else "other-treatment")
    if isinstance(episode, Lab) and episode.analyte == PACK_YEARS:
        return "smoking"
    return "screening-dates" if isinstance(episode, FollowUp) else _BY_VERB.get((episode.verb, field))


def _of_event(episode: Done | Stated, field: str) -> str | None:
    """What would tell more of something done or stated."""
    if isinstance(episode, Stated):
        return PROGRESSION if episode.what == PROGRESSION else None
    dated = _BY_DATED_PROCEDURE.get(episode.what)
    return _BY_PROCEDURE.get(episode.what, dated) if field in _WHETHER else dated
