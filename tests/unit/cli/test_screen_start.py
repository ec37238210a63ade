"""What a run has to load before it begins; each of these took as long as reading a gigabyte."""

from __future__ import annotations

import subprocess
import sys

import pytest

PATIENT = '{"resourceType":"Patient","id":"p1"}\n'


@pytest.mark.parametrize("unwanted", ["pandas.core", "fhir.resources", "spmwatch.explaining", "sqlalchemy"])
def test_a_run_does_not_load_what_it_does_not_need(unwanted: str, loaded: frozenset[str]) -> None:
    assert "pyarrow" in loaded
    assert not any(name == unwanted or name.startswith(f"{unwanted}.") for name in loaded)


@pytest.fixture(name="loaded", scope="module")
def _loaded(tmp_path_factory: pytest.TempPathFactory) -> frozenset[str]:
    """The modules that a run loads."""
    folder = tmp_path_factory.mktemp("start")
    (folder / "Patient.ndjson").write_text(PATIENT)
    command = ["-X", "importtime", "-m", "spmwatch.cli", "screen", str(folder / "Patient.ndjson"), "--workers", "1"]
    done = subprocess.run(
        [sys.executable, *command, "--out", str(folder / "out")],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    lines = (line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:"))
    return frozenset(lines)
