"""Ids of cards and exchanges: uuids, no two alike, not in a forked process either."""

from __future__ import annotations

import os
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

from spmwatch.cds_hooks.ids import new_id, new_row_id


def test_they_are_uuids_of_version_4() -> None:
    made = [new_id() for _ in range(1000)]
    assert len(set(made)) == 1000
    for text in made:
        one = uuid.UUID(text)
        assert (str(one), one.version, one.variant) == (text, 4, uuid.RFC_4122)


def test_those_of_rows_are_uuids_of_version_7_with_their_moment() -> None:
    before = time.time_ns() // 1_000_000
    made = [new_row_id() for _ in range(1000)]
    after = time.time_ns() // 1_000_000
    assert len(set(made)) == 1000
    for text in made:
        one = uuid.UUID(text)
        assert (str(one), one.version, one.variant) == (text, 7, uuid.RFC_4122)
        assert before <= one.int >> 80 <= after, "RFC 9562, section 5.7: milliseconds since 1970"


def test_those_of_rows_rise_with_time() -> None:
    earlier = [new_row_id() for _ in range(100)]
    time.sleep(0.002)
    assert max(earlier) < min(new_row_id() for _ in range(100))


def test_each_random_bit_is_drawn() -> None:
    """All but the six that tell version and variant; one that stays the same 500 times is no chance."""
    numbers = [uuid.UUID(new_id()).int for _ in range(500)]
    ever, always = 0, (1 << 128) - 1
    for number in numbers:
        ever, always = ever | number, always & number
    assert (ever ^ always).bit_count() == 122


def test_threads_get_no_two_alike() -> None:
    with ThreadPoolExecutor(8) as threads:
        made = [one for each in threads.map(lambda _: [new_id() for _ in range(500)], range(8)) for one in each]
    assert len(set(made)) == 4000


def test_a_forked_process_draws_its_own() -> None:
    new_id()  # so that some are ready
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, new_id().encode())
        os._exit(0)
    os.close(writing)
    theirs = os.read(reading, 100).decode()
    os.waitpid(child, 0)
    os.close(reading)
    assert theirs not in {new_id() for _ in range(200)}
