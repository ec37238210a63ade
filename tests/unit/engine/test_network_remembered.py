"""What is remembered of the C code's answers is what it would have said again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spmwatch.engine.catalogue.rule import Rule
from spmwatch.engine.episodes import VOCABULARY, Course, Cumulative, Episode, PatientEpisode, Span
from spmwatch.engine.facts import Standing
from spmwatch.engine.reasoning import network as network_module
from spmwatch.engine.reasoning.network import Match, Network
from tests.strategies.episodes import AS_OF, patients, rule_of, rules, shipped_patients
from tests.unit.engine.test_network_pieces import shipped_rules, with_all

LONG: dict[str, object] = {"cumulated": {"drug": "lenalidomide", "duration": {"more_than": "low_mo"}}}
JOINED: dict[str, object] = {
    "all": [{"exposed": {"as": "l", "drug": "lenalidomide"}}, {"transplanted": {"date": {"before": "l.start"}}}]
}


class Asked:
    """Counts how often the C code is given episodes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.times = 0
        original = network_module.Session._run

        def counted(session: network_module.Session, *arguments: object) -> object:
            self.times += 1
            return original(session, *arguments)  # type: ignore[arg-type]

        monkeypatch.setattr(network_module.Session, "_run", counted)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    return Asked(monkeypatch)


@st.composite
def alike(draw: st.DrawFn, patient: Sequence[Episode]) -> list[Episode]:
    """Another patient with as many episodes: other ids, spans a little wider, narrower or moved, some standings."""
    nudges = st.sampled_from((0, 0, -1, 1))
    told: list[Episode] = []
    for number, episode in enumerate(patient):
        changed: dict[str, object] = {"id": f"other-{number}"}
        if number and draw(st.integers(0, 5)) == 0:
            changed["standing"] = draw(st.sampled_from(Standing))
        for field in VOCABULARY[episode.verb].spans:
            span: Span = getattr(episode, field)
            low, high = span.low + draw(nudges), span.high + draw(nudges)
            changed[field] = Span(min(low, high), max(low, high))
        told.append(replace(episode, **changed))  # type: ignore[arg-type]
    return told


def forgetful(rule_set: Sequence[Rule], patient: Sequence[Episode]) -> list[Match]:
    """What a network says that has never seen anybody."""
    return Network(rule_set).evaluate(patient, AS_OF)


@settings(max_examples=200, deadline=None)
@given(rule=rules(), first=patients(), data=st.data())
def test_the_like_of_a_patient_is_told_what_the_c_code_says_of_it(
    rule: Rule, first: list[Episode], data: st.DataObject
) -> None:
    """Every ruleset runs here, also those that have no episode for some condition: rules that fire are rare."""
    network = Network([rule])
    with_all(network, first)
    for _ in range(4):
        other = data.draw(alike(first))
        assert with_all(network, other) == with_all(Network([rule]), other)


_seasoned = Network(shipped_rules())
"""It has evaluated all patients of the examples before."""


@settings(max_examples=100, deadline=None)
@given(first=shipped_patients(), data=st.data())
def test_the_same_holds_for_the_shipped_rules(first: list[Episode], data: st.DataObject) -> None:
    for patient in (first, data.draw(alike(first)), first[::-1]):
        assert _seasoned.evaluate(patient, AS_OF) == forgetful(shipped_rules(), patient)


def test_what_no_test_tells_apart_is_asked_once(asked: Asked) -> None:
    network = Network([rule_of("TST-01", LONG, [])])

    def patient(name: str, months: float) -> list[Episode]:
        total = Cumulative(id=name, drug="lenalidomide", phase="any", duration=Span.exactly(months))
        return [PatientEpisode(id="p"), total]

    assert network.evaluate(patient("a", 25), AS_OF) == [
        Match("TST-01", "now", False, (("a",),)),
        Match("TST-01", "now", True, (("a",),)),
    ]
    assert asked.times == 1
    assert network.evaluate(patient("b", 60), AS_OF)[1] == Match("TST-01", "now", True, (("b",),))
    assert asked.times == 1
    assert network.evaluate(patient("c", 24), AS_OF) == []


def test_the_two_readings_are_told_apart(asked: Asked) -> None:
    network = Network([rule_of("TST-01", LONG, [])])
    told = []
    for low, high, standing in ((25, 30, Standing.COUNTS), (20, 30, Standing.COUNTS), (25, 30, Standing.POSSIBLE)):
        total = Cumulative(id="a", drug="lenalidomide", phase="any", duration=Span(low, high), standing=standing)
        told.append([match.certain for match in network.evaluate([PatientEpisode(id="p"), total], AS_OF)])
    assert told == [[False, True], [False], [False]]
    assert asked.times == 2  # neither of the last two is certain, whatever the reason


def test_where_episodes_are_compared_nothing_is_remembered(asked: Asked) -> None:
    network = Network([rule_of("TST-01", JOINED, [])])
    transplanted = VOCABULARY["transplanted"].episode
    for times, day in ((1, 1000), (2, 1000), (3, 3000)):
        course = Course(id="l", drug="lenalidomide", start=Span.exactly(2000))
        transplant = transplanted(id="t", date=Span.exactly(day))  # type: ignore[call-arg]
        matches = network.evaluate([PatientEpisode(id="p"), course, transplant], AS_OF)
        assert bool(matches) is (day < 2000)
        assert asked.times == times


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch, asked: Asked) -> None:
    monkeypatch.setattr(network_module, "_MOST_REMEMBERED", 3)
    monkeypatch.setattr(network_module, "_MOST_EPISODES", 2)
    network = Network([rule_of("TST-01", {"exposed": {"drug": "lenalidomide"}}, [])])
    for number in (1, 2, 3, 3):
        network.evaluate([Course(id=f"l{one}", drug="lenalidomide") for one in range(number)], AS_OF)
    assert asked.times == 4
    assert len(network.remembered) == 2


@settings(max_examples=30, deadline=None)
@given(patient=shipped_patients())
def test_nothing_of_a_patient_is_remembered(patient: list[Episode]) -> None:
    network = Network(shipped_rules())
    network.evaluate([replace(episode, id=f"secret-{number}") for number, episode in enumerate(patient)], AS_OF)
    for (name, facts), answer in network.remembered._answers.items():  # type: ignore[misc]  # the shape is the network's
        assert isinstance(name, str)
        assert all(isinstance(bits, int) for pair in facts for bits in pair)
        assert all(isinstance(place, int) for _, places in answer for place in places)


def test_what_compares_two_of_a_kind_is_not_asked_about_one(asked: Asked) -> None:
    twice = {"all": [{"transplanted": {"as": "a"}}, {"transplanted": {"date": {"after": "a.date"}}}]}
    network = Network([rule_of("TST-01", twice, [])])
    transplanted = VOCABULARY["transplanted"].episode
    first = transplanted(id="t", date=Span.exactly(1000))  # type: ignore[call-arg]
    assert network.evaluate([PatientEpisode(id="p"), first], AS_OF) == []
    assert asked.times == 0
    matches = network.evaluate([PatientEpisode(id="p"), first, replace(first, id="u", date=Span.exactly(1001))], AS_OF)  # type: ignore[call-arg]
    assert {match.bindings for match in matches} == {(("t", "u"),)}
