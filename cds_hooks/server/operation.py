"""What an operator may set about running the service: workers, limits, logs."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from spmwatch.cds_hooks.section import Section


class OperationSettings(Section):
    """Section `operation`."""

    workers: int = Field(default=1, ge=1, le=64)
    """Processes that answer; each evaluates one request at a time, so one a core is right."""
    most_waiting: int = Field(default=64, ge=1, le=10_000)
    """Requests that one worker has taken in and not answered yet; the next one is told to come back (503 with
    Retry-After)."""
    deadline_seconds: float = Field(default=5, gt=0, le=300)
    """How long a request may wait for its turn; then it is told to come back, because the clinician has gone on."""
    read_seconds: float = Field(default=10, gt=0, le=300)
    """How long a client may take to send the head of a request, and as long again for its body."""
    keep_alive_seconds: float = Field(default=75, gt=0, le=3600)
    """How long an idle connection stays open: longer than a proxy in front keeps it, or requests are lost."""
    most_connections: int = Field(default=1000, ge=1, le=100_000)
    """Connections that one worker holds; further ones wait in the system's queue."""
    most_body_bytes: int = Field(default=128 * 1024 * 1024, ge=16 * 1024 * 1024)
    """Bytes of request bodies that one worker holds at once; beyond them 503."""
    remember_bytes: int = Field(default=64 * 1024 * 1024, ge=0)
    """Memory that one worker may spend on charts evaluated a moment ago, in bytes (a chart takes 30 to 80 KB): when the
    very same chart is asked about again, what was found is told again without another evaluation. 0 remembers none."""
    remember_seconds: float = Field(default=300, gt=0, le=3600)
    """How long a chart is remembered, from its evaluation on: patients' data should not stay longer than useful."""
    inline_bytes: int = Field(default=256 * 1024, ge=0)
    """Requests up to this size are evaluated between two rounds of the event loop, longer ones on a thread: the health
    checks stay quick, and a thread costs a short request more than it gains."""
    evaluation_seconds: float = Field(default=20, gt=0, le=600)
    """How long the evaluation of one request may take; a worker that is in one for longer is killed and replaced, and
    its clients see a broken connection."""
    shutdown_seconds: float = Field(default=20, gt=0, le=600)
    """How long requests that were taken in may take to finish after SIGTERM."""
    metrics: bool = True
    """Is there a page `/metrics`?"""
    watch_address: str | None = Field(default=None, pattern=r"^(\[[0-9A-Fa-f:]+\]|[^\s:\[\]]+):\d{1,5}$")
    """Host and port, e.g. `127.0.0.1:9100`, where `/healthz`, `/readyz` and `/metrics` are served instead of beside the
    services. None of the three asks for a token."""
    log_format: Literal["auto", "json", "text"] = "auto"
    """`json` one object a line, `text` for people, `auto` text on a terminal and json elsewhere."""
    log_level: Literal["info", "warning", "error"] = "info"
    """The least that is logged; `warning` leaves out the line for each exchange."""
