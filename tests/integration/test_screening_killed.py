"""Issue 5, 5: killed at any moment and started again, a run ends with the bytes of one that nobody disturbed."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from spmwatch.screening.results import finish
from spmwatch.screening.run import pool as pools
from spmwatch.screening.run.pool import Pool, WorkerError
from spmwatch.screening.run.work_folder import WorkFolder
from tests.support.exports import by_type, fast, quarantine, worked_patients

COMMAND = [sys.executable, "-m", "spmwatch.cli", "screen"]
OPTIONS = ["--as-of", "2026-01-15", "--format", "csv", "--workers", "2"]


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = by_type(tmp_path_factory.mktemp("killed") / "export", worked_patients())
    with (folder / "Condition.ndjson").open("ab") as file:
        file.write(b'{"resourceType": "Condition", "subject": {"reference": "Patient/p11"}, "code"')
    return folder


@pytest.fixture(scope="module")
def undisturbed(export: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    out = tmp_path_factory.mktemp("undisturbed")
    fast(out, export)
    assert quarantine(out)
    return contents(out)


def contents(out: Path) -> dict[str, bytes]:
    """Every file of the results, without the timings: the one thing that two runs do not share."""
    files = [path for path in out.rglob("*") if path.is_file() and ".work" not in path.relative_to(out).parts]
    found = {path.relative_to(out).as_posix(): path.read_bytes() for path in files}
    run = json.loads(found["run.json"])
    del run["timings"], run["inputs"]
    found["run.json"] = json.dumps(run).encode()
    return found


def killed_at(edge: int, run: Callable[[], object], edges: tuple[tuple[object, str], ...]) -> bool:
    """Run in a process of its own, which kills itself as it passes the edge; False when it ended before."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 warns of threads, of which ours has none
        child = os.fork()
    if child == 0:
        passed = 0
        for owner, name in edges:
            original = getattr(owner, name)

            def counting(*arguments: object, _original: Callable[..., object] = original, **named: object) -> object:
                nonlocal passed
                passed += 1
                if passed == edge:
                    os.kill(os.getpid(), signal.SIGKILL)
                return _original(*arguments, **named)

            setattr(owner, name, counting)
        try:
            run()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


EDGES = ((WorkFolder, "whole"), (Path, "replace"), (finish, "write_table"), (Path, "unlink"), (os, "fsync"))


def test_killed_at_every_edge_of_every_step(export: Path, undisturbed: dict[str, bytes], tmp_path: Path) -> None:
    """Before and after each file is written, named, published; each time on top of what the kill before left."""
    out, edge, kills = tmp_path / "out", 1, 0
    while killed_at(edge, lambda: fast(out, export), EDGES):
        kills += 1
        assert not (out / "run.json").exists() or contents(out) == undisturbed
        edge += 1 if kills % 2 else 2  # with the same edge again and again it would get nowhere
        assert kills < 400
    assert kills > 15
    fast(out, export)
    assert contents(out) == undisturbed
    assert not (out / ".work").exists()


@pytest.mark.parametrize("edge", range(1, 60, 9))
def test_killed_once_and_started_again(edge: int, export: Path, undisturbed: dict[str, bytes], tmp_path: Path) -> None:
    killed_at(edge, lambda: fast(tmp_path, export), EDGES)
    fast(tmp_path, export)
    assert contents(tmp_path) == undisturbed


def children_of(pid: int) -> set[int]:
    """All processes below one, whoever has adopted them meanwhile is not asked."""
    found, left = set[int](), [pid]
    while left:
        for task in Path("/proc", str(left.pop()), "task").glob("*/children"):
            for child in map(int, task.read_text().split()):
                found.add(child)
                left.append(child)
    return found


def gone(pids: set[int]) -> bool:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        if not any(alive(pid) for pid in pids):
            return True
        time.sleep(0.05)
    return False


def alive(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path("/proc", str(pid), "status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def moments() -> Iterator[float]:
    chance = random.Random(5)
    return (chance.uniform(0.5, 5.0) for _ in range(6))


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="looks at processes through /proc")
def test_the_command_killed_at_random_moments_leaves_nobody_behind(
    export: Path, undisturbed: dict[str, bytes], tmp_path: Path
) -> None:
    command = [*COMMAND, str(export), *OPTIONS, "--out", str(tmp_path)]
    for moment in moments():
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            process.wait(timeout=moment)
        except subprocess.TimeoutExpired:
            below = children_of(process.pid)
            process.kill()
            process.wait()
            assert gone(below)
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 1, ended.stderr  # the torn line
    same = {name: data for name, data in contents(tmp_path).items() if name in ("patients.csv", "findings.csv")}
    assert same.items() <= undisturbed.items()
    assert not (tmp_path / ".work").exists()


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="looks at processes through /proc")
def test_an_interrupt_ends_it_and_the_same_command_goes_on(export: Path, tmp_path: Path) -> None:
    command = [*COMMAND, str(export), *OPTIONS, "--out", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("gather"):
                break
        below = children_of(process.pid)
        process.send_signal(signal.SIGINT)
        told = process.stderr.read()
        assert process.wait(timeout=60) == 130
    assert "Interrupted" in told
    assert "Traceback" not in told
    assert gone(below)
    assert not (tmp_path / "run.json").exists()
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert "goes on where it stopped" in ended.stderr
    assert (tmp_path / "run.json").exists()


# -- workers that die --------------------------------------------------------------------------------------------------


def nothing() -> None:
    """Prepares nothing."""


def dies_once(task: tuple[str, int]) -> int:
    """Kill this worker the first time."""
    marker = Path(task[0])
    if task[1] == 3 and not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return task[1]


def dies_always(task: tuple[str, int]) -> int:
    """Kill every worker that takes the task."""
    if task[1] == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return task[1]


def test_a_worker_that_is_killed_is_replaced(tmp_path: Path) -> None:
    said: list[str] = []
    pool = Pool(2, nothing, (), dies_once, said.append)
    tasks = [(str(tmp_path / "died"), number) for number in range(8)]
    assert sorted(result for _, result in pool.results(tasks)) == list(range(8))
    pool.close()
    assert said == ["A worker process was killed; its work is done again by another."]


def test_workers_that_are_killed_again_and_again_end_the_run(tmp_path: Path) -> None:
    said: list[str] = []
    pool = Pool(1, nothing, (), dies_always, said.append)
    with pytest.raises(WorkerError, match="memory"):
        list(pool.results([(str(tmp_path), 3)]))
    pool.close(now=True)
    assert len(said) == pools.MOST_DEATHS - 1
