"""The results file: what `spmwatch test --results FILE` came to, for pages that tell each rule's last results.

It tells on which rules each scenario ran and what its text was, so that whoever reads it later can see what has changed
since (standing.py).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import TypeAdapter, ValidationError

from spmwatch.engine.catalogue.load import RuleBase
from spmwatch.engine.errors import InputError

T = TypeVar("T")


class Result(StrEnum):
    """What became of a scenario; one that could not be understood has failed."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_RUN = "not run"


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesUsed:
    """A rule base as a results file names it.

    Attributes:
        digest: of the rule base, overlays included.
        version: of the catalogue.
        overlays: as results name them, e.g. `acs 1.0.0`.
        rules: version of each rule by id, drafts and retired ones too.
    """

    digest: str
    version: str
    overlays: tuple[str, ...] = ()
    rules: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseResult:
    """One scenario, or one example of it.

    Attributes:
        file: the feature file, as seen from the folder in which it ran.
        line: of its name, of an example its row.
        scenario: its name as written; name: with the example filled in.
        example: which of its examples, from 0; None where it has none.
        names: ids of the rules that it is tagged with or names in a sentence.
        rule_base: digest of the rules on which it ran.
        digest: of its text (rule_book/scenarios.py).
        because: why it did not run.
        expected, got: of one that failed the sentence that did not hold, and what came instead.
    """

    file: str
    line: int
    scenario: str
    name: str
    example: int | None = None
    names: tuple[str, ...] = ()
    result: Result
    rule_base: str
    digest: str
    because: str = ""
    expected: str = ""
    got: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """Coverage of one rule: of each kind how many of how many, and in words what no scenario reaches."""

    rule: str
    kinds: Mapping[str, tuple[int, int]]
    missing: tuple[str, ...] = ()

    @property
    def reached(self) -> int:
        """Of all kinds."""
        return sum(reached for reached, _ in self.kinds.values())

    @property
    def all(self) -> int:
        """How much there is to reach."""
        return sum(of for _, of in self.kinds.values())

    @property
    def percent(self) -> float:
        """From 0 to 100; 100 where there is nothing to reach."""
        return 100 * self.reached / self.all if self.all else 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """A run of scenarios.

    Attributes:
        spmwatch_results: version of this form.
        day: when it ran.
        software: version of spmwatch.
        only: only scenarios whose name holds these words were run; empty: all of the files.
        rule_bases: those on which scenarios ran.
        faults: files that could not be read, with what is wrong.
        coverage: None where it was not measured.
        not_covered: rules that coverage left out, since no feature that ran is about them.
    """

    spmwatch_results: Literal[1] = 1
    day: date
    software: str
    only: str = ""
    rule_bases: tuple[RulesUsed, ...]
    faults: tuple[str, ...] = ()
    coverage: tuple[Reached, ...] | None = None
    not_covered: tuple[str, ...] = ()
    scenarios: tuple[CaseResult, ...]

    @property
    def counts(self) -> Mapping[Result, int]:
        """How many scenarios came to each result."""
        found = Counter(case.result for case in self.scenarios)
        return {result: found[result] for result in Result}

    def used(self, digest: str) -> RulesUsed | None:
        """The rule base of that digest."""
        return next((used for used in self.rule_bases if used.digest == digest), None)


def rules_used(base: RuleBase) -> RulesUsed:
    """A rule base as files name it."""
    return RulesUsed(
        digest=base.digest,
        version=base.version,
        overlays=tuple(map(str, base.overlays)),
        rules={rule.id: rule.shown_version for rule in base.all_rules},
    )


def written(results: Results) -> bytes:
    """The file, with the counts for who reads it without us."""
    told: dict[str, object] = _RESULTS.dump_python(results, mode="json")
    scenarios = told.pop("scenarios")
    counts: dict[str, int] = {result.value: number for result, number in results.counts.items()}
    told["counts"] = {"scenarios": len(results.scenarios)} | counts
    told["scenarios"] = scenarios
    return (json.dumps(told, ensure_ascii=False, indent=1) + "\n").encode()


def read_results(path: Path) -> Results:
    """The file. Raises InputError when it is none."""
    return read_as(_RESULTS, path, "Write it with `spmwatch test --results FILE`")


def read_as(form: TypeAdapter[T], path: Path, fix: str) -> T:
    """A JSON file in this form. Raises InputError that names the first place that does not fit."""
    try:
        return form.validate_json(path.read_bytes())
    except OSError as error:
        problem = f"cannot be read ({error.strerror or type(error).__name__})"
        raise InputError(str(path), "-", problem, fix) from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = _place(first["loc"])
        raise InputError(str(path), place, f"does not fit: {first['msg']}", fix) from None


def _place(loc: Sequence[int | str]) -> str:
    return ".".join(map(str, loc)) or "-"


_RESULTS: TypeAdapter[Results] = TypeAdapter(Results)
