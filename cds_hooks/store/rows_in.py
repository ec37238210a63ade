"""Rows into a SQLite file by the driver's own statement.

SQLAlchemy copies each row twice before it makes what the driver takes, which is longer than SQLite itself needs. What
its types make of a value is kept, so the rows are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

from sqlalchemy import Connection, Date, Dialect, Table
from sqlalchemy.types import TypeEngine

from spmwatch.cds_hooks.store.tables import Moment

_Make = Callable[[object], object]


class RowsIn:
    """The insert of one table."""

    def __init__(self, table: Table, dialect: Dialect) -> None:
        columns = list(table.columns)
        names = ", ".join(column.name for column in columns)
        self._statement = f"INSERT INTO {table.name} ({names}) VALUES ({', '.join('?' * len(columns))})"  # noqa: S608
        self._columns = [(column.name, _make(column.type, dialect)) for column in columns]

    def insert(self, connection: Connection, rows: Sequence[Mapping[str, object]]) -> None:
        """Add the rows, each with every column. Raises DBAPIError."""
        values = [
            tuple([row[name] if make is None else make(row[name]) for name, make in self._columns]) for row in rows
        ]
        connection.exec_driver_sql(self._statement, values)


def _make(type_: TypeEngine[object], dialect: Dialect) -> _Make | None:
    """What the driver is given for a value; None where it takes it as it is."""
    make: _Make | None = type_.dialect_impl(dialect).bind_processor(dialect)
    if make is not None and isinstance(type_, Date | Moment):  # a batch has few days, a decision one moment
        return lru_cache(maxsize=256)(make)
    return make
