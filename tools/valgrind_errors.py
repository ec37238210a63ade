"""Run a Python command under valgrind; fail on its exit code or on any memory error that durable_rules took part in.

    python tools/valgrind_errors.py -m pytest tests/unit/engine/test_network_memory.py

The interpreter and other compiled modules do things that valgrind complains about, differently in each build of Python,
so a suppression file would never be right. An error counts when a frame of it, or the place where the memory came from,
lies in durable_rules' own shared object; the number of the others is printed too. Leaks are not looked at.
"""

import os
import subprocess
import sys
import xml.etree.ElementTree as ET  # reads only the file that valgrind has just written
from pathlib import Path

REPORT = Path("build/valgrind.xml")
CULPRIT = "durable_rules_engine"
# Origins tell when durable_rules hands memory that it never wrote to the interpreter.
VALGRIND = [
    "valgrind",
    "--xml=yes",
    f"--xml-file={REPORT}",
    "--track-origins=yes",
    "--error-limit=no",
]


def describe(error: ET.Element) -> str:
    """The error as a person reads it: what happened, then the innermost frames."""
    what = error.findtext("what") or error.findtext("xwhat/text") or error.findtext("kind") or "unknown error"
    frames = [
        f"    {frame.findtext('fn') or '?'} ({Path(frame.findtext('obj') or '?').name})"
        for frame in error.iter("frame")
    ]
    return "\n".join([what, *frames[:12]])


def main() -> int:
    """Run, read the report, and say what was found; the exit code of the command unless durable_rules is at fault."""
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.unlink(missing_ok=True)
    # Python's own allocator would hide from valgrind where a block ends.
    env = dict(os.environ, PYTHONMALLOC="malloc")
    done = subprocess.run([*VALGRIND, sys.executable, *sys.argv[1:]], env=env, check=False)
    # With XML valgrind insists on reporting leaks; a module's own exception class, kept for ever, would be one.
    found = ET.parse(REPORT).getroot().iter("error")
    errors = [error for error in found if not (error.findtext("kind") or "").startswith("Leak_")]
    ours = [error for error in errors if any(CULPRIT in (obj.text or "") for obj in error.iter("obj"))]
    for error in ours:
        sys.stdout.write(describe(error) + "\n")
    others = len(errors) - len(ours)
    sys.stdout.write(f"valgrind: {len(ours)} memory errors in {CULPRIT}; {others} elsewhere, not counted\n")
    return 99 if ours else done.returncode


if __name__ == "__main__":
    sys.exit(main())
