"""Three-valued truth: what is known of a claim about a patient."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import NoReturn


class Truth(Enum):
    """TRUE, FALSE or UNKNOWN (Kleene's strong logic).

    UNKNOWN means that the record does not decide the claim; it is never the same as FALSE.
    """

    TRUE = "TRUE"
    FALSE = "FALSE"
    UNKNOWN = "UNKNOWN"

    def __bool__(self) -> NoReturn:
        """Refuse `if truth:`, which would read UNKNOWN as one of the others."""
        raise TypeError(
            "a Truth has three values: compare with `is Truth.TRUE`, `is Truth.FALSE` or `is Truth.UNKNOWN`"
        )

    def __invert__(self) -> Truth:
        """The claim's negation; UNKNOWN stays UNKNOWN."""
        if self is Truth.UNKNOWN:
            return self
        return Truth.FALSE if self is Truth.TRUE else Truth.TRUE

    @staticmethod
    def of(*, certain: bool, possible: bool) -> Truth:
        """TRUE when it holds whatever the missing data are, FALSE when it cannot hold, else UNKNOWN.

        Raises:
            ValueError: certain without possible, which no pair of readings may give.
        """
        if certain and not possible:
            raise ValueError("a claim that is certain is also possible")
        if certain:
            return Truth.TRUE
        return Truth.UNKNOWN if possible else Truth.FALSE


def all_of(claims: Iterable[Truth]) -> Truth:
    """FALSE when one is FALSE, else UNKNOWN when one is UNKNOWN, else TRUE (also for no claims)."""
    result = Truth.TRUE
    for claim in claims:
        if claim is Truth.FALSE:
            return Truth.FALSE
        if claim is Truth.UNKNOWN:
            result = Truth.UNKNOWN
    return result


def any_of(claims: Iterable[Truth]) -> Truth:
    """TRUE when one is TRUE, else UNKNOWN when one is UNKNOWN, else FALSE (also for no claims)."""
    result = Truth.FALSE
    for claim in claims:
        if claim is Truth.TRUE:
            return Truth.TRUE
        if claim is Truth.UNKNOWN:
            result = Truth.UNKNOWN
    return result
