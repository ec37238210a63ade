"""One patient on a page: whole for `explain --html`, which holds everything itself, or in parts for other pages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import jinja2
from markupsafe import Markup

from spmwatch.engine.catalogue.evidence import Evidence
from spmwatch.engine.facts import Gap
from spmwatch.engine.presentation import describe, references
from spmwatch.engine.recommendation import Finding, OpenQuestion, Recommendation
from spmwatch.engine.version import version
from spmwatch.explaining.picture import Picture, picture_of
from spmwatch.explaining.plan_lines import PlanLine, plan_lines
from spmwatch.explaining.reasons import Reasons
from spmwatch.explaining.svg_chart import Chart, chart_of
from spmwatch.rule_book.markdown import Block, blocks

Part = Literal["timeline", "plan", "unknown", "rules"]
"""Sections of the page that stand by themselves; each begins with an `h2`."""

_TIER_WORDS = {"none": "no finding", "info": "info", "warning": "warning", "critical": "critical"}


@dataclass(frozen=True, slots=True, kw_only=True)
class FactLine:
    """A fact in words, with the lane it stands in and its FHIR references."""

    lane: str
    text: str
    references: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingBox:
    """A finding as the page shows it."""

    id: str
    version: str
    indicator: str
    grade: str
    certainty: str
    summary: str
    detail: tuple[Block, ...]
    references: tuple[str, ...]
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """All that the templates lay out."""

    patient: str
    as_of: str
    tier: str
    tier_word: str
    who: str
    chart: Chart
    legend: tuple[str, ...]
    undated: tuple[str, ...]
    table: tuple[FactLine, ...]
    findings: tuple[FindingBox, ...]
    plan: tuple[PlanLine, ...]
    questions: tuple[OpenQuestion, ...]
    gaps: tuple[Gap, ...]
    rules: tuple[Reasons, ...]
    rulebase: str
    switched_off: tuple[str, ...]
    version: str


def page_for(recommendation: Recommendation, reasons: Sequence[Reasons]) -> str:
    """The page as HTML text; no script, no address that a browser would fetch."""
    return _templates().get_template("explain.html.j2").render(page=explained(recommendation, reasons))


def part_of(page: Page, part: Part) -> Markup:
    """One section as HTML, for a page that brings templates/explain.css; "" when there is nothing to tell."""
    return Markup(_templates().get_template(f"{part}.html.j2").render(page=page).strip())  # noqa: S704 - escaped there


def style() -> str:
    """The style sheet that all sections share."""
    return _templates().get_template("explain.css").render()


def explained(recommendation: Recommendation, reasons: Sequence[Reasons]) -> Page:
    """What there is to tell of a patient, in words and shapes."""
    picture = picture_of(recommendation.timeline, recommendation.wording)
    table = tuple(_table(picture))
    who = [
        describe(episode, recommendation.wording)
        for episode in recommendation.timeline.episodes
        if episode.verb == "patient"
    ]
    return Page(
        patient=recommendation.patient,
        as_of=recommendation.as_of.isoformat(),
        tier=recommendation.tier,
        tier_word=_TIER_WORDS[recommendation.tier],
        who="; ".join(who),
        chart=chart_of(picture, "; ".join(f"{row.lane}: {row.text}" for row in table if row.lane != row.text)),
        legend=tuple(_legend(picture)),
        undated=picture.undated,
        table=table,
        findings=tuple(_finding(finding) for finding in recommendation.findings),
        plan=plan_lines(recommendation.plan),
        questions=recommendation.questions,
        gaps=recommendation.gaps,
        rules=tuple(reasons),
        rulebase=str(recommendation.rulebase),
        switched_off=tuple(str(off) for off in recommendation.rulebase.switched_off),
        version=version(),
    )


@lru_cache(maxsize=1)
def _templates() -> jinja2.Environment:
    """Everything is escaped; a name that is not there is an error, not an empty place."""
    return jinja2.Environment(
        loader=jinja2.PackageLoader("spmwatch.explaining"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
    )


def _table(picture: Picture) -> Iterator[FactLine]:
    for lane in picture.lanes:
        for shape in lane.shapes:
            yield FactLine(lane=lane.title, text=shape.text, references=shape.references)


def _legend(picture: Picture) -> Iterator[str]:
    shapes = [shape for lane in picture.lanes for shape in lane.shapes]
    bars = [shape for shape in shapes if shape.is_bar]
    marks = [shape for shape in shapes if not shape.is_bar]
    if any(shape.ongoing for shape in bars):
        yield "arrow: goes on"
    if any(not (shape.start.exact and shape.end.exact) for shape in bars):
        yield "faded end: date known only roughly"
    if any(not shape.sure for shape in shapes):
        yield "dashed or pale: recognised by words only, or not proven"
    if any(not shape.start.exact for shape in marks):
        yield "bracket: on some day within"
    if any(shape.start.high < picture.first for shape in marks):
        yield "‹ before the axis begins"


def _finding(finding: Finding) -> FindingBox:
    return FindingBox(
        id=f"{finding.rule}{finding.part or ''}",
        version=finding.version,
        indicator=finding.indicator.value,
        grade=finding.grade.value,
        certainty=finding.certainty.value,
        summary=finding.summary,
        detail=tuple(blocks(finding.detail)),
        references=tuple(references(source for episode in finding.episodes for source in episode.sources)),
        evidence=tuple(item for item in finding.evidence if item.showable),
    )
