"""Texts of rules as a card shows them: without the line breaks of their files, and nothing said twice on one card."""

from __future__ import annotations

import re

_STARTS_A_LINE = re.compile(r"\s*(?:[-*+] |\d+[.)] |#|>|\|)")


def unwrapped(markdown: str) -> str:
    """Paragraphs and list items on one line each: some EHRs show every line break of the text."""
    return "\n".join(_lines(markdown))


def _lines(markdown: str) -> list[str]:
    lines: list[str] = []
    for line in markdown.strip().splitlines():
        if lines and lines[-1] and not _STARTS_A_LINE.match(line) and (words := line.strip()):
            lines[-1] += f" {words}"
        else:
            lines.append(line.rstrip())
    return lines


class Said:
    """What one card has said so far."""

    def __init__(self) -> None:
        self._lines: set[str] = set()

    def new_in(self, markdown: str) -> str:
        """The text without the paragraphs and list items that stand on the card already; "" when none is new."""
        kept: list[str] = []
        lines = _lines(markdown)
        for line in lines:
            if line and line in self._lines:
                continue
            if line or (kept and kept[-1]):
                kept.append(line)
        self._lines.update(lines)
        return "\n".join(kept).strip()
