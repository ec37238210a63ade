"""A token is used once, in one process and in several (C150)."""

from __future__ import annotations

import asyncio
import multiprocessing
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from spmwatch.cds_hooks.trust.replay import OwnMemory, ReplayMemory, ReplayMemoryError, SharedMemory
from spmwatch.engine.errors import InputError

NOW = 1_800_000_000.0


@pytest.fixture(params=["own", "shared"])
def memory(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ReplayMemory]:
    made: ReplayMemory = OwnMemory() if request.param == "own" else SharedMemory(tmp_path / "tokens.db")
    yield made
    made.close()


def first(memory: ReplayMemory, jti: str, *, client: str = "c", until: float = NOW + 100, now: float = NOW) -> bool:
    return asyncio.run(memory.first_use(client, jti, until=until, now=now))


def test_once(memory: ReplayMemory) -> None:
    assert first(memory, "a")
    assert not first(memory, "a")
    assert not first(memory, "a", now=NOW + 99)


def test_names_belong_to_their_client(memory: ReplayMemory) -> None:
    """Also where name and client run together."""
    assert first(memory, "bc", client="a")
    assert first(memory, "c", client="ab")
    assert first(memory, "bc", client="")


def test_forgotten_when_it_no_longer_matters(memory: ReplayMemory) -> None:
    for number in range(100):
        assert first(memory, f"old-{number}")
    assert first(memory, "new", until=NOW + 400, now=NOW + 300)
    assert _size(memory) == 1


def _size(memory: ReplayMemory) -> int:
    if isinstance(memory, OwnMemory):
        return len(memory._used)
    assert isinstance(memory, SharedMemory)
    return int(memory._patient.execute("SELECT count(*) FROM used_token").fetchone()[0])


def test_a_full_memory_lets_nobody_in() -> None:
    memory = OwnMemory(most=2)
    assert first(memory, "a")
    assert first(memory, "b")
    with pytest.raises(ReplayMemoryError):
        first(memory, "c")
    assert first(memory, "c", now=NOW + 101)


def test_shared_memory_outlives_a_restart_and_holds_no_name(tmp_path: Path) -> None:
    file = tmp_path / "tokens.db"
    before = SharedMemory(file)
    assert first(before, "a-name-of-a-token")
    before.close()
    assert file.stat().st_mode & 0o077 == 0
    assert b"a-name-of-a-token" not in file.read_bytes()
    after = SharedMemory(file)
    assert not first(after, "a-name-of-a-token")
    after.close()


def test_a_file_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "not.db").write_bytes(b"something else, long enough to be no database at all" * 100)
    for file in (tmp_path / "not.db", tmp_path / "no" / "where" / "tokens.db"):
        with pytest.raises(InputError, match="replay_file"):
            SharedMemory(file)


def test_the_last_folder_is_made(tmp_path: Path) -> None:
    memory = SharedMemory(tmp_path / "state" / "tokens.db")
    assert first(memory, "a")
    memory.close()
    assert (tmp_path / "state").stat().st_mode & 0o077 == 0


def test_a_file_that_fails_lets_nobody_in(tmp_path: Path) -> None:
    memory = SharedMemory(tmp_path / "tokens.db", patience=0.05)
    other = sqlite3.connect(tmp_path / "tokens.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(ReplayMemoryError):
        first(memory, "a")
    other.execute("ROLLBACK")
    assert first(memory, "a")
    other.close()
    memory.close()


def _race(file: Path, start: object, won: object) -> None:
    memory = SharedMemory(file)
    start.wait()  # type: ignore[attr-defined]
    won.put([number for number in range(200) if first(memory, f"token-{number}")])  # type: ignore[attr-defined]
    memory.close()


def test_of_several_processes_one_takes_each_token(tmp_path: Path) -> None:
    """Workers race for the same tokens; each is taken by exactly one of them."""
    context = multiprocessing.get_context("spawn")
    start, won = context.Event(), context.Queue()
    workers = [context.Process(target=_race, args=(tmp_path / "tokens.db", start, won)) for _ in range(3)]
    for worker in workers:
        worker.start()
    start.set()
    taken = [number for _ in workers for number in won.get(timeout=60)]
    for worker in workers:
        worker.join(timeout=30)
    assert sorted(taken) == list(range(200))
