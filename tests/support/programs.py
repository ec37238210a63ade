"""Programs that tests drive and that the project does not bring along: PostgreSQL, Chromium, a FHIR server, wrk.

Where one is missing its tests are skipped with a line that says what to install, but for CI, which installs them all
and says so with SPMWATCH_ALL_PROGRAMS=1: there a missing one fails.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ALL = "SPMWATCH_ALL_PROGRAMS"


def program(*names: str, install: str) -> str:
    """The path of the first of these programs that is there; else the test is skipped, or fails in CI.

    Args:
        names: names to look for in PATH, or absolute paths.
        install: how to get it, e.g. `apt-get install chromium`.
    """
    for name in names:
        found = shutil.which(name)
        if found is not None:
            return found
    missing(names[0], install)
    raise AssertionError("unreachable")


def missing(what: str, install: str) -> None:
    """Skip the test, or fail it in CI."""
    says = f"{what} is not on this machine: {install}"
    if os.environ.get(ALL) == "1":
        pytest.fail(says)
    pytest.skip(says)
