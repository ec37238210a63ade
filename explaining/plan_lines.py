"""The screening and monitoring plan in words, for the terminal and the page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from spmwatch.engine.catalogue.wording import default_wording
from spmwatch.engine.dates import DateRange
from spmwatch.engine.episodes import Span
from spmwatch.engine.recommendation import PlanItem

PRESSING = ("overdue", "none-recorded", "due")
"""States in which a check waits to be done."""
_NOT_DATED = ("individual", "excluded")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanLine:
    """One check as people read it; a text is empty where there is nothing to say.

    Attributes:
        state, label: how it stands, as a word of ours and in words.
        excluded: why it falls away.
        past_due: how long ago it was next due, e.g. `47 days`.
        why: the findings that are a reason for it.
        source: what sets the schedule: its id, and its citation.
    """

    title: str
    state: str
    label: str
    schedule: str
    excluded: str
    last: str
    test: str
    references: tuple[str, ...]
    next: str
    past_due: str
    why: tuple[str, ...]
    source: str
    citation: str

    @property
    def pressing(self) -> bool:
        """Does it wait to be done?"""
        return self.state in PRESSING

    def in_short(self) -> str:
        """What matters of it in one line: `last 2024-11-01 (mammography), next due 2026-11-01`."""
        if self.excluded:
            return self.excluded
        if self.state in _NOT_DATED:
            return self.schedule
        test = f" ({self.test})" if self.test else ""
        due = f"next due {self.next}{f', {self.past_due} ago' if self.past_due else ''}" if self.next else ""
        return ", ".join(part for part in (f"last {self.last}{test}" if self.last else "", due) if part)


def plan_lines(plan: Iterable[PlanItem]) -> tuple[PlanLine, ...]:
    """The plan in its order, most pressing first."""
    words = default_wording()
    return tuple(
        PlanLine(
            title=item.title,
            state=item.state,
            label=words.word("state", item.state),
            schedule=item.schedule,
            excluded=item.excluded or "",
            last=_day(item.last),
            test=words.concept(item.test) if item.test else "",
            references=item.references,
            next=_day(item.next),
            past_due=_days(item.overdue_days),
            why=item.reasons,
            source=item.source.id,
            citation=item.source.citation,
        )
        for item in plan
    )


def _day(days: DateRange | None) -> str:
    return "" if days is None else default_wording().day(Span.of_days(days))


def _days(span: tuple[int, int] | None) -> str:
    if span is None:
        return ""
    low, high = span
    if low == high:
        return f"{low} day{'' if low == 1 else 's'}"
    return f"up to {high} days" if low <= 0 else f"{low} to {high} days"
