"""A PostgreSQL server that really runs, in a folder of its own, on a free loopback port, stopped by pid."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.programs import missing

INSTALL = "apt-get install postgresql"
USER = "postgres"
STARTS = 60.0
"""Seconds that a server may take to start on a busy machine."""


class PostgresServer:
    """A server in a folder of its own, that can be stopped and started again.

    Attributes:
        url: of its one database, empty at first.
    """

    def __init__(self, programs: Path, folder: Path) -> None:
        self._programs, self._folder, self._data = programs, folder, folder / "data"
        self._port = _free_port()
        self.url = f"postgresql+psycopg://{USER}@127.0.0.1:{self._port}/postgres"

    def make(self) -> None:
        """Make its folder ready."""
        _run(self._programs, "initdb", "-D", self._data, "-A", "trust", "-U", USER, "-E", "UTF8", "--no-sync")

    def start(self) -> None:
        """Returns when it takes connections."""
        settings = f"-h 127.0.0.1 -p {self._port} -k {self._folder} -c fsync=off -c max_connections=40"
        _run(self._programs, "pg_ctl", "-D", self._data, "-l", self._folder / "log", "-o", settings, "-w", "start")

    def stop(self) -> None:
        """Whoever is connected is thrown out; nothing where it does not run."""
        running = self._data / "postmaster.pid"
        if running.exists():
            _stop(int(running.read_text().split()[0]))


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """A new server, which runs while the block does."""
    programs = _programs()
    folder = Path(tempfile.mkdtemp(prefix="pg"))  # a short path: it holds a socket
    try:
        if os.geteuid() == 0:
            folder.chmod(0o755)
            os.chown(folder, pwd.getpwnam(USER).pw_uid, -1)
        server = PostgresServer(programs, folder)
        server.make()
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def postgres() -> Iterator[str]:
    """The URL of an empty database on a new server, which runs while the block does."""
    with postgres_server() as server:
        yield server.url


def _programs() -> Path:
    """The folder of the newest server; its programs are not in PATH on Debian."""
    folders = [found.parent for found in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if not folders:
        other = shutil.which("initdb")
        if other is None:
            missing("postgres", INSTALL)
        return Path(str(other)).parent
    return max(folders, key=lambda folder: float(folder.parent.name))


def _run(programs: Path, program: str, *arguments: object) -> None:
    command = [str(programs / program), *map(str, arguments)]
    if os.geteuid() == 0:  # the server refuses to run as root
        command = ["runuser", "-u", USER, "--", *command]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=STARTS, cwd="/")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _stop(pid: int) -> None:
    """Fast shutdown; whoever is connected is thrown out."""
    os.kill(pid, signal.SIGINT)
    for _ in range(200):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    os.kill(pid, signal.SIGQUIT)
