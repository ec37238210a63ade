"""What is left out before the network runs could have changed nothing."""

from __future__ import annotations

import functools
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spmwatch.engine.catalogue.conditions import Condition
from spmwatch.engine.catalogue.load import load_rule_base
from spmwatch.engine.catalogue.rule import Rule
from spmwatch.engine.episodes import VOCABULARY, Course, Episode, Missing, PatientEpisode, Span, Stated, Transplant
from spmwatch.engine.errors import NetworkFactError
from spmwatch.engine.facts import Standing
from spmwatch.engine.reasoning import network as network_module
from spmwatch.engine.reasoning.network import Match, Network
from spmwatch.engine.reasoning.wire import Wire
from tests.strategies.episodes import AS_OF, patients, rule_of, rules, shipped_patients
from tests.unit.engine.test_differential import by_explainer

EVERYTHING = -1
"""All bits: every episode concerns the piece."""
Used = Mapping[tuple[str, str, bool], set[tuple[str, ...]]]


def with_all(network: Network, episodes: Sequence[Episode]) -> Used:
    """What fires when every ruleset runs on every episode, as if nothing were known of either beforehand."""
    for verb in VOCABULARY:
        network.wire.learn(Condition(verb=verb, name="any"), negated=True)  # so that every episode travels
    network.kinds = {verb: network.wire.kind(verb) for verb in VOCABULARY}
    session = network.session(AS_OF)
    session._take(episodes)
    for ruleset in network.rulesets:
        ruleset.piece = replace(ruleset.piece, needs=EVERYTHING, guards=EVERYTHING, pairs=())
        session._take(session._fire(ruleset))
    return session._used


def with_needed(network: Network, episodes: Sequence[Episode]) -> Used:
    session = network.session(AS_OF)
    session.run(episodes)
    return session._used


@functools.cache
def shipped_rules() -> tuple[Rule, ...]:
    return load_rule_base().rules


@functools.cache
def shipped() -> tuple[Network, Network]:
    return Network(shipped_rules()), Network(shipped_rules())


@settings(max_examples=200, deadline=None)
@given(rule=rules(), people=st.lists(patients(), min_size=2, max_size=6))
def test_leaving_out_changes_nothing_for_random_rules(rule: Rule, people: list[list[Episode]]) -> None:
    every, needed = Network([rule]), Network([rule])
    for episodes in people:
        assert with_needed(needed, episodes) == with_all(every, episodes)


@settings(max_examples=150, deadline=None)
@given(first=rules("TST-01"), patient=patients())
def test_leaving_out_changes_nothing_in_a_chain(first: Rule, patient: list[Episode]) -> None:
    second = rule_of("TST-02", {"all": [{"finding": {"rule": ["TST-01"]}}, {"exposed": {}}]}, [])
    rule_set = [rule_of("TST-03", {"finding": {"rule": ["TST-02"]}}, []), first, second]
    assert with_needed(Network(rule_set), patient) == with_all(Network(rule_set), patient)


@settings(max_examples=60, deadline=None)
@given(patient=shipped_patients())
def test_leaving_out_changes_nothing_for_the_shipped_rules(patient: list[Episode]) -> None:
    every, needed = shipped()
    assert with_needed(needed, patient) == with_all(every, patient)


@settings(max_examples=100, deadline=None)
@given(rule=rules(), patient=patients(), cut=st.integers(0, 7), seed=st.integers(0, 99))
def test_episodes_that_come_later_are_matched_with_the_earlier(
    rule: Rule, patient: list[Episode], cut: int, seed: int
) -> None:
    """A second run knows what came in the first. Negations look at what was known when a rule fired, so none here."""
    positive = replace(rule, variants=tuple(replace(v, unless=()) for v in rule.variants))
    shuffled = random.Random(seed).sample(patient, len(patient))
    network = Network([positive])
    session = network.session(AS_OF)
    session.run(shuffled[:cut])
    assert session.run(shuffled[cut:]) == network.evaluate(patient, AS_OF)


def test_a_rule_without_its_episodes_is_never_handed_to_the_c_code(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    original = network_module._c.create_ruleset
    monkeypatch.setattr(network_module._c, "create_ruleset", lambda *a: made.append(a[1]) or original(*a))
    rule_set = [
        rule_of("TST-01", {"all": [{"exposed": {"drug": "lenalidomide"}}]}, []),
        rule_of("TST-02", {"all": [{"exposed": {"drug": "melphalan"}}, {"transplanted": {}}]}, []),
    ]
    patient = [PatientEpisode(id="p"), Course(id="l", drug="lenalidomide"), Course(id="m", drug="melphalan")]
    matches = Network(rule_set).evaluate(patient, AS_OF)
    assert [(match.rule, match.certain) for match in matches] == [("TST-01", False), ("TST-01", True)]
    assert len(made) == 1
    assert by_explainer(rule_set, patient)[("TST-02", "now")][0].value == "FALSE"


def test_a_datum_that_is_missing_joins_what_was_there_before() -> None:
    rule_set = [rule_of("TST-01", {"all": [{"exposed": {}}, {"missing": {"decisive": "decisive"}}]}, [])]
    session = Network(rule_set).session(AS_OF)
    assert session.run([PatientEpisode(id="p"), Course(id="l", drug="lenalidomide")]) == []
    later = session.run([Missing(id="missing-x", datum="x", decisive="decisive")])
    assert Match("TST-01", "now", True, (("l", "missing-x"),)) in later


def test_sessions_share_no_id() -> None:
    network = Network([rule_of("TST-01", {"all": [{"exposed": {}}]}, [])])
    course = Course(id="l", drug="lenalidomide")
    facts = [
        network.wire.kind(course.verb).sent(course, 0, session._sid, 0)
        for session in (network.session(AS_OF) for _ in range(2))
    ]
    assert facts[0] != facts[1]


def test_a_number_out_of_bounds_does_not_travel() -> None:
    wire = Wire()
    wire.learn(Condition(verb="measured", name="any"))
    shape = rule_of("TST-01", {"all": [{"measured": {"value": {"at_least": "low"}}}]}, [])
    network = Network([shape])
    far = VOCABULARY["measured"].episode(id="m", analyte="anc", value=Span(1, 9e14))  # type: ignore[call-arg]
    with pytest.raises(NetworkFactError):
        network.evaluate([PatientEpisode(id="p"), far], AS_OF)


def test_a_hostile_word_is_refused_whether_or_not_it_was_seen_before() -> None:
    network = Network([rule_of("TST-01", {"all": [{"stated": {"date": {"before": "today"}}}]}, [])])
    hostile = Stated(id="s", what="progression", date=Span(1, 2))
    assert network.evaluate([hostile], AS_OF)
    for _ in range(2):
        with pytest.raises(NetworkFactError):
            network.evaluate([replace(hostile, id='s"')], AS_OF)


def test_findings_that_say_the_same_travel_once_and_all_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    sessions: list[str] = []
    original = network_module._c.assert_facts
    monkeypatch.setattr(network_module._c, "assert_facts", lambda *a: sessions.append(a[1]) or original(*a))
    either = {"rule": ["TST-01", "TST-02"]}
    rule_set = [
        rule_of("TST-01", {"exposed": {}}, []),
        rule_of("TST-02", {"patient": {}}, []),
        rule_of("TST-03", {"all": [{"finding": either}, {"patient": {}}]}, []),
        rule_of("TST-04", {"finding": {"rule": ["TST-02"]}}, []),
    ]
    patient = [PatientEpisode(id="p"), Course(id="l", drug="lenalidomide", standing=Standing.POSSIBLE)]
    said = {(m.rule, m.certain): m.bindings for m in Network(rule_set[:3]).evaluate(patient, AS_OF)}
    first, second = "finding-TST-01-now-possible", "finding-TST-02-now-possible"
    assert said["TST-03", False] == ((first, "p"), ("finding-TST-02-now-certain", "p"), (second, "p"))
    assert said["TST-03", True] == (("finding-TST-02-now-certain", "p"),)
    assert first in sessions[-1]
    assert second not in sessions[-1]

    told_apart = {(m.rule, m.certain): m.bindings for m in Network(rule_set).evaluate(patient, AS_OF)}
    assert told_apart["TST-03", False] == said["TST-03", False]
    assert told_apart["TST-04", True] == (("finding-TST-02-now-certain",),)
    assert second in sessions[-1]


def test_a_finding_of_a_later_run_is_named_beside_the_one_that_says_the_same() -> None:
    rule_set = [
        rule_of("TST-01", {"exposed": {}}, []),
        rule_of("TST-02", {"missing": {}}, []),
        rule_of("TST-03", {"finding": {"rule": ["TST-01", "TST-02"]}}, []),
    ]
    session = Network(rule_set).session(AS_OF)
    first, second = "finding-TST-01-now-certain", "finding-TST-02-now-certain"
    before = {(m.rule, m.certain): m for m in session.run([Course(id="l", drug="lenalidomide")])}
    assert before["TST-03", True].bindings == ((first,),)
    after = {(m.rule, m.certain): m for m in session.run([Missing(id="m", datum="x", decisive="minor")])}
    assert after["TST-03", True].bindings == ((first,), (second,))
    assert after["TST-01", True].bindings == before["TST-01", True].bindings


def test_what_compares_two_of_a_kind_is_not_asked_about_one(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[int] = []
    original = network_module.Session._open

    def noted(session: network_module.Session, handle: int) -> int:
        opened.append(handle)
        return original(session, handle)

    monkeypatch.setattr(network_module.Session, "_open", noted)
    twice = {"all": [{"transplanted": {"as": "a"}}, {"transplanted": {"date": {"after": "a.date"}}}]}
    network = Network([rule_of("TST-01", twice, [])])
    first = Transplant(id="t", date=Span.exactly(1000))
    assert network.evaluate([PatientEpisode(id="p"), first], AS_OF) == []
    assert opened == []
    matches = network.evaluate([PatientEpisode(id="p"), first, replace(first, id="u", date=Span.exactly(1001))], AS_OF)
    assert opened
    assert {match.bindings for match in matches} == {(("t", "u"),)}
