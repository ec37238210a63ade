"""Scenarios of records: the rules that they are told for, whether they hold, what stands in a record."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from pathlib import Path

from spmwatch.engine.catalogue.load import load_rule_base
from spmwatch.engine.evaluate import Evaluator
from spmwatch.rule_testing.run import State, Wanted
from spmwatch.rule_testing.run import run as run_scenarios


@functools.cache
def evaluator() -> Evaluator:
    return Evaluator(load_rule_base())


def held(folder: Path) -> list[str]:
    """Runs the features of a folder as `spmwatch test` does; which of them did not hold."""
    done = run_scenarios(Wanted(paths=[folder]), root=folder)
    assert not done.faults, done.faults
    assert done.outcomes
    return [each.told.text() for each in done.outcomes if each.state is not State.HELD and each.told is not None]


def strings(value: object, key: str = "") -> Iterator[tuple[str, str]]:
    """Every string of a resource with the name of its element."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from strings(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner, key)
    elif isinstance(value, str):
        yield key, value
