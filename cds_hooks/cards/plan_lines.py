"""The screening and monitoring plan as a few lines of a card: one for each check that is open, the rest together."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from spmwatch.engine.catalogue.card_policy import PlanLines
from spmwatch.engine.catalogue.wording import Wording
from spmwatch.engine.dates import DateRange
from spmwatch.engine.episodes import Span
from spmwatch.engine.recommendation import Finding, PlanItem

UP_TO_DATE, EXCLUDED, OVERDUE = "up-to-date", "excluded", "overdue"
NONE_RECORDED, UNKNOWN = "none-recorded", "unknown"


class PlanPage:
    """Writes the plan of one patient."""

    def __init__(self, lines: PlanLines, wording: Wording, *, not_sent: Collection[str] = ()) -> None:
        """The words come from rules/cards.yaml.

        Args:
            lines: these words.
            wording: how days that are not known exactly are said.
            not_sent: kinds of record that were not sent.
        """
        self._lines, self._wording, self._not_sent = lines, wording, frozenset(not_sent)

    def text(self, plan: Sequence[PlanItem], found: Mapping[str, Finding] | None = None) -> str:
        """Markdown: what is open first, as the plan orders it; then, a line each, what is up to date and falls away.

        Args:
            plan: at least one check.
            found: check -> the finding that speaks of it alone; its summary takes the place of the check's name.
        """
        own = found or {}
        lines = [
            self._found_line(item, own[item.check]) if item.check in own else self._open_line(item)
            for item in self._all_open(plan)
        ]
        return "\n".join([self._lines.heading, "", *lines, *self._together(plan)])

    def grouped(self, plan: Sequence[PlanItem]) -> str:
        """The same in few lines: one for each state."""
        states: dict[str, list[str]] = {}
        for item in self._all_open(plan):
            days = self._days(item)
            remark = ", ".join(days) if item.state != OVERDUE else ", ".join([self._state(item), *days])
            states.setdefault(item.state, []).append(_bracketed(item.title, remark) if remark else inline(item.title))
        said = self._lines.states
        lines = [
            self._lines.grouped.format(state=_capital(said[s]), items="; ".join(all_)) for s, all_ in states.items()
        ]
        return "\n".join([self._lines.heading, "", *lines, *self._together(plan)])

    def _all_open(self, plan: Sequence[PlanItem]) -> list[PlanItem]:
        return [i for i in plan if i.state not in (UP_TO_DATE, EXCLUDED) and not self._is_hidden(i)]

    def _is_hidden(self, item: PlanItem) -> bool:
        """Nobody can tell how it stands, because the records that would hold it were not sent."""
        return item.state == UNKNOWN and item.last is None and bool(self._not_sent & set(item.kept_in))

    def _together(self, plan: Sequence[PlanItem]) -> list[str]:
        lines = self._lines
        hidden = [item for item in plan if self._is_hidden(item)]
        done = [self._done_line(item) for item in plan if item.state == UP_TO_DATE]
        gone = [self._gone_line(item) for item in plan if item.state == EXCLUDED]
        types = sorted(self._not_sent & {kind for item in hidden for kind in item.kept_in})
        names = "; ".join(self._doubted(item) for item in hidden)
        result = [lines.not_sent.format(types=", ".join(types), items=names)] if hidden else []
        result += [lines.up_to_date.format(items="; ".join(done))] if done else []
        return result + ([lines.excluded.format(items="; ".join(gone))] if gone else [])

    def _doubted(self, item: PlanItem) -> str:
        if not item.excluded:
            return inline(item.title)
        return _bracketed(item.title, self._lines.may_fall_away.format(why=inline(item.excluded)))

    def _open_line(self, item: PlanItem) -> str:
        pieces = [self._state(item), *self._days(item)]
        return self._lines.open.format(title=_capital(item.title), pieces=", ".join(pieces))

    def _found_line(self, item: PlanItem, finding: Finding) -> str:
        lines = self._lines
        said = lines.found.format(
            summary=" ".join(finding.summary.split()), rule=finding.rule, indicator=finding.indicator.value
        )
        pieces = [*([] if item.state == NONE_RECORDED else [self._state(item)]), *self._days(item)]
        return lines.found_more.format(found=said, pieces=", ".join(pieces)) if pieces else said

    def _days(self, item: PlanItem) -> list[str]:
        lines, pieces = self._lines, []
        if item.last is not None:
            pieces.append(lines.last.format(day=self._day(item.last)))
        if item.next is not None:
            pieces.append(lines.next.format(day=self._day(item.next)))
        if item.excluded:
            pieces.append(lines.may_fall_away.format(why=item.excluded))
        return pieces

    def _done_line(self, item: PlanItem) -> str:
        if item.next is None:
            return inline(item.title)
        return _bracketed(item.title, self._lines.next.format(day=self._day(item.next)))

    def _gone_line(self, item: PlanItem) -> str:
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
