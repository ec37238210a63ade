"""The step that evaluates: the kept lines of one partition, a few patients at a time, into result tables."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from spmwatch.engine.catalogue.load import RuleBase
from spmwatch.engine.evaluate import Evaluator
from spmwatch.fhir_adapters.bundle import Deletion
from spmwatch.fhir_adapters.gather import Gathered, NotRead
from spmwatch.fhir_adapters.intake import Intake, is_list_of_resources
from spmwatch.fhir_adapters.json_text import parse_strictly_once
from spmwatch.fhir_adapters.lines import Line
from spmwatch.fhir_adapters.moves import Verdict
from spmwatch.fhir_adapters.problems import Problem, Tally
from spmwatch.fhir_adapters.references import Item, ResourceIndex
from spmwatch.fhir_adapters.speaking import PRODUCTS
from spmwatch.screening.results.resources import resources_of
from spmwatch.screening.results.tables import Tables, failed_tables, tables_of
from spmwatch.screening.run.options import Options
from spmwatch.screening.run.quarantine import damage_from_json
from spmwatch.screening.run.rows import Row, rows_in

_SLICE_BYTES, _SLICE_PATIENTS = 8 * 1024 * 1024, 200
_PLACE = re.compile(r"(?P<file>.*?)(?::(?P<line>[0-9]+))?(?P<inside> (?:entry\[|\[)[0-9]+\].*)?", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What holds for all patients of a run, told by files that are about nobody in particular.

    Attributes:
        unsupplied, cut_off: as in `Gathered`.
        deletions: [`Type/id`, when] of resources that are among the kept lines.
        damages: lines that cannot be read and name a patient of the cohort, with their `where`.
        one_of_many: is there more than one patient in the input?
        moved: patient -> [`Type/id`, verdict] of resources that versions give to several patients, as in `Gathered`.
        sources: by number of the chunk: name of the source, and lines of the source before the chunk.
    """

    unsupplied: Mapping[str, str]
    cut_off: Mapping[str, str]
    deletions: Sequence[Sequence[Any]]
    damages: Sequence[Mapping[str, Any]]
    one_of_many: bool
    sources: Sequence[tuple[str, int]]
    moved: Mapping[str, Sequence[Sequence[str]]] = field(default_factory=dict)

    def where(self, part: int, line: int) -> str:
        """A line as messages name it."""
        name, before = self.sources[part]
        return name if line == 0 else f"{name}:{before + line}"


@dataclass(slots=True)
class Products:
    """The Medications and Substances that kept lines refer to, on disk, by name."""

    paths: Mapping[str, Path]
    setting: Setting
    places: Mapping[str, Sequence[tuple[str, int]]]
    """name -> (file, number of the row in it)."""
    _rows: dict[str, list[Row]] = field(default_factory=dict)

    @classmethod
    def on_disk(cls, paths: Mapping[str, Path], setting: Setting) -> Products:
        """Those of these files."""
        places: dict[str, list[tuple[str, int]]] = {}
        for name, path in paths.items():
            for number, row in enumerate(rows_in(path, None)):
                for key in row.keys:
                    places.setdefault(key, []).append((name, number))
        return cls(paths, setting, places)

    def index(self, names: Iterable[str]) -> ResourceIndex:
        """Those of these names, and what they refer to, as references find them."""
        index, done = ResourceIndex(), set[tuple[str, int]]()
        left, seen = sorted(names), set[str]()
        places: set[tuple[str, int]] = set()
        while left:
            name = left.pop()
            if name in seen:
                continue
            seen.add(name)
            for place in self.places.get(name, ()):
                places.add(place)
                left += self._row(place).refers_to
        rows = sorted((self._row(place) for place in places - done), key=lambda row: (row.part, row.line))
        for row in rows:
            value, where = parse_strictly_once(row.data).value, self.setting.where(row.part, row.line)
            for item in [Item(one, where) for one in (value if is_list_of_resources(value) else [value])]:
                if item.type in PRODUCTS:
                    index.add(item)
        return index

    def _row(self, place: tuple[str, int]) -> Row:
        name, number = place
        if name not in self._rows:
            self._rows[name] = list(rows_in(self.paths[name], None))
        return self._rows[name][number]


@dataclass(slots=True)
class Evaluated:
    """What one partition came to."""

    tables: list[Tables] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)
    places: list[dict[str, Any]] = field(default_factory=list)
    fed: int = 0
    patients: int = 0
    failed: int = 0
    without_evidence: int = 0


@dataclass(slots=True)
class Evaluating:
    """Evaluates the rows of a partition."""

    evaluator: Evaluator
    options: Options
    setting: Setting
    products: Products

    def run(self, rows: Iterable[Row]) -> Evaluated:
        """All patients of these rows."""
        result = Evaluated()
        for keys, some in slices(rows):
            self._slice(keys, some, result)
        return result

    def _slice(self, keys: frozenset[str], rows: Sequence[Row], result: Evaluated) -> None:
        base, setting = self.evaluator.rule_base, self.setting
        gathered = gathered_of(keys, rows, base, self.options, setting, self.products)
        result.fed += sum(bool(row.data) for row in rows)
        for outcome in gathered.outcomes(gathered.problems.append):
            if outcome.id in keys:
                self._patient(outcome, result)
        result.tally.merge(gathered.tally)
        if problems := gathered.problems.all():
            offsets = {(name, before + row.line): row.offset
                       for row in rows for name, before in [self.setting.sources[row.part]] if row.line}  # fmt: skip
            result.places += [place_as_json(problem, offsets) for problem in problems]

    def _patient(self, outcome: Any, result: Evaluated) -> None:  # noqa: ANN401
        tables = evaluated(outcome, self.evaluator, self.options)
        result.patients += 1
        result.failed += tables.failed
        if tables.belongs:
            result.tables.append(tables)
        else:
            result.without_evidence += 1


def gathered_of(
    keys: AbstractSet[str],
    rows: Sequence[Row],
    rule_base: RuleBase,
    options: Options,
    setting: Setting,
    products: Products,
) -> Gathered:
    """The lines of these patients, read."""
    names = {name for row in rows for name in row.refers_to}
    gathered = Gathered(
        rule_base.value_sets,
        strict=options.strict,
        born=options.born,
        index=ResourceIndex(products.index(names)),
        unsupplied=dict(setting.unsupplied),
        one_of_many=setting.one_of_many,
        moved={(label, key): Verdict(what) for key in keys for label, what in setting.moved.get(key, ())},
    )
    gathered.cut_off.update(setting.cut_off)
    gathered.deletions += [Deletion(key, "", when) for key, when in setting.deletions]
    for damage in setting.damages:
        if not keys.isdisjoint(damage["patients"]):
            damage_from_json(dict(damage), damage["where"]).tell(gathered)
    intake = Intake(gathered)
    for row in rows:
        if not row.data:  # a damaged line: what it tells is among the damages
            continue
        name, before = setting.sources[row.part]
        if row.line == 0:
            intake.document(row.data, name)
        else:
            intake.line(name, Line(before + row.line, row.data))
    return gathered


def evaluated(outcome: Any, evaluator: Evaluator, options: Options) -> Tables:  # noqa: ANN401
    """The rows of one patient; one who fails becomes a row that says so, and the run goes on."""
    as_of, rulebase = options.as_of, evaluator.identity
    if isinstance(outcome, NotRead):
        return failed_tables(outcome.id, outcome.error, as_of=as_of, rulebase=rulebase)
    try:
        recommendation = evaluator.evaluate(outcome, as_of=as_of, hook=options.hook)
        resources = resources_of(recommendation, evaluator.rule_base) if options.fhir else ()
        return tables_of(outcome, recommendation, resources)
    except Exception as error:  # noqa: BLE001 - one patient's failure is that patient's row, never the end of the run
        return failed_tables(outcome.id, error, as_of=as_of, rulebase=rulebase)


def slices(rows: Iterable[Row]) -> Iterator[tuple[frozenset[str], list[Row]]]:
    """Rows by patient, a few patients at a time; patients who share a line stay together."""
    leader: dict[str, str] = {}

    def first(key: str) -> str:
        while leader.setdefault(key, key) != key:
            leader[key] = leader[leader[key]]
            key = leader[key]
        return key

    held = list(rows)
    for row in held:
        if len(row.keys) == 1:  # nearly all of them
            leader.setdefault(row.keys[0], row.keys[0])
            continue
        for key in row.keys:
            one, other = sorted((first(row.keys[0]), first(key)))
            leader[other] = one
    groups: defaultdict[str, list[Row]] = defaultdict(list)
    for row in held:
        groups[first(row.keys[0]) if row.keys else ""].append(row)
    members: defaultdict[str, set[str]] = defaultdict(set)
    for key in leader:
        members[first(key)].add(key)
    some, keys, size = list[Row](), set[str](), 0
    for group in sorted(groups):
        some += groups[group]
        keys |= members[group]
        size += sum(len(row.data) for row in groups[group])
        if size > _SLICE_BYTES or len(keys) >= _SLICE_PATIENTS:
            yield frozenset(keys), sorted(some, key=lambda row: (row.part, row.line))
            some, keys, size = [], set(), 0
    if some:
        yield frozenset(keys), sorted(some, key=lambda row: (row.part, row.line))


def place_as_json(problem: Problem, offsets: Mapping[tuple[str, int], int] | None = None) -> dict[str, Any]:
    """A problem of a patient's resource as a place of the quarantine; the line as such was used.

    `offsets`: of (file, line), those that are known.
    """
    found = _PLACE.fullmatch(problem.where)
    file, line, inside = (found["file"], found["line"], found["inside"]) if found else (problem.where, None, None)
    element = ".".join(
        one for one in ((inside or "").strip(), "" if problem.element == "-" else problem.element) if one
    )
    return {
        "file": file,
        "line": int(line) if line else None,
        "offset": (offsets or {}).get((file, int(line))) if line else None,
        "element": element or None,
        "reason": problem.found,
        "expected": problem.expected,
        "advice": problem.advice,
        "lost": problem.lost,
    }
