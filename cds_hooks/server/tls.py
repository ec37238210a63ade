"""TLS for connections that are encrypted here (C001)."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Self

from pydantic import SecretStr, model_validator

from spmwatch.cds_hooks.section import Section
from spmwatch.engine.errors import InputError


class TlsSettings(Section):
    """Section `tls`."""

    certfile: Path | None = None
    """Certificate of this service, in PEM, with those of the authorities between it and the root."""
    keyfile: Path | None = None
    """Its private key, in PEM. Left out: it stands in the certificate's file."""
    keyfile_password: SecretStr | None = None
    """What the private key is encrypted with."""
    client_ca: Path | None = None
    """Authorities (PEM) that clients' certificates have to come from: then nobody else gets through (mutual TLS)."""
    ends_at_proxy: bool = False
    """TLS ends at a proxy in front, and nothing reaches this address but through it."""

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        lonely = [name for name in ("keyfile", "keyfile_password", "client_ca") if getattr(self, name) is not None]
        if lonely and self.certfile is None:
            raise ValueError(f"{lonely[0]} is of no use without certfile")
        if self.ends_at_proxy and self.certfile is not None:
            raise ValueError("certfile encrypts here and ends_at_proxy says that a proxy does: choose one")
        return self


def tls_context(settings: TlsSettings) -> ssl.SSLContext | None:
    """For the listening socket: TLS 1.2 or newer; None where nothing is encrypted here. Raises InputError."""
    if settings.certfile is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.set_alpn_protocols(["http/1.1"])
    password = settings.keyfile_password
    try:
        # Without a password OpenSSL would ask the terminal for one; an empty one is refused at once.
        context.load_cert_chain(
            settings.certfile, settings.keyfile, password="" if password is None else password.get_secret_value()
        )
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        where = f"tls.certfile {settings.certfile}, tls.keyfile {settings.keyfile or settings.certfile}"
        fix = "Name a certificate and the private key that belongs to it, in PEM, readable by the service"
        raise InputError(where, "-", f"cannot be used ({_reason(error)})", fix) from None
    if settings.client_ca is not None:
        try:
            context.load_verify_locations(settings.client_ca)
        except OSError as error:
            fix = "Name a file of certificates in PEM"
            where = f"tls.client_ca {settings.client_ca}"
            raise InputError(where, "-", f"cannot be used ({_reason(error)})", fix) from None
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        return (error.reason or "not in PEM").replace("_", " ").lower()
    return error.strerror or type(error).__name__ if isinstance(error, OSError) else "its password is wrong"
