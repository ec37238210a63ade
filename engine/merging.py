"""From the findings of one visit to few cards: what becomes a card, what is told inside another, what stays quiet.

Decided here by rules/cards.yaml, and nowhere else; cds_hooks/cards lays the result out. In this order:

1. the findings of one rule belong together;
2. what was acknowledged not long ago, and is the same still, stays quiet; critical findings never do;
3. one critical card for one cause, one card for all checks that are due;
4. context (exposure as such, age, benefit) is told inside the top card, and is a card of its own only where it is
   alone or more than info;
5. so many cards, the most urgent first, then the most decisive; data gaps come last, and need none where the other
   cards ask all their questions;
6. the card of due checks, which shows the plan and suggests, takes the last place from a card that is not more urgent;
   where there is none to take, the last card that is not critical carries plan and suggestions;
7. what has no card is named.

Each finding ends up in exactly one place: on a card, beyond the cards, or quiet.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from itertools import zip_longest

from spmwatch.engine.acknowledgement import Acknowledgement, digest_of
from spmwatch.engine.catalogue.card_policy import CardPolicy
from spmwatch.engine.catalogue.rule import Indicator
from spmwatch.engine.episodes import Malignancy
from spmwatch.engine.recommendation import Finding, Orderable, PlanItem, Recommendation


@dataclass(frozen=True, kw_only=True)
class Advice:
    """All that one rule found of a patient as of a day; its strongest finding speaks first.

    `patient` is the id, or the pseudonym, that digests are made with.
    """

    rule: str
    findings: tuple[Finding, ...]
    patient: str
    as_of: date

    @cached_property
    def digest(self) -> str:
        """What it rests on, for acknowledgements; made when it is asked for."""
        return digest_of(self.patient, self.findings, self.as_of)

    @property
    def lead(self) -> Finding:
        """The finding that gives summary, urgency and source."""
        return self.findings[0]

    @property
    def indicator(self) -> Indicator:
        """The highest urgency among its findings."""
        return self.lead.indicator


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggested:
    """A request that may be accepted from a card, and the check of the plan that it is for."""

    item: PlanItem
    orderable: Orderable


@dataclass(frozen=True, kw_only=True)
class Card:
    """What one card tells.

    Attributes:
        advice: the rule that speaks.
        folded: told in full below it; `mentioned`: told in one line.
        plan: the checks of the plan, where this card shows them.
        suggested: what may be accepted from it.
    """

    advice: Advice
    folded: tuple[Advice, ...] = ()
    mentioned: tuple[Advice, ...] = ()
    plan: tuple[PlanItem, ...] = ()
    suggested: tuple[Suggested, ...] = ()

    @property
    def all_advice(self) -> tuple[Advice, ...]:
        """Everything that is acknowledged with the card."""
        return (self.advice, *self.folded, *self.mentioned)

    @cached_property
    def told(self) -> tuple[Finding, ...]:
        """The findings that are told in full, the leading one first."""
        return tuple([finding for advice in (self.advice, *self.folded) for finding in advice.findings])


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """Advice that is not repeated, because it was acknowledged `on` a day; it speaks again after `until`."""

    advice: Advice
    on: date
    until: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """The cards of a visit, strongest first; `beyond` them what has none; `quiet` what was acknowledged."""

    cards: tuple[Card, ...]
    beyond: tuple[Advice, ...] = ()
    quiet: tuple[Quiet, ...] = ()


def merge(
    recommendation: Recommendation,
    *,
    policy: CardPolicy,
    acknowledged: Iterable[Acknowledgement] = (),
    pseudonym: str | None = None,
) -> Merged:
    """The cards of one visit.

    Args:
        recommendation: what the rules found; the order of findings does not matter.
        policy: rules/cards.yaml.
        acknowledged: what was set aside earlier, for this patient; others' do no harm.
        pseudonym: stands for the patient in digests; None takes the id of the record.
    """
    known = tuple(acknowledged)
    advice = _by_rule(recommendation, policy, pseudonym or recommendation.patient)
    hushed = {one.rule: _quiet(one, known, recommendation.as_of, policy) for one in advice}
    drafts = _drafts([one for one in advice if hushed[one.rule] is None], policy)
    _place_checks(drafts, recommendation, policy)
    _spare_gaps_card(drafts, recommendation, policy)
    shown, beyond = drafts[: policy.most_cards], [one for draft in drafts[policy.most_cards :] for one in draft.told()]
    gaps = next((one for one in beyond if one.rule == policy.data_gaps), None)
    if gaps is not None:
        shown[-1].folded.append(gaps)
        beyond.remove(gaps)
    _place_plan(shown, recommendation, policy)
    return Merged(
        cards=tuple(draft.card() for draft in shown),
        beyond=tuple(beyond),
        quiet=tuple(quiet for quiet in hushed.values() if quiet is not None),
    )


@dataclass(slots=True)
class _Draft:
    """A card in the making; `carries`: it takes the place of the card of due checks."""

    advice: Advice
    carries: bool = False
    folded: list[Advice] = field(default_factory=list)
    mentioned: list[Advice] = field(default_factory=list)
    plan: tuple[PlanItem, ...] = ()
    suggested: tuple[Suggested, ...] = ()

    def told(self) -> list[Advice]:
        return [self.advice, *self.folded, *self.mentioned]

    def card(self) -> Card:
        return Card(
            advice=self.advice,
            folded=tuple(self.folded),
            mentioned=tuple(self.mentioned),
            plan=self.plan,
            suggested=self.suggested,
        )


def _by_rule(recommendation: Recommendation, policy: CardPolicy, patient: str) -> list[Advice]:
    """The findings of each rule together: urgent first, then as decisive as the policy has it, then by rule."""
    grouped: dict[str, list[Finding]] = {}
    for finding in recommendation.findings:
        grouped.setdefault(finding.rule, []).append(finding)
    result = []
    for rule, findings in grouped.items():
        findings.sort(key=lambda one: (-one.indicator.rank, one.part or "", one.variant))
        result.append(Advice(rule=rule, findings=tuple(findings), patient=patient, as_of=recommendation.as_of))
    result.sort(key=lambda one: (one.rule == policy.data_gaps, -one.indicator.rank, policy.rank_of(one.rule), one.rule))
    return result


def _quiet(advice: Advice, known: Sequence[Acknowledgement], as_of: date, policy: CardPolicy) -> Quiet | None:
    if advice.indicator is Indicator.CRITICAL:
        return None
    days = policy.quiet_days
    own = (one for one in known if one.rule == advice.rule)
    held = [one.on for one in own if one.holds(advice.rule, advice.digest, as_of=as_of, days=days)]
    return Quiet(advice=advice, on=max(held), until=max(held) + timedelta(days=days)) if held else None


def _drafts(advice: Sequence[Advice], policy: CardPolicy) -> list[_Draft]:
    """The cards before they are counted."""
    drafts: list[_Draft] = []
    first: dict[str, _Draft] = {}
    context = {one.rule: one for one in advice if one.rule in policy.context_rules and one.indicator is Indicator.INFO}
    for one in advice:
        if one.rule in context:
            continue
        shares = policy.shares(one.rule, one.indicator, _cancers(one))
        if shares is not None and shares in first:
            first[shares].folded.append(one)
            continue
        drafts.append(_Draft(one))
        if shares is not None:
            first[shares] = drafts[-1]
    return _with_context(drafts, context, policy)


def _cancers(advice: Advice) -> set[str]:
    """The groups of the cancers that its critical findings speak of."""
    critical = (finding for finding in advice.findings if finding.indicator is Indicator.CRITICAL)
    return {e.group for finding in critical for e in finding.episodes if isinstance(e, Malignancy)}


def _with_context(drafts: list[_Draft], context: dict[str, Advice], policy: CardPolicy) -> list[_Draft]:
    """Context is told inside the top card; where only data gaps or nothing speaks beside it, it leads."""
    spoken = [(entry, context[entry.rule]) for entry in policy.context if entry.rule in context]
    if spoken and (not drafts or drafts[0].advice.rule == policy.data_gaps):
        drafts.insert(0, _Draft(spoken.pop(0)[1]))
    for entry, one in spoken:
        (drafts[0].folded if entry.told == "full" else drafts[0].mentioned).append(one)
    return drafts


def _spare_gaps_card(drafts: list[_Draft], recommendation: Recommendation, policy: CardPolicy) -> None:
    """No card for data gaps where the others ask every question: each asks what is open for its own rules."""
    if len(drafts) < 2 or drafts[-1].advice.rule != policy.data_gaps:
        return
    asking = {one.rule for draft in drafts[:-1][: policy.most_cards] for one in draft.told()}
    questions = recommendation.decisive_questions
    if questions and all(asking & set(question.rules) for question in questions):
        gaps = drafts.pop()
        drafts[min(len(drafts), policy.most_cards) - 1].mentioned.append(gaps.advice)


def _place_checks(drafts: list[_Draft], recommendation: Recommendation, policy: CardPolicy) -> None:
    """Due checks beyond the last place take it from what is not more urgent, or are told in lines on another card."""
    checks = next((draft for draft in drafts if _is_of_checks(draft, policy)), None)
    if checks is None or drafts.index(checks) < policy.most_cards:
        return
    last = drafts[policy.most_cards - 1].advice.indicator
    if policy.checks_keep_a_place and last.rank <= checks.advice.indicator.rank and last is not Indicator.CRITICAL:
        drafts.remove(checks)
        drafts.insert(policy.most_cards - 1, checks)
    elif recommendation.plan:
        drafts.remove(checks)
        carrier = _carrier(drafts[: policy.most_cards], policy)
        carrier.carries = True
        carrier.mentioned.extend(checks.told())


def _is_of_checks(draft: _Draft, policy: CardPolicy) -> bool:
    return draft.carries or any(one.rule in policy.checks for one in (draft.advice, *draft.folded))


def _carrier(drafts: Sequence[_Draft], policy: CardPolicy) -> _Draft:
    """The last card that is not critical and has more to say than what is not known; else the last."""
    others = (one for one in reversed(drafts) if one.advice.indicator is not Indicator.CRITICAL)
    return next((one for one in others if one.advice.rule != policy.data_gaps), drafts[-1])


def _place_plan(shown: Sequence[_Draft], recommendation: Recommendation, policy: CardPolicy) -> None:
    """The plan stands on the card of due checks, which also suggests; without one it is carried."""
    if not recommendation.plan or not shown:
        return
    plan = tuple(sorted(recommendation.plan, key=lambda item: -_urgency(item, recommendation, policy)))
    checks = next((draft for draft in shown if _is_of_checks(draft, policy)), None)
    if checks is None:
        _carrier(shown, policy).plan = plan
        return
    checks.plan = plan
    checks.suggested = tuple(_suggested(plan, policy))[: policy.most_suggestions]


def _urgency(item: PlanItem, recommendation: Recommendation, policy: CardPolicy) -> int:
    """How urgent the findings are which say that this check is due; the plan's own order holds among equals."""
    asked = [
        f for f in recommendation.findings if f.rule in policy.checks and f"{f.rule}{f.part or ''}" in item.reasons
    ]
    return max((finding.indicator.rank for finding in asked), default=-1)


def _suggested(plan: Sequence[PlanItem], policy: CardPolicy) -> Iterable[Suggested]:
    """Each due check's first choice, then the second choices: where room ends, no due check is left without any."""
    due = [[Suggested(item=i, orderable=o) for o in i.orderables] for i in plan if i.state in policy.suggested_when]
    for round_ in zip_longest(*due):
        yield from (one for one in round_ if one is not None)
