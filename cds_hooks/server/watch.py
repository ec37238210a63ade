"""What hears of everything that happens: the seam between the service and its metrics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from spmwatch.cds_hooks.store.decision import Decision


class Watch(Protocol):
    """Hears of everything that happens, for metrics. Never raises, never blocks; may be called from any thread.

    What reaches a metric's labels is a closed vocabulary: words that are not known are counted as `other`.
    """

    def decided(self, decision: Decision) -> None:
        """A request was evaluated."""
        ...

    def took(self, hook: str, status: int, seconds: float) -> None:
        """An exchange with a service is over, whatever came of it; `hook` is `-` for a service that is not there."""
        ...

    def refused(self, hook: str, status: int) -> None:
        """A request was not evaluated."""
        ...

    def answered(self, rule: str, outcome: str, reason: str | None) -> None:
        """A clinician did something with a card: called once for each rule of the card, when feedback is kept first.

        Args:
            rule: id of the rule, e.g. `SPM-05`.
            outcome: `accepted` or `overridden`.
            reason: code of the override reason, one of those of rules/cards.yaml; others are counted as `other`.
        """
        ...

    def fetched(self, outcome: str) -> None:
        """The client's FHIR server was asked for one key.

        Args:
            outcome: `answered`, `refused` (4xx), `failed` (5xx, not FHIR, too much), `unreachable`, `too-late`,
                `not-allowed` (a server that is not listed) or `other-patient`.
        """
        ...

    def stored(self, fate: str, number: int) -> None:
        """So many more of one kind.

        Args:
            fate: decisions that were `written`, `lost` for want of room, or `unfit`; attempts: `failed_writes`,
                `failed_reads`.
            number: how many.
        """
        ...

    def exposition(self) -> tuple[bytes, str] | None:
        """Everything counted so far, of all workers, with its media type; None when nothing is counted."""
        ...

    def close(self) -> None:
        """The service ends: nothing counted is to be lost."""
        ...


class Unwatched:
    """Counts nothing."""

    def decided(self, decision: Decision) -> None:
        """Nothing."""

    def took(self, hook: str, status: int, seconds: float) -> None:
        """Nothing."""

    def refused(self, hook: str, status: int) -> None:
        """Nothing."""

    def answered(self, rule: str, outcome: str, reason: str | None) -> None:
        """Nothing."""

    def fetched(self, outcome: str) -> None:
        """Nothing."""

    def stored(self, fate: str, number: int) -> None:
        """Nothing."""

    def exposition(self) -> tuple[bytes, str] | None:
        """Nothing."""
        return None

    def close(self) -> None:
        """Nothing."""


REFUSALS: Mapping[int, str] = {
    400: "structure",
    401: "not-authenticated",
    403: "forbidden",
    404: "no-such-service",
    408: "too-slow",
    409: "conflict",
    412: "data-missing",
    413: "too-long",
    415: "media-type",
    422: "business-rule",
    429: "too-many",
    499: "client-gone",
    500: "fault",
    503: "overload",
}
"""Kinds of refusal by status; 499 stands for a client that went away before it had an answer."""
