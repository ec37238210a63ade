"""A store in trouble while `spmwatch serve` runs: cards come, what is lost is told, and it mends by itself."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from spmwatch.cds_hooks.store.memory import HANGS
from tests.integration.test_processes import BODY, JSON, VIEW
from tests.support.postgres import postgres, postgres_server
from tests.support.processes import Served, served, until

KEY = {"SPMWATCH_STORE__KEY": "a key that is long enough", "SPMWATCH_STORE__UPGRADE": "true"}
FEEDBACK = json.dumps(
    {
        "feedback": [
            {
                "card": "4e0a3a1e-3283-4575-ab82-028d55fe2719",
                "outcome": "accepted",
                "acceptedSuggestions": [],
                "outcomeTimestamp": "2026-01-01T00:00:00Z",
            }
        ]
    }
)


def cards(client: httpx.Client) -> int:
    answer = client.post(VIEW, content=BODY, headers=JSON)
    assert answer.status_code == 200
    return len(answer.json()["cards"])


def store(client: httpx.Client) -> str:
    """What readiness says of the store; the service is ready whatever becomes of it."""
    answer = client.get("/readyz")
    assert answer.status_code == 200
    return str(answer.json()["parts"]["store"]["status"])


# -- a file ---------------------------------------------------------------------------------------------------------


@contextmanager
def on_file(folder: Path, **more: str) -> Generator[tuple[Served, httpx.Client, Path]]:
    file = folder / "s.db"
    environment = KEY | {"SPMWATCH_STORE__URL": f"sqlite:///{file}"} | more
    with served(environment=environment) as running, running.client() as client:
        assert cards(client)
        until(lambda: kept(file) == 1)
        yield running, client, file


def kept(file: Path) -> int:
    connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    try:
        return int(connection.execute("SELECT count(*) FROM decision").fetchone()[0])
    finally:
        connection.close()


def test_a_file_that_is_deleted_is_missed_and_taken_again_when_it_is_back(tmp_path: Path) -> None:
    """What is written to a deleted file is lost, and SQLite says nothing of it."""
    with on_file(tmp_path) as (running, client, file):
        held = tmp_path / "held"
        held.mkdir()
        for one in tmp_path.glob("s.db*"):
            one.rename(held / one.name)
        assert cards(client)
        until(lambda: running.metric('spmwatch_store_failures_total{of="writes"}') >= 1)
        assert store(client) != "ready"
        assert client.post(f"{VIEW}/feedback", content=FEEDBACK, headers=JSON).status_code == 503
        assert not file.exists()  # an empty one would be another store
        for one in held.glob("s.db*"):
            one.rename(tmp_path / one.name)
        until(lambda: kept(file) == 2)
        until(lambda: store(client) == "ready")


def test_a_file_that_another_program_holds(tmp_path: Path) -> None:
    with on_file(tmp_path, SPMWATCH_STORE__MOST_WAITING="3") as (running, client, file):
        holder = sqlite3.connect(file, isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        for _ in range(6):
            assert cards(client)
        until(lambda: running.metric('spmwatch_store_decisions_total{fate="lost"}') == 3)
        until(lambda: store(client) == "cannot be written")
        holder.rollback()
        holder.close()
        until(lambda: kept(file) == 4)
        until(lambda: store(client) == "ready")
        assert running.metric('spmwatch_store_decisions_total{fate="written"}') == 4


# -- a server -------------------------------------------------------------------------------------------------------


@pytest.fixture
def database() -> Iterator[str]:
    with postgres() as url:
        yield url


def server_processes(url: str) -> list[int]:
    """Process ids of the PostgreSQL server at this address, its parent first."""
    port = url.rpartition(":")[2].partition("/")[0]
    told = subprocess.run(["ps", "-ewwo", "pid=,ppid=,args="], capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, 2) for line in told.splitlines()]
    (parent,) = [int(pid) for pid, _, args in rows if f" -p {port} " in f"{args} " and "bin/postgres" in args]
    return [parent, *(int(pid) for pid, of, _ in rows if int(of) == parent)]


def test_a_server_that_hangs_costs_no_card_and_no_worker(database: str) -> None:
    """It takes connections and never answers; its own bounds on time are worth nothing then."""
    environment = KEY | {"SPMWATCH_STORE__URL": database, "SPMWATCH_OPERATION__EVALUATION_SECONDS": str(HANGS + 4)}
    with served("--workers", "2", environment=environment) as running, running.client() as client:
        assert cards(client)
        workers = running.workers()
        stopped = server_processes(database)
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        try:
            for _ in range(4):
                with running.client() as fresh:
                    assert cards(fresh)
            assert running.workers() == workers
            assert store(client) == "cannot be reached"
            assert client.post(f"{VIEW}/feedback", content=FEEDBACK, headers=JSON).status_code == 503
            assert client.get("/healthz").status_code == 200
            os.kill(workers[0], signal.SIGKILL)
            until(lambda: len(set(running.workers()) - {workers[0]}) == 2)
            for _ in range(4):
                with running.client() as fresh:
                    assert cards(fresh)
            assert running.metric("spmwatch_worker_deaths_total") == 1
        finally:
            for pid in stopped:
                os.kill(pid, signal.SIGCONT)
        until(lambda: store(client) == "ready")
        assert client.post(f"{VIEW}/feedback", content=FEEDBACK, headers=JSON).status_code == 200


def test_a_server_that_is_stopped_and_started_again() -> None:
    """Cards go on meanwhile; what was decided then is kept afterwards, feedback is taken again."""
    with postgres_server() as server:
        environment = KEY | {"SPMWATCH_STORE__URL": server.url}
        with served(environment=environment) as running, running.client() as client:
            assert cards(client)
            until(lambda: running.metric('spmwatch_store_decisions_total{fate="written"}') == 1)
            server.stop()
            assert [cards(client), cards(client)]
            assert store(client) == "cannot be reached"
            assert client.post(f"{VIEW}/feedback", content=FEEDBACK, headers=JSON).status_code == 503
            server.start()
            until(lambda: store(client) == "ready")
            until(lambda: running.metric('spmwatch_store_decisions_total{fate="written"}') == 3)
            assert running.metric('spmwatch_store_decisions_total{fate="lost"}') == 0
            assert client.post(f"{VIEW}/feedback", content=FEEDBACK, headers=JSON).status_code == 200
