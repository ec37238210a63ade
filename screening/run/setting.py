"""What the whole input says of every patient: what was not supplied, what was deleted, which lines are damaged."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from spmwatch.fhir_adapters.absent import absent_types
from spmwatch.fhir_adapters.gather import partial_coverage
from spmwatch.fhir_adapters.intake import CUT_OFF, is_manifest, types_cut_off
from spmwatch.fhir_adapters.json_text import parse_strictly_once
from spmwatch.fhir_adapters.manifest import Told, read_manifests, whole_types
from spmwatch.fhir_adapters.problems import Problem
from spmwatch.fhir_adapters.relevance import READ_TYPES
from spmwatch.screening.run.evaluating import place_as_json
from spmwatch.screening.run.options import Options
from spmwatch.screening.run.places import Part, document
from spmwatch.screening.run.reading import MANY
from spmwatch.screening.run.state import Cohort
from spmwatch.screening.scan.blocks import Chunk
from spmwatch.screening.scan.sources import Inventory, Shape

Types = Callable[[Iterable[Part]], list[dict[str, Any]]]
"""Parses some chunks line by line: which types are there outside Bundles, and up to two patients; ends with the second.

Costly, so it is asked only of chunks of which the steps before cannot tell it.
"""


Manifest = tuple[int, str, Mapping[str, Any]]
"""Number of its source, its line there as messages have it (":1"), content."""

_OF_LINES = frozenset({Shape.LINES, Shape.EMPTY})


def setting_of(
    options: Options,
    inventory: Inventory,
    parts: Sequence[Part],
    gathered: Sequence[Mapping[str, Any]],
    cohort: Cohort,
    types_in: Types,
    labels: Callable[[], frozenset[str]],
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """As `evaluating.Setting` takes it, and the places of the quarantine that are about files.

    Args:
        options: of the run.
        inventory: the input.
        parts: its chunks.
        gathered: what the step `gather` said of each part.
        cohort: as it came out.
        types_in: see `Types`; asked only where it matters.
        labels: `Type/id` of the kept lines; asked only when something was deleted.
    """
    manifests = _found_manifests(inventory, parts, gathered)
    told, problems = _manifests(options, inventory, manifests, _lines(inventory, parts, gathered))
    problems += list(inventory.problems)
    for source in inventory.sources:
        if source.shape is Shape.EMPTY:
            advice = "Write the file again."
            problems.append(
                Problem(where=source.name, found="an empty file", expected="FHIR JSON", advice=advice, lost=True)
            )
    setting = {
        "unsupplied": {**told.unsupplied, **partial_coverage(options.partial)},
        "cut_off": {
            **absent_types({kind for one in gathered for kind in one["types"]}, _whole(options, inventory, manifests)),
            **_cut_off(inventory, parts, gathered, types_in),
        },
        "deletions": _deletions(inventory, parts, gathered, told, labels),
        "damages": _damages(inventory, parts, gathered, cohort),
        "one_of_many": not _is_alone(parts, gathered, types_in),
        "sources": _sources(inventory, parts, gathered),
    }
    firsts = {(inventory.sources[number].name, 1): 0 for number, line, _ in manifests if line == ":1"}
    return setting, [place_as_json(problem, firsts) for problem in problems]


def _sources(
    inventory: Inventory, parts: Sequence[Part], gathered: Sequence[Mapping[str, Any]]
) -> list[tuple[str, int]]:
    before: defaultdict[int, int] = defaultdict(int)
    sources: list[tuple[str, int]] = []
    for part, one in zip(parts, gathered, strict=True):
        sources.append((inventory.sources[part.source].name, before[part.source]))
        before[part.source] += one["lines"]
    return sources


def _found_manifests(
    inventory: Inventory, parts: Sequence[Part], gathered: Sequence[Mapping[str, Any]]
) -> list[Manifest]:
    """Each manifest."""
    places = _sources(inventory, parts, gathered)
    found: list[Manifest] = []
    for number, source in enumerate(inventory.sources):
        if source.shape is Shape.MANIFEST:
            data = document(Part(number=0, source=0, chunk=Chunk(source=source)))
            value = parse_strictly_once(data).value
            if isinstance(value, dict) and is_manifest(value):
                is_line = b"\n" not in data.strip()  # then messages name it as one
                found.append((number, f":{1 + _lines_before(data)}" if is_line else "", value))
    for part, one in zip(parts, gathered, strict=True):
        before = places[part.number][1]
        found += [(part.source, f":{before + line}" if line else "", manifest) for line, manifest in one["manifests"]]
    return sorted(found, key=lambda told: told[0])


def _lines_before(data: bytes) -> int:
    """Blank lines before the first one."""
    return data[: len(data) - len(data.lstrip())].count(b"\n")


def _lines(
    inventory: Inventory, parts: Sequence[Part], gathered: Sequence[Mapping[str, Any]]
) -> Mapping[str, int | None]:
    """Lines that are not blank, by the name of the file; None where it is none of lines, or not readable to its end."""
    counts: Counter[int] = Counter()
    named = Counter(source.name for source in inventory.sources)
    broken = {part.source for part, one in zip(parts, gathered, strict=True) if one["fault"]}
    for part, one in zip(parts, gathered, strict=True):
        counts[part.source] += one["lines"] - one["blank"]
    return {
        one.name: counts[at] if one.shape in _OF_LINES and at not in broken and named[one.name] == 1 else None
        for at, one in enumerate(inventory.sources)
    }


def _manifests(
    options: Options,
    inventory: Inventory,
    found: Sequence[Manifest],
    lines: Mapping[str, int | None],
) -> tuple[Told, list[Problem]]:
    by_export: defaultdict[str, list[tuple[str, Mapping[str, Any]]]] = defaultdict(list)
    for number, line, manifest in found:
        name = inventory.sources[number].name
        by_export[_export_of(name, options)].append((name + line, manifest))
    told = Told()
    for export, manifests in sorted(by_export.items()):
        names = {source.name for source in inventory.sources if _export_of(source.name, options) == export}
        read = read_manifests(manifests, sorted(names), lines.__getitem__)
        told.problems += read.problems
        told.unsupplied = {**read.unsupplied, **told.unsupplied}
        for name in names:
            if name.rsplit("/", 1)[-1] in read.deletions:
                told.deletions[name] = read.deletions[name.rsplit("/", 1)[-1]]
    return told, list(told.problems)


def _whole(options: Options, inventory: Inventory, found: Sequence[Manifest]) -> frozenset[str]:
    """Types of which the manifests of every folder that was named tell that what came is all there is."""
    told = [
        whole_types(one for number, _, one in found if _is_below(inventory.sources[number].path, path))
        for path in options.paths
    ]
    return frozenset.intersection(*told)


def _is_below(place: str, folder: str) -> bool:
    if "://" in folder:
        return place.startswith(folder.rstrip("/") + "/")
    return Path(folder).is_dir() and Path(place).absolute().is_relative_to(Path(folder).absolute())


def _export_of(name: str, options: Options) -> str:
    """The folder that was named, where several were."""
    return name.partition("/")[0] if len(options.paths) > 1 else ""


def _cut_off(
    inventory: Inventory, parts: Sequence[Part], gathered: Sequence[Mapping[str, Any]], types_in: Types
) -> dict[str, str]:
    """Types of which a part is lost, because a file of them ends early or cannot be read."""
    broken = {part.source for part, one in zip(parts, gathered, strict=True) if one["fault"] or one["torn"]}
    broken |= {number for number, one in enumerate(inventory.sources) if one.shape is Shape.UNREADABLE}
    cut: dict[str, str] = {}
    for number in sorted(broken):
        source = inventory.sources[number]
        own = {part.number: part for part in parts if part.source == number}
        here = {kind for part in own for kind in gathered[part]["types"]} & {*READ_TYPES}
        here = here or {kind for one in types_in(own.values()) for kind in one["types"]}
        file = source.name.rsplit("/", 1)[-1]
        for kind in sorted(types_cut_off(file, here, named=source.is_named_for_lines)):
            cut.setdefault(kind, CUT_OFF)
    return cut


def _is_alone(parts: Sequence[Part], gathered: Sequence[Mapping[str, Any]], types_in: Types) -> bool:
    """Is there at most one patient in the whole input?"""
    patients = {key for one in gathered for key in one["patients_seen"]}
    for part, told in zip(parts, gathered, strict=True):
        if len(patients) >= MANY:
            return False
        if "Patient" in told["types"]:
            patients.update(key for one in types_in([part]) for key in one["patients"])
    return len(patients) < MANY


def _deletions(
    inventory: Inventory,
    parts: Sequence[Part],
    gathered: Sequence[Mapping[str, Any]],
    told: Told,
    labels: Callable[[], frozenset[str]],
) -> list[list[Any]]:
    found: list[list[Any]] = []
    for part, one in zip(parts, gathered, strict=True):
        made = told.deletions.get(inventory.sources[part.source].name)
        found += [[key, when or made] for key, when in one["deletions"]]
    if not found:
        return []
    kept = labels()
    return [deletion for deletion in found if deletion[0] in kept]


def _damages(
    inventory: Inventory, parts: Sequence[Part], gathered: Sequence[Mapping[str, Any]], cohort: Cohort
) -> list[dict[str, Any]]:
    places = _sources(inventory, parts, gathered)
    found: list[dict[str, Any]] = []
    for part, one in zip(parts, gathered, strict=True):
        name, before = places[part.number]
        for damage in one["damages"]:
            if any(map(cohort.has, damage["patients"])):
                where = f"{name}:{before + damage['line']}" if damage["line"] else name
                found.append({**damage, "where": where})
    return found
