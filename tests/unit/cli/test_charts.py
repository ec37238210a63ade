"""The picture of a timeline, in characters and as geometry."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spmwatch.engine.dates import DateRange
from spmwatch.engine.episodes import ANY_DAY, Course, Episode, Span, Timeline, Transplant
from spmwatch.explaining.picture import picture_of, year_ticks
from spmwatch.explaining.svg_chart import LEFT, WIDTH, chart_of
from spmwatch.explaining.terminal_chart import ASCII, UNICODE, Signs, chart_lines, signs_for
from tests.strategies.episodes import AS_OF as RANDOM_AS_OF
from tests.strategies.episodes import patients
from tests.unit.cli.patients import AS_OF, crowded, day, transplanted


def drawn(timeline: Timeline, width: int = 80, signs: Signs = UNICODE) -> list[str]:
    return [line.plain for line in chart_lines(picture_of(timeline), width, signs)]


def test_drugs_come_first_then_transplants_diagnoses_and_the_rest() -> None:
    titles = [lane.title for lane in picture_of(crowded()).lanes]
    assert titles[:4] == ["Lenalidomide", "Melphalan", "Dexamethasone", "Transplants"]
    assert titles[4:] == ["Diagnoses", "Statements", "Procedures", "Haemoglobin g/dL"]


def test_what_has_no_date_is_told_beside_the_picture_and_hypotheses_are_not_drawn() -> None:
    picture = picture_of(crowded())
    assert picture.undated == ("colonoscopy, date not known",)
    texts = [shape.text for lane in picture.lanes for shape in lane.shapes]
    assert not any("not supplied" in text for text in texts)


def test_an_old_cancer_does_not_squeeze_the_axis() -> None:
    picture = picture_of(crowded())
    assert date.fromordinal(picture.first).year == 2019
    chart = chart_of(picture, "")
    old = next(mark for lane in chart.lanes for mark in lane.marks if mark.tone == "prior")
    assert old.earlier
    assert old.x == LEFT


def test_the_axis_starts_before_the_first_treatment_and_ends_after_today() -> None:
    picture = picture_of(transplanted())
    assert date(2019, 10, 1).toordinal() < picture.first < date(2020, 3, 15).toordinal()
    assert picture.today == AS_OF.toordinal() < picture.last


@pytest.mark.parametrize("width", [80, 160])
@pytest.mark.parametrize("signs", [UNICODE, ASCII])
def test_no_line_is_wider_than_the_terminal(width: int, signs: Signs) -> None:
    lines = drawn(crowded(), width, signs)
    assert lines
    assert max(map(len, lines)) <= width


def test_ascii_is_ascii() -> None:
    assert all(line.isascii() for line in drawn(crowded(), signs=ASCII))


def test_a_chart_says_what_happened_when() -> None:
    text = "\n".join(drawn(transplanted()))
    for expected in (
        "maintenance, 59 months",
        "autologous 2020-11-10",
        "high-dose IV, 2020-11-08",
        "myeloma 2020-03-15",
    ):
        assert expected in text
    assert [line for line in drawn(transplanted()) if "2021" in line and "2025" in line]


def test_uncertain_ends_are_drawn_faint() -> None:
    course = Course(
        id="c", drug="lenalidomide", active="past", start=day("2022"), end=day("2025-03-01"), duration=Span(26, 38)
    )
    (line, *_) = drawn(Timeline(patient="p", as_of=AS_OF, episodes=(course,)))
    assert UNICODE.faint + UNICODE.bar in line
    chart = chart_of(picture_of(Timeline(patient="p", as_of=AS_OF, episodes=(course,))), "")
    ((bar,),) = (lane.bars for lane in chart.lanes)
    assert bar.fade[0][1] < 0.5 < bar.fade[1][1]
    assert bar.fade[-1][1] == 1


def test_a_course_that_goes_on_has_an_arrow() -> None:
    assert any(line.endswith(UNICODE.onward) for line in drawn(transplanted()))


def test_too_narrow_or_empty_gives_no_chart() -> None:
    assert drawn(transplanted(), width=40) == []
    assert drawn(Timeline(patient="p", as_of=AS_OF, episodes=())) == []


@pytest.mark.parametrize(
    ("encoding", "signs"), [("utf-8", UNICODE), ("ascii", ASCII), ("latin-1", ASCII), (None, ASCII), ("no-such", ASCII)]
)
def test_signs_follow_the_encoding(encoding: str | None, signs: Signs) -> None:
    assert signs_for(encoding) is signs


def test_a_short_axis_has_months_and_a_long_one_years() -> None:
    recent = Transplant(id="t", kind="autologous", date=day("2025-06-01"))
    short = picture_of(Timeline(patient="p", as_of=AS_OF, episodes=(recent,)))
    assert all("-" in label for _, label in year_ticks(short, 8))
    long = picture_of(Timeline(patient="p", as_of=AS_OF, episodes=(Transplant(id="t", date=day("1960")),)))
    assert len(year_ticks(long, 8)) <= 8


def test_labels_in_the_svg_do_not_collide() -> None:
    chart = chart_of(picture_of(crowded()), "")
    boxes = [
        (label.y, label.x, label.x + len(label.text) * 6.7)
        for lane in chart.lanes
        for label in lane.labels
        if not label.on_bar
    ]
    for index, (y, left, right) in enumerate(boxes):
        assert right <= WIDTH + 1
        assert not any(y == y2 and left < right2 and left2 < right for y2, left2, right2 in boxes[index + 1 :])


@settings(deadline=None)
@given(patients(most=8), st.sampled_from([80, 120]))
def test_any_timeline_can_be_drawn(episodes: list[Episode], width: int) -> None:
    timeline = Timeline(patient="p", as_of=RANDOM_AS_OF, episodes=tuple(episodes))
    assert all(len(line) <= width for line in drawn(timeline, width, ASCII))
    chart = chart_of(picture_of(timeline), "")
    assert all(bar.x + bar.width <= WIDTH for lane in chart.lanes for bar in lane.bars)


@pytest.mark.parametrize("days", [ANY_DAY, Span.of_days(DateRange(date(1, 1, 1), date(9999, 12, 31)))])
def test_dates_at_the_ends_of_the_calendar_do_not_break_it(days: Span) -> None:
    episodes = (Transplant(id="t", date=days), Transplant(id="u", date=Span.of_days(DateRange(None, date(2, 1, 1)))))
    drawn(Timeline(patient="p", as_of=AS_OF, episodes=episodes))
