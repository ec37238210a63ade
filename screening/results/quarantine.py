"""What of the input could not be used: one line of `quarantine.ndjson` for each place, without the data themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import orjson

QUARANTINE = "quarantine.ndjson"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """One place of the input that could not be used, or not wholly.

    Attributes:
        file: as named in the inputs.
        line: counted from 1; None where it is about the whole file.
        offset: first byte of the line in the file as unpacked; None where it is not known.
        reason: what was found; `expected` what should stand there, "" when the reason says it all; `advice` what to do.
        element: FHIR path, or None for the whole line.
        lost: was the whole line lost? Otherwise an element of it is, or it is a remark.
    """

    file: str
    reason: str
    expected: str = ""
    advice: str = ""
    line: int | None = None
    offset: int | None = None
    element: str | None = None
    lost: bool = True

    @property
    def sort_key(self) -> tuple[object, ...]:
        """By place."""
        return self.file, self.line or 0, self.offset or 0, self.element or "", self.reason

    def as_json(self) -> dict[str, object]:
        """For programs."""
        return {
            "file": self.file,
            "line": self.line,
            "offset": self.offset,
            "element": self.element,
            "lost": self.lost,
            "reason": self.reason,
            "expected": self.expected or None,
            "advice": self.advice or None,
        }


def quarantine_lines(places: Iterable[Quarantined]) -> Iterator[bytes]:
    """The lines of the file, in the order given; whoever gives them sorts them by place."""
    return (orjson.dumps(_readable(place.as_json())) for place in places)


def _readable(row: dict[str, object]) -> dict[str, object]:
    """The same with lone surrogates (of odd file names) as escapes: orjson refuses them."""
    return {
        key: value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value
        for key, value in row.items()
    }
