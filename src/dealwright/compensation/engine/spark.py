"""The same stages on Apache Spark, for years that outgrow one machine.

Spark is an optional extra (``requirements-spark.lock`` and a Java 17 or newer); without it the
engine says what is missing. The input is read and checked by DuckDB as always and handed over as
Parquet; the stages' syntax trees are printed in Spark's dialect, with the whole numbers of 128
bits as ``DECIMAL(38, 0)`` and their integer division spelled out; lines, credits and attainments
come back as the tables that DuckDB would have made. Spark runs in ANSI mode, so that a number
that outgrows its type is an error there too.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from sqlglot import exp

from dealwright.base.errors import Invalid
from dealwright.compensation.engine.compile import compile_plan
from dealwright.compensation.engine.inputs import Inputs

RESULTS = ("line", "credit", "attainment")
SMALL = 100_000  # rows of all inputs up to which queries are interpreted, not compiled
WHOLE = "DECIMAL(38, 0)"  # what stands for INT128


def spark_sql(query: exp.Expr) -> str:
    """A stage in Spark's dialect, meaning the same to the last digit."""
    tree = query.copy()
    divisions = sorted(tree.find_all(exp.IntDiv), key=lambda node: node.depth, reverse=True)
    for division in divisions:  # the innermost first, since the outer ones hold copies of them
        division.replace(_integer_division(division))
    for kind in list(tree.find_all(exp.DataType)):
        if kind.this == exp.DataType.Type.INT128:
            kind.replace(exp.DataType.build(WHOLE))
    return tree.sql(dialect="spark")


def _integer_division(division: exp.IntDiv) -> exp.Expr:
    """``a // b`` as ``(a - a % b) / b``, which is exact; Spark's own ``div`` ends at 64 bits."""
    dividend, divisor = exp.paren(division.this.copy()), exp.paren(division.expression.copy())
    rest = exp.Mod(this=dividend.copy(), expression=divisor.copy())
    whole = exp.paren(exp.Sub(this=dividend, expression=rest))
    return exp.cast(exp.Div(this=whole, expression=divisor), WHOLE)


def run_stages_on_spark(inputs: Inputs, watch: Callable[[], None] | None = None) -> None:
    """Make ``line``, ``credit`` and ``attainment`` in the input's DuckDB, computed by Spark.

    Raises Invalid where Spark is not installed and where a number outgrows the exact types.
    """
    session = _session()
    from pyspark.errors import PySparkException

    tables = [name for (name,) in inputs.rows("SHOW TABLES")]
    small = sum(_count(inputs, name) for name in tables) <= SMALL
    session.conf.set("spark.sql.codegen.wholeStage", str(not small).lower())
    session.conf.set("spark.sql.codegen.factoryMode", "NO_CODEGEN" if small else "FALLBACK")
    session.conf.set("spark.sql.shuffle.partitions", "1" if small else str(os.cpu_count() or 2))
    made = []
    with tempfile.TemporaryDirectory(prefix="dealwright-spark-") as folder:
        for name in tables:
            path = f"{folder}/{name}.parquet"
            inputs.connection.execute(f"COPY \"{name}\" TO '{path}' (FORMAT parquet)")
            session.read.parquet(path).createOrReplaceTempView(name)
            made.append(name)
        try:
            for each in compile_plan(inputs.plan):
                if watch is not None:
                    watch()
                rows = session.sql(spark_sql(each.query))
                if each.is_table:
                    rows = rows.cache()
                rows.createOrReplaceTempView(each.name)
                made.append(each.name)
            for name in RESULTS:
                path = f"{folder}/result_{name}"
                session.table(name).write.parquet(path)
                inputs.connection.execute(
                    f"CREATE OR REPLACE TABLE {name} AS FROM read_parquet('{path}/*.parquet')"
                )
        except PySparkException as error:
            said = str(error).splitlines()[0][:160]
            raise Invalid(
                f"Spark could not compute this plan exactly ({said}).", code="overflow"
            ) from error
        finally:
            session.catalog.clearCache()
            for name in made:
                session.catalog.dropTempView(name)


def _count(inputs: Inputs, table: str) -> int:
    return int(inputs.rows(f'SELECT count(*) FROM "{table}"')[0][0])


def why_no_spark() -> str:
    """What is missing to run on Spark, as a sentence; "" where nothing is."""
    try:
        import pyspark  # noqa: F401
    except ImportError:
        return "The Spark engine is an extra: install requirements-spark.lock as well."
    home = os.environ.get("JAVA_HOME")
    if not shutil.which("java") and not (home and (Path(home) / "bin" / "java").exists()):
        return "Spark needs Java 17 or newer: there is no java here."
    return ""


@cache
def _session() -> Any:
    missing = why_no_spark()
    if missing:
        raise Invalid(missing, code="no_spark")
    from pyspark.sql import SparkSession

    master = os.environ.get("DEALWRIGHT_SPARK_MASTER", "local[*]")
    builder = SparkSession.builder.master(master).appName("dealwright")
    settings = {
        "spark.ui.enabled": "false",
        "spark.log.level": "OFF",
        "spark.sql.ansi.enabled": "true",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.decimalOperations.allowPrecisionLoss": "true",
        "spark.sql.adaptive.enabled": "false",
        "spark.sql.inMemoryColumnarStorage.compressed": "false",
        "spark.driver.memory": "2g",
        "spark.sql.warehouse.dir": f"{tempfile.gettempdir()}/dealwright-spark-warehouse",
    }
    if master.startswith("local"):
        settings |= {"spark.driver.bindAddress": "127.0.0.1", "spark.driver.host": "127.0.0.1"}
    for key, value in settings.items():
        builder = builder.config(key, value)
    return builder.getOrCreate()
