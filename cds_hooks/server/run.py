"""From settings and rules to running processes: what `spmwatch serve` calls."""

from __future__ import annotations

import gc
import os
import shutil
import socket
import ssl
import tempfile
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import date
from functools import partial
from importlib import resources
from pathlib import Path

import structlog

from spmwatch.cds_hooks.fhir_server.client import authorities
from spmwatch.cds_hooks.server import logs
from spmwatch.cds_hooks.server.assemble import assemble
from spmwatch.cds_hooks.server.board import Board
from spmwatch.cds_hooks.server.closing import let_nobody_in
from spmwatch.cds_hooks.server.notify import notify
from spmwatch.cds_hooks.server.service import Rules, warm_up
from spmwatch.cds_hooks.server.settings import Settings
from spmwatch.cds_hooks.server.supervisor import Start, Supervisor
from spmwatch.cds_hooks.server.worker import Post, work
from spmwatch.cds_hooks.store.opening import make_ready
from spmwatch.cds_hooks.trust.making import make_replay_ready
from spmwatch.engine.catalogue.load import load_rule_base
from spmwatch.engine.errors import InputError

SHARED_COUNTS = "PROMETHEUS_MULTIPROC_DIR"


def make_parts_ready(settings: Settings) -> None:
    """Open once what each worker opens, and leave nothing open: before an address is told and workers are forked.

    Raises:
        StoreError: the store cannot be used.
        InputError: another part cannot be, e.g. the file of used tokens; named by its setting.
    """
    logs.configure(settings.operation.log_format, settings.operation.log_level)
    make_ready(settings.store)
    make_replay_ready(settings.trust)
    authorities(settings.fhir)


def run(
    settings: Settings,
    listening: socket.socket,
    *,
    today: Callable[[], date] | None = None,
    watching: socket.socket | None = None,
    tls: ssl.SSLContext | None = None,
) -> int:
    """Serve until SIGTERM (or SIGINT); SIGHUP reads the rules anew.

    Args:
        settings: with the port that is really listened on; `make_parts_ready` has seen them.
        listening: bound and listening, for the services.
        today: gives the day of an evaluation; None takes the clock.
        watching: bound and listening, for `/healthz` and its like where they have an address of their own.
        tls: for connections that are encrypted here.

    Returns:
        0 when everything ended in order; 1 when a worker left requests or had to be killed; 2 when none could start.

    Raises:
        RuleFileError: the rules are broken at the start.
        KeyboardInterrupt: it was SIGINT.
    """
    board = Board()
    with ExitStack() as stack:
        gone = stack.enter_context(_shared_counts()) if settings.operation.metrics else _nobody
        supervisor = Supervisor(
            workers=settings.operation.workers,
            shutdown_seconds=settings.operation.shutdown_seconds,
            evaluation_seconds=settings.operation.evaluation_seconds,
            board=board,
            prepare=partial(_prepared, settings.overlays),
            work=partial(_work, settings, listening, watching, board, today, tls),
            gone=gone,
            stop_listening=partial(_stop_listening, listening, watching),
            notify=notify,
        )
        return supervisor.run()


@contextmanager
def watching_at(address: str | None) -> Generator[socket.socket | None]:
    """The socket for `/healthz` and its like, where they have one of their own. Raises InputError."""
    if address is None:
        yield None
        return
    host, _, port = address.rpartition(":")
    family = socket.AF_INET6 if host.startswith("[") else socket.AF_INET
    try:
        listening = socket.create_server((host.strip("[]"), int(port)), family=family)
    except (OSError, OverflowError) as error:
        problem = f"{address} cannot be listened on ({type(error).__name__})"
        raise InputError("operation.watch_address", "-", problem, "Choose another host or port") from None
    with listening:
        yield listening


def _prepared(overlays: Sequence[Path]) -> Rules:
    """The rules as they stand in their files now: read, checked and compiled, once for all workers."""
    rules = Rules(load_rule_base(resources.files("spmwatch.rules"), overlays))
    warm_up(rules.current)
    gc.collect()
    gc.freeze()  # so that a worker's collector never writes to the pages it shares
    told = rules.current.identity
    structlog.get_logger().info("rules read", version=told.version, digest=told.digest, overlays=list(told.overlays))
    return rules


def _work(
    settings: Settings,
    listening: socket.socket,
    watching: socket.socket | None,
    board: Board,
    today: Callable[[], date] | None,
    tls: ssl.SSLContext | None,
    rules: Rules,
    start: Start,
) -> int:
    """The life of a worker, in its process."""
    service = assemble(settings, rules.current.rule_base, today=today, board=board, worker=start.number)
    service.rules = rules
    post = Post(
        number=start.number,
        board=board,
        peers=start.peers,
        listening=listening,
        watching=watching,
        tls=tls,
        parent_gone=start.parent_gone,
        is_ready=start.is_ready,
    )
    return work(service, post)


def _stop_listening(*sockets: socket.socket | None) -> None:
    for each in sockets:
        if each is not None:
            let_nobody_in(each)
            each.close()


@contextmanager
def _shared_counts() -> Generator[Callable[[int], None]]:
    """A folder in which workers share their counts while the service runs; gives what a worker's end is told to."""
    folder = tempfile.mkdtemp(prefix="spmwatch-metrics-", dir=os.environ.get("RUNTIME_DIRECTORY"))
    os.environ[SHARED_COUNTS] = folder
    # Only now: prometheus_client looks for the folder when it is imported.
    from prometheus_client.multiprocess import mark_process_dead  # noqa: PLC0415

    try:
        yield partial(mark_process_dead, path=folder)
    finally:
        del os.environ[SHARED_COUNTS]
        shutil.rmtree(folder, ignore_errors=True)


def _nobody(_: int) -> None:
    """Nobody counts workers."""
