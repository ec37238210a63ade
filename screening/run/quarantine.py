"""Places of the input that could not be used, as steps note them: with the number of the line in its chunk."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from spmwatch.fhir_adapters.intake import Damage
from spmwatch.fhir_adapters.problems import MOST_PROBLEMS, Problem


@dataclass(slots=True)
class Noted:
    """What is wrong in one chunk.

    Attributes:
        places: of the first 1,000 that were lost, and of the first 1,000 remarks on what was used all the same.
        lost: lines that could not be used; `remarks`: places that were used in part, or are only told of.
    """

    places: list[dict[str, Any]] = field(default_factory=list)
    lost: int = 0
    remarks: int = 0

    def lose(self, problem: Problem, line: int, offset: int | None) -> None:
        """A whole line could not be used. Each is listed, be there ever so many: nothing is lost in silence."""
        self.lost += 1
        self._keep(problem, line, offset, lost=True)

    def tell(self, problems: Iterable[Problem], line: int, offset: int | None) -> bool:
        """All that is to be said of one line; True when the line was lost for it."""
        lost = False
        for problem in problems:
            lost = lost or problem.lost
            self._keep(problem, line, offset, lost=problem.lost)
        self.lost += lost
        return lost

    def remark(self, problem: Problem, line: int, offset: int | None) -> None:
        """Something is not as it should be, and the line was used, or did not matter."""
        self.remarks += 1
        if self.remarks <= MOST_PROBLEMS:
            self._keep(problem, line, offset, lost=False)

    def _keep(self, problem: Problem, line: int, offset: int | None, *, lost: bool) -> None:
        place = {
            "line": line,
            "offset": offset,
            "element": None if problem.element == "-" else problem.element,
            "reason": problem.found,
            "expected": problem.expected,
            "advice": problem.advice,
            "lost": lost,
        }
        if place not in self.places[-3:]:
            self.places.append(place)


def damage_as_json(damage: Damage, line: int) -> dict[str, Any]:
    """A damaged line about somebody, for the step that evaluates that patient."""
    return {
        "line": line,
        "patients": list(damage.patients),
        "types": list(damage.types),
        "found": damage.problem.found,
        "expected": damage.problem.expected,
        "advice": damage.problem.advice,
    }


def damage_from_json(told: dict[str, Any], where: str) -> Damage:
    """As `damage_as_json` wrote it."""
    problem = Problem(where=where, found=told["found"], expected=told["expected"], advice=told["advice"], lost=True)
    return Damage(problem, tuple(told["patients"]), tuple(told["types"]))
