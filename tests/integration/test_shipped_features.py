"""The shipped features by `spmwatch test` and by plain pytest: the same results. `.ci/run` compares all of them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

ROOT = Path(__file__).parents[2]
PART = (
    "features/common.feature",
    "features/overlays",  # other rules
    "features/cds_hooks",  # steps of its own: left out
    "features/lenalidomide/spm-30-other-indication.feature",
    "features/transplant/spm-06-second-autologous-transplant.feature",  # outlines
    "features/record",
)
OURS = ("-m", "spmwatch.cli", "test", "--junit")
PYTEST = ("-m", "pytest", "-c", os.devnull, "--rootdir=.", "-p", "no:cacheprovider", "--junit-xml")
"""Without the configuration of this repository, as a hospital has it."""


def python(*arguments: object) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def compared(first: Path, second: Path) -> tuple[int, str]:
    done = python("tools/same_results.py", first, second)
    return done.returncode, done.stdout


def test_both_ways_give_each_scenario_the_same_result(tmp_path: Path) -> None:
    ours, theirs = tmp_path / "ours.xml", tmp_path / "theirs.xml"
    for command, file in ((OURS, ours), (PYTEST, theirs)):
        done = python(*command, file, *PART)
        assert done.returncode == 0, done.stdout + done.stderr
    code, told = compared(ours, theirs)
    assert code == 0, told
    cases = list(ET.parse(ours).iter("testcase"))
    left_out = [case for case in cases if case.find("skipped") is not None]
    assert f"{len(cases)} results are the same, 0 differ" in told
    assert len(cases) - len(left_out) > 60
    assert left_out


def junit(file: Path, *cases: str) -> Path:
    file.write_text(f"<testsuites><testsuite>{''.join(cases)}</testsuite></testsuites>", encoding="utf-8")
    return file


HOLDS = '<testcase classname="a.feature" name="One"/>'
FAILS = '<testcase classname="a.feature" name="One"><failure message="it is silent">why</failure></testcase>'
SKIPPED = '<testcase classname="a.feature" name="One"><skipped message="own steps"/></testcase>'


@pytest.mark.parametrize(
    ("cases", "told"),
    [
        ((FAILS,), "a.feature One: failure: it is silent why"),
        ((SKIPPED,), "a.feature One: skipped: own steps"),
        ((HOLDS, HOLDS), "a.feature One: passed"),
        ((), "no test ran"),
    ],
    ids=["fails", "left out", "ran twice", "did not run"],
)
def test_what_differs_is_told_and_ends_with_1(tmp_path: Path, cases: tuple[str, ...], told: str) -> None:
    first, second = junit(tmp_path / "first.xml", HOLDS), junit(tmp_path / "second.xml", *cases)
    code, said = compared(first, second)
    assert code == 1
    assert f"{second}: " in said
    assert told in said
    assert compared(first, first)[0] == 0
