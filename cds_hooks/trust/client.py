"""Who calls: the client that a request comes from, and what it may do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """One EHR, or one tenant of it, as configured.

    Attributes:
        id: its name in the configuration; stands in logs, metrics and the store, so it holds no secret.
        silent: its requests are evaluated and recorded, and it is shown nothing: a trial before going live.
        fhir_servers: base URLs of the FHIR servers that may be asked on its behalf; none: prefetch only.
    """

    id: str
    silent: bool = False
    fhir_servers: tuple[str, ...] = ()


class Authenticator(Protocol):
    """Tells who calls."""

    async def client_of(self, authorization: str | None, url: str) -> Client:
        """The client whose token this is.

        Args:
            authorization: the header's value as it came; never logged, stored or repeated.
            url: the public address that was called, for the token's audience.

        Raises:
            RequestError: 401, the same for every fault (C152).
        """
        ...


@dataclass(frozen=True, slots=True)
class Everybody:
    """Asks nobody who they are: for the loopback address, and for test data where the operator said so."""

    client: Client = Client(id="anyone")

    async def client_of(self, authorization: str | None, url: str) -> Client:  # noqa: ARG002
        """The same client for every call."""
        return self.client
