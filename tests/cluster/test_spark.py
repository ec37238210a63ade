"""A run on Spark gives what a run on this machine gives, byte for byte (issue 5, point 9)."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import orjson
import pytest

from spmwatch.engine.catalogue.load import load_rule_base
from spmwatch.screening.results.finish import Wanted
from spmwatch.screening.results.writers import Form
from spmwatch.screening.run.options import Options
from spmwatch.screening.run.whole import Call, screen_to
from tests.cluster.standalone import cluster, environment
from tests.support.programs import missing, program

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "export"
DAY = "2026-01-15"
TABLES = ("patients", "findings", "plan")


@pytest.fixture(scope="module")
def python() -> Path:
    """The Python of the environment with PySpark."""
    program("java", install="apt-get install openjdk-17-jre-headless")
    base = Path(sys.prefix)
    found = base.with_name(f"{base.name}-spark") / "bin" / "python"
    if not (found.parents[1] / "setup-stamp").exists():
        missing(found.parents[1].name, "make spark")
    return found


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example with all that needs care: Medications elsewhere, packed files, lines of two patients, damage."""
    folder = tmp_path_factory.mktemp("export") / "export"
    shutil.copytree(EXAMPLE, folder)
    _refer_to_medications(folder)
    conditions = folder / "Condition.ndjson"
    lines = conditions.read_bytes().splitlines()
    broken = lines[4][:-20]  # names its patient, and cannot be parsed
    both = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": json.loads(one)} for one in lines[-9:-7]],
    }
    nobodys = {**json.loads(lines[0]), "id": "nobodys", "subject": {"display": "?"}}
    kept = [*lines[:4], broken, *lines[5:], orjson.dumps(both), orjson.dumps(nobodys), b"[1]", b"\xff{}"]
    conditions.write_bytes(b"\n".join([*kept, lines[1][:40]]))  # the last line is torn
    _give_to_another(folder, json.loads(lines[0]), json.loads(lines[-1]))
    procedures = folder / "Procedure.ndjson"
    (folder / "Procedure.ndjson.gz").write_bytes(gzip.compress(procedures.read_bytes(), mtime=0))
    procedures.unlink()
    observations = gzip.compress((folder / "Observation.ndjson").read_bytes(), mtime=0)
    (folder / "Observation.2.ndjson.gz").write_bytes(observations[:-200])  # cut off
    return folder


def _give_to_another(folder: Path, one: dict[str, Any], other: dict[str, Any]) -> None:
    """A later version of a transplant, in another file, names another patient; of a second one the order is unknown."""
    code = {"coding": [{"system": "http://www.ama-assn.org/go/cpt", "code": "38241"}]}
    for number, (kept, day) in enumerate(((one, "2025-01-01"), (other, "2025-02-01"))):
        moved = {"resourceType": "Procedure", "status": "completed", "code": code, "subject": kept["subject"]}
        versions = [{**moved, "id": "moved", "meta": {"lastUpdated": f"{day}T00:00:00Z"}}, {**moved, "id": "unknown"}]
        (folder / f"Procedure.{number}.ndjson").write_bytes(b"".join(orjson.dumps(one) + b"\n" for one in versions))


def _refer_to_medications(folder: Path) -> None:
    """Requests name their drug by reference; the Medications are a file of their own."""
    path, medications = folder / "MedicationRequest.ndjson", list[dict[str, Any]]()
    requests = [json.loads(line) for line in path.read_bytes().splitlines()]
    for request in requests:
        if "medicationCodeableConcept" in request:
            code = request.pop("medicationCodeableConcept")
            medications.append({"resourceType": "Medication", "id": f"m{len(medications)}", "code": code})
            request["medicationReference"] = {"reference": f"Medication/{medications[-1]['id']}"}
    assert len(medications) > 5
    path.write_bytes(b"".join(orjson.dumps(one) + b"\n" for one in requests))
    (folder / "Medication.ndjson").write_bytes(b"".join(orjson.dumps(one) + b"\n" for one in medications))


@pytest.fixture(scope="module")
def local(export: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the local engine writes."""
    out = tmp_path_factory.mktemp("local")
    screen_to(
        out,
        Options(paths=(str(export),), as_of=date.fromisoformat(DAY), fhir=True),
        load_rule_base(),
        Wanted(form=Form.NDJSON, fhir=True),
        Call(workers=1, say=print, tell=lambda *_: None, clock=lambda: 0.0),
    )
    return out


def rows(path: Path) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]


def test_the_export_holds_what_needs_care(local: Path) -> None:
    """Else the comparisons below would show little."""
    reasons = " ".join(row["reason"] for row in rows(local / "quarantine.ndjson"))
    for part in ("ends early", "cannot be read to its end", "a list", "UTF-8", "a later version", "whose it is now"):
        assert part in reasons
    counts = json.loads((local / "run.json").read_bytes())["counts"]["lines"]
    assert counts["about_nobody"] == 1
    assert counts["quarantined"] >= 4
    assert len(rows(local / "patients.ndjson")) > 30


def test_frames_are_the_local_tables(python: Path, export: Path, local: Path, tmp_path: Path) -> None:
    """On `local[2]`, in many chunks and groups: the same rows in the same order, the same quarantine."""
    done = subprocess.run(
        [str(python), str(ROOT / "tests" / "cluster" / "frames.py"), str(export), DAY],
        capture_output=True, check=False, env=environment(tmp_path), timeout=500,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()[-3000:]
    told = orjson.loads(done.stdout)
    for name in (*TABLES, "quarantine"):
        assert told[name] == rows(local / f"{name}.ndjson"), name
    assert told["lines"] == json.loads((local / "run.json").read_bytes())["counts"]["lines"]
    assert not list((tmp_path / "local").glob("**/spmwatch-*")), "lines of patients stay nowhere"


def test_a_cluster_writes_the_local_files(python: Path, export: Path, local: Path, tmp_path: Path) -> None:
    """`--engine spark` on a cluster of two workers: every file is the same, but for the timings of run.json."""
    out = tmp_path / "out"
    with cluster(python, tmp_path, workers=2) as url:
        command = [str(python), "-m", "spmwatch.cli", "screen", str(export), "--as-of", DAY, "--out", str(out)]
        more = ["--format", "ndjson", "--fhir", "--engine", "spark", "--master", url, "--quiet"]
        done = subprocess.run(
            [*command, *more], capture_output=True, check=False, env=environment(tmp_path), timeout=500
        )
    assert done.returncode == 1, done.stderr.decode()[-3000:]  # something is in quarantine
    names = sorted(path.relative_to(local).as_posix() for path in local.rglob("*") if path.is_file())
    assert sorted(path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()) == names
    for name in names:
        if name != "run.json":
            assert (out / name).read_bytes() == (local / name).read_bytes(), name
    told, expected = (json.loads((folder / "run.json").read_bytes()) for folder in (out, local))
    assert {**told, "timings": {}} == {**expected, "timings": {}}
    assert [len(list((tmp_path / f"worker-{number}").glob("app-*/*"))) for number in range(2)] == [1, 1]
