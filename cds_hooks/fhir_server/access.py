"""Completing what prefetch lacks from the client's FHIR server: the seam between the service and the network."""

from __future__ import annotations

from typing import Protocol

from spmwatch.cds_hooks.prefetch.reading import Supplied
from spmwatch.cds_hooks.trust.client import Client
from spmwatch.cds_hooks.wire.requests import Request


class FhirAccess(Protocol):
    """Asks the client's FHIR server."""

    async def completed(self, request: Request, supplied: Supplied, client: Client) -> Supplied:
        """What was supplied, with the readings that were lacking replaced by what the server answered.

        Never raises for a server that is down, slow, foreign or broken: such a reading stays not known and says why
        (C060, C081). Raises RequestError 422 when what came is of another patient (C070).
        """
        ...

    def asks_nothing(self, request: Request, supplied: Supplied, client: Client) -> bool:
        """Would `completed` give back what was supplied, without a question, whatever servers and tokens do?"""
        ...

    async def aclose(self) -> None:
        """Let go of all connections."""
        ...


class PrefetchOnly:
    """Asks no server."""

    async def completed(self, request: Request, supplied: Supplied, client: Client) -> Supplied:  # noqa: ARG002
        """What was supplied, as it is."""
        return supplied

    def asks_nothing(self, request: Request, supplied: Supplied, client: Client) -> bool:  # noqa: ARG002
        """It never asks."""
        return True

    async def aclose(self) -> None:
        """Nothing."""
