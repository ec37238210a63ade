"""Everything that is wrong with a rule base at once, not only the first thing at which loading stops.

A rule file that does not load is named and set aside, and the rest is looked at; a fault in a file that all rules share
ends the search, since nothing can be said without it. What loads is then looked at as its reader would: logic that can
never hold, evidence that may not be shown, things recognised by words only, details too long for a card, scenarios that
are missing.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePath

from spmwatch.engine.catalogue.card_policy import FILE as CARDS
from spmwatch.engine.catalogue.card_policy import check_rules
from spmwatch.engine.catalogue.load import RuleBase
from spmwatch.engine.catalogue.rule import Rule
from spmwatch.engine.errors import RuleFileError
from spmwatch.engine.reasoning.chaining import references
from spmwatch.rule_book.lock import compare, lock_of, read_lock
from spmwatch.rule_book.logic import check_faults, faults
from spmwatch.rule_book.owed import owed

LONGEST_DETAIL = 2400
"""Characters of a card's detail beyond which nobody reads it beside a patient."""
_MOST_BROKEN = 60
_RETIRED = "Name a rule that is in use, or take it out"


class Severity(StrEnum):
    """`error`: the rule base does not load or a rule cannot work; `warning`: it works, and should be better."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong: where, what, and what to do."""

    severity: Severity
    path: str
    field: str
    problem: str
    fix: str

    def __str__(self) -> str:
        """One line."""
        return f"{self.severity}: {self.path}: {self.field}: {self.problem}. {self.fix}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LintResult:
    """All problems, errors first, and how many rules were looked at; `base` is None when nothing could be loaded."""

    problems: tuple[Problem, ...]
    base: RuleBase | None

    @property
    def clean(self) -> bool:
        """Is there no problem at all?"""
        return not self.problems


def lint(root: Path, features: Sequence[Path], load: Callable[[Path], RuleBase]) -> LintResult:
    """Every problem of the rule base under `root`.

    Args:
        root: the folder of rules; it is only read.
        features: the folders that mirror it with scenarios; none leaves scenarios out.
        load: makes a rule base of a folder, e.g. with overlays on top.
    """
    broken: list[Problem] = []
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "rules")
        shutil.copytree(root, copy, ignore=lambda place, names: _left_out(Path(place), names, root, broken))
        base = _load_what_loads(copy, load, broken)
    written = {_rule_id(file) for file in root.rglob("*.yaml") if _is_rule_file(file, root)}
    problems = [*broken, *(() if base is None else [*_looked_at(base, features), *_card_policy(base, written)])]
    order = list(Severity)
    problems.sort(key=lambda p: (order.index(p.severity), p.path, p.field, p.problem))
    return LintResult(problems=tuple(dict.fromkeys(problems)), base=base)


def unlocked(lock: Path, base: RuleBase) -> Iterator[Problem]:
    """Where the rules and their lock do not agree."""
    for problem in compare(read_lock(lock), lock_of(base)):
        place = str(PurePath("rules") / lock.name)
        yield Problem(severity=Severity.ERROR, path=place, field="-", problem=problem.text, fix="See `rules lock`")


def _left_out(place: Path, names: list[str], root: Path, broken: list[Problem]) -> set[str]:
    """What is not copied: code, and what is neither file nor folder; the latter is named, since reading it may hang."""
    odd = {name for name in names if not (place / name).is_file() and not (place / name).is_dir()}
    for name in sorted(odd):
        path = PurePath("rules", (place / name).relative_to(root))
        fix = "Remove it, or put a file in its place"
        broken.append(
            Problem(
                severity=Severity.ERROR, path=str(path), field="-", problem="is neither a file nor a folder", fix=fix
            )
        )
    return odd | {name for name in names if name.endswith(".py") or name == "__pycache__"}


def _load_what_loads(copy: Path, load: Callable[[Path], RuleBase], broken: list[Problem]) -> RuleBase | None:
    """The rule base without its broken rule files; each of them is named in `broken`."""
    set_aside: set[str] = set()
    while len(set_aside) < _MOST_BROKEN:
        try:
            return load(copy)
        except RuleFileError as error:
            if not (set_aside and _only_misses(error, set_aside)):
                broken += [_error(each) for each in (error, *error.others)]
            file = copy.joinpath(*PurePath(error.path).parts[1:])
            if not _is_rule_file(file, copy):
                return None
            set_aside.add(_rule_id(file))
            file.unlink()
    return None


def _only_misses(error: RuleFileError, set_aside: Iterable[str]) -> bool:
    """Is the fault only that a rule set aside before is not there?"""
    return any(f"`{id_}`" in error.problem for id_ in set_aside)


def _is_rule_file(file: Path, root: Path) -> bool:
    return file.is_file() and len(file.relative_to(root).parts) == 2 and file.name.partition("-")[2][:1].isdigit()


def _rule_id(file: Path) -> str:
    return "-".join(file.stem.split("-")[:2]).upper()


def _error(error: RuleFileError) -> Problem:
    return Problem(
        severity=Severity.ERROR, path=str(error.path), field=error.field, problem=error.problem, fix=error.fix
    )


# -- what loads -----------------------------------------------------------------------------------------------------


def _looked_at(base: RuleBase, features: Sequence[Path]) -> Iterator[Problem]:
    for check in base.checks:
        for fault in check_faults(check):
            yield _error(RuleFileError(check.path, fault.field, fault.problem, fault.fix))
    retired = {rule.id for rule in base.all_rules if rule.status == "retired"}
    for rule in base.all_rules:
        if rule.status == "retired":
            continue
        for other in sorted(references(rule) & retired):
            yield _of(rule, Severity.ERROR, "variants", f"asks for a finding of {other}, which is retired", _RETIRED)
        for fault in faults(rule):
            yield _of(rule, Severity.ERROR, fault.field, fault.problem, fault.fix)
        yield from _long_details(rule)
        yield from _hidden_evidence(rule, base)
        yield from _words_only(rule, base)
        if features:
            for debt in owed(rule, features, {str(item["id"]) for item in base.common_unless}):
                yield _of(rule, Severity.WARNING if rule.status == "draft" else Severity.ERROR, "tests", *debt)


def _card_policy(base: RuleBase, written: Iterable[str]) -> Iterator[Problem]:
    """Rules that the merge policy names and nobody knows; those whose file was set aside are written, so known."""
    try:
        check_rules(base.card_policy, {*(rule.id for rule in base.all_rules), *written})
    except RuleFileError as error:
        yield _error(error)
    retired = {rule.id for rule in base.all_rules if rule.status == "retired"}
    for field, rules in base.card_policy.rules_named().items():
        for id_ in rules:
            if id_ in retired:
                yield _error(
                    RuleFileError(PurePath("rules") / CARDS, field, f"names {id_}, which is retired", _RETIRED)
                )


def _of(rule: Rule, severity: Severity, field: str, problem: str, fix: str) -> Problem:
    return Problem(severity=severity, path=rule.path, field=field, problem=problem, fix=fix)


def _long_details(rule: Rule) -> Iterator[Problem]:
    for variant in rule.variants:
        length = len(variant.detail)
        if length > LONGEST_DETAIL:
            field = f"variants.{variant.id}.detail"
            yield _of(
                rule, Severity.WARNING, field, f"has {length} characters", f"Use at most {LONGEST_DETAIL}, or link"
            )


def _hidden_evidence(rule: Rule, base: RuleBase) -> Iterator[Problem]:
    """A rule whose evidence is all unverified would show no source but its own."""
    if not any(base.evidence[id_].showable for id_ in rule.evidence):
        yield _of(
            rule,
            Severity.ERROR,
            "evidence",
            "names no source that was opened",
            "Verify one in evidence.yaml, or name another",
        )
    for parameter in rule.parameters.values():
        if not any(base.evidence[id_].showable for id_ in parameter.evidence):
            field = f"parameters.{parameter.name}.evidence"
            fix = "Verify the source, or call the number a `convention`"
            yield _of(rule, Severity.WARNING, field, "names no source that was opened", fix)


def _words_only(rule: Rule, base: RuleBase) -> Iterator[Problem]:
    """A drug that no code tells: each finding on it is of low certainty."""
    coded = {concept.drug for concept in base.value_sets.concepts("drug") if concept.codes or concept.local_codes}
    for variant in rule.variants:
        for branch in variant.branches:
            for condition in branch.conditions:
                for test in condition.words:
                    if test.field == "drug" and not coded & set(test.values):
                        drugs = ", ".join(test.values)
                        problem = f"`{drugs}` has no code in the value sets, so it is recognised by words only"
                        yield _of(rule, Severity.WARNING, condition.path, problem, "Add a code that was seen")
