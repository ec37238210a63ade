"""What a rule file has to fulfil beyond its shape, and its texts with the numbers filled in."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePath

from spmwatch.engine.catalogue.conditions import Condition
from spmwatch.engine.catalogue.evidence import Evidence
from spmwatch.engine.catalogue.hooks import NAMED
from spmwatch.engine.catalogue.rule import SUMMARY_LIMIT, Rule, RuleFile, Variant
from spmwatch.engine.catalogue.texts import FACTS, Texts, Writer, placeholders
from spmwatch.engine.episodes import AMOUNT, UNKNOWN, VOCABULARY
from spmwatch.engine.errors import RuleFileError
from spmwatch.engine.terminology.concept import Category
from spmwatch.engine.terminology.value_sets import ValueSets

_DONE: tuple[Category, ...] = ("procedure", "screening", "exclusion")
_STATED: tuple[Category, ...] = ("statement", "smoking")
_MEASURED: tuple[Category, ...] = ("lab", "smoking")
HOOKS = frozenset(NAMED)
_UNITS = "1 % d wk mo a h mg g mg/d mg/kg mg/m2 10*9/L g/dL fL {pack-years}"
UNITS = frozenset(_UNITS.split())
"""UCUM units that a parameter may have."""
HIGHEST = 10_000
"""No limit of a rule or check is beyond this in any of the units; what is was written in another unit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a rule may refer to."""

    evidence: Mapping[str, Evidence]
    texts: Texts
    topics: frozenset[str]
    value_sets: ValueSets
    disagreements: frozenset[str]
    regimen_lists: Mapping[str, str]
    rule_variants: Mapping[str, tuple[str, ...]]
    check_schedules: Mapping[str, tuple[str, ...]]
    check_numbers: Mapping[str, str]


def check_file(file: RuleFile, path: PurePath) -> None:
    """The file by itself: name, mirrored tests, hooks, units, finite numbers. Raises RuleFileError."""
    if not path.name.startswith(f"{file.id.lower()}-"):
        problem = f"the file name does not start with `{file.id.lower()}-`"
        raise RuleFileError(path, "id", problem, "Rename the file or the id")
    feature = f"features/{path.parent.name}/{path.stem}.feature"
    if file.tests != feature:
        raise RuleFileError(path, "tests", f"`{file.tests}` does not mirror the rule's place", f"Write `{feature}`")
    if unknown := [hook for hook in file.hooks if hook not in HOOKS] or _repeated(file.hooks):
        raise RuleFileError(path, "hooks", f"`{unknown[0]}` is unknown or repeated", f"Use: {', '.join(sorted(HOOKS))}")
    for name, parameter in file.parameters.items():
        if not name.isidentifier():
            raise RuleFileError(path, f"parameters.{name}", "is no usable name", "Use letters and _")
        if parameter.unit not in UNITS:
            fix = f"Write a UCUM unit: {', '.join(sorted(UNITS))}"
            raise RuleFileError(path, f"parameters.{name}.unit", f"'{parameter.unit}' is not UCUM", fix)
        if not 0 <= parameter.value <= HIGHEST:
            problem = f"is not a number from 0 to {HIGHEST}"
            raise RuleFileError(path, f"parameters.{name}.value", problem, "Mind the unit and the decimal point")


def check_and_fill(file: RuleFile, rule: Rule, path: PurePath, around: Surroundings) -> Rule:
    """The rule with its texts as they will be read, everything it refers to being there. Raises RuleFileError."""
    _check_evidence(file, path, around)
    _check_disagreements(file, path, around)
    for check in file.follow_up:
        if check not in around.check_schedules:
            fix = f"Use: {', '.join(sorted(around.check_schedules))}"
            raise RuleFileError(path, "follow_up", f"`{check}` is no check of rules/checks", fix)
    _check_unless(rule, path)
    for field, condition in _conditions(rule):
        check_ids(condition, field, path, around)
        _check_amounts(condition, field, path, around)
    _check_parameters(file, rule, path)
    return _fill(rule, path, around)


def _repeated(items: list[str]) -> list[str]:
    return [item for index, item in enumerate(items) if item in items[:index]]


def _check_evidence(file: RuleFile, path: PurePath, around: Surroundings) -> None:
    named = {"evidence": file.evidence}
    named |= {f"parameters.{name}.evidence": parameter.evidence for name, parameter in file.parameters.items()}
    named["card.source"] = [file.card.source]
    for field, ids in named.items():
        for id_ in ids:
            if id_ not in around.evidence:
                raise RuleFileError(path, field, f"`{id_}` is not in evidence.yaml", "Enter it there or name another")
        if repeated := _repeated(ids):
            raise RuleFileError(path, field, f"names `{repeated[0]}` twice", "Name it once")
    if file.card.source not in file.evidence:
        problem = f"`{file.card.source}` is not among the rule's `evidence`"
        raise RuleFileError(path, "card.source", problem, "List it there")
    if not around.evidence[file.card.source].showable:
        raise RuleFileError(path, "card.source", f"`{file.card.source}` is unverified", "Name a source that was opened")


def _check_disagreements(file: RuleFile, path: PurePath, around: Surroundings) -> None:
    for id_ in file.disagreements:
        if id_ not in around.disagreements:
            fix = f"Use one of: {', '.join(sorted(around.disagreements))}"
            raise RuleFileError(path, "disagreements", f"`{id_}` is not in disagreements.yaml", fix)
    if repeated := _repeated(file.disagreements):
        raise RuleFileError(path, "disagreements", f"names `{repeated[0]}` twice", "Name it once")


def _check_unless(rule: Rule, path: PurePath) -> None:
    for variant in rule.variants:
        if repeated := _repeated([item.id for item in variant.unless]):
            field = f"variants.{variant.id}.unless"
            raise RuleFileError(path, field, f"the id `{repeated[0]}` stands twice", "Give each negative its own id")


def _conditions(rule: Rule) -> Iterator[tuple[str, Condition]]:
    """Every condition of the rule with its field."""
    for variant in rule.variants:
        for branch in variant.branches:
            for condition in branch.conditions:
                yield condition.path, condition
        for item in variant.unless:
            yield item.condition.path, item.condition


def check_ids(condition: Condition, field: str, path: PurePath, around: Surroundings) -> None:
    """Words without a closed list (drugs, rules, topics ...) name things of this catalogue. Raises RuleFileError."""
    words = {test.field: test.values for test in condition.words}
    if condition.verb == "finding":
        _check_finding(words, field, path, around)
    if condition.verb == "follow_up":
        _check_follow_up(words, field, path, around)
    for name, values in words.items():
        if VOCABULARY[condition.verb].words[name].values:
            continue
        known = known_ids(condition.verb, name, around)
        for value in values:
            if known is not None and value not in known and value != UNKNOWN:
                fix = f"Use one of: {', '.join(sorted(known))}"
                raise RuleFileError(path, f"{field}.{name}", f"`{value}` is not in the catalogue", fix)


def _check_amounts(condition: Condition, field: str, path: PurePath, around: Surroundings) -> None:
    """A limit of a laboratory value is in the unit that values of this analyte are kept in."""
    shape = VOCABULARY[condition.verb]
    analytes = {value for test in condition.words if test.field == "analyte" for value in test.values}
    concepts = [concept for category in _MEASURED for concept in around.value_sets.concepts(category)]
    units = {str(concept.analyte): str(concept.unit) for concept in concepts if concept.analyte in analytes}
    for test in condition.spans:
        if shape.spans[test.field].ucum != AMOUNT or test.parameter is None:
            continue
        if not units:
            fix = "Write e.g. {analyte: platelets, ...}, so that the limit has a unit"
            raise RuleFileError(path, f"{field}.{test.field}", "does not say of which analyte", fix)
        for analyte, unit in sorted(units.items()):
            if test.parameter.unit != unit:
                problem = f"`{test.parameter.name}` is in {test.parameter.unit}, {analyte} in {unit}"
                raise RuleFileError(path, f"{field}.{test.field}", problem, f"State the limit in {unit}")


def _check_finding(words: Mapping[str, tuple[str, ...]], field: str, path: PurePath, around: Surroundings) -> None:
    if "rule" not in words:
        raise RuleFileError(path, f"{field}.rule", "is missing", "Say whose finding, e.g. {rule: SPM-03}")
    known = {variant for rule in words["rule"] for variant in around.rule_variants.get(rule, ())}
    for value in words.get("variant", ()):
        if value not in known:
            fix = f"Use one of: {', '.join(sorted(known))}"
            raise RuleFileError(path, f"{field}.variant", f"no such rule has a variant `{value}`", fix)


def _check_follow_up(words: Mapping[str, tuple[str, ...]], field: str, path: PurePath, around: Surroundings) -> None:
    if "check" not in words:
        raise RuleFileError(path, f"{field}.check", "is missing", "Say which check, e.g. {check: breast}")
    known = {schedule for check in words["check"] for schedule in around.check_schedules.get(check, ())}
    for value in words.get("schedule", ()):
        if value not in known:
            fix = f"Use one of: {', '.join(sorted(known))}"
            raise RuleFileError(path, f"{field}.schedule", f"no such check has a schedule `{value}`", fix)


def known_ids(verb: str, name: str, around: Surroundings) -> frozenset[str] | None:
    """The ids that a field may name; None when it is checked elsewhere."""
    if name in ("rule", "datum"):
        return frozenset(around.rule_variants) if name == "rule" else around.topics
    sets = around.value_sets
    findings = (c.id for c in sets.concepts("condition") if c.is_plain_finding)
    ids: dict[tuple[str, str], Iterable[str | None]] = {
        ("stated", "what"): (c.id for category in _STATED for c in sets.concepts(category)),
        ("performed", "what"): [*(c.id for category in _DONE for c in sets.concepts(category)), *findings],
        ("follow_up", "check"): around.check_schedules,
        ("malignancy", "organ"): (c.organ for c in sets.concepts("condition")),
        ("regimen", "name"): (c.id for c in sets.concepts("regimen")),
        (verb, "analyte"): (c.analyte for category in _MEASURED for c in sets.concepts(category)),
        (verb, "drug"): sets.drugs,
    }
    found = ids.get((verb, name))
    return None if found is None else frozenset(id_ for id_ in found if id_ is not None)


def _check_parameters(file: RuleFile, rule: Rule, path: PurePath) -> None:
    """Every parameter has a use, in the logic or in a text."""
    used = {test.parameter.name for _, condition in _conditions(rule) for test in condition.spans if test.parameter}
    texts = [rule.title, rule.rationale, rule.ask, *(text for v in rule.variants for text in (v.summary, v.detail))]
    used |= {name for text in texts for name in placeholders(text)}
    for name in file.parameters:
        if name not in used:
            raise RuleFileError(path, f"parameters.{name}", "is used nowhere", "Use it or remove it")


def _fill(rule: Rule, path: PurePath, around: Surroundings) -> Rule:
    texts = around.texts
    cited = frozenset(rule.evidence)
    lists = {**around.regimen_lists, **around.check_numbers}
    writer = Writer(path, rule.parameters, around.evidence, texts.forbidden, texts.digits_allowed, cited, lists)
    return dataclasses.replace(
        rule,
        title=writer.fill(rule.title, "title"),
        rationale=writer.fill(rule.rationale, "rationale"),
        ask=writer.fill(rule.ask, "card.ask"),
        variants=tuple(_fill_variant(variant, writer, texts) for variant in rule.variants),
    )


def _fill_variant(variant: Variant, writer: Writer, texts: Texts) -> Variant:
    field = f"variants.{variant.id}"
    summary = writer.fill(variant.summary, f"{field}.summary")
    for reading in (summary, texts.possible_summary(summary)):
        if len(reading) > SUMMARY_LIMIT or "\n" in reading:
            problem = f"`{reading}` has {len(reading)} characters"
            raise RuleFileError(writer.path, f"{field}.summary", problem, f"Use one line of at most {SUMMARY_LIMIT}")
    if variant.detail.count(f"{{{FACTS}}}") != 1:
        fix = "Put {facts} once where the matched facts are to stand"
        raise RuleFileError(writer.path, f"{field}.detail", "does not say where the facts go", fix)
    detail = writer.fill(variant.detail, f"{field}.detail", keep=(FACTS,))
    return dataclasses.replace(variant, summary=summary, detail=detail)
