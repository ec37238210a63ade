"""The little Markdown that card texts use, taken apart: paragraphs, one level of lists, **strong**.

A template writes the pieces out with its own escaping, so no text becomes markup by accident.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_STRONG = re.compile(r"\*\*(.+?)\*\*")


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text."""

    text: str
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph (one entry in `lines`) or a list (one entry per item)."""

    is_list: bool
    lines: tuple[tuple[Piece, ...], ...]


def blocks(text: str) -> Iterator[Block]:
    """The blocks of a text. A blank line ends a paragraph; `- ` starts an item, lines after it belong to it."""
    paragraph: list[str] = []
    items: list[str] = []
    for line in [*text.splitlines(), ""]:
        stripped = line.strip()
        if stripped.startswith("- "):
            if paragraph:
                yield Block(False, (_pieces(paragraph),))
                paragraph = []
            items.append(stripped[2:])
        elif stripped and items:
            items[-1] = f"{items[-1]} {stripped}"
        elif stripped:
            paragraph.append(stripped)
        else:
            if items:
                yield Block(True, tuple(_pieces([item]) for item in items))
            if paragraph:
                yield Block(False, (_pieces(paragraph),))
            paragraph, items = [], []


def pieces(line: str) -> tuple[Piece, ...]:
    """One line, its strong parts told apart."""
    return _pieces([line])


def plain(line: str) -> str:
    """One line without its marks."""
    return _STRONG.sub(r"\1", line)


def _pieces(lines: list[str]) -> tuple[Piece, ...]:
    text = " ".join(lines)
    pieces = [Piece(part, strong=index % 2 == 1) for index, part in enumerate(_STRONG.split(text))]
    return tuple(piece for piece in pieces if piece.text)
