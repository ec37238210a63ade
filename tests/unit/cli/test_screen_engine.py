"""`screen --engine`: what does not go together is refused before anything is read."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from spmwatch.cli.commands import app

EXPORT = str(Path(__file__).resolve().parents[3] / "examples" / "export")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--engine", "spark"], "Add --out DIR"),
        (["--master", "local[2]"], "Add --out DIR"),
        (["--out", "OUT", "--master", "local[2]"], "Add --engine spark"),
        (["--out", "OUT", "--engine", "spark", "--plain"], "--plain"),
        (["--out", "OUT", "--engine", "spark", "--workers", "2"], "--workers"),
        (["--out", "OUT", "--engine", "spark", "-"], "a path that all machines can read"),
        (["--out", "OUT", "--engine", "spark", "--master", "spark://host:7077", "-"], "a path that all machines"),
    ],
)
def test_what_does_not_go_together_is_refused(options: list[str], told: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    given = [str(out) if option == "OUT" else option for option in options]
    result = CliRunner().invoke(app, ["screen", EXPORT, *given])
    assert result.exit_code == 2
    assert told in " ".join(result.stderr.split())
    assert not out.exists()


def test_without_pyspark_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyspark", None)
    result = CliRunner().invoke(app, ["screen", EXPORT, "--out", str(tmp_path / "out"), "--engine", "spark"])
    assert result.exit_code == 2
    assert "Install spmwatch[spark]" in " ".join(result.stderr.split())
