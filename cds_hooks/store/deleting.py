"""What is too old is deleted, and what is kept of one patient when somebody asks for that."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, CursorResult, Engine, Table, delete, select, text
from sqlalchemy.exc import SQLAlchemyError

from spmwatch.cds_hooks.store.locating import COMMAND_MS, WRITES, fault
from spmwatch.cds_hooks.store.settings import StoreSettings
from spmwatch.cds_hooks.store.tables import CARD, DECISION, FEEDBACK, REQUEST


def purge(engine: Engine, settings: StoreSettings, now: datetime, *, quiet_days: int) -> Mapping[str, int]:
    """Delete what is older than the settings say; table -> rows deleted. Raises StoreError.

    Args:
        engine: the store.
        settings: how long things are kept.
        now: the moment from which it is counted.
        quiet_days: how long acknowledged cards stay quiet; so long they are kept, whatever the settings say.
    """
    cards_days = max(settings.cards_days, quiet_days + 2)
    ends = {
        DECISION: DECISION.c.at < now - timedelta(days=settings.decisions_days),
        CARD: CARD.c.at < now - timedelta(days=cards_days),
        FEEDBACK: FEEDBACK.c.received < now - timedelta(days=cards_days),
        REQUEST: REQUEST.c.at < now - timedelta(days=min(settings.requests_days, settings.decisions_days)),
    }
    return _delete(engine, ends)


def forget(engine: Engine, pseudonym: str) -> Mapping[str, int]:
    """Delete all that is kept of a patient; table -> rows deleted. Raises StoreError."""
    cards = select(CARD.c.uuid).where(CARD.c.pseudonym == pseudonym)
    clients = select(CARD.c.client).where(CARD.c.pseudonym == pseudonym)
    counts = _delete(
        engine,
        {
            REQUEST: REQUEST.c.pseudonym == pseudonym,
            FEEDBACK: (FEEDBACK.c.pseudonym == pseudonym)
            | (FEEDBACK.c.card.in_(cards) & FEEDBACK.c.client.in_(clients)),
            CARD: CARD.c.pseudonym == pseudonym,
            DECISION: DECISION.c.pseudonym == pseudonym,
        },
    )
    _empty_the_log(engine)
    return counts


def _delete(engine: Engine, what: Mapping[Table, ColumnElement[bool]]) -> Mapping[str, int]:
    try:
        with engine.connect().execution_options(**{WRITES: True}) as connection, connection.begin():
            if connection.dialect.name == "postgresql":  # much may be old
                connection.execute(text(f"SET LOCAL statement_timeout = {COMMAND_MS}"))
            return {table.name: _deleted(connection, table, rows) for table, rows in what.items()}
    except SQLAlchemyError as error:
        raise fault(engine.url, error) from None


def _deleted(connection: Connection, table: Table, rows: ColumnElement[bool]) -> int:
    result = connection.execute(delete(table).where(rows))
    assert isinstance(result, CursorResult)
    return result.rowcount


def _empty_the_log(engine: Engine) -> None:
    """What was deleted may still stand in SQLite's write-ahead log; there it goes, unless somebody reads just now."""
    if engine.dialect.name != "sqlite":
        return
    try:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
    except SQLAlchemyError as error:
        raise fault(engine.url, error) from None
