"""Find, check and load everything under rules/.

A rule base is either whole or not there: the first thing that is wrong stops the start with a RuleFileError that names
file and field. What one rule file may say is checked in checks.py, its texts in texts.py, its conditions in
conditions.py; here the files come together.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path, PurePosixPath

from pydantic import BaseModel, ConfigDict, Field

from spmwatch.engine.catalogue.checks import Surroundings, check_and_fill, check_file
from spmwatch.engine.catalogue.disagreements import FILE as DISAGREEMENTS
from spmwatch.engine.catalogue.disagreements import Disagreement, disagreements_from
from spmwatch.engine.catalogue.evidence import Evidence, evidence_from
from spmwatch.engine.catalogue.rule import Rule, RuleFile, parse_rule
from spmwatch.engine.catalogue.texts import Texts, Topic, texts_from, topics_from
from spmwatch.engine.catalogue.wording import FILE as WORDING
from spmwatch.engine.catalogue.wording import Wording, load_wording
from spmwatch.engine.errors import RuleFileError
from spmwatch.engine.reasoning.chaining import references
from spmwatch.engine.terminology.value_sets import ValueSets
from spmwatch.engine.timeline.conventions import Conventions
from spmwatch.engine.yaml_file import read_yaml, validated

__all__ = ["RuleBase", "Topic", "load_rule_base"]

NOT_RULES = frozenset({"value_sets"})
"""Folders under rules/ that hold no rules; neither do those whose name starts with `_` or `.`."""
SHARED = ("common.yaml", "conventions.yaml", DISAGREEMENTS, "evidence.yaml", "gaps.yaml", "texts.yaml", WORDING)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleBase:
    """Everything that decides, in one version.

    Attributes:
        rules: the active rules by id; only these reach a clinician.
        all_rules: drafts and retired ones too.
        topics: data that a rule may lack, most decisive first.
        common_unless: negatives that hold for every rule, as the file has them; already part of each rule.
        version: of the catalogue as a whole (rules/common.yaml).
        disagreements: where experts disagree, by id.
        surroundings: what its rule files may refer to.
        digest: sha256 over what all files mean, whatever their formatting, comments and order.
    """

    rules: tuple[Rule, ...]
    all_rules: tuple[Rule, ...]
    evidence: Mapping[str, Evidence]
    value_sets: ValueSets
    conventions: Conventions
    topics: tuple[Topic, ...]
    texts: Texts
    wording: Wording
    common_unless: tuple[Mapping[str, object], ...]
    disagreements: Mapping[str, Disagreement]
    surroundings: Surroundings
    version: str
    digest: str


class CommonFile(BaseModel):
    """rules/common.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: str = Field(pattern=r"^\d+\.\d+\.\d+$")
    unless: list[dict[str, object]]


def load_rule_base(root: Traversable | Path | None = None) -> RuleBase:
    """The rule base under `root`; without one, the shipped one, which is read once.

    Raises:
        RuleFileError: anything wrong in any file, with file, field and what to do.
    """
    return _shipped() if root is None else _load(root)


@functools.cache
def _shipped() -> RuleBase:
    return _load(resources.files("spmwatch.rules"))


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
    common = validated(CommonFile, files[top / "common.yaml"], top / "common.yaml")
    value_sets = ValueSets.load(root)
    conventions = Conventions.load(root)
    _check_conventions(files[top / "conventions.yaml"], top / "conventions.yaml", evidence)
    _check_regimens(value_sets, top, evidence)
    rule_files = _rule_files(files)
    around = Surroundings(
        evidence=evidence,
        texts=texts,
        topics=frozenset(topic.id for topic in topics),
        value_sets=value_sets,
        disagreements=frozenset(disagreements),
        rule_variants={file.id: tuple(variant.id for variant in file.variants) for _, file in rule_files},
    )
    parsed = [(file, parse_rule(file, path, common.unless), path) for path, file in rule_files]
    all_rules = tuple(check_and_fill(file, rule, path, around) for file, rule, path in parsed)
    _check_references(all_rules)
    return RuleBase(
        rules=tuple(rule for rule in all_rules if rule.status == "active"),
        all_rules=all_rules,
        evidence=evidence,
        value_sets=value_sets,
        conventions=conventions,
        topics=topics,
        texts=texts,
        wording=load_wording(root.joinpath(WORDING)),
        common_unless=tuple(common.unless),
        disagreements=disagreements,
        surroundings=around,
        version=common.version,
        digest=_digest(files),
    )


def _yaml_files(folder: Traversable, path: PurePosixPath) -> Iterator[tuple[PurePosixPath, Traversable]]:
    """Every YAML file below, by path, in a stable order."""
    for entry in sorted(folder.iterdir(), key=lambda item: item.name):
        if entry.is_dir():
            if not entry.name.startswith((".", "_")):
                yield from _yaml_files(entry, path / entry.name)
        elif entry.name.endswith(".yaml"):
            yield path / entry.name, entry
        elif entry.name.endswith(".yml"):
            raise RuleFileError(path / entry.name, "-", "is named .yml", "Name it .yaml, or it would not be read")


def _is_rule(path: PurePosixPath) -> bool:
    return len(path.parts) > 2 and path.parts[1] not in NOT_RULES


def _rule_files(files: Mapping[PurePosixPath, object]) -> list[tuple[PurePosixPath, RuleFile]]:
    """The rule files, sorted by rule id."""
    found: dict[str, tuple[PurePosixPath, RuleFile]] = {}
    for path, data in files.items():
        if not _is_rule(path):
            continue
        file = validated(RuleFile, data, path)
        check_file(file, path)
        if file.id in found:
            problem = f"`{file.id}` stands in {found[file.id][0]} already"
            raise RuleFileError(path, "id", problem, "Give one of them its own id")
        found[file.id] = (path, file)
    return [found[id_] for id_ in sorted(found)]


def _check_regimens(value_sets: ValueSets, top: PurePosixPath, evidence: Mapping[str, Evidence]) -> None:
    """Each regimen names evidence that exists; its drugs were checked before."""
    for regimen in value_sets.concepts("regimen"):
        if regimen.evidence not in evidence:
            path = top / "value_sets" / "regimens" / f"{regimen.id}.yaml"
            problem = f"`{regimen.evidence}` is not in evidence.yaml"
            raise RuleFileError(path, "evidence", problem, "Enter it there or name another")


def _check_conventions(data: object, path: PurePosixPath, evidence: Mapping[str, Evidence]) -> None:
    """Each number of the conventions names evidence that exists; their shape was checked before."""
    parameters = data.get("parameters") if isinstance(data, dict) else None
    for name, parameter in parameters.items() if isinstance(parameters, dict) else ():
        for id_ in parameter["evidence"]:
            if id_ not in evidence:
                field = f"parameters.{name}.evidence"
                raise RuleFileError(path, field, f"`{id_}` is not in evidence.yaml", "Enter it there or name another")


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


def _digest(files: Mapping[PurePosixPath, object]) -> str:
    """sha256 over what the files mean; a rule counts by its id, wherever its file stands."""
    meaning = {}
    for path, data in files.items():
        key = f"rule {data['id']}" if _is_rule(path) and isinstance(data, dict) else str(path)
        meaning[key] = _canonical(data)
    text = json.dumps(meaning, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _canonical(value: object) -> object:
    """The same value whether written 24 or 24.0."""
    if isinstance(value, dict):
        return {key: _canonical(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_canonical(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value
