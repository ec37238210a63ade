"""What is found by numpy is what a look at every byte finds; escapes are looked for where there are any."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from spmwatch.screening.scan.patterns import Looked
from spmwatch.screening.scan.searching import Group, is_ascii, line_ends

_PIECES = st.lists(
    st.sampled_from([b"\n", b"}", b"{", b"ab", b"\x0b", b"\t", b"\\u0061", b"\\", b"\xc3\xa9", b"\x7f", b"\x80"])
)


@given(_PIECES)
def test_line_ends_are_found_wherever_they_stand(pieces: list[bytes]) -> None:
    """C085 Two of them within eight bytes, none, one at either end."""
    block = b"".join(pieces)
    assert line_ends(block).tolist() == [at for at, byte in enumerate(block) if byte == ord("\n")]


def test_line_ends_of_a_long_block_are_at_every_place_of_eight_bytes() -> None:
    """C085 By numpy as by a look at each."""
    block = b"".join(b"x" * length + b"\n" for length in range(8, 80))
    assert line_ends(block).tolist() == np.flatnonzero(np.frombuffer(block, np.uint8) == ord("\n")).tolist()


@given(_PIECES)
def test_bytes_beyond_ascii_are_seen(pieces: list[bytes]) -> None:
    """C085 By numpy as by a look at each."""
    block = b"".join(pieces)
    assert is_ascii(block) == block.isascii()


@given(_PIECES)
def test_an_escape_of_a_character_is_seen(pieces: list[bytes]) -> None:
    """C085 Also where another was seen before."""
    block = b"".join(pieces)
    group = Group(Looked(expressions=frozenset({b"nowhere"})))
    assert group.read(b'"lenalidomid\\u0065"', None) == ([18], True)
    assert group.read(block, None)[1] == (b"\\u" in block)
    assert group.read(b"nowhere", False) == ([7], False)
