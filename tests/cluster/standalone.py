"""A Spark cluster of its own on loopback: a master and workers, started by a test and stopped by their ids."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

_MASTER = re.compile(r"Starting Spark master at (spark://\S+)")
_REGISTERED = "Successfully registered with master"
_PATIENCE_SECONDS = 120
_SETTINGS = "spark.sql.shuffle.partitions 4\nspark.sql.codegen.wholeStage false\n"
_SHORT_LIVED = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
"""Code that runs for a few seconds is not worth compiling well."""


@contextmanager
def cluster(python: Path, folder: Path, *, workers: int) -> Iterator[str]:
    """The URL of a master with so many workers of one core each; what worker N runs lies in `folder/worker-N`."""
    where = [str(python), "-c", "import pyspark; print(pyspark.__path__[0])"]
    home = Path(subprocess.run(where, check=True, capture_output=True, text=True).stdout.strip())
    with ExitStack() as stack:
        master = folder / "master.log"
        stack.enter_context(_running(home, "master.Master", master))
        url = _wait_for(_MASTER, master).group(1)
        for number in range(workers):
            log, work = folder / f"worker-{number}.log", folder / f"worker-{number}"
            more = ("--cores", "1", "--memory", "1g", "--work-dir", str(work), url)
            stack.enter_context(_running(home, "worker.Worker", log, *more))
        for number in range(workers):
            _wait_for(re.compile(_REGISTERED), folder / f"worker-{number}.log")
        yield url


@contextmanager
def _running(home: Path, kind: str, log: Path, *more: str) -> Iterator[None]:
    started = [str(home / "bin" / "spark-class"), f"org.apache.spark.deploy.{kind}"]
    with log.open("wb") as file:
        process = subprocess.Popen(
            [*started, "--host", "127.0.0.1", "--port", "0", "--webui-port", "0", *more],
            stdout=file,
            stderr=subprocess.STDOUT,
            env={**environment(log.parent), "SPARK_HOME": str(home)},
        )
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def environment(folder: Path) -> dict[str, str]:
    """Loopback only, no file outside the test's folder, and nothing that pays in long runs alone."""
    (folder / "spark-defaults.conf").write_text(_SETTINGS, encoding="utf-8")
    own = {"SPARK_LOCAL_IP": "127.0.0.1", "SPARK_LOCAL_DIRS": str(folder / "local"), "SPARK_CONF_DIR": str(folder)}
    return {**os.environ, **own, "JAVA_TOOL_OPTIONS": _SHORT_LIVED}


def _wait_for(pattern: re.Pattern[str], log: Path) -> re.Match[str]:
    end = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < end:
        found = pattern.search(log.read_text(errors="replace"))
        if found is not None:
            return found
        time.sleep(0.1)
    raise AssertionError(f"{log.name}: {log.read_text(errors='replace')[-2000:]}")
