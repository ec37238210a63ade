"""Patients made and compared until it is enough; what is found is made small and written out as a scenario."""

from __future__ import annotations

import dataclasses
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from spmwatch.engine.catalogue.load import RuleBase
from spmwatch.engine.errors import CdsError
from spmwatch.engine.evaluate import PATIENT_VIEW
from spmwatch.engine.facts import PatientRecord
from spmwatch.rule_testing.evaluated import DISAGREE
from spmwatch.rule_testing.facts_in_words import is_draft
from spmwatch.rule_testing.from_record.writer import WITH_DRAFTS, scenario_of
from spmwatch.rule_testing.fuzzing.patients import AS_OF, PatientMaker
from spmwatch.rule_testing.fuzzing.readers import Difference, Readers
from spmwatch.rule_testing.fuzzing.shrink import shrunk

CLOSELY = 9
"""Every so many-eth patient is compared with episodes too; no multiple of the number of rule bases."""
_HIDDEN = "# Another variant decides the rule, or only the episodes differ: the scenario holds all the same.\n"
MOST_FOUND = 20
"""Differences that are told; a fault that shows on every patient need not be told of each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A difference on the least patient on whom it shows.

    Attributes:
        seed: makes the patient as it was drawn, with the rules of that number.
        rules: which rules these were, in words.
        text: a scenario of it; empty where none could be written, and `why_not` says why.
    """

    seed: str
    rules: str
    hook: str
    difference: Difference
    text: str = ""
    why_not: str = ""


@dataclass(slots=True)
class Tally:
    """What was compared: patients, evaluations (a patient at a hook), outcomes (a variant's truth in both readings).

    `closely`: outcomes of which the episodes on which they rest were compared too.
    """

    patients: int = 0
    evaluations: int = 0
    outcomes: int = 0
    closely: int = 0
    by_rules: Counter[str] = field(default_factory=Counter[str])
    found: list[Found] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Take in what another process did."""
        self.patients += other.patients
        self.evaluations += other.evaluations
        self.outcomes += other.outcomes
        self.by_rules += other.by_rules
        self.closely += other.closely
        self.found += other.found


class Searcher:
    """Compares the readers with several rule bases in turn."""

    def __init__(self, bases: Sequence[tuple[str, RuleBase]]) -> None:
        """`bases`: what each is called, and the rules."""
        self._all = [(name, Readers(base), PatientMaker(base)) for name, base in bases]

    def run(self, seed: str, go_on: Callable[[Tally], bool]) -> Tally:
        """Make and compare patients while `go_on`.

        Args:
            seed: the same makes the same patients.
            go_on: is asked before each patient.
        """
        tally = Tally()
        while len(tally.found) < MOST_FOUND and go_on(tally):
            name, readers, maker = self._all[tally.patients % len(self._all)]
            drawn = f"{seed}-{tally.patients}"
            patient = maker.patient(random.Random(drawn))  # noqa: S311 - no secret
            others = [hook for hook in readers.hooks if hook != PATIENT_VIEW]
            for hook in (PATIENT_VIEW, others[tally.patients % len(others)]):
                tally.evaluations += 1
                tally.outcomes += readers.outcomes(hook)
                record = seen_at(patient, hook)
                closely = tally.patients % CLOSELY == 0
                differences = readers.differences(record, as_of=AS_OF, hook=hook, with_episodes=closely)
                tally.closely += readers.outcomes(hook) if closely else 0
                if differences:
                    tally.found.append(_told(drawn, name, readers, record, hook, differences[0], closely=closely))
            tally.patients += 1
            tally.by_rules[name] += 1
        return tally


def seen_at(record: PatientRecord, hook: str) -> PatientRecord:
    """The record as that hook sees it: draft orders only where an order is looked at."""
    if hook in WITH_DRAFTS:
        return record
    return dataclasses.replace(record, facts=tuple(fact for fact in record.facts if not is_draft(fact)))


def _told(
    seed: str,
    rules: str,
    readers: Readers,
    record: PatientRecord,
    hook: str,
    difference: Difference,
    *,
    closely: bool,
) -> Found:
    """The difference on the least patient on whom the same variant still shows one."""

    def shown(smaller: PatientRecord) -> Difference | None:
        found = readers.differences(smaller, as_of=AS_OF, hook=hook, with_episodes=closely)
        same = (one for one in found if (one.rule, one.variant) == (difference.rule, difference.variant))
        return next(same, None)

    least = shrunk(record, lambda smaller: shown(smaller) is not None)
    still = shown(least) or difference
    try:
        written = scenario_of(
            least,
            readers.evaluator,
            as_of=AS_OF,
            hook=hook,
            chance=random.Random(seed),  # noqa: S311 - the patient is invented
            title=f"{still.rule} {still.variant}: the two readers of the rules disagree",
            remarks=(f"Found by make fuzz with the seed {seed}; the rules: {rules}", str(still)),
        )
    except (CdsError, AssertionError, ValueError) as error:
        return Found(seed=seed, rules=rules, hook=hook, difference=still, why_not=f"{type(error).__name__}: {error}")
    text = written.text if any(DISAGREE in one for one in written.differences) else written.text + _HIDDEN
    return Found(seed=seed, rules=rules, hook=hook, difference=still, text=text)
