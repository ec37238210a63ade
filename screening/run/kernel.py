"""What a worker process does: one task after the other, each leaving a file."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, Literal

from spmwatch.engine.catalogue.load import RuleBase
from spmwatch.engine.evaluate import Evaluator
from spmwatch.fhir_adapters.json_text import parse_strictly_once
from spmwatch.fhir_adapters.terms import terms_of
from spmwatch.screening.results.parts import write_part
from spmwatch.screening.results.schemas import RESOURCES, TABLES
from spmwatch.screening.results.tables import as_arrow
from spmwatch.screening.run import scanning
from spmwatch.screening.run.digests import sha256_of
from spmwatch.screening.run.evaluating import Evaluating, Products, Setting
from spmwatch.screening.run.looking import Looker
from spmwatch.screening.run.options import Options
from spmwatch.screening.run.places import Part, Seen, candidates
from spmwatch.screening.run.reading import MANY, Gathering, prime, products
from spmwatch.screening.run.rows import Row, RowWriter, rows_in
from spmwatch.screening.run.state import Cohort, words_of
from spmwatch.screening.run.work_folder import WorkFolder
from spmwatch.screening.scan.scanner import PlainScanner
from spmwatch.screening.scan.sources import Shape

MOST_PARTITIONS = 1024
COHORT, WANTED, SETTING, PRODUCTS = "cohort", "wanted", "setting", "products"

Kind = Literal["prime", "gather", "products", "types", "digest", "evaluate"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One step on one chunk, or on one set of partitions.

    Attributes:
        kind: which step.
        number: of the chunk, or of the first of the partitions.
        version: of the cohort, or of what is wanted, as known before the step.
        size: bytes that it reads, for the progress.
        settled: for `gather`: all evidence in it is of patients who are in the cohort already.
        batches: for `evaluate`: (chunk, batch of its file) of what is in `partitions` alone; `shared` of lines about
            several partitions, some of which are these.
    """

    kind: Kind
    number: int
    version: int
    size: int = 0
    settled: bool = False
    batches: tuple[tuple[int, int], ...] = ()
    shared: tuple[tuple[int, int], ...] = ()
    partitions: tuple[int, ...] = ()

    @property
    def name(self) -> str:
        """Of its files in the work folder."""
        return f"{self.kind}-{self.version}-{self.number:06d}"


@dataclass(slots=True)
class Kernel:
    """Everything that tasks need; made once in each worker."""

    options: Options
    rule_base: RuleBase
    work: WorkFolder
    parts: Sequence[Part]
    names: Sequence[str]
    looker: Looker = field(init=False)
    evaluator: Evaluator = field(init=False)
    _known: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Prepare what all tasks share."""
        self.looker = Looker(terms_of(self.rule_base.value_sets))
        self.evaluator = Evaluator(self.rule_base)

    def perform(self, task: Task) -> None:
        """Do it, and leave its file."""
        told = getattr(self, f"_{task.kind}")(task)
        self.work.write_json(f"{task.name}.json", told)

    def _once(self, name: str, make: Any) -> Any:  # noqa: ANN401
        """The newest of its kind stays at hand."""
        kind = name.partition("-")[0]
        if self._known.get(kind, ("", None))[0] != name:
            self._known[kind] = (name, make())
        return self._known[kind][1]

    def _cohort(self, version: int) -> Cohort:
        name = f"{COHORT}-{version}"
        return self._once(name, lambda: Cohort.from_json(self.work.json(f"{name}.json")))  # type: ignore[no-any-return]

    def _prime(self, task: Task) -> dict[str, Any]:
        cohort, part = self._cohort(task.version), self.parts[task.number]
        values, about = self.rule_base.value_sets, part.chunk.source.kind
        scanner = self._once(
            f"{'members' if about == 'Patient' else 'evidence'}-{task.version}",
            lambda: scanning.for_members(cohort, many=self.options.many) if about == "Patient"
            else scanning.for_evidence(values, cohort, many=self.options.many),
        )  # fmt: skip
        return prime(part, scanner, self.looker, cohort)

    def _gather(self, task: Task) -> dict[str, Any]:
        cohort, part = self._cohort(task.version), self.parts[task.number]
        values, many = self.rule_base.value_sets, self.options.many
        known = self._once(f"known-{task.version}", lambda: scanning.for_known(cohort, many=many))
        scanner = (task.settled and known) or self._once(
            f"lines-{task.version}", lambda: scanning.for_cohort(values, cohort, many=many)
        )
        divisions = cohort.divisions(self.options.patients_to_a_part, MOST_PARTITIONS)
        with self.work.whole(f"{task.name}.arrow") as path:
            gathering = Gathering(
                part=part,
                name=self.names[part.source],
                looker=self.looker,
                cohort=cohort,
                partition_of=lambda key: bisect_right(divisions, key),
                rows=RowWriter(path),
            )
            return gathering.run(scanner)

    def _products(self, task: Task) -> dict[str, Any]:
        name = f"{WANTED}-{task.version}"
        wanted = self._once(name, lambda: frozenset(self.work.json(f"{name}.json")))
        many = self.options.many
        scanner = self._once(f"names-{task.version}", lambda: scanning.for_products(words_of(wanted), many=many))
        with self.work.whole(f"{task.name}.arrow") as path:
            return products(self.parts[task.number], scanner, self.looker, wanted, path)

    def _types(self, task: Task) -> dict[str, Any]:
        """Types of the resources outside Bundles, and up to two patients: a look at every line, until there are two."""
        types, patients, part = set[str](), set[str](), self.parts[task.number]
        if part.chunk.source.shape is Shape.LINES:
            for found in candidates(part, PlainScanner(), Seen()):
                value = parse_strictly_once(found.data).value
                kind = value.get("resourceType") if isinstance(value, dict) else None
                if isinstance(kind, str) and kind not in ("Bundle", "OperationOutcome"):
                    types.add(kind)
                if kind == "Patient":
                    patients.add(str(value.get("id")))
                if len(patients) >= MANY:
                    break
        return {"types": sorted(types), "patients": sorted(patients)}

    def _digest(self, task: Task) -> dict[str, Any]:
        """Of the whole file that the chunk is the first of."""
        return {"sha256": sha256_of(self.parts[task.number].chunk.source)}

    def _evaluate(self, task: Task) -> dict[str, Any]:
        setting = self._once(f"{SETTING}-{task.version}", lambda: Setting(**self.work.json(f"{SETTING}.json")))
        rows = [*self._rows(task.version, task.batches), *self._shared(task)]
        result = Evaluating(self.evaluator, self.options, setting, self._product_index(setting)).run(rows)
        tables = (*TABLES, RESOURCES) if self.options.fhir else TABLES
        write_part(self.work.path, task.name, as_arrow(result.tables, tables=tables))
        return {
            "fed": result.fed,
            "patients": result.patients,
            "failed": result.failed,
            "without_evidence": result.without_evidence,
            "rows": len(result.tables),
            "tally": result.tally.rows(),
            "places": result.places,
        }

    def _rows(self, version: int, places: Iterable[tuple[int, int]]) -> Iterator[Row]:
        for number, batches in groupby(places, key=itemgetter(0)):
            path = self.work.file(f"gather-{version}-{number:06d}.arrow")
            yield from rows_in(path, [batch for _, batch in batches])

    def _shared(self, task: Task) -> Iterator[Row]:
        """Lines about several partitions that are those of the task."""
        divisions = self._cohort(task.version).divisions(self.options.patients_to_a_part, MOST_PARTITIONS)
        for row in self._rows(task.version, task.shared):
            if bisect_right(divisions, row.keys[0]) in task.partitions:
                yield row

    def _product_index(self, setting: Setting) -> Products:
        def load() -> Products:
            files: list[str] = self.work.json(f"{PRODUCTS}.json")
            return Products.on_disk({name: self.work.file(f"{name}.arrow") for name in files}, setting)

        return self._once(f"{PRODUCTS}-", load)  # type: ignore[no-any-return]


_kernel: Kernel | None = None


def prepare(options: Options, rule_base: RuleBase, work: Path, parts: Sequence[Part], names: Sequence[str]) -> None:
    """Begin a worker."""
    global _kernel  # noqa: PLW0603 - one kernel to a process: tasks reach it by this name
    _kernel = Kernel(options, rule_base, WorkFolder(work), parts, names)


def perform(task: Task) -> None:
    """Do a task in this worker."""
    assert _kernel is not None
    _kernel.perform(task)
