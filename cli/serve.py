"""`spmwatch serve`: the CDS Hooks service."""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from spmwatch.cds_hooks.configuration.file import Place
from spmwatch.cds_hooks.configuration.printing import printed
from spmwatch.cds_hooks.configuration.reading import configured
from spmwatch.cds_hooks.server.exposure import check_exposure
from spmwatch.cds_hooks.server.run import make_parts_ready, run, watching_at
from spmwatch.cds_hooks.server.settings import Settings
from spmwatch.cds_hooks.server.tls import tls_context
from spmwatch.cds_hooks.trust.making import trusted_clients
from spmwatch.cli.checking import Form, check_settings
from spmwatch.cli.configuration import ConfigFile
from spmwatch.cli.edge import AsOf, complain, tidy, today
from spmwatch.cli.reading import Overlays, load_rules, overlay_lines
from spmwatch.engine.errors import InputError
from spmwatch.engine.evaluate import Evaluator

Host = Annotated[
    str | None, typer.Option("--host", help="Address to listen on. Default: 127.0.0.1.", show_default=False)
]
Port = Annotated[
    int | None,
    typer.Option(
        "--port", min=0, max=65535, help="Port to listen on; 0 takes a free one. Default: 8000.", show_default=False
    ),
]
Workers = Annotated[
    int | None,
    typer.Option("--workers", min=1, max=64, help="Processes that answer; one a core is right. Default: 1."),
]
WithoutTrust = Annotated[
    bool,
    typer.Option(
        "--without-trust",
        help="Listen on an address that others can reach, although nobody is asked who they are and nothing is "
        "encrypted: for test data only.",
    ),
]
BehindProxy = Annotated[
    bool,
    typer.Option(
        "--behind-proxy", help="A proxy in front encrypts (TLS), and nothing reaches this address but through it."
    ),
]
PrintConfig = Annotated[
    bool,
    typer.Option(
        "--print-config", help="Print the settings in force as TOML, what each means and where it came from; end."
    ),
]
OnlyCheck = Annotated[
    bool,
    typer.Option(
        "--check",
        help="Check settings, keys, certificates and rules, print what an analyst types into the EHR, and end.",
    ),
]
CheckForm = Annotated[Form, typer.Option("--format", help="How --check prints it.")]


@tidy
def serve(  # each argument is an option
    config: ConfigFile = None,
    host: Host = None,
    port: Port = None,
    workers: Workers = None,
    without_trust: WithoutTrust = False,
    behind_proxy: BehindProxy = False,
    print_config: PrintConfig = False,
    check: OnlyCheck = False,
    form: CheckForm = Form.TEXT,
    as_of: AsOf = None,
    overlay: Overlays = None,
) -> None:
    """Serve CDS Hooks: GET /cds-services, POST /cds-services/{id}.

    Settings come from a file, from the environment (SPMWATCH_TRUST__LEEWAY_SECONDS=60) and from options, each stronger
    than the one before. Without any, the service listens on this machine alone and asks nobody who they are.

    --as-of evaluates every request as of that day: for demonstrations with old data only.
    """
    given: dict[Place, tuple[str, object]] = {
        ("host",): ("--host", host),
        ("port",): ("--port", port),
        ("operation", "workers"): ("--workers", workers),
        ("trust", "without_trust"): ("--without-trust", without_trust or None),
        ("tls", "ends_at_proxy"): ("--behind-proxy", behind_proxy or None),
        ("overlays",): ("--overlay", [str(folder) for folder in overlay or ()] or None),
    }
    effective = configured(config, {place: told for place, told in given.items() if told[1] is not None})
    if print_config:
        typer.echo(printed(effective), nl=False)
        return
    if check:
        check_settings(effective.settings, form)
        return
    _serve(effective.settings, as_of)


def _serve(settings: Settings, as_of: date | None) -> None:
    check_exposure(settings)
    trusted_clients(settings.trust)  # each worker reads them; a fault is told here, once
    tls = tls_context(settings.tls)
    _say_rules(settings.overlays)
    with (
        _listening(settings.host, settings.port) as listener,
        watching_at(settings.operation.watch_address) as watching,
        _replay_file(settings) as replay_file,
    ):
        trust = settings.trust.model_copy(update={"replay_file": replay_file})
        settings = settings.model_copy(update={"port": listener.getsockname()[1], "trust": trust})
        make_parts_ready(settings)
        if as_of is not None:
            complain(f"Every request is evaluated as of {as_of}: for demonstrations only.")
        complain(f"CDS Hooks services at {settings.base_url}/cds-services (Ctrl-C ends)")
        if watching is not None:
            complain(f"Health and metrics at {_address(watching)}/")
        day = today if as_of is None else lambda: as_of
        code = run(settings, listener, today=day, watching=watching, tls=tls)
    if code:
        raise typer.Exit(code)


def _address(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _say_rules(overlays: Sequence[Path]) -> None:
    for line in overlay_lines(Evaluator(load_rules(overlays)).identity):
        complain(line)


@contextmanager
def _replay_file(settings: Settings) -> Generator[Path | None]:
    """Where all workers remember used tokens: also those that come after a reload of the rules."""
    if settings.trust.replay_file is not None or not settings.trust.clients:
        yield settings.trust.replay_file
        return
    with tempfile.TemporaryDirectory(prefix="spmwatch-tokens-", dir=os.environ.get("RUNTIME_DIRECTORY")) as folder:
        yield Path(folder) / "used.db"


def _listening(host: str, port: int) -> socket.socket:
    """A socket that listens there. Raises InputError."""
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        problem = f"cannot be listened on ({error.strerror or type(error).__name__})"
        raise InputError(f"{host}:{port}", "-", problem, "Choose another --port or --host") from None
