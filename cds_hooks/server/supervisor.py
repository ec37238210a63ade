"""The parent: holds the sockets, keeps the workers at their number, exchanges the rules, ends everything in order.

It answers no request and starts no thread, so forking it is safe. Rules are read, checked and compiled here, before the
workers that use them are forked: broken rules never reach a worker, and what was compiled is shared memory. Rules are
exchanged by workers: new ones start, and when all of them answer the old ones are told to end, each with its last
requests answered by the rules they began with.
"""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice
from types import FrameType
from typing import Generic, TypeVar

import structlog

from spmwatch.cds_hooks.server.board import MOST_WORKERS, Board
from spmwatch.cds_hooks.server.logs import place_of
from spmwatch.engine.errors import CdsError

R = TypeVar("R")
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)
_LONGEST_REST = 30.0
_SHORT_LIFE = 5.0
_STEP = 0.25
_START_SECONDS = 60.0
_NO_ROOM_SECONDS = 1.0


@dataclass(slots=True)
class _Worker:
    """One child.

    Attributes:
        ready_from: end of a pipe that becomes readable when the worker answers, or is gone.
        ending_since: when it was told to end, or None.
        killed: was it in one evaluation for too long?
    """

    pid: int
    number: int
    generation: int
    ready_from: int
    started: float = field(default_factory=time.monotonic)
    ready: bool = False
    ending_since: float | None = None
    killed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """What a new worker is told.

    Attributes:
        number: its place on the board.
        peers: the numbers of its generation.
        parent_gone: file descriptor that becomes readable when the parent is no more.
        is_ready: to be called once requests are answered.
    """

    number: int
    peers: tuple[int, ...]
    parent_gone: int
    is_ready: Callable[[], None]


class Supervisor(Generic[R]):
    """Runs `work` in so many processes; `prepare` gives what a generation of workers is started with."""

    def __init__(
        self,
        *,
        workers: int,
        shutdown_seconds: float,
        evaluation_seconds: float,
        board: Board,
        prepare: Callable[[], R],
        work: Callable[[R, Start], int],
        gone: Callable[[int], None],
        stop_listening: Callable[[], None],
        notify: Callable[[str], None],
    ) -> None:
        """How to run.

        Args:
            workers: how many.
            shutdown_seconds: what a worker may take to end before it is killed.
            evaluation_seconds: what one evaluation may take before its worker is killed and replaced.
            board: numbers shared with the workers.
            prepare: called before each generation; whatever it raises keeps the former one in place.
            work: the life of a worker; its result is the exit code. Runs in the child.
            gone: hears of each worker that has ended, by its place on the board.
            stop_listening: lets nobody new in and closes the parent's sockets; the workers see to whoever waits.
            notify: tells the service manager, in the words of sd_notify(3).
        """
        self._most, self._patience, self._board = workers, shutdown_seconds + 5, board
        self._evaluation_seconds = evaluation_seconds
        self._prepare, self._work, self._gone, self._notify = prepare, work, gone, notify
        self._stop_listening = stop_listening
        self._log = structlog.get_logger()
        self._workers: dict[int, _Worker] = {}
        self._serial, self._generation, self._in_force = 0, 0, 0
        self._numbers: dict[int, tuple[int, ...]] = {}
        self._prepared: dict[int, R] = {}
        self._caught: list[int] = []
        self._ending: int | None = None
        self._again = False
        self._failed = 0
        self._had_terminal = _has_terminal()
        self._rest_until, self._short_lives = 0.0, 0
        self._alive_from, self._alive_to = os.pipe()
        self._wake_from, self._wake_to = os.pipe()

    def run(self) -> int:
        """Until SIGTERM or SIGINT.

        Returns:
            0 when everything ended in order; 1 when a worker had to be killed or left requests; 2 when the first
            workers could not start.

        Raises:
            KeyboardInterrupt: it was SIGINT, and everything has ended in order.
        """
        for fd in (self._wake_from, self._wake_to):
            os.set_blocking(fd, False)
        former = {number: signal.signal(number, self._catch) for number in SIGNALS}
        former_wake = signal.set_wakeup_fd(self._wake_to, warn_on_full_buffer=False)
        try:
            self._begin_generation()
            while self._ending is None or self._workers:
                self._wait()
                self._reap()
                self._answer_signals()
                self._look_after()
        finally:
            signal.set_wakeup_fd(former_wake)
            for number, handler in former.items():
                signal.signal(number, handler)
            for fd in (self._alive_from, self._alive_to, self._wake_from, self._wake_to):
                os.close(fd)
        if self._ending == signal.SIGINT and not self._failed:
            raise KeyboardInterrupt
        return self._failed

    # -- generations ------------------------------------------------------------------------------------------------

    def _begin_generation(self) -> None:
        """Prepare, and start as many workers as there should be. Raises what `prepare` raises."""
        prepared = self._prepare()
        self._serial += 1
        self._generation = self._serial
        self._prepared[self._generation] = prepared
        taken = {number for numbers in self._numbers.values() for number in numbers}
        free = (number for number in range(MOST_WORKERS) if number not in taken)
        self._numbers[self._generation] = tuple(islice(free, self._most))
        if len(self._numbers[self._generation]) < self._most:
            raise RuntimeError("no room on the board")
        for number in self._numbers[self._generation]:
            self._fork(self._generation, number)

    def _fork(self, generation: int, number: int) -> None:
        """Raises OSError when the system gives no more processes or descriptors."""
        ready_from, ready_to = os.pipe()
        # Held back until the child has handlers of its own: the parent's would take its SIGTERM and do nothing.
        former = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        try:
            pid = os.fork()
            if pid == 0:
                self._be_worker(generation, number, ready_from, ready_to)
        except OSError:
            os.close(ready_from)
            raise
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, former)
            os.close(ready_to)
        self._workers[pid] = _Worker(pid, number, generation, ready_from)

    def _be_worker(self, generation: int, number: int, ready_from: int, ready_to: int) -> None:
        """In the child. Never returns: what stands above on the stack is the parent's to finish."""
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            for caught in SIGNALS:
                signal.signal(caught, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
            inherited = [worker.ready_from for worker in self._workers.values()]
            for fd in (self._alive_to, self._wake_from, self._wake_to, ready_from, *inherited):
                os.close(fd)
            start = Start(
                number=number,
                peers=self._numbers[generation],
                parent_gone=self._alive_from,
                is_ready=lambda: (os.write(ready_to, b"r"), None)[1],
            )
            code = self._work(self._prepared[generation], start)
        except BaseException as error:  # noqa: BLE001 - the outermost edge of this process
            self._log.error("a worker fails", **_told(error))
        finally:
            os._exit(code)

    def _exchange(self) -> None:
        """SIGHUP: new rules, if they are sound."""
        if self._generation != self._in_force:
            self._again = True
            self._log.info("rules are being exchanged already; they are read once more when that is over")
            return
        self._again = False
        self._notify(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")
        try:
            self._begin_generation()
        except Exception as error:  # noqa: BLE001 - whatever is wrong with the new rules, the old ones stay
            for worker in self._workers.values():
                if worker.generation > self._in_force:
                    self._end(worker)
            self._generation = self._in_force
            self._keep_old(**_told(error))

    def _keep_old(self, **why: str) -> None:
        self._board.reload_failed = True
        self._log.error("the new rules are not taken; the old ones stay in force", **why)
        self._notify("READY=1\nSTATUS=The new rules are broken; older ones are in force")

    def _take_over(self) -> None:
        """All workers of the newest generation answer."""
        first, self._in_force = self._in_force == 0, self._generation
        if not first:
            self._board.reloads += 1
            self._board.reload_failed = False
        told: dict[str, str] = {} if first else {"settings": "as they were at the start; they change with a restart"}
        self._log.info("ready" if first else "rules exchanged", workers=self._most, **told)
        self._notify("READY=1\nSTATUS=Answering")
        for worker in self._workers.values():
            if worker.generation < self._in_force:
                self._end(worker)

    def _give_up_generation(self) -> None:
        """The newest generation does not start: without a former one that is the end."""
        generation = self._generation
        for worker in self._workers.values():
            if worker.generation == generation:
                self._end(worker)
        if self._in_force == 0:
            self._failed, self._ending = 2, signal.SIGTERM
            return
        self._generation = self._in_force
        self._keep_old(says="the workers with the new rules did not start; their lines above say why")

    # -- looking after ----------------------------------------------------------------------------------------------

    def _wait(self) -> None:
        readable = [self._wake_from, *(w.ready_from for w in self._workers.values() if not w.ready)]
        ready, _, _ = select.select(readable, [], [], _STEP)
        if self._wake_from in ready:
            os.read(self._wake_from, 4096)
        for worker in self._workers.values():
            if worker.ready_from in ready and not worker.ready:
                worker.ready = os.read(worker.ready_from, 1) == b"r"

    def _reap(self) -> None:
        for worker in list(self._workers.values()):
            pid, status = os.waitpid(worker.pid, os.WNOHANG)
            if pid == 0:
                continue
            del self._workers[pid]
            os.close(worker.ready_from)
            self._board.forget(worker.number)
            self._gone(worker.number)
            self._judge(worker, os.waitstatus_to_exitcode(status))

    def _judge(self, worker: _Worker, code: int) -> None:
        """Was this end in order?"""
        if worker.ending_since is not None:
            # By SIGTERM itself ends only one that has not taken it in hand yet, and so has taken no request either.
            if code not in (0, -signal.SIGTERM):
                self._failed = self._failed or 1
                self._log.error("a worker did not end in order", pid=worker.pid, exit_code=code)
            return
        self._board.deaths += 1
        self._log.error("a worker died", pid=worker.pid, exit_code=code)
        if not worker.ready and worker.generation > self._in_force:
            self._give_up_generation()
        if worker.killed:
            return  # it was the request's fault, so nothing speaks against another worker at once
        lived = time.monotonic() - worker.started
        self._short_lives = self._short_lives + 1 if lived < _SHORT_LIFE else 0
        rest = min(_LONGEST_REST, 0.1 * 2**self._short_lives) if self._short_lives > 1 else 0
        self._rest_until = time.monotonic() + rest

    def _look_after(self) -> None:
        now = time.monotonic()
        newest = [worker for worker in self._workers.values() if worker.generation == self._generation]
        if self._ending is None and self._generation != self._in_force:
            if len(newest) == self._most and all(worker.ready for worker in newest):
                self._take_over()
            elif any(now - worker.started > _START_SECONDS for worker in newest if not worker.ready):
                self._give_up_generation()
        for worker in self._workers.values():
            if worker.ending_since is not None and now - worker.ending_since > self._patience:
                os.kill(worker.pid, signal.SIGKILL)
        self._end_the_endless(now)
        for generation in set(self._numbers) - {self._generation, self._in_force}:
            if not any(worker.generation == generation for worker in self._workers.values()):
                del self._numbers[generation], self._prepared[generation]
        if self._ending is None and self._in_force and now >= self._rest_until:
            self._replace_the_dead()
        if self._again and self._ending is None and self._generation == self._in_force:
            self._exchange()

    def _end_the_endless(self, now: float) -> None:
        """Nothing inside a worker can stop an evaluation; whoever waits behind it would wait for ever."""
        for worker in self._workers.values():
            began = self._board.turn_of(worker.number)
            if began is None or now - began <= self._evaluation_seconds or worker.killed:
                continue
            if worker.generation > self._in_force:
                continue  # its turn comes once it is in force; a death before would be that of its generation
            worker.killed = True
            self._log.error("an evaluation takes too long; its worker is killed", pid=worker.pid, seconds=now - began)
            os.kill(worker.pid, signal.SIGKILL)

    def _replace_the_dead(self) -> None:
        living = {worker.number for worker in self._workers.values() if worker.generation == self._in_force}
        for number in self._numbers[self._in_force]:
            if number in living:
                continue
            try:
                self._fork(self._in_force, number)
            except OSError as error:
                self._rest_until = time.monotonic() + _NO_ROOM_SECONDS
                self._log.error("a worker cannot be started; the others go on", **_told(error))
                return

    def _end(self, worker: _Worker) -> None:
        if worker.ending_since is None:
            worker.ending_since = time.monotonic()
            os.kill(worker.pid, signal.SIGTERM)

    # -- signals ----------------------------------------------------------------------------------------------------

    def _catch(self, number: int, _: FrameType | None) -> None:
        self._caught.append(number)

    def _answer_signals(self) -> None:
        while self._caught:
            number = self._caught.pop(0)
            if number in (signal.SIGTERM, signal.SIGINT):
                self._end_all(number)
            elif number == signal.SIGHUP and self._ending is None:
                if self._had_terminal and not _has_terminal():
                    self._end_all(signal.SIGTERM)
                else:
                    self._exchange()

    def _end_all(self, number: int) -> None:
        if self._ending is None:
            self._ending = number
            self._log.info("ending", workers=len(self._workers))
            self._notify("STOPPING=1")
            self._board.ending = True
            self._stop_listening()
        for worker in self._workers.values():
            self._end(worker)


def _told(error: BaseException) -> dict[str, str]:
    """An error for the log: its text only where it is one of ours, which hold nothing of a patient's."""
    told = {"says": str(error)} if isinstance(error, CdsError) else {"at": place_of(error)}
    return {"fault": type(error).__name__, **told}


def _has_terminal() -> bool:
    """A terminal that is closed sends SIGHUP too; then there is none any more."""
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY))
    except OSError:
        return False
    return True
