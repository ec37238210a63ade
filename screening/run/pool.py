"""Tasks in worker processes: a worker that dies is replaced, an interrupt ends all of them, nobody is left behind."""

from __future__ import annotations

import contextlib
import gc
import multiprocessing
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from multiprocessing import connection
from multiprocessing.context import BaseContext
from typing import Generic, TypeVar

from spmwatch.engine.errors import CdsError

MOST_DEATHS = 3
"""Times that a worker may die over the same tasks before the run gives up."""

_OBJECTS = 200_000
"""New objects after which cycles among them are looked for; one task of a large registry has some millions."""

T = TypeVar("T")
R = TypeVar("R")


class WorkerError(CdsError):
    """Worker processes died again and again; most often there is not enough memory."""

    code = "worker"


@dataclass(slots=True)
class Pool(Generic[T, R]):
    """Worker processes that do tasks.

    They are forked from this process while it has no other thread, and so begin with all that it has loaded; else they
    come from a fork server, and load it for themselves.

    Attributes:
        workers: how many; 0: the tasks are done in this process.
        prepare: what each does first, with `job`.
        perform: what each does with a task; both are functions of a module, as processes need it.
        say: tells a person of a worker that died.
    """

    workers: int
    prepare: Callable[..., None]
    job: tuple[object, ...]
    perform: Callable[[T], R]
    say: Callable[[str], None]
    _executor: ProcessPoolExecutor | None = field(default=None, init=False)
    _seldom: tuple[int, int, int] | None = field(default=None, init=False)
    """How often cycles were looked for before this process was prepared."""

    def start(self) -> None:
        """Begin now, before there are other threads."""
        if self.workers:
            self._started()
        elif self._seldom is None:
            self._seldom = gc.get_threshold()
            self.prepare(*self.job)
            _collect_seldom()

    def results(self, tasks: Sequence[T]) -> Iterator[tuple[T, R]]:
        """Each task with its result, as they finish.

        Raises:
            WorkerError: workers died over the same tasks too often.
            OSError, CdsError: what a task raised.
        """
        if not self.workers and tasks:
            self.start()
            yield from ((task, self.perform(task)) for task in tasks)
            return
        left, deaths = list(tasks), 0
        while left:
            done: list[T] = []
            try:
                for task, result in self._once(left):
                    done.append(task)
                    yield task, result
                return
            except BrokenProcessPool:
                self.close()
                left = [task for task in left if task not in done]
                deaths = 1 if done else deaths + 1
                if deaths >= MOST_DEATHS:
                    problem = f"worker processes were killed {deaths} times over the same work (out of memory?)."
                    fix = "Give the machine more memory or take fewer --workers; the same command goes on."
                    raise WorkerError(f"{problem} {fix}") from None
                self.say("A worker process was killed; its work is done again by another.")

    def _once(self, tasks: Sequence[T]) -> Iterator[tuple[T, R]]:
        executor = self._started()
        waiting: dict[Future[R], T] = {}
        queue = iter(tasks)
        for task in queue:  # a few ahead of the workers, so that none waits; not all, so that an end is quick
            waiting[executor.submit(self.perform, task)] = task
            if len(waiting) < 2 * self.workers:
                continue
            yield from _finished(waiting)
        while waiting:
            yield from _finished(waiting)

    def _started(self) -> ProcessPoolExecutor:
        if self._executor is None:
            self._executor = ProcessPoolExecutor(
                self.workers, mp_context=self._context(), initializer=_begin, initargs=(self.prepare, self.job)
            )
            with warnings.catch_warnings():  # that a library has threads: OpenBLAS, which knows what a fork is
                warnings.simplefilter("ignore", DeprecationWarning)
                self._executor.submit(_nothing)
        return self._executor

    def _context(self) -> BaseContext:
        if sys.platform == "linux" and threading.active_count() == 1:
            return multiprocessing.get_context("fork")
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([self.perform.__module__])
        return context

    def close(self, *, now: bool = False) -> None:
        """End the workers; `now`: in the middle of what they do."""
        if self._seldom is not None:
            gc.set_threshold(*self._seldom)
            gc.unfreeze()
            self._seldom = None
        executor, self._executor = self._executor, None
        if executor is None:
            return
        processes = list((getattr(executor, "_processes", None) or {}).values())
        executor.shutdown(wait=not now, cancel_futures=True)
        for process in processes if now else ():
            with contextlib.suppress(ProcessLookupError, ValueError):
                process.kill()
        for process in processes if now else ():
            process.join()


def _finished(waiting: dict[Future[R], T]) -> Iterator[tuple[T, R]]:
    for future in wait(waiting, return_when=FIRST_COMPLETED).done:
        yield waiting.pop(future), future.result()


def _nothing() -> None:
    """A task for a worker to begin with."""


def _begin(prepare: Callable[..., None], job: tuple[object, ...]) -> None:
    """In a worker: interrupts are the parent's business, and without the parent there is nothing left to do."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_follow, args=(parent.sentinel,), daemon=True).start()
    prepare(*job)
    _collect_seldom()


def _collect_seldom() -> None:
    """What is read is a million small objects and no cycles among them: looking for these took a third of the time."""
    gc.freeze()
    gc.set_threshold(_OBJECTS, 10, 10)


def _follow(sentinel: int) -> None:
    connection.wait([sentinel])
    os._exit(1)
