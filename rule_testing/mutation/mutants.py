"""Mutants: a rule, a check or a shared file with one change, as the engine loads it; texts are left as they are."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from pydantic import ValidationError

from spmwatch.engine.catalogue.hooks import ALIKE, asked_at, hooks_from
from spmwatch.engine.catalogue.load import RuleBase
from spmwatch.engine.catalogue.rule import Rule, RuleFile, Variant, parse_rule
from spmwatch.engine.errors import RuleFileError
from spmwatch.engine.follow_up.check import Check, CheckFile
from spmwatch.engine.follow_up.read import check_from
from spmwatch.rule_testing.mutation.changes import DROPPED, Change, Kind, Steps, changes_of
from spmwatch.rule_testing.mutation.logic import logic_of
from spmwatch.rule_testing.mutation.shared import Shared
from spmwatch.rule_testing.mutation.source import COMMON, Source

HOOKS = PurePosixPath("rules/hooks.yaml")
_NAMED = ("variants", "schedules", "unless", "exclusions")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One change of one rule, one check or one file that all rules share.

    Attributes:
        id: the rule, the field, before and after, e.g. `SPM-06 parameters.apart.value: 30 -> 31`; lists of accepted
            survivors name it so.
        part: the rule, check or shared file with the change.
        file, line: where what was changed stands.
    """

    id: str
    source: Source
    change: Change
    part: Rule | Check | Shared
    file: str
    line: int

    @property
    def rule(self) -> str:
        """Id of the rule, `check skin`, or `conventions`."""
        return self.source.id


def mutants_of(base: RuleBase, source: Source) -> Iterator[Mutant]:
    """Every mutant of a source that loads and means something else; of those that mean the same the first."""
    reader = _Reader(base, source)
    known = [logic_of(source.part)]
    for change in reader.changes():
        part = reader.read(change)
        if part is None or logic_of(part) in known:
            continue
        known.append(logic_of(part))
        common = change.steps[0] == COMMON
        yield Mutant(
            id=f"{source.id} {named(source.data, change.steps)}: {change.before} -> {change.after}",
            source=source,
            change=change,
            part=part,
            file=f"rules/{COMMON}" if common else source.part.path,
            line=source.common_line(str(change.steps[-1])) if common else source.line(change.steps),
        )


def named(data: Mapping[str, object], steps: Steps) -> str:
    """A field as people write it; what has an id is named by it: `variants.ordered.when.any[1]`."""
    text = ""
    at: object = data
    for before, step in zip(("", *steps), steps, strict=False):
        at = _below(at, step)
        id_ = at.get("id") if isinstance(at, dict) and before in _NAMED else None
        text += f".{step}" if isinstance(step, str) else f".{id_}" if isinstance(id_, str) else f"[{step}]"
    return text.removeprefix(".")


def _below(at: object, step: str | int) -> object:
    if isinstance(at, dict):
        return at.get(step)
    return at[step] if isinstance(at, list) and isinstance(step, int) and step < len(at) else None


class _Reader:
    """Reads the changed data of one source as the catalogue does."""

    def __init__(self, base: RuleBase, source: Source) -> None:
        self._base, self._source = base, source
        self._common = [dict(entry) for entry in base.common_unless]

    def changes(self) -> Iterator[Change]:
        """Those of the file, then of each negative that all rules have."""
        part = self._source.part
        if isinstance(part, Shared):
            yield from part.changes(self._source.data)
            return
        yield from changes_of(self._source.data)
        if isinstance(part, Rule):
            for entry in self._common:
                shown = json.dumps({k: v for k, v in entry.items() if k != "id"}).replace('"', "")
                yield Change(
                    Kind.UNLESS, (COMMON, "unless", str(entry["id"])), shown, DROPPED, self._source.data, entry
                )

    def read(self, change: Change) -> Rule | Check | Shared | None:
        """What the change makes of it; None when the catalogue refuses that."""
        try:
            part = self._source.part
            if isinstance(part, Shared):
                return part.read(change.data)
            return self._rule(part, change) if isinstance(part, Rule) else self._check(part, change)
        except (RuleFileError, ValidationError):
            return None

    def _rule(self, rule: Rule, change: Change) -> Rule:
        common = [entry for entry in self._common if change.steps[0] != COMMON or entry["id"] != change.steps[-1]]
        file = RuleFile.model_validate(change.data)
        read = parse_rule(file, PurePosixPath(rule.path), common)
        texts = {variant.id: variant for variant in rule.variants}
        changed = dataclasses.replace(
            rule,
            variants=tuple(_with_texts(variant, texts[variant.id]) for variant in read.variants),
            asks=read.asks,
            follow_up=read.follow_up,
        )
        return self._at_hooks(changed, read.hooks) if change.kind is Kind.HOOK else changed

    def _at_hooks(self, rule: Rule, hooks: tuple[str, ...]) -> Rule:
        """Asked at these, and where hooks.yaml says that the same holds."""
        rules = [
            dataclasses.replace(rule, hooks=hooks)
            if other.id == rule.id
            else dataclasses.replace(other, hooks=tuple(hook for hook in other.hooks if hook not in ALIKE))
            for other in self._base.all_rules
        ]
        asked = asked_at(rules, hooks_from(self._base.meaning[str(HOOKS)], HOOKS), HOOKS)
        return next(other for other in asked if other.id == rule.id)

    def _check(self, check: Check, change: Change) -> Check:
        data = dict(change.data)
        rest = json.dumps({key: value for key, value in data.items() if key != "parameters"})
        data["parameters"] = {
            name: value for name, value in data["parameters"].items() if re.search(rf"\b{re.escape(name)}\b", rest)
        }
        read = check_from(CheckFile.model_validate(data), PurePosixPath(check.path), self._base.surroundings)
        words = {schedule.id: schedule.words for schedule in check.schedules}
        return dataclasses.replace(
            read,
            schedules=tuple(dataclasses.replace(one, words=words[one.id]) for one in read.schedules),
            overlays=check.overlays,
        )


def _with_texts(variant: Variant, original: Variant) -> Variant:
    return dataclasses.replace(variant, summary=original.summary, detail=original.detail)
