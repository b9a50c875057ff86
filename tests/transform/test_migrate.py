"""The schema version of a warehouse."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from llm_stats.transform.migrate import SCHEMA_VERSION
from support.command import Command


@pytest.mark.parametrize("layout", ["99", "0", "'two'", "null", None])
def test_a_file_of_another_layout_is_refused_by_every_command(llm_stats: Command, workdir: Path, layout: str | None) -> None:
    with duckdb.connect(workdir / "w.duckdb") as connection:
        connection.execute(
            "create schema history; create table history.schema_version (version " + ("varchar" if layout == "'two'" else "int") + ")"
        )
        if layout:
            connection.execute(f"insert into history.schema_version values ({layout})")
    message = "version of llm-stats (layout" if layout in ("99", "0") else "w.duckdb is no llm-stats warehouse"
    for command in ("show", "changes", "check", "status", "export out", "snapshots", "report", "run x"):
        done = llm_stats(*command.split(), "--database", "w.duckdb")
        assert (done.code, message in done.err) == (2, True), command
    assert [path.name for path in workdir.iterdir()] == ["w.duckdb"]


@pytest.mark.parametrize(("layout", "age"), [(SCHEMA_VERSION + 1, "a newer"), (SCHEMA_VERSION - 1, "an older")])
def test_a_warehouse_of_another_version(run: Command, one_model: Path, layout: int, age: str) -> None:
    one_model.chmod(0o644)
    with duckdb.connect(one_model) as connection:
        connection.execute("update history.schema_version set version = ?", [layout])
    done = run("murmur-1")
    assert done.code == 2
    assert f"was made by {age} version of llm-stats (layout {layout}; this one knows {SCHEMA_VERSION})" in done.err
