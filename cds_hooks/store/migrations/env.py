"""Where alembic runs the migrations; the connection is given by `upgrading.py`, never a file of settings."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection

from spmwatch.cds_hooks.store.tables import METADATA


def _run() -> None:
    connection = context.config.attributes["connection"]
    assert isinstance(connection, Connection)
    context.configure(
        connection=connection,
        target_metadata=METADATA,
        render_as_batch=True,
        transactional_ddl=True,
        transaction_per_migration=False,
    )
    context.run_migrations()


_run()
