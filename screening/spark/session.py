"""A Spark session for a run from the command line."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from spmwatch.engine.errors import InputError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_ON_ONE_MACHINE = {"spark.driver.bindAddress": "127.0.0.1", "spark.driver.host": "127.0.0.1"}
_DEFAULTS = {
    "spark.io.encryption.enabled": "true",  # what executors keep on their disks are patients' data
    "spark.ui.enabled": "false",
}
_JAVA = "Install Java 17 or newer (Debian: apt-get install openjdk-17-jre-headless), or set JAVA_HOME"


@contextmanager
def session(master: str | None) -> Generator[SparkSession]:
    """A session that ends with the run.

    Args:
        master: `spark://host:7077`, `local[8]`, `yarn` ...; None takes what spark-submit or spark-defaults.conf say.
            These also override what is set here.

    Raises:
        InputError: PySpark is not installed, Java does not run, or the cluster does not answer.
    """
    # pandas 3 is newer than what this PySpark was tried with; none of its frames are used
    warnings.filterwarnings("ignore", message="PySpark does not yet fully support pandas", category=FutureWarning)
    try:
        from pyspark import SparkConf, SparkContext  # noqa: PLC0415 - PySpark is an extra
        from pyspark.sql import SparkSession  # noqa: PLC0415
    except ImportError:
        raise InputError("--engine", "spark", "needs PySpark", "Install spmwatch[spark]") from None
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # executors have spmwatch at the same place, unless told
    try:
        SparkContext._ensure_initialized()  # noqa: SLF001 - else SparkConf knows nothing of spark-defaults.conf
        given = SparkConf()
        builder = SparkSession.builder.appName("spmwatch screen")
        if master is not None:
            builder = builder.master(master)
        local = (master or given.get("spark.master", "")).startswith("local")
        builder = builder.config("spark.ui.showConsoleProgress", "false")  # a run tells of its progress itself
        for key, value in {**_DEFAULTS, **(_ON_ONE_MACHINE if local else {})}.items():
            if not given.contains(key):
                builder = builder.config(key, value)
        spark = builder.getOrCreate()
        spark.sparkContext.setLogLevel("ERROR")
    except Exception as error:  # noqa: BLE001 - whatever Java says, there is no session
        problem = f"no Spark session can be had ({type(error).__name__})"
        raise InputError("--master", master or "-", problem, f"Check the address. {_JAVA}") from None
    try:
        yield spark
    finally:
        spark.stop()
