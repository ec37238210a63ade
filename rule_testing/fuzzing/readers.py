"""The network and the plain reader on one patient: every variant's truth, and the episodes that it rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from spmwatch.engine.catalogue.load import RuleBase
from spmwatch.engine.catalogue.rule import Rule
from spmwatch.engine.episodes import Episode
from spmwatch.engine.evaluate import Evaluator
from spmwatch.engine.facts import PatientRecord
from spmwatch.engine.reasoning.explain import Explainer
from spmwatch.engine.reasoning.network import Network
from spmwatch.engine.truth import Truth

Verdicts = Mapping[tuple[str, str], tuple[Truth, tuple[str, ...]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What the two say of one variant, where they differ."""

    rule: str
    variant: str
    network: str
    explainer: str

    def __str__(self) -> str:
        """In a line."""
        return f"{self.rule} {self.variant}: the network says {self.network}, the plain reader {self.explainer}"


class Readers:
    """Both readers with one rule base; the network of each hook is compiled once."""

    def __init__(self, base: RuleBase) -> None:
        self.evaluator = Evaluator(base)
        self.hooks = tuple(sorted({hook for rule in base.rules for hook in rule.hooks}))
        self._rules = {hook: tuple(rule for rule in base.rules if hook in rule.hooks) for hook in self.hooks}
        self._networks: dict[str, Network] = {}

    def outcomes(self, hook: str) -> int:
        """How many variants are compared at a hook, each in both readings."""
        return sum(len(rule.variants) for rule in self._rules[hook])

    def differences(self, record: PatientRecord, *, as_of: date, hook: str) -> list[Difference]:
        """Where the two differ on a patient, data gaps included; empty where they agree."""
        timeline = self.evaluator.timeline(record, as_of=as_of)
        found = self.evaluator.evaluate_timeline(timeline, hook=hook)
        episodes = [*timeline.episodes, *self.evaluator.missing_episodes(found.questions, timeline)]
        rules = self._rules[hook]
        if hook not in self._networks:
            self._networks[hook] = Network(rules)
        by_network = _by_network(self._networks[hook], rules, episodes, as_of)
        by_explainer = _by_explainer(rules, episodes, as_of)
        return [
            Difference(rule=rule, variant=variant, network=_said(verdict), explainer=_said(by_explainer[rule, variant]))
            for (rule, variant), verdict in by_network.items()
            if verdict != by_explainer[rule, variant]
        ]


def _by_network(network: Network, rules: Sequence[Rule], episodes: Sequence[Episode], as_of: date) -> Verdicts:
    matches = {(one.rule, one.variant, one.certain): one.episodes for one in network.evaluate(episodes, as_of)}
    verdicts: dict[tuple[str, str], tuple[Truth, tuple[str, ...]]] = {}
    for rule in rules:
        for variant in rule.variants:
            key = (rule.id, variant.id)
            truth = Truth.of(certain=(*key, True) in matches, possible=(*key, False) in matches)
            verdicts[key] = truth, matches.get((*key, truth is Truth.TRUE), ())
    return verdicts


def _by_explainer(rules: Sequence[Rule], episodes: Sequence[Episode], as_of: date) -> Verdicts:
    reports = Explainer(episodes, as_of).explain_all(rules)
    return {
        (rule.id, one.variant.id): (one.truth, tuple(sorted(one.episodes)))
        for rule in rules
        for one in reports[rule.id].variants
    }


def _said(verdict: tuple[Truth, tuple[str, ...]]) -> str:
    truth, episodes = verdict
    return f"{truth.name} by {', '.join(episodes) or 'nothing'}"
