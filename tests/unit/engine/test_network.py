"""The network: what reaches the C module, sessions, chaining, threads."""

from __future__ import annotations

import contextlib
import json
import threading
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spmwatch.engine.episodes import Course, Disease, Episode, PatientEpisode, Span, Stated
from spmwatch.engine.errors import NetworkFactError
from spmwatch.engine.facts import Source, Standing
from spmwatch.engine.reasoning import network as network_module
from spmwatch.engine.reasoning import wire as wire_module
from spmwatch.engine.reasoning.network import Network
from tests.strategies.episodes import AS_OF, rule_of

TODAY = AS_OF.toordinal()
PATIENT = PatientEpisode(id="p")
LENALIDOMIDE = Course(
    id="x1", drug="lenalidomide", active="current", start=Span.exactly(TODAY - 400), end=Span.exactly(TODAY)
)


def exposed(**tests: object) -> dict[str, object]:
    return {"exposed": {"drug": "lenalidomide", **tests}}


@pytest.fixture
def network() -> Network:
    return Network([rule_of("TST-01", {"all": [exposed()]}, [])])


CRASHERS: tuple[object, ...] = (
    {},
    ["x"],
    [["x"]],
    {"a": {"b": 1}},
    {"a": [1]},
    {"a": float("inf")},
    {"a": float("nan")},
    {"a": 1.5},
    {"a": 10**400},
    {"a": None},
    {"a": True},
    {"a": ""},
    {"a": "é"},
    {"a": 'quo"te'},
    {"a": "back\\slash"},
    {"a": "line\nbreak"},
    {"a": "x" * 65},
    {f"p{n}": 1 for n in range(251)},
)


@pytest.mark.parametrize("fact", CRASHERS, ids=lambda fact: repr(fact)[:40])
def test_what_crashes_or_confuses_the_c_code_is_refused(fact: object) -> None:
    with pytest.raises(NetworkFactError):
        wire_module.checked(fact)  # type: ignore[arg-type]  # some are no facts at all: that is the point


@given(
    st.dictionaries(
        st.text(min_size=1, max_size=8),
        st.one_of(
            st.text(max_size=70),
            st.integers(),
            st.floats(),
            st.none(),
            st.booleans(),
            st.lists(st.integers(), max_size=2),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_only_words_and_bounded_integers_pass(fact: dict[str, object]) -> None:
    try:
        checked = wire_module.checked(fact)
    except NetworkFactError:
        return
    for value in checked.values():
        assert type(value) in (int, str)


def test_a_hostile_word_in_an_episode_never_reaches_the_c_code(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached: list[str] = []
    original = network_module._c.assert_facts
    monkeypatch.setattr(network_module._c, "assert_facts", lambda h, text: reached.append(text) or original(h, text))
    with pytest.raises(NetworkFactError):
        network.evaluate([PATIENT, replace(LENALIDOMIDE, id='Mrs Smith said "no"')], AS_OF)
    assert reached == []


def test_what_no_rule_asks_about_stays_at_home(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other kinds, other drugs, and fields that no rule tests do not travel, nor a patient of whom nothing is asked."""
    sent: list[str] = []
    original = network_module._c.assert_facts
    monkeypatch.setattr(network_module._c, "assert_facts", lambda h, text: sent.append(text) or original(h, text))
    other = replace(LENALIDOMIDE, id="x2", drug="bortezomib")
    network.evaluate([PATIENT, LENALIDOMIDE, other, Stated(id="s", what="progression")], AS_OF)
    facts = [fact for text in sent for fact in json.loads(text)]
    assert [fact["e"] for fact in facts if "e" in fact] == ["x1"]
    assert all(not {"form", "phase", "start_lo", "age_lo"} & fact.keys() for fact in facts)


def test_text_of_the_record_does_not_travel(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str] = []
    original = network_module._c.assert_facts
    monkeypatch.setattr(network_module._c, "assert_facts", lambda h, text: sent.append(text) or original(h, text))
    secret = Source(reference="MedicationRequest/very-secret", element="note[0].text")
    network.evaluate([PATIENT, replace(LENALIDOMIDE, sources=(secret,))], AS_OF)
    assert sent
    assert not any("secret" in text for text in sent)


def test_two_episodes_with_equal_content_are_both_seen(network: Network) -> None:
    (certain,) = [
        m for m in network.evaluate([PATIENT, LENALIDOMIDE, replace(LENALIDOMIDE, id="x2")], AS_OF) if m.certain
    ]
    assert certain.episodes == ("x1", "x2")


def test_two_thousand_sessions_leave_nothing_behind(network: Network) -> None:
    """The 1,025th live session would be refused: each is freed, also when nothing fired."""
    for number in range(2_000):
        episodes: list[Episode] = [PATIENT, LENALIDOMIDE] if number % 2 else [PATIENT]
        assert len(network.evaluate(episodes, AS_OF)) == (2 if number % 2 else 0)


def test_a_failed_evaluation_frees_its_session(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(network_module._c, "complete_and_start_action", fails)
        for _ in range(1_100):
            with contextlib.suppress(KeyboardInterrupt):
                network.evaluate([PATIENT, LENALIDOMIDE], AS_OF)
                pytest.fail("nothing was evaluated")
    assert network.evaluate([PATIENT, LENALIDOMIDE], AS_OF)


def test_a_refused_episode_leaves_the_evaluation_as_it_was(network: Network) -> None:
    session = network.session(AS_OF)
    matches = session.run([PATIENT, LENALIDOMIDE])
    with pytest.raises(NetworkFactError):
        session.run([replace(LENALIDOMIDE, id="x" * 65)])
    assert session.run([]) == matches != []


def test_patients_do_not_join_across_threads() -> None:
    network = Network(
        [rule_of("TST-01", {"all": [exposed(**{"as": "a"}), {"transplanted": {"date": {"before": "a.end"}}}]}, [])]
    )
    wrong: list[object] = []

    def work(number: int) -> None:
        for _ in range(200):
            mine = replace(LENALIDOMIDE, id=f"x{number}")
            matches = network.evaluate([PATIENT, mine], AS_OF)
            if matches:
                wrong.append(matches)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_possible_episode_makes_a_rule_possible_only(network: Network) -> None:
    maybe = replace(LENALIDOMIDE, standing=Standing.POSSIBLE)
    assert [m.certain for m in network.evaluate([PATIENT, maybe], AS_OF)] == [False]


def test_days_are_compared_with_the_day_of_evaluation() -> None:
    recent = rule_of("TST-01", {"all": [exposed(end={"at_most": "many_d", "before": "today"})]}, [])
    network = Network([recent])
    for days_ago, fires in ((29, True), (30, True), (31, False)):
        ended = replace(LENALIDOMIDE, end=Span.exactly(TODAY - days_ago))
        assert bool(network.evaluate([PATIENT, ended], AS_OF)) is fires, days_ago


def test_an_alternative_of_words_beside_a_join_keeps_the_join() -> None:
    """`$or` in a pattern with joins would make the C code skip the joins that follow."""
    when = {"all": [{"diagnosed": {"as": "d"}}, exposed(active=["current", "unknown"], end={"before": "d.onset"})]}
    network = Network([rule_of("TST-01", when, [])])

    disease = Disease(id="d1", family="myeloma", onset=Span.exactly(TODAY - 900))
    assert network.evaluate([PATIENT, LENALIDOMIDE, disease], AS_OF) == []
