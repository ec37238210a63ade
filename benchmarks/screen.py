"""Screening an export against what the machine does with the same bytes; ratios hold between machines, figures do not.

    make bench-screen               or  .venv/bin/python benchmarks/screen.py [--patients N] [--rounds N] [--folder DIR]

In each round one after the other, of the same files: `wc -l`; a bare hyperscan pass with the patterns that a run looks
for, each file with those of its own type and files that nobody reads with next to none; the same with one more that
finds the line ends; a bare pass with all these patterns in one database over every file; the scanner with its
candidates; a loop that does `orjson.loads` on every line; `spmwatch screen` with one worker and with two, each the
whole command from its start to its results.
Medians of the rounds are printed. Then an export of a tenth of the patients, the same one packed with gzip, and a
registry in which every patient has myeloma.

To start takes as long for ten patients as for ten million: it is measured on an export of 20 patients, and every ratio
is printed with it and (behind the bar) without it. Databases and rules are kept between runs (ADR 0019); what a first
start takes, without them, is printed too. Peak memory is that of all processes together (PSS), ten times a
second.
"""

from __future__ import annotations

import argparse
import gzip
import math
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Self

import orjson
import pyarrow.parquet as pq
from export_maker import Plan, make_export

from spmwatch.engine.terminology.value_sets import ValueSets
from spmwatch.screening.run import scanning
from spmwatch.screening.run.state import Cohort
from spmwatch.screening.scan.blocks import BLOCK, blocks, chunks
from spmwatch.screening.scan.scanner import HyperScanner
from spmwatch.screening.scan.searching import Search
from spmwatch.screening.scan.sources import Source, inventory

AS_OF = "2026-01-15"
_FEW = 20  # patients of the export on which the start is measured
_TORN, _LINE_END = (rb"[^}]\n", 0), (rb"\n", 0)


def main() -> None:
    """Make the exports, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--patients", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--registry", type=int, default=4_000, help="patients of the registry")
    parser.add_argument("--folder", type=Path, help="where the exports are made; removed at the end")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="spmwatch-bench-", dir=options.folder) as place:
        _measure(Path(place), options.patients, options.rounds, options.registry)


def _measure(place: Path, patients: int, rounds: int, registry: int) -> None:
    few, small, large = place / "few", place / "small", place / "large"
    make_export(few, Plan(patients=_FEW))
    make_export(small, Plan(patients=max(patients // 10, 1)))
    make_export(large, Plan(patients=patients))
    megabytes = _size(large) / 1e6
    print(f"{patients:,} patients, {megabytes:,.0f} MB, median of {rounds} rounds\n", flush=True)
    _screen(large, place, 1)  # who is in the cohort, and nothing is read from the disk for the first time afterwards
    ways = _ways(large, place)
    taken: dict[str, list[float]] = {name: [] for name in ways}
    peaks: dict[str, float] = {"one worker": 0.0, "two workers": 0.0}
    starts, first_starts = list[float](), list[float]()
    for number in range(rounds):  # one after the other, so that what else the machine does meets all alike
        starts.append(_timed(lambda: _screen(few, place, 1)))
        first_starts.append(_timed(partial(_screen, few, place, 1, cache=place / f"cache-{number}")))
        for name, way in ways.items():
            with _Memory() as memory:
                taken[name].append(_timed(way))
            if name in peaks:
                peaks[name] = max(peaks[name], memory.peak)
    seconds = {name: statistics.median(times) for name, times in taken.items()}
    start = statistics.median(starts)
    for name, value in seconds.items():
        print(f"{name:<34}{value:>9.2f} s{megabytes / value:>9,.0f} MB/s")
    print(f"{'the start alone':<34}{start:>9.2f} s")
    print(f"{'the very first start':<34}{statistics.median(first_starts):>9.2f} s\n", flush=True)
    one, two = seconds["one worker"], seconds["two workers"]
    _ratio("one worker to the bare pass", seconds["hyperscan alone"], one, start, "0.70")
    _ratio("  to the bare pass with line ends", seconds["hyperscan with line ends"], one, start, "")
    _ratio("  to all patterns over all files", seconds["all patterns, all files"], one, start, "")
    _ratio("one worker to orjson.loads", seconds["orjson.loads of every line"], one, start, "5")
    _ratio("one worker to wc -l", seconds["wc -l"], one, start, "")
    print(f"{'scanner alone to the bare pass':<34}{seconds['hyperscan alone'] / seconds['scanner']:>8.2f}")
    print(f"{'scanner alone to orjson.loads':<34}{seconds['orjson.loads of every line'] / seconds['scanner']:>8.2f}")
    _between("two workers to one", one, two, start, "1.7")
    for name, peak in peaks.items():
        print(f"{f'peak memory, {name}':<34}{peak:>8,.0f} MB        (goal 600)")
    tenth = statistics.median(_timed(lambda: _screen(small, place, 1)) for _ in range(rounds))
    _between("10x the data, times the time", one, tenth, start, "10.5")
    packed = _packed(large, place / "packed")
    shutil.rmtree(large)
    unpacked = statistics.median(_timed(lambda: _screen(packed, place, 1)) for _ in range(rounds))
    _between(".gz to plain", one, unpacked, start, "0.5")
    shutil.rmtree(packed)
    _registry(place, rounds, registry, start)


def _registry(place: Path, rounds: int, patients: int, start: float) -> None:
    everybody = place / "registry"
    make_export(everybody, Plan(patients=patients, myeloma=1.0, lean=True))
    with _Memory() as memory:
        taking = statistics.median(_timed(lambda: _screen(everybody, place, 1)) for _ in range(rounds))
    size = _size(everybody) / 1e3 / patients
    a_second = f"{patients / taking:>8,.0f} | {patients / _without(start, taking):>6,.0f}"
    print(f"{'registry, patients a second':<34}{a_second}   (goal 1,000; {size:,.0f} kB each)")
    print(f"{'peak memory, registry':<34}{memory.peak:>8,.0f} MB        (goal 600)")


def _ratio(name: str, theirs: float, ours: float, start: float, goal: str) -> None:
    """How fast we are by their measure; behind the bar without our start."""
    wanted = f"   (goal {goal})" if goal else ""
    print(f"{name:<34}{theirs / ours:>8.2f} | {theirs / _without(start, ours):>6.2f}{wanted}")


def _between(name: str, one: float, other: float, start: float, goal: str) -> None:
    """Two runs of ours against each other; behind the bar both without the start."""
    without = _without(start, one) / _without(start, other)
    print(f"{name:<34}{one / other:>8.2f} | {without:>6.2f}   (goal {goal})", flush=True)


def _without(start: float, seconds: float) -> float:
    """What is left of a run; no number where it is hardly longer than its start."""
    return seconds - start if seconds > 1.1 * start else math.nan


def _ways(folder: Path, place: Path) -> dict[str, Callable[[], None]]:
    """Each way of reading the export; `place` has the results of a run."""
    sources = inventory([folder]).sources
    found = pq.read_table(place / "out" / "patients.parquet", columns=["patient"])["patient"].to_pylist()
    value_sets = ValueSets.load(files("spmwatch.rules"))
    scanner = scanning.for_cohort(value_sets, Cohort(tuple(sorted(found))), many=len(found) + 1)
    assert isinstance(scanner, HyperScanner)
    ends = Search([_TORN, _LINE_END], _nothing, keep=False)
    torn = Search([_TORN], _nothing, keep=False)
    everything = Search(((one, 0) for one in sorted(scanner.expressions())), _nothing, keep=False)
    _scan(sources, scanner)  # its databases are made when a type is first met
    return {
        "wc -l": lambda: _run(["wc", "-l", *(source.path for source in sources)]),
        "hyperscan alone": lambda: _bare(sources, scanner, torn, always=False),
        "all patterns, all files": lambda: _bare_all(sources, everything),
        "hyperscan with line ends": lambda: _bare(sources, scanner, ends, always=True),
        "scanner": lambda: _scan(sources, scanner),
        "orjson.loads of every line": lambda: _parse(sources),
        "one worker": lambda: _screen(folder, place, 1),
        "two workers": lambda: _screen(folder, place, 2),
    }


def _nothing(*_: object) -> None:
    return None


def _bare(sources: tuple[Source, ...], scanner: HyperScanner, frame: Search, *, always: bool) -> None:
    """The databases that each file goes through, and nothing done with what they find.

    `frame` is searched for where nothing else is, so that all bytes go through hyperscan; `always`: everywhere.
    """
    for source in sources:
        with source.open() as file:
            data = file.read(BLOCK)
            searches = scanner.searches(data)
            searches = [*searches, frame] if always or not searches else searches
            while data:
                for search in searches:
                    search.database.scan(data, match_event_handler=_nothing)
                data = file.read(BLOCK)


def _bare_all(sources: tuple[Source, ...], search: Search) -> None:
    """Everything that is looked for anywhere, looked for everywhere."""
    for source in sources:
        with source.open() as file:
            while data := file.read(BLOCK):
                search.database.scan(data, match_event_handler=_nothing)


def _scan(sources: tuple[Source, ...], scanner: HyperScanner) -> None:
    for source in sources:
        for chunk in chunks(source):
            for block in blocks(chunk):
                scanner.candidates(block.data)


def _parse(sources: tuple[Source, ...]) -> None:
    for source in sources:
        with source.open() as file:
            for line in file:
                orjson.loads(line)


def _screen(folder: Path, place: Path, workers: int, *, cache: Path | None = None) -> None:
    out = place / "out"
    shutil.rmtree(out, ignore_errors=True)
    command = [sys.executable, "-m", "spmwatch.cli", "screen", str(folder), "--as-of", AS_OF, "--quiet"]
    given = {
        "PYTHONDONTWRITEBYTECODE": "",
        "PYTHONPYCACHEPREFIX": str(place / "modules"),
    }  # compiled, as where installed
    if cache is not None:
        given["XDG_CACHE_HOME"] = str(cache)
    _run([*command, "--out", str(out), "--format", "parquet", "--workers", str(workers)], given)


def _run(command: list[str], given: Mapping[str, str] | None = None) -> None:
    environment = {**os.environ, **(given or {})}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode not in (0, 1) or "Traceback" in done.stderr:
        sys.exit(f"{' '.join(command[:6])} ...: exit {done.returncode}\n{done.stderr[-2000:]}")


def _timed(way: Callable[[], None]) -> float:
    begun = time.perf_counter()
    way()
    return time.perf_counter() - begun


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.iterdir())


def _packed(folder: Path, to: Path) -> Path:
    to.mkdir()
    for file in sorted(folder.iterdir()):
        with file.open("rb") as plain, gzip.open(to / f"{file.name}.gz", "wb", compresslevel=1) as packed:
            shutil.copyfileobj(plain, packed, 1 << 20)
    return to


class _Memory:
    """The most memory that the processes below this one take together, in MB: each shared page counted once (PSS)."""

    def __init__(self) -> None:
        self.peak = 0.0
        self._over = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._watcher.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._watcher.join()

    def _watch(self) -> None:
        own = str(Path("/proc/self").resolve().name)
        while not self._over.wait(0.1):
            self.peak = max(self.peak, sum(map(_proportional, _below(own))) / 1e3)


def _below(process: str) -> list[str]:
    try:
        threads = list(Path(f"/proc/{process}/task").iterdir())
        children = [child for thread in threads for child in (thread / "children").read_text().split()]
    except OSError:
        return []
    return [one for child in children for one in (child, *_below(child))]


def _proportional(process: str) -> int:
    """Kilobytes."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


if __name__ == "__main__":
    main()
