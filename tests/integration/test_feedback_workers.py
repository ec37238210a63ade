"""Feedback and memory with real worker processes: shared by all, written before the end, there after a restart."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import uuid
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import orjson

from tests.support.decisions import request_body
from tests.support.processes import SECONDS, served, until
from tests.support.stores import database_of, sqlite_url

VIEW = "/cds-services/spmwatch-patient-view"
JSON = {"Content-Type": "application/json"}
KEY = "a key that is long enough"


def topics(client: httpx.Client) -> list[str]:
    return [card["source"]["topic"]["code"] for card in ask(client)]


def ask(client: httpx.Client) -> list[dict[str, Any]]:
    response = client.post(VIEW, content=request_body(hookInstance=str(uuid.uuid4())), headers=JSON)
    assert response.status_code == 200, response.text
    cards: list[dict[str, Any]] = response.json()["cards"]
    return cards


def override(client: httpx.Client, card: dict[str, Any]) -> None:
    entry = {"card": card["uuid"], "outcome": "overridden", "outcomeTimestamp": "2026-01-15T09:30:00Z"}
    response = client.post(f"{VIEW}/feedback", content=orjson.dumps({"feedback": [entry]}), headers=JSON)
    assert response.status_code == 200, response.text


def spm05(cards: list[dict[str, Any]]) -> dict[str, Any]:
    return next(card for card in cards if card["source"]["topic"]["code"] == "SPM05")


def quiet_in_every_worker(client: Callable[[], httpx.Client]) -> bool:
    """New connections reach any worker."""
    for _ in range(6):
        with client() as one:
            if "SPM05" in topics(one):
                return False
    return True


def test_workers_share_what_was_acknowledged_and_a_restart_keeps_it(tmp_path: Path) -> None:
    environment = {"SPMWATCH_STORE__URL": sqlite_url(tmp_path)}
    with served("--workers", "2", environment=environment) as service:
        with service.client() as client:
            override(client, spm05(ask(client)))
        until(lambda: quiet_in_every_worker(service.client))  # once the card is written
    with served("--workers", "2", environment=environment) as service:
        assert quiet_in_every_worker(service.client)


def test_the_end_writes_what_waits(tmp_path: Path) -> None:
    environment = {"SPMWATCH_STORE__URL": sqlite_url(tmp_path)}
    with served(environment=environment) as service, service.client() as client:
        for _ in range(5):
            ask(client)
        service.send(signal.SIGTERM)
        assert service.process.wait(SECONDS) == 0
    with closing(sqlite3.connect(tmp_path / "spmwatch.db")) as database:
        assert database.execute("SELECT count(*) FROM decision").fetchone() == (5,)


def test_workers_on_postgresql(postgres_server: str) -> None:
    with database_of(postgres_server) as url:
        environment = {"SPMWATCH_STORE__URL": url, "SPMWATCH_STORE__KEY": KEY, "SPMWATCH_STORE__UPGRADE": "true"}
        with served("--workers", "2", environment=environment) as service:
            with service.client() as client:
                override(client, spm05(ask(client)))
            until(lambda: quiet_in_every_worker(service.client))


def test_a_store_that_cannot_be_used_is_told_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    command = [sys.executable, "-m", "spmwatch.cli", "serve", "--port", "0"]
    environment = {"SPMWATCH_STORE__URL": sqlite_url(tmp_path / "file"), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    ended = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=SECONDS, check=False)
    assert ended.returncode == 2
    assert "cannot be written" in ended.stderr
    assert "store.url" in ended.stderr
    assert "Traceback" not in ended.stderr
