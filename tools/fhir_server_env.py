"""Make .venv-fhir-server: the FHIR server that tests ask, in an environment of its own, from pinned versions.

When nothing changed it only compares a stamp. 1, with one line, when it cannot be installed: its tests are skipped.
"""

import fcntl
import hashlib
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PINS = ROOT / "tests" / "fhir_server" / "constraints.txt"
FOLDER = ROOT / ".venv-fhir-server"
STAMP = FOLDER / "setup-stamp"
LOG = ROOT / ".venv-fhir-server.log"


def main() -> int:
    """Bring it up to date, one setup at a time in a clone."""
    wanted = f"{FOLDER} {hashlib.sha256(PINS.read_bytes()).hexdigest()}"
    with (ROOT / ".venv-fhir-server.lock").open("w") as lock, LOG.open("a") as log:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if STAMP.exists() and STAMP.read_text() == wanted:
            return 0
        print(f"Setting up {FOLDER.name} ...", flush=True)  # noqa: T201
        pip = [str(FOLDER / "bin" / "python"), "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
        for command in (
            [sys.executable, "-m", "venv", "--clear", str(FOLDER)],
            [*pip, "--require-hashes", "--only-binary", ":all:", "-r", str(PINS)],
        ):
            log.truncate(0)
            if subprocess.run(command, check=False, stdout=log, stderr=subprocess.STDOUT).returncode != 0:
                sys.stderr.write(f"The FHIR server of the tests cannot be installed; {LOG.name} says why\n")
                return 1
        STAMP.write_text(wanted)
    return 0


if __name__ == "__main__":
    sys.exit(main())
