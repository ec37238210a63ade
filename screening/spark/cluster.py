"""The steps of a run with Spark in place of worker processes; the driver keeps what is small, executors all lines."""

# pyright: reportAttributeAccessIssue=false
# The functions of pyarrow.compute are made when it is imported.

from __future__ import annotations

import pickle
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc
from py4j.protocol import Py4JError
from pyspark import StorageLevel
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import Row as SparkRow
from pyspark.sql import functions as F  # noqa: N812 - as everybody who uses Spark writes it
from pyspark.sql.pandas.types import from_arrow_schema

from spmwatch.engine.catalogue.load import RuleBase
from spmwatch.screening.results.parts import write_part
from spmwatch.screening.results.schemas import RESOURCES, TABLES
from spmwatch.screening.run.kernel import COHORT, PRODUCTS, SETTING, WANTED, Task
from spmwatch.screening.run.moving import READ_AT_ONCE
from spmwatch.screening.run.options import Options
from spmwatch.screening.run.pipeline import Outcome, Pipeline, connected
from spmwatch.screening.run.places import Part
from spmwatch.screening.run.pool import WorkerError
from spmwatch.screening.run.rows import NOBODYS, Row, RowWriter, rows_in
from spmwatch.screening.run.state import Cohort
from spmwatch.screening.run.timing import Tell
from spmwatch.screening.run.whole import Steps
from spmwatch.screening.run.work_folder import WorkFolder
from spmwatch.screening.scan.sources import Inventory
from spmwatch.screening.spark.executor import (
    LINES,
    RESULTS,
    TOGETHER,
    TOLD,
    Errand,
    Grouped,
    Job,
    Labels,
    Reading,
    unpacked,
)

MOST_TASKS = 20_000
"""Of one step: more make Spark's driver the bottleneck."""

_MOST_GROUPS = 1_000_000
_ROWS_OF_A_PART, _MOST_PARTS = 20_000, 500

_FILES = {"prime": (COHORT,), "gather": (COHORT,), "products": (WANTED,), "types": (), "digest": ()}
"""Kind of a task -> what it expects in the work folder."""


@dataclass(slots=True)
class SparkPool:
    """Does tasks on the cluster; what they say comes to the driver's work folder, the lines they keep stay out there.

    Attributes:
        pipeline: whose tasks.
        spark, job: where, and for whom.
        lines: the kept lines of the last look at all files.
    """

    pipeline: Pipeline
    spark: SparkSession
    job: Job
    lines: DataFrame | None = None

    def start(self) -> None:
        """Nothing: the cluster runs already."""

    def results(self, tasks: Sequence[Task]) -> Iterator[tuple[Task, None]]:
        """Each task, once all are done; they are of one step."""
        if not tasks:
            return
        found = self._done(tasks).persist(StorageLevel.DISK_ONLY)
        by_number = {task.number: task for task in tasks}
        try:
            for row in found.where("told IS NOT NULL").select("number", "told").collect():
                task = by_number[row["number"]]
                self.pipeline.work.write_json(f"{task.name}.json", orjson.loads(row["told"]))
            if tasks[0].kind == "products":
                self._write_products(found, tasks)
        finally:
            if tasks[0].kind == "gather":
                self.close()
                self.lines = found
            else:
                found.unpersist()
        for task in tasks:
            yield task, None

    def _done(self, tasks: Sequence[Task]) -> DataFrame:
        pipeline, kind, version = self.pipeline, tasks[0].kind, tasks[0].version
        files = {f"{name}-{version}.json" for name in _FILES[kind]}
        divisions = divisions_of(pipeline.work, version, self.job) if kind == "gather" else ()
        reading = Reading(
            job=self.job,
            files={name: pipeline.work.file(name).read_bytes() for name in files},
            divisions=divisions,
        )
        parts, names = pipeline.parts, [source.name for source in pipeline.inventory.sources]
        errands = [(_errand(task, parts[task.number], names[parts[task.number].source]),) for task in tasks]
        asked = self.spark.createDataFrame(errands, "errand binary").repartition(min(len(tasks), MOST_TASKS))
        return asked.mapInArrow(reading, from_arrow_schema(LINES))

    def _write_products(self, found: DataFrame, tasks: Sequence[Task]) -> None:
        kept: defaultdict[int, list[Row]] = defaultdict(list)
        for line in found.where("told IS NULL").collect():
            row = row_of(line)
            kept[row.part].append(row)
        for task in tasks:
            with self.pipeline.work.whole(f"{task.name}.arrow") as path:
                rows = RowWriter(path)
                for row in sorted(kept[task.number], key=lambda row: row.line):
                    rows.add(0, row)
                rows.close()

    def close(self, *, now: bool = False) -> None:
        """Let go of the lines."""
        del now
        if self.lines is not None:
            self.lines.unpersist()
            self.lines = None


def _errand(task: Task, part: Part, name: str) -> bytearray:
    return bytearray(pickle.dumps(Errand(task=task, part=part, name=name)))


def row_of(line: SparkRow) -> Row:
    """A kept line as the steps know it."""
    return Row(line["keys"], line["refers_to"], line["number"], line["line"], line["offset"], bytes(line["data"]))


def divisions_of(work: WorkFolder, version: int, job: Job) -> tuple[str, ...]:
    """Patients with whom a new group begins."""
    cohort = Cohort.from_json(work.json(f"{COHORT}-{version}.json"))
    return cohort.divisions(job.options.patients_to_a_part, _MOST_GROUPS)


@dataclass(slots=True, kw_only=True)
class ClusterPipeline(Pipeline):
    """The steps of one run on a cluster.

    A run that was broken off begins anew: what executors kept went with them.

    Attributes:
        spark: the session to use; it stays open.
        bring: write the results' parts to the work folder, where the end of a run expects them; else they stay out
            there as `results`.
    """

    spark: SparkSession
    bring: bool = True
    results: DataFrame | None = None
    _job: Job = field(init=False)
    _cluster: SparkPool = field(init=False)

    def __post_init__(self) -> None:
        """Put the cluster in the place of worker processes."""
        self.inventory = _anywhere(self.inventory)
        Pipeline.__post_init__(self)
        self._job = Job(run=uuid.uuid4().hex, options=self.options, rule_base=pickle.dumps(self.rule_base))
        self._pool = self._cluster = SparkPool(self, self.spark, self._job)  # type: ignore[assignment]
        for file in self.work.path.iterdir():
            if file.is_file():
                file.unlink()

    def close(self) -> None:
        """Let go of what the cluster still holds."""
        self._cluster.close()
        if self.results is not None:
            self.results.unpersist()
            self.results = None

    @property
    def _lines(self) -> DataFrame | None:
        lines = self._cluster.lines
        return None if lines is None else lines.where("told IS NULL")

    def _labels(self, version: int) -> frozenset[str]:
        told = (self.work.json(f"gather-{version}-{part.number:06d}.json") for part in self.parts)
        deleted = frozenset(key for one in told for key, _ in one["deletions"])
        if self._lines is None:
            return frozenset()
        found = self._lines.select("data").mapInArrow(Labels(wanted=deleted), "label string").distinct().collect()
        return frozenset(row["label"] for row in found)

    def _shares(self, version: int, gathered: Sequence[dict[str, Any]]) -> Iterator[list[Row]]:
        del version, gathered
        if self._lines is None:
            return
        named = self._lines.select(F.explode("labels").alias("label"), "owner")
        owners = named.groupBy("label").agg(F.min("owner").alias("one"), F.max("owner").alias("other"))
        disputed = [row["label"] for row in owners.where("one <> other").select("label").orderBy("label").collect()]
        for start in range(0, len(disputed), READ_AT_ONCE):
            wanted = F.array(*map(F.lit, disputed[start : start + READ_AT_ONCE]))
            yield [row_of(line) for line in self._lines.where(F.arrays_overlap("labels", wanted)).collect()]

    # -- evaluating ----------------------------------------------------------------------------------------------------

    def _evaluate(self, version: int, gathered: Sequence[dict[str, Any]]) -> tuple[list[str], list[dict[str, Any]]]:
        del version
        lines = self._lines
        if lines is None:
            return [], []
        lines, number = self._grouped(lines, {tuple(one) for told in gathered for one in told[TOGETHER]})
        setting = self.work.json(f"{SETTING}.json")
        files = [self.work.file(f"{name}.arrow") for name in self.work.json(f"{PRODUCTS}.json")]
        products = tuple(row for path in files for row in rows_in(path, None))
        evaluate = Grouped(job=self._job, setting=setting, products=products)
        spread = lines.repartition(max(1, min(number, MOST_TASKS)), "group")
        found = spread.groupBy("group").applyInArrow(evaluate.function(), from_arrow_schema(RESULTS))
        self.results = found.persist(StorageLevel.DISK_ONLY)
        told = self.results.where(f"table = '{TOLD}'").collect()
        evaluated = [orjson.loads(bytes(row["data"])) for row in sorted(told, key=lambda row: row["group"])]
        self.tell("evaluate", 1, 1, self._lost)
        return (self._brought(evaluated) if self.bring else []), evaluated

    def _grouped(self, lines: DataFrame, together: set[tuple[int, ...]]) -> tuple[DataFrame, int]:
        """The lines with the group of each, and how many groups there are. Partitions that share a line are one."""
        partitions = sorted({one for some in together for one in some})
        links: list[tuple[int, ...]] = [some for some in together if len(some) > 1]
        if not self.work.json(f"{SETTING}.json")["one_of_many"]:  # the one patient is told of what names nobody
            links.append(tuple(partitions))
        groups = connected(partitions, links)
        first = lines.withColumn("group", F.element_at("partitions", 1))
        leaders = [(one, group[0]) for group in groups if len(group) > 1 for one in group]
        if leaders:
            table = F.broadcast(self.spark.createDataFrame(leaders, "group int, leader int"))
            joined = first.join(table, "group", "left")
            first = joined.withColumn("group", F.coalesce(F.col("leader"), F.col("group"))).drop("leader")
        return first, len(groups)

    def _brought(self, evaluated: Sequence[Mapping[str, Any]]) -> list[str]:
        """Bring the results to the work folder, in parts of bounded size; their names."""
        assert self.results is not None
        most = max(_ROWS_OF_A_PART, sum(one["rows"] for one in evaluated) // _MOST_PARTS)
        names: list[str] = []
        kept: defaultdict[str, list[pa.Table]] = defaultdict(list)
        tables = (*TABLES, RESOURCES) if self.options.fhir else TABLES

        def write() -> None:
            names.append(f"evaluated-{len(names):06d}")
            write_part(self.work.path, names[-1], {name: _sorted(kept[name]) for name in tables})
            kept.clear()

        group, rows = NOBODYS, 0
        for row in self.results.where(f"table <> '{TOLD}'").toLocalIterator():
            if row["group"] != group and rows >= most:  # a group's tables come together, and go to one part
                write()
                rows = 0
            group = row["group"]
            found = unpacked(bytes(row["data"]))
            kept[row["table"]].append(found)
            rows += found.num_rows
        if kept:
            write()
        return names


def _anywhere(inventory: Inventory) -> Inventory:
    """The same with paths that do not depend on the folder that a process runs in."""
    sources = (
        source if "://" in source.path else replace(source, path=str(Path(source.path).absolute()))
        for source in inventory.sources
    )
    return replace(inventory, sources=tuple(sources))


def on_cluster(spark: SparkSession, say: Callable[[str], None]) -> Steps:
    """What `Call.steps` takes, for a run on this cluster."""

    def steps(options: Options, rule_base: RuleBase, found: Inventory, work: WorkFolder, tell: Tell) -> Outcome:
        pipeline = ClusterPipeline(options, rule_base, found, work, 1, say, tell, spark=spark)
        try:
            return pipeline.run()
        except (PySparkException, Py4JError) as error:
            problem = f"Spark gave the run up ({type(error).__name__}); what its executors logged says why."
            raise WorkerError(f"{problem} Nothing was written; the same command begins anew.") from error
        finally:
            pipeline.close()

    return steps


def _sorted(tables: Sequence[pa.Table]) -> pa.Table:
    """All rows by patient; one patient's rows keep their order."""
    whole = pa.concat_tables(tables)
    return whole.take(pc.sort_indices(whole, sort_keys=[("patient", "ascending")])).combine_chunks()
