"""Retention of snapshots: the newest, the last of each day, and those that a rollback replaced."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

import duckdb
import pytest
from llm_stats.errors import NothingFetched, UsageError
from llm_stats.pipeline.run import execute
from llm_stats.sample import SampleApi, today
from llm_stats.settings import Settings
from llm_stats.warehouse.snapshot import new_id
from llm_stats.warehouse.snapshots import Snapshots
from support.command import Command
from support.queries import query_rows
from support.tiny_warehouse import make

DAY_ONE = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)


Publish = Callable[[Iterable[float]], None]


@pytest.fixture
def publish(snapshots: Snapshots, tmp_path: Path) -> Publish:
    """Return a function that publishes one snapshot for each day: `publish([1, 1.5, 2])`."""
    file = make(tmp_path / "template.duckdb", 1)

    def publish_on(days: Iterable[float]) -> None:
        for day in days:
            copy = shutil.copyfile(file, tmp_path / "copy.duckdb")
            snapshots.publish(copy, new_id(DAY_ONE + dt.timedelta(days=day - 1)))

    return publish_on


def kept(snapshots: Snapshots) -> list[float]:
    """Return the day of each snapshot."""
    return [
        (snapshot.created_at - DAY_ONE).total_seconds() / 86400 + 1 for snapshot in snapshots.all()
    ]


def test_newest_three_and_the_last_of_seven_days_are_kept(
    snapshots: Snapshots, publish: Publish
) -> None:
    publish([1, 2, 4, 5, 6, 7, 8, 9, 9.1, 9.2, 9.3])
    assert kept(snapshots) == [2, 4, 5, 6, 7, 8, 9.1, 9.2, 9.3]
    publish([10, 11])
    assert kept(snapshots) == [5, 6, 7, 8, 9.3, 10, 11]


def test_default_rollback_goes_back_one_day_after_another(
    snapshots: Snapshots, publish: Publish
) -> None:
    publish([1, 1.1, 1.2, 1.3, 2, 3, 4, 5])
    assert kept(snapshots) == [1.3, 2, 3, 4, 5]
    for _ in range(4):
        live = snapshots.rollback()
    assert live.created_at == DAY_ONE + dt.timedelta(days=0.3), "ancestors in between are deleted"


def test_rolled_back_snapshot_is_kept_for_thirty_days_of_newer_snapshots(
    snapshots: Snapshots, publish: Publish
) -> None:
    publish([1, 2, 3])
    snapshots.rollback()
    publish(day for whole in range(4, 34) for day in (whole, whole + 0.1))
    assert kept(snapshots)[0] == 3
    publish([34])
    assert kept(snapshots)[0] > 3


def test_snapshots_of_a_fast_clock_displace_no_others(
    snapshots: Snapshots, publish: Publish
) -> None:
    publish(range(1, 10))
    publish([3650, 3651, 3652])
    assert kept(snapshots) == [6, 7, 8, 9, 3650, 3651, 3652]
    for _ in range(3):
        live = snapshots.rollback()
    assert live.created_at == DAY_ONE + dt.timedelta(days=8)
    publish(range(10, 40))
    assert kept(snapshots)[-3:] == [3650, 3651, 3652]
    assert kept(snapshots)[:-3] == list(range(33, 40))
    publish([40])
    assert kept(snapshots) == list(range(34, 41)), "they expire too"


def test_restored_backup_displaces_no_other_line(
    snapshots: Snapshots, publish: Publish, tmp_path: Path
) -> None:
    publish(range(1, 60))
    line = kept(snapshots)
    (tmp_path / "w.duckdb").unlink()
    make(tmp_path / "w.duckdb", 2)
    publish([60])
    assert set(line) < set(kept(snapshots))
    snapshots.rollback(new_id(DAY_ONE + dt.timedelta(days=58)))
    publish([61])
    assert {60, 61} < set(kept(snapshots))


@pytest.mark.slow
@pytest.mark.usefixtures("unchecked")
def test_way_out_of_a_fast_clock_loses_only_the_runs_made_under_it(
    llm_stats: Command, api: SampleApi, one_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run with the fast clock requested a model, but loaded none."""
    settings = Settings.read(
        base_url=api.base_url, model_ids=["murmur-1"], database=one_model, keep_snapshots=1
    )
    good = one_model.readlink()
    fast = dt.datetime.now(dt.UTC) + dt.timedelta(days=3650)
    (record,) = (entry for entry in today() if entry["id"] == "murmur-1")
    api.publish([record | {"providers": "none"}])
    with monkeypatch.context() as patched:
        patched.setattr("llm_stats.warehouse.duckdb_file.new_id", lambda: new_id(fast))
        with pytest.raises(NothingFetched):
            execute(settings, clock=lambda: fast)
    api.publish(today())
    with pytest.raises(UsageError) as error:
        execute(settings)
    command = f"rollback --to {good.parent.name}"
    assert str(error.value).endswith(f"; fix the clock, or run `llm-stats {command}`")
    assert llm_stats(*command.split()).code == 0
    assert execute(settings).exit_code == 0
    assert query_rows(one_model, "select count(*) from raw.fetches") == [(2,)]


@pytest.mark.slow
@pytest.mark.usefixtures("unchecked")
def test_clock_that_was_fast_since_the_first_run_is_corrected_in_a_copy(
    api: SampleApi, workdir: Path, one_model: Path
) -> None:
    """Execute the statements in docs/destinations.md."""
    database, copy = workdir / "fast.duckdb", workdir / "fixed.duckdb"
    settings = Settings.read(base_url=api.base_url, model_ids=["murmur-1"], database=database)
    shutil.copyfile(one_model, database)
    with duckdb.connect(database) as connection:
        times = """
            select schema_name || '.' || table_name, column_name
            from duckdb_columns() inner join duckdb_tables() using (schema_name, table_name)
            where data_type = 'TIMESTAMP'
        """
        for table, column in connection.execute(times).fetchall():
            connection.execute(f"update {table} set {column} = {column} + interval '3650 days'")
    with pytest.raises(UsageError, match='"Wrong clock"'):
        execute(settings)

    text = (Path(__file__).parents[2] / "docs/destinations.md").read_text("utf-8")
    statements = text[text.index("begin;") : text.index("commit;") + len("commit;")]
    first_wrong = dt.datetime.now(dt.UTC) + dt.timedelta(days=3600)
    statements = statements.replace("2036-11-25", f"{first_wrong:%F}")
    shutil.copyfile(database, copy)
    with duckdb.connect(copy) as connection:
        connection.execute(statements.replace("3650 days", "3660 days"))
    copy.replace(database)

    assert execute(settings).exit_code == 0
    assert query_rows(database, "select count(*) from raw.fetches") == [(2,)]
