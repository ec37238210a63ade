"""The short ways past SQLAlchemy into and out of a SQLite file come to the same as the long ones."""

from __future__ import annotations

import sqlite3
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

from sqlalchemy import create_engine, insert

from spmwatch.cds_hooks.store.locating import as_text, written
from spmwatch.cds_hooks.store.near import NearFile
from spmwatch.cds_hooks.store.rows_in import RowsIn
from spmwatch.cds_hooks.store.tables import CARD, METADATA, REQUEST

NOON = datetime(2026, 1, 15, 13, 0, 0, 5, timezone(timedelta(hours=1)))
ROW = {
    "uuid": "1",
    "correlation": "2",
    "at": NOON,
    "as_of": date(2026, 1, 15),
    "client": "north",
    "service": "s",
    "pseudonym": "p",
    "shown": False,
    "rule": "SPM-05",
    "version": "1",
    "indicator": "warning",
    "advice": [["SPM-05", "ä"]],
    "suggestions": [],
}


def store_at(path: Path) -> None:
    engine = create_engine(f"sqlite:///{path}", json_serializer=as_text)
    METADATA.create_all(engine)
    engine.dispose()


def test_rows_are_the_same_by_either_way(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'store.db'}", json_serializer=as_text)
    METADATA.create_all(engine)
    kept = {"decision": "1", "at": NOON.astimezone(UTC), "pseudonym": "p", "body": b"\x00\xff"}
    with engine.begin() as connection:
        connection.execute(insert(CARD), [ROW, ROW | {"uuid": "2"}])
        connection.execute(insert(REQUEST), [kept])
        RowsIn(CARD, engine.dialect).insert(
            connection, [ROW | {"uuid": "3"}, ROW | {"uuid": "4", "advice": written(ROW["advice"])}]
        )
        RowsIn(REQUEST, engine.dialect).insert(connection, [kept | {"decision": "2"}])
        cards = [tuple(row)[1:] for row in connection.exec_driver_sql("SELECT * FROM card")]
        requests = [tuple(row)[1:] for row in connection.exec_driver_sql("SELECT * FROM request")]
    assert cards == cards[:1] * 4
    assert requests == requests[:1] * 2
    assert "2026-01-15 12:00:00.000005" in cards[0]


def test_what_was_answered_is_seen_at_once(tmp_path: Path) -> None:
    """By a connection that has read before, and whoever wrote it."""
    path = tmp_path / "with space?.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE feedback (pseudonym TEXT)")
    near = NearFile(path, 1)
    assert near.nothing_answered("p")
    with sqlite3.connect(path) as other:
        other.execute("INSERT INTO feedback VALUES ('p')")
    assert not near.nothing_answered("p")
    assert near.nothing_answered("q")
    near.close()
    assert near.nothing_answered("q")  # a file that was let go is opened again


def test_another_file_in_its_place_is_seen(tmp_path: Path) -> None:
    one, other = tmp_path / "store.db", tmp_path / "other.db"
    store_at(one)
    near = NearFile(one, 1)
    assert near.nothing_answered("p")
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE feedback (pseudonym TEXT)")
        connection.execute("INSERT INTO feedback VALUES ('p')")
    other.replace(one)
    assert not near.nothing_answered("p")


def test_a_file_that_cannot_be_read_is_left_to_the_long_way(tmp_path: Path) -> None:
    """It does not say that nothing was answered, and makes no empty file."""
    path = tmp_path / "store.db"
    near = NearFile(path, 1)
    assert not near.nothing_answered("p")
    assert not path.exists()
    path.write_bytes(b"no database" * 100)
    assert not near.nothing_answered("p")
    path.unlink()
    store_at(path)
    assert near.nothing_answered("p")
