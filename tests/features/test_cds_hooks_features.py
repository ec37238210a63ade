"""The features about cards: what becomes of the findings at one visit."""

from pathlib import Path

from pytest_bdd import scenarios

scenarios(str(Path(__file__).parents[2] / "features/cds_hooks"))
