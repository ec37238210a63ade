"""What an operator may set about who calls."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from itertools import combinations
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, model_validator

from spmwatch.cds_hooks.fhir_server.settings import Address as ServerAddress
from spmwatch.cds_hooks.section import Section
from spmwatch.cds_hooks.trust.token import Algorithm

LONGEST_LIFE = 3600
"""Seconds: a token that lives longer is a password."""


def is_loopback(host: str) -> bool:
    """Is it an address of this machine alone? A name counts only when it is `localhost`."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def _origin(text: str) -> str:
    """An origin as browsers write it."""
    parts = urlsplit(text)
    if text == "*" or not parts.hostname or f"{parts.scheme}://{parts.netloc}" != text or "@" in parts.netloc:
        raise ValueError("write an origin as browsers send it, e.g. https://ehr.example.org, without a path; never *")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname)):
        raise ValueError("an origin has to be https; http only on this machine, e.g. http://127.0.0.1:8080")
    return text.lower()


def _address(text: str) -> str:
    """An address that keys are fetched from."""
    parts = urlsplit(text)
    if parts.scheme not in ("https", "http") or not parts.hostname or "@" in parts.netloc or parts.fragment:
        raise ValueError("write a whole address, e.g. https://ehr.example.org/jwks.json, without a user name")
    return text


Origin = Annotated[str, AfterValidator(_origin)]
Address = Annotated[str, AfterValidator(_address)]
Name = Annotated[str, Field(min_length=1, max_length=255)]


class ClientSettings(Section):
    """One entry of `trust.clients`: an EHR, or one tenant of it."""

    id: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")
    """Name of the client in logs, metrics and the store, e.g. `epic-prod`."""
    issuers: tuple[Name, ...] = Field(min_length=1)
    """What `iss` of its tokens may be."""
    audience: tuple[Name, ...] = ()
    """What `aud` of its tokens may be, where somebody typed it by hand (Epic). Left out: the address that was called,
    as it follows from `public_url`."""
    subject: Name | None = None
    """What `sub` of its tokens has to be. Left out: anything."""
    tenant: Name | None = None
    """What `tenant` of its tokens has to be, where several share an issuer. Left out: anything."""
    algorithms: tuple[Algorithm, ...] = ("ES384", "RS384")
    """How its tokens may be signed: ES384 and RS384; RS256 and ES256 only where a client has nothing better."""
    jwks_file: Path | None = None
    """A file with its public keys (a JWK Set). Keys that are written down are never fetched."""
    jwks: dict[str, object] | None = None
    """Its public keys (a JWK Set), written here instead of into a file."""
    jwks_url: Address | None = None
    """Where its public keys are, for tokens that do not say so themselves."""
    jku: tuple[Address, ...] = ()
    """What `jku` of its tokens may be: other addresses are not even fetched."""
    max_lifetime_seconds: int = Field(default=600, ge=1, le=LONGEST_LIFE)
    """How long its tokens may live, from `iat` to `exp`. Epic's live 300 s."""
    silent: bool = False
    """A trial: its requests are evaluated and recorded, and it is shown nothing (docs/silent-mode.md)."""
    fhir_servers: tuple[ServerAddress, ...] = ()
    """Base addresses of FHIR servers that may be asked for what its prefetch lacks. None: only prefetch counts."""

    @model_validator(mode="after")
    def _has_keys(self) -> Self:
        if not self.algorithms:
            raise ValueError("algorithms is empty, so no token could be taken; leave it out")
        pinned = [name for name in ("jwks_file", "jwks") if getattr(self, name) is not None]
        if len(pinned) > 1:
            raise ValueError("write either jwks_file or jwks")
        if pinned and self.jwks_url is not None:
            raise ValueError(f"{pinned[0]} writes the keys down and jwks_url fetches them: choose one")
        if not (pinned or self.jwks_url or self.jku):
            raise ValueError("say where its public keys are: jwks_file, jwks, jwks_url or jku")
        return self

    @property
    def pinned(self) -> bool:
        """Are its keys written down?"""
        return self.jwks_file is not None or self.jwks is not None

    @property
    def fetched(self) -> tuple[str, ...]:
        """Addresses that its keys are fetched from."""
        return () if self.pinned else tuple(dict.fromkeys([*([self.jwks_url] if self.jwks_url else []), *self.jku]))


class AnyoneSettings(Section):
    """Section `trust.anyone`: what holds for callers where no client is configured, so nobody is asked who they are."""

    silent: bool = False
    """Requests are evaluated and recorded, and nothing is shown."""
    fhir_servers: tuple[ServerAddress, ...] = ()
    """Base addresses of FHIR servers that may be asked for what prefetch lacks."""


class KeyServerSettings(Section):
    """Section `trust.key_server`: how keys are fetched."""

    timeout_seconds: float = Field(default=3, gt=0, le=30)
    """For one fetch, from first to last byte."""
    pause_seconds: float = Field(default=30, ge=1, le=3600)
    """Between two fetches from one address, however many unknown keys are named meanwhile."""
    fresh_seconds: float = Field(default=3600, ge=60, le=86400)
    """As long are keys used without asking again: as long may a key be taken that the client has withdrawn."""
    stale_seconds: float = Field(default=86400, ge=60, le=7 * 86400)
    """As long are keys used when the server cannot be had."""
    ca_file: Path | None = None
    """Certificates of the authorities that the servers' certificates come from. Left out: those of the system."""
    proxy: SecretStr | None = None
    """Address of an HTTP proxy towards key servers, e.g. `http://proxy.example.org:3128`."""
    loopback_http: bool = False
    """May keys come over plain http from this machine? For trials only; anywhere else keys come over https."""


class TrustSettings(Section):
    """Section `trust`."""

    clients: tuple[ClientSettings, ...] = ()
    """Who may call, each told by its tokens."""
    leeway_seconds: int = Field(default=30, ge=0, le=300)
    """By how much clocks may differ."""
    replay_file: Path | None = None
    """A file of its own (SQLite) that remembers used tokens for all workers and over a restart. Left out: a file that
    is gone when the service ends. Its folder is made where only that is missing."""
    origins: tuple[Origin, ...] = ()
    """Origins of EHRs that run in the browser, e.g. `https://ehr.example.org` (CORS)."""
    without_trust: bool = False
    """Listen on an address that others can reach although nobody is asked who they are and nothing is encrypted: for
    test data only."""
    anyone: AnyoneSettings = AnyoneSettings()
    key_server: KeyServerSettings = KeyServerSettings()

    @model_validator(mode="after")
    def _each_token_means_one_client(self) -> Self:
        ids = [client.id for client in self.clients]
        for id_ in sorted({id_ for id_ in ids if ids.count(id_) > 1}):
            raise ValueError(f"two clients have the id {id_}")
        for one, other in combinations(self.clients, 2):
            shared = sorted(set(one.issuers) & set(other.issuers))
            if shared and not _told_apart(one, other):
                raise ValueError(
                    f"clients {one.id} and {other.id} share the issuer {shared[0]}: "
                    "give each its own tenant, or each its own subject"
                )
        return self

    @model_validator(mode="after")
    def _keys_come_encrypted(self) -> Self:
        for client in self.clients:
            for address in client.fetched:
                parts = urlsplit(address)
                if parts.scheme == "https" or (self.key_server.loopback_http and is_loopback(parts.hostname or "")):
                    continue
                raise ValueError(
                    f"client {client.id}: {address} is not https; plain http is taken from this machine alone, "
                    "with key_server.loopback_http"
                )
        return self


def _told_apart(one: ClientSettings, other: ClientSettings) -> bool:
    pairs: Iterable[tuple[str | None, str | None]] = ((one.tenant, other.tenant), (one.subject, other.subject))
    return any(left is not None and right is not None and left != right for left, right in pairs)
