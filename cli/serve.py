"""`spmwatch serve`: the CDS Hooks service."""

from __future__ import annotations

import ipaddress
import socket
from typing import Annotated

import typer

from spmwatch.cds_hooks.server.run import run
from spmwatch.cds_hooks.server.settings import Settings
from spmwatch.cli.edge import AsOf, complain, tidy, today
from spmwatch.cli.reading import Overlays, load_rules, overlay_lines
from spmwatch.engine.errors import InputError
from spmwatch.engine.evaluate import Evaluator


@tidy
def serve(
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Port to listen on; 0 takes a free one.")
    ] = 8000,
    without_trust: Annotated[
        bool,
        typer.Option(
            "--without-trust",
            help="Listen on an address that others can reach, although nobody is asked who they are.",
        ),
    ] = False,
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, max=64, help="Processes that answer; one a core is right.")
    ] = None,
    as_of: AsOf = None,
    overlay: Overlays = None,
) -> None:
    """Serve CDS Hooks: GET /cds-services, POST /cds-services/{id}.

    This version does not ask callers who they are and does not encrypt, so it listens on this machine alone unless
    --without-trust is given.

    --as-of evaluates every request as of that day: for demonstrations with old data only.
    """
    if not (without_trust or _is_loopback(host)):
        raise InputError(
            f"--host {host}",
            "-",
            "others can reach this address, and this version neither asks who calls nor encrypts",
            "Use 127.0.0.1, or say --without-trust if only test data will come",
        )
    operation = {} if workers is None else {"operation": {"workers": workers}}
    settings = Settings.model_validate({"host": host, "port": port, "overlays": tuple(overlay or ()), **operation})
    rules = load_rules(settings.overlays)
    with _listening(settings.host, settings.port) as listener:
        settings = settings.model_copy(update={"port": listener.getsockname()[1]})
        for line in overlay_lines(Evaluator(rules).identity):
            complain(line)
        if as_of is not None:
            complain(f"Every request is evaluated as of {as_of}: for demonstrations only.")
        complain(f"CDS Hooks services at {settings.base_url}/cds-services (Ctrl-C ends)")
        code = run(
            settings,
            listener,
            today=today if as_of is None else lambda: as_of,
            say=complain,
        )
    if code:
        raise typer.Exit(code)


def _is_loopback(host: str) -> bool:
    """Is it an address of this machine alone? A name counts only when it is `localhost`."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _listening(host: str, port: int) -> socket.socket:
    """A socket that listens there. Raises InputError."""
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        problem = f"cannot be listened on ({error.strerror or type(error).__name__})"
        raise InputError(f"{host}:{port}", "-", problem, "Choose another --port or --host") from None
