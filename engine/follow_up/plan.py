"""A patient's screening and monitoring plan: every check that applies, most pressing first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from spmwatch.engine.catalogue.rule import Rule
from spmwatch.engine.episodes import ANY_DAY, UNKNOWN, Course, FollowUp, Order, PatientEpisode, Span, Timeline
from spmwatch.engine.facts import Standing
from spmwatch.engine.follow_up.check import Check, Schedule
from spmwatch.engine.recommendation import Finding, Orderable, PlanItem


class Planner:
    """Makes plans from the checks and rules of one rule base."""

    def __init__(
        self, checks: Sequence[Check], rules: Iterable[Rule], subjects: frozenset[str], order: Sequence[str]
    ) -> None:
        """`subjects`: the drugs whose patients get a plan; `order`: states of a check, the most pressing first."""
        self._checks, self._subjects = checks, subjects
        self._rank = {state: rank for rank, state in enumerate(order)}
        self._follow_up = {rule.id: rule.follow_up for rule in rules if rule.follow_up}

    def plan(self, timeline: Timeline, findings: Sequence[Finding]) -> tuple[PlanItem, ...]:
        """The plan of a patient on or after lenalidomide for myeloma, or for whom it is ordered; empty for others."""
        found: defaultdict[str, list[FollowUp]] = defaultdict(list)
        for episode in timeline.episodes:
            if isinstance(episode, FollowUp):
                found[episode.check].append(episode)
        if not found or not self._is_for(timeline):
            return ()
        reasons = self._reasons(findings)
        today = timeline.as_of.toordinal()
        items = [
            _item(check, found[check.id], reasons.get(check.id, ()), today)
            for check in self._checks
            if check.id in found
        ]
        return tuple(sorted(items, key=self._pressing))

    def _pressing(self, item: PlanItem) -> tuple[int, int, str]:
        days = item.overdue_days or (0, 0)
        return self._rank[item.state], -days[0], item.check

    def _is_for(self, timeline: Timeline) -> bool:
        """Not for the deceased, nor where only another disease is recorded as what the drug is for."""
        for episode in timeline.episodes:
            if isinstance(episode, PatientEpisode) and (
                episode.vital_status != "alive" or episode.indication == "other"
            ):
                return False
        return any(
            isinstance(episode, (Course, Order))
            and episode.drug in self._subjects
            and episode.standing is Standing.COUNTS
            for episode in timeline.episodes
        )

    def _reasons(self, findings: Iterable[Finding]) -> Mapping[str, tuple[str, ...]]:
        """Check -> the findings that name it; one that rests on checks is a reason for these alone."""
        reasons: defaultdict[str, dict[str, None]] = defaultdict(dict)
        for finding in findings:
            own = [episode.check for episode in finding.episodes if isinstance(episode, FollowUp)]
            for check in own or self._follow_up.get(finding.rule, ()):
                reasons[check][f"{finding.rule}{finding.part or ''}"] = None
        return {check: tuple(names) for check, names in reasons.items()}


def _item(check: Check, episodes: Sequence[FollowUp], reasons: tuple[str, ...], today: int) -> PlanItem:
    """One check; where several states are open its state is unknown."""
    sure = len(episodes) == 1 and episodes[0].standing is Standing.COUNTS
    ids = dict.fromkeys(episode.schedule for episode in episodes)
    schedules = [schedule for id_ in ids if (schedule := check.schedule(id_))]
    words = [schedule.words for schedule in schedules or check.schedules]
    tests = {episode.test for episode in episodes} - {UNKNOWN}
    next_ = _hull([episode.next for episode in episodes])
    overdue = None if next_ is None else (max(int(today - next_.high), 0), int(today - next_.low))
    excluded = {episode.exclusion for episode in episodes}
    last = _hull([episode.last for episode in episodes])
    return PlanItem(
        check=check.id,
        title=check.title,
        state=episodes[0].state if sure else UNKNOWN,
        schedule=" / ".join(words),
        reasons=reasons,
        excluded=" / ".join(item.words for item in check.exclusions if item.id in excluded) or None,
        test=tests.pop() if len(tests) == 1 else None,
        last=None if last is None else last.days(),
        references=tuple(dict.fromkeys(s.reference for e in episodes for s in e.sources if s.reference)),
        next=None if next_ is None else next_.days(),
        overdue_days=overdue if overdue is not None and overdue[1] > 0 else None,
        source=check.source,
        orderables=_offered(check, schedules),
        kept_in=check.kept_in,
    )


def _offered(check: Check, schedules: Sequence[Schedule]) -> tuple[Orderable, ...]:
    """What may be ordered: tests that every schedule which may hold for the patient accepts."""
    schedules = schedules or [schedule for schedule in check.schedules if not schedule.individual]
    return tuple(one for one in check.orderables if all(schedule.accepts(one.concept) for schedule in schedules))


def _hull(spans: Iterable[Span]) -> Span | None:
    """The span of those that are known; None when none is."""
    known = [span for span in spans if span.low != ANY_DAY.low or span.high != ANY_DAY.high]
    if len(known) < 2:
        return known[0] if known else None
    return Span(min(span.low for span in known), max(span.high for span in known))
