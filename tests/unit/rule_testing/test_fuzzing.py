"""`make fuzz`: it finds a reader that is broken, makes the patient small, and writes a scenario that can be read."""

from __future__ import annotations

import functools
import random
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any, cast

import pytest
from gherkin.parser import Parser
from hypothesis import given, settings
from hypothesis import strategies as st

from spmwatch.engine.catalogue.load import load_rule_base
from spmwatch.engine.episodes import Span
from spmwatch.engine.facts import DrugExposure, LabValue, PatientRecord, Standing
from spmwatch.engine.reasoning import explain
from spmwatch.engine.reasoning.explain import Explainer
from spmwatch.engine.truth import Truth
from spmwatch.rule_testing.evaluated import DISAGREE
from spmwatch.rule_testing.fuzzing.numbers import limits_of
from spmwatch.rule_testing.fuzzing.patients import AS_OF, PatientMaker
from spmwatch.rule_testing.fuzzing.readers import Readers
from spmwatch.rule_testing.fuzzing.rule_bases import SHIPPED, rule_bases
from spmwatch.rule_testing.fuzzing.search import Found, Searcher, Tally, seen_at
from spmwatch.rule_testing.fuzzing.shrink import shrunk
from spmwatch.rule_testing.run import Kind, Wanted, run

ROOT = Path(__file__).parents[3]
SEED, ENOUGH = "tests", 400


@functools.cache
def readers() -> Readers:
    return Readers(load_rule_base())


def patient(seed: str) -> PatientRecord:
    return PatientMaker(readers().evaluator.rule_base).patient(random.Random(seed))


def search(patients: int) -> Tally:
    """Until something is found, or so many patients were compared."""
    shipped = Searcher([(SHIPPED, load_rule_base())])
    return shipped.run(SEED, lambda tally: tally.patients < patients and not any(map(shows, tally.found)))


def shows(found: Found) -> bool:
    """Does the rule as a whole differ, so that its scenario fails?"""
    return f"Unlike the record: {DISAGREE}" in found.text


# -- the two agree ------------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**9), choice=st.integers(0, 4))
def test_both_readers_agree_on_random_records_and_on_what_each_truth_rests(seed: int, choice: int) -> None:
    hook = readers().hooks[choice % len(readers().hooks)]
    record = seen_at(patient(str(seed)), hook)
    assert readers().differences(record, as_of=AS_OF, hook=hook, with_episodes=True) == []


def test_what_was_compared_is_counted() -> None:
    tally = search(10)
    assert (tally.patients, tally.evaluations, tally.found) == (10, 20, [])
    assert tally.outcomes > 10 * readers().outcomes("patient-view")
    assert 0 < tally.closely < tally.outcomes
    assert tally.by_rules == {SHIPPED: 10}
    other = search(3)
    other.add(tally)
    assert (other.patients, other.evaluations, other.by_rules[SHIPPED]) == (13, 26, 13)


# -- what is made -------------------------------------------------------------------------------------------------


def test_the_same_seed_makes_the_same_patient() -> None:
    assert patient("a") == patient("a") != patient("b")


def test_patients_lie_next_to_limits_and_every_rule_is_met_true_and_unknown() -> None:
    base = readers().evaluator.rule_base
    met: Counter[tuple[str, Truth]] = Counter()
    values: set[tuple[float, str]] = set()
    for number in range(ENOUGH):
        record = patient(f"met-{number}")
        values |= {(fact.value, fact.unit) for fact in record.facts if isinstance(fact, LabValue)}
        for hook in ("patient-view", "order-sign"):
            found = readers().evaluator.evaluate(seen_at(record, hook), as_of=AS_OF, hook=hook)
            met.update((rule, truth) for rule, truth in found.truths.items())
    fired = {rule.id for rule in base.rules if met[rule.id, Truth.TRUE]}
    undecided = {rule.id for rule in base.rules if met[rule.id, Truth.UNKNOWN]}
    assert len(fired) > 0.85 * len(base.rules), {rule.id for rule in base.rules} - fired
    assert len(undecided) > 0.6 * len(base.rules)
    for limit, unit in limits_of(base):
        if unit in ("g/dL", "fL") or (unit == "10*9/L" and limit >= 30):
            assert values & {(round(limit + step, 2), unit) for step in (-0.1, -0.01, 0.0, 0.01, 0.1)}, (limit, unit)


def test_rules_of_overlays_and_random_numbers_are_compared_too(tmp_path: Path) -> None:
    acs = ROOT / "examples" / "overlays" / "acs"
    named = dict(rule_bases([acs], 2, SEED, tmp_path))
    assert list(named) == [SHIPPED, "overlay acs", "overlay random-1", "overlay random-2"]
    assert len({base.digest for base in named.values()}) == 4
    assert limits_of(named["overlay random-1"]) != limits_of(named[SHIPPED])
    assert (tmp_path / "random-1" / "overlay.yaml").is_file()


def test_of_a_record_as_little_is_left_as_still_shows_it() -> None:
    record = next(
        one
        for one in (patient(f"big-{number}") for number in range(500))
        if len(one.facts) > 6 and any(isinstance(fact, DrugExposure) and fact.dose for fact in one.facts)
    )

    def shows(one: PatientRecord) -> bool:
        return any(isinstance(fact, DrugExposure) and fact.dose is not None for fact in one.facts)

    least = shrunk(record, shows)
    (only,) = least.facts
    assert isinstance(only, DrugExposure)
    assert only.dose is not None
    assert (only.standing, only.phase, only.reasons, only.end) == (Standing.COUNTS, None, (), None)
    assert least.coverage.unsupplied == ()


# -- a reader that is broken --------------------------------------------------------------------------------------


@pytest.fixture
def at_least_means_more_than(monkeypatch: pytest.MonkeyPatch) -> None:
    """The plain reader is wrong on the limit itself and nowhere else."""
    compare = explain.compare

    def wrong(span: Span, comparison: str, limit: Span) -> Truth:
        return compare(span, {">=": ">", "<=": "<"}.get(comparison, comparison), limit)

    monkeypatch.setattr(explain, "compare", wrong)


@pytest.mark.usefixtures("at_least_means_more_than")
def test_a_broken_reader_is_found_made_small_and_written_as_a_scenario(tmp_path: Path) -> None:
    one = next(filter(shows, search(ENOUGH).found))
    assert one.difference.explainer.split()[0] != one.difference.network.split()[0]
    assert one.why_not == ""
    feature = cast("Any", Parser().parse(one.text))["feature"]
    (scenario,) = [child["scenario"] for child in feature["children"]]
    assert scenario["name"] == f"{one.difference.rule} {one.difference.variant}: the two readers of the rules disagree"
    asked = next(index for index, step in enumerate(scenario["steps"]) if step["keywordType"] == "Action")
    given_steps = scenario["steps"][:asked]
    assert len(given_steps) < 12
    assert f"with the seed {one.seed}" in one.text
    path = tmp_path / "difference.feature"
    path.write_text(one.text, encoding="utf-8")
    done = run(Wanted(paths=[path]), root=tmp_path)
    assert done.faults == []
    (outcome,) = done.outcomes
    assert outcome.told is not None
    assert outcome.told.kind is Kind.FAILED, outcome.told.text()
    assert DISAGREE in outcome.told.got


def test_the_scenario_of_a_difference_holds_once_the_reader_is_mended(tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patched:
        truth = Explainer.truth
        patched.setattr(
            Explainer, "truth", lambda me, variant: Truth.FALSE if (t := truth(me, variant)) is Truth.UNKNOWN else t
        )
        one = next(filter(shows, search(ENOUGH).found))
    path = tmp_path / "difference.feature"
    path.write_text(one.text, encoding="utf-8")
    done = run(Wanted(paths=[path]), root=tmp_path)
    assert done.held, [each.told and each.told.text() for each in done.outcomes]
    assert done.readable


def test_make_fuzz_says_what_was_compared_and_ends_with_0_when_nothing_was_found(tmp_path: Path) -> None:
    command = [sys.executable, ROOT / "tools" / "fuzz.py", "--minutes", "0.02", "--seed", "x", "--processes", "1"]
    done = subprocess.run([*command, "--out", tmp_path], capture_output=True, text=True, check=False, timeout=200)
    assert done.returncode == 0, done.stderr
    assert "Comparing for 0.02 minutes in 1 processes; seed x." in done.stdout
    assert re.search(r"[1-9]\d* patients, [1-9]\d* evaluations, [\d,]{3,} outcomes compared,", done.stdout)
    assert "No difference was found." in done.stdout
    assert not list(tmp_path.glob("*.feature"))
