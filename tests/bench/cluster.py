"""Spark cluster on loopback: a standalone master and two workers of one core each.

The cluster needs Java 17 and a Python with PySpark.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HOST = "127.0.0.1"
WORKERS = 2
#: Cluster processes end after this time, even if this program is killed.
LONGEST_SECONDS = "3600"
MEMORY = "2500m"
_PROGRAM = Path(__file__).parent / "programs" / "spark_sql.py"


def free_port() -> int:
    with socket.socket() as found:
        found.bind((HOST, 0))
        return int(found.getsockname()[1])


@dataclass(frozen=True)
class Cluster:
    """A standalone Spark cluster on loopback."""

    python: str
    master: str
    folder: Path
    environment: dict[str, str]

    def run_queries(
        self, statements: list[str], queries: dict[str, str], out: Path, tries: int = 1
    ) -> dict[str, Any]:
        """Run `programs/spark_sql.py` on the cluster; return the JSON that it prints."""
        conf = {
            "spark.driver.host": HOST,
            "spark.driver.bindAddress": HOST,
            "spark.driver.port": free_port(),
            "spark.driver.blockManager.port": free_port(),
            "spark.ui.port": free_port(),
            "spark.ui.showConsoleProgress": False,
            "spark.executor.memory": MEMORY,
            "spark.sql.session.timeZone": "UTC",
            "spark.sql.shuffle.partitions": 8,
            "spark.sql.warehouse.dir": str(out.with_name("warehouse")),
            "spark.local.dir": str(self.folder / "local"),
        }
        job = {
            "master": self.master,
            "conf": conf,
            "statements": statements,
            "queries": queries,
            "out": str(out),
            "tries": tries,
        }
        file = self.folder / "job.json"
        file.write_text(json.dumps(job))
        command = ["timeout", LONGEST_SECONDS, self.python, str(_PROGRAM), str(file)]
        log = self.folder / "driver.log"
        with (
            log.open("w") as errors,
            subprocess.Popen(
                command, env=self.environment, stdout=subprocess.PIPE, stderr=errors, text=True
            ) as driver,
        ):
            try:
                printed, _ = driver.communicate()
            except BaseException:
                driver.terminate()  # kill() would leave the child processes of the driver running
                raise
        if driver.returncode:
            sys.exit(f"Spark failed:\n{log.read_text()[-3000:]}")
        result: dict[str, Any] = json.loads(printed.splitlines()[-1])
        return result


@contextlib.contextmanager
def cluster(python: str, folder: Path) -> Iterator[Cluster]:
    """Start a cluster and yield it; stop its processes at the end."""
    finding = [
        python,
        "-c",
        "import pathlib, pyspark; print(pathlib.Path(pyspark.__file__).parent)",
    ]
    home = subprocess.run(finding, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    environment = os.environ | {
        "SPARK_HOME": home,
        "SPARK_LOCAL_IP": HOST,
        "SPARK_MASTER_OPTS": "-Dspark.master.rest.enabled=false",
        "PYSPARK_PYTHON": python,
        "SPARK_LOCAL_DIRS": str(folder / "local"),
    }
    port = free_port()
    master = f"spark://{HOST}:{port}"

    def start(role: str, *arguments: object) -> subprocess.Popen[bytes]:
        name = f"org.apache.spark.deploy.{role.lower()}.{role}"
        ours = [
            "--host",
            HOST,
            "--port",
            port if role == "Master" else free_port(),
            "--webui-port",
            free_port(),
        ]
        command = ["timeout", LONGEST_SECONDS, f"{home}/bin/spark-class", name, *ours, *arguments]
        with (folder / "cluster.log").open("a") as log:
            return subprocess.Popen(
                [str(part) for part in command], env=environment, stdout=log, stderr=log
            )

    with contextlib.ExitStack() as stack:
        processes = [start("Master")]
        processes += [
            start(
                "Worker",
                "--cores",
                1,
                "--memory",
                MEMORY,
                "--work-dir",
                folder / f"work{n}",
                master,
            )
            for n in range(WORKERS)
        ]
        for process in processes:
            stack.callback(process.wait)
            stack.callback(process.terminate)
        while (folder / "cluster.log").read_text().count("Registering worker") < WORKERS:
            if any(process.poll() is not None for process in processes):
                sys.exit(f"Spark did not start:\n{(folder / 'cluster.log').read_text()[-3000:]}")
            time.sleep(0.2)
        yield Cluster(python, master, folder, environment)
