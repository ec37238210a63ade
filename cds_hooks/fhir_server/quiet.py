"""What the HTTP library logs about our questions is dropped: their URLs hold patient ids, their headers the token."""

from __future__ import annotations

import logging
from contextvars import ContextVar

ASKING: ContextVar[bool] = ContextVar("asking", default=False)
"""True while a FHIR server is asked; tasks started then have it too. Other users of the library log as they like."""

_LOGGERS = ("httpx", "httpcore.connection", "httpcore.http11", "httpcore.http2", "httpcore.proxy", "httpcore.socks")


class _Drop(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:  # noqa: ARG002
        return not ASKING.get()


_DROP = _Drop()


def hush() -> None:
    """Let nothing through while ASKING is set. Calling it again changes nothing."""
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_DROP)
