"""Write constraints.txt: every dependency of pyproject.toml at one exact version with its hashes, for every Python.

Pins that still fit stay; `--upgrade` takes the newest versions that pyproject.toml allows. The file names no index and
no path of the machine it was made on: uv is told to write neither, and each line's form is checked.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "constraints.txt"
HEAD = "# Exact versions and hashes of everything that is installed. Written by `make lock-deps`; do not edit.\n"
# One resolution for all supported Pythons, with environment markers where they differ.
RESOLVE = [
    "pip",
    "compile",
    "--quiet",
    "--universal",
    "--python-version",
    "3.11",
    "--generate-hashes",
    "--extra",
    "dev",
]
PLAIN = ["--no-header", "--no-annotate", "--no-emit-index-url", "--no-emit-find-links"]
LINE = re.compile(r"[a-z0-9][a-z0-9-]*==\S+( ; [^\\]+)? \\|    --hash=sha256:[0-9a-f]{64}( \\)?")


def main() -> int:
    """Resolve, check every line's form, and replace the lock; 1 when uv fails or wrote something unforeseen."""
    new = LOCK.with_name("constraints.txt.new")
    new.write_text(LOCK.read_text() if LOCK.exists() else "")
    uv = Path(sys.executable).with_name("uv")
    command = [str(uv), *RESOLVE, *PLAIN, *sys.argv[1:], "pyproject.toml", "--output-file", new.name]
    try:
        done = subprocess.run(command, cwd=ROOT, check=False)
        if done.returncode != 0:
            return 1
        text = new.read_text()
    finally:
        new.unlink(missing_ok=True)
    strange = [line for line in text.splitlines() if not LINE.fullmatch(line)]
    if strange:
        sys.stderr.write(f"constraints.txt left as it was; unforeseen line: {strange[0]}\n")
        return 1
    LOCK.write_text(HEAD + text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
