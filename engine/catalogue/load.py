"""Find, check and load everything under rules/.

A rule base is either whole or not there: the first thing that is wrong stops the start with a RuleFileError that names
file and field. What one rule file may say is checked in checks.py, its texts in texts.py, its conditions in
conditions.py; here the files come together.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path, PurePosixPath

from pydantic import BaseModel, ConfigDict, Field

from spmwatch.engine.catalogue.card_policy import FILE as CARDS
from spmwatch.engine.catalogue.card_policy import CardPolicy, load_card_policy
from spmwatch.engine.catalogue.checks import Surroundings, check_and_fill, check_file
from spmwatch.engine.catalogue.conditions import Parameter
from spmwatch.engine.catalogue.disagreements import FILE as DISAGREEMENTS
from spmwatch.engine.catalogue.disagreements import Disagreement, disagreements_from
from spmwatch.engine.catalogue.evidence import Evidence, evidence_from
from spmwatch.engine.catalogue.hooks import FILE as HOOKS
from spmwatch.engine.catalogue.hooks import asked_at, hooks_from
from spmwatch.engine.catalogue.meaning import digest_of, meaning_of
from spmwatch.engine.catalogue.regimen_lists import regimen_lists
from spmwatch.engine.catalogue.rule import Rule, RuleFile, parse_rule
from spmwatch.engine.catalogue.service_texts import ServiceTexts, service_texts
from spmwatch.engine.catalogue.texts import Texts, Topic, plain_number, texts_from, topics_from
from spmwatch.engine.catalogue.wording import FILE as WORDING
from spmwatch.engine.catalogue.wording import Wording, load_wording
from spmwatch.engine.errors import RuleFileError
from spmwatch.engine.follow_up.check import Check
from spmwatch.engine.follow_up.read import FOLDER as CHECKS
from spmwatch.engine.follow_up.read import check_files, check_from
from spmwatch.engine.overlays.form import Conflict, Overlay, SwitchedOff
from spmwatch.engine.overlays.lay import Layers, lay_over
from spmwatch.engine.parsed_files import ParsedFolder
from spmwatch.engine.reasoning.chaining import references
from spmwatch.engine.terminology.value_sets import ValueSets
from spmwatch.engine.timeline.conventions import Conventions
from spmwatch.engine.timeline.topics import TOPICS
from spmwatch.engine.yaml_file import read_yaml, validated

__all__ = ["RuleBase", "Topic", "load_rule_base"]

NOT_RULES = frozenset({"value_sets", CHECKS})
"""Folders under rules/ that hold no rules; neither do those whose name starts with `_` or `.`."""
SHARED = (
    "common.yaml",
    "conventions.yaml",
    DISAGREEMENTS,
    "evidence.yaml",
    "gaps.yaml",
    "texts.yaml",
    WORDING,
    CARDS,
    HOOKS,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleBase:
    """Everything that decides, in one version.

    Attributes:
        rules: the active rules by id; only these reach a clinician.
        all_rules: drafts and retired ones too.
        checks: what falls due from time to time (rules/checks), by id.
        topics: data that a rule may lack, most decisive first.
        common_unless: negatives that hold for every rule, as the file has them; already part of each rule.
        version: of the catalogue as a whole (rules/common.yaml).
        convention_numbers: the numbers of `conventions` with meaning and source, in the order of the file.
        disagreements: where experts disagree, by id.
        surroundings: what its rule files may refer to.
        digest: sha256 over what all files mean, overlays included, whatever their formatting, comments and order.
        meaning: what that hash is of: each rule (`rule SPM-05`) and each other file (by path) as parsed.
        overlays: what was laid over the files, in order; `conflicts` what more than one of them changed.
        switched_off: rules that an overlay switched off; they stand in `all_rules` with the status `off`.
    """

    rules: tuple[Rule, ...]
    all_rules: tuple[Rule, ...]
    evidence: Mapping[str, Evidence]
    value_sets: ValueSets
    conventions: Conventions
    convention_numbers: tuple[Parameter, ...]
    checks: tuple[Check, ...]
    topics: tuple[Topic, ...]
    texts: Texts
    wording: Wording
    common_unless: tuple[Mapping[str, object], ...]
    disagreements: Mapping[str, Disagreement]
    surroundings: Surroundings
    card_policy: CardPolicy
    service_texts: ServiceTexts
    version: str
    digest: str
    meaning: Mapping[str, object]
    overlays: tuple[Overlay, ...] = ()
    switched_off: tuple[SwitchedOff, ...] = ()
    conflicts: tuple[Conflict, ...] = ()


class CommonFile(BaseModel):
    """rules/common.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: str = Field(pattern=r"^\d+\.\d+\.\d+$")
    unless: list[dict[str, object]]


def load_rule_base(root: Traversable | Path | None = None, overlays: Sequence[Path] = ()) -> RuleBase:
    """The rule base under `root` (without one, the shipped one, read once) with overlays laid over it in order.

    Raises:
        RuleFileError: anything wrong in any file, with file, field and what to do.
    """
    if overlays:
        return _overlaid(resources.files("spmwatch.rules") if root is None else root, overlays)
    return _shipped() if root is None else _load(root)


@functools.cache
def _shipped() -> RuleBase:
    return _load(resources.files("spmwatch.rules"))


def _overlaid(root: Traversable, overlays: Sequence[Path]) -> RuleBase:
    """The files with the overlays on them, loaded like any others; a fault is told by the overlay that brought it."""
    top = PurePosixPath("rules")
    layers = lay_over({path: read_yaml(file, path) for path, file in _yaml_files(root, top)}, overlays)
    folder = ParsedFolder(top.name, {path.relative_to(top): data for path, data in layers.files.items()})
    try:
        base = _load(folder)
        return _with_overlays(base, layers)
    except RuleFileError as error:
        _load(root)  # a fault of the rules themselves is told as theirs
        raise layers.places.told(error) from None


def _with_overlays(base: RuleBase, layers: Layers) -> RuleBase:
    """The rule base with its rules and checks marked by the overlays that changed them, without rules switched off."""
    all_rules = tuple(_marked(rule, layers) for rule in base.all_rules)
    rules = tuple(rule for rule in all_rules if rule.status == "active")
    asked = {rule.id: references(rule) for rule in rules}
    titles = {rule.id: rule.title for rule in all_rules}
    off = tuple(
        SwitchedOff(
            rule=id_,
            title=titles[id_],
            because=because,
            overlay=overlay,
            missed_by=tuple(rule for rule, others in asked.items() if id_ in others),
        )
        for id_, (overlay, because) in sorted(layers.off.items())
    )
    overlays = layers.named()
    meaning = {**base.meaning, **{f"off {each.rule}": True for each in off}}
    return dataclasses.replace(
        base,
        rules=rules,
        all_rules=all_rules,
        checks=tuple(
            dataclasses.replace(check, overlays=tuple(layers.changed.get(check.id, ()))) for check in base.checks
        ),
        digest=digest_of(meaning),
        meaning=meaning,
        overlays=overlays,
        switched_off=off,
        conflicts=tuple(layers.places.conflicts),
    )


def _marked(rule: Rule, layers: Layers) -> Rule:
    return dataclasses.replace(
        rule,
        status="off" if rule.id in layers.off else rule.status,
        overlays=tuple(layers.changed.get(rule.id, ())),
        path=str(layers.added.get(PurePosixPath(rule.path), rule.path)),
    )


def _load(root: Traversable) -> RuleBase:
    top = PurePosixPath("rules")
    files = {path: read_yaml(file, path) for path, file in _yaml_files(root, top)}
    for name in SHARED:
        if top / name not in files:
            raise RuleFileError(top / name, "-", "is missing", "Every rule base needs it; copy the shipped one")
    evidence = evidence_from(files[top / "evidence.yaml"], top / "evidence.yaml")
    texts = texts_from(files[top / "texts.yaml"], top / "texts.yaml", evidence)
    disagreements = disagreements_from(files[top / DISAGREEMENTS], top / DISAGREEMENTS, evidence, texts)
    topics = topics_from(files[top / "gaps.yaml"], top / "gaps.yaml", texts)
    if missing := sorted(TOPICS - {topic.id for topic in topics}):
        problem = f"has no question for {', '.join(missing)}"
        raise RuleFileError(
            top / "gaps.yaml", "-", problem, "Write it: the timeline asks for these when they are unknown"
        )
    common = validated(CommonFile, files[top / "common.yaml"], top / "common.yaml")
    value_sets = ValueSets.load(root)
    conventions = Conventions.load(root)
    numbers = _convention_numbers(files[top / "conventions.yaml"], top / "conventions.yaml", evidence)
    _check_regimens(value_sets, top, evidence)
    rule_files = _rule_files(files)
    check_list = check_files(files)
    around = Surroundings(
        evidence=evidence,
        texts=texts,
        topics=frozenset(topic.id for topic in topics),
        value_sets=value_sets,
        disagreements=frozenset(disagreements),
        regimen_lists=regimen_lists(value_sets),
        rule_variants={file.id: tuple(variant.id for variant in file.variants) for _, file in rule_files},
        check_schedules={file.id: tuple(schedule.id for schedule in file.schedules) for _, file in check_list},
        check_numbers={
            f"checks.{file.id}.{name}": plain_number(parameter.value)
            for _, file in check_list
            for name, parameter in file.parameters.items()
        }
        | {f"conventions.{number.name}": plain_number(number.value) for number in numbers},
    )
    checks = tuple(check_from(file, path, around) for path, file in check_list)
    parsed = [(file, parse_rule(file, path, common.unless), path) for path, file in rule_files]
    all_rules = tuple(check_and_fill(file, rule, path, around) for file, rule, path in parsed)
    hooks = hooks_from(files[top / HOOKS], top / HOOKS)
    all_rules = asked_at(all_rules, hooks, top / HOOKS)
    _check_references(all_rules)
    meaning = meaning_of(files, {path: file.id for path, file in rule_files})
    return RuleBase(
        rules=tuple(rule for rule in all_rules if rule.status == "active"),
        all_rules=all_rules,
        evidence=evidence,
        value_sets=value_sets,
        conventions=conventions,
        convention_numbers=numbers,
        checks=checks,
        topics=topics,
        texts=texts,
        wording=load_wording(root.joinpath(WORDING)),
        common_unless=tuple(common.unless),
        disagreements=disagreements,
        surroundings=around,
        card_policy=load_card_policy(root.joinpath(CARDS), texts),
        service_texts=service_texts(hooks.services, top / HOOKS, texts),
        version=common.version,
        digest=digest_of(meaning),
        meaning=meaning,
    )


def _yaml_files(folder: Traversable, path: PurePosixPath) -> Iterator[tuple[PurePosixPath, Traversable]]:
    """Every YAML file below, by path, in a stable order."""
    for entry in sorted(folder.iterdir(), key=lambda item: item.name):
        ending = PurePosixPath(entry.name).suffix
        if ending.lower() in (".yaml", ".yml"):
            if ending != ".yaml":
                raise RuleFileError(
                    path / entry.name, "-", f"is named {ending}", "Name it .yaml, or it would not be read"
                )
            if not entry.is_file():
                raise RuleFileError(path / entry.name, "-", "is no regular file", "Only a file may be named .yaml")
            if len(path.parts) == 1 and entry.name not in SHARED:
                fix = "Put a rule into the folder of its topic; a file that all rules share has a fixed name"
                raise RuleFileError(path / entry.name, "-", "is none of the files that rules share", fix)
            yield path / entry.name, entry
        elif entry.is_dir() and not entry.name.startswith((".", "_")):
            yield from _yaml_files(entry, path / entry.name)


def _is_rule(path: PurePosixPath) -> bool:
    return len(path.parts) > 2 and not is_reserved(path.parts[1])


def is_reserved(folder: str) -> bool:
    """Does a folder of that name under rules/ hold no rules?"""
    return folder in NOT_RULES or folder.startswith((".", "_"))


def _rule_files(files: Mapping[PurePosixPath, object]) -> list[tuple[PurePosixPath, RuleFile]]:
    """The rule files, sorted by rule id."""
    rules = {path: data for path, data in files.items() if _is_rule(path)}
    first: dict[object, PurePosixPath] = {}
    for path, data in rules.items():
        id_ = data.get("id") if isinstance(data, dict) else None
        if isinstance(id_, str) and id_ in first:
            raise RuleFileError(path, "id", f"`{id_}` stands in {first[id_]} already", "Give one of them its own id")
        first[id_] = path
    found: dict[str, tuple[PurePosixPath, RuleFile]] = {}
    for path, data in rules.items():
        file = validated(RuleFile, data, path)
        check_file(file, path)
        found[file.id] = (path, file)
    return [found[id_] for id_ in sorted(found)]


def _check_regimens(value_sets: ValueSets, top: PurePosixPath, evidence: Mapping[str, Evidence]) -> None:
    """Each regimen names evidence that exists; its drugs were checked before."""
    for regimen in value_sets.concepts("regimen"):
        if regimen.evidence not in evidence:
            path = top / "value_sets" / "regimens" / f"{regimen.id}.yaml"
            problem = f"`{regimen.evidence}` is not in evidence.yaml"
            raise RuleFileError(path, "evidence", problem, "Enter it there or name another")


def _convention_numbers(data: object, path: PurePosixPath, evidence: Mapping[str, Evidence]) -> tuple[Parameter, ...]:
    """The numbers of the conventions. Each names evidence that exists; their shape was checked before."""
    parameters = data.get("parameters") if isinstance(data, dict) else None
    numbers: list[Parameter] = []
    for name, parameter in parameters.items() if isinstance(parameters, dict) else ():
        for id_ in parameter["evidence"]:
            if id_ not in evidence:
                field = f"parameters.{name}.evidence"
                raise RuleFileError(path, field, f"`{id_}` is not in evidence.yaml", "Enter it there or name another")
        sources = tuple(parameter["evidence"])
        keys = {key: parameter[key] for key in ("value", "unit", "meaning")}
        numbers.append(Parameter(name=name, **keys, evidence=sources))
    return tuple(numbers)


def _check_references(rules: Sequence[Rule]) -> None:
    """No rule builds on its own finding, directly or through others."""
    by_id = {rule.id: rule for rule in rules}
    done: set[str] = set()

    def visit(rule: Rule, trail: tuple[str, ...]) -> None:
        if rule.id in trail:
            circle = " -> ".join([*trail[trail.index(rule.id) :], rule.id])
            problem = f"findings go round in a circle: {circle}"
            raise RuleFileError(rule.path, "variants", problem, "State the facts instead")
        if rule.id in done:
            return
        for other in sorted(references(rule) & by_id.keys()):
            visit(by_id[other], (*trail, rule.id))
        done.add(rule.id)

    for rule in rules:
        visit(rule, ())
