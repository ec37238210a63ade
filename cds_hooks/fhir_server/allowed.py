"""May this request's FHIR server be asked, and with which token (C076, C078, C082)?"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from spmwatch.cds_hooks.fhir_server.addresses import Base, base_of
from spmwatch.cds_hooks.fhir_server.settings import FhirSettings
from spmwatch.cds_hooks.trust.client import Client
from spmwatch.cds_hooks.wire.requests import Request

_TOKEN = re.compile(r"[!-~]+")  # what may stand in the header: printable ASCII without space
_SCOPE = re.compile(r"(?:patient|user|system)/(?P<type>\*|[A-Z][A-Za-z]+)\.(?P<may>read|write|\*|[cruds]+)(?:\?\S*)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Leave to ask one server for one request.

    Attributes:
        token: goes into the Authorization header of calls below `base`, and nowhere else; None: the server is open.
        types: resource types that the token's scopes name; None when they are not written in SMART's words.
    """

    base: Base
    token: str | None = field(default=None, repr=False)
    types: frozenset[str] | None = None

    def covers(self, type_: str) -> bool:
        """May resources of this type be read and searched, as far as can be told (C078)?"""
        return self.types is None or bool({"*", type_} & self.types)


class NotAllowedError(Exception):
    """The server is not asked. The text says why, in words that hold nothing of the request.

    Attributes:
        outcome: as `Watch.fetched` counts it.
    """

    def __init__(self, why: str, outcome: str = "not-allowed") -> None:
        self.outcome = outcome
        super().__init__(why)


def grant_of(request: Request, client: Client, settings: FhirSettings) -> Grant:
    """Leave to ask the server that the request names.

    Raises:
        NotAllowedError: there is none; the server is then not even resolved.
    """
    if request.fhir_server is None:
        raise NotAllowedError("the request names no FHIR server")
    base = base_of(request.fhir_server)
    if base is None or not is_listed(request.fhir_server, client, settings):
        raise NotAllowedError("its FHIR server is not one that may be asked")
    if base.scheme != "https" and not base.is_loopback and base not in _bases(settings.plain_http_servers):
        raise NotAllowedError("its FHIR server is not reached over https")
    given = request.fhir_authorization
    if given is None:
        if base not in _bases(settings.open_servers):
            raise NotAllowedError("the request brings no token for its FHIR server")
        return Grant(base=base)
    if given.expires_in == 0:
        raise NotAllowedError("the token for its FHIR server has expired")
    if given.patient is not None and given.patient != request.context.patient_id:
        raise NotAllowedError("the token for its FHIR server is for another patient")
    token = given.access_token.get_secret_value()
    if not _TOKEN.fullmatch(token):
        raise NotAllowedError("the token for its FHIR server cannot stand in a header")
    return Grant(base=base, token=token, types=_readable(given.scope))


def is_listed(server: str, client: Client, settings: FhirSettings) -> bool:
    """Is it one of the servers that may be asked for the client, token or not?"""
    base = base_of(server)
    return base is not None and base in _bases((*client.fhir_servers, *settings.servers))


def _bases(urls: Iterable[str]) -> set[Base | None]:
    return {base_of(url) for url in urls} - {None}


def _readable(scope: str) -> frozenset[str] | None:
    """Types that may be read and searched; None when no scope is written the way SMART does (Epic has its own)."""
    scopes = [match for match in map(_SCOPE.fullmatch, scope.split()) if match is not None]
    reading = [one["type"] for one in scopes if one["may"] in ("read", "*") or {"r", "s"} <= set(one["may"])]
    return frozenset(reading) if scopes else None
