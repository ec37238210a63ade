"""Which rules scenarios are about: the shipped ones, a folder of rules, overlays on either.

Features that stand in a site's own folder find the site's rules by themselves: `features/` beside `overlay.yaml` is
about that overlay, `features/` beside `rules/` about those rules.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from pathlib import Path

from spmwatch.engine.catalogue.load import load_rule_base
from spmwatch.engine.errors import InputError
from spmwatch.engine.evaluate import Evaluator

OVERLAY_FILE = "overlay.yaml"
RULES_FOLDER = "rules"
_MARK_OF_RULES = "common.yaml"
"""Every rule base has this file (engine/catalogue/load.py)."""


@dataclass(frozen=True, slots=True)
class RuleChoice:
    """A folder of rules (None: the shipped ones) and overlays on it, the last one uppermost."""

    root: Path | None = None
    overlays: tuple[Path, ...] = ()

    def with_overlay(self, overlay: Path) -> RuleChoice:
        """The same with one more overlay, unless it lies there already."""
        if overlay.resolve() in [each.resolve() for each in self.overlays]:
            return self
        return RuleChoice(self.root, (*self.overlays, overlay))

    def evaluator(self) -> Evaluator:
        """The rules, ready; read once. Raises RuleFileError."""
        return _evaluator(self.root, self.overlays)


@cache
def _evaluator(root: Path | None, overlays: tuple[Path, ...]) -> Evaluator:
    return Evaluator(load_rule_base(root, overlays))


def own_rules(choice: RuleChoice) -> set[str]:
    """Ids of the active rules that are not among the shipped ones. Raises RuleFileError."""
    shipped = {rule.id for rule in RuleChoice().evaluator().rule_base.all_rules}
    return {rule.id for rule in choice.evaluator().rule_base.rules} - shipped


def rules_beside(feature: Path) -> RuleChoice:
    """The rules that a feature file stands beside, in the nearest folder above that has any; else the shipped ones."""
    for folder in feature.resolve().parents:
        rules = folder / RULES_FOLDER
        if (rules / _MARK_OF_RULES).is_file():
            return RuleChoice(None if _is_shipped(rules) else rules)
        if (folder / OVERLAY_FILE).is_file():
            return RuleChoice(overlays=(folder,))
    return RuleChoice()


def rules_beside_all(paths: Sequence[Path]) -> RuleChoice:
    """The same of feature files and folders of such.

    Raises:
        InputError: they stand beside different rules.
    """
    found = dict.fromkeys(rules_beside(path / "-" if path.is_dir() else path) for path in paths)
    if len(found) > 1:
        fix = "Name features that stand beside the same rules, or say which with --overlay or --rules"
        raise InputError(", ".join(map(str, paths)), "-", "stand beside different rules", fix)
    return next(iter(found), RuleChoice())


def _is_shipped(rules: Path) -> bool:
    return rules.resolve() == Path(str(resources.files("spmwatch.rules"))).resolve()


def folder_named(name: str, feature: Path) -> Path:
    """A folder that a step names, as seen from the feature file's folder or one above it.

    Raises:
        InputError: there is none.
    """
    for folder in feature.resolve().parents:
        if (folder / name).is_dir():
            return folder / name
    fix = "Write its path as seen from the feature's folder or a folder above it"
    raise InputError(name, "-", f"is no folder beside or above {feature.name}", fix)


@lru_cache(maxsize=8)
def with_draft(evaluator: Evaluator, rule: str | None) -> Evaluator:
    """The same evaluator, or one that looks at this draft rule too."""
    base = evaluator.rule_base
    drafts = tuple(other for other in base.all_rules if other.id == rule and other.status == "draft")
    if not drafts:
        return evaluator
    rules = sorted((*base.rules, *drafts), key=lambda each: each.id)
    return Evaluator(dataclasses.replace(base, rules=tuple(rules)))
