"""Run SQL statements and queries on Spark; needs PySpark: `spark_sql.py JOB`.

JOB is a JSON file:

    {"master": "spark://…", "conf": {…}, "statements": ["create view …"],
     "queries": {"marts.offers": "select …"}, "out": "/…", "tries": 1}

The rows of each query are written as Parquet to `OUT/NAME`. The times of each query and the work of
each executor are printed as one line of JSON:

    {"queries": {"marts.offers": [{"seconds": 1.2, "task_cpu_seconds": 0.9}]},
     "executors": [{"host": …, "tasks": 12, "cores": 1}]}
"""

from __future__ import annotations

import json
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

job = json.loads(Path(sys.argv[1]).read_text())
builder = SparkSession.builder.master(job["master"]).appName("llm-stats")
for name, value in job["conf"].items():
    builder = builder.config(name, value)
session = builder.getOrCreate()
context = session.sparkContext


def get_json(what: str) -> Any:
    """Return a resource of Spark's REST API, such as `stages`."""
    with urllib.request.urlopen(
        f"{context.uiWebUrl}/api/v1/applications/{context.applicationId}/{what}"
    ) as answer:
        return json.load(answer)


def task_cpu_seconds() -> float:
    return float(sum(stage["executorCpuTime"] for stage in get_json("stages"))) / 1e9


for statement in job["statements"]:
    session.sql(statement)
costs: dict[str, list[dict[str, float]]] = {}
for name, query in job["queries"].items():
    for _ in range(job["tries"]):
        before, started = task_cpu_seconds(), time.perf_counter()
        session.sql(query).write.mode("overwrite").parquet(f"{job['out']}/{name}")
        seconds = time.perf_counter() - started
        costs.setdefault(name, []).append(
            {"seconds": seconds, "task_cpu_seconds": task_cpu_seconds() - before}
        )
executors = [
    {
        "executor": executor["id"],
        "address": executor["hostPort"],
        "cores": executor["totalCores"],
        "tasks": executor["completedTasks"],
    }
    for executor in get_json("executors")
    if executor["id"] != "driver"
]
print(json.dumps({"spark": session.version, "queries": costs, "executors": executors}))
session.stop()
