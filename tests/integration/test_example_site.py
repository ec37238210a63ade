"""examples/site, used as its README says: a repository of YAML and scenarios, run by `spmwatch test` and by pytest."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

SITE = Path(__file__).parents[2] / "examples" / "site"
OURS = ("-m", "spmwatch.cli", "test", "--junit", "results.xml")
PYTEST = ("-m", "pytest", "-p", "no:cacheprovider", "--junit-xml=results.xml")


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SITE, tmp_path / "our-rules"))


def results(site: Path, *command: str) -> tuple[int, Mapping[str, str]]:
    """The exit code, and what became of each scenario, as the JUnit file tells it."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    done = subprocess.run(
        [sys.executable, *command], cwd=site, env=environment, capture_output=True, text=True, check=False
    )
    assert "Traceback" not in done.stdout + done.stderr
    cases = ET.parse(site / "results.xml").iter("testcase")
    return done.returncode, {
        f"{case.get('classname')} {case.get('name')}": " ".join([child.tag, child.text or ""])
        if (child := next(iter(case), None)) is not None
        else "held"
        for case in cases
    }


def test_it_holds_no_program() -> None:
    assert {path.suffix for path in SITE.rglob("*") if path.is_file()} == {".md", ".yaml", ".feature"}


def test_both_ways_of_running_come_to_the_same(site: Path) -> None:
    code, ours = results(site, *OURS)
    assert (code, set(ours.values()), len(ours)) == (0, {"held"}, 14)
    assert results(site, *PYTEST) == (code, ours)


def test_both_ways_tell_the_same_of_what_fails(site: Path) -> None:
    overlay = site / "overlay.yaml"
    overlay.write_text(overlay.read_text(encoding="utf-8").replace("value: 36", "value: 30"), encoding="utf-8")
    feature = site / "features" / "other-indications.feature"
    feature.write_text(
        feature.read_text(encoding="utf-8").replace("the chart is opened", "the chart opens"), encoding="utf-8"
    )
    code, ours = results(site, *OURS)
    failed = {name: text for name, text in ours.items() if text != "held"}
    assert code == 2
    assert [name.rpartition(".feature ")[2] for name in failed] == [
        "36 months to the day",
        "Lenalidomide without myeloma",
    ]
    assert "got       SPM-09 is not silent: it fires" in next(iter(failed.values()))
    assert "When the chart is opened" in list(failed.values())[1]
    assert results(site, *PYTEST) == (1, ours)
