"""`spmwatch serve`: the CDS Hooks service."""

from __future__ import annotations

import socket
from typing import Annotated

import typer
import uvicorn

from spmwatch.cds_hooks.app import create_app
from spmwatch.cli.edge import AsOf, complain, tidy, today
from spmwatch.engine.errors import InputError


@tidy
def serve(
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Port to listen on; 0 takes a free one.")
    ] = 8000,
    as_of: AsOf = None,
) -> None:
    """Serve CDS Hooks: GET /cds-services, POST /cds-services/{id}.

    --as-of evaluates every request as of that day: for demonstrations with old data only.
    """
    app = create_app(clock=today if as_of is None else lambda: as_of)
    with _listening(host, port) as listener:
        if as_of is not None:
            complain(f"Every request is evaluated as of {as_of}: for demonstrations only.")
        name = f"[{host}]" if ":" in host else host
        complain(f"CDS Hooks services at http://{name}:{listener.getsockname()[1]}/cds-services (Ctrl-C ends)")
        uvicorn.Server(uvicorn.Config(app, access_log=False, log_level="warning")).run(sockets=[listener])


def _listening(host: str, port: int) -> socket.socket:
    """A socket that listens there. Raises InputError."""
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        problem = f"cannot be listened on ({error.strerror or type(error).__name__})"
        raise InputError(f"{host}:{port}", "-", problem, "Choose another --port or --host") from None
