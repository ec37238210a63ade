"""`spmwatch serve` as it is run: real processes, real signals, requests on the wire meanwhile."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import httpx
import pytest

from tests.support.processes import Served, served, until

ROOT = Path(__file__).parents[2]
VIEW = "/cds-services/spmwatch-patient-view"
JSON = {"Content-Type": "application/json"}
BODY = (ROOT / "examples/hooks/patient-view-maintenance-after-transplant.json").read_bytes()
HEAD = f"POST {VIEW} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(BODY)}\r\n\r\n"
EVALUATION_SECONDS = 1.5
ENDED = "Server disconnected without sending a response."


class Load:
    """Clients that send one request after the other, each on a connection that it keeps."""

    def __init__(self, base: str, clients: int) -> None:
        self.statuses: Counter[int] = Counter()
        self.lost: list[str] = []
        self.again = 0
        self.stop = threading.Event()
        self._base, self._clients = base, clients

    def __enter__(self) -> Self:
        self._pool = ThreadPoolExecutor(self._clients)
        self._running = [self._pool.submit(self._send) for _ in range(self._clients)]
        until(lambda: sum(self.statuses.values()) > 2 * self._clients)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        for one in self._running:
            one.result()
        self._pool.shutdown()

    def _send(self) -> None:
        with httpx.Client(base_url=self._base, timeout=30, trust_env=False) as client:
            while not self.stop.is_set():
                try:
                    response = self._post(client)
                except httpx.ConnectError:
                    return  # nobody listens any more: this request was never accepted
                except httpx.HTTPError as error:
                    self.lost.append(repr(error))
                    return
                self.statuses[response.status_code] += 1

    def _post(self, client: httpx.Client) -> httpx.Response:
        """One request; once again on a new connection where RFC 9112, 9.5, lets it be lost on one that was kept.

        That is: the other side ended the connection in order, before any byte of the answer, while the request was on
        its way. A connection that is new or broken off is no such case.
        """
        events: list[str] = []
        tracing = {"trace": lambda event, _: events.append(event)}
        try:
            return client.post(VIEW, content=BODY, headers=JSON, extensions=tracing)
        except httpx.RemoteProtocolError as error:
            if str(error) != ENDED or any(event.startswith("connection.connect_tcp") for event in events):
                raise
            self.again += 1
            return client.post(VIEW, content=BODY, headers=JSON)


@contextmanager
def raw(running: Served) -> Iterator[socket.socket]:
    """A bare connection."""
    host, port = running.base.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        yield connection


@pytest.mark.parametrize("workers", ["1", "2"])
def test_sigterm_answers_what_was_accepted_and_ends_with_0(workers: str, tmp_path: Path) -> None:
    """Under load, and for a request whose body is still on its way; the folder of counts goes too."""
    with (
        served("--workers", workers, environment={"TMPDIR": str(tmp_path)}) as running,
        raw(running) as connection,
        Load(running.base, 8) as load,
    ):
        assert list(tmp_path.glob("spmwatch-metrics-*/*.db"))
        children = running.workers()
        assert len(children) == int(workers)
        connection.sendall(HEAD.encode() + BODY[:1000])
        running.send(signal.SIGTERM)
        until(lambda: bool(running.lines("ending")))
        time.sleep(0.8)  # longer than idle connections linger
        connection.sendall(BODY[1000:])
        answer = connection.recv(100_000)
        assert answer.startswith(b"HTTP/1.1 200")
        assert b"connection: close" in answer.lower()
        assert running.process.wait(timeout=30) == 0
        assert not load.lost
        assert set(load.statuses) == {200}
        assert not any(Path(f"/proc/{pid}").exists() for pid in children)
        assert not list(tmp_path.glob("spmwatch-metrics-*"))


@pytest.fixture(scope="module")
def pair() -> Iterator[Served]:
    """A service of two workers."""
    with served("--workers", "2") as running:
        yield running


def test_counts_are_those_of_all_workers(pair: Served) -> None:
    name = 'spmwatch_requests_total{hook="patient-view",outcome="2xx"}'
    before = pair.metric(name)
    with Load(pair.base, 6) as load:
        pass
    until(lambda: pair.metric(name) - before == load.statuses[200])  # a worker hands on what it counted a little later


def test_a_worker_that_dies_is_replaced_and_its_counts_stay(pair: Served) -> None:
    name = 'spmwatch_requests_total{hook="patient-view",outcome="2xx"}'
    counted = pair.metric(name) + 1
    with pair.client() as client:
        assert client.post(VIEW, content=BODY, headers=JSON).status_code == 200
    until(lambda: pair.metric(name) == counted)
    before = pair.workers()
    os.kill(before[0], signal.SIGKILL)
    until(lambda: len(pair.workers()) == 2 and before[0] not in pair.workers())
    assert before[1] in pair.workers()
    assert pair.metric(name) == counted
    with pair.client() as client:
        assert client.post(VIEW, content=BODY, headers=JSON).status_code == 200
    assert pair.metric("spmwatch_worker_deaths_total") == 1
    assert [line["exit_code"] for line in pair.lines("a worker died")] == [-9]


def test_workers_end_when_their_parent_is_killed() -> None:
    with served("--workers", "2") as running:
        children = running.workers()
        running.process.kill()
        running.process.wait()
        until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in children))


def digest(running: Served) -> str:
    with running.client() as client:
        return str(client.get("/readyz").json()["parts"]["rules"]["digest"])


@pytest.mark.parametrize("workers", ["1", "2"])
def test_sighup_exchanges_the_rules_and_keeps_the_old_when_the_new_are_broken(workers: str, tmp_path: Path) -> None:
    overlay = tmp_path / "site"
    shutil.copytree(ROOT / "examples/overlays/eu-label", overlay)
    changed = overlay / "overlay.yaml"
    sound = changed.read_text()
    assert "value: 35" in sound
    with served("--workers", workers, "--overlay", str(overlay)) as running, Load(running.base, 4) as load:
        first, former = digest(running), running.workers()

        changed.write_text(f"{sound}\nno-such-field: 1\n")
        running.send(signal.SIGHUP)
        until(lambda: running.metric("spmwatch_rules_reload_failed") == 1)
        assert digest(running) == first
        assert running.workers() == former
        (told,) = running.lines("the new rules are not taken; the old ones stay in force")
        assert "overlay.yaml" in told["says"]
        assert "no-such-field" in told["says"]

        changed.write_text(sound.replace("value: 35", "value: 36"))
        running.send(signal.SIGHUP)
        until(lambda: digest(running) != first)
        until(lambda: not set(former) & set(running.workers()))
        assert len(running.workers()) == int(workers)
        assert running.metric("spmwatch_rules_reload_failed") == 0
        assert running.metric("spmwatch_rules_reloads_total") == 1
        assert running.process.poll() is None
    assert not load.lost
    assert set(load.statuses) == {200}


def test_health_has_an_address_of_its_own_where_that_is_wished() -> None:
    with served(environment={"SPMWATCH_OPERATION__WATCH_ADDRESS": "127.0.0.1:0"}) as running:
        (line,) = [line for line in running.log.splitlines() if line.startswith("Health and metrics at ")]
        watched = line.removeprefix("Health and metrics at ").rstrip("/")
        with running.client() as client:
            assert client.get("/metrics").status_code == 404
            assert client.get("/cds-services").status_code == 200
            for page in ("/healthz", "/readyz", "/metrics"):
                assert client.get(f"{watched}{page}").status_code == 200
            assert client.get(f"{watched}/cds-services").status_code == 404


@pytest.fixture(scope="module")
def narrow() -> Iterator[Served]:
    """A service that takes in two requests at once; for clients it waits as long as ever, so a busy machine is none."""
    with served(environment={"SPMWATCH_OPERATION__MOST_WAITING": "2"}) as running:
        yield running


@pytest.fixture(scope="module")
def impatient() -> Iterator[Served]:
    """A service that waits a second for clients."""
    with served(environment={"SPMWATCH_OPERATION__READ_SECONDS": "1"}) as running:
        yield running


def test_overload_is_told_to_come_back_and_health_answers(narrow: Served) -> None:
    """Sixteen times as many connections as are taken in."""
    with Load(narrow.base, 32) as load, narrow.client() as client:
        until(lambda: load.statuses[503] > 100)
        answers = (client.post(VIEW, content=BODY, headers=JSON) for _ in range(1000))
        refused = next(answer for answer in answers if answer.status_code == 503)
        assert refused.headers["retry-after"] == "1"
        assert refused.json()["resourceType"] == "OperationOutcome"
        assert refused.json()["issue"][0]["code"] == "throttled"
        assert client.get("/healthz").status_code == 200
        assert client.get("/readyz").status_code == 200
    assert not load.lost
    assert set(load.statuses) == {200, 503}
    assert narrow.metric('spmwatch_refusals_total{hook="patient-view",kind="overload"}') >= load.statuses[503]
    assert narrow.metric("spmwatch_waiting") == 0


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"POST /cds-services HTTP/1.1\r\nX-Slow: ",
        b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /hea",
        b"POST /no-such-page HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{",
    ],
    ids=["nothing", "a head", "a second head", "a body nobody wants"],
)
def test_slow_clients_are_left(impatient: Served, sent: bytes) -> None:
    with raw(impatient) as connection:
        connection.sendall(sent)
        while connection.recv(65536):
            pass  # what was answered before; then the end, else the socket's own timeout fails the test


def test_a_slow_body_is_refused(impatient: Served) -> None:
    with raw(impatient) as connection:
        connection.sendall(HEAD.encode() + b"{")
        assert connection.recv(65536).startswith(b"HTTP/1.1 408")


def test_a_head_without_end_is_refused(narrow: Served) -> None:
    with raw(narrow) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\n" + b"X-More: 0123456789\r\n" * 5_000)
        assert connection.recv(65536).startswith(b"HTTP/1.1 400")


def hang_in_an_evaluation(running: Served) -> int:
    """Stop a worker under load until one is caught with the turn; the parent, which ends it, is seen to have done so.

    Whether a stopped worker was evaluating, nobody but the parent can tell: one that was not is let go on.
    """
    for _ in range(20):
        worker = running.workers()[0]
        os.kill(worker, signal.SIGSTOP)
        ends = time.monotonic() + 3 * EVALUATION_SECONDS
        while time.monotonic() < ends:
            if worker not in running.workers():
                return worker
            time.sleep(0.02)
        os.kill(worker, signal.SIGCONT)
    pytest.fail("no worker that hung in an evaluation was ended")


@pytest.mark.parametrize("workers", [1, 2])
def test_a_worker_that_evaluates_for_too_long_is_killed_and_replaced(workers: int) -> None:
    environment = {
        "SPMWATCH_OPERATION__EVALUATION_SECONDS": str(EVALUATION_SECONDS),
        "SPMWATCH_OPERATION__REMEMBER_BYTES": "0",  # each request is evaluated, so that most moments are within one
    }
    with served("--workers", str(workers), environment=environment) as running, running.client() as client:
        before = running.workers()
        with Load(running.base, 8):
            killed = hang_in_an_evaluation(running)
        until(lambda: len(running.workers()) == workers)
        assert set(before) - set(running.workers()) == {killed}
        (line,) = running.lines("an evaluation takes too long; its worker is killed")
        assert line["pid"] == killed
        assert client.get("/readyz").status_code == 200
        assert client.post(VIEW, content=BODY, headers=JSON).status_code == 200


@pytest.mark.parametrize("cut", [1, 40, 250, 100_000_000])
def test_an_offer_of_another_protocol_does_not_cost_the_body(narrow: Served, cut: int) -> None:
    """Java's client offers HTTP/2 with each request; here it arrives in pieces, and the connection goes on after it."""
    offer = HEAD[:-2] + "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n"
    with raw(narrow) as connection:
        for _ in range(2):
            whole = offer.encode() + BODY
            connection.sendall(whole[:cut])
            time.sleep(0.1)
            connection.sendall(whole[cut:])
            answer = b""
            while b'"cards"' not in answer and b"HTTP/1.1 4" not in answer:
                got = connection.recv(100_000)
                assert got
                answer += got
            assert answer.startswith(b"HTTP/1.1 200")
            while not answer.rstrip().endswith(b"]}"):
                answer += connection.recv(100_000)
