"""Publish, or run commands, as other users: `act_as_user.py DATABASE SHARED ACTION,USER,UMASK...`.

ACTION is `publish` or `run_commands`. Each action runs in a separate process, first as root on
DATABASE, then as USER on SHARED, a database in a shared folder. As root, the process imports
all modules, because USER may have no access to Python's files.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import pathlib
import sys

import duckdb
from llm_stats.cli import main as cli
from llm_stats.fetch.cache import ResponseCache
from llm_stats.transform.migrate import SCHEMA_VERSION
from llm_stats.warehouse.duckdb_file import DuckDBWarehouse


def publish(database: str) -> None:
    warehouse = DuckDBWarehouse(pathlib.Path(database))
    with (
        warehouse.lock(),
        ResponseCache(warehouse.cache, dt.timedelta(1)),
        warehouse.working_copy() as copy,
    ):
        copy.close()
        with duckdb.connect(copy.path) as connection:
            connection.execute("create schema if not exists history")
            connection.execute(
                f"create or replace table history.schema_version as select {SCHEMA_VERSION} "
                "as version"
            )
        warehouse.publish(copy)


def run_commands(database: str) -> None:
    for arguments in (["run", "x"], ["show"], ["rollback"], ["snapshots"]):
        sys.argv = ["llm-stats", *arguments, "--database", database]
        with contextlib.suppress(SystemExit):
            cli.main()


def act(name: str, user: str, umask: str) -> None:
    action = {"publish": publish, "run_commands": run_commands}[name]
    with contextlib.redirect_stderr(None):
        action(own)
    os.umask(int(umask, 8))
    os.setgroups([])
    os.setgid(int(user))
    os.setuid(int(user))
    os.chdir("/")
    action(shared)


own, shared, *steps = sys.argv[1:]
for step in steps:
    if not os.fork():
        act(*step.split(","))
        sys.exit()
    _, status = os.wait()
    assert status == 0, step
