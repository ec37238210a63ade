"""Who is taken in, and whose turn it is: one evaluation at a time, a bounded number waiting, the rest to come back.

Evaluations take turns because the rule network takes one at a time (ADR 0003) and Python runs one at a time. The event
loop goes round between two turns, so a health check never waits longer than for one evaluation. What waits is counted
and bounded; without that, requests would queue unseen in sockets and tasks while every client's patience ran out.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Generator
from contextlib import contextmanager

from spmwatch.cds_hooks.server.board import Board
from spmwatch.cds_hooks.server.operation import OperationSettings
from spmwatch.cds_hooks.wire.refusal import Issue, RequestError

COME_BACK_SECONDS = 1
"""Retry-After of a refusal for overload: what waits is worked off within about that time."""

REFUSALS_A_SECOND = 200
"""Clients that come back at once, without waiting, would otherwise keep a worker busy with refusing alone: then hardly
anybody is answered, and health checks wait too."""


class OverloadError(RequestError):
    """503: the request may be sent again later."""

    def __init__(self, says: str) -> None:
        super().__init__(503, Issue(code="throttled", says=f"{says}; send the request again later"))


class _Turn:
    """What `async with` takes; without a generator, which costs as much as all else here."""

    __slots__ = ("_deadline", "_turns")

    def __init__(self, turns: Turns, deadline: float) -> None:
        self._turns, self._deadline = turns, deadline

    async def __aenter__(self) -> None:
        await self._turns.begin(self._deadline)

    async def __aexit__(self, *_: object) -> None:
        self._turns.end()


class Turns:
    """Of one worker. Used from its event loop only."""

    def __init__(self, limits: OperationSettings, board: Board | None = None, worker: int = 0) -> None:
        self._limits, self._board, self._worker = limits, board or Board(), worker
        self._taken_in = 0
        self._held_bytes = 0
        self._next_refusal = 0.0
        self._busy = False
        self._queue: deque[asyncio.Future[None]] = deque()

    @property
    def full(self) -> bool:
        """Would one more request be refused?"""
        return self._taken_in >= self._limits.most_waiting

    async def pace(self) -> None:
        """Wait, before a refusal is sent, until it is its turn among refusals; at once while these are few."""
        now = asyncio.get_running_loop().time()
        following = max(now, self._next_refusal + 1 / REFUSALS_A_SECOND)
        if following - now <= self._limits.deadline_seconds:
            self._next_refusal = following
            await asyncio.sleep(following - now)

    @contextmanager
    def taken_in(self) -> Generator[None]:
        """A request is among those waiting. Raises OverloadError when there are too many."""
        if self.full:
            raise OverloadError("Too many requests are waiting")
        self._count(+1)
        try:
            yield
        finally:
            self._count(-1)

    @contextmanager
    def holding(self) -> Generator[Callable[[int], None]]:
        """Gives what counts the bytes of one body while they arrive; it raises OverloadError when too many are held."""
        held = 0

        def hold(count: int) -> None:
            nonlocal held
            if self._held_bytes + count > self._limits.most_body_bytes:
                raise OverloadError("Too many bytes of requests are waiting")
            held += count
            self._held_bytes += count

        try:
            yield hold
        finally:
            self._held_bytes -= held

    def turn(self, deadline: float) -> _Turn:
        """Nobody else evaluates while the block runs. First come, first served.

        Args:
            deadline: by the loop's clock; a turn that did not come by then does not come.

        Raises:
            OverloadError: the deadline has passed.
        """
        return _Turn(self, deadline)

    async def begin(self, deadline: float) -> None:
        """The turn comes. Raises OverloadError when it did not come by the deadline."""
        if self._busy:
            await self._come(deadline)
        self._busy = True
        self._board.set_turn(self._worker, time.monotonic())  # the parent ends a worker whose turn never does

    def end(self) -> None:
        """The turn is over."""
        self._board.set_turn(self._worker, 0)
        # Not at once: the loop first looks after sockets, then the next one has its turn.
        asyncio.get_running_loop().call_soon(self._pass_on)

    async def _come(self, deadline: float) -> None:
        mine = asyncio.get_running_loop().create_future()
        self._queue.append(mine)
        try:
            async with asyncio.timeout_at(deadline):
                await mine
        except BaseException as error:  # cancelled by a client that went away, too: its turn is not to be lost
            if mine.done() and not mine.cancelled():
                self._pass_on()  # it was given the turn in the moment it gave up
            else:
                mine.cancel()
            if isinstance(error, TimeoutError):
                raise OverloadError("The request has waited too long") from None
            raise

    def _pass_on(self) -> None:
        while self._queue:
            following = self._queue.popleft()
            if not following.done():
                following.set_result(None)
                return
        self._busy = False

    def _count(self, change: int) -> None:
        self._taken_in += change
        self._board.set_waiting(self._worker, self._taken_in)
