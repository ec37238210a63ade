"""How a run on Spark grows: one core against two, and an export against one ten times as large, in one go.

    make bench-spark [ARGS='--patients 1000 --population 1000']

Two exports are made and removed again: a registry (every patient has myeloma) and a population (0.3 % have). JVM and
Python processes are warm before anything is timed, as they are for all but the first minute of a long run.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

from pyspark.sql import SparkSession

sys.path.insert(0, str(Path(__file__).resolve().parent))
from export_maker import Plan, make_export

from spmwatch.engine.catalogue.load import load_rule_base
from spmwatch.screening.run.options import Options
from spmwatch.screening.spark.frames import screen_frames
from spmwatch.screening.spark.session import session

AS_OF = date(2026, 1, 15)
_CHUNK = 4 * 1024 * 1024
_TIMES = 2


def seconds(spark: SparkSession, export: Path) -> tuple[float, int]:
    """The faster of two runs, and how many patients came out."""
    options = Options(paths=(str(export),), as_of=AS_OF, chunk_bytes=_CHUNK)
    best, patients = float("inf"), 0
    for _ in range(_TIMES):
        started = time.monotonic()
        frames = screen_frames(spark, [str(export)], rule_base=load_rule_base(), as_of=AS_OF, options=options)
        best, patients = min(best, time.monotonic() - started), frames.patients.count()
        frames.close()
    return best, patients


def main() -> None:
    """Make the exports, run, print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--patients", type=int, default=500, help="of the registry; ten times as many in the large one")
    parser.add_argument("--population", type=int, default=500, help="of the population; so too")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        exports: dict[str, Path] = {}
        for name, number, lean in (("registry", options.patients, True), ("population", options.population, False)):
            for times in (1, 10) if number else ():
                plan = Plan(patients=number * times, myeloma=1.0 if lean else 0.003, lean=lean)
                exports[f"{name}, {plan.patients:,} patients"] = Path(folder) / f"{name}-{times}"
                make_export(exports[f"{name}, {plan.patients:,} patients"], plan)
        print(f"{'':36}{'MB':>8}{'in results':>12}{'local[1]':>10}{'local[2]':>10}{'gain':>7}", flush=True)
        taken = {master: _measured(master, exports) for master in ("local[1]", "local[2]")}
        for name, export in exports.items():
            size = sum(file.stat().st_size for file in export.iterdir()) / 1e6
            (one, patients), (two, _) = taken["local[1]"][name], taken["local[2]"][name]
            print(f"{name:36}{size:8,.0f}{patients:12,}{one:9.1f}s{two:9.1f}s{one / two:7.2f}")


def _measured(master: str, exports: dict[str, Path]) -> dict[str, tuple[float, int]]:
    with session(master) as spark:
        seconds(spark, next(iter(exports.values())))
        return {name: seconds(spark, export) for name, export in exports.items()}


if __name__ == "__main__":
    main()
