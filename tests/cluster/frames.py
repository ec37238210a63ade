"""Run in the environment with PySpark: screens into DataFrames on `local[2]`, and prints their rows as JSON.

The chunks and groups are far smaller than in life, so that there are many of each.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import date

import orjson
from pyspark.sql import DataFrame

from spmwatch.engine.catalogue.load import load_rule_base
from spmwatch.screening.run.options import Options
from spmwatch.screening.spark.frames import screen_frames
from spmwatch.screening.spark.session import session


def rows(frame: DataFrame) -> Iterator[dict[str, object]]:
    return (row.asDict() for row in frame.collect())


def main(path: str, day: str) -> None:
    as_of = date.fromisoformat(day)
    options = Options(paths=(path,), as_of=as_of, chunk_bytes=100_000, patients_to_a_part=7)
    with session("local[2]") as spark:
        frames = screen_frames(spark, [path], rule_base=load_rule_base(), as_of=as_of, options=options)
        told = {
            "patients": list(rows(frames.patients)),
            "findings": list(rows(frames.findings)),
            "plan": list(rows(frames.plan)),
            "quarantine": list(rows(frames.quarantine)),
            "lines": dict(frames.lines),
        }
        frames.close()
    sys.stdout.buffer.write(orjson.dumps(told))


if __name__ == "__main__":
    main(*sys.argv[1:])
