"""The screening and monitoring plan as a few lines of a card: one for each check that is open, the rest together."""

from __future__ import annotations

from collections.abc import Sequence

from spmwatch.engine.catalogue.card_policy import PlanLines
from spmwatch.engine.catalogue.wording import Wording
from spmwatch.engine.dates import DateRange
from spmwatch.engine.episodes import Span
from spmwatch.engine.recommendation import PlanItem

UP_TO_DATE, EXCLUDED, OVERDUE = "up-to-date", "excluded", "overdue"


def plan_text(plan: Sequence[PlanItem], lines: PlanLines, wording: Wording) -> str:
    """Markdown: what is open first, as the plan orders it; then, a line each, what is up to date and what falls away.

    Args:
        plan: at least one check.
        lines: their words (rules/cards.yaml).
        wording: how days that are not known exactly are said.
    """
    pages = _PlanLines(lines, wording)
    open_ = [pages.open(item) for item in plan if item.state not in (UP_TO_DATE, EXCLUDED)]
    done = [pages.done(item) for item in plan if item.state == UP_TO_DATE]
    gone = [pages.gone(item) for item in plan if item.state == EXCLUDED]
    together = [lines.up_to_date.format(items="; ".join(done))] if done else []
    together += [lines.excluded.format(items="; ".join(gone))] if gone else []
    return "\n".join([lines.heading, "", *open_, *together])


class _PlanLines:
    def __init__(self, lines: PlanLines, wording: Wording) -> None:
        self._lines, self._wording = lines, wording

    def open(self, item: PlanItem) -> str:
        lines = self._lines
        pieces = [self._state(item)]
        if item.last is not None:
            pieces.append(lines.last.format(day=self._day(item.last)))
        if item.next is not None:
            pieces.append(lines.next.format(day=self._day(item.next)))
        if item.excluded:
            pieces.append(lines.may_fall_away.format(why=item.excluded))
        return lines.open.format(title=_capital(item.title), pieces=", ".join(pieces))

    def done(self, item: PlanItem) -> str:
        if item.next is None:
            return inline(item.title)
        return _bracketed(item.title, self._lines.next.format(day=self._day(item.next)))

    def gone(self, item: PlanItem) -> str:
        return _bracketed(item.title, inline(item.excluded)) if item.excluded else inline(item.title)

    def _state(self, item: PlanItem) -> str:
        if item.state == OVERDUE and item.overdue_days is not None:
            low, high = item.overdue_days
            return self._lines.overdue_by.format(days=str(low) if low == high else f"{low} to {high}")
        return self._lines.states[item.state]

    def _day(self, days: DateRange) -> str:
        return self._wording.day(Span.of_days(days))


def inline(title: str) -> str:
    """A title as it stands inside a sentence: "Full skin check" -> "full skin check"; "HPV test" stays."""
    return title[:1].lower() + title[1:] if title[1:2].islower() else title


def _bracketed(title: str, remark: str) -> str:
    return f"{inline(title)} ({remark})"


def _capital(title: str) -> str:
    return title[:1].upper() + title[1:]
