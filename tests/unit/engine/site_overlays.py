"""Overlays of a site that a test writes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from spmwatch.engine.catalogue.load import RuleBase, load_rule_base
from spmwatch.engine.catalogue.rule import Rule

HEAD = """\
name: {name}
version: 1.0.0
title: An overlay for tests
responsible: Ward pharmacist
because: So that there is one
prefix: TST
"""
SITE = "http://hospital.example/formulary"
ADDED_RULE = """\
id: TST-01
title: Lenalidomide on record at our hospital
version: 1.0.0
status: active
hooks: [patient-view]
grade: C
rationale: Our pharmacists keep a list.
evidence: [TST-E01]
parameters: {}
variants:
  - id: any
    indicator: info
    when:
      exposed: {drug: lenalidomide}
unless: []
unknown: {no_record: absent, incomplete_record: silent, because: The list is short.}
card:
  summary: On the pharmacists' list
  detail: "{facts}"
  ask: Was it taken?
  source: TST-E01
tests: features/site/tst-01-list.feature
"""
ADDED_EVIDENCE = """\
TST-E01:
  title: Our list
  citation: Hospital formulary
  kind: convention
  grade: C
  status: verified
  says: Pharmacists keep a list.
  checked: The formulary itself
  read: "2026-01-15"
"""
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes an overlay: its body, and further files by path."""

    def overlay(body: str = "", name: str = "site", files: dict[str, str] | None = None) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        (folder / "overlay.yaml").write_text(HEAD.format(name=name) + body, encoding="utf-8")
        for place, text in (files or {}).items():
            (folder / place).parent.mkdir(parents=True, exist_ok=True)
            (folder / place).write_text(text, encoding="utf-8")
        return folder

    return overlay


def load(*overlays: Path) -> RuleBase:
    return load_rule_base(overlays=overlays)


def rule(base: RuleBase, id_: str) -> Rule:
    return next(rule for rule in base.all_rules if rule.id == id_)


LONG = "  SPM-09:\n    long_maintenance: {value: %s, unit: mo, evidence: [convention], because: Agreed}\n"
