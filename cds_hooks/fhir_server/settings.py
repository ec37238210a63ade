"""What an operator may set about asking the client's FHIR server."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from spmwatch.cds_hooks.fhir_server.addresses import base_of
from spmwatch.cds_hooks.section import Section


def server_address(value: str) -> str:
    """The base URL of a FHIR server. Raises ValueError for anything else, in words for the person who set it."""
    if base_of(value) is None:
        raise ValueError("is not the base URL of a FHIR server. Write it like https://ehr.example.org/fhir/r4")
    return value


Address = Annotated[str, AfterValidator(server_address)]


class FhirSettings(Section):
    """Section `fhir`: what prefetch lacks may be asked of the FHIR server that the request names."""

    servers: tuple[Address, ...] = ()
    """Base URLs of the FHIR servers that may be asked for every client, beside those that are set for one client.
    Empty: none. A `fhirServer` that is on neither list is not even resolved."""
    open_servers: tuple[Address, ...] = ()
    """Those of the allowed servers that are asked without a token where the request brings none: a public sandbox."""
    plain_http_servers: tuple[Address, ...] = ()
    """Those of the allowed servers that may be asked over http, unencrypted. On the loopback address any may."""
    ca_file: Path | None = None
    """Certificates (PEM) of the authorities that sign the servers' certificates. Left out: those of the system."""
    total_seconds: float = Field(default=3.0, gt=0, le=30)
    """Time for everything that is asked for one request; what has not come by then is not known. Clients wait 5 seconds
    at most (Da Vinci CRD), and would rather have an answer within half a second."""
    connect_seconds: float = Field(default=1.0, gt=0, le=30)
    """Time for each new connection, within that."""
    at_once: int = Field(default=4, ge=1, le=32)
    """Queries on the way at the same time, for one request."""
    connections: int = Field(default=50, ge=1, le=1000)
    """Connections that are open at the same time, in one worker."""
    page_size: int = Field(default=200, ge=0, le=10_000)
    """Entries asked for in each page (`_count`); 0 leaves it to the server."""
    most_pages: int = Field(default=20, ge=1, le=1000)
    """Pages that are asked for, for each query; a longer list counts as incomplete."""
    most_entries: int = Field(default=5000, ge=1)
    """Entries after which no further page is asked for, for each query."""
    most_bytes: int = Field(default=8 * 1024 * 1024, ge=1024)
    """Length of one answer in bytes, decompressed."""
    most_bytes_in_all: int = Field(default=24 * 1024 * 1024, ge=1024)
    """Length of all answers for one request in bytes, decompressed."""
    most_medications: int = Field(default=50, ge=0, le=1000)
    """Medication resources that are read one by one for one request, where records only refer to them."""
    rest_after: int = Field(default=3, ge=1)
    """After so many requests in a row for which a server gave no answer at all it is left alone for a while."""
    rest_seconds: float = Field(default=10.0, ge=0)
    """How long. After that, one more failure and it is left alone again."""
