"""Brings a store's tables to the form that this program knows, and says which form they have."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, func, select, text
from sqlalchemy.exc import SQLAlchemyError

from spmwatch.cds_hooks.store.errors import StoreError
from spmwatch.cds_hooks.store.locating import WRITES, fault, shown
from spmwatch.cds_hooks.store.tables import CARD, DECISION, FEEDBACK, REQUEST

_LOCK = 5_077_726_991
"""PostgreSQL's lock while tables change: any number that nobody else takes."""


def newest() -> str:
    """The form that this program knows."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None
    return head


def form_of(engine: Engine) -> str | None:
    """The form of the store's tables; None where there are none yet. Raises StoreError."""
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()
    except SQLAlchemyError as error:
        raise fault(engine.url, error) from None


def is_known(form: str | None) -> bool:
    """Does this program know how to come from that form to its own?"""
    return form is None or form in {
        script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()
    }


def numbers(engine: Engine) -> Mapping[str, int]:
    """Table -> its number of rows. Raises StoreError."""
    try:
        with engine.connect() as connection:
            counts = {table: select(func.count()).select_from(table) for table in (DECISION, CARD, FEEDBACK, REQUEST)}
            return {table.name: connection.execute(query).scalar_one() for table, query in counts.items()}
    except SQLAlchemyError as error:
        raise fault(engine.url, error) from None


def upgrade(engine: Engine, *, to: str = "head") -> None:
    """Bring the tables up to date; of several workers that begin at once one does it, the others wait.

    Raises:
        StoreError: the tables were made by a newer program, or cannot be changed.
    """
    _run(engine, lambda config: command.upgrade(config, to))


def downgrade(engine: Engine, *, to: str) -> None:
    """Take the tables back to an older form; `base` drops them. Raises StoreError."""
    _run(engine, lambda config: command.downgrade(config, to))


def check(engine: Engine) -> None:
    """Raise StoreError unless the tables have the form that this program knows."""
    form = form_of(engine)
    if form == newest():
        return
    _refuse_newer(engine, form)
    says = "has no tables yet" if form is None else f"has tables of form {form}, this program's are {newest()}"
    raise StoreError(shown(engine.url), says, "Run `spmwatch store upgrade` as a user who may make tables")


def _run(engine: Engine, migrate: Callable[[Config], None]) -> None:
    try:
        with engine.connect().execution_options(**{WRITES: True}) as connection, connection.begin():
            _lock(connection)
            _refuse_newer(engine, MigrationContext.configure(connection).get_current_revision())
            config = _config()
            config.attributes["connection"] = connection
            migrate(config)
    except SQLAlchemyError as error:
        raise fault(engine.url, error) from None


def _lock(connection: Connection) -> None:
    """SQLite's is taken with the transaction."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL lock_timeout = '60s'"))
        connection.execute(text("SET LOCAL statement_timeout = '300s'"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})


def _refuse_newer(engine: Engine, form: str | None) -> None:
    if not is_known(form):
        problem = f"was made by a newer spmwatch (form {form}, this program knows up to {newest()})"
        raise StoreError(shown(engine.url), problem, "Run the newer program, or name another store.url")


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "spmwatch.cds_hooks.store:migrations")
    return config
