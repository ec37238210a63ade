"""What strangers and misfortune do to `spmwatch serve`, done to a service that really runs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.integration.test_processes import BODY, HEAD, JSON, VIEW, raw
from tests.support.processes import Served, served, until

ORIGIN = "https://ehr.example.org"


@pytest.fixture(scope="module")
def pair() -> Iterator[Served]:
    own = {"SPMWATCH_OPERATION__READ_SECONDS": "2", "SPMWATCH_TRUST__ORIGINS": f'["{ORIGIN}"]'}
    with served("--workers", "2", environment=own) as running:
        yield running


# -- heads that can be read in two ways -----------------------------------------------------------------------------


def sent(running: Served, *lines: str, body: bytes = BODY) -> bytes:
    """The answer's first bytes to a call with these headers more."""
    with raw(running) as connection:
        connection.sendall("\r\n".join([HEAD[:-4], *lines, "", ""]).encode() + body)
        return connection.recv(100_000)


@pytest.mark.parametrize(
    "lines",
    [
        (f"Origin: {ORIGIN}", "Origin: https://elsewhere.example.org"),
        (f"Origin: {ORIGIN}", f"origin: {ORIGIN}"),
        ("Authorization: Bearer a", "Authorization: Bearer b"),
        ("Content-Type: text/plain",),
        ("Content-Encoding: identity", "Content-Encoding: gzip"),
        ("Host: elsewhere.example.org",),
    ],
    ids=["origins", "one origin twice", "tokens", "media types", "codings", "hosts"],
)
def test_a_header_that_decides_something_comes_once(pair: Served, lines: tuple[str, ...]) -> None:
    """A proxy in front may have gone by the other one."""
    answer = sent(pair, *lines)
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"access-control" not in answer.lower()


def test_a_request_names_its_host_where_http_asks_for_it(pair: Served) -> None:
    """RFC 9112, section 3.2; HTTP/1.0 does not ask."""
    nameless = HEAD.replace("Host: x\r\n", "")
    for head, status in ((nameless, b"400"), (nameless.replace("HTTP/1.1", "HTTP/1.0"), b"200")):
        with raw(pair) as connection:
            connection.sendall(head.encode() + BODY)
            assert connection.recv(100_000).split()[1] == status


def test_the_same_headers_once_are_taken(pair: Served) -> None:
    answer = sent(pair, f"Origin: {ORIGIN}", "Content-Encoding: identity", "X-Twice: 1", "X-Twice: 2")
    assert answer.startswith(b"HTTP/1.1 200")
    assert f"access-control-allow-origin: {ORIGIN}".encode() in answer.lower()


@pytest.mark.parametrize(
    "coding",
    ["gzip, chunked", "gzip", "identity", "chunked, chunked", "x, chunked", "chunked\r\nTransfer-Encoding: chunked"],
)
def test_other_transfer_codings_are_refused(pair: Served, coding: str) -> None:
    """Not taken for plain: whoever passed it on meant something else."""
    head = HEAD.replace(f"Content-Length: {len(BODY)}", f"Transfer-Encoding: {coding}")
    with raw(pair) as connection:
        connection.sendall(head.encode() + b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY))
        assert connection.recv(65536).startswith(b"HTTP/1.1 400")


def test_chunks_alone_are_taken(pair: Served) -> None:
    head = HEAD.replace(f"Content-Length: {len(BODY)}", "Transfer-Encoding: Chunked")
    with raw(pair) as connection:
        connection.sendall(head.encode() + b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY))
        assert connection.recv(65536).startswith(b"HTTP/1.1 200")


# -- a log that nobody reads ----------------------------------------------------------------------------------------


@contextmanager
def unheard(form: str) -> Generator[tuple[subprocess.Popen[bytes], str]]:
    """A service whose standard error has nobody at the other end any more, and its address."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("SPMWATCH_")}
    own |= {"SPMWATCH_OPERATION__LOG_FORMAT": form, "SPMWATCH_STORE__URL": "none"}
    command = [sys.executable, "-m", "spmwatch.cli", "serve", "--port", "0", "--workers", "2"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=own) as process:
        try:
            assert process.stderr is not None
            text = b""
            while b"ready" not in text:
                text += os.read(process.stderr.fileno(), 65536)
            process.stderr.close()
            yield process, text.decode().partition("services at ")[2].partition("/cds-services")[0]
        finally:
            process.kill()


@pytest.mark.parametrize("form", ["json", "text"])
def test_the_service_goes_on_when_its_log_is_gone(form: str) -> None:
    """A full disk or a log collector that fell over is no reason to withhold advice."""
    with unheard(form) as (process, base), httpx.Client(base_url=base, trust_env=False, timeout=30) as client:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")

        def workers() -> set[str]:
            return set(children.read_text().split())

        first = workers()
        assert client.post(VIEW, content=BODY, headers=JSON).status_code == 200
        os.kill(int(min(first)), signal.SIGKILL)
        until(lambda: len(workers()) == 2 and min(first) not in workers())
        process.send_signal(signal.SIGHUP)
        until(lambda: process.poll() is not None or (len(workers()) == 2 and not workers() & first))
        with httpx.Client(base_url=base, trust_env=False, timeout=30) as fresh:
            assert fresh.post(VIEW, content=BODY, headers=JSON).status_code == 200
            assert fresh.post(VIEW, content=b"{", headers=JSON).status_code == 400
        process.terminate()
        assert process.wait(timeout=30) == 0


# -- an address of its own for those who watch ----------------------------------------------------------------------


def test_what_is_told_is_listened_on_already() -> None:
    """Whoever reads the address may call it at once; the answer comes when a worker is there."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("SPMWATCH_")}
    own |= {"SPMWATCH_OPERATION__WATCH_ADDRESS": "127.0.0.1:0", "SPMWATCH_STORE__URL": "none"}
    command = [sys.executable, "-m", "spmwatch.cli", "serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=own) as process:
        try:
            assert process.stderr is not None
            lines = iter(process.stderr.readline, "")
            told = [next(lines), next(lines)]
            assert "CDS Hooks services at http://127.0.0.1:" in told[0]
            assert "Health and metrics at http://127.0.0.1:" in told[1]
            assert "ready" not in "".join(told)
            watched = told[1].split()[-1]
            assert httpx.get(f"{watched}healthz", trust_env=False, timeout=60).status_code == 200
            process.terminate()
            assert process.wait(timeout=30) == 0
        finally:
            process.kill()


def test_the_exchange_of_rules_says_that_settings_stay() -> None:
    with served() as running:
        running.send(signal.SIGHUP)
        until(lambda: bool(running.lines("rules exchanged")))
        (line,) = running.lines("rules exchanged")
        assert line["settings"] == "as they were at the start; they change with a restart"


# -- counts ---------------------------------------------------------------------------------------------------------


def test_files_of_counts_do_not_pile_up_and_counts_stay(tmp_path: Path) -> None:
    """Workers come and go; each one has counted."""
    name = 'spmwatch_requests_total{hook="patient-view",outcome="2xx"}'
    with served("--workers", "1", environment={"TMPDIR": str(tmp_path)}) as running:
        files = set[str]()
        for time in range(1, 5):
            with running.client() as client:
                assert client.post(VIEW, content=BODY, headers=JSON).status_code == 200
            assert running.metric(name) == time
            files |= {file.name for file in tmp_path.glob("spmwatch-metrics-*/*.db")}
            (worker,) = running.workers()
            if time % 2:
                os.kill(worker, signal.SIGKILL)
            else:
                running.send(signal.SIGHUP)
            until(lambda former=worker: len(running.workers()) == 1 and former not in running.workers())
        assert len(files) <= 6


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")
def test_a_full_disk_under_the_counts_ends_no_worker(tmp_path: Path) -> None:
    """A page of a mapped file for which there is no room is a SIGBUS."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)], check=False)
    if mounted.returncode:
        pytest.skip("nothing may be mounted here")
    try:
        with served(environment={"TMPDIR": str(disk)}) as running:
            workers = running.workers()
            with pytest.raises(OSError, match="No space left"):
                (disk / "fill").write_bytes(b"x" * 2_000_000)
            with running.client() as client:
                for _ in range(3):
                    assert client.post(VIEW, content=BODY, headers=JSON).status_code == 200
                assert client.post(f"{VIEW}x", content=BODY, headers=JSON).status_code == 404
            assert running.workers() == workers
            os.kill(workers[0], signal.SIGKILL)
            until(lambda: len(running.workers()) == 1 and running.workers() != workers)
            with running.client() as client:
                assert client.post(VIEW, content=BODY, headers=JSON).status_code == 200
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)
