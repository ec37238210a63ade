"""A FHIR R4 server that nobody here wrote (sekmet-fhir), run from its own environment: `make fhir-server`."""

from __future__ import annotations

import json
import socket
import sqlite3
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml

from tests.support.programs import ROOT, missing

SEKMET = ROOT / ".venv-fhir-server" / "bin" / "sekmet"
READY_SECONDS = 60.0
TOKEN = "tok-of-the-fhir-server"


@dataclass(frozen=True, slots=True)
class Asked:
    """One call that the server heard: `url` is path and query."""

    method: str
    url: str
    status: int
    headers: dict[str, str]


@dataclass(slots=True)
class FhirServer:
    """The running server. Calls before `forget` are left out of `asked`."""

    base: str
    folder: Path
    _seen: int = 0
    _marks: int = 0

    def load(self, *bundles: Mapping[str, Any]) -> None:
        """Keep every resource of these Bundles under its own id."""
        resources = [entry["resource"] for bundle in bundles for entry in bundle["entry"]]
        entries = [
            {"resource": one, "request": {"method": "PUT", "url": f"{one['resourceType']}/{one['id']}"}}
            for one in resources
        ]
        body = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
        httpx.post(self.base, json=body, headers=self._headers, timeout=60, trust_env=False).raise_for_status()

    def get(self, query: str) -> dict[str, Any]:
        """What it answers to a query, as a client that prefetches would see it."""
        answer = httpx.get(f"{self.base}/{query}", headers=self._headers, timeout=30, trust_env=False)
        found = answer.raise_for_status().json()
        assert isinstance(found, dict)
        return found

    def forget(self) -> None:
        """Begin anew with what was asked."""
        self._seen = self._mark()

    def asked(self) -> list[Asked]:
        """Every call since the last `forget`, in the order in which they ended."""
        until = self._mark()
        rows = self._traffic("id > ? AND id < ? AND url NOT LIKE '%mark=%'", self._seen, until)
        return [
            Asked(method, url, status, {name.lower(): value for name, value in json.loads(headers).items()})
            for _, method, url, status, headers in rows
        ]

    def _mark(self) -> int:
        """The place in the traffic after everything that was asked: a call is written down after it was answered."""
        self._marks += 1
        url = f"/fhir/metadata?mark={self._marks}"
        httpx.get(f"{self.base.removesuffix('/fhir')}{url}", timeout=30, trust_env=False)
        end = time.monotonic() + READY_SECONDS
        while time.monotonic() < end:
            for row in self._traffic("url = ?", url):
                return int(row[0])
            time.sleep(0.02)
        raise AssertionError("the FHIR server did not write down what it was asked")

    def _traffic(self, where: str, *values: object) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.folder / "data" / "sekmet.db")) as database:
            query = f"SELECT id, method, url, status, req_headers FROM traffic WHERE {where} ORDER BY id"
            return database.execute(query, values).fetchall()

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {TOKEN}"}


@contextmanager
def fhir_server(folder: Path, *, absolute_references: bool = False, token: str | None = TOKEN) -> Iterator[FhirServer]:
    """Run it on a free loopback port with an empty database while the block runs; it wants the token, if any."""
    if not SEKMET.exists():
        missing("sekmet-fhir", "make fhir-server")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    base = f"http://127.0.0.1:{port}/fhir"
    settings = {
        "base_url": base,
        "host": "127.0.0.1",
        "port": port,
        "simulator": {"enabled": False},
        "server_auth": {"types": ["bearer"], "tokens": [token]} if token else {"types": ["none"]},
        "server_behaviour": {"absolute_references": absolute_references},
        "validation": {"inbound": "off"},
    }
    (folder / "settings.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([SEKMET, "serve"], cwd=folder, stdout=log, stderr=subprocess.STDOUT)
        try:
            _wait(process, base, folder / "log")
            server = FhirServer(base, folder)
            server.forget()
            yield server
        finally:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait(process: subprocess.Popen[bytes], base: str, log: Path) -> None:
    end = time.monotonic() + READY_SECONDS
    while time.monotonic() < end:
        assert process.poll() is None, f"the FHIR server ended: {log.read_text(errors='replace')[-2000:]}"
        try:
            if httpx.get(f"{base}/metadata", timeout=5, trust_env=False).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError(f"the FHIR server is not ready after {READY_SECONDS:.0f} s")
