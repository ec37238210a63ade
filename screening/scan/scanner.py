"""Which lines of a block could matter: every line (the reference), or those in which a pattern is found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol


class Span(NamedTuple):
    """A whole line of a block: `data[start:end]`, with its line end if it has one."""

    start: int
    end: int


class Scanner(Protocol):
    """Finds the lines of a block that could matter. It may name too many, never too few."""

    def candidates(self, block: bytes) -> Sequence[Span]:
        """The lines in their order, each once."""
        ...


class PlainScanner:
    """Every line that is not empty."""

    def candidates(self, block: bytes) -> Sequence[Span]:
        """All lines."""
        spans: list[Span] = []
        start = 0
        while start < len(block):
            end = block.find(b"\n", start) + 1 or len(block)
            if not block[start:end].isspace():
                spans.append(Span(start, end))
            start = end
        return spans
