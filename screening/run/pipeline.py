"""All steps of a run in their order, on worker processes; what is finished already is not done again."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from spmwatch.engine.catalogue.load import RuleBase
from spmwatch.fhir_adapters.json_text import parse_strictly_once
from spmwatch.fhir_adapters.problems import MOST_PROBLEMS
from spmwatch.fhir_adapters.references import label_of
from spmwatch.fhir_adapters.speaking import PRODUCTS as PRODUCT_TYPES
from spmwatch.screening.run.counting import check_rows, lines_of
from spmwatch.screening.run.evaluating import Products, Setting
from spmwatch.screening.run.kernel import (
    COHORT,
    MOST_PARTITIONS,
    PRODUCTS,
    SETTING,
    WANTED,
    Kind,
    Task,
    perform,
    prepare,
)
from spmwatch.screening.run.moving import Mover, shares_of
from spmwatch.screening.run.options import Options
from spmwatch.screening.run.places import Part, parts_of
from spmwatch.screening.run.pool import Pool
from spmwatch.screening.run.reading import RECORDS
from spmwatch.screening.run.rows import NOBODYS, SHARED, Row, rows_in
from spmwatch.screening.run.setting import setting_of
from spmwatch.screening.run.state import Cohort
from spmwatch.screening.run.timing import Tell
from spmwatch.screening.run.work_folder import WorkFolder
from spmwatch.screening.scan.sources import Inventory

_UNTOLD = frozenset({"", "Bundle", "Parameters", "List"})
_PRODUCT_FILES = PRODUCT_TYPES | _UNTOLD


@dataclass(slots=True)
class Outcome:
    """What all steps left: what the end of a run needs."""

    gathered: list[dict[str, Any]]
    evaluated: list[dict[str, Any]]
    names: list[str]
    setting: dict[str, Any]
    lines: dict[str, int]
    rows: dict[str, int]
    problems: list[dict[str, Any]]
    cohort: int
    source_of: list[int]
    sha256: dict[int, str | None]

    @property
    def unlisted(self) -> int:
        """Remarks on lines that are counted, and not listed because there are too many in one chunk."""
        return sum(max(0, one["remarks"] - MOST_PROBLEMS) for one in self.gathered)


@dataclass(slots=True)
class Pipeline:
    """The steps of one run."""

    options: Options
    rule_base: RuleBase
    inventory: Inventory
    work: WorkFolder
    workers: int
    say: Callable[[str], None]
    tell: Tell
    parts: list[Part] = field(init=False)
    _pool: Pool[Task, None] = field(init=False)
    _lost: int = 0
    _settled: frozenset[int] = frozenset()
    """Parts in which all evidence was found already and names its patients."""
    _settled_for: frozenset[str] = frozenset()
    """Names of the Medications by which it was found."""

    def __post_init__(self) -> None:
        """Cut the input into chunks."""
        self.parts = parts_of(self.inventory, self.options.chunk_bytes)
        names = [source.name for source in self.inventory.sources]
        job = (self.options, self.rule_base, self.work.path, self.parts, names)
        self._pool = Pool(self.workers, prepare, job, perform, self.say)

    def run(self) -> Outcome:
        """Do what is not done yet.

        Raises:
            WorkerError: workers were killed too often.
            CountsError: the counts do not add up.
            OSError: the work folder cannot be written to.
        """
        try:
            self._pool.start()
            outcome = self._steps()
        except BaseException:
            self._pool.close(now=True)
            raise
        self._pool.close()
        return outcome

    def _steps(self) -> Outcome:
        version, gathered = self._gather(*self._primed())
        lines = lines_of(gathered)
        self._products(gathered)
        setting, problems = self._setting(version, gathered)
        names, evaluated = self._evaluate(version, gathered)
        cohort = len(self._cohort(version).keys)
        rows = check_rows(lines["kept"] + lines["about_nobody"], evaluated, cohort) if lines else {}
        sources = [part.source for part in self.parts]
        return Outcome(gathered, evaluated, names, setting, lines, rows, problems, cohort, sources, self._digests())

    # -- the steps ---------------------------------------------------------------------------------------------------

    def _do(self, kind: Kind, version: int, parts: Iterable[Part]) -> list[dict[str, Any]]:
        """One step on some chunks: what it says of each."""
        known = self._settled if kind == "gather" and self._cohort(version).products == self._settled_for else ()
        tasks = [
            Task(kind=kind, number=part.number, version=version, size=part.size, settled=part.number in known)
            for part in parts
        ]
        return self._run(tasks, kind)

    def _run(self, tasks: Sequence[Task], step: str) -> list[dict[str, Any]]:
        done, left, finished, whole = {}, list[Task](), 0, sum(task.size for task in tasks)
        for task in tasks:
            told = self.work.json(f"{task.name}.json")
            if told is None:
                left.append(task)
            else:
                done[task.name], finished = told, finished + task.size
        self.tell(step, finished, whole, self._lost)
        left.sort(key=lambda task: task.size, reverse=True)  # so that in the end nobody waits for a long one
        for task, _ in self._pool.results(left):
            done[task.name] = told = self.work.json(f"{task.name}.json")
            finished += task.size
            self._lost += told.get("lost", 0)
            self.tell(step, finished, whole, self._lost)
        return [done[task.name] for task in tasks]

    def _cohort(self, version: int) -> Cohort:
        told = self.work.json(f"{COHORT}-{version}.json")
        return Cohort() if told is None else Cohort.from_json(told)

    def _keep(self, version: int, cohort: Cohort) -> int:
        if self.work.json(f"{COHORT}-{version}.json") is None:
            self.work.write_json(f"{COHORT}-{version}.json", cohort.as_json())
        return version

    def _of_kinds(self, kinds: frozenset[str]) -> list[Part]:
        return [part for part in self.parts if part.chunk.source.kind in kinds]

    def _primed(self) -> tuple[int, Cohort]:
        """A first guess at the cohort, from files that are likely to tell: Medications, then records, then Patients."""
        version, cohort = self._keep(0, Cohort()), Cohort()
        while True:  # Medications whose ingredients are other Medications or Substances
            grown = cohort.grown(self._do("prime", version, self._of_kinds(_PRODUCT_FILES)))
            settled = grown.products == cohort.products
            version, cohort = self._keep(version + 1, grown), grown
            if settled:
                break
        self._settled_for = cohort.products
        for kinds in (RECORDS, frozenset({"Patient"})):
            parts = self._of_kinds(kinds)
            primed = self._do("prime", version, parts)
            if kinds is RECORDS:
                self._settled = frozenset(
                    part.number for part, one in zip(parts, primed, strict=True) if one["settled"]
                )
            cohort = cohort.grown(primed)
            version = self._keep(version + 1, cohort)
        return version, cohort

    def _gather(self, version: int, cohort: Cohort) -> tuple[int, list[dict[str, Any]]]:
        """Every file, until a look at all of them finds nobody new."""
        while True:
            gathered = self._do("gather", version, self.parts)
            grown = cohort.grown(gathered)
            if grown is cohort:
                return version, gathered
            for part in self.parts:
                self.work.file(f"gather-{version}-{part.number:06d}.arrow").unlink(missing_ok=True)
            version, cohort = self._keep(version + 1, grown), grown

    def _products(self, gathered: Sequence[dict[str, Any]]) -> None:
        """The Medications that the cohort's records refer to, from every chunk that has any: versions may lie apart."""
        wanted = sorted({name for one in gathered for name in one["wanted"]})
        parts = [part for part, one in zip(self.parts, gathered, strict=True) if PRODUCT_TYPES & set(one["types"])]
        version, files = 0, list[str]()
        while wanted and parts:
            if self.work.json(f"{WANTED}-{version}.json") is None:
                self.work.write_json(f"{WANTED}-{version}.json", wanted)
            found = self._do("products", version, parts)
            files = [Task(kind="products", number=part.number, version=version).name for part in parts]
            more = {name for one in found for name in one["refers_to"]}
            if more <= set(wanted):
                break
            wanted, version = sorted(more | set(wanted)), version + 1
        self.work.write_json(f"{PRODUCTS}.json", files)

    def _setting(self, version: int, gathered: Sequence[dict[str, Any]]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        cohort = self._cohort(version)

        def types_in(parts: Iterable[Part]) -> list[dict[str, Any]]:
            return self._do("types", version, parts)

        setting, problems = setting_of(
            self.options, self.inventory, self.parts, gathered, cohort, types_in, lambda: self._labels(version)
        )
        shares = self._shares(version, gathered)
        first = next(shares, None)
        setting["moved"] = {} if first is None else self._mover(version, setting).tell(chain([first], shares))
        self.work.write_json(f"{SETTING}.json", setting)
        return setting, problems

    def _shares(self, version: int, gathered: Sequence[dict[str, Any]]) -> Iterator[list[Row]]:
        """Kept lines that may be versions of one resource for several patients; see `moving.shares_of`."""
        files = [self.work.file(f"gather-{version}-{part.number:06d}.arrow") for part in self.parts]
        return shares_of(files, sum(rows for one in gathered for _, rows, _ in one["batches"]))

    def _mover(self, version: int, setting: Mapping[str, Any]) -> Mover:
        names, known = self.work.json(f"{PRODUCTS}.json"), Setting(**setting)
        products = Products.on_disk({name: self.work.file(f"{name}.arrow") for name in names}, known)
        return Mover(
            rule_base=self.rule_base,
            options=self.options,
            setting=known,
            products=products,
            cohort=self._cohort(version),
        )

    def _labels(self, version: int) -> frozenset[str]:
        """`Type/id` of every kept line that is one resource."""
        labels = set[str]()
        for part in self.parts:
            for row in rows_in(self.work.file(f"gather-{version}-{part.number:06d}.arrow"), None):
                value = parse_strictly_once(row.data).value
                if isinstance(value, dict):
                    labels.add(label_of(value))
        return frozenset(labels)

    def _evaluate(self, version: int, gathered: Sequence[dict[str, Any]]) -> tuple[list[str], list[dict[str, Any]]]:
        tasks = self._partitions(version, gathered)
        evaluated = self._run(tasks, "evaluate")
        return [task.name for task in tasks], evaluated

    def _digests(self) -> dict[int, str | None]:
        """SHA-256 by number of the source, if they are asked for; a task reads one file from end to end."""
        if not self.options.sha256:
            return {}
        first = {part.source: part for part in reversed(self.parts)}
        parts = [first[source] for source in sorted(first)]
        sizes = [self.inventory.sources[part.source].size for part in parts]
        tasks = [Task(kind="digest", number=part.number, version=0, size=size)
                 for part, size in zip(parts, sizes, strict=True)]  # fmt: skip
        told = self._run(tasks, "digest")
        return {part.source: one["sha256"] for part, one in zip(parts, told, strict=True)}

    def _partitions(self, version: int, gathered: Sequence[dict[str, Any]]) -> list[Task]:
        """A task for each partition; one for all partitions that share a line, be it through others."""
        holding: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
        sizes: Counter[int] = Counter()
        for part, one in zip(self.parts, gathered, strict=True):
            for number, (partition, _, size) in enumerate(one["batches"]):
                holding[partition].append((part.number, number))
                sizes[partition] += size
        alone = not self.work.json(f"{SETTING}.json")["one_of_many"]
        shared = holding.pop(SHARED, [])
        links = list(self._links(version, shared))
        if alone:  # the one patient of the input is told of what names nobody
            links.append(tuple(holding))
        tasks: list[Task] = []
        for group in connected([*holding, *(one for link in links for one in link)], links):
            batches = sorted(place for partition in group for place in holding.get(partition, ()))
            tasks.append(
                Task(
                    kind="evaluate",
                    number=group[0] - NOBODYS,
                    version=version,
                    size=sum(sizes[partition] for partition in group),
                    batches=tuple(batches),
                    shared=tuple(shared) if len(group) > 1 else (),
                    partitions=tuple(group),
                )
            )
        return tasks

    def _links(self, version: int, shared: Sequence[tuple[int, int]]) -> Iterator[tuple[int, ...]]:
        """Partitions that have a line together."""
        divisions = self._cohort(version).divisions(self.options.patients_to_a_part, MOST_PARTITIONS)
        for number, batch in shared:
            for row in rows_in(self.work.file(f"gather-{version}-{number:06d}.arrow"), [batch]):
                yield tuple({bisect_right(divisions, key) for key in row.keys})


def connected(partitions: Iterable[int], links: Iterable[tuple[int, ...]]) -> list[list[int]]:
    """Partitions in groups, those that are linked together; sorted."""
    group_of = {one: {one} for one in partitions}
    for link in links:
        joined = set[int]().union(*(group_of[one] for one in link))
        for one in joined:
            group_of[one] = joined
    return sorted({id(group): sorted(group) for group in group_of.values()}.values())
