"""One scenario: the patient under construction, the day, and what the engine made of them.

The whole path runs: Bundle -> fhir_adapters -> timeline -> network -> recommendation. Beside it the explainer reads
every rule a second time, and the two must agree on each scenario.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from copy import copy
from dataclasses import replace
from datetime import date
from pathlib import Path

from spmwatch.engine.acknowledgement import Acknowledgement
from spmwatch.engine.evaluate import Evaluator
from spmwatch.engine.facts import Certainty, Fact, PatientRecord, Source
from spmwatch.engine.merging import Merged, merge
from spmwatch.engine.reasoning.reports import RuleReport
from spmwatch.engine.recommendation import Finding, Recommendation
from spmwatch.engine.selected_orders import about_selected
from spmwatch.engine.truth import Truth, any_of
from spmwatch.rule_testing.builder import PatientBuilder
from spmwatch.rule_testing.evaluated import Evaluated, agree, are_certain, stand_on_records
from spmwatch.rule_testing.explanation import explained
from spmwatch.rule_testing.facts_in_words import is_draft, resource_type
from spmwatch.rule_testing.failures import ScenarioFailedError
from spmwatch.rule_testing.named_rules import Speaker, rule_called
from spmwatch.rule_testing.reading import read_record
from spmwatch.rule_testing.rule_choice import RuleChoice, folder_named, with_draft
from spmwatch.rule_testing.vocabulary import StepError

CHART_OPENED, ORDER_SELECTED, ORDER_SIGNED = "patient-view", "order-select", "order-sign"
REFILLED, ENCOUNTER_STARTED = "medication-refill", "encounter-start"


Observer = Callable[[Evaluator, Recommendation, Mapping[str, RuleReport]], None]
"""Is told of each evaluation that a scenario makes."""


class Scenario:
    """What Given steps fill, When evaluates and Then questions."""

    def __init__(
        self,
        evaluator: Evaluator,
        builder: PatientBuilder,
        rule: str | None = None,
        *,
        feature: Path | None = None,
        choice: RuleChoice | None = None,
        observer: Observer | None = None,
    ) -> None:
        """`rule` is the one that the feature is tagged with; steps call it "it".

        `in_words` is set by steps that write words without a code; else every finding has to be of high certainty.

        Args:
            evaluator: the rules that are asked.
            builder: collects the patient.
            rule: see above.
            feature: the feature file; folders that steps name are looked for from there.
            choice: where the rules come from, for steps that lay an overlay over them.
            observer: is told of each evaluation.
        """
        self.evaluator, self.builder, self._rule = evaluator, builder, rule
        self._feature, self._choice, self._observer = feature, choice or RuleChoice(), observer
        self.not_searched: list[str] = []
        self.in_words = False
        self.only: tuple[str, ...] | None = None
        self.left_out: tuple[str, ...] = ()
        self._set_aside: list[tuple[date, str | None]] = []
        self.read: PatientRecord | None = None
        self.hook = CHART_OPENED
        self._today: date | None = None
        self._introduced = False
        self._facts: list[Fact] = []
        self._places = 0
        self._result: Evaluated | None = None
        self._unasked = ""

    # -- given ------------------------------------------------------------------------------------------------------

    def take_up(self) -> None:
        """Called before each Given. Raises StepError after When: the evaluation has not seen what is given now."""
        if self._result is not None:
            fix = "Write it before `When`, or a scenario of its own."
            raise StepError(f"the rules were evaluated already, and never saw this. {fix}")

    def moment(self, sentence: str) -> None:
        """Called before each When. Raises StepError where nobody asked what the When before it came to."""
        if self._unasked:
            fix = "Write a `Then` between the two, or leave one out."
            raise StepError(f"nothing was asked of `When {self._unasked}`, which stands before it. {fix}")
        self._unasked = sentence

    def question(self) -> None:
        """Called before each Then."""
        self._unasked = ""

    @property
    def today(self) -> date:
        """The day of the scenario. Raises StepError when no step said it."""
        if self._today is None:
            raise StepError("the day is not known yet. Write `Given today is 2026-01-15` as the first step.")
        return self._today

    @today.setter
    def today(self, day: date) -> None:
        if self._today is not None:
            fix = "A scenario has one day: leave one of the two out."
            raise StepError(f"today is {self._today} already, by an earlier step or the background. {fix}")
        self._today = day

    def introduce(self) -> None:
        """Called before the step that says who the patient is. Raises StepError when one did already."""
        if self._introduced:
            fix = "A scenario has one patient: leave one of the two out."
            raise StepError(f"the patient was told of already, by an earlier step or the background. {fix}")
        self._introduced = True

    def tell(self, facts: Iterable[Fact]) -> None:
        """The record tells these facts beside what the resources of other steps tell."""
        self._facts += facts
        self.in_words = self.in_words or any(fact.certainty is Certainty.LOW for fact in self._facts)

    def place(self, kind: type[Fact], record: str) -> Source:
        """Where a fact of a table stands: in a record of its own, or in the one that is called so."""
        self._places += not record
        return Source(reference=f"{resource_type(kind)}/told-{record or self._places}")

    def lay_over(self, folder: str) -> None:
        """Evaluate with this site overlay over the rules. Raises RuleFileError, and InputError for no folder."""
        self._choice = self._choice.with_overlay(folder_named(folder, self._feature or Path(folder).resolve()))
        self.evaluator = with_draft(self._choice.evaluator(), self._rule)

    def speaker(self, name: str) -> Speaker:
        """The rule that a step speaks of: `it`, `part a`, or an id. Raises StepError, also where there is none such."""
        if name != "it" and not name.startswith("part "):
            return rule_called(Speaker.parse(name), self.evaluator.rule_base)
        if self._rule is None:
            raise StepError(f"`{name}` needs the tag @rule:SPM-nn on the feature. Write the rule's id, or add the tag.")
        part = None if name == "it" else name.removeprefix("part ")
        return rule_called(Speaker(self._rule, part), self.evaluator.rule_base)

    def acknowledge(self, day: date, rule: str | None = None) -> None:
        """On that day somebody set aside what the record then showed: every card, or that of one rule."""
        self._set_aside.append((day, rule))

    # -- when -------------------------------------------------------------------------------------------------------

    def evaluate(self, hook: str) -> None:
        """Run the whole path.

        Raises:
            AssertionError: network and explainer disagree, a finding names a record that the patient has not, or
                a code was not recognised.
        """
        self.read, self.hook = self.record(hook), hook
        self.take(self.evaluator, self.evaluator.evaluate(self.read, as_of=self.today, hook=hook))
        assert self._result is not None
        agree(self._result)
        if self._observer is not None:
            self._observer(self.evaluator, self.recommendation, self._result.reports)

    def on(self, evaluator: Evaluator, recommendation: Recommendation) -> Scenario:
        """The same scenario as other rules see it, which came to this; its Then steps may be asked again.

        Raises AssertionError as `evaluate`, but for the comparison of network and explainer.
        """
        other = copy(self)
        other.take(evaluator, recommendation)
        return other

    def take(self, evaluator: Evaluator, recommendation: Recommendation) -> None:
        """Go on with this result, as far as it is about selected orders. Raises AssertionError as `on`."""
        recommendation = recommendation if self.read is None else about_selected(recommendation, self.read)
        self.evaluator, self._result = evaluator, Evaluated(evaluator, recommendation)
        told = {source.reference for fact in self._facts for source in fact.sources}
        stand_on_records(recommendation, self.builder.references() | told)
        if not self.in_words:
            are_certain(recommendation)

    @property
    def earlier_days(self) -> frozenset[date]:
        """Days on which the same record was evaluated too, since cards of that day were set aside."""
        return frozenset(day for day, _ in self._set_aside)

    @property
    def rule(self) -> str | None:
        """The rule that the feature is tagged with."""
        return self._rule

    def record(self, hook: str) -> PatientRecord:
        """What was told, as the readers of the service understand it; drafts only where an order is looked at.

        Raises:
            AssertionError: the resources read as anything but one patient.
        """
        drafts = hook not in (CHART_OPENED, ENCOUNTER_STARTED)
        orders = self.builder.orders() if drafts else ()
        value_sets = self.evaluator.rule_base.value_sets
        read = read_record(self.builder, value_sets, orders=orders, not_searched=self.not_searched)
        told = [fact for fact in self._facts if drafts or not is_draft(fact)]
        return replace(read, facts=(*read.facts, *told))

    # -- then -------------------------------------------------------------------------------------------------------

    @property
    def recommendation(self) -> Recommendation:
        """The result. Raises StepError before the When step."""
        if self._result is None:
            raise StepError("nothing was evaluated yet. Write `When the rules are evaluated` before `Then`.")
        return self._result.recommendation

    @property
    def merged(self) -> Merged:
        """The cards of the visit, as far as the scenario looks at rules."""
        known = [one for day, rule in self._set_aside for one in self._acknowledged(day, rule)]
        return merge(
            self._looked_at(self.recommendation), policy=self.evaluator.rule_base.card_policy, acknowledged=known
        )

    def _acknowledged(self, day: date, rule: str | None) -> list[Acknowledgement]:
        """What was set aside on an earlier day. Raises StepError when there was no such card."""
        record = self.record(self.hook)
        then = about_selected(self.evaluator.evaluate(record, as_of=day, hook=self.hook), record)
        shown = merge(self._looked_at(then), policy=self.evaluator.rule_base.card_policy).cards
        cards = [card for card in shown if rule in (None, card.advice.rule)]
        if not cards:
            there = ", ".join(card.advice.rule for card in shown) or "none"
            raise StepError(f"on {day} there was no such card. The cards of that day: {there}.")
        return [Acknowledgement(rule=one.rule, on=day, digest=one.digest) for card in cards for one in card.all_advice]

    def _looked_at(self, recommendation: Recommendation) -> Recommendation:
        """Without the findings that the scenario does not look at."""
        kept = tuple(
            finding
            for finding in recommendation.findings
            if finding.rule not in self.left_out and (self.only is None or finding.rule in self.only)
        )
        return replace(recommendation, findings=kept)

    def truth(self, speaker: Speaker) -> Truth:
        """TRUE, FALSE or UNKNOWN for a rule, or for the variants of its part. Raises StepError."""
        return any_of(self._truths(speaker))

    def findings(self, speaker: Speaker) -> tuple[Finding, ...]:
        """What the rule (the part) found."""
        self._truths(speaker)
        return tuple(finding for finding in self.recommendation.findings if speaker.is_of(finding))

    def finding(self, speaker: Speaker) -> Finding:
        """The one finding of a rule; fails with the explanation when there is none."""
        found = self.findings(speaker)
        if not found:
            self.fail(f"{speaker} does not fire", speaker)
        return found[0]

    def listed(self) -> dict[str, str]:
        """Which rules fire, with their indicator; as far as the scenario looks at them."""
        fired = {f"{f.rule}{f.part or ''}": f for f in self.recommendation.findings}
        return {
            name: finding.indicator.value
            for name, finding in sorted(fired.items())
            if finding.rule not in self.left_out and (self.only is None or finding.rule in self.only)
        }

    def undecided(self) -> list[str]:
        """Which rules the record leaves open; as far as the scenario looks at them."""
        return [
            name
            for name, truth in self.recommendation.truths.items()
            if truth is Truth.UNKNOWN and name not in self.left_out and (self.only is None or name in self.only)
        ]

    def fail(self, problem: str, *speakers: Speaker) -> None:
        """Raise AssertionError with what fired instead, the timeline, and why the rules named did what they did."""
        assert self._result is not None
        rules = dict.fromkeys(speaker.rule for speaker in speakers)
        reports = self._result.reports
        named = [reports[rule] for rule in rules if rule in reports]
        raise ScenarioFailedError(problem, explained(self._result.recommendation, named))

    def _truths(self, speaker: Speaker) -> tuple[Truth, ...]:
        """Those of the variants that speak for the rule or its part; none at a hook at which the rule is not asked."""
        result = self._result
        assert self.recommendation is not None
        assert result is not None
        rules = {rule.id: rule for rule in self.evaluator.rule_base.rules}
        rule_called(speaker, self.evaluator.rule_base)
        speaking = [one.id for one in rules[speaker.rule].variants if speaker.part in (None, one.part)]
        return tuple(result.truths[speaker.rule, id_] for id_ in speaking if (speaker.rule, id_) in result.truths)
