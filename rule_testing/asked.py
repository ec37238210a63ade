"""What a scenario asks of an evaluation: one of its Then sentences, which may be asked again of another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest

from spmwatch.rule_testing.scenario import Scenario


@dataclass(frozen=True, slots=True)
class Asked:
    """A Then sentence with the function behind it, and its arguments besides the scenario."""

    line: int
    sentence: str
    function: Callable[..., None]
    arguments: Mapping[str, object]

    def of(self, scenario: Scenario) -> None:
        """Ask it. Raises AssertionError when it does not hold."""
        self.function(scenario=scenario, **self.arguments)


AskedObserver = Callable[[pytest.Item, Asked, Scenario], None]
"""Is told of each Then sentence before it is asked, with the scenario as it then stands."""
