"""What clinicians did with the cards that were shown: counted by rule, reason, client and time.

A card counts under the rule that speaks on it, in the period in which it was shown. It is accepted where any feedback
says so, else overridden where any says so. Nobody reports ignored cards (C131), so what has no answer may have been
read, ignored, or never displayed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from sqlalchemy import Column, ColumnElement, Connection, Engine, exists, func, select
from sqlalchemy.exc import SQLAlchemyError

from spmwatch.cds_hooks.store.acknowledging import ACCEPTED
from spmwatch.cds_hooks.store.decision import TRY_IT
from spmwatch.cds_hooks.store.locating import fault
from spmwatch.cds_hooks.store.tables import CARD, FEEDBACK

OVERRIDDEN, NOT_ANSWERED = "overridden", "not answered"
OUTCOMES = (ACCEPTED, OVERRIDDEN, NOT_ANSWERED)

Reason = tuple[str, str]
"""System and code; ("", "") where none was given."""
NO_REASON: Reason = ("", "")


class Period(StrEnum):
    """What time is counted by."""

    MONTH = "month"
    WEEK = "week"

    def of(self, day: date) -> date:
        """The first day of the period that a day is in; weeks begin on Monday."""
        return day.replace(day=1) if self is Period.MONTH else day - timedelta(days=day.weekday())

    def next(self, first: date) -> date:
        """The first day of the period after."""
        return self.of(first + timedelta(days=31 if self is Period.MONTH else 7))


@dataclass(slots=True)
class Tally:
    """Cards by what was done with them."""

    accepted: int = 0
    overridden: int = 0
    not_answered: int = 0

    def add(self, outcome: str) -> None:
        """One card more."""
        name = outcome.replace(" ", "_")
        setattr(self, name, getattr(self, name) + 1)

    @property
    def shown(self) -> int:
        """All of them."""
        return self.accepted + self.overridden + self.not_answered

    @property
    def override_rate(self) -> float | None:
        """Overridden ones among those that were answered, 0 to 1; None where none was."""
        answered = self.accepted + self.overridden
        return self.overridden / answered if answered else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """The finest count: cards of one period, client and rule with one outcome; each reason of an overridden one."""

    period: date
    client: str
    rule: str
    outcome: str
    reason: Reason


@dataclass(slots=True)
class Offered:
    """Suggestions for one check: how many cards offered any, and from how many one was accepted."""

    offered: int = 0
    accepted: int = 0


@dataclass(slots=True, kw_only=True)
class FeedbackReport:
    """All counts.

    Attributes:
        by: what time is counted by.
        total: all cards.
        rules, clients, periods: the same, apart; periods without a card between others are there too.
        reasons: rule -> reason -> overridden cards; a card with two reasons counts under both.
        checks: check -> suggestions for it.
        cells: for a spreadsheet.
        silent: cards of silent clients, which nobody saw; they are in no other count.
        strangers: feedback that names no card of its client that is kept.
        tried_out: cards of the try-it page, where these are left out; they are in no other count.
    """

    by: Period
    total: Tally = field(default_factory=Tally)
    rules: dict[str, Tally] = field(default_factory=dict)
    clients: dict[str, Tally] = field(default_factory=dict)
    periods: dict[date, Tally] = field(default_factory=dict)
    reasons: dict[str, Counter[Reason]] = field(default_factory=dict)
    checks: dict[str, Offered] = field(default_factory=dict)
    cells: Counter[Cell] = field(default_factory=Counter)
    silent: int = 0
    strangers: int = 0
    tried_out: int = 0


@dataclass(slots=True)
class _Answers:
    """All feedback on one card."""

    accepted: bool = False
    reasons: set[Reason] = field(default_factory=set)
    suggestions: set[str] = field(default_factory=set)


def feedback_report(
    engine: Engine,
    *,
    since: date | None = None,
    until: date | None = None,
    by: Period = Period.MONTH,
    client: str | None = None,
) -> FeedbackReport:
    """The counts of the cards shown from `since` to `until`, both included, by days in UTC.

    Args:
        engine: the store.
        since: the first day.
        until: the last day.
        by: what time is counted by.
        client: the one that is counted; None counts all but the try-it page.

    Raises:
        StoreError: the store cannot be read.
    """
    report = FeedbackReport(by=by)
    try:
        with engine.connect() as connection:
            answers = _answers(connection, since, until)
            columns = (CARD.c.uuid, CARD.c.at, CARD.c.client, CARD.c.rule, CARD.c.shown, CARD.c.suggestions)
            query = select(*columns).where(*_within(CARD.c.at, since, until), _of(CARD.c.client, client))
            for row in connection.execute(query.execution_options(yield_per=1000)):
                if row.shown:
                    _count(report, row.at, row.client, row.rule, answers.get(row.uuid))
                    _count_checks(report, row.suggestions, answers.get(row.uuid))
                else:
                    report.silent += 1
            report.strangers = _strangers(connection, since, until, client)
            if client is None:
                report.tried_out = _tried_out(connection, since, until)
    except SQLAlchemyError as error:
        raise fault(engine.url, error) from None
    _in_order(report)
    return report


def _answers(connection: Connection, since: date | None, until: date | None) -> Mapping[str, _Answers]:
    ours = (FEEDBACK.c.client == CARD.c.client) & (FEEDBACK.c.card == CARD.c.uuid)
    query = select(FEEDBACK.c.card, FEEDBACK.c.outcome, FEEDBACK.c.reasons, FEEDBACK.c.suggestions).join(CARD, ours)
    answers: dict[str, _Answers] = {}
    for row in connection.execute(query.where(*_within(CARD.c.at, since, until))):
        answer = answers.setdefault(row.card, _Answers())
        answer.accepted |= row.outcome == ACCEPTED
        answer.reasons |= {(system, code) for system, code in row.reasons}
        answer.suggestions |= set(row.suggestions)
    return answers


def _count(report: FeedbackReport, at: datetime, client: str, rule: str, answers: _Answers | None) -> None:
    outcome = NOT_ANSWERED if answers is None else ACCEPTED if answers.accepted else OVERRIDDEN
    period = report.by.of(at.date())
    report.total.add(outcome)
    report.rules.setdefault(rule, Tally()).add(outcome)
    report.clients.setdefault(client, Tally()).add(outcome)
    report.periods.setdefault(period, Tally()).add(outcome)
    reasons = (answers.reasons if answers and outcome == OVERRIDDEN else set()) or {NO_REASON}
    for reason in reasons:
        report.cells[Cell(period=period, client=client, rule=rule, outcome=outcome, reason=reason)] += 1
        if outcome == OVERRIDDEN:
            report.reasons.setdefault(rule, Counter())[reason] += 1


def _count_checks(report: FeedbackReport, suggestions: list[list[object]], answers: _Answers | None) -> None:
    taken = answers.suggestions if answers else set()
    for check in {str(check) for _, check, _ in suggestions}:
        tally = report.checks.setdefault(check, Offered())
        tally.offered += 1
        tally.accepted += any(suggestion in taken for suggestion, of, _ in suggestions if of == check)


def _tried_out(connection: Connection, since: date | None, until: date | None) -> int:
    query = select(func.count()).select_from(CARD)
    return connection.execute(query.where(*_within(CARD.c.at, since, until), CARD.c.client == TRY_IT)).scalar() or 0


def _of(column: Column[str], client: str | None) -> ColumnElement[bool]:
    return column != TRY_IT if client is None else column == client


def _strangers(connection: Connection, since: date | None, until: date | None, client: str | None) -> int:
    known = exists().where(CARD.c.client == FEEDBACK.c.client, CARD.c.uuid == FEEDBACK.c.card)
    query = select(func.count()).select_from(FEEDBACK).where(~known, *_within(FEEDBACK.c.at, since, until))
    return connection.execute(query.where(_of(FEEDBACK.c.client, client))).scalar() or 0


def _within(column: Column[datetime], since: date | None, until: date | None) -> list[ColumnElement[bool]]:
    bounds: list[ColumnElement[bool]] = []
    if since is not None:
        bounds.append(column >= _midnight(since))
    if until is not None:
        bounds.append(column < _midnight(until + timedelta(days=1)))
    return bounds


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _in_order(report: FeedbackReport) -> None:
    """Rules and clients with most cards first; every period, the empty ones too."""
    report.rules = dict(sorted(report.rules.items(), key=lambda item: (-item[1].shown, item[0])))
    report.clients = dict(sorted(report.clients.items(), key=lambda item: (-item[1].shown, item[0])))
    report.checks = dict(sorted(report.checks.items()))
    if not report.periods:
        return
    first, last = min(report.periods), max(report.periods)
    while first < last:
        report.periods.setdefault(first, Tally())
        first = report.by.next(first)
    report.periods = dict(sorted(report.periods.items()))
