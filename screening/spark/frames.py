"""A run as DataFrames: from a Spark session and paths to patients, findings, plan and quarantine."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.pandas.types import from_arrow_schema

from spmwatch.engine.catalogue.load import RuleBase
from spmwatch.engine.errors import InputError
from spmwatch.screening.results.quarantine import Quarantined
from spmwatch.screening.results.schemas import FINDINGS, PATIENTS, PLAN
from spmwatch.screening.run.counting import check_unchanged
from spmwatch.screening.run.options import Options
from spmwatch.screening.run.whole import quarantined
from spmwatch.screening.run.work_folder import WorkFolder
from spmwatch.screening.scan.sources import STANDARD_INPUT, inventory
from spmwatch.screening.spark.cluster import ClusterPipeline
from spmwatch.screening.spark.executor import NTH, Unpacking, numbered

_QUARANTINE = (
    "file string, line long, offset long, element string, lost boolean, reason string, expected string, advice string"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Frames:
    """What came out, sorted by patient (the quarantine by place); columns as in docs/results.md.

    Attributes:
        lines: what became of the lines of the input; the counts were reconciled.
    """

    patients: DataFrame
    findings: DataFrame
    plan: DataFrame
    quarantine: DataFrame
    lines: Mapping[str, int]
    _pipeline: ClusterPipeline

    def close(self) -> None:
        """Let go of what the cluster holds of this run; the frames are of no use then."""
        self._pipeline.close()


def screen_frames(
    spark: SparkSession, paths: Sequence[str], *, rule_base: RuleBase, as_of: date, options: Options | None = None
) -> Frames:
    """Screen what is under the paths.

    Args:
        spark: a session whose executors have spmwatch installed.
        paths: files, folders or URLs, the same on every machine of the cluster.
        rule_base: as `load` makes it.
        as_of: the day of evaluation.
        options: the rest; its `paths` and `as_of` must be the same.

    Raises:
        InputError: nothing can be read.
        CountsError: the counts do not add up.
    """
    if STANDARD_INPUT in paths:
        raise InputError(STANDARD_INPUT, "-", "standard input is on one machine only", "Name a path that all can read")
    options = options or Options(paths=tuple(paths), as_of=as_of)
    found = inventory(options.paths)
    if not found.sources and not found.problems:
        raise InputError(" ".join(options.paths), "-", "holds no FHIR JSON", "Name a Bulk Data export or Bundles")
    with tempfile.TemporaryDirectory(prefix="spmwatch-") as folder:
        pipeline = ClusterPipeline(
            options, rule_base, found, WorkFolder(Path(folder)), 1, _silent, _silent, spark=spark, bring=False
        )
        outcome = pipeline.run()
    check_unchanged(found, inventory(options.paths))
    places = [_row(place) for place in quarantined(outcome)]
    return Frames(
        patients=_table(pipeline, PATIENTS),
        findings=_table(pipeline, FINDINGS),
        plan=_table(pipeline, PLAN),
        quarantine=spark.createDataFrame(places, _QUARANTINE),
        lines=outcome.lines,
        _pipeline=pipeline,
    )


def _silent(*_: object) -> None:
    """Nobody is told of progress; Spark's own pages show it."""


def _row(place: Quarantined) -> tuple[object, ...]:
    return tuple(place.as_json().values())


def _table(pipeline: ClusterPipeline, table: str) -> DataFrame:
    schema = from_arrow_schema(numbered(table))
    if pipeline.results is None:
        return pipeline.spark.createDataFrame([], schema).drop(NTH)
    rows = pipeline.results.where(f"table = '{table}'").select("data").mapInArrow(Unpacking(table=table), schema)
    return rows.orderBy("patient", NTH).drop(NTH)
