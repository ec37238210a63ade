"""Write constraints.txt: every dependency of pyproject.toml at one exact version with its hashes, for every Python.

So for the FHIR server of the tests, which has an environment and a list of its own (tests/fhir_server). Pins that still
fit stay; `--upgrade` takes the newest versions that are allowed. The files name no index and no path of the machine
they were made on: uv is told to write neither, and each line's form is checked.
"""

import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# What is asked for, with uv's options for it, and where its versions are written.
LOCKS = {
    "constraints.txt": ("pyproject.toml", "--extra", "dev", "--extra", "spark"),
    "tests/fhir_server/constraints.txt": ("tests/fhir_server/requirements.in",),
}
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
]
PLAIN = ["--no-header", "--no-annotate", "--no-emit-index-url", "--no-emit-find-links"]
LINE = re.compile(r"[a-z0-9][a-z0-9-]*==\S+( ; [^\\]+)? \\|    --hash=sha256:[0-9a-f]{64}( \\)?")


def main() -> int:
    """Resolve each list; 1 when uv fails or wrote something unforeseen."""
    return max(lock(ROOT / name, asked) for name, asked in LOCKS.items())


def lock(written: Path, asked: Sequence[str]) -> int:
    """Resolve, check every line's form, and replace the lock."""
    new = written.with_name(f"{written.name}.new")
    new.write_text(written.read_text() if written.exists() else "")
    uv = Path(sys.executable).with_name("uv")
    command = [str(uv), *RESOLVE, *PLAIN, *sys.argv[1:], *asked, "--output-file", str(new.relative_to(ROOT))]
    try:
        done = subprocess.run(command, cwd=ROOT, check=False)
        if done.returncode != 0:
            return 1
        text = new.read_text()
    finally:
        new.unlink(missing_ok=True)
    strange = [line for line in text.splitlines() if not LINE.fullmatch(line)]
    if strange:
        sys.stderr.write(f"{written.name} left as it was; unforeseen line: {strange[0]}\n")
        return 1
    written.write_text(HEAD + text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
