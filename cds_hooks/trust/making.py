"""From settings to an authenticator: reads files of keys, opens the memory of used tokens."""

from __future__ import annotations

import ssl
from pathlib import Path

from spmwatch.cds_hooks.trust.bearer import Bearers, TrustedClient
from spmwatch.cds_hooks.trust.client import Authenticator, Client, Everybody
from spmwatch.cds_hooks.trust.key_sources import FetchedKeys, KeyServer, KeySource, Patience, PinnedKeys
from spmwatch.cds_hooks.trust.keys import KeySet, KeySetError, key_set
from spmwatch.cds_hooks.trust.replay import OwnMemory, SharedMemory, check_file
from spmwatch.cds_hooks.trust.settings import ClientSettings, KeyServerSettings, TrustSettings
from spmwatch.cds_hooks.trust.token import Expected
from spmwatch.cds_hooks.wire import strict_json
from spmwatch.cds_hooks.wire.refusal import RequestError
from spmwatch.engine.errors import InputError


def authenticator(settings: TrustSettings) -> Authenticator:
    """Who calls, by these settings; everybody where no client is named. Raises InputError for a file of no use."""
    if not settings.clients:
        anyone = settings.anyone
        return Everybody(Client(id="anyone", silent=anyone.silent, fhir_servers=anyone.fhir_servers))
    replay = OwnMemory() if settings.replay_file is None else SharedMemory(settings.replay_file)
    return Bearers(trusted_clients(settings), replay)


def make_replay_ready(settings: TrustSettings) -> None:
    """Make the file of used tokens where one is named, and close it. Raises InputError when it cannot be used."""
    if settings.clients and settings.replay_file is not None:
        SharedMemory(settings.replay_file).close()


def check_trust(settings: TrustSettings) -> None:
    """Could the files be used? Nothing is fetched, made or written. Raises InputError."""
    trusted_clients(settings)
    if settings.clients and settings.replay_file is not None:
        check_file(settings.replay_file)


def trusted_clients(settings: TrustSettings) -> list[TrustedClient]:
    """The clients with their keys; nothing is fetched yet. Raises InputError for a file of no use."""
    servers = _key_servers(settings)
    return [
        TrustedClient(
            client=Client(id=one.id, silent=one.silent, fhir_servers=one.fhir_servers),
            expected=Expected(
                issuers=one.issuers,
                audience=one.audience,
                subject=one.subject,
                tenant=one.tenant,
                longest_life=one.max_lifetime_seconds,
                leeway=settings.leeway_seconds,
            ),
            algorithms=one.algorithms,
            keys=_keys(one, servers),
        )
        for one in settings.clients
    ]


def _key_servers(settings: TrustSettings) -> dict[str, KeyServer]:
    """One for each address, whoever uses it."""
    addresses = sorted({address for client in settings.clients for address in client.fetched})
    if not addresses:
        return {}
    asking = settings.key_server
    patience = Patience(
        timeout=asking.timeout_seconds,
        pause=asking.pause_seconds,
        fresh=asking.fresh_seconds,
        stale=max(asking.stale_seconds, asking.fresh_seconds),
    )
    verify = _authorities(asking)
    proxy = None if asking.proxy is None else asking.proxy.get_secret_value()
    return {address: KeyServer(address, patience=patience, verify=verify, proxy=proxy) for address in addresses}


def _authorities(settings: KeyServerSettings) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=settings.ca_file)
    except (OSError, ssl.SSLError) as error:
        where, fix = f"trust.key_server.ca_file: {settings.ca_file}", "Name a file of certificates in PEM"
        raise InputError(where, "-", f"cannot be used ({type(error).__name__})", fix) from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _keys(client: ClientSettings, servers: dict[str, KeyServer]) -> KeySource:
    if not client.pinned:
        return FetchedKeys({address: servers[address] for address in client.fetched}, client.jwks_url)
    where = f"trust.clients {client.id}"
    if client.jwks_file is not None:
        return PinnedKeys(_read(client.jwks_file, f"{where}: jwks_file {client.jwks_file}"), frozenset(client.jku))
    return PinnedKeys(_checked(client.jwks, f"{where}: jwks"), frozenset(client.jku))


def _read(file: Path, where: str) -> KeySet:
    try:
        document = strict_json.parse(strict_json.without_byte_order_mark(file.read_bytes()))
    except OSError as error:
        problem = f"cannot be read ({error.strerror or type(error).__name__})"
        raise InputError(where, "-", problem, "Name a file with the client's public keys (a JWK Set)") from None
    except RequestError:
        raise InputError(where, "-", "is no JSON", "Write the client's public keys as a JWK Set") from None
    return _checked(document, where)


def _checked(document: object, where: str) -> KeySet:
    """Of keys that somebody wrote down every one has to be of use."""
    try:
        keys = key_set(document)
    except KeySetError as error:
        raise InputError(where, "-", str(error), "Write the client's public keys as a JWK Set") from None
    if keys.unusable or not keys.keys:
        problem = "; ".join(keys.unusable) or "it holds no key"
        raise InputError(where, "-", problem, "Write public keys of kty EC or RSA, each with its kid")
    return keys
