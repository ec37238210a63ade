"""Rules as sentences name them: one that does not exist is refused, since it would neither fire nor be missed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from spmwatch.engine.catalogue.load import RuleBase
from spmwatch.engine.recommendation import Finding
from spmwatch.rule_testing.vocabulary import StepError

_LISTED = re.compile(r"(?P<name>[A-Z][A-Z0-9]*-\d{2,4}[a-z]?)(?: \((?P<indicator>info|warning|critical)\))?")


@dataclass(frozen=True, slots=True)
class Speaker:
    """A rule, or a lettered part of one, as a step names it: SPM-05, SPM-02a."""

    rule: str
    part: str | None = None

    @classmethod
    def parse(cls, name: str) -> Speaker:
        """SPM-02a is part a of SPM-02."""
        return cls(name[:-1], name[-1]) if name[-1].islower() else cls(name)

    def __str__(self) -> str:
        """As it was written."""
        return self.rule + (self.part or "")

    def is_of(self, finding: Finding) -> bool:
        """Did this rule (this part) make the finding?"""
        return finding.rule == self.rule and self.part in (None, finding.part)


def rule_called(speaker: Speaker, rules: RuleBase) -> Speaker:
    """The same. Raises StepError when there is no such rule, or it has no such part."""
    parts = _parts(rules)
    if speaker.rule not in parts:
        near = get_close_matches(speaker.rule, parts, n=1)
        meant = f" Did you mean {near[0]}?" if near else ""
        raise StepError(f"there is no rule {speaker.rule}.{meant} The rules are: {', '.join(parts)}.")
    if speaker.part is not None and speaker.part not in parts[speaker.rule]:
        has = ", ".join(sorted(part for part in parts[speaker.rule] if part)) or "no parts"
        raise StepError(f"{speaker.rule} has no part `{speaker.part}`. It has: {has}.")
    return speaker


def whole_rules(text: str, rules: RuleBase) -> tuple[str, ...]:
    """`SPM-01, SPM-02 and SPM-05` -> the ids.

    Raises:
        StepError: something else stands there, such as a part of a rule, an indicator, or a rule that is none.
    """
    found = tuple(_of_list(text, rules))
    for speaker, indicator in found:
        if speaker.part is not None or indicator is not None:
            raise StepError(f"`{speaker}` stands here for the whole rule. Write `{speaker.rule}` alone.")
    return tuple(speaker.rule for speaker, _ in found)


def speaking(text: str, rules: RuleBase, *, parts: bool = True) -> Mapping[str, str | None]:
    """`SPM-01, SPM-02a and SPM-05 (info)` -> what speaks, each with its indicator or None.

    Args:
        text: the list.
        rules: those that there are.
        parts: a rule that speaks through its parts alone is named by these; else never by them.

    Raises:
        StepError: something else stands there, or a rule that is none.
    """
    found: dict[str, str | None] = {}
    for speaker, indicator in _of_list(text, rules):
        named = [f"{speaker.rule}{part}" for part in sorted(filter(None, _parts(rules)[speaker.rule]))]
        if parts and speaker.part is None and named and None not in _parts(rules)[speaker.rule]:
            raise StepError(f"{speaker.rule} speaks through its parts. Write {' or '.join(named)}.")
        if not parts and speaker.part is not None:
            raise StepError(f"`{speaker}` stands here for the whole rule. Write `{speaker.rule}`.")
        found[str(speaker)] = indicator
    return found


def list_of(text: str) -> list[str]:
    """`SPM-01, SPM-02a and SPM-05 (info)` -> its entries, as they stand there."""
    return [entry.strip() for entry in text.replace(" and ", ", ").split(",")]


def _of_list(text: str, rules: RuleBase) -> Iterator[tuple[Speaker, str | None]]:
    seen = set[str]()
    for entry in list_of(text):
        found = _LISTED.fullmatch(entry)
        if found is None:
            raise StepError(f"`{entry}` is no rule. Write e.g. `SPM-05`, or `SPM-09 (info)`, with commas between.")
        if entry in seen:
            raise StepError(f"`{entry}` stands in the list twice. Write it once.")
        seen.add(entry)
        yield rule_called(Speaker.parse(found["name"]), rules), found["indicator"]


def _parts(rules: RuleBase) -> Mapping[str, frozenset[str | None]]:
    return {rule.id: frozenset(variant.part for variant in rule.variants) for rule in rules.rules}
