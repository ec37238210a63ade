"""What went wrong with the input, and what became of every resource in it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from spmwatch.engine.facts import Gap


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something in the input that is not as it should be; told in one line, without patient data.

    Attributes:
        where: file and line, e.g. `export/Condition.ndjson:12`, or what the caller named the Bundle.
        element: FHIR path below it, or `-` for the whole.
        found: what stands there.
        expected: what should; "" when `found` says it all.
        advice: what would mend it.
        lost: is the whole line, or file, lost?
    """

    where: str
    element: str = "-"
    found: str
    expected: str
    advice: str
    lost: bool = False

    def __str__(self) -> str:
        """One line for a person."""
        fault = f"found {self.found}, expected {self.expected}" if self.expected else self.found
        line = f"{self.where}: {self.element}: {fault}. {self.advice}"
        return "".join(sign if sign.isprintable() else "?" for sign in line)

    def as_gap(self, reference: str = "") -> Gap:
        """The same, to stand beside a patient's results."""
        return Gap(
            kind="unreadable",
            reference=reference or self.where,
            element="" if self.element == "-" else self.element,
            problem=f"found {self.found}, expected {self.expected}" if self.expected else self.found,
            advice=self.advice,
        )


MOST_PROBLEMS = 1_000
"""Problems of one file that are listed; the rest is counted."""


class ProblemLog:
    """Problems in the order in which they were met; of each file the first 1,000, and how many more there were."""

    def __init__(self) -> None:
        self._listed: list[Problem] = []
        self._by_file: Counter[str] = Counter()

    def append(self, problem: Problem) -> None:
        """Note one."""
        file = problem.where.split(":")[0]
        self._by_file[file] += 1
        if self._by_file[file] <= MOST_PROBLEMS:
            self._listed.append(problem)

    def extend(self, problems: Iterable[Problem]) -> None:
        """Note several."""
        for problem in problems:
            self.append(problem)

    def __len__(self) -> int:
        """How many there were, listed or not."""
        return sum(self._by_file.values())

    def all(self) -> tuple[Problem, ...]:
        """Those listed, and one more for each file that had too many."""
        rest = (
            Problem(where=file, found=f"{number - MOST_PROBLEMS:,} more problems", expected="none",
                    advice="Mend the first ones and read the file again.")
            for file, number in sorted(self._by_file.items())
            if number > MOST_PROBLEMS
        )  # fmt: skip
        return (*self._listed, *rest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One malformed element: where it is in its resource, and what is wrong with it, without its content.

    Attributes:
        mended: what it must mean was plain, so it was read; `problem` says as what.
        lost: what was left out, for whoever looks whether it mattered; it is never shown.
    """

    element: str
    problem: str
    mended: bool = False
    lost: object = field(default=None, compare=False, repr=False)


class Fate(StrEnum):
    """What became of one resource. Each resource that was read has exactly one."""

    IRRELEVANT = "irrelevant"  # nothing in it that a rule asks for, or a type that is not read
    SUPPORTING = "supporting"  # Patient, Medication, Bundle shell, OperationOutcome: read for the sake of others
    USED = "used"  # became at least one fact
    EXCLUDED = "excluded"  # its status says that it does not count
    UNUSABLE = "unusable"  # relevant, but nothing could be made of it; a gap says why
    UNREADABLE = "unreadable"  # not a FHIR resource at all, or a line that cannot be parsed
    UNASSIGNED = "unassigned"  # belongs to nobody, or to a patient who is not asked for
    DUPLICATE = "duplicate"  # the same resource once more, or an older version of it


class Tally:
    """Counts of resources by type and fate. `read` is the sum of all fates, so nothing is lost unnoticed."""

    __slots__ = ("_counts",)

    def __init__(self) -> None:
        self._counts: defaultdict[tuple[str, Fate], int] = defaultdict(int)

    def add(self, resource_type: str, fate: Fate, number: int = 1) -> None:
        """Count one more."""
        self._counts[resource_type, fate] += number

    def merge(self, other: Tally) -> None:
        """Count all that `other` counted."""
        for met, number in other._counts.items():
            self._counts[met] += number

    def of(self, fate: Fate, resource_type: str | None = None) -> int:
        """How many met this fate."""
        return sum(n for (kind, what), n in self._counts.items() if what is fate and resource_type in (None, kind))

    def types(self) -> frozenset[str]:
        """Resource types that were met."""
        return frozenset(kind for kind, _ in self._counts)

    @property
    def read(self) -> int:
        """All resources that were met."""
        return sum(self._counts.values())

    @property
    def relevant(self) -> int:
        """Resources that a rule could ask for."""
        return sum(self.of(fate) for fate in (Fate.USED, Fate.EXCLUDED, Fate.UNUSABLE))

    def rows(self) -> tuple[tuple[str, str, int], ...]:
        """(resource type, fate, number), sorted."""
        return tuple(sorted((kind, fate.value, n) for (kind, fate), n in self._counts.items() if n))
