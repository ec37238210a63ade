"""The network and the plain reader on one patient: every variant's truth, and the episodes on which it rests."""

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

Verdict = tuple[Truth, tuple[str, ...]]
Verdicts = Mapping[tuple[str, str], Verdict]


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
    """Both readers with one rule base; the network of each hook is compiled once, on first use."""

    def __init__(self, base: RuleBase) -> None:
        self.evaluator = Evaluator(base)
        self.hooks = tuple(sorted({hook for rule in base.rules for hook in rule.hooks}))
        self._rules = {hook: tuple(rule for rule in base.rules if hook in rule.hooks) for hook in self.hooks}

    def outcomes(self, hook: str) -> int:
        """How many variants are compared at a hook, each in both readings."""
        return sum(len(rule.variants) for rule in self._rules[hook])

    def differences(
        self, record: PatientRecord, *, as_of: date, hook: str, with_episodes: bool = False
    ) -> list[Difference]:
        """Where the two differ on a patient, data gaps included; empty where they agree.

        Args:
            record: the patient.
            as_of: the day of the evaluation.
            hook: one of `hooks`.
            with_episodes: compare on which episodes each truth rests too, which takes ten times as long.
        """
        timeline = self.evaluator.timeline(record, as_of=as_of)
        found = self.evaluator.evaluate_timeline(timeline, hook=hook)
        episodes = [*timeline.episodes, *self.evaluator.missing_episodes(found.questions, timeline)]
        rules = self._rules[hook]
        by_network = _by_network(self.evaluator.network(hook), rules, episodes, as_of)
        by_explainer = _by_explainer(rules, episodes, as_of, with_episodes=with_episodes)
        return [
            Difference(rule=rule, variant=variant, network=_said(verdict), explainer=_said(other))
            for (rule, variant), verdict in by_network.items()
            if _differ(verdict, other := by_explainer[rule, variant], with_episodes=with_episodes)
        ]


def _differ(one: Verdict, other: Verdict, *, with_episodes: bool) -> bool:
    return one != other if with_episodes else one[0] is not other[0]


def _by_network(network: Network, rules: Sequence[Rule], episodes: Sequence[Episode], as_of: date) -> Verdicts:
    matches = {(one.rule, one.variant, one.certain): one.episodes for one in network.evaluate(episodes, as_of)}
    verdicts: dict[tuple[str, str], Verdict] = {}
    for rule in rules:
        for variant in rule.variants:
            key = (rule.id, variant.id)
            truth = Truth.of(certain=(*key, True) in matches, possible=(*key, False) in matches)
            verdicts[key] = truth, matches.get((*key, truth is Truth.TRUE), ())
    return verdicts


def _by_explainer(rules: Sequence[Rule], episodes: Sequence[Episode], as_of: date, *, with_episodes: bool) -> Verdicts:
    explainer = Explainer(episodes, as_of)
    if not with_episodes:
        return {key: (truth, ()) for key, truth in explainer.truths(rules).items()}
    reports = explainer.explain_all(rules)
    return {
        (rule.id, one.variant.id): (one.truth, tuple(sorted(one.episodes)))
        for rule in rules
        for one in reports[rule.id].variants
    }


def _said(verdict: Verdict) -> str:
    truth, episodes = verdict
    return f"{truth.name} by {', '.join(episodes)}" if episodes else truth.name
