"""The log of decisions, read: what was decided in an exchange, by which rules, and what was shown."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, or_, select
from sqlalchemy.exc import SQLAlchemyError

from spmwatch.cds_hooks.store.decision import Json
from spmwatch.cds_hooks.store.locating import fault
from spmwatch.cds_hooks.store.recording import utc
from spmwatch.cds_hooks.store.tables import DECISION, REQUEST


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One kept decision.

    Attributes:
        id: its own; `correlation` is that of the exchange, as in the log and in the answer's header.
        outcome: what was decided, in the form of `recording.outcome_of`.
        request: the request as it came, where requests are kept.
    """

    id: str
    correlation: str
    at: datetime
    client: str
    service: str
    hook: str
    hook_instance: str
    pseudonym: str
    as_of: date
    status: int
    shown: bool
    seconds: dict[str, float]
    outcome: Json
    request: bytes | None


def decisions(  # each argument narrows the search
    engine: Engine,
    *,
    id_: str | None = None,
    since: date | None = None,
    until: date | None = None,
    client: str | None = None,
    most: int | None = None,
    with_requests_only: bool = False,
) -> Sequence[Kept]:
    """Kept decisions, the newest first.

    Args:
        engine: the store.
        id_: of the decision, of the exchange or of the hook invocation, or the first 8 characters or more of one.
        since: first day, in UTC.
        until: last day, in UTC.
        client: id of the client.
        most: so many at most.
        with_requests_only: leave out those without their request.

    Raises:
        StoreError: the store cannot be read.
    """
    where: list[ColumnElement[bool]] = []
    if id_ is not None:
        where.append(_named(id_.strip().lower()))
    if since is not None:
        where.append(DECISION.c.at >= _midnight(since))
    if until is not None:
        where.append(DECISION.c.at < _midnight(until) + timedelta(days=1))
    if client is not None:
        where.append(DECISION.c.client == client)
    if with_requests_only:
        where.append(REQUEST.c.body.is_not(None))
    try:
        with engine.connect() as connection:
            return _found(connection, where, most)
    except SQLAlchemyError as error:
        raise fault(engine.url, error) from None


def decisions_of_facts(engine: Engine, facts: str, as_of: date) -> Sequence[Kept]:
    """Kept decisions on the same facts as of the same day, the newest first. Raises StoreError."""
    try:
        with engine.connect() as connection:
            return _found(connection, [DECISION.c.facts == facts, DECISION.c.as_of == as_of], 1)
    except SQLAlchemyError as error:
        raise fault(engine.url, error) from None


def _found(connection: Connection, where: Sequence[ColumnElement[bool]], most: int | None) -> list[Kept]:
    query = select(DECISION, REQUEST.c.body).outerjoin(REQUEST, REQUEST.c.decision == DECISION.c.id).where(*where)
    query = query.order_by(DECISION.c.at.desc(), DECISION.c.id).limit(most)
    return [_kept(row) for row in connection.execute(query)]


def _named(id_: str) -> ColumnElement[bool]:
    columns = (DECISION.c.id, DECISION.c.correlation, DECISION.c.hook_instance)
    if len(id_) < 8:
        return or_(*(column == id_ for column in columns))
    return or_(*(column.startswith(id_, autoescape=True) for column in columns))


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


_OUTCOME = ("tier", "rulebase", "facts", "findings", "truths", "questions", "failures", "cards", "quiet")


def _kept(row: Row[Any]) -> Kept:
    return Kept(
        id=row.id,
        correlation=row.correlation,
        at=row.at,
        client=row.client,
        service=row.service,
        hook=row.hook,
        hook_instance=row.hook_instance,
        pseudonym=row.pseudonym,
        as_of=row.as_of,
        status=row.status,
        shown=row.shown,
        seconds=row.seconds,
        outcome={name: getattr(row, name) for name in _OUTCOME},
        request=None if row.body is None else zlib.decompress(row.body),
    )


def as_json(kept: Kept) -> Json:
    """A decision for programs; whether its request is kept, but not the request."""
    return {
        "id": kept.id,
        "correlation": kept.correlation,
        "at": utc(kept.at),
        "client": kept.client,
        "service": kept.service,
        "hook": kept.hook,
        "hook_instance": kept.hook_instance,
        "patient": kept.pseudonym,
        "as_of": kept.as_of.isoformat(),
        "status": kept.status,
        "shown": kept.shown,
        "remembered": "recall" in kept.seconds,
        **kept.outcome,
        "seconds": kept.seconds,
        "request_kept": kept.request is not None,
    }
