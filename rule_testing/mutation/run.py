"""A whole run: which mutants, judged on several processes, and what became of each."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from spmwatch.engine.catalogue.load import RuleBase
from spmwatch.rule_testing.mutation.changes import Kind
from spmwatch.rule_testing.mutation.judge import Judge
from spmwatch.rule_testing.mutation.missing import missing_scenario
from spmwatch.rule_testing.mutation.mutants import Mutant, mutants_of
from spmwatch.rule_testing.mutation.recording import Case
from spmwatch.rule_testing.mutation.source import sources_of

USUAL = frozenset(Kind) - {Kind.WIDER}
"""What is changed where nothing else is asked for."""
Progress = Callable[[int, int], None]
"""Is told how many of how many mutants are judged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of a mutant. `killer`: the scenario that noticed it; None: it survived, and `missing` says why."""

    mutant: Mutant
    killer: str | None
    missing: str = ""
    accepted: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All mutants of a run.

    Attributes:
        verdicts: in the order of rules and files.
        stale: accepted changes that are none, or that some scenario notices.
        scenarios: how many evaluations of scenarios they were judged by.
    """

    verdicts: Sequence[Verdict]
    stale: Sequence[str]
    scenarios: int

    @property
    def killed(self) -> int:
        """How many some scenario noticed."""
        return sum(verdict.killer is not None for verdict in self.verdicts)

    @property
    def accepted(self) -> Sequence[Verdict]:
        """Survivors with a reason."""
        return [verdict for verdict in self.verdicts if verdict.killer is None and verdict.accepted is not None]

    @property
    def survivors(self) -> Sequence[Verdict]:
        """Survivors without one."""
        return [verdict for verdict in self.verdicts if verdict.killer is None and verdict.accepted is None]

    def judged_again(self, again: Report) -> Report:
        """The same, where some of these mutants were judged again, by more scenarios."""
        later = {verdict.mutant.id: verdict for verdict in again.verdicts}
        return Report(
            verdicts=[later.get(verdict.mutant.id, verdict) for verdict in self.verdicts],
            stale=self.stale,
            scenarios=max(self.scenarios, again.scenarios),
        )

    def by_rule(self) -> Iterator[tuple[str, Counter[str]]]:
        """For each rule how many mutants were `killed`, `accepted`, and `survived`."""
        rules: dict[str, Counter[str]] = {}
        for verdict in self.verdicts:
            state = "killed" if verdict.killer else "survived" if verdict.accepted is None else "accepted"
            rules.setdefault(verdict.mutant.rule, Counter())[state] += 1
        yield from rules.items()


def mutants(base: RuleBase, root: Path | None, wanted: Collection[str], kinds: Collection[Kind]) -> list[Mutant]:
    """The mutants of the rules and checks named (`check skin`; none named: all), of these kinds."""
    return [
        mutant
        for source in sources_of(base, root)
        if not wanted or source.id in wanted
        for mutant in mutants_of(base, source)
        if mutant.change.kind in kinds
    ]


def judge_all(
    found: Sequence[Mutant],
    cases: Sequence[Case],
    base: RuleBase,
    accepted: Mapping[str, str],
    *,
    jobs: int,
    progress: Progress,
    complete: bool,
) -> Report:
    """Judge them all.

    Args:
        found: the mutants.
        cases: the scenarios, as they ran.
        base: the rules as they are, for words.
        accepted: change -> why its survival is accepted.
        jobs: processes.
        progress: see Progress.
        complete: every kind of change is among them, so that an accepted change of these rules that is none is stale.
    """
    killers = list(_judged(found, cases, accepted, jobs, progress))
    verdicts = [
        Verdict(
            mutant=mutant,
            killer=killer,
            missing="" if killer else missing_scenario(mutant, base.wording),
            accepted=accepted.get(mutant.id),
        )
        for mutant, killer in zip(found, killers, strict=True)
    ]
    survived = {verdict.mutant.id for verdict in verdicts if verdict.killer is None}
    noticed = {verdict.mutant.id for verdict in verdicts if verdict.killer is not None}
    rules = {mutant.rule for mutant in found}
    about = {change for change in accepted if complete and any(change.startswith(f"{rule} ") for rule in rules)}
    stale = sorted(change for change in accepted if change in noticed or (change in about - survived))
    return Report(verdicts=verdicts, stale=stale, scenarios=len(cases))


_work: tuple[Judge, Sequence[Mutant], frozenset[str]] | None = None
"""Of a worker: it is made by forking, and so has the scenarios without their being sent."""


def _judged(
    found: Sequence[Mutant], cases: Sequence[Case], accepted: Mapping[str, str], jobs: int, progress: Progress
) -> Iterator[str | None]:
    global _work  # noqa: PLW0603 - handed to the workers by forking
    _work = Judge(cases), found, frozenset(accepted)
    try:
        if jobs == 1 or len(found) == 1:
            yield from _told((_judge_one(index) for index in range(len(found))), len(found), progress)
        else:
            with get_context("fork").Pool(jobs) as pool:
                yield from _told(pool.imap(_judge_one, range(len(found)), chunksize=4), len(found), progress)
    finally:
        _work = None


def _told(killers: Iterator[str | None], of: int, progress: Progress) -> Iterator[str | None]:
    for number, killer in enumerate(killers, start=1):
        progress(number, of)
        yield killer


def _judge_one(index: int) -> str | None:
    """The scenario that notices the mutant. A survivor that nobody accepted is judged again, sparing nothing."""
    assert _work is not None
    judge, found, accepted = _work
    mutant = found[index]
    killer = judge.killer(mutant)
    if killer is None and mutant.id not in accepted:
        killer = judge.noticed_by_any(mutant)
    return None if killer is None else f"{killer.path.name}: {killer.name}"


def usual_jobs() -> int:
    """As many as there are processors for this process."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
