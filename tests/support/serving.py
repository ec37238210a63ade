"""A service that really runs: uvicorn on a free loopback port, in a thread, stopped by its own handle."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp


@contextmanager
def serving(make: Callable[[str], ASGIApp]) -> Iterator[str]:
    """The base URL of the application that `make` builds, given that URL; it runs while the block does."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        base = f"http://127.0.0.1:{listening.getsockname()[1]}"
        config = uvicorn.Config(make(base), log_config=None, access_log=False, lifespan="on")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            while not server.started and thread.is_alive():
                time.sleep(0.02)
            yield base
        finally:
            server.should_exit = True
            thread.join(timeout=10)
    assert not thread.is_alive()
