"""One patient's facts, the rules and a day -> a recommendation.

The order of things: facts become episodes (timeline); the network fires every rule in both readings; what stays
possible but not certain becomes questions; the questions that matter go back into the same session, where the
data-gap rule sees them; certain matches become findings with their words and evidence.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Protocol

from spmwatch.engine.catalogue.load import RuleBase
from spmwatch.engine.catalogue.rule import Rule, Variant
from spmwatch.engine.catalogue.texts import Topic
from spmwatch.engine.episodes import UNKNOWN, Course, Disease, Episode, Malignancy, Missing, Order, Timeline, Transplant
from spmwatch.engine.facts import ORDERED_DRUG, Certainty, Coverage, PatientRecord, Source, Standing
from spmwatch.engine.follow_up.assess import FollowUps
from spmwatch.engine.follow_up.plan import Planner
from spmwatch.engine.reasoning.explain import Explainer
from spmwatch.engine.reasoning.network import Match, Network
from spmwatch.engine.reasoning.outcome import Outcome
from spmwatch.engine.reasoning.reports import RuleReport
from spmwatch.engine.recommendation import (
    Finding,
    OpenQuestion,
    Recommendation,
    RuleBaseIdentity,
    RuleFailure,
    Tier,
)
from spmwatch.engine.timeline.build import build_timeline
from spmwatch.engine.timeline.topics import topic_of
from spmwatch.engine.truth import Truth

_log = logging.getLogger("spmwatch.engine")

PATIENT_VIEW = "patient-view"


class Evaluator:
    """Evaluates patients against one rule base. Build it once: it compiles the network of each hook on first use."""

    def __init__(self, rule_base: RuleBase) -> None:
        self.rule_base = rule_base
        subjects = rule_base.conventions.phases_inferred_for
        self._follow_ups = FollowUps(rule_base.checks, rule_base.value_sets, subjects)
        self._planner = Planner(rule_base.checks, rule_base.rules, subjects, rule_base.conventions.plan_order)
        self._networks: dict[str, _HookRules] = {}

    @cached_property
    def identity(self) -> RuleBaseIdentity:
        """Which rules speak, for every result."""
        base = self.rule_base
        return RuleBaseIdentity(
            version=base.version,
            digest=base.digest,
            overlays=tuple(str(overlay) for overlay in base.overlays),
            switched_off=base.switched_off,
        )

    def evaluate(self, record: PatientRecord, *, as_of: date, hook: str = PATIENT_VIEW) -> Recommendation:
        """The recommendation for one patient as of a day.

        Args:
            record: all facts that were read; their order does not matter.
            as_of: the day of the evaluation; facts after it do not count.
            hook: the CDS Hooks hook whose rules apply; batch screening uses `patient-view`.
        """
        return self.evaluate_timeline(self.timeline(record, as_of=as_of), hook=hook)

    def timeline(self, record: PatientRecord, *, as_of: date) -> Timeline:
        """The patient's episodes as of a day, with the checks as they stand then."""
        base = self.rule_base
        timeline = build_timeline(record, as_of=as_of, conventions=base.conventions, value_sets=base.value_sets)
        return self.with_checks(timeline, record.coverage)

    def with_checks(self, timeline: Timeline, coverage: Coverage) -> Timeline:
        """A timeline that lacks the checks of this rule base, with them. `coverage`: of its record."""
        return self._follow_ups.added_to(timeline, coverage)

    def with_rule_base(self, rule_base: RuleBase) -> Evaluator:
        """An evaluator of another rule base; where that has the very same rules their networks are shared."""
        other = Evaluator(rule_base)
        if rule_base.rules is self.rule_base.rules:
            other._networks = self._networks
        return other

    def matches(self, timeline: Timeline, *, hook: str = PATIENT_VIEW) -> list[Match]:
        """What the network of the hook's rules matches on the timeline, before any question becomes an episode."""
        return self._rules(hook).network.evaluate(timeline.episodes, timeline.as_of)

    def evaluate_timeline(
        self, timeline: Timeline, *, hook: str = PATIENT_VIEW, session: Matching | None = None
    ) -> Recommendation:
        """The same from episodes that stand already; `session` stands in for one of the hook's own network."""
        rules = self._rules(hook)
        outcome = Outcome(timeline, rules.rules, self.rule_base.wording)
        session = session or rules.network.session(timeline.as_of)
        outcome.take(session.run(timeline.episodes))
        questions = self._questions(outcome)
        missing = self.missing_episodes(questions, timeline)
        if missing:
            outcome.take(session.run(missing), missing)
        findings, failures = self._findings(outcome)
        return Recommendation(
            patient=timeline.patient,
            as_of=timeline.as_of,
            hook=hook,
            tier=tier_of(findings),
            findings=findings,
            questions=questions,
            gaps=timeline.notes,
            truths=outcome.truths(),
            rulebase=self.identity,
            timeline=timeline,
            failures=failures,
            wording=self.rule_base.wording,
            plan=self._planner.plan(timeline, findings),
        )

    def explain(
        self, record: PatientRecord, *, as_of: date, hook: str = PATIENT_VIEW
    ) -> tuple[Recommendation, dict[str, RuleReport]]:
        """The recommendation, and each rule's truth condition by condition, from the plain reader."""
        recommendation = self.evaluate(record, as_of=as_of, hook=hook)
        return recommendation, self.reports(recommendation)

    def reports(self, recommendation: Recommendation) -> dict[str, RuleReport]:
        """Of a recommendation of this evaluator: each rule's truth condition by condition, from the plain reader."""
        return self._reader(recommendation).explain_all(self._rules(recommendation.hook).rules)

    def network(self, hook: str) -> Network:
        """The compiled network of a hook's rules, for whoever looks at single matches."""
        return self._rules(hook).network

    def second_truths(self, recommendation: Recommendation) -> dict[tuple[str, str], Truth]:
        """The same without reasons: each variant's truth from the plain reader, by the ids of rule and variant."""
        return self._reader(recommendation).truths(self._rules(recommendation.hook).rules)

    def _reader(self, recommendation: Recommendation) -> Explainer:
        timeline = recommendation.timeline
        missing = self.missing_episodes(recommendation.questions, timeline)
        return Explainer([*timeline.episodes, *missing], timeline.as_of)

    def missing_episodes(self, questions: Sequence[OpenQuestion], timeline: Timeline) -> list[Episode]:
        """The open questions as episodes for the data-gap rule.

        Only for patients whose record or order holds some evidence of lenalidomide or of myeloma: of others nothing is
        asked (clinical rule SPM-29), but what an order is of where they had melphalan or a transplant: the next order
        may be of lenalidomide.
        """
        conventions = self.rule_base.conventions
        concerned = _has_any(timeline, conventions.phases_inferred_for, Disease)
        ordering = concerned or _has_any(timeline, conventions.looked_for, Transplant)
        return [
            Missing(
                id=f"missing-{q.topic}",
                datum=q.topic,
                decisive="decisive" if q.decisive else "minor",
                sources=_unidentified(timeline) if q.topic == ORDERED_DRUG else (),
            )
            for q in questions
            if (ordering if q.topic == ORDERED_DRUG else concerned)
        ]

    def _rules(self, hook: str) -> _HookRules:
        if hook not in self._networks:
            self._networks[hook] = _HookRules(tuple(rule for rule in self.rule_base.rules if hook in rule.hooks))
        return self._networks[hook]

    # -- what is not known ------------------------------------------------------------------------------------------

    def _questions(self, outcome: Outcome) -> tuple[OpenQuestion, ...]:
        """Data that leave a rule undecided, most decisive first."""
        tier_rank = max((outcome.indicator(rule, variant).rank for rule, variant in outcome.speaking), default=0)
        open_: dict[str, _Open] = defaultdict(_Open)
        for rule, variant, topics in outcome.undecided():
            for topic in topics:
                open_[topic].rules.add(rule.id)
                open_[topic].raises |= variant.indicator.rank > tier_rank
        for topic in self._open_by_convention(outcome.timeline):
            open_.setdefault(topic, _Open())
        for rule, variant in outcome.speaking:
            for episode in outcome.weak_episodes(rule, variant):
                doubt = topic_of(episode, "certainty")
                if doubt is not None:
                    open_[doubt].rules.add(rule.id)
                    open_[doubt].raises = True
        if not open_:
            return ()
        return tuple(
            self._question(topic, open_[topic.id], outcome.timeline)
            for topic in self.rule_base.topics
            if topic.id in open_
        )

    def _open_by_convention(self, timeline: Timeline) -> set[str]:
        """What is asked although no rule is undecided: the order in time of a cancer and myeloma treatment (7.8).

        Only where lenalidomide for myeloma is on record; without it no answer would change the advice.
        """
        subjects = self.rule_base.conventions.phases_inferred_for
        unordered = [e for e in timeline.episodes if isinstance(e, Malignancy) and e.role == UNKNOWN and _is_sure(e)]
        if not unordered:
            return set()
        treated = any(isinstance(e, Course) and e.drug in subjects and _is_sure(e) for e in timeline.episodes)
        myeloma = any(isinstance(e, Disease) and e.family == "myeloma" and _is_sure(e) for e in timeline.episodes)
        if not (treated and myeloma):
            return set()
        asked = (topic_of(e, "role") for e in unordered)
        return {topic for topic in asked if topic is not None}

    def _question(self, topic: Topic, item: _Open, timeline: Timeline) -> OpenQuestion:
        references = sorted(
            {s.reference for e in timeline.episodes if e.topic == topic.id for s in e.sources if s.reference}
        )
        return OpenQuestion(
            topic=topic.id,
            question=topic.question,
            rules=tuple(sorted(item.rules)),
            decisive=topic.ask == "always" or (topic.ask == "if-it-matters" and item.raises),
            references=tuple(references),
        )

    # -- what is said -----------------------------------------------------------------------------------------------

    def _findings(self, outcome: Outcome) -> tuple[tuple[Finding, ...], tuple[RuleFailure, ...]]:
        """Every speaking rule in words, strongest first; a rule that fails is named and the others still speak."""
        findings, failures = [], []
        for rule, variant in outcome.speaking:
            try:
                findings.append(self._finding(rule, variant, outcome))
            except Exception as error:  # noqa: BLE001 - a fault of ours in one rule may not silence the others
                # neither text nor traceback: they could hold what the record says
                _log.error("rule %s could not be put into words: %s", rule.id, type(error).__name__)
                failures.append(RuleFailure(rule=rule.id, problem=type(error).__name__))
        findings.sort(key=lambda finding: (-finding.indicator.rank, finding.rule, finding.part or ""))
        return tuple(findings), tuple(failures)

    def _said(self, episodes: Sequence[Episode], outcome: Outcome) -> list[str]:
        """The facts in words; missing data as the few most decisive questions (clinical conventions 7.11)."""
        said = [outcome.described(episode) for episode in episodes if not isinstance(episode, Missing)]
        if len(said) < len(episodes):
            missing = {episode.datum for episode in episodes if isinstance(episode, Missing)}
            asked = [topic.question for topic in self.rule_base.topics if topic.id in missing]
            said += asked[: self.rule_base.texts.most_questions]
        return said

    def _finding(self, rule: Rule, variant: Variant, outcome: Outcome) -> Finding:
        base = self.rule_base
        certainty = outcome.certainty(rule, variant)
        episodes = outcome.episodes(rule, variant)
        low = certainty is Certainty.LOW
        facts = tuple([f"- {line}" for line in self._said(episodes, outcome)])
        return Finding(
            rule=rule.id,
            part=variant.part,
            variant=variant.id,
            version=rule.shown_version,
            title=rule.title,
            indicator=outcome.indicator(rule, variant),
            grade=variant.grade,
            certainty=certainty,
            summary=base.texts.possible_summary(variant.summary) if low else variant.summary,
            detail=variant.detail.replace("{facts}", "\n".join(facts)).strip(),
            source=base.evidence[rule.source],
            evidence=tuple([base.evidence[id_] for id_ in rule.evidence]),
            episodes=episodes,
            facts=facts,
        )


def _has_any(timeline: Timeline, drugs: Collection[str], kind: type[Episode]) -> bool:
    """Is one of these drugs, or anything of the kind, on record or being ordered?"""
    for episode in timeline.episodes:
        if episode.hypothetical:
            continue
        if isinstance(episode, kind) or (isinstance(episode, (Course, Order)) and episode.drug in drugs):
            return True
    return False


def _unidentified(timeline: Timeline) -> tuple[Source, ...]:
    """The orders of which nothing tells the drug."""
    orders = (episode for episode in timeline.episodes if isinstance(episode, Order) and episode.hypothetical)
    return tuple(dict.fromkeys(source for order in orders for source in order.sources))


def _is_sure(episode: Episode) -> bool:
    return episode.standing is Standing.COUNTS and not episode.hypothetical


@dataclass(slots=True)
class _Open:
    """What an open topic leaves undecided; `raises`: some value of it would raise the tier."""

    rules: set[str] = field(default_factory=set)
    raises: bool = False


class Matching(Protocol):
    """A session of a network."""

    def run(self, episodes: Iterable[Episode]) -> list[Match]:
        """Add episodes; all matches so far."""
        ...


class _HookRules:
    """The rules of one hook with their network, which is compiled when it is first needed."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules = rules

    @cached_property
    def network(self) -> Network:
        """The compiled rules."""
        return Network(self.rules)


def tier_of(findings: Iterable[Finding]) -> Tier:
    """The highest indicator among the findings."""
    strongest = max((finding.indicator for finding in findings), key=lambda indicator: indicator.rank, default=None)
    return "none" if strongest is None else strongest.value
