"""The two files of a new rule, with every key and tag in place: a draft that loads, for its author to fill in."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from spmwatch.engine.catalogue.load import RuleBase, is_reserved
from spmwatch.engine.catalogue.rule import RULE_ID
from spmwatch.engine.errors import InputError

_WORDS = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRule:
    """Paths below the root of the repository (or of an overlay), and what stands in the files."""

    rule_path: PurePosixPath
    rule_text: str
    feature_path: PurePosixPath
    feature_text: str


def new_rule(base: RuleBase, *, id_: str, topic: str, name: str) -> NewRule:
    """The files of a rule that does not exist yet.

    Args:
        base: the rules that stand already; ids are never used twice.
        id_: e.g. `SPM-31`.
        topic: its folder, e.g. `lenalidomide`.
        name: what it catches, e.g. `long-steroid-course`.

    Raises:
        InputError: a word has another form, or the id is taken.
    """
    if not re.fullmatch(RULE_ID, id_):
        raise InputError(id_, "id", "is no rule id", "Write capital letters, a hyphen and digits, e.g. SPM-31")
    for what, word in (("topic", topic), ("name", name)):
        if not _WORDS.fullmatch(word):
            raise InputError(word, what, "has other characters than it takes", "Use a-z, 0-9 and hyphens")
    if is_reserved(topic):
        raise InputError(topic, "topic", "is a folder that holds no rules", "Name the topic of the rule")
    taken = {rule.id: rule for rule in base.all_rules}
    if id_ in taken:
        problem = f"is taken by {taken[id_].path} ({taken[id_].status})"
        raise InputError(id_, "id", problem, f"Take one that was never used, e.g. {_next_id(taken, id_)}")
    file = f"{id_.lower()}-{name}"
    feature_path = PurePosixPath("features", topic, f"{file}.feature")
    title = name.replace("-", " ").capitalize()
    return NewRule(
        rule_path=PurePosixPath("rules", topic, f"{file}.yaml"),
        rule_text=_RULE.format(id=id_, title=title, feature=feature_path),
        feature_path=feature_path,
        feature_text=_FEATURE.format(id=id_, title=title),
    )


def _next_id(taken: Iterable[str], id_: str) -> str:
    prefix = id_.rpartition("-")[0]
    numbers = [int(other.rpartition("-")[2]) for other in taken if other.startswith(f"{prefix}-")]
    return f"{prefix}-{max(numbers, default=0) + 1:02d}"


_RULE = """\
# Every key is explained in docs/rule-file.md. `spmwatch rules lint` says what is still missing.
id: {id}
title: {title}
version: 0.1.0
status: draft                        # active once a clinician signed it off; a draft reaches nobody
hooks: [patient-view, order-select, order-sign]
grade: C                             # A several trials or a label; B one trial or large cohort; C opinion, convention
rationale: >
  Say in two sentences why the rule exists and for whom.
evidence: [convention]
parameters: {{}}                       # each number: name: {{value, unit, meaning, evidence}}
when:                                # what is true of the patient, for every variant
  all:
    - diagnosed: {{family: myeloma}}
    - exposed: {{drug: lenalidomide}}
variants:                            # strongest first
  - id: first
    indicator: info
    when:
      exposed: {{drug: lenalidomide, active: current}}
unless: []                           # every "not", each with an id: {{id: some-id, verb: {{...}}}}
unknown:
  no_record: absent
  incomplete_record: ask             # or silent
  because: Say why a clinician should, or should not, be asked.
card:
  summary: "Say in one line what to consider"
  detail: |
    Say what is known and from which study, benefit beside risk.

    {{facts}}

    **Suggested:** say what to consider.
  ask: What would a clinician be asked to find out?
  source: convention
tests: {feature}
"""

_FEATURE = """\
@rule:{id}
Feature: {title}

  Background:
    Given today is 2026-01-15
    And the patient is a man aged 60
    And multiple myeloma was diagnosed on 2022-01-10

  @fires
  Scenario: Lenalidomide is being taken
    Given lenalidomide 10 mg was prescribed from 2025-02-01 and continues
    When the rule is evaluated
    Then it fires with indicator "info"

  @near-miss
  Scenario: Lenalidomide ended
    Given lenalidomide 10 mg was prescribed from 2024-02-01 to 2024-08-31
    When the rule is evaluated
    Then it stays silent

  @unless
  Scenario: The patient died
    Given lenalidomide 10 mg was prescribed from 2025-02-01 and continues
    And the patient died on 2026-01-10
    When the rule is evaluated
    Then it stays silent

  @unknown
  Scenario: A record of lenalidomide that proves nothing
    Given a medication statement of lenalidomide from 2025-02-01 and continues has the status "unknown"
    When the rule is evaluated
    Then it is undecided
"""
