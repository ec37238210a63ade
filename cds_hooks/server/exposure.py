"""May this service listen there? Off this machine it asks who calls and encrypts, or is told otherwise (C001, C145)."""

from __future__ import annotations

from urllib.parse import urlsplit

from spmwatch.cds_hooks.server.settings import Settings
from spmwatch.cds_hooks.trust.settings import is_loopback
from spmwatch.engine.errors import InputError


def exposed(settings: Settings) -> str | None:
    """Why others can reach the service, or None: a proxy on this machine may pass on what it gets from outside."""
    if not is_loopback(settings.host):
        return f"others can reach host {settings.host}"
    if settings.tls.ends_at_proxy:
        return "others can reach it through the proxy"
    if settings.public_url is not None and not is_loopback(urlsplit(settings.public_url).hostname or ""):
        return f"others can reach public_url {settings.public_url}"
    return None


def check_exposure(settings: Settings) -> None:
    """Pass if the service may start. Raises InputError."""
    why = exposed(settings)
    if why is None or settings.trust.without_trust:
        return
    if not settings.trust.clients and settings.tls.client_ca is None:
        raise InputError(
            "trust",
            "-",
            f"{why}, and nobody is asked who they are",
            "Name the clients under trust.clients (docs/deployment.md), listen on 127.0.0.1, or say --without-trust if "
            "only test data will come",
        )
    if settings.tls.certfile is None and not settings.tls.ends_at_proxy:
        raise InputError(
            "tls",
            "-",
            f"{why}, and nothing is encrypted",
            "Set tls.certfile and tls.keyfile, or say --behind-proxy if a proxy in front encrypts and is the only way",
        )
    if settings.tls.ends_at_proxy and urlsplit(settings.public_url or "").scheme != "https":
        raise InputError(
            "public_url",
            "-",
            "behind a proxy the service cannot know its own address, and that has to be https",
            "Write the address that clients call, e.g. https://cds.example.org",
        )
    if settings.public_url is None and settings.host in ("0.0.0.0", "::"):  # noqa: S104 - it is what is looked for
        raise InputError(
            "public_url",
            "-",
            f"host {settings.host} is no address that a client can call",
            "Write the address that clients call, e.g. https://cds.example.org",
        )
