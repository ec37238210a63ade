"""How much of what is costly one reading may do. Only who answers while somebody waits sets bounds."""

from __future__ import annotations

from dataclasses import dataclass

import orjson

from spmwatch.fhir_adapters.references import Resource

WORDED_RESOURCES = 200
"""Malformed resources whose faults are worded by fhir.resources; those of the others by our own views, far faster."""
WORDED_BYTES = 500_000
"""Of those resources together, as JSON."""


class TooCostlyError(Exception):
    """There is more to be read than was agreed. Its text says of what, without any content of the record."""


@dataclass(slots=True)
class Effort:
    """What one reading has used.

    Attributes:
        most_faults: malformed elements that it may meet; None: any number.
        most_facts: facts that may come of it; None: any number.
    """

    most_faults: int | None = None
    most_facts: int | None = None
    _faults: int = 0
    _facts: int = 0
    _worded: int = 0
    _worded_bytes: int = 0

    def met(self, faults: int) -> None:
        """Note malformed elements. Raises TooCostlyError when there are more than agreed."""
        self._faults += faults
        if self.most_faults is not None and self._faults > self.most_faults:
            raise TooCostlyError(f"more than {self.most_faults} malformed elements")

    def made(self, facts: int) -> None:
        """Note facts. Raises TooCostlyError when there are more than agreed."""
        self._facts += facts
        if self.most_facts is not None and self._facts > self.most_facts:
            raise TooCostlyError(f"more than {self.most_facts} facts")

    def lets_word(self, resource: Resource) -> bool:
        """May the faults of one more resource be worded by fhir.resources?"""
        if self._worded >= WORDED_RESOURCES:
            return False
        try:
            self._worded_bytes += len(orjson.dumps(resource))
        except orjson.JSONEncodeError:  # nested too deep, half of a character
            return False
        self._worded += 1
        return self._worded_bytes <= WORDED_BYTES
