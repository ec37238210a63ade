"""A record as a scenario: it comes to the same, holds when it is run, and tells nothing that names the patient."""

from __future__ import annotations

import dataclasses
import functools
import json
import os
import random
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spmwatch.engine.dates import DateRange
from spmwatch.engine.facts import Diagnosis, DrugExposure, PatientRecord
from spmwatch.fhir_adapters import records_from_bundle
from spmwatch.rule_testing.facts_in_words import KINDS, FactWords, kind_of
from spmwatch.rule_testing.from_record.conclusion import Conclusion
from spmwatch.rule_testing.from_record.shift import FOUR_YEARS, Shift, shifts
from spmwatch.rule_testing.from_record.writer import Written, scenario_of
from spmwatch.rule_testing.fuzzing.patients import PatientMaker
from spmwatch.rule_testing.fuzzing.search import seen_at
from spmwatch.rule_testing.run import Wanted
from spmwatch.rule_testing.run import run as run_scenarios
from spmwatch.rule_testing.scenario import Scenario
from tests.support.scenarios import evaluator, held, strings
from tests.unit.cli.running import run

ROOT = Path(__file__).parents[3]
BUNDLES = sorted((ROOT / "examples" / "bundles").glob("*.json"))
AS_OF = date(2026, 1, 15)
DATE = re.compile(r"\d{4}-\d{2}(?:-\d{2})?")
LATE = """\
name: late
version: 1.0.0
title: Late
responsible: A test
because: An age above 90 decides.

parameters:
  breast:
    last_age: {value: 92, unit: a, because: It decides, evidence: [convention]}
"""
EVERY, LEAST = int(os.environ.get("SPMWATCH_EVERY", "5")), 20
TOPICS = ("record", "melphalan", "worked_patients") if EVERY > 1 else (".",)
"""Of the scenarios of these topics every so many-eth is told anew; SPMWATCH_EVERY=1: all there are, in minutes."""


@functools.cache
def hooks() -> tuple[str, ...]:
    return tuple(sorted({hook for rule in evaluator().rule_base.rules for hook in rule.hooks}))


def record_of(bundle: dict[str, Any]) -> PatientRecord:
    (record,) = records_from_bundle(bundle, value_sets=evaluator().rule_base.value_sets, where="test")
    return record


@functools.cache
def written(path: Path) -> Written:
    record = record_of(json.loads(path.read_text(encoding="utf-8")))
    return scenario_of(record, evaluator(), as_of=AS_OF, chance=random.Random(path.stem), title=f"Told {path.stem[1:]}")


# -- the same -----------------------------------------------------------------------------------------------------


def test_every_example_comes_to_the_same_and_holds_when_it_is_run(tmp_path: Path) -> None:
    assert len(BUNDLES) > 40
    for path in BUNDLES:
        told = written(path)
        assert told.differences == (), path.stem
        (tmp_path / f"{path.stem}.feature").write_text(told.text, encoding="utf-8")
    assert held(tmp_path) == []


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**9), choice=st.integers(0, 4))
def test_random_patients_come_to_the_same_at_every_hook(seed: int, choice: int) -> None:
    hook = hooks()[choice % len(hooks())]
    record = seen_at(PatientMaker(evaluator().rule_base).patient(random.Random(seed)), hook)
    told = scenario_of(record, evaluator(), as_of=AS_OF, hook=hook, chance=random.Random(seed))
    assert told.differences == ()
    assert not [line for line in told.untold if line.startswith("Not told")]
    assert not (set(days_of(record)) & set(DATE.findall(told.text)))


def days_of(record: PatientRecord) -> Iterator[str]:
    yield AS_OF.isoformat()
    for fact in (*record.facts, *([record.patient] if record.patient else [])):
        for name in fact.__dataclass_fields__:
            value = getattr(fact, name)
            if isinstance(value, DateRange):
                yield from (side for side in str(value).split("..") if len(side) == len("2026-01-15"))


def test_patients_of_the_features_come_to_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    evaluate, seen = Scenario.evaluate, list[tuple[PatientRecord, date, str]]()

    def kept(scenario: Scenario, hook: str) -> None:
        evaluate(scenario, hook)
        if scenario.evaluator.rule_base.rules == evaluator().rule_base.rules:  # no overlay, no draft rule
            seen.append((scenario.record(hook), scenario.today, hook))

    with monkeypatch.context() as patched:
        patched.setattr(Scenario, "evaluate", kept)
        done = run_scenarios(Wanted(paths=[ROOT / "features" / topic for topic in TOPICS]), root=ROOT)
        assert done.held
        assert done.readable
    chosen = seen[::EVERY]
    assert len(chosen) >= LEAST
    for number, (record, today, hook) in enumerate(chosen):
        chance = random.Random(number)
        one = scenario_of(record, evaluator(), as_of=today, hook=hook, chance=chance, title=f"N{number}")
        assert one.differences == ()
        (tmp_path / f"f{number}.feature").write_text(one.text, encoding="utf-8")
    assert held(tmp_path) == []


# -- nobody -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", BUNDLES, ids=lambda path: path.stem)
def test_no_id_reference_or_date_of_the_record_stands_in_it(path: Path) -> None:
    text = written(path).text
    words = set(re.findall(r"[\w/.:-]+", text))
    for name, value in strings(json.loads(path.read_text(encoding="utf-8"))):
        if name in ("id", "reference", "fullUrl"):
            assert value not in words, name
        for day in DATE.findall(value):
            assert day not in words, name


NAMED = {
    "resourceType": "Patient",
    "id": "mrn-4711",
    "identifier": [{"system": "https://hospital.example/mrn", "value": "4711-0815"}],
    "name": [{"family": "Quillfeather", "given": ["Zebedee"]}],
    "address": [{"city": "Puddleby", "postalCode": "PX9 9XP"}],
    "telecom": [{"value": "+49 30 901820"}],
    "gender": "male",
    "birthDate": "1950-05",
}
STORY = "Zebedee was told in Puddleby by Dr Dolittle"


def named_bundle() -> dict[str, Any]:
    subject = {"subject": {"reference": "Patient/mrn-4711", "display": "Zebedee Quillfeather"}}
    myeloma = {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "C90.00", "display": STORY}]}
    resources: list[dict[str, Any]] = [
        NAMED,
        {"resourceType": "Condition", "id": "Quillfeather-1", **subject, "code": myeloma | {"text": STORY},
         "onsetDateTime": "2019", "note": [{"text": STORY}]},
        {"resourceType": "MedicationStatement", "id": "m1", **subject, "status": "active",
         "medicationCodeableConcept": {"text": f"Revlimid, {STORY}"}, "effectivePeriod": {"start": "2023-02"},
         "note": [{"text": STORY}], "dosage": [{"text": f"maintenance; {STORY}"}]},
        {"resourceType": "Observation", "id": "o1", **subject, "status": "final", "valueString": STORY,
         "code": {"coding": [{"system": "http://loinc.org", "code": "777-3"}]}, "effectiveDateTime": "2025-12-24"},
        {"resourceType": "Procedure", "id": "p1", **subject, "status": "completed", "performedDateTime": "no day",
         "code": {"text": f"autologous stem cell transplant, {STORY}"}},
    ]  # fmt: skip
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in resources]}


def test_no_name_identifier_or_word_of_the_record_stands_in_it_and_what_was_left_out_is_said() -> None:
    record = record_of(named_bundle())
    told = scenario_of(record, evaluator(), as_of=AS_OF, chance=random.Random(1))
    assert told.differences == ()
    for word in ("Zebedee", "Quillfeather", "4711", "0815", "Puddleby", "PX9", "901820", "Dolittle", "Revlimid", "m1"):
        assert word not in told.text
    assert not re.search(r"\b(?:2019|1950-05|2023-02|2025-12-24|2026-01-15)\b(?!-)", told.text)
    assert len(told.untold) == 1
    assert "# The record has remarks on its quality, which are not told here:" in told.text
    assert "low-certainty" in told.untold[0]


def test_orders_that_were_written_together_stay_so_without_their_identifier() -> None:
    bundle = named_bundle()
    for number, code in enumerate(("337535", "3264")):  # RxNorm: lenalidomide, dexamethasone
        coding = {"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": code}
        request = {"resourceType": "MedicationRequest", "id": f"r{number}", "status": "active", "intent": "order",
                   "subject": {"reference": "Patient/mrn-4711"}, "authoredOn": "2025-03-04",
                   "groupIdentifier": {"system": "urn:orders", "value": "order-set-99"},
                   "medicationCodeableConcept": {"coding": [coding]}}  # fmt: skip
        bundle["entry"].append({"resource": request})
    record = record_of(bundle)
    groups = {fact.group for fact in record.facts if isinstance(fact, DrugExposure) and fact.group}
    assert len(groups) == 1
    told = scenario_of(record, evaluator(), as_of=AS_OF, chance=random.Random(1))
    assert told.differences == ()
    assert groups.isdisjoint(re.findall(r"\w+", told.text))
    assert len(re.findall(r"\| g1 +\|", told.text)) == len([f for f in record.facts if getattr(f, "group", None)]) > 0


def test_what_was_not_supplied_is_told_in_the_scenario(tmp_path: Path) -> None:
    feature = tmp_path / "a.feature"
    done = run("scenario", BUNDLES[1], "--as-of", AS_OF, "--partial", "Procedure", "--out", feature)
    assert done.exit_code == 0, done.output
    assert "And Procedure was not searched" in feature.read_text(encoding="utf-8")
    assert held(tmp_path) == []


# -- the move of dates --------------------------------------------------------------------------------------------


def of(*onsets: str) -> PatientRecord:
    facts = [Diagnosis(concept="multiple-myeloma", onset=DateRange.parse(onset)) for onset in onsets]
    return PatientRecord(id="x", facts=tuple(facts))


@pytest.mark.parametrize(("onset", "width"), [("2019", 4), ("2019-02", 7), ("2020-02-29", 10)])
def test_a_date_stays_as_exactly_known_as_it_was(onset: str, width: int) -> None:
    moves = list(shifts(of(onset), AS_OF, random.Random(3)))
    assert len(moves) > 10
    for move in moves:
        moved = str(move.span(DateRange.parse(onset)))
        assert len(moved) == width
        assert moved != onset


@given(day=st.dates(date(1930, 1, 1), date(2060, 1, 1)), times=st.integers(-3, 3))
def test_four_years_keep_the_calendar(day: date, times: int) -> None:
    moved = Shift(FOUR_YEARS * times).day(day)
    assert (moved.year, moved.month, moved.day) == (day.year + 4 * times, day.month, day.day)


@given(days=st.lists(st.dates(date(2015, 1, 1), AS_OF), min_size=1, max_size=300), seed=st.integers())
def test_of_many_dates_none_is_left(days: list[date], seed: int) -> None:
    record = of(*(day.isoformat() for day in days))
    move = next(shifts(record, AS_OF, random.Random(seed)))
    assert not {move.day(day) for day in (*days, AS_OF)} & {*days, AS_OF}


# -- great ages ---------------------------------------------------------------------------------------------------


def aged(birth: str) -> PatientRecord:
    record = record_of(json.loads(BUNDLES[0].read_text(encoding="utf-8")))
    assert record.patient is not None
    return dataclasses.replace(record, patient=dataclasses.replace(record.patient, birth=DateRange.parse(birth)))


def age_in(text: str) -> int:
    """Whole years from the earliest birth date to the day of a scenario."""
    today = re.findall(r"today is (\S+)", text)[0]
    birth = re.findall(r" (?:woman|man|person) born (\S+)", text)[0]
    return int(today[:4]) - int(birth[:4]) - (today[5 : len(birth)] < birth[5:])


@pytest.mark.parametrize("birth", ["1936-01-15", "1932-06-03", "1931-02", "1930"])
def test_nobody_is_told_to_be_older_than_ninety_where_no_conclusion_depends_on_it(birth: str, tmp_path: Path) -> None:
    for seed in range(5):
        told = scenario_of(aged(birth), evaluator(), as_of=AS_OF, chance=random.Random(seed), title=f"A{seed}")
        assert told.differences == ()
        assert 90 <= age_in(told.text) <= (92 if len(birth) == 4 else 91)  # of a year the first day counts
        assert "  # The patient was born more than 89 years ago. Here it is 90: " in told.text
        (tmp_path / f"{seed}.feature").write_text(told.text, encoding="utf-8")
    assert held(tmp_path) == []


def test_up_to_eighty_nine_an_age_stays_as_it_is_and_nothing_is_said_of_it() -> None:
    told = scenario_of(aged("1936-01-16"), evaluator(), as_of=AS_OF, chance=random.Random(1))
    assert "more than 89 years" not in told.text
    assert abs(age_in(told.text) - 89) <= 1  # a shifted leap day


def test_a_great_age_that_decides_is_kept_with_a_warning_in_the_file_and_on_the_terminal(tmp_path: Path) -> None:
    bundle = json.loads(BUNDLES[0].read_text(encoding="utf-8"))
    (person,) = (e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == "Patient")
    person["birthDate"] = "1932-06-03"
    (tmp_path / "old.json").write_text(json.dumps(bundle), encoding="utf-8")
    overlay, feature = tmp_path / "late", tmp_path / "old.feature"
    overlay.mkdir()
    (overlay / "overlay.yaml").write_text(LATE, encoding="utf-8")
    done = run("scenario", tmp_path / "old.json", "--as-of", AS_OF, "--overlay", overlay, "--out", feature)
    assert done.exit_code == 0, done.output
    text = feature.read_text(encoding="utf-8")
    warning = "The patient was born more than 89 years ago, which is rare enough to tell who it is"
    assert f"  # {warning}" in text
    assert warning in done.stderr
    assert age_in(text) == 93
    assert run("test", feature, "--overlay", overlay).exit_code == 0


# -- facts in words -----------------------------------------------------------------------------------------------


@settings(deadline=None)
@given(seed=st.integers(0, 10**9))
def test_every_fact_is_the_same_after_it_stood_in_a_table(seed: int) -> None:
    words = FactWords(evaluator().rule_base.value_sets)
    for fact in PatientMaker(evaluator().rule_base).patient(random.Random(seed)).facts:
        heading, row = words.table([fact], {})
        cells, source = [dict(zip(heading, row, strict=True))], fact.sources[0]
        assert words.facts(kind_of(fact), cells, lambda _kind, _record, source=source: source) == [fact]


def test_the_kinds_are_met_by_random_patients() -> None:
    maker = PatientMaker(evaluator().rule_base)
    facts = [fact for seed in range(200) for fact in maker.patient(random.Random(seed)).facts]
    assert {kind_of(fact) for fact in facts} == set(KINDS)


def test_a_difference_is_told_in_words() -> None:
    healthy = Conclusion.of(evaluator().evaluate(of("2019-01-01"), as_of=AS_OF))
    other = Conclusion.of(evaluator().evaluate(record_of(json.loads(BUNDLES[0].read_text())), as_of=AS_OF))
    told = "\n".join(other.differences(healthy))
    assert "tier: `warning` became `none`" in told
    assert "lost SPM-05 TRUE; " in told
    assert healthy.differences(healthy) == []


# -- the command --------------------------------------------------------------------------------------------------


def test_the_command_writes_a_scenario_that_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = run("scenario", BUNDLES[0], "--as-of", AS_OF, "--out", "complaint.feature", "--title", "Complaint 12")
    assert done.exit_code == 0, done.output
    assert "Run it: spmwatch test complaint.feature" in done.stderr
    assert "  Scenario: Complaint 12\n" in (tmp_path / "complaint.feature").read_text(encoding="utf-8")
    tested = run("test", "complaint.feature")
    assert tested.exit_code == 0
    assert "1 scenario: 1 held" in tested.stdout


def test_a_file_that_is_there_is_written_over_only_when_that_is_asked_for(tmp_path: Path) -> None:
    feature = tmp_path / "mine.feature"
    feature.write_text("mine", encoding="utf-8")
    done = run("scenario", BUNDLES[0], "--as-of", AS_OF, "--out", feature)
    assert done.exit_code == 2
    assert "is there already. Name another file, or write over it with --force" in done.stderr
    assert feature.read_text(encoding="utf-8") == "mine"
    assert run("scenario", BUNDLES[0], "--as-of", AS_OF, "--out", feature, "--force").exit_code == 0
    assert "Feature: From a record" in feature.read_text(encoding="utf-8")


def test_a_name_that_spmwatch_test_would_refuse_is_refused(tmp_path: Path) -> None:
    done = run("scenario", BUNDLES[0], "--as-of", AS_OF, "--out", tmp_path / "x.txt")
    assert done.exit_code == 2
    assert "is no name of a feature file. Name it x.txt.feature" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_without_a_file_it_goes_to_standard_output_and_dates_differ_from_run_to_run() -> None:
    first, second = (run("scenario", BUNDLES[0], "--as-of", AS_OF).stdout for _ in range(2))
    assert first.startswith("# Made by `spmwatch scenario`")
    assert first != second


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("examples/export", "--as-of", "2026-01-15"), "Choose one with --patient"),
        (("examples/export", "--as-of", "2026-01-15", "--patient", "nobody"), "there is no patient nobody"),
        (("examples/bundles/none.json",), "none.json"),
    ],
)
def test_a_patient_who_is_not_there_is_told(arguments: tuple[str, ...], told: str) -> None:
    done = run("scenario", ROOT / arguments[0], *arguments[1:])
    assert done.exit_code == 2
    assert told in done.output


def test_with_an_overlay_the_scenario_says_which(tmp_path: Path) -> None:
    feature, overlay = tmp_path / "a.feature", ROOT / "examples" / "overlays" / "acs"
    done = run("scenario", BUNDLES[0], "--as-of", AS_OF, "--overlay", overlay, "--out", feature)
    assert done.exit_code == 0, done.output
    assert "# The rules had this overlay: acs" in feature.read_text(encoding="utf-8")
    assert run("test", feature, "--overlay", overlay).exit_code == 0
