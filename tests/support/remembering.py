"""A memory that forgets when the test ends: what feedback does to the next answer, without a database."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from datetime import date

from spmwatch.cds_hooks.store.decision import Decision, Feedback
from spmwatch.engine.acknowledgement import Acknowledgement


class Remembering:
    """Keeps everything it is given, so that tests see what was given to it."""

    def __init__(self) -> None:
        self.decisions: list[Decision] = []
        self.feedback: list[tuple[str, str, Feedback]] = []
        self._advice: dict[str, tuple[str, date, list[tuple[str, str]]]] = {}
        self._quiet: defaultdict[str, list[Acknowledgement]] = defaultdict(list)

    def pseudonym(self, client: str, patient: str) -> str:
        """A hash; the key matters to nobody here."""
        return hashlib.sha256(f"{client}/{patient}".encode()).hexdigest()

    def acknowledged(self, pseudonym: str) -> Sequence[Acknowledgement]:
        """What was answered."""
        return tuple(self._quiet[pseudonym])

    def record(self, decision: Decision) -> None:
        """Remember which advice each card told."""
        self.decisions.append(decision)
        pseudonym = self.pseudonym(decision.client, decision.recommendation.patient)
        told = decision.merged.cards if decision.merged is not None else ()
        for card, wire in zip(told, decision.cards, strict=True):
            advice = [(one.rule, one.digest) for one in card.all_advice]
            self._advice[str(wire["uuid"])] = pseudonym, decision.as_of, advice

    def take(self, client: str, service: str, feedback: Sequence[Feedback]) -> None:
        """The advice of the card is quiet from now on."""
        for one in feedback:
            self.feedback.append((client, service, one))
            if one.card in self._advice:
                pseudonym, on, advice = self._advice[one.card]
                self._quiet[pseudonym] += [Acknowledgement(rule=rule, on=on, digest=digest) for rule, digest in advice]

    def close(self) -> None:
        """Nothing waits."""
