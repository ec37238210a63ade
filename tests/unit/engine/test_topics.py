"""Which question mends which unknown: every topic is one of rules/gaps.yaml, and what decides rules has one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest

from spmwatch.engine.episodes import (
    VOCABULARY,
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
    Span,
    Stated,
    Sustained,
    Transplant,
)
from spmwatch.engine.facts import Standing
from spmwatch.engine.timeline.topics import topic_of
from spmwatch.engine.yaml_file import read_yaml
from tests.unit.engine.timeline_records import given, only, procedure, timeline

GAPS = Path(__file__).parents[3] / "rules" / "gaps.yaml"
LEN = Course(id="c", drug="lenalidomide")
MEL = Course(id="c", drug="melphalan")


def known_topics() -> set[str]:
    read = read_yaml(GAPS, PurePosixPath("rules/gaps.yaml"))
    assert isinstance(read, list)
    return {entry["id"] for entry in read}


@pytest.mark.parametrize(
    ("episode", "field", "topic"),
    [
        (LEN, "start", "lenalidomide-dates"),
        (LEN, "end", "lenalidomide-dates"),
        (LEN, "duration", "lenalidomide-dates"),
        (LEN, "active", "lenalidomide-dates"),
        (LEN, "phase", "phase"),
        (LEN, "form", None),
        (LEN, "standing", "lenalidomide-exposure"),
        (LEN, "certainty", "lenalidomide-exposure"),
        (Cumulative(id="c", drug="lenalidomide", phase="any"), "duration", "lenalidomide-dates"),
        (Cumulative(id="c", drug="lenalidomide", phase="maintenance", topic="phase"), "duration", "phase"),
        (
            Cumulative(id="c", drug="lenalidomide", phase="maintenance", topic="phase"),
            "certainty",
            "lenalidomide-exposure",
        ),
        (MEL, "form", "melphalan-kind"),
        (MEL, "start", "melphalan-dates"),
        (MEL, "standing", "melphalan-exposure"),
        (Course(id="c", drug="melphalan-flufenamide"), "start", "melphalan-dates"),
        (Course(id="c", drug="bortezomib"), "start", "other-treatment"),
        (Order(id="o", drug="melphalan"), "form", "melphalan-kind"),
        (Transplant(id="t"), "kind", "transplant-kind"),
        (Transplant(id="t"), "date", "transplant-kind"),
        (Transplant(id="t", kind="autologous"), "date", "transplant"),
        (Transplant(id="t"), "standing", "transplant"),
        (Disease(id="d", family="myeloma"), "standing", "indication"),
        (Disease(id="d", family="myeloma"), "age_at_onset", "birth-date"),
        (Disease(id="d", family="myeloma"), "onset", None),
        (Malignancy(id="m"), "role", "cancer-onset"),
        (Malignancy(id="m"), "onset", "cancer-onset"),
        (Malignancy(id="m"), "status", "cancer-status"),
        (Malignancy(id="m"), "group", "cancer-status"),
        (Malignancy(id="m"), "standing", "prior-cancers"),
        (PatientEpisode(id="p"), "age", "birth-date"),
        (PatientEpisode(id="p"), "indication", "indication"),
        (PatientEpisode(id="p"), "transplant_eligibility", "transplant-eligibility"),
        (PatientEpisode(id="p"), "sex", "sex"),
        (FollowUp(id="f", check="skin"), "state", "screening-dates"),
        (FollowUp(id="f", check="lung", topic="smoking"), "standing", "smoking"),
        (Stated(id="s", what="progression"), "date", "progression"),
        (Stated(id="s", what="response-cr"), "date", None),
        (Done(id="s", what="radiotherapy"), "date", None),
        (Done(id="s", what="radiotherapy"), "standing", "radiotherapy"),
        (Done(id="s", what="total-body-irradiation"), "certainty", "radiotherapy"),
        (Done(id="s", what="colonoscopy"), "standing", None),
        (Done(id="s", what="bone-marrow-exam"), "date", "marrow-exam"),
        (Lab(id="l", analyte="platelets", value=Span(0, 1)), "value", "blood-count"),
        (Lab(id="l", analyte="pack-years", value=Span(0, 1)), "date", "smoking"),
        (Sustained(id="l", analyte="mcv", highest=Span(0, 1), lowest=Span(0, 1)), "standing", "blood-count"),
    ],
)
def test_topics(episode: Episode, field: str, topic: str | None) -> None:
    assert topic_of(episode, field) == topic
    assert topic is None or topic in known_topics()


def test_a_hypothetical_episode_is_decided_by_its_own_topic() -> None:
    hidden = replace(MEL, hypothetical=True, standing=Standing.POSSIBLE, topic="melphalan-exposure")
    for field in ("form", "start", "standing"):
        assert topic_of(hidden, field) == "melphalan-exposure"


def test_the_timeline_names_known_topics_only() -> None:
    line = timeline(
        given("2020-01-01"), procedure("sct-unspecified"), missing=("MedicationRequest", "Procedure", "Condition")
    )
    topics = {
        topic_of(e, field) for e in line.episodes for field in (*VOCABULARY[e.verb].spans, *VOCABULARY[e.verb].words)
    }
    assert topics - {None} <= known_topics()
    assert only(line, Course)
