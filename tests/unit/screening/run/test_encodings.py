"""A file that is no UTF-8 is told as what it is, and its type is not supplied; files and lines that are lost say so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from spmwatch.cli.commands import app
from tests.support.exports import by_type, fast, patient_of, plain, quarantine, tables, worked_patients

EACH_WAY = pytest.mark.parametrize("way", [fast, plain])


@EACH_WAY
@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le"])
def test_another_encoding_is_named(way: Callable[..., object], encoding: str, tmp_path: Path) -> None:
    folder = by_type(tmp_path / "export", [one for one in worked_patients() if patient_of(one) == "p11"])
    file = folder / "MedicationRequest.ndjson"
    file.write_bytes(file.read_text(encoding="utf-8").encode(encoding))
    way(tmp_path / "out", folder)
    (place,) = quarantine(tmp_path / "out")
    assert (place["file"], place["reason"], place["expected"], place["lost"]) == (
        file.name, f"a file in {encoding[:6].upper()}", "UTF-8", True,
    )  # fmt: skip
    assert "iconv" in place["advice"]
    assert '"MedicationRequest' in tables(tmp_path / "out")["patients.csv"] or "MedicationRequest" in (
        tmp_path / "out" / "run.json"
    ).read_text(encoding="utf-8")


@pytest.mark.parametrize("command", ["facts", "explain"])
def test_commands_for_one_patient_say_it(command: str, tmp_path: Path) -> None:
    file = tmp_path / "bundle.json"
    file.write_bytes('{"resourceType": "Bundle", "entry": []}'.encode("utf-16"))
    told = CliRunner().invoke(app, [command, str(file)])
    assert told.exit_code == 2
    assert "a file in UTF-16, expected UTF-8" in " ".join(told.output.split())


def test_facts_of_one_patient_alone(tmp_path: Path) -> None:
    folder = by_type(tmp_path / "export", worked_patients())
    one = CliRunner().invoke(app, ["facts", str(folder), "--patient", "p11", "--as-of", "2026-01-15"])
    assert "Patient p11" in one.output
    assert one.output.count("Patient p") == 1
    nobody = CliRunner().invoke(app, ["facts", str(folder), "--patient", "nobody"])
    assert nobody.exit_code == 2
    assert "there is no patient nobody" in " ".join(nobody.output.split())
