"""Who is taken in, whose turn it is, and who is told to come back."""

from __future__ import annotations

import asyncio
import time

import pytest

from spmwatch.cds_hooks.server.board import Board
from spmwatch.cds_hooks.server.operation import OperationSettings
from spmwatch.cds_hooks.server.turns import REFUSALS_A_SECOND, OverloadError, Turns

LIMITS = OperationSettings(most_waiting=2, most_body_bytes=16 * 1024 * 1024)


def test_one_more_than_may_wait_is_told_to_come_back() -> None:
    board = Board()
    turns = Turns(LIMITS, board, 3)
    with turns.taken_in(), turns.taken_in():
        assert turns.full
        assert board.waiting == 2
        with pytest.raises(OverloadError) as refused, turns.taken_in():
            raise AssertionError
        assert refused.value.status == 503
    assert not turns.full
    assert board.waiting == 0


def test_bytes_that_are_held_are_bounded_and_given_back() -> None:
    turns = Turns(LIMITS)
    with turns.holding() as hold:
        hold(16 * 1024 * 1024)
        with pytest.raises(OverloadError), turns.holding() as another:
            another(1)
    with turns.holding() as hold:
        hold(16 * 1024 * 1024)


def test_turns_come_in_order_one_at_a_time() -> None:
    async def main() -> list[str]:
        turns, seen, late = Turns(LIMITS), list[str](), asyncio.get_running_loop().time() + 60

        async def one(name: str) -> None:
            async with turns.turn(late):
                seen.append(f"{name} begins")
                await asyncio.sleep(0.001)
                seen.append(f"{name} ends")

        await asyncio.gather(*(one(name) for name in "abc"))
        return seen

    assert asyncio.run(main()) == [f"{name} {what}" for name in "abc" for what in ("begins", "ends")]


def test_the_event_loop_goes_round_between_two_turns() -> None:
    """Work that never waits itself still lets others in: here, a health check."""

    async def main() -> list[str]:
        turns, seen, loop = Turns(LIMITS), list[str](), asyncio.get_running_loop()

        async def one(name: str) -> None:
            async with turns.turn(loop.time() + 60):
                seen.append(name)
                if name == "a":
                    loop.call_soon(seen.append, "health")

        await asyncio.gather(*(one(name) for name in "abc"))
        return seen

    assert asyncio.run(main()) == ["a", "health", "b", "c"]


def test_a_turn_that_does_not_come_in_time_does_not_come_and_harms_nobody() -> None:
    async def main() -> None:
        turns, loop = Turns(LIMITS), asyncio.get_running_loop()

        over = asyncio.Event()

        async def hold() -> None:
            async with turns.turn(loop.time() + 60):
                await over.wait()

        holder = loop.create_task(hold())
        await asyncio.sleep(0)
        with pytest.raises(OverloadError):
            async with turns.turn(loop.time() + 0.01):
                raise AssertionError
        gone = loop.create_task(hold())
        await asyncio.sleep(0)
        gone.cancel()
        over.set()
        await holder
        async with asyncio.timeout(60), turns.turn(loop.time() + 60):
            pass

    asyncio.run(main())


def test_a_turn_given_in_the_moment_of_giving_up_is_passed_on() -> None:
    async def main() -> None:
        turns, loop = Turns(LIMITS), asyncio.get_running_loop()

        async def hold() -> None:
            async with turns.turn(loop.time() + 60):
                pass

        tasks = [loop.create_task(hold()) for _ in range(3)]
        await asyncio.sleep(0)  # the first is through, and passes on in the next round
        loop.call_soon(tasks[1].cancel)
        await asyncio.wait(tasks, timeout=60)
        assert [task.cancelled() for task in tasks] == [False, True, False]

    asyncio.run(main())


def test_few_refusals_go_out_at_once_and_many_are_spread() -> None:
    async def main() -> float:
        turns, loop = Turns(LIMITS), asyncio.get_running_loop()
        begun = loop.time()
        first = loop.create_task(turns.pace())
        for _ in range(3):
            await asyncio.sleep(0)
        assert first.done()  # it waited for no clock
        await asyncio.gather(*(turns.pace() for _ in range(20)))
        return loop.time() - begun

    assert asyncio.run(main()) >= 20 / REFUSALS_A_SECOND


def test_the_board_shows_since_when_a_turn_lasts() -> None:
    async def main() -> None:
        board = Board()
        turns = Turns(LIMITS, board, 3)
        before = time.monotonic()
        async with turns.turn(asyncio.get_running_loop().time() + 1):
            began = board.turn_of(3)
            assert began is not None
            assert before - 0.001 <= began <= time.monotonic()
            assert board.turn_of(2) is None
            assert board.waiting == 0  # numbers of turns are not counted among those who wait
        assert board.turn_of(3) is None

    asyncio.run(main())


def test_the_turn_of_a_worker_that_is_gone_is_forgotten() -> None:
    board = Board()
    board.set_turn(0, time.monotonic())
    board.forget(0)
    assert board.turn_of(0) is None
