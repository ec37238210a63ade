"""`spmwatch serve` as a process of its own, on a free loopback port, ended by its own process id."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import httpx

SECONDS = 180  # what never takes so long hangs; a busy machine has taken a minute to start a service


@dataclass
class Served:
    """A running service: its parent process, its address, and everything it has written to standard error."""

    process: subprocess.Popen[bytes]
    base: str
    errors: IO[bytes]

    @property
    def log(self) -> str:
        return Path(self.errors.name).read_text()

    def lines(self, event: str) -> list[dict[str, Any]]:
        """The log's lines of one kind."""
        told = [json.loads(line) for line in self.log.splitlines() if line.startswith("{")]
        return [line for line in told if line["event"] == event]

    def workers(self) -> list[int]:
        """Process ids of the children that are no zombies."""
        return [pid for pid, parent, state in _processes() if parent == self.process.pid and state != "Z"]

    def client(self, **options: Any) -> httpx.Client:
        return httpx.Client(base_url=self.base, timeout=SECONDS, trust_env=False, **options)

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def metric(self, name: str) -> float:
        """The value of a metric, its labels included in the name, of all workers; 0 while there is none."""
        with self.client() as client:
            for line in client.get("/metrics").text.splitlines():
                if line.rpartition(" ")[0] == name:
                    return float(line.rpartition(" ")[2])
        return 0.0


@contextmanager
def served(*options: str, environment: Mapping[str, str] | None = None) -> Iterator[Served]:
    """`spmwatch serve` with these options, once it is ready; killed with its workers at the end of the block."""
    command = [sys.executable, "-m", "spmwatch.cli", "serve", "--port", "0", "--as-of", "2026-01-15", *options]
    own = {name: value for name, value in os.environ.items() if not name.startswith("SPMWATCH_")}
    own |= {"SPMWATCH_OPERATION__LOG_FORMAT": "json", "SPMWATCH_STORE__URL": "none", **(environment or {})}
    with tempfile.NamedTemporaryFile() as errors:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors, env=own)
        running = Served(process, "", errors)
        try:
            until(lambda: re.search(r"\"ready\"|] ready", running.log) is not None or process.poll() is not None)
            found = re.search(r"https?://[^/\s]+", running.log)
            assert found is not None, running.log
            assert process.poll() is None, running.log
            running.base = found[0]
            yield running
        finally:
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(timeout=SECONDS)
                except subprocess.TimeoutExpired:
                    process.kill()
            process.wait()


def until(holds: Callable[[], bool], *, seconds: float = SECONDS) -> None:
    """Wait until something holds; the test fails when it never does."""
    ends = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < ends, "it never came about"
        time.sleep(0.02)


def _processes() -> Iterator[tuple[int, int, str]]:
    """Process id, parent and state of every process."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        yield int(stat.parent.name), int(fields[1]), fields[0]
