"""Logs: one JSON object a line, or text for people; never anything that a client sent.

Our own lines are made of words and numbers of ours. What libraries write is another matter: httpx logs addresses with
patient ids in them, asyncio the text of an exception, SQLAlchemy the values of a statement. So of a line that is not
ours only its origin is told: which library, which level, where in its code, and of an exception its type and place.
"""

from __future__ import annotations

import contextlib
import logging
import sys
import threading
import traceback
import warnings
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, BinaryIO, Final, Literal, TextIO, cast

import orjson
import structlog

if TYPE_CHECKING:
    from structlog.typing import Processor

LEVELS: Final[Mapping[str, int]] = {"info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
OWN = "spmwatch"
_SAFE_TEXTS = frozenset({"Invalid HTTP request received.", "Unsupported upgrade request."})
"""Constant lines of uvicorn about what strangers send."""


def configure(form: Literal["auto", "json", "text"], level: str, to: TextIO | None = None) -> None:
    """Logs go to `to` (standard error) from here on, those of every library too, as `form` and from `level` on.

    Calling it anew replaces what was set before.
    """
    least = LEVELS[level]
    stream: TextIO = sys.stderr if to is None else to
    lines = form == "json" or (form == "auto" and not stream.isatty())
    before: list[Processor] = [
        structlog.contextvars.merge_contextvars,  # the correlation id
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if lines:
        structlog.configure(
            processors=[*before, structlog.processors.JSONRenderer(serializer=orjson.dumps)],
            wrapper_class=structlog.make_filtering_bound_logger(least),
            logger_factory=structlog.BytesLoggerFactory(cast("BinaryIO", _Lossy(stream.buffer))),
            cache_logger_on_first_use=False,
        )
    else:
        structlog.configure(
            processors=[*before, structlog.dev.ConsoleRenderer(colors=stream.isatty())],
            wrapper_class=structlog.make_filtering_bound_logger(least),
            logger_factory=structlog.PrintLoggerFactory(cast("TextIO", _Lossy(stream))),
            cache_logger_on_first_use=False,
        )
    root = logging.getLogger()
    root.handlers[:] = [_Retelling(least)]
    root.setLevel(max(least, logging.WARNING))
    for name in list(logging.root.manager.loggerDict):
        if name.partition(".")[0] != OWN:  # a library's own handlers and levels: uvicorn, alembic, sqlalchemy
            logging.getLogger(name).handlers[:] = []
            logging.getLogger(name).setLevel(logging.NOTSET)
            logging.getLogger(name).propagate = True
    logging.getLogger(OWN).setLevel(least)
    _catch_stray_texts()


def place_of(error: BaseException) -> str:
    """Where an exception came from, innermost last, without its message: that could hold patient data."""
    frames = traceback.extract_tb(error.__traceback__)
    return " > ".join(f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}" for frame in frames[-6:])


class _Lossy:
    """A stream whose failures stop nobody: its reader has gone, or its disk is full. Cards come without a log too."""

    def __init__(self, stream: BinaryIO | TextIO) -> None:
        self._stream = stream

    def write(self, content: bytes | str) -> int:
        """Write what can be written."""
        with contextlib.suppress(OSError, ValueError):  # the latter: closed
            self._stream.write(content)  # type: ignore[arg-type] # bytes to the one, text to the other
        return len(content)

    def flush(self) -> None:
        """Hand on what can be handed on."""
        with contextlib.suppress(OSError, ValueError):
            self._stream.flush()


class _Retelling(logging.Handler):
    """Retells what is logged through the standard library."""

    def emit(self, record: logging.LogRecord) -> None:
        log = structlog.get_logger()
        told: dict[str, object] = {"logger": record.name}
        fault = record.exc_info[1] if record.exc_info else None
        if fault is not None:
            told |= {"fault": type(fault).__name__, "at": place_of(fault)}
        if record.name.partition(".")[0] == OWN or record.msg in _SAFE_TEXTS:
            event = record.getMessage()
        else:
            event, told["line"] = "a library logged something", f"{record.filename}:{record.lineno}"
        log.log(record.levelno, event, **told)


def _catch_stray_texts() -> None:
    """Tracebacks and warnings that Python itself prints: without their texts."""
    log = logging.getLogger(f"{OWN}.process")

    def uncaught(_: type[BaseException], error: BaseException, __: TracebackType | None) -> None:
        log.critical("the process ends by a fault of ours", exc_info=error)

    def uncaught_in_thread(args: threading.ExceptHookArgs) -> None:
        log.error("a thread ended by a fault of ours", exc_info=args.exc_value)

    def unraisable(args: object) -> None:
        log.error("a fault that could not be raised", exc_info=getattr(args, "exc_value", None))

    def warned(
        message: Warning | str,  # noqa: ARG001 - its text may hold anything
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,  # noqa: ARG001
        line: str | None = None,  # noqa: ARG001
    ) -> None:
        log.warning("a warning of Python: %s at %s:%d", category.__name__, filename.rsplit("/", 1)[-1], lineno)

    sys.excepthook, threading.excepthook, sys.unraisablehook = uncaught, uncaught_in_thread, unraisable
    warnings.showwarning = warned
