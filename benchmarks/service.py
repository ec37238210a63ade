"""The service under load: requests a second and the time they take, beside servers that do next to nothing.

    make bench-service              or  .venv/bin/python benchmarks/service.py [--seconds N] [--workers N]
    ... --memory 100000 [--again]   resident memory while so many requests are answered
    ... --overload 60               so many seconds with 16 times as many connections as are taken in

The request is that of benchmarks/requests.py: 60 resources, about 86 KB. Two things are measured, and never mixed:

- *every chart new*: 200 patients in rotation, whose ids, days and values differ, and a service that remembers no chart:
  the whole evaluation each time;
- *one chart asked again*: the same chart each time, in a new invocation, and the service as it comes: the chart was
  evaluated once and is told again.

Everything runs on loopback, on free ports, one server at a time, started and stopped here. 1 and 16 connections are
driven by wrk (closed loop; `cpu` is the processor time of all workers for each request), 50 and 200 requests a second
by benchmarks/open_loop.py. Each request has a `hookInstance` of its own. Ratios hold between machines, absolute numbers
do not; take them on a machine that does nothing else. Nothing is written.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from requests import another_patient, patient_view_request  # the file beside this one

HERE = Path(__file__).parent
SERVICE = "/cds-services/spmwatch-patient-view"
PATIENTS = 200
LUA = """
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
local heads, tails = {{}}, {{}}
for at = 0, {count} - 1 do
  local file = io.open(string.format("{folder}/%04d.json", at), "rb")
  local body = file:read("*a")
  file:close()
  local from, to = body:find('"hookInstance":"', 1, true)
  heads[at], tails[at] = body:sub(1, to), body:sub(to + 37)
end
local asked = math.random(0, 0x7ffffff)
request = function()
  asked = asked + 1
  local at = asked % {count}
  local id = string.format("%08x-0000-4000-8000-%012x", asked, asked)
  return wrk.format("POST", nil, nil, heads[at] .. id .. tails[at])
end
done = function(summary, latency, requests)
  io.write(string.format('\\n{{"requests": %d, "seconds": %f, "p50": %f, "p99": %f, "refused": %d, "broken": %d}}\\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    summary.errors.status,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout))
end
"""
CONNECTIONS, RATES = (1, 16), (50, 200)
WIDTH = 34


@dataclass(frozen=True, slots=True)
class Files:
    """Requests in a folder, one or many, and wrk's script that sends them; for the time of the run."""

    folder: Path
    script: Path

    @property
    def body(self) -> bytes:
        """One of them."""
        return (self.folder / "0000.json").read_bytes()


@dataclass(frozen=True, slots=True)
class Charts:
    """What is asked: always the one chart, or many in rotation."""

    one: Files
    many: Files


@dataclass(frozen=True, slots=True)
class Server:
    """One that runs: its parent's process id and its address."""

    pid: int
    url: str


@dataclass(frozen=True, slots=True)
class Took:
    """What one load came to: requests a second, and milliseconds."""

    rate: float
    p50: float
    p99: float
    refused: int
    broken: int


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=10, help="length of each load")
    parser.add_argument("--workers", type=int, default=2, help="workers of the service at fixed rates, beside one")
    parser.add_argument("--memory", type=int, metavar="REQUESTS", help="watch resident memory instead")
    parser.add_argument(
        "--again", action="store_true", help="with --memory: one chart asked again, not every chart new"
    )
    parser.add_argument("--overload", type=int, metavar="SECONDS", help="overload instead")
    options = parser.parse_args()
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is missing (Debian: apt-get install wrk)")
    with files() as made:
        if options.memory is not None:
            memory(made, options.memory, again=options.again)
        elif options.overload is not None:
            overload(made.many, options.overload)
        else:
            compare(made, options.seconds, options.workers)


NEW, AGAIN = "every chart new", "one chart asked again"
FORGETFUL = {"SPMWATCH_OPERATION__REMEMBER_BYTES": "0"}


def compare(made: Charts, seconds: int, workers: int) -> None:
    """All servers under all loads."""
    baselines = {
        "constant, body not read": [sys.executable, str(HERE / "baselines.py"), "constant"],
        "FastAPI, body as a dict": [sys.executable, str(HERE / "baselines.py"), "fastapi"],
    }
    print(f"{len(made.one.body):,} bytes a request, {seconds} s each, {os.cpu_count()} cores\n")
    loads = [*(f"{count} conn" for count in CONNECTIONS), *(f"{rate}/s" for rate in RATES)]
    gap, figures = " " * 9, f"{'req/s':>10}{'p50 ms':>9}{'p99 ms':>9}"
    titles, closed = [f"{load:^28}" for load in loads], len(CONNECTIONS)
    print(" " * WIDTH + "".join((*titles[:closed], gap, *titles[closed:])))
    print(" " * WIDTH + figures * closed + f"{'cpu ms':>9}" + figures * len(RATES))
    results = {name: measured(name, command, made.many, seconds) for name, command in baselines.items()}
    for kind, asked, own in ((NEW, made.many, FORGETFUL), (AGAIN, made.one, {})):
        for count in (1, workers):
            name = f"{kind}, {count} worker{'s' if count > 1 else ''}"
            results[name] = measured(name, spmwatch(count), asked, seconds, own)
    print()
    for kind in (NEW, AGAIN):
        ours = results[f"{kind}, 1 worker"]
        ratios = "; ".join(f"{ours[1].rate / results[name][1].rate:.2f} times '{name}'" for name in baselines)
        print(f"{kind}: one worker, {CONNECTIONS[-1]} connections: {ratios}")
        last = results[f"{kind}, {workers} workers"][-1]
        print(f"{kind}: p99 at {RATES[-1]}/s with {workers} workers: {last.p99:.1f} ms")


def measured(
    name: str, command: Sequence[str], made: Files, seconds: int, environment: dict[str, str] | None = None
) -> list[Took]:
    """One server under all loads, printed as it goes."""
    print(f"{name:<{WIDTH}}", end="", flush=True)
    took: list[Took] = []
    with running(command, environment) as server:
        closed_loop(server, made, connections=4, seconds=max(2, seconds // 4))  # warms caches up
        for count in CONNECTIONS:
            before = cpu_of(server)
            took.append(closed_loop(server, made, connections=count, seconds=seconds))
            tell(took[-1])
        spent = 1000 * (cpu_of(server) - before) / (took[-1].rate * seconds)
        print(f"{spent:>9.2f}", end="", flush=True)
        for rate in RATES:
            took.append(open_loop(server, made, rate=rate, seconds=seconds))
            tell(took[-1])
    print()
    return took


def tell(took: Took) -> None:
    """One cell of the table."""
    mark = "!" if took.refused or took.broken else " "
    print(f"{took.rate:>9,.0f}{mark}{took.p50:>9.2f}{took.p99:>9.2f}", end="", flush=True)


def closed_loop(server: Server, made: Files, *, connections: int, seconds: int) -> Took:
    """wrk: each connection sends its next request when the last is answered."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "-s", str(made.script)]
    told = subprocess.run(
        [*command, server.url + SERVICE], check=True, capture_output=True, text=True, timeout=600
    ).stdout
    result = json.loads(told.strip().splitlines()[-1])
    rate = result["requests"] / result["seconds"]
    return Took(rate, result["p50"], result["p99"], result["refused"], result["broken"])


def open_loop(server: Server, made: Files, *, rate: int, seconds: int) -> Took:
    """A process of its own sends at a fixed rate."""
    command = [
        sys.executable,
        str(HERE / "open_loop.py"),
        server.url + SERVICE,
        str(made.folder),
        str(rate),
        str(seconds),
    ]
    result = json.loads(subprocess.run(command, check=True, capture_output=True, text=True, timeout=600).stdout)
    statuses = {int(status): count for status, count in result["statuses"].items()}
    refused = sum(count for status, count in statuses.items() if status not in (0, 200))
    return Took(result["rate"], result["p50"], result["p99"], refused, statuses.get(0, 0))


def memory(made: Charts, requests: int, *, again: bool) -> None:
    """Resident memory of one worker while it answers so many requests."""
    print(f"{AGAIN if again else NEW}, one worker, 16 connections\n")
    files, own = (made.one, {}) if again else (made.many, FORGETFUL)
    with running(spmwatch(1), own) as server:
        done, seen = 0, list[tuple[int, float]]()
        print(f"{'requests':>10}{'resident MB':>13}")
        while done < requests:
            took = closed_loop(server, files, connections=16, seconds=10)
            done += int(took.rate * 10)
            seen.append((done, resident(server)))
            print(f"{done:>10,}{seen[-1][1]:>13.1f}", flush=True)
    settled = [one for one in seen if one[0] >= requests // 5] or seen
    grown = settled[-1][1] - settled[0][1]
    print(f"\nAfter the first fifth: {grown:+.1f} MB over {settled[-1][0] - settled[0][0]:,} requests")


def overload(made: Files, seconds: int) -> None:
    """16 times as many connections as are taken in; a health check every half second meanwhile."""
    most = 16
    own = {"SPMWATCH_OPERATION__MOST_WAITING": str(most), **FORGETFUL}
    with running(spmwatch(1), own) as server:
        before, children = resident(server), workers_of(server)
        stop, checks, highest = threading.Event(), list[float](), [before]

        def look() -> None:
            while not stop.wait(0.5):
                checks.append(healthy(server))
                highest[0] = max(highest[0], resident(server))

        looking = threading.Thread(target=look)
        looking.start()
        took = closed_loop(server, made, connections=16 * most, seconds=seconds)
        stop.set()
        looking.join()
        answered = took.rate * seconds - took.refused
        print(f"{16 * most} connections, {most} taken in, {seconds} s")
        print(f"answered {answered:,.0f} ({answered / seconds:,.0f}/s), told to come back {took.refused:,}")
        print(f"broken connections {took.broken}, worker replaced: {workers_of(server) != children}")
        print(f"health checks {len(checks)}, slowest {max(checks):.0f} ms")
        print(f"resident MB {before:.1f} before, {highest[0]:.1f} at most, {resident(server):.1f} after")
        print(f"Retry-After: {retry_after(server, made)}")


def retry_after(server: Server, made: Files) -> str | None:
    """What one request too many is told."""
    stop = threading.Event()

    def press() -> None:
        while not stop.is_set():
            closed_loop(server, made, connections=256, seconds=2)

    pressing = threading.Thread(target=press)
    pressing.start()
    told = None
    ends = time.monotonic() + 10
    while told is None and time.monotonic() < ends:
        connection = connect(server)
        connection.request("POST", SERVICE, made.body, {"Content-Type": "application/json"})
        told = connection.getresponse().headers["Retry-After"]
        connection.close()
    stop.set()
    pressing.join()
    return told


def healthy(server: Server) -> float:
    """Milliseconds that a health check takes on a new connection; it fails the run when it is not answered."""
    begun = time.perf_counter()
    connection = connect(server)
    connection.request("GET", "/healthz")
    if connection.getresponse().status != 200:
        raise SystemExit("the health check failed")
    connection.close()
    return 1000 * (time.perf_counter() - begun)


def connect(server: Server) -> http.client.HTTPConnection:
    """A new connection."""
    return http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=30)


def spmwatch(workers: int) -> list[str]:
    """The service as it comes: metrics, logs (to a file) and the store (SQLite, in a folder that goes again)."""
    command = [sys.executable, "-m", "spmwatch.cli", "serve", "--port", "0", "--as-of", "2026-01-15"]
    return [*command, "--workers", str(workers)]


def workers_of(server: Server) -> list[int]:
    """Process ids of a server's children, or its own when it has none."""
    children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
    return [int(pid) for pid in children] or [server.pid]


def cpu_of(server: Server) -> float:
    """Seconds of processor time that all workers have taken so far."""
    stats = (Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split() for pid in workers_of(server))
    return sum(int(stat[11]) + int(stat[12]) for stat in stats) / os.sysconf("SC_CLK_TCK")


def resident(server: Server) -> float:
    """Megabytes of all workers together, shared pages counted each time."""
    return sum(
        int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[1]) / 1024  # type: ignore[index]
        for pid in workers_of(server)
    )


@contextmanager
def files() -> Generator[Charts]:
    """The requests and the scripts, in a folder that goes again."""
    with tempfile.TemporaryDirectory() as folder:
        body = patient_view_request()
        yield Charts(
            one=_files(Path(folder, "one"), [body]),
            many=_files(Path(folder, "many"), [another_patient(body, number) for number in range(PATIENTS)]),
        )


def _files(folder: Path, bodies: Sequence[bytes]) -> Files:
    (folder / "requests").mkdir(parents=True)
    for at, body in enumerate(bodies):
        (folder / "requests" / f"{at:04d}.json").write_bytes(body)
    script = folder / "post.lua"
    script.write_text(LUA.format(folder=folder / "requests", count=len(bodies)))
    return Files(folder / "requests", script)


@contextmanager
def running(command: Sequence[str], environment: dict[str, str] | None = None) -> Generator[Server]:
    """A server of ours that answers; stopped at the end of the block."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("SPMWATCH_")}
    with tempfile.NamedTemporaryFile("w") as told, tempfile.TemporaryDirectory() as folder:
        own["SPMWATCH_STORE__URL"] = f"sqlite:///{folder}/store.db"
        process = subprocess.Popen(command, stdout=told, stderr=subprocess.STDOUT, env=own | (environment or {}))
        try:
            yield Server(process.pid, _address(process, Path(told.name)))
        finally:
            process.terminate()
            process.wait(timeout=60)


def _address(process: subprocess.Popen[bytes], told: Path) -> str:
    for _ in range(1200):
        time.sleep(0.05)
        found = re.search(r"http://127\.0\.0\.1:\d+", told.read_text())
        if process.poll() is not None:
            raise SystemExit(f"the server did not start: {told.read_text()}")
        if found and _answers(found[0]):
            return found[0]
    raise SystemExit("the server does not answer")


def _answers(url: str) -> bool:
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=30)
    try:
        connection.request("GET", "/healthz")
        connection.getresponse()
    except OSError:
        return False
    return True


if __name__ == "__main__":
    main()
