"""What libraries log is retold without its text; our own lines stand as they are."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import suppress

import pytest
import structlog

from spmwatch.cds_hooks.server import logs


@pytest.fixture(autouse=True)
def written() -> Iterator[io.TextIOWrapper]:
    """Logs as the service has them, and where they go; everything is put back afterwards."""
    root = logging.getLogger()
    before = (
        root.handlers[:],
        root.level,
        sys.excepthook,
        threading.excepthook,
        sys.unraisablehook,
        warnings.showwarning,
    )
    to = io.TextIOWrapper(io.BytesIO())
    logs.configure("json", "info", to)
    yield to
    root.handlers[:], root.level = before[0], before[1]
    sys.excepthook, threading.excepthook, sys.unraisablehook, warnings.showwarning = before[2:]
    structlog.reset_defaults()


def told(written: io.TextIOWrapper) -> list[dict[str, object]]:
    written.seek(0)
    text = written.read()
    assert "Quastenflosser" not in text
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize("name", ["httpx", "httpcore.http11", "sqlalchemy.engine.Engine", "asyncio", "uvicorn.error"])
def test_a_library_s_line_is_told_by_its_origin(name: str, written: io.TextIOWrapper) -> None:
    log = logging.getLogger(name)
    log.info("GET /Patient/%s", "Quastenflosser")
    log.warning("GET /Patient/%s", "Quastenflosser")
    try:
        raise KeyError("Quastenflosser")
    except KeyError:
        log.exception("Quastenflosser")
    lines = told(written)
    assert [line["level"] for line in lines] == ["warning", "error"]
    assert all(line["logger"] == name and str(line["line"]).startswith("test_logs.py:") for line in lines)
    assert lines[1]["fault"] == "KeyError"


def test_our_own_lines_stand_as_they_are(written: io.TextIOWrapper) -> None:
    logging.getLogger("spmwatch.engine").info("rule %s is slow", "SPM-05")
    structlog.get_logger().info("exchange", status=200)
    lines = told(written)
    assert [line["event"] for line in lines] == ["rule SPM-05 is slow", "exchange"]
    assert all(str(line["timestamp"]).endswith("Z") for line in lines)


def test_threads_tasks_and_warnings_tell_no_text(written: io.TextIOWrapper) -> None:
    def fail() -> None:
        raise KeyError("Quastenflosser")

    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()

    async def forget() -> None:
        asyncio.get_running_loop().call_soon(fail)
        await asyncio.sleep(0.01)

    asyncio.run(forget())
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logs.configure("json", "info", written)
        with suppress(ValueError):
            warnings.warn("Quastenflosser", UserWarning, stacklevel=1)
    events = [(line["level"], line.get("fault")) for line in told(written)]
    assert ("error", "KeyError") in events
    assert ("warning", None) in events


def test_the_level_leaves_out_what_lies_below(written: io.TextIOWrapper) -> None:
    logs.configure("json", "warning", written)
    structlog.get_logger().info("exchange")
    logging.getLogger("spmwatch.engine").info("exchange")
    assert told(written) == []
