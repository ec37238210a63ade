"""Stores for tests: the same tests run on SQLite and on PostgreSQL."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy import create_engine, make_url, text

from spmwatch.cds_hooks.store.decision import Answer
from spmwatch.cds_hooks.store.memory import StoredMemory
from spmwatch.cds_hooks.store.opening import Store, open_store
from spmwatch.cds_hooks.store.settings import StoreSettings

KEY = SecretStr("a key that is long enough")
DAY = date(2026, 1, 15)
NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)


class Clock:
    """A day and a moment that a test moves."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.day, self.moment, self.ticks = DAY, NOON, 0.0

    def today(self) -> date:
        return self.day

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return self.ticks


def sqlite_url(folder: Path) -> str:
    return f"sqlite:///{folder / 'spmwatch.db'}"


@contextmanager
def database_of(server: str) -> Iterator[str]:
    """The URL of a new, empty database on a PostgreSQL server."""
    name = f"t{uuid.uuid4().hex}"
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    try:
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
    finally:
        with admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        admin.dispose()


def settings_for(url: str, **values: object) -> StoreSettings:
    return StoreSettings.model_validate({"url": url, "key": KEY, "upgrade": True} | values)


def memory_in(
    store: Store, clock: Clock, quiet_days: int = 90, late: Callable[[Answer], None] = lambda _: None
) -> StoredMemory:
    return StoredMemory(
        store.engine,
        store.key,
        store.settings,
        quiet_days=lambda: quiet_days,
        today=clock.today,
        now=clock.now,
        monotonic=clock.monotonic,
        late=late,
    )


@contextmanager
def opened(settings: StoreSettings) -> Iterator[Store]:
    store = open_store(settings)
    try:
        yield store
    finally:
        store.engine.dispose()
