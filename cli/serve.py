"""`spmwatch serve`: the CDS Hooks service."""

from __future__ import annotations

from typing import Annotated

import typer
import uvicorn

from spmwatch.cds_hooks.app import create_app
from spmwatch.cli.edge import NOTHING_USABLE, AsOf, complain, tidy, today


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
    if as_of is not None:
        complain(f"Every request is evaluated as of {as_of}: for demonstrations only.")
    complain(f"CDS Hooks services at http://{host}:{port}/cds-services (Ctrl-C ends)")
    server = uvicorn.Server(uvicorn.Config(app, host=host, port=port, access_log=False, log_level="warning"))
    server.run()
    if not server.started:
        complain(f"Cannot listen on {host}:{port}. Choose another --port.")
        raise typer.Exit(NOTHING_USABLE)
