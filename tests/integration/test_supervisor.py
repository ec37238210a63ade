"""The parent of the workers, with workers of the test's own: what happens to it at the worst moments."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from tests.support.processes import until

PROGRAM = """
import os, signal, sys, time
from spmwatch.cds_hooks.server import logs
from spmwatch.cds_hooks.server.board import Board
from spmwatch.cds_hooks.server.supervisor import Start, Supervisor

def prepare():
    print("prepared", flush=True)
    time.sleep(PREPARING)
    return 0

def work(prepared, start):
    time.sleep(STARTING)
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    start.is_ready()
    while True:
        time.sleep(60)

PREPARING = STARTING = 0
logs.configure("json", "info", sys.stdout)
{more}
supervisor = Supervisor(workers=2, shutdown_seconds=0.1, evaluation_seconds=60, board=Board(), prepare=prepare,
    work=work, gone=lambda pid: None, stop_listening=lambda: None, notify=lambda text: None)
sys.exit(supervisor.run())
"""


class Parent:
    """A running parent and the lines that it wrote."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process, self.lines = process, list[str]()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        self.lines.extend(iter(self.process.stdout.readline, ""))

    def said(self, words: str) -> int:
        return sum(words in line for line in self.lines)

    def workers(self) -> set[int]:
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return set(map(int, children.split()))

    def over(self) -> None:
        """End the parent and its workers, which here do not look after it."""
        left = self.workers() if self.process.poll() is None else set[int]()
        self.process.kill()
        self.process.wait()
        for worker in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker, signal.SIGKILL)
        self._reader.join()


@contextmanager
def parent(more: str = "") -> Generator[Parent]:
    """The program with these lines in it, once its workers are ready."""
    script = PROGRAM.replace("{more}", more)
    command = [sys.executable, "-c", script]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"}) as p:
        running = Parent(p)
        try:
            until(lambda: running.said('"ready"') == 1 or p.poll() is not None)
            yield running
        finally:
            running.over()


def test_a_worker_that_is_just_being_started_ends_in_order() -> None:
    """SIGTERM comes before it has a handler of its own: it has taken no request, so nothing is left undone."""
    slow = "FORKS = []\nos.register_at_fork(before=lambda: FORKS.append(1), after_in_child=lambda: slow())\n"
    slow += "def slow():\n    if len(FORKS) > 2: time.sleep(1)\n"
    for more in (slow, slow + "inner = work\ndef work(*args):\n    time.sleep(1)\n    inner(*args)\n"):
        with parent(more) as running:
            first = running.workers()
            os.kill(min(first), signal.SIGKILL)
            until(lambda known=first, one=running: bool(one.workers() - known))
            running.process.send_signal(signal.SIGTERM)
            assert running.process.wait(timeout=20) == 0, running.lines
            assert not running.said("did not end in order")


def test_rules_that_change_while_they_are_exchanged_are_read_once_more() -> None:
    """Two signals come in one; forgetting the second would leave the former state of a file in force."""
    with parent("PREPARING, STARTING = 0.5, 0.5") as running:
        running.process.send_signal(signal.SIGHUP)
        until(lambda: running.said("prepared") == 2)
        until(lambda: len(running.workers()) > 2)
        running.process.send_signal(signal.SIGHUP)
        until(lambda: running.said("rules exchanged") == 2)
        assert running.said("prepared") == 3
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(timeout=20) == 0


FEW = """
inner, room = os.fork, [{room}]
def fork():
    if not room[0]: raise BlockingIOError(11, "no more processes")
    room[0] -= 1
    return inner()
os.fork = fork
signal.signal(signal.SIGUSR1, lambda *_: room.__setitem__(0, 99))
"""


def test_when_no_worker_can_be_started_the_others_go_on() -> None:
    """The system may be out of processes for a while: that is no reason to end them all."""
    with parent(FEW.replace("{room}", "2")) as running:
        first = running.workers()
        os.kill(min(first), signal.SIGKILL)
        until(lambda: running.said("a worker cannot be started") > 0 or running.process.poll() is not None)
        assert running.workers() == {max(first)}
        running.process.send_signal(signal.SIGUSR1)
        until(lambda: len(running.workers()) == 2)


def test_new_rules_for_which_there_is_no_room_leave_the_old_ones() -> None:
    """One of two new workers starts: it goes again, and the next reload works."""
    with parent(FEW.replace("{room}", "3")) as running:
        first = running.workers()
        running.process.send_signal(signal.SIGHUP)
        until(lambda: running.said("the old ones stay in force") == 1)
        until(lambda: running.workers() == first)
        running.process.send_signal(signal.SIGUSR1)
        running.process.send_signal(signal.SIGHUP)
        until(lambda: running.said("rules exchanged") == 1)
        until(lambda: len(running.workers()) == 2 and not running.workers() & first)
