"""Both ways tell of the same places in the same words: what is lost, what manifests say, how far a file was read."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from spmwatch.screening.results.finish import Wanted
from spmwatch.screening.run.counting import CountsError
from spmwatch.screening.run.reading import Gathering
from spmwatch.screening.run.whole import screen_to
from tests.support.exports import (
    Resource,
    by_type,
    call,
    fast,
    lines,
    options,
    patient_of,
    plain,
    quarantine,
    rules,
    tables,
    worked_patients,
)

Shape = Callable[[Path], None]


def some() -> list[Resource]:
    return [one for one in worked_patients() if patient_of(one) in ("p11", "p14")]


def lost_lines(folder: Path) -> None:
    """Lines of every kind that are lost."""
    file = by_type(folder, some()) / "Condition.ndjson"
    data = file.read_bytes()
    torn = data.splitlines()[0][:-9]
    file.write_bytes(data + torn + b'\n7\n"x"\n{"no":1}\n[1]\n' + torn)
    (folder / "Empty.ndjson").write_bytes(b"")


def a_manifest(folder: Path, **written: Any) -> None:
    by_type(folder, some())
    output = [{"type": "Condition", "url": "https://x/Condition.ndjson", "count": 99},
              {"type": "Procedure", "url": "https://x/Procedure.7.ndjson"}]  # fmt: skip
    manifest = {"transactionTime": "2026-01-01T00:00:00Z", "output": output, "error": [{"type": "OperationOutcome"}]}
    (folder / "manifest.json").write_bytes(orjson.dumps(manifest, **written))


def an_indented_manifest(folder: Path) -> None:
    a_manifest(folder, option=orjson.OPT_INDENT_2)


def blank_lines_hide_a_shortfall(folder: Path) -> None:
    by_type(folder, some())
    file = folder / "Condition.ndjson"
    whole = file.read_bytes().splitlines()
    file.write_bytes(b"\n\n".join(whole[:-1]) + b"\n \n\r\n\n  ")
    output = [{"type": "Condition", "url": "https://x/Condition.ndjson", "count": len(whole)}]
    (folder / "manifest.json").write_bytes(orjson.dumps({"transactionTime": "2026-01-01T00:00:00Z", "output": output}))


def cut_off(folder: Path, name: str, resources: list[Resource]) -> None:
    packed = gzip.compress(lines(resources), 1)
    folder.mkdir()
    (folder / name).write_bytes(packed[: len(packed) * 2 // 3])


def a_mixed_file_ends_early(folder: Path) -> None:
    cut_off(folder, "all.ndjson.gz", sorted(worked_patients(), key=lambda one: str(one["resourceType"])))


def a_mixed_file_named_for_a_type_ends_early(folder: Path) -> None:
    cut_off(folder, "1.Condition.ndjson.gz", sorted(worked_patients(), key=patient_of))


def one_line_of_a_damaged_file(folder: Path, cut: int) -> None:
    """Its only line is whole, or is not."""
    myeloma = {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "C90.00"}]}
    one = {"resourceType": "Condition", "id": "x", "code": myeloma, "subject": {"reference": "Patient/only-here"}}
    by_type(folder, [*some(), {"resourceType": "Patient", "id": "only-here"}])
    (folder / "Condition.2.ndjson.gz").write_bytes(gzip.compress(lines([one]), mtime=0)[:-cut])


def the_end_of_a_file_of_one_line_is_lost(folder: Path) -> None:
    one_line_of_a_damaged_file(folder, 4)


def a_file_of_one_line_ends_early(folder: Path) -> None:
    one_line_of_a_damaged_file(folder, 30)


ALL: list[Shape] = [
    the_end_of_a_file_of_one_line_is_lost, a_file_of_one_line_ends_early,
    lost_lines, a_manifest, an_indented_manifest, blank_lines_hide_a_shortfall, a_mixed_file_ends_early,
    a_mixed_file_named_for_a_type_ends_early,
]  # fmt: skip


def told(out: Path) -> list[tuple[Any, ...]]:
    return sorted(tuple(str(one[name]) for name in sorted(one)) for one in quarantine(out))


@pytest.mark.parametrize("shape", ALL)
def test_both_ways_tell_the_same(shape: Shape, tmp_path: Path) -> None:
    shape(tmp_path / "export")
    fast(tmp_path / "fast", tmp_path / "export")
    plain(tmp_path / "plain", tmp_path / "export")
    assert tables(tmp_path / "fast") == tables(tmp_path / "plain")
    assert told(tmp_path / "fast") == told(tmp_path / "plain")
    lacking = [orjson.loads((tmp_path / way / "run.json").read_bytes())["not_supplied"] for way in ("fast", "plain")]
    assert lacking[0] == lacking[1]
    assert told(tmp_path / "fast")


@pytest.mark.parametrize("kind", ["Procedure", "Observation", "Encounter"])
def test_a_repair_of_what_no_rule_asks_for_is_told_of_its_patient(kind: str, tmp_path: Path) -> None:
    """The record counts it, however little it matters; so the tables of both ways are the same."""
    by_type(tmp_path / "export", some())
    one = {"resourceType": kind, "id": "odd", "code": {"text": "Remark"}, "subject": {"reference": "Patient/p11"}}
    with (tmp_path / "export" / f"{kind}.ndjson").open("ab") as file:
        file.write(lines([one]).replace(b"Remark", b"Rem\xff"))
    fast(tmp_path / "fast", tmp_path / "export")
    plain(tmp_path / "plain", tmp_path / "export")
    assert tables(tmp_path / "fast") == tables(tmp_path / "plain")
    assert told(tmp_path / "fast") == told(tmp_path / "plain")


@pytest.mark.parametrize("way", [fast, plain])
def test_a_whole_line_of_a_damaged_file_counts(way: Callable[..., object], tmp_path: Path) -> None:
    the_end_of_a_file_of_one_line_is_lost(tmp_path / "export")
    way(tmp_path / "out", tmp_path / "export")
    assert "only-here" in tables(tmp_path / "out")["patients.csv"]


def test_blank_lines_are_no_resources(tmp_path: Path) -> None:
    """The shortfall is told, and the type is not supplied whole."""
    blank_lines_hide_a_shortfall(tmp_path / "export")
    fast(tmp_path / "out", tmp_path / "export")
    assert "resources, as output[0].count" in str(quarantine(tmp_path / "out"))
    assert "Condition" in orjson.loads((tmp_path / "out" / "run.json").read_bytes())["not_supplied"]


def test_what_comes_behind_the_end_of_a_mixed_file_is_not_known(tmp_path: Path) -> None:
    """The types that came before the end say nothing of those behind it."""
    a_mixed_file_ends_early(tmp_path / "export")
    fast(tmp_path / "out", tmp_path / "export")
    lacking = orjson.loads((tmp_path / "out" / "run.json").read_bytes())["not_supplied"]
    assert {"Condition", "Procedure", "Observation", "MedicationAdministration"} <= set(lacking)


def test_a_run_that_fails_says_what_it_leaves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its work is kept for the next try, and holds data of patients: that is said, with the place."""
    monkeypatch.setattr(Gathering, "_value", lambda *_: None)  # looked at, and then forgotten
    folder, said = by_type(tmp_path / "export", some()), list[str]()
    (folder / "Remarks.ndjson").write_bytes(lines([{"resourceType": "OperationOutcome", "id": "o"}]))
    with pytest.raises(CountsError):
        screen_to(tmp_path / "out", options(folder), rules(), Wanted(), call(say=said.append))
    assert str(tmp_path / "out" / ".work") in said[-1]
    assert "No results were written" in said[-1]
    assert (tmp_path / "out" / ".work").is_dir()
