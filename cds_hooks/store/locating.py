"""Where the store is, and how to get at it: its address read, its file made, its connections opened."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import orjson
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DisconnectionError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from spmwatch.cds_hooks.store.errors import StoreError
from spmwatch.cds_hooks.store.settings import StoreSettings

FILE = "spmwatch.db"
BUSY_MS = 5000
"""A writer of SQLite waits so long for another one."""
CONNECT_SECONDS = 2
ANSWER_MS = 2000
"""A statement of the running service may take so long: an answer may wait for it."""
COMMAND_MS = 600_000
"""A statement of a command may take so long: a report reads all there is."""
WRITES = "spmwatch_writes"
"""Execution option: the transaction takes SQLite's write lock at once, and cannot fail halfway for want of it."""


def remembers(settings: StoreSettings) -> bool:
    """Is anything kept at all?"""
    return settings.url is None or settings.url.strip().lower() != "none"


def url_of(settings: StoreSettings) -> URL:
    """The address. Raises StoreError for one that is none, or of a database that nobody tried."""
    if settings.url is None:
        return URL.create("sqlite", database=str(state_folder() / FILE))
    try:
        url = make_url(settings.url)
    except ArgumentError:
        raise StoreError("store.url", "is no database address", _FORMS) from None
    backend = url.get_backend_name()
    if backend == "sqlite":
        if not url.database or url.database == ":memory:" or "mode=memory" in str(url.query):
            raise StoreError("store.url", "names no file", _FORMS)
        return url.set(drivername="sqlite")
    if backend == "postgresql":
        return url.set(drivername="postgresql+psycopg")
    raise StoreError("store.url", f"names {backend}, which is not supported", _FORMS)


_FORMS = (
    "Write e.g. sqlite:////var/lib/spmwatch/spmwatch.db, postgresql+psycopg://user@host/spmwatch, or none to remember "
    "nothing"
)


def state_folder() -> Path:
    """Where a program keeps what it knows: systemd's folder for it, else the user's. Raises StoreError."""
    if given := os.environ.get("STATE_DIRECTORY", "").split(":")[0]:
        return Path(given)
    home = os.environ.get("XDG_STATE_HOME", "")
    try:
        return (Path(home) if Path(home).is_absolute() else Path.home() / ".local" / "state") / "spmwatch"
    except RuntimeError:
        fix = "Set store.url, or the variable HOME or XDG_STATE_HOME"
        raise StoreError("store", "has no place: this user has no home folder", fix) from None


def shown(url: URL) -> str:
    """The address as it may be printed."""
    return url.render_as_string(hide_password=True)


def file_of(url: URL) -> Path | None:
    """The file of a SQLite store; None for another."""
    return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None


def make_file(path: Path) -> None:
    """An empty file that its owner alone may read, in a folder likewise, unless it is there. Raises StoreError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        problem = f"cannot be written ({error.strerror or type(error).__name__})"
        fix = "Let this user write there, or set store.url to another place, or to none to remember nothing"
        raise StoreError(str(path), problem, fix) from None


def engine_of(url: URL, *, statement_ms: int = COMMAND_MS) -> Engine:
    """Connections to the store; none is opened yet. Raises StoreError when the driver is missing."""
    try:
        if url.get_backend_name() == "sqlite":
            return _sqlite(url)
        options = f"-c statement_timeout={statement_ms} -c lock_timeout={statement_ms}"
        return create_engine(
            url,
            pool_size=4,
            max_overflow=4,
            pool_timeout=CONNECT_SECONDS,
            pool_pre_ping=True,
            hide_parameters=True,
            json_serializer=as_text,
            json_deserializer=orjson.loads,
            connect_args={
                "connect_timeout": CONNECT_SECONDS,
                "options": options,
                "application_name": "spmwatch",
                "tcp_user_timeout": 10_000,  # a server that is cut off says nothing, not even that it is gone
                "keepalives_idle": 10,
                "keepalives_interval": 5,
                "keepalives_count": 3,
            },
        )
    except ImportError:
        fix = "Install the driver: pip install 'spmwatch[postgres]'"
        raise StoreError(shown(url), "needs psycopg, which is not installed", fix) from None


class Written(str):
    """JSON that was written already, for a column of JSON."""

    __slots__ = ()


def as_text(value: object) -> str:
    """What a column of JSON holds: a decision has a dozen of them."""
    return value if isinstance(value, Written) else orjson.dumps(value).decode()


def written(value: object) -> Written:
    """A value for columns of JSON of many rows."""
    return Written(as_text(value))


def _sqlite(url: URL) -> Engine:
    engine = create_engine(
        url,
        hide_parameters=True,
        connect_args={"timeout": BUSY_MS / 1000},
        json_serializer=as_text,
        json_deserializer=orjson.loads,
    )

    def on_connect(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # transactions begin where SQLAlchemy says, for tables too
        cursor = connection.cursor()
        for setting in ("journal_mode=WAL", "synchronous=NORMAL", "secure_delete=ON", "wal_autocheckpoint=4000"):
            cursor.execute(f"PRAGMA {setting}")
        cursor.close()

    def on_reconnect(*_: object) -> None:
        if not Path(url.database or "").exists():  # SQLite would make an empty one
            raise sqlite3.OperationalError("the file is gone")

    def on_checkout(_: sqlite3.Connection, entry: ConnectionPoolEntry, __: object) -> None:
        """A file that was deleted or exchanged takes what is written, and nobody ever sees it again."""
        noted = entry.info.setdefault("file", _identity(url))
        if noted != _identity(url):
            raise DisconnectionError("the file is another")

    def on_begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get(WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    event.listen(engine, "do_connect", on_reconnect)
    event.listen(engine, "connect", on_connect)
    event.listen(engine, "checkout", on_checkout)
    event.listen(engine, "begin", on_begin)
    return engine


def _identity(url: URL) -> tuple[int, int] | None:
    try:
        found = Path(url.database or "").stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


_REASONS = {
    "SQLITE_NOTADB": "it is no SQLite database",
    "SQLITE_FULL": "its disk is full",
    "SQLITE_READONLY": "it may not be written",
    "refused": "nothing listens there: connection refused",
    "unresolved": "no such host",
}


def _told(error: SQLAlchemyError | TimeoutError) -> str:
    """What the driver says, as far as it is known to hold nothing but a word: a code, or how a connection failed."""
    original = getattr(error, "orig", None)
    if isinstance(original, sqlite3.Error):
        return getattr(original, "sqlite_errorname", "")
    text = str(original).lower()
    return "refused" if "connection refused" in text else "unresolved" if "failed to resolve host" in text else ""


def fault(url: URL, error: SQLAlchemyError | TimeoutError) -> StoreError:
    """A database error as ours: by its kind alone, since a driver's text may quote what was to be written."""
    kind = _REASONS.get(_told(error)) or type(getattr(error, "orig", None) or error).__name__
    fix = "See that the database runs, that this user may use it, and that its disk is not full"
    return StoreError(shown(url), f"cannot be used ({kind})", fix)
