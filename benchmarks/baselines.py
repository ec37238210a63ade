"""What the service is compared with, each a server of one process on a free port, whose address it prints.

constant  uvicorn, uvloop and httptools as the service uses them, answering without reading the body
fastapi   an endpoint as one writes it: it takes the body as a dict and returns a constant card
"""

from __future__ import annotations

import socket
import sys
from typing import Any

import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

CARD: dict[str, Any] = {
    "uuid": "0a0b0c0d-0000-4000-8000-000000000000",
    "summary": "A constant card",
    "indicator": "info",
    "detail": "It says the same to everybody.",
    "source": {"label": "Nobody"},
}
ANSWER = b'{"cards":[]}'


async def constant(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001
    """An answer without a question."""
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(ANSWER)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": ANSWER})


def fastapi() -> FastAPI:
    """The endpoint of a tutorial."""
    app = FastAPI()

    @app.post("/cds-services/{service_id}")
    async def call(service_id: str, request: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG001
        return {"cards": [CARD]}

    return app


def main() -> None:
    """Serve one of them until SIGTERM."""
    app: ASGIApp = constant if sys.argv[1] == "constant" else fastapi()
    lifespan = "off" if sys.argv[1] == "constant" else "auto"
    with socket.create_server(("127.0.0.1", 0)) as listening:
        print(f"http://127.0.0.1:{listening.getsockname()[1]}", flush=True)
        config = uvicorn.Config(
            app, loop="uvloop", http="httptools", lifespan=lifespan, access_log=False, log_level="warning"
        )
        uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main()
