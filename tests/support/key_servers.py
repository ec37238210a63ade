"""A key server that can be good, slow, broken, rotating, or not what it says."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Answering:
    """What the server answers; a test changes it while the server runs.

    Attributes:
        body: of every answer.
        seconds: waited before the answer, unless the server is stopped meanwhile.
        asked: paths that were asked for.
    """

    body: bytes = b'{"keys": []}'
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0
    asked: list[str] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)
    url: str = ""

    def has(self, jwks: dict[str, Any]) -> None:
        """From now on these are its keys."""
        self.body = json.dumps(jwks).encode()


@contextmanager
def key_server(jwks: dict[str, Any] | None = None, wrap: Callable[[Any], Any] | None = None) -> Iterator[Answering]:
    """A running key server on a free loopback port; `wrap` may put TLS round its socket."""
    answering = Answering()
    if jwks is not None:
        answering.has(jwks)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answering.asked.append(self.path)
            answering.stopped.wait(answering.seconds)
            try:
                self.send_response(answering.status)
                for name, value in answering.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answering.body)))
                self.end_headers()
                self.wfile.write(answering.body)
            except OSError:
                return  # whoever asked has gone

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = False
    if wrap is not None:
        server.socket = wrap(server.socket)
    scheme = "http" if wrap is None else "https"
    answering.url = f"{scheme}://127.0.0.1:{server.server_address[1]}/jwks.json"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield answering
    finally:
        answering.stopped.set()
        server.shutdown()
        thread.join(timeout=10)
        server.server_close()
