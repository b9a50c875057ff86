"""List of snapshots: sizes, ages, and counts, also for an older schema version."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import duckdb
from llm_stats.queries.snapshots import list_snapshots
from llm_stats.warehouse.snapshot import Snapshot, new_id
from llm_stats.warehouse.snapshots import Snapshots
from support.new_warehouse import new_warehouse
from support.synthetic_catalog import synthetic_catalog


def test_snapshots_are_listed_newest_first_with_their_counts(tmp_path: Path) -> None:
    now = dt.datetime.now(dt.UTC)
    files = []
    for age in (3, 1.5, -2):
        folder = tmp_path / ".w" / "snapshots" / new_id(now - dt.timedelta(hours=age))
        folder.mkdir(parents=True)
        files.append(folder / "w.duckdb")
        with new_warehouse(files[-1]) as raw:
            raw.load(synthetic_catalog(3, providers=2, scores=1), now)
            raw.apply()
        Snapshot(files[-1]).mark_published()
    with duckdb.connect(files[0]) as connection:
        connection.execute("update history.schema_version set version = version - 1")
    with duckdb.connect(files[1]) as connection:
        connection.execute("update history.schema_version set version = version + 1")
    (tmp_path / "w.duckdb").symlink_to(files[1])
    table = list_snapshots(Snapshots(tmp_path / "w.duckdb", tmp_path / ".w", keep=3))
    assert table.columns == (
        "snapshot_id",
        "is_live",
        "age_hours",
        "size_mb",
        "models",
        "offers",
        "scores",
    )
    assert table.types == ("VARCHAR", "BOOLEAN", "DOUBLE", "DOUBLE", *["BIGINT"] * 3)
    ids = [file.parent.name for file in reversed(files)]
    sizes = [round(file.stat().st_size / 1e6, 1) for file in reversed(files)]
    assert [row[0] for row in table.rows] == ids
    assert [row[1] for row in table.rows] == [False, True, False]
    assert [row[2] for row in table.rows] == [None, 1.5, 3.0], "the first is from the future"
    assert [row[3] for row in table.rows] == sizes
    assert [row[4:] for row in table.rows] == [(3, 6, 3), (None, None, None), (3, 6, 3)]
