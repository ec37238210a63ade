"""The service's memory in a database: decisions written behind its back, feedback at once, acknowledgements read."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar

import orjson
from sqlalchemy import Column, Connection, Engine, Table, bindparam, insert, or_, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError

from spmwatch.cds_hooks.store.acknowledging import Answered, acknowledgements
from spmwatch.cds_hooks.store.decision import Answer, Decision, Feedback
from spmwatch.cds_hooks.store.deleting import purge
from spmwatch.cds_hooks.store.keys import Key
from spmwatch.cds_hooks.store.locating import BUSY_MS, WRITES, as_text, fault, file_of
from spmwatch.cds_hooks.store.near import NearFile
from spmwatch.cds_hooks.store.recording import Row, Rows, rows_of
from spmwatch.cds_hooks.store.rows_in import RowsIn
from spmwatch.cds_hooks.store.settings import StoreSettings
from spmwatch.cds_hooks.store.tables import CARD, DECISION, FEEDBACK, REQUEST
from spmwatch.cds_hooks.store.waiting import Counts, Fate, Waiting
from spmwatch.engine.acknowledgement import Acknowledgement

_log = logging.getLogger("spmwatch.store")
T = TypeVar("T")

REST = 15.0
"""Seconds for which a store that failed to read is left alone: requests are not to wait for it one after the other."""
HANGS = 3.0
"""Seconds after which a server is taken to hang: it may take two to connect, and two for a statement."""
UNFIT = (IntegrityError, DataError)
"""What a database says of a row that it will never take; anything else may pass."""
_WRITERS = 5_077_726_992
"""PostgreSQL's lock while cards or feedback are written: any number that nobody else takes."""
PURGE_EACH = timedelta(hours=24)


class StoredMemory:
    """`Memory` in tables. Several processes may use one store.

    Args:
        late: hears, on the thread that writes, of feedback that came before its card was written.
        tell: hears, on any thread, of what is counted.

    Attributes:
        counts: what was written and lost, for metrics.
    """

    def __init__(
        self,
        engine: Engine,
        key: Key,
        settings: StoreSettings,
        *,
        quiet_days: Callable[[], int],
        today: Callable[[], date],
        now: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
        late: Callable[[Answer], None] = lambda _: None,
        tell: Callable[[Fate, int], None] = lambda _, __: None,
    ) -> None:
        self.counts = Counts(tell=tell)
        near = engine.dialect.name == "sqlite"
        file = file_of(engine.url)
        self._near = None if file is None else NearFile(file, BUSY_MS / 1000)
        self._asking = None if near else ThreadPoolExecutor(max_workers=4, thread_name_prefix="store-ask")
        self._rows_in = {table.name: RowsIn(table, engine.dialect) for table in _KEPT} if near else {}
        self._late = late
        self._engine, self._key, self._settings = engine, key, settings
        self._quiet_days, self._today, self._now, self._monotonic = quiet_days, today, now, monotonic
        self._rests_until = float("-inf")
        self._purged: datetime | None = None
        self._waiting = Waiting[Decision](
            self._write, most=settings.most_waiting, counts=self.counts, idle=self._purge_daily
        )

    def pseudonym(self, client: str, patient: str) -> str:
        """HMAC of client and patient id."""
        return self._key.pseudonym(client, patient)

    def acknowledged(self, pseudonym: str) -> Sequence[Acknowledgement]:
        """What was set aside for this patient while it may still be quiet; nothing when the store fails."""
        if self._monotonic() < self._rests_until:
            self.counts.add("failed_reads")
            return ()
        if self._near is not None and self._near.nothing_answered(pseudonym):
            return []
        today = self._today()
        since = today - timedelta(days=self._quiet_days() + 1)
        try:
            return acknowledgements(self._in_time(lambda: self._answers(pseudonym, since)), today)
        # ValueError, TypeError: rows that nobody here wrote
        except (SQLAlchemyError, TimeoutError, ValueError, TypeError) as error:
            self.counts.add("failed_reads")
            self._rests_until = self._monotonic() + REST
            _log.error("The store failed to tell what was acknowledged (%s).", type(error).__name__)
            return ()

    def record(self, decision: Decision) -> None:
        """Keep a decision soon."""
        self._waiting.put(decision)

    def take(self, client: str, service: str, feedback: Sequence[Feedback]) -> Sequence[Answer]:
        """Keep feedback. Raises StoreError."""
        if not feedback:
            return ()
        received = self._now()
        rows = {str(row["id"]): row for row in (self._feedback(client, service, one, received) for one in feedback)}
        try:
            fresh, told = self._in_time(lambda: self._kept(client, rows))
        except (SQLAlchemyError, TimeoutError) as error:
            raise fault(self._engine.url, error) from None
        rules = {card: one.rules for card, one in told.items()}
        return [answer for row in fresh for answer in _answers_of(row, rules.get(str(row["card"]), ()))]

    def reach(self) -> None:
        """Ask the store for nothing. Raises StoreError when it cannot be reached."""
        try:
            self._in_time(self._touch)
        except (SQLAlchemyError, TimeoutError) as error:
            raise fault(self._engine.url, error) from None

    @property
    def failing(self) -> bool:
        """Do decisions wait because the last attempt to write them failed?"""
        return self._waiting.failing

    def flush(self) -> None:
        """Wait until all that was recorded is written."""
        self._waiting.flush()

    def close(self) -> None:
        """Write what waits, and let go."""
        self._waiting.close()
        if self._asking is not None:
            self._asking.shutdown(wait=False, cancel_futures=True)
        if self._near is not None:
            self._near.close()
        self._engine.dispose()

    def _in_time(self, ask: Callable[[], T]) -> T:
        """What is asked of the store, or TimeoutError: a server that hangs keeps no promise about its own time.

        A file answers at once or says that it cannot.
        """
        if self._asking is None:
            return ask()
        asked = self._asking.submit(ask)
        try:
            return asked.result(timeout=HANGS)
        finally:
            asked.cancel()

    def _touch(self) -> None:
        with self._engine.connect() as connection:
            connection.execute(select(1))

    def _kept(self, client: str, rows: Mapping[str, Row]) -> tuple[list[Row], Mapping[str, _Told]]:
        """Feedback that was not known before, and what its cards told."""
        with self._engine.connect().execution_options(**{WRITES: True}) as connection, connection.begin():
            _one_writer(connection)
            known = _among(connection, FEEDBACK.c.id, [*rows])
            fresh = [row for id_, row in rows.items() if id_ not in known]
            told = _told(connection, client, [str(row["card"]) for row in fresh])
            for row in fresh:
                row["pseudonym"] = told[str(row["card"])].pseudonym if row["card"] in told else None
            if fresh:
                connection.execute(_unless_there(self._engine, FEEDBACK), fresh)
            return fresh, told

    def _answers(self, pseudonym: str, since: date) -> list[Answered]:
        moment = datetime(since.year, since.month, since.day, tzinfo=UTC)
        values = {"of": pseudonym, "since_day": since, "since": moment}
        with self._engine.connect() as connection:
            return [
                Answered(
                    card=row.uuid,
                    shown_on=row.as_of,
                    advice=row.advice,
                    offered=row.offered,
                    outcome=row.outcome,
                    at=min(row.at, row.received),  # a clock that is ahead would keep it quiet until it is right
                    accepted=row.accepted,
                )
                for row in connection.execute(_ANSWERS, values)
            ]

    def _feedback(self, client: str, service: str, feedback: Feedback, received: datetime) -> Row:
        reasons = [list(reason) for reason in (feedback.reason, *feedback.further_reasons) if reason is not None]
        suggestions = sorted(feedback.suggestions)
        at = feedback.at.astimezone(UTC)
        said = (client, feedback.card, feedback.outcome, at.isoformat(), repr(suggestions), repr(reasons))
        return {
            "id": self._key.digest("feedback", *said),
            "card": feedback.card,
            "client": client,
            "service": service,
            "outcome": feedback.outcome,
            "at": at,
            "received": received,
            "suggestions": suggestions,
            "reasons": reasons,
            "comment": feedback.comment if self._settings.keep_comments else None,
        }

    def _write(self, batch: Sequence[Decision]) -> None:
        """All of the batch; what the database refuses for its content is left out and counted. Raises DBAPIError."""
        rows = [made for made in map(self._rows, batch) if made is not None]
        try:
            self._insert(rows)
        except UNFIT:
            for one in rows:
                self._insert_alone(one)

    def _insert_alone(self, rows: Rows) -> None:
        try:
            self._insert([rows])
        except UNFIT as error:
            self._unfit(error)

    def _rows(self, decision: Decision) -> Rows | None:
        try:
            return rows_of(decision, self._key, self._settings)
        except Exception as error:  # noqa: BLE001 - a fault of ours in one decision costs no other
            self._unfit(error)
            return None

    def _unfit(self, error: Exception) -> None:
        self.counts.add("unfit")
        kind = type(error.orig if isinstance(error, DBAPIError) else error).__name__
        _log.error("A decision could not be kept (%s), a fault of spmwatch.", kind)

    def _insert(self, rows: Sequence[Rows]) -> None:
        decisions = [one.decision for one in rows if one.decision is not None]
        cards = [card for one in rows for card in one.cards]
        requests = [one.request for one in rows if one.request is not None]
        with self._engine.connect().execution_options(**{WRITES: True}) as connection, connection.begin():
            _one_writer(connection)
            for table, new in ((DECISION, decisions), (CARD, cards), (REQUEST, requests)):
                if new and self._rows_in:
                    self._rows_in[table.name].insert(connection, new)
                elif new:
                    connection.execute(_INSERTS[table.name], new)
            # `take` ties feedback to its card and tells of it, or this does, whichever comes second.
            answers = list(_answered_before(connection, cards))
        for answer in answers:
            self._late(answer)

    def _purge_daily(self) -> None:
        now = self._now()
        if self._purged is None or now - self._purged >= PURGE_EACH:
            self._purged = now
            purge(self._engine, self._settings, now, quiet_days=self._quiet_days())


_ANSWERS = (
    select(
        CARD.c.uuid,
        CARD.c.as_of,
        CARD.c.advice,
        CARD.c.suggestions.label("offered"),
        FEEDBACK.c.outcome,
        FEEDBACK.c.at,
        FEEDBACK.c.received,
        FEEDBACK.c.suggestions.label("accepted"),
    )
    .join(FEEDBACK, (FEEDBACK.c.client == CARD.c.client) & (FEEDBACK.c.card == CARD.c.uuid))
    .where(
        CARD.c.shown,
        FEEDBACK.c.pseudonym == bindparam("of"),  # of these there are few; a patient's cards are many
        CARD.c.pseudonym == bindparam("of"),
        or_(CARD.c.as_of >= bindparam("since_day"), FEEDBACK.c.at >= bindparam("since")),
    )
)


_KEPT = (DECISION, CARD, REQUEST)
# Made once: a statement refers to itself in circles, and those of each batch would lie about until a rare sweep.
_INSERTS = {table.name: insert(table) for table in _KEPT}
_OVERTOOK = select(FEEDBACK.c.id).where(FEEDBACK.c.pseudonym.is_(None)).limit(1)
_BEFORE = select(FEEDBACK.c.id, FEEDBACK.c.client, FEEDBACK.c.card, FEEDBACK.c.outcome, FEEDBACK.c.reasons).where(
    FEEDBACK.c.card.in_(bindparam("cards", expanding=True))
)


def _unless_there(engine: Engine, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An insert that passes over rows that are there."""
    if engine.dialect.name == "sqlite":
        return sqlite.insert(table).on_conflict_do_nothing()
    return postgresql.insert(table).on_conflict_do_nothing()


def _among(connection: Connection, column: Column[str], values: Sequence[str]) -> set[str]:
    """Those of the values that the column holds."""
    return set(connection.execute(select(column).where(column.in_(values))).scalars())


def _one_writer(connection: Connection) -> None:
    """One at a time writes cards or feedback, so that each sees what the other wrote. SQLite's are so anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _WRITERS})


@dataclass(frozen=True, slots=True)
class _Told:
    """A card that is kept: whom it is about, and the rules that it told somebody."""

    pseudonym: str
    rules: Sequence[str]


def _told(connection: Connection, client: str, cards: Sequence[str]) -> Mapping[str, _Told]:
    """Card -> what is kept of it, for those of this client."""
    columns = (CARD.c.uuid, CARD.c.advice, CARD.c.shown, CARD.c.pseudonym)
    found = connection.execute(select(*columns).where(CARD.c.uuid.in_(cards), CARD.c.client == client))
    return {row.uuid: _Told(row.pseudonym, [rule for rule, _ in row.advice] if row.shown else []) for row in found}


def _answered_before(connection: Connection, cards: Sequence[Row]) -> Iterator[Answer]:
    """Tie feedback that overtook its card to the card, and tell what it says of the rules that the card told."""
    if not cards or connection.execute(_OVERTOOK).first() is None:
        return
    own = {(card["client"], card["uuid"]): card for card in cards}
    for row in connection.execute(_BEFORE, {"cards": [card for _, card in own]}).all():
        card = own.get((row.client, row.card))
        if card is None:
            continue
        tie = update(FEEDBACK).where(FEEDBACK.c.id == row.id)
        connection.execute(tie.values(pseudonym=card["pseudonym"]))
        if card["shown"]:
            advice = orjson.loads(as_text(card["advice"]).encode())
            yield from _answers_of({"reasons": row.reasons, "outcome": row.outcome}, [rule for rule, _ in advice])


def _answers_of(row: Row, rules: Sequence[str]) -> Iterator[Answer]:
    reasons = row["reasons"]
    assert isinstance(reasons, list)
    for rule in rules:
        yield Answer(rule=rule, outcome=str(row["outcome"]), reason=reasons[0][1] if reasons else None)
