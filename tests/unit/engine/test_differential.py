"""The two readers of a rule agree: the durable_rules network and the plain-Python explainer."""

from __future__ import annotations

import functools
import random
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from spmwatch.engine.catalogue.load import load_rule_base
from spmwatch.engine.catalogue.rule import Rule
from spmwatch.engine.episodes import Episode
from spmwatch.engine.reasoning.explain import Explainer
from spmwatch.engine.reasoning.network import Network
from spmwatch.engine.truth import Truth
from tests.strategies.episodes import AS_OF, patients, rule_of, rules, shipped_patients

Verdicts = dict[tuple[str, str], tuple[Truth, tuple[str, ...]]]


def by_network(network: Network, rule_set: Sequence[Rule], episodes: Sequence[Episode]) -> Verdicts:
    """Truth and used episodes of each variant, as the network sees them."""
    matches = {(m.rule, m.variant, m.certain): m.episodes for m in network.evaluate(episodes, AS_OF)}
    verdicts: Verdicts = {}
    for rule in rule_set:
        for variant in rule.variants:
            key = (rule.id, variant.id)
            truth = Truth.of(certain=(*key, True) in matches, possible=(*key, False) in matches)
            verdicts[key] = truth, matches.get((*key, truth is Truth.TRUE), ())
    return verdicts


def by_explainer(rule_set: Sequence[Rule], episodes: Sequence[Episode]) -> Verdicts:
    """The same, as the explainer sees them; its truths alone are those of its reports."""
    reports = Explainer(episodes, AS_OF).explain_all(rule_set)
    reported = {(id_, v.variant.id): v.truth for id_, report in reports.items() for v in report.variants}
    assert Explainer(episodes, AS_OF).truths(rule_set) == reported
    return {
        (rule.id, v.variant.id): (v.truth, tuple(sorted(v.episodes)))
        for rule in rule_set
        for v in reports[rule.id].variants
    }


@settings(max_examples=300, deadline=None)
@given(rule=rules(), people=st.lists(patients(), min_size=3, max_size=8))
def test_random_rules_on_random_patients(rule: Rule, people: list[list[Episode]]) -> None:
    network = Network([rule])
    for episodes in people:
        assert by_network(network, [rule], episodes) == by_explainer([rule], episodes)


@settings(max_examples=150, deadline=None)
@given(first=rules("TST-01"), patient=patients())
def test_findings_chain_alike(first: Rule, patient: list[Episode]) -> None:
    second = rule_of("TST-02", {"all": [{"finding": {"rule": ["TST-01"]}}, {"exposed": {}}]}, [])
    third = rule_of(
        "TST-03", {"finding": {"rule": ["TST-02"]}}, [{"id": "asct", "transplanted": {"kind": ["autologous"]}}]
    )
    rule_set = [third, first, second]
    assert by_network(Network(rule_set), rule_set, patient) == by_explainer(rule_set, patient)


@settings(max_examples=150, deadline=None)
@given(rule=rules(), patient=patients(), seed=st.integers(0, 999))
def test_the_order_of_facts_does_not_matter(rule: Rule, patient: list[Episode], seed: int) -> None:
    network = Network([rule])
    shuffled = random.Random(seed).sample(patient, len(patient))
    assert network.evaluate(shuffled, AS_OF) == network.evaluate(patient, AS_OF)


@settings(max_examples=150, deadline=None)
@given(patient=shipped_patients())
def test_shipped_rules_on_random_patients(patient: list[Episode]) -> None:
    assert by_network(_shipped_network(), _shipped_rules(), patient) == by_explainer(_shipped_rules(), patient)


@settings(max_examples=100, deadline=None)
@given(patient=shipped_patients())
def test_every_undecided_rule_names_what_would_decide_it(patient: list[Episode]) -> None:
    reports = Explainer(patient, AS_OF).explain_all(_shipped_rules())
    topics = {topic.id for topic in load_rule_base().topics}
    for report in reports.values():
        for variant in report.variants:
            if variant.truth is Truth.UNKNOWN:
                on_findings = any(c.verb == "finding" for b in variant.variant.branches for c in b.conditions)
                assert variant.topics or on_findings, (report.rule.id, variant.variant.id)  # the other rule names it
                assert set(variant.topics) <= topics


@functools.cache
def _shipped_rules() -> tuple[Rule, ...]:
    return load_rule_base().rules


@functools.cache
def _shipped_network() -> Network:
    return Network(_shipped_rules())
