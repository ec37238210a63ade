"""Make .venv-spark: the project's environment with PySpark laid over it, at the version that constraints.txt pins.

PySpark is 450 MB and nobody but a cluster needs it, so `make setup` leaves it out (SPARK_ONLY in tools/setup_env.py).
When nothing changed this only compares a stamp. 1, with one line, when it cannot be installed.
"""

import fcntl
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))
from setup_env import SPARK_ONLY, pinned  # noqa: E402 - the tools are no package

BASE = Path(sys.prefix)
FOLDER = BASE.with_name(f"{BASE.name}-spark")
STAMP = FOLDER / "setup-stamp"
LOG = ROOT / f"{FOLDER.name}.log"


def main() -> int:
    """Bring it up to date, one setup at a time in a clone."""
    pins = "".join(pinned(name) for name in SPARK_ONLY)
    with (ROOT / f"{FOLDER.name}.lock").open("w") as lock, LOG.open("a") as log:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if STAMP.exists() and STAMP.read_text() == f"{FOLDER} {sys.version}\n{pins}":
            return 0
        print(f"Setting up {FOLDER.name} ...", flush=True)  # noqa: T201
        log.truncate(0)
        python = str(FOLDER / "bin" / "python")
        where = [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
        if run(log, [sys.executable, "-m", "venv", "--clear", str(FOLDER)]):
            site = Path(subprocess.run(where, check=True, capture_output=True, text=True).stdout.strip())
            # everything else comes from the project's own environment, setuptools that builds PySpark too
            (site / "project.pth").write_text(f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n")
            listed = FOLDER / "pins.txt"
            listed.write_text(pins)
            pip = [python, "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--no-build-isolation"]
            if run(log, [*pip, "--no-deps", "--require-hashes", "-r", str(listed)]):
                STAMP.write_text(f"{FOLDER} {sys.version}\n{pins}")
                return 0
    sys.stderr.write(f"PySpark cannot be installed; {LOG.name} says why\n")
    return 1


def run(log: object, command: list[str]) -> bool:
    """Did it succeed?"""
    return subprocess.run(command, check=False, stdout=log, stderr=subprocess.STDOUT).returncode == 0  # type: ignore[call-overload]


if __name__ == "__main__":
    sys.exit(main())
