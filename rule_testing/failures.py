"""What is told of a scenario that did not hold: where, what was expected, what came, and why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import pytest
from pydantic import ValidationError

from spmwatch.engine.errors import CdsError, InputError


class ScenarioFailedError(AssertionError):
    """The rules say something else than the scenario expects. `why` is the explanation, for a clinician."""

    def __init__(self, problem: str, why: str) -> None:
        self.problem, self.why = problem, why
        super().__init__(f"{problem}\n\n{why}" if why else problem)


class Kind(StrEnum):
    """What went wrong."""

    FAILED = "failed"
    """The rules say something else."""
    UNREADABLE = "unreadable"
    """A step cannot be understood: the scenario says nothing about the rules."""
    FAULT = "fault"
    """Neither: an error in the code behind a step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One scenario that did not hold.

    Attributes:
        path: the feature file as it is shown.
        line: of the step.
        scenario: its name, examples filled in.
        step: keyword and sentence of the step.
        got: what came instead, or what is wrong with the step.
        why: the rule's explanation; empty where there is none.
    """

    kind: Kind
    path: str
    line: int
    scenario: str
    step: str
    got: str
    why: str = ""

    def text(self) -> str:
        """As the terminal, the results of pytest and JUnit files tell it."""
        lines = [f"{self.path}:{self.line}: {self.scenario}"]
        if self.kind is Kind.FAILED:
            lines += _hanging("  expected  ", self.step) + _hanging("  got       ", self.got)
        else:
            lines += _hanging("  step      ", self.step) + _hanging("  problem   ", self.got)
        return "\n".join(lines + _hanging("  why       ", self.why)) if self.why else "\n".join(lines)


def _hanging(label: str, text: str) -> list[str]:
    first, *rest = text.splitlines() or [""]
    return [label + first, *(" " * len(label) + line if line else "" for line in rest)]


@dataclass(frozen=True, slots=True)
class _Place:
    """What pytest asks of the place where something failed."""

    path: str
    lineno: int
    message: str


class Shown:
    """`Told` in the form in which pytest carries failures, without a traceback."""

    def __init__(self, told: Told) -> None:
        self._text = told.text()
        self.reprcrash = _Place(told.path, told.line, f"{told.step}: {told.got.splitlines()[0] if told.got else ''}")

    def toterminal(self, writer: object) -> None:
        """Print it. `writer` is pytest's."""
        for line in self._text.splitlines():
            writer.line(line)  # type: ignore[attr-defined]  # pytest's TerminalWriter, which it does not export

    def __str__(self) -> str:
        """The whole text."""
        return self._text


def told_of(exception: BaseException, *, ours: bool, path: str, line: int, scenario: str, step: str) -> Told | None:
    """What to tell of an exception that a step raised; None leaves it to pytest.

    Args:
        exception: what was raised.
        ours: the step is one of the step language; what others raise is pytest's to show.
        path: as in Told, like all below.
        line: of the step.
        scenario: its name.
        step: keyword and sentence.
    """
    if isinstance(exception, ScenarioFailedError):
        kind, got, why = Kind.FAILED, exception.problem, exception.why
    elif isinstance(exception, CdsError):
        kind, got, why = Kind.UNREADABLE, said(exception), ""
    elif not ours:
        return None
    elif isinstance(exception, pytest.FixtureLookupError) and exception.argname == "datatable":
        kind, got, why = Kind.UNREADABLE, "the step needs a table below it; docs/steps.md shows one", ""
    elif isinstance(exception, AssertionError):
        kind, got, why = Kind.FAILED, str(exception), ""
    elif isinstance(exception, ValueError):
        kind, got, why = Kind.UNREADABLE, refused(exception), ""
    else:
        kind, got, why = Kind.FAULT, f"{type(exception).__name__}: a fault of spmwatch; please report it", ""
    return Told(kind=kind, path=path, line=line, scenario=scenario, step=step, got=got, why=why)


def refused(error: Exception) -> str:
    """Why a value of the step cannot be: the first fault, in words and without those of the library that found it."""
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        return f"`{first['input']}` cannot stand here: no record of FHIR can hold it as its `{place}`"
    return str(error)


def said(error: CdsError) -> str:
    """An error of ours in words."""
    if isinstance(error, InputError) and error.element == "-":
        return f"{error.where}: {error.problem}. {error.fix}"
    return str(error)
