"""rules/conventions.yaml: what is read, and how faults are named."""

from __future__ import annotations

import copy
from dataclasses import fields
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from spmwatch.engine.catalogue.evidence import evidence_from
from spmwatch.engine.errors import RuleFileError
from spmwatch.engine.timeline.conventions import Conventions
from spmwatch.engine.yaml_file import read_yaml

RULES = Path(__file__).parents[3] / "rules"
FILE = PurePosixPath("rules/conventions.yaml")


@pytest.fixture
def data() -> dict[str, Any]:
    """The shipped file as YAML read it."""
    read = read_yaml(RULES / "conventions.yaml", FILE)
    assert isinstance(read, dict)
    return copy.deepcopy(read)


def test_the_shipped_file_loads_from_its_folder() -> None:
    conventions = Conventions.load(RULES)
    assert (conventions.bridge_gap, conventions.days_per_month) == (60, 30.4375)
    assert conventions.looked_for == ("lenalidomide", "melphalan")


def test_every_number_stands_in_the_file_with_known_evidence(data: dict[str, Any]) -> None:
    evidence = evidence_from(
        read_yaml(RULES / "evidence.yaml", PurePosixPath("rules/evidence.yaml")), PurePosixPath("e")
    )
    numbers = set(data["parameters"])
    assert numbers < {field.name for field in fields(Conventions)}
    for name, parameter in data["parameters"].items():
        assert getattr(Conventions.parse(data), name) == parameter["value"]
        assert set(parameter["evidence"]) <= set(evidence)


def refused(data: dict[str, Any]) -> str:
    with pytest.raises(RuleFileError) as error:
        Conventions.parse(data)
    assert str(error.value.path) == "rules/conventions.yaml"
    return error.value.field


def test_faults_are_named_by_field(data: dict[str, Any]) -> None:
    bridge = data["parameters"]["bridge_gap"]
    for key, value, field in (
        ("value", 0, "parameters.bridge_gap.value"),
        ("value", "60", "parameters.bridge_gap.value"),
        ("value", True, "parameters.bridge_gap.value"),
        ("value", 60.5, "parameters.bridge_gap.value"),
        ("unit", "days", "parameters.bridge_gap.unit"),
        ("meaning", "", "parameters.bridge_gap.meaning"),
        ("evidence", [], "parameters.bridge_gap.evidence"),
        ("note", "x", "parameters.bridge_gap.note"),
    ):
        changed = copy.deepcopy(data)
        changed["parameters"]["bridge_gap"] = {**bridge, key: value}
        assert refused(changed) == field


def test_a_number_too_many_or_too_few(data: dict[str, Any]) -> None:
    extra = copy.deepcopy(data)
    extra["parameters"]["bridge_gapp"] = extra["parameters"]["bridge_gap"]
    assert refused(extra) == "parameters.bridge_gapp"
    del data["parameters"]["bridge_gap"]
    assert refused(data) == "parameters.bridge_gap"


def test_unknown_and_missing_keys(data: dict[str, Any]) -> None:
    assert refused({**data, "others": []}) == "others"
    del data["looked_for"]
    assert refused(data) == "looked_for"


def test_numbers_that_contradict_each_other(data: dict[str, Any]) -> None:
    for name, value in (("another_transplant", 14), ("maintenance_after_transplant_to", 29)):
        changed = copy.deepcopy(data)
        changed["parameters"][name]["value"] = value
        assert refused(changed) == f"parameters.{name}.value"


@pytest.mark.parametrize("change", ["left out", "twice", "unknown word"])
def test_the_order_of_the_plan_names_each_state_once(data: dict[str, Any], change: str) -> None:
    order = data["plan_order"]
    data["plan_order"] = {
        "left out": order[1:],
        "twice": [*order, order[0]],
        "unknown word": [*order[1:], "anything"],
    }[change]
    assert refused(data) == "plan_order"
