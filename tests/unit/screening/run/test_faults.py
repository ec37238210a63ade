"""What cannot be read is named with its place and costs nobody else anything; a folder without room is said."""

from __future__ import annotations

import csv
import gzip
import io
import os
import resource
import warnings
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from spmwatch.engine.catalogue.load import RuleBase
from spmwatch.engine.errors import InputError
from spmwatch.screening.results.finish import Finished, Wanted
from spmwatch.screening.results.writers import Form
from spmwatch.screening.run import pipeline
from spmwatch.screening.run.counting import CountsError, lines_of
from spmwatch.screening.run.options import Options
from spmwatch.screening.run.plain import screen_plainly
from spmwatch.screening.run.whole import Call, screen_to
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


def rows(out: Path) -> dict[str, dict[str, str]]:
    return {row["patient"]: row for row in csv.DictReader(io.StringIO(tables(out)["patients.csv"]))}


def findings(out: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for row in csv.DictReader(io.StringIO(tables(out)["findings.csv"])):
        found.setdefault(row["patient"], []).append(row["rule"])
    return found


def test_lines_that_cannot_be_read_are_quarantined_with_their_place(tmp_path: Path) -> None:
    """Issue 5, 4: file, line, byte offset, reason; the patient is marked incomplete, the rest is unharmed."""
    folder = by_type(tmp_path / "export", worked_patients())
    fast(tmp_path / "sound", folder)
    file = next(one for one in sorted(folder.glob("Medication*.ndjson")) if b"Patient/p11" in one.read_bytes())
    some = file.read_bytes().splitlines(keepends=True)
    at = next(number for number, line in enumerate(some) if b"Patient/p11" in line)
    some[at] = some[at][:-30] + b"\n"
    file.write_bytes(b"".join(some))
    fast(tmp_path / "out", folder)
    (place,) = quarantine(tmp_path / "out")
    assert (place["file"], place["line"], place["lost"]) == (file.name, at + 1, True)
    assert place["offset"] == len(b"".join(some[:at]))
    assert file.stem in rows(tmp_path / "out")["p11"]["not_supplied"]
    before, after = rows(tmp_path / "sound"), rows(tmp_path / "out")
    assert {key: row for key, row in before.items() if key != "p11"} == {
        key: row for key, row in after.items() if key != "p11"
    }
    assert orjson.loads((tmp_path / "out" / "run.json").read_bytes())["counts"]["lines"]["quarantined"] == 1


@pytest.mark.parametrize("with_patient", [True, False])
@pytest.mark.parametrize("way", [fast, plain])
def test_who_is_named_by_a_line_alone_that_cannot_be_read_is_in_doubt_and_does_not_vanish(
    way: Callable[[Path, Path], object], with_patient: bool, tmp_path: Path
) -> None:
    """Issue 5, 4: the line may have held the only sign of lenalidomide, so the patient is there, with unknown."""
    resources = worked_patients()
    order = next(one for one in resources if one["resourceType"] == "MedicationRequest")
    lone: list[Resource] = (
        [{"resourceType": "Patient", "id": "lone", "birthDate": "1950-01-01"}] if with_patient else []
    )
    folder = by_type(tmp_path / "export", [*resources, *lone])
    damaged = {**order, "id": "lost", "subject": {"reference": "Patient/lone"}}
    harmless = {
        "resourceType": "Observation",
        "id": "lab",
        "subject": {"reference": "Patient/other"},
        "status": "final",
    }
    with (folder / "MedicationRequest.ndjson").open("ab") as stream:
        stream.write(orjson.dumps(damaged)[:-20] + b"\n")
    with (folder / "Observation.ndjson").open("ab") as stream:
        stream.write(orjson.dumps(harmless)[:-5] + b"\n")
    way(tmp_path / "out", folder)
    found = rows(tmp_path / "out")
    row = found["lone"]
    assert (row["lenalidomide"], row["melphalan"], row["incomplete"]) == ("unknown", "unknown", "true")
    assert "MedicationRequest" in row["not_supplied"]
    assert "other" not in found


def test_a_missing_subject_is_told_and_counted_for_nobody(tmp_path: Path) -> None:
    resources = worked_patients()
    lost = next(one for one in resources if one["resourceType"] == "Condition" and patient_of(one) == "p11")
    del lost["subject"]
    fast(tmp_path / "out", by_type(tmp_path / "export", resources))
    (place,) = quarantine(tmp_path / "out")
    assert (place["file"], place["element"], place["reason"]) == ("Condition.ndjson", "subject", "no subject")
    assert orjson.loads((tmp_path / "out" / "run.json").read_bytes())["counts"]["lines"]["about_nobody"] == 1


def test_a_gzip_file_that_ends_early_makes_its_type_incomplete(tmp_path: Path) -> None:
    folder = by_type(tmp_path / "export", worked_patients())
    file = folder / "MedicationRequest.ndjson"
    (folder / "MedicationRequest.ndjson.gz").write_bytes(gzip.compress(file.read_bytes())[:-200])
    file.unlink()
    fast(tmp_path / "out", folder)
    (place, *_) = quarantine(tmp_path / "out")
    assert place["file"] == "MedicationRequest.ndjson.gz"
    assert "gzip" in place["reason"]
    assert all("MedicationRequest" in row["not_supplied"] for row in rows(tmp_path / "out").values())


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("way", [fast, plain])
def test_each_line_that_is_told_of_has_its_byte_offset(way: Callable[..., object], mark: bytes, tmp_path: Path) -> None:
    """Issue 5, 4: of lines that were used all the same too; gzip counts as unpacked, a byte order mark is no line's."""
    resources = worked_patients()
    for one in resources:
        if one["resourceType"] == "Condition" and patient_of(one) == "p11":
            one["onsetDateTime"] = "2020-13-45"
    folder = by_type(tmp_path / "export", resources)
    data = (folder / "Condition.ndjson").read_bytes()
    content = mark + b'{"torn\n\r\n' + data + b"{"
    (folder / "Condition.ndjson").unlink()
    (folder / "Condition.ndjson.gz").write_bytes(gzip.compress(content))
    way(tmp_path / "out", folder)
    places = [place for place in quarantine(tmp_path / "out") if place["line"]]
    starts = [len(mark), *(at + 1 for at, sign in enumerate(content) if sign == ord("\n"))]
    assert {place["line"] for place in places} >= {1, len(starts)}
    assert [place["offset"] for place in places] == [starts[place["line"] - 1] for place in places]
    assert any(place["element"] == "onsetDateTime" for place in places)


# -- several exports, later versions -----------------------------------------------------------------------------------


def versioned(one: Resource, when: str, **changes: object) -> Resource:
    return {**one, "meta": {"lastUpdated": when}, **changes}


def test_a_medication_is_found_wherever_its_versions_lie(tmp_path: Path) -> None:
    """The later version stands among orders; others in a document, or a list, of their own."""
    resources, medications = worked_patients(), list[Resource]()
    for one in resources:
        concept = one.pop("medicationCodeableConcept", None)
        if concept is not None:
            number = len(medications)
            one["medicationReference"] = {"reference": f"Medication/m{number}"}
            medications.append({"resourceType": "Medication", "id": f"m{number}", "code": concept})
    folder = by_type(tmp_path / "export", resources)
    old = [versioned(one, "2020-01-01T00:00:00Z", code={"text": "aspirin"}) for one in medications[1::2]]
    new = [versioned(one, "2025-01-01T00:00:00Z") for one in medications[1::2]]
    (folder / "Medication.ndjson").write_bytes(lines(old))
    with (folder / "MedicationRequest.ndjson").open("ab") as stream:
        stream.write(lines(new))
    (folder / "one.json").write_bytes(orjson.dumps(medications[0], option=orjson.OPT_INDENT_2))
    (folder / "list.ndjson").write_bytes(lines([medications[2::2]]))
    fast(tmp_path / "out", folder)
    plain(tmp_path / "plain", folder)
    assert tables(tmp_path / "out") == tables(tmp_path / "plain")
    by_type(tmp_path / "coded", worked_patients())
    fast(tmp_path / "sound", tmp_path / "coded")
    answers = [
        {key: (row["lenalidomide"], row["melphalan"]) for key, row in rows(tmp_path / out).items()}
        for out in ("out", "sound")
    ]
    assert answers[0] == answers[1]


@pytest.fixture
def two_exports(tmp_path: Path) -> list[Path]:
    """The second one corrects a birth date and says that the myeloma of one patient was entered in error."""
    resources = [versioned(one, "2025-01-01T00:00:00Z") for one in worked_patients()]
    person = next(one for one in resources if one["resourceType"] == "Patient" and one["id"] == "p11")
    later = [versioned(person, "2025-06-01T00:00:00Z", birthDate="1950-05-05")]
    for one in resources:
        if one["resourceType"] == "Condition" and patient_of(one) == "p11":
            error = {"coding": [{"code": "entered-in-error"}]}
            later.append(versioned(one, "2025-06-01T00:00:00Z", verificationStatus=error))
    return [by_type(tmp_path / "b-first", resources), by_type(tmp_path / "a-second", later)]


@pytest.mark.parametrize("turned", [False, True])
def test_of_several_exports_the_later_version_counts(two_exports: list[Path], turned: bool, tmp_path: Path) -> None:
    paths = two_exports[::-1] if turned else two_exports
    fast(tmp_path / "out", *paths)
    plain(tmp_path / "plain", *paths)
    assert tables(tmp_path / "out") == tables(tmp_path / "plain")
    assert rows(tmp_path / "out")["p11"]["birth_date"] == "1950-05-05"
    assert rows(tmp_path / "out")["p11"]["myeloma"] != "yes"
    assert not quarantine(tmp_path / "out")


def test_two_patient_lines_that_disagree_are_reported_and_not_guessed(tmp_path: Path) -> None:
    resources = worked_patients()
    person = next(one for one in resources if one["resourceType"] == "Patient" and one["id"] == "p11")
    folder = by_type(tmp_path / "export", [*resources, {**person, "birthDate": "1950-05-05"}])
    fast(tmp_path / "out", folder)
    row = rows(tmp_path / "out")["p11"]
    assert (row["birth_date"], row["sex"]) == ("", person["gender"])
    assert any("differ" in place["reason"] for place in quarantine(tmp_path / "out"))


def deletions(when: str | None, keys: list[str]) -> Resource:
    entries = [{"request": {"method": "DELETE", "url": key}} for key in keys]
    bundle: Resource = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    return bundle if when is None else {**bundle, "meta": {"lastUpdated": when}}


@pytest.mark.parametrize(
    ("when", "myeloma"),
    [("2025-06-01T00:00:00Z", False), ("2024-06-01T00:00:00Z", True)],
    ids=["after", "before it was written again"],
)
def test_what_an_export_deletes_is_gone_unless_it_came_back(when: str, myeloma: bool, tmp_path: Path) -> None:
    resources = [versioned(one, "2025-01-01T00:00:00Z") for one in worked_patients()]
    gone = [f"Condition/{one['id']}" for one in resources
            if one["resourceType"] == "Condition" and patient_of(one) == "p11"]  # fmt: skip
    folder = by_type(tmp_path / "export", resources)
    (folder / "deleted.ndjson").write_bytes(lines([deletions(None, gone)]))
    url = [{"type": "Bundle", "url": "https://x/deleted.ndjson"}]
    (folder / "manifest.json").write_bytes(orjson.dumps({"transactionTime": when, "output": [], "deleted": url}))
    fast(tmp_path / "out", folder)
    plain(tmp_path / "plain", folder)
    assert tables(tmp_path / "out") == tables(tmp_path / "plain")
    assert (rows(tmp_path / "out")["p11"]["myeloma"] == "yes") is myeloma


# -- the folder --------------------------------------------------------------------------------------------------------


def test_a_full_disk_is_said_and_the_next_try_ends(tmp_path: Path) -> None:
    """Files may not grow beyond some bytes: what a full disk does, without filling one."""
    folder, out = by_type(tmp_path / "export", worked_patients()), tmp_path / "out"
    told = tmp_path / "told"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
        try:
            fast(out, folder)
        except InputError as error:
            told.write_text(str(error))
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert "the disk is full" in told.read_text()
    assert "goes on where it stopped" in told.read_text()
    assert not (out / "run.json").exists()
    fast(out, folder)
    assert (out / "run.json").exists()


def test_a_folder_that_is_a_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "out").write_bytes(b"")
    with pytest.raises(InputError, match="cannot be written to"):
        fast(tmp_path / "out", by_type(tmp_path / "export", worked_patients()))


def test_another_run_at_the_same_folder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = by_type(tmp_path / "export", worked_patients())
    original = pipeline.Pipeline.run

    def meanwhile(self: pipeline.Pipeline) -> pipeline.Outcome:
        with pytest.raises(InputError, match="another run"):
            fast(tmp_path / "out", folder, strict=True)
        return original(self)

    monkeypatch.setattr(pipeline.Pipeline, "run", meanwhile)
    fast(tmp_path / "out", folder)


# -- counts ------------------------------------------------------------------------------------------------------------


def test_a_line_without_a_fate_fails_the_run_and_leaves_no_results(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from spmwatch.screening.run.reading import Gathering

    monkeypatch.setattr(Gathering, "_value", lambda *_: None)  # looked at, and then forgotten
    folder = by_type(tmp_path / "export", worked_patients())
    (folder / "Remarks.ndjson").write_bytes(lines([{"resourceType": "OperationOutcome", "id": "o"}]))
    with pytest.raises(CountsError, match="do not add up"):
        fast(tmp_path / "out", folder)
    assert not (tmp_path / "out" / "run.json").exists()


def test_input_that_changes_meanwhile_fails_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = by_type(tmp_path / "export", worked_patients())
    original = pipeline.Pipeline.run

    def meanwhile(self: pipeline.Pipeline) -> pipeline.Outcome:
        outcome = original(self)
        with (folder / "Condition.ndjson").open("ab") as file:
            file.write(b"\n")
        return outcome

    monkeypatch.setattr(pipeline.Pipeline, "run", meanwhile)
    with pytest.raises(CountsError, match="changed while"):
        fast(tmp_path / "out", folder)
    assert not (tmp_path / "out" / "run.json").exists()


def test_counts_that_are_too_many_are_noticed() -> None:
    counts = {"kept": 1, "aside": 0, "nobodys": 0, "other": 0}
    told = {"counts": counts, "lost": 0, "fault": "", "candidates": 1, "passed_over": 0, "lines": 1}
    assert lines_of([{**told, "batches": [(0, 1, 10)]}])["kept"] == 1
    with pytest.raises(CountsError, match="rows written"):
        lines_of([{**told, "batches": []}])
    with pytest.raises(CountsError, match="looked at"):
        lines_of([{**told, "candidates": 2, "batches": [(0, 1, 10)]}])


def test_standard_input_is_screened_and_not_kept(tmp_path: Path) -> None:
    """It is written to the folder to be read twice; it is about patients, so it goes when the results stand."""
    folder = by_type(tmp_path / "export", worked_patients())
    whole = b"".join(file.read_bytes() for file in sorted(folder.glob("*.ndjson")))
    fast(tmp_path / "files", folder)
    for way in (screen_to, screen_plainly):
        out = tmp_path / way.__name__
        way(out, options(Path("-")), rules(), Wanted(form=Form.CSV), call(stdin=io.BytesIO(whole)))
        assert findings(out) == findings(tmp_path / "files")
        left = {path.name for path in out.rglob("*")}
        assert left == {path.name for path in (tmp_path / "files").rglob("*")}


@pytest.mark.parametrize("below", [".", "results", "results/of/today"])
@pytest.mark.parametrize("way", [screen_to, screen_plainly])
def test_results_do_not_go_into_the_input(
    tmp_path: Path, below: str, way: Callable[[Path, Options, RuleBase, Wanted, Call], Finished]
) -> None:
    """The next run would read them."""
    folder = by_type(tmp_path / "export", worked_patients())
    before = sorted(folder.rglob("*"))
    with pytest.raises(InputError, match="lies in the input"):
        way(folder / below, options(folder), rules(), Wanted(form=Form.CSV), call())
    assert sorted(folder.rglob("*")) == before
