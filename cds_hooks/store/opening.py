"""From settings to a store that may be used: found, made, brought up to date, and of this key."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from sqlalchemy import Engine, insert, select
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from spmwatch.cds_hooks.store.decision import Answer, Forgetful, Memory
from spmwatch.cds_hooks.store.errors import StoreError
from spmwatch.cds_hooks.store.keys import Key, key_of
from spmwatch.cds_hooks.store.locating import (
    ANSWER_MS,
    COMMAND_MS,
    WRITES,
    engine_of,
    fault,
    file_of,
    make_file,
    remembers,
    shown,
    url_of,
)
from spmwatch.cds_hooks.store.memory import StoredMemory
from spmwatch.cds_hooks.store.settings import StoreSettings
from spmwatch.cds_hooks.store.tables import FACT
from spmwatch.cds_hooks.store.upgrading import check, form_of, upgrade
from spmwatch.cds_hooks.store.waiting import Fate

_log = logging.getLogger("spmwatch.store")


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """An open store: its connections, its key, and the settings it was opened with."""

    engine: Engine
    key: Key
    settings: StoreSettings

    def __str__(self) -> str:
        """Its address without a password."""
        return shown(self.engine.url)


def open_store(settings: StoreSettings, *, statement_ms: int = COMMAND_MS) -> Store:
    """The store of the settings; a SQLite file, its tables and its key are made where they are not there.

    Args:
        settings: section `store`.
        statement_ms: how long a server may take for one statement.

    Raises:
        StoreError: nothing is remembered, the store cannot be reached or written, it is another program's or key's.
    """
    if not remembers(settings):
        raise StoreError("store.url", "is none, so nothing is kept", "Name a store")
    url = url_of(settings)
    file = file_of(url)
    if file is not None:
        make_file(file)
    engine = engine_of(url, statement_ms=statement_ms)
    try:
        return Store(engine=engine, key=_ready(engine, settings, file), settings=settings)
    except StoreError:
        engine.dispose()
        raise


def _ready(engine: Engine, settings: StoreSettings, file: Path | None) -> Key:
    """Tables up to date, and the key that they were filled with."""
    wanted = settings.upgrade if settings.upgrade is not None else file is not None
    if wanted:
        upgrade(engine)
    else:
        check(engine)
    key = key_of(settings, file)
    _same_key(engine, key)
    return key


def make_ready(settings: StoreSettings) -> None:
    """Make the store and bring it up to date, and leave nothing open: before worker processes are forked.

    Raises:
        StoreError: it cannot be used; better said once, at the start, than by each worker.
    """
    if remembers(settings):
        store = open_store(settings)
        _log.info("Decisions and feedback are kept in %s, form %s.", store, form_of(store.engine))
        store.engine.dispose()


def existing_store(settings: StoreSettings) -> Store:
    """The store of the settings for a command that only reads: none is made. Raises StoreError."""
    if remembers(settings):
        file = file_of(url_of(settings))
        if file is not None and not file.exists():
            fix = "Start the service first, or name another store with --store or --config"
            raise StoreError(str(file), "is not there", fix)
    return open_store(settings)


def memory_of(
    settings: StoreSettings,
    *,
    quiet_days: Callable[[], int],
    today: Callable[[], date],
    now: Callable[[], datetime],
    late: Callable[[Answer], None] = lambda _: None,
    tell: Callable[[Fate, int], None] = lambda _, __: None,
) -> Memory:
    """The memory that the settings ask for; `late` and `tell` as of StoredMemory. Raises StoreError."""
    if not remembers(settings):
        return Forgetful()
    store = _of_worker(settings)
    return StoredMemory(
        store.engine, store.key, settings, quiet_days=quiet_days, today=today, now=now, late=late, tell=tell
    )


def _of_worker(settings: StoreSettings) -> Store:
    """The store as a worker opens it, after the service looked at it at its start (`make_ready`).

    A server that is away just then, when a worker is replaced, is no reason to have no worker.
    """
    try:
        return open_store(settings, statement_ms=ANSWER_MS)
    except StoreError as error:
        url = url_of(settings)
        if file_of(url) is not None:
            raise
        _log.error("The store cannot be used at the moment; until it can, nothing is remembered. %s", error)
        return Store(engine=engine_of(url, statement_ms=ANSWER_MS), key=key_of(settings, None), settings=settings)


def _same_key(engine: Engine, key: Key) -> None:
    """The first key is noted; another one is refused."""
    query = select(FACT.c.value).where(FACT.c.name == "key")
    try:
        with engine.connect() as connection:
            noted = connection.execute(query).scalar()
        if noted is None:
            noted = _note(engine, key)
    except SQLAlchemyError as error:
        raise fault(engine.url, error) from None
    if noted != key.fingerprint:
        fix = "Put the old key back (store.key, or the file beside the SQLite file), or begin with an empty store"
        raise StoreError(shown(engine.url), "was filled with another key: its patients would be strangers", fix)


def _note(engine: Engine, key: Key) -> str:
    try:
        with engine.connect().execution_options(**{WRITES: True}) as connection, connection.begin():
            connection.execute(insert(FACT), {"name": "key", "value": key.fingerprint})
    except IntegrityError:  # another worker was first
        with engine.connect() as connection:
            return str(connection.execute(select(FACT.c.value).where(FACT.c.name == "key")).scalar())
    return key.fingerprint
