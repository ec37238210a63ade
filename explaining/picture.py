"""A patient's timeline as lanes of bars and marks on an axis of days: what the terminal and the page both draw.

Nothing here knows of characters or pixels. A bar or mark that is not dated exactly keeps the days between which its
ends lie, so that whoever draws can let it fade there; what has no date at all is listed beside the picture.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from spmwatch.engine.catalogue.wording import Wording, default_wording
from spmwatch.engine.dates import add_months
from spmwatch.engine.episodes import (
    FIRST_DAY,
    LAST_DAY,
    UNKNOWN,
    Course,
    Disease,
    Done,
    Episode,
    Lab,
    Malignancy,
    Order,
    Span,
    Stated,
    Timeline,
    Transplant,
)
from spmwatch.engine.facts import Certainty, Standing
from spmwatch.engine.presentation import describe, references

FIRST_DRUGS = ("lenalidomide", "melphalan")
"""The drugs that the advice is about come first."""
_BEFORE_FIRST_MONTHS = 3
_LEAD_MONTHS = 18
"""Marks this long before everything else are drawn at the left edge, or a cancer of 1995 would squeeze all the rest."""
_CORE = (*FIRST_DRUGS, "drug", "transplant", "myeloma", "spm")
_MONTH_TICKS_UP_TO_DAYS = 900


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A bar or a mark.

    Attributes:
        start, end: days (ordinals); for a mark both are its day. `low == high` where known exactly.
        labels: what may be written at it, longest first.
        tone: what it is, for colour and symbol: lenalidomide, melphalan, drug, transplant, myeloma, spm, prior, cancer,
            statement, procedure, lab, order.
        sure: proven by a code; otherwise it is drawn fainter.
        ongoing: it goes on at the day of the evaluation.
        text: the whole story in one line.
        value: the number of a laboratory value.
    """

    is_bar: bool
    start: Span
    end: Span
    labels: tuple[str, ...]
    tone: str
    sure: bool
    ongoing: bool
    text: str
    references: tuple[str, ...]
    value: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One row of the picture with its title."""

    title: str
    tone: str
    shapes: tuple[Shape, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """All lanes; `first..last` is the axis, `today` the day of the evaluation; `undated` what has no place on it."""

    lanes: tuple[Lane, ...]
    first: int
    last: int
    today: int
    undated: tuple[str, ...]

    def fraction(self, day: float) -> float:
        """Where a day lies on the axis, 0 to 1; days outside lie on its ends."""
        return min(1.0, max(0.0, (day - self.first) / (self.last - self.first)))


def picture_of(timeline: Timeline, wording: Wording | None = None) -> Picture:
    """The picture of a timeline. Hypothetical episodes and totals have no place in it."""
    words = wording or default_wording()
    today = timeline.as_of.toordinal()
    grouped: dict[tuple[int, str, str], list[Shape]] = defaultdict(list)
    undated: list[str] = []
    for episode in sorted(timeline.episodes, key=lambda item: (item.verb, item.id)):
        if episode.hypothetical:
            continue
        for place, unnamed in _shapes(episode, words, today):
            shape = dataclasses.replace(unnamed, text=describe(episode, words))
            if shape.start.low <= FIRST_DAY and shape.end.high >= (LAST_DAY if shape.is_bar else today):
                undated.append(shape.text)
            else:
                grouped[place].append(_closed(shape, today))
    first, last = _axis([shape for shapes in grouped.values() for shape in shapes], today)
    lanes = tuple(
        Lane(
            title=place[2],
            tone=shapes[0].tone,
            shapes=tuple(sorted(shapes, key=lambda s: (s.start.low, s.end.high, s.text))),
        )
        for place, shapes in sorted(grouped.items(), key=lambda item: item[0])
    )
    return Picture(lanes=lanes, first=first, last=last, today=today, undated=tuple(undated))


def _shapes(episode: Episode, words: Wording, today: int) -> Iterator[tuple[tuple[int, str, str], Shape]]:
    """The shape of an episode with the lane it belongs to: (order, key, title)."""
    if isinstance(episode, Course):
        yield _drug_lane(episode.drug, words), _bar(episode, words)
    elif isinstance(episode, Order):
        here = Span.exactly(today)
        yield _drug_lane(episode.drug, words), _mark(episode, here, "order", [words.kind("ordered")])
    elif isinstance(episode, Transplant):
        labels = [words.word("kind", episode.kind), words.short("kind", episode.kind)]
        yield (3, "", "Transplants"), _mark(episode, episode.date, "transplant", labels)
    elif isinstance(episode, Disease):
        tone = "myeloma" if episode.family == "myeloma" else "statement"
        yield (4, "", "Diagnoses"), _mark(episode, episode.onset, tone, [words.word("family", episode.family)])
    elif isinstance(episode, Malignancy):
        name = words.word("group", episode.group)
        organ = words.said("organ", episode.organ)
        full = f"{name} ({organ})" if organ else name
        labels = [full, words.short("group", episode.group)]
        tone = {"spm": "spm", "prior": "prior"}.get(episode.role, "cancer")
        yield (4, "", "Diagnoses"), _mark(episode, episode.onset, tone, labels)
    elif isinstance(episode, Stated):
        yield (5, "", "Statements"), _mark(episode, episode.date, "statement", [words.concept(episode.what)])
    elif isinstance(episode, Done):
        yield (6, "", "Procedures"), _mark(episode, episode.date, "procedure", [words.concept(episode.what)])
    elif isinstance(episode, Lab):
        title = f"{words.concept(episode.analyte)} {words.unit(episode.analyte)}".strip()
        mark = _mark(episode, episode.date, "lab", [words.number(episode.value)], dated=False)
        yield (7, episode.analyte, title[:1].upper() + title[1:]), mark


def _drug_lane(drug: str, words: Wording) -> tuple[int, str, str]:
    rank = FIRST_DRUGS.index(drug) if drug in FIRST_DRUGS else len(FIRST_DRUGS)
    title = words.concept(drug)
    return rank, drug, title[:1].upper() + title[1:]


def _bar(course: Course, words: Wording) -> Shape:
    name = " ".join(
        part
        for part in (
            "" if course.drug == "lenalidomide" or course.form == UNKNOWN else words.short("form", course.form),
            "" if course.phase == UNKNOWN else words.word("phase", course.phase),
        )
        if part
    )
    start = course.start.days()
    brief = course.duration.high < 1 and start is not None and start.exact
    extent = str(start) if brief else words.months(course.duration)
    labels = [text for text in (", ".join(part for part in (name, extent) if part), name) if text]
    tone = course.drug if course.drug in FIRST_DRUGS else "drug"
    return _shape(course, course.start, course.end, labels, tone, is_bar=True, ongoing=course.active == "current")


def _mark(episode: Episode, day: Span, tone: str, labels: Iterable[str], *, dated: bool = True) -> Shape:
    """A mark; the date joins the longest label where it is known."""
    names = list(dict.fromkeys(label for label in labels if label))
    known = day.days()
    if dated and known is not None and episode.verb != "ordered" and None not in (known.earliest, known.latest):
        names = list(dict.fromkeys([*(f"{name} {known}" for name in names if ".." not in str(known)), *names]))
    return _shape(episode, day, day, names, tone, is_bar=False, ongoing=False)


def _shape(
    episode: Episode, start: Span, end: Span, labels: Iterable[str], tone: str, *, is_bar: bool, ongoing: bool
) -> Shape:
    return Shape(
        is_bar=is_bar,
        start=start,
        end=end,
        labels=tuple(labels),
        tone=tone,
        sure=episode.standing is Standing.COUNTS and episode.certainty is Certainty.HIGH,
        ongoing=ongoing,
        text="",
        references=tuple(references(episode.sources)),
        value=(episode.value.low + episode.value.high) / 2 if isinstance(episode, Lab) else None,
    )


def _closed(shape: Shape, today: int) -> Shape:
    """The shape with nothing after today: an end that could lie later is not known to."""
    start = Span(min(shape.start.low, today), min(shape.start.high, today))
    end_low = min(max(shape.end.low, start.low), today)
    end = Span(end_low, max(end_low, min(shape.end.high, today)))
    return dataclasses.replace(shape, start=start, end=end)


def _axis(shapes: list[Shape], today: int) -> tuple[int, int]:
    """From a little before the first day that matters to a little after today."""
    days = [int(day) for shape in shapes for day in (shape.start.low, shape.end.low) if day > FIRST_DAY]
    core = [int(shape.start.low) for shape in shapes if shape.tone in _CORE and shape.start.low > FIRST_DAY]
    first = min(core or days or [today])
    early = [day for day in days if first - _LEAD_MONTHS * 31 <= day < first]
    start = _back(min([first, *early]), _BEFORE_FIRST_MONTHS)
    shortest = _back(today, 12)
    start = min(start, shortest)
    return start, today + max(14, (today - start) // 40)


def _back(day: int, months: int) -> int:
    try:
        return add_months(date.fromordinal(day), -months).toordinal()
    except ValueError:
        return FIRST_DAY


def year_ticks(picture: Picture, most: int) -> list[tuple[int, str]]:
    """The days to mark on the axis with their labels, at most `most`: years, or months where there are few years."""
    first, last = date.fromordinal(picture.first), date.fromordinal(picture.last)
    long = (last - first).days > _MONTH_TICKS_UP_TO_DAYS
    for step in (12, 24, 60, 120, 240, 600) if long else (3, 6, 12, 24, 60, 120, 240, 600):
        ticks = [day for day in _steps(first, last, step) if picture.first <= day.toordinal() <= picture.last]
        if len(ticks) <= most or step == 600:
            label = "%Y-%m" if step < 12 else "%Y"
            return [(day.toordinal(), day.strftime(label)) for day in ticks]
    return []


def _steps(first: date, last: date, months: int) -> Iterator[date]:
    index = max(12, first.year * 12 // months * months)
    while index <= last.year * 12 + 11:
        yield date(index // 12, index % 12 + 1, 1)
        index += months
