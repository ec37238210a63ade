"""The fast way, the plain way and each patient's Bundle alone come to the same patients, findings and plan."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from pathlib import Path

import orjson
import pytest

from spmwatch.engine.evaluate import Evaluator
from spmwatch.fhir_adapters import records_from_bundle
from spmwatch.fhir_adapters.relevance import DRUG_TYPES
from spmwatch.screening.results.schemas import FINDINGS, SCHEMAS
from spmwatch.screening.run.evaluating import evaluated
from tests.support.exports import (
    Resource,
    bundles,
    by_type,
    fast,
    lines,
    options,
    packed,
    patient_of,
    plain,
    quarantine,
    referring,
    rules,
    tables,
    worked_patients,
)

SERVER = "https://ehr.example/fhir"


def as_it_is(folder: Path) -> None:
    by_type(folder, worked_patients())


def types_mixed(folder: Path) -> None:
    folder.mkdir()
    (folder / "all.ndjson").write_bytes(lines(sorted(worked_patients(), key=patient_of)))


def patients_last_and_backwards(folder: Path) -> None:
    folder.mkdir()
    (folder / "Observation.ndjson").write_bytes(lines(reversed(worked_patients())))


def gzipped(folder: Path) -> None:
    as_it_is(folder)
    packed(folder)


def absolute_references(folder: Path) -> None:
    by_type(folder, referring(worked_patients(), lambda key: {"reference": f"{SERVER}/Patient/{key}/_history/3"}))


def identifiers_alone(folder: Path) -> None:
    resources = worked_patients()
    for one in resources:
        if one["resourceType"] == "Patient":
            one["identifier"] = [{"system": "urn:mrn", "value": f"0{one['id']}"}]
    by_type(folder, referring(resources, lambda key: {"identifier": {"system": "urn:mrn", "value": f"0{key}"}}))


def bare_ids(folder: Path) -> None:
    by_type(folder, referring(worked_patients(), lambda key: {"reference": key}))


def medications_elsewhere(folder: Path) -> None:
    """Codes in Medications, these with an ingredient that is a Substance of another file."""
    resources, more = worked_patients(), list[Resource]()
    for number, one in enumerate(resources):
        concept = one.pop("medicationCodeableConcept", None)
        if concept is None:
            continue
        one["medicationReference"] = {"reference": f"Medication/m{number}"}
        if number % 2:
            more.append({"resourceType": "Medication", "id": f"m{number}", "code": concept})
        else:
            ingredient = {"itemReference": {"reference": f"Substance/s{number}"}}
            more.append({"resourceType": "Medication", "id": f"m{number}", "ingredient": [ingredient]})
            more.append({"resourceType": "Substance", "id": f"s{number}", "code": concept})
    by_type(folder, [*resources, *more])


def a_medication_is_missing(folder: Path) -> None:
    medications_elsewhere(folder)
    file = folder / "Medication.ndjson"
    file.write_bytes(b"".join(file.read_bytes().splitlines(keepends=True)[::3]))


def a_bundle_each(folder: Path) -> None:
    folder.mkdir()
    for number, bundle in enumerate(bundles(worked_patients())):
        indented = orjson.OPT_INDENT_2 if number % 2 else 0
        (folder / f"{number:02}.json").write_bytes(orjson.dumps(bundle, option=indented))


def bundles_of_several(folder: Path) -> None:
    folder.mkdir()
    (folder / "bundles.ndjson").write_bytes(lines(bundles(worked_patients(), size=5)))


def no_drug_type(folder: Path) -> None:
    by_type(folder, [one for one in worked_patients() if not one["resourceType"].startswith("Medication")])


def torn_and_odd(folder: Path) -> None:
    """Lines that end early, are no UTF-8, name nobody, or hold something of the wrong type."""
    as_it_is(folder)
    file = folder / "Condition.ndjson"
    some = file.read_bytes().splitlines(keepends=True)
    some[3] = some[3].replace(b'"subject"', b'"object"')
    some[5] = some[5].replace(b'"code"', b'"code":"C90.0","code"', 1)
    some[7] = some[7][:-40] + b"\n"
    some[8] = some[7].replace(b'"Patient/', b'"Patient/nobody-else-')
    some[9] = some[9].replace(b'"text"', b'"\xff\xfe"')
    file.write_bytes(b"".join(some)[:-30])
    with (folder / "Procedure.ndjson").open("ab") as stream:
        stream.write(b'[]\n"x"\n{"resourceType":"Wrong"}\n{"no":1}\n\n')


def a_gzip_file_ends_early(folder: Path) -> None:
    gzipped(folder)
    file = folder / "Observation.ndjson.gz"
    file.write_bytes(file.read_bytes()[:-300])


def with_a_manifest(folder: Path) -> None:
    as_it_is(folder)
    output = [{"type": "Condition", "url": "https://x/Condition.ndjson"},
              {"type": "Procedure", "url": "https://x/Procedure.7.ndjson"}]  # fmt: skip
    manifest = {"transactionTime": "2026-01-01T00:00:00Z", "output": output, "deleted": [], "error": []}
    (folder / "manifest.json").write_bytes(orjson.dumps(manifest, option=orjson.OPT_INDENT_2))


def one_patient_alone(folder: Path) -> None:
    resources = [one for one in worked_patients() if patient_of(one) == "p11"]
    resources.append({"resourceType": "Condition", "id": "nobodys", "code": {"text": "multiple myeloma"}})
    by_type(folder, resources)


CODES = {
    "Condition": ("http://hl7.org/fhir/sid/icd-10-cm", "C90.00", "multiple myeloma"),
    "Procedure": ("http://www.ama-assn.org/go/cpt", "38241", "autologous stem cell transplant"),
    "Observation": ("http://www.ama-assn.org/go/cpt", "38241", ""),
    **dict.fromkeys(DRUG_TYPES, ("http://www.nlm.nih.gov/research/umls/rxnorm", "342369", "lenalidomide")),
}
"""What a patient is in the results for: (system, code, words); an Observation tells of it by code alone."""
NOT_READ = "not read"
"""Of a shape that leaves it open what the resource is about; its patient is in the results all the same."""


def bent_codes(system: str, code: str, words: str) -> Iterator[tuple[str, object]]:
    """Ways to write a code in the wrong JSON type."""
    coding = {"system": system, "code": code}
    whole = {"coding": [coding]}
    yield "list of one", [whole]
    yield "list of lists", [[whole]]
    yield "Coding", coding
    yield "list of a Coding", [coding]
    yield "codings no list", {"coding": coding}
    yield "lists within", [{"coding": {"system": [system], "code": [code]}}]
    if code.isdecimal():
        yield "number", {"coding": [{"system": system, "code": int(code)}]}
    yield f"two, {NOT_READ}", [whole, {"text": "something else"}]
    yield f"bare code, {NOT_READ}", code
    yield f"object for a text, {NOT_READ}", {"text": {"value": whole}}
    if words:
        yield "string", words
        yield "strings", [words]
        yield "text a list", {"text": [words]}
        yield "coding a string", {"coding": [words]}
        yield "display a list", {"coding": [{"display": [words]}]}
        yield f"two texts, {NOT_READ}", {"text": [words, "something else"]}


def bent_subjects(key: str) -> Iterator[tuple[str, object]]:
    """Ways to write a subject in the wrong JSON type."""
    reference = f"Patient/{key}"
    yield "list of one", [{"reference": reference}]
    yield "string", reference
    yield "strings", [reference]
    yield "reference a list", {"reference": [reference]}
    yield "bare id", key


def bent(kind: str) -> Iterator[tuple[str, Resource]]:
    """(shape, resource) of a type, each about a patient of its own, named by type and number."""
    system, code, words = CODES[kind]
    element = "medicationCodeableConcept" if kind in DRUG_TYPES else "code"
    status = {"Observation": "final", "MedicationRequest": "active"}.get(kind, "completed")
    sound = {
        "resourceType": kind,
        "status": status,
        "intent": "order",
        element: {"coding": [{"system": system, "code": code}]},
    }
    shapes = [(shape, {element: what}) for shape, what in bent_codes(system, code, words)]
    shapes += [(f"subject a {shape}", {"subject": shape}) for shape, _ in bent_subjects("")]
    if kind in DRUG_TYPES:
        shapes += [("reference a string", {element: None, "medicationReference": "Medication/bent"}),
                   ("reference a list", {element: None, "medicationReference": [{"reference": "Medication/bent"}]}),
                   ("R5, a string", {element: None, "medication": "Medication/bent"}),
                   ("R5, a concept", {element: None, "medication": {"text": words}})]  # fmt: skip
    rarely = kind in DRUG_TYPES[1:]  # read as requests are: a few shapes each will do, all of them together
    for number, (shape, change) in enumerate(shapes[DRUG_TYPES.index(kind) :: 3] if rarely else shapes):
        key = f"{kind}-{number}"
        one = {**sound, "id": f"r-{key}", "subject": {"reference": f"Patient/{key}"}, **change}
        if "subject" in change:
            one["subject"] = dict(bent_subjects(key))[str(change["subject"])]
        yield shape, {name: value for name, value in one.items() if value is not None}


def wrong_types(folder: Path) -> None:
    """A patient for each type of resource and each wrong JSON type; written in plain letters and as escapes."""
    resources = [one for kind in CODES for _, one in bent(kind)]
    patients = [{"resourceType": "Patient", "id": str(one["id"]).removeprefix("r-")} for one in resources]
    medication = {"resourceType": "Medication", "id": "bent", "code": [{"text": ["Lenalidomide 10 mg"]}]}
    others = [one for one in worked_patients() if patient_of(one) in ("p11", "p14")]
    by_type(folder, [*resources, *patients, medication, *others])
    for kind in CODES:  # sound ones of the same types stand beside them, and what tells nothing
        told = {"resourceType": kind, "subject": {"reference": "Patient/p11"}}
        silent = [{**told, "id": f"silent-{number}", "code": what}
                  for number, what in enumerate(TELLS_NOTHING) if kind not in DRUG_TYPES]  # fmt: skip
        with (folder / f"{kind}.ndjson").open("ab") as stream:
            stream.write(lines(silent))


TELLS_NOTHING = (
    5, True, [], [5], ["a", "b"], "", "something else", ["something else"], {"coding": 5}, {"coding": [5]}, {"text": 5},
    {"text": {}}, {"text": ["a", "b"]}, {"coding": [{"code": {}, "system": "urn:x"}]}, {"coding": [{"display": 5}]},
    {"code": "x", "system": "urn:x"}, {"code": "x"}, [{"text": "a"}, {"text": "b"}], {"version": "1", "text": {}},
)  # fmt: skip


def wrong_types_in_escapes(folder: Path) -> None:
    """The same with every letter and digit of the codes and words as a JSON escape."""
    wrong_types(folder)
    escapes = {word: "".join(f"\\u{ord(sign):04x}" for sign in word) for _, code, words in CODES.values()
               for word in (code, words, "Lenalidomide 10 mg") if word}  # fmt: skip
    for file in folder.glob("*.ndjson"):
        text = file.read_text(encoding="utf-8")
        for word, written in escapes.items():
            text = text.replace(f'"{word}"', f'"{written}"')
        file.write_text(text, encoding="utf-8")


SHAPES: list[Callable[[Path], None]] = [
    as_it_is, types_mixed, patients_last_and_backwards, gzipped, absolute_references, identifiers_alone, bare_ids,
    medications_elsewhere, a_medication_is_missing, a_bundle_each, bundles_of_several, no_drug_type, torn_and_odd,
    with_a_manifest, one_patient_alone, wrong_types,
]  # fmt: skip


@pytest.mark.parametrize("many", [5_000, 3], ids=["cohort", "registry"])
@pytest.mark.parametrize("shape", SHAPES)
def test_fast_is_plain(shape: Callable[[Path], None], many: int, tmp_path: Path) -> None:
    shape(tmp_path / "export")
    fast(tmp_path / "fast", tmp_path / "export", many=many)
    plain(tmp_path / "plain", tmp_path / "export")
    assert tables(tmp_path / "fast") == tables(tmp_path / "plain")
    assert len(tables(tmp_path / "fast")["patients.csv"].splitlines()) > 1


@pytest.mark.parametrize("shape", [wrong_types, wrong_types_in_escapes])
def test_nobody_is_lost_for_a_wrong_type(shape: Callable[[Path], None], tmp_path: Path) -> None:
    shape(tmp_path / "export")
    fast(tmp_path / "fast", tmp_path / "export")
    rows = {row["patient"]: row for row in csv.DictReader(io.StringIO(tables(tmp_path / "fast")["patients.csv"]))}
    told = {(Path(place["file"]).name, place["line"]) for place in quarantine(tmp_path / "fast")}
    answers = {"Condition": "myeloma", "Procedure": "transplant", "Observation": "transplant"}
    for kind in CODES:
        for number, (shape_of_it, _) in enumerate(bent(kind)):
            row = rows.get(patient_of({"resourceType": "Patient", "id": f"{kind}-{number}"}))
            assert row is not None, (kind, shape_of_it)
            assert (f"{kind}.ndjson", number + 1) in told, (kind, shape_of_it)
            if NOT_READ in shape_of_it:
                assert kind in row["not_supplied"], (kind, shape_of_it)
                assert row["incomplete"] == "true", (kind, shape_of_it)
                assert row[answers.get(kind, "lenalidomide")] == "unknown", (kind, shape_of_it)
            else:
                assert row[answers.get(kind, "lenalidomide")] == "yes", (kind, shape_of_it)
                assert not row["not_supplied"], (kind, shape_of_it)


MAY_BE_ANYTHING: tuple[Resource, ...] = (
    {"value": 5}, {"concept": []}, {"id": "1", "value": 5}, {"coding": [{"value": 5}]}, {"text": {"value": 5}},
    {"text": 7},
)  # fmt: skip
ODD_ANSWERS: tuple[Resource, ...] = (
    {"valueCodeableConcept": {"value": 5}}, {"valueCodeableConcept": 5}, {"valueString": {"value": 5}},
    {"component": 5}, {"component": [5]}, {"component": [{"valueString": []}]}, {"component": [{}, 5]},
)  # fmt: skip


@pytest.mark.parametrize("kind", ["Observation", "Procedure"])
def test_in_a_registry_too_a_code_that_may_be_anything_is_told(kind: str, tmp_path: Path) -> None:
    """C085 Lines that are found by what they say, and not by their patient: one of the wrong type says nothing."""
    shapes = [{"code": code} for code in MAY_BE_ANYTHING]
    if kind == "Observation":
        shapes += [{"code": {"text": "Remark"}, **answer} for answer in ODD_ANSWERS]
    some = worked_patients()
    for number, shape in enumerate(shapes):
        about: Resource = {"id": f"odd-{number}", "subject": {"reference": f"Patient/odd-{number}"}}
        some += [
            {"resourceType": "Patient", "id": f"odd-{number}"},
            {"resourceType": "MedicationStatement", "medicationCodeableConcept": {"text": "melphalan"}, **about},
            {"resourceType": kind, "status": "final", **shape, **about},
        ]
    by_type(tmp_path / "export", some)
    fast(tmp_path / "fast", tmp_path / "export", many=1)
    plain(tmp_path / "plain", tmp_path / "export")
    assert tables(tmp_path / "fast") == tables(tmp_path / "plain")
    rows = {row["patient"]: row for row in csv.DictReader(io.StringIO(tables(tmp_path / "fast")["patients.csv"]))}
    for number, shape in enumerate(shapes):
        told = rows[f"odd-{number}"]
        lacking = kind in told["not_supplied"].split()
        assert lacking if shape["code"] in MAY_BE_ANYTHING else int(told["data_problems"]), shape


def test_a_wrong_type_is_the_same_in_a_bundle_alone(tmp_path: Path) -> None:
    wrong_types(tmp_path / "export")
    fast(tmp_path / "fast", tmp_path / "export")
    rows = list(csv.DictReader(io.StringIO(tables(tmp_path / "fast")["patients.csv"])))
    medication = {"resourceType": "Medication", "id": "bent", "code": [{"text": ["Lenalidomide 10 mg"]}]}
    evaluator, names = Evaluator(rules()), ("patient", "myeloma", "lenalidomide", "transplant", "tier", "not_supplied")
    for kind in CODES:
        for _, resource in [*bent(kind)][::3]:
            patient = {"resourceType": "Patient", "id": str(resource["id"]).removeprefix("r-")}
            entries = [{"resource": one} for one in (patient, medication, resource)]
            (record,) = records_from_bundle(
                {"resourceType": "Bundle", "entry": entries}, value_sets=rules().value_sets, where="bundle"
            )
            alone = evaluated(record, evaluator, options())
            assert alone.belongs
            at = [SCHEMAS["patients"].get_field_index(name) for name in names]
            (row,) = [one for one in rows if one["patient"] == patient["id"]]
            assert [str(alone.patients[0][cell] or "") for cell in at] == [row[name] for name in names]


def test_what_names_nobody_is_named(tmp_path: Path) -> None:
    two = [{"reference": "Patient/x"}, {"reference": "Patient/y"}]
    subjects: list[object] = [7, [], {}, two, {"reference": 7}, {"reference": ["Patient/x", "Patient/y"]}]
    lost = [{"resourceType": "Condition", "id": f"c{number}", "subject": subject, "code": ["multiple myeloma"]}
            for number, subject in enumerate(subjects)]  # fmt: skip
    by_type(tmp_path / "export", [*lost, *(one for one in worked_patients() if patient_of(one) == "p11")])
    fast(tmp_path / "fast", tmp_path / "export")
    plain(tmp_path / "plain", tmp_path / "export")
    for way in ("fast", "plain"):
        places = [one for one in quarantine(tmp_path / way) if one["element"] == "subject"]
        assert [(Path(one["file"]).name, one["line"]) for one in places] == [
            ("Condition.ndjson", number + 1) for number in range(len(lost))
        ]
        assert all("subject" in one["reason"] for one in places)
    assert tables(tmp_path / "fast") == tables(tmp_path / "plain")


def test_a_gzip_file_that_ends_early_is_the_same_to_its_last_line(tmp_path: Path) -> None:
    """Each way tells whose the line is in which the file ends, and that the file cannot be read to its end."""
    a_gzip_file_ends_early(tmp_path / "export")
    fast(tmp_path / "fast", tmp_path / "export")
    plain(tmp_path / "plain", tmp_path / "export")
    assert tables(tmp_path / "fast") == tables(tmp_path / "plain")
    for out in ("fast", "plain"):
        reasons = [place["reason"] for place in quarantine(tmp_path / out) if "ends early" in place["reason"]]
        assert sorted(reason.split(" (")[0] for reason in reasons) == [
            "a gzip file that ends early and cannot be read to its end", "a line that ends early",
        ]  # fmt: skip


def test_fast_is_each_bundle_alone(tmp_path: Path) -> None:
    by_type(tmp_path / "export", worked_patients())
    fast(tmp_path / "out", tmp_path / "export")
    found = {
        (row["patient"], row["rule"], row["part"], row["summary"], row["certainty"], row["references"])
        for row in csv.DictReader(io.StringIO(tables(tmp_path / "out")["findings.csv"]))
    }
    evaluator = Evaluator(rules())
    records = [
        record
        for bundle in bundles(worked_patients())
        for record in records_from_bundle(bundle, value_sets=rules().value_sets, where="bundle")
    ]
    alone = [evaluated(record, evaluator, options()) for record in records]
    names = ("patient", "rule", "part", "summary", "certainty", "references")
    at = [SCHEMAS[FINDINGS].get_field_index(name) for name in names]
    rows = [row for one in alone if one.belongs for row in one.findings]
    assert found == {tuple(str(row[cell] or "") for cell in at) for row in rows}
    assert len(found) > 15


def test_two_runs_give_the_same_bytes_whatever_the_division(tmp_path: Path) -> None:
    by_type(tmp_path / "export", worked_patients())
    fast(tmp_path / "one", tmp_path / "export")
    fast(tmp_path / "other", tmp_path / "export", patients_to_a_part=1000, chunk_bytes=1 << 27)
    assert tables(tmp_path / "one") == tables(tmp_path / "other")
    assert quarantine(tmp_path / "one") == quarantine(tmp_path / "other")
