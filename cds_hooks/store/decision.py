"""One evaluation as the service records it: what was decided for whom, by which rules, how fast, and what was shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol

from spmwatch.engine.acknowledgement import Acknowledgement
from spmwatch.engine.merging import Merged
from spmwatch.engine.recommendation import Recommendation

Json = dict[str, object]


TRY_IT = "try-it"
"""The client under which the try-it page is kept: whoever answers there treats nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One answered request.

    It still holds the patient's data: the store keeps only what its own module says it keeps.

    Attributes:
        id: the correlation id of the exchange.
        at: when it was answered, with its time zone (UTC).
        client: id of the client, from the configuration.
        service: id of the service called.
        recommendation: what was found; its `patient` is the id in the client's FHIR server.
        merged: what became of the findings; its cards are `cards`, in the same order. None when the answer was not 200.
        cards: the cards as they went out, or would have gone out had the client not been silent.
        shown: did they go out?
        status: HTTP status of the answer.
        seconds: time taken, by stage: `parse`, `fetch`, `evaluate`, `cards`; of a remembered chart `recall`, `cards`.
        body: the request as it came, without `fhirAuthorization`, for replay; None unless requests are kept.
        remembered: were the findings those of a moment ago, when the very same chart was asked about (remembered/)?
        recorded: where the store puts what it makes of `recommendation`; decisions on one remembered chart share it.
    """

    id: str
    at: datetime
    client: str
    service: str
    hook: str
    hook_instance: str
    as_of: date
    recommendation: Recommendation
    merged: Merged | None
    cards: Sequence[Json]
    shown: bool
    status: int
    seconds: Mapping[str, float]
    body: bytes | None = None
    remembered: bool = False
    recorded: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """What a clinician did with one card (CDS Hooks 2.0 feedback).

    Attributes:
        card: uuid of the card, as the client names it.
        outcome: `accepted` or `overridden`.
        at: when, as the client says it, with its time zone.
        suggestions: uuids of the accepted suggestions.
        reason: system and code of the override reason, where one was given; "" for a system that was not.
        further_reasons: what a client that sends several sent beside it (C137).
        comment: what the user wrote; may hold patient data: bounded, never logged (C138).
    """

    card: str
    outcome: str
    at: datetime
    suggestions: tuple[str, ...] = ()
    reason: tuple[str, str] | None = None
    further_reasons: tuple[tuple[str, str], ...] = ()
    comment: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What feedback that was not known before says of one rule of its card, for metrics.

    `reason` is the code of the override reason; None without one.
    """

    rule: str
    outcome: str
    reason: str | None = None


class Memory(Protocol):
    """What the service remembers. Every method may be called from any thread."""

    def pseudonym(self, client: str, patient: str) -> str:
        """A keyed hash that stands for a patient of a client: in digests, and in everything that is kept."""
        ...

    def acknowledged(self, pseudonym: str) -> Sequence[Acknowledgement]:
        """What was set aside for this patient, newest feedback included. Blocks for a short read.

        A store that fails answers nothing was set aside: advice is rather repeated than lost.
        """
        ...

    def record(self, decision: Decision) -> None:
        """Keep a decision soon; returns at once and never raises."""
        ...

    def take(self, client: str, service: str, feedback: Sequence[Feedback]) -> Sequence[Answer]:
        """Keep feedback; done when it returns. The same feedback twice is kept once.

        Returns:
            What is new, for each rule of the cards it is about, so far as these are known.

        Raises:
            StoreError: it could not be kept.
        """
        ...

    def close(self) -> None:
        """Write what waits, and let go."""
        ...


class Forgetful:
    """Remembers nothing."""

    def pseudonym(self, client: str, patient: str) -> str:  # noqa: ARG002
        """The patient's own id: nothing is kept."""
        return patient

    def acknowledged(self, pseudonym: str) -> Sequence[Acknowledgement]:  # noqa: ARG002
        """Nothing."""
        return ()

    def record(self, decision: Decision) -> None:
        """Let it go."""

    def take(self, client: str, service: str, feedback: Sequence[Feedback]) -> Sequence[Answer]:  # noqa: ARG002
        """Let it go."""
        return ()

    def close(self) -> None:
        """Nothing waits."""
