"""Warehouse of a destination, on DuckDB in this process."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pytest
from llm_stats.connection import QueryError, Relation
from llm_stats.destinations.connection import connect
from llm_stats.destinations.warehouse import DestinationWarehouse, DestinationWorkingCopy
from llm_stats.errors import CheckFailed, LoadFailed, UsageError
from support.duckdb_engine import DuckDBEngine, create


class TestWarehouse:
    def warehouse(self, engine: DuckDBEngine, tmp_path: Path) -> DestinationWarehouse:
        return DestinationWarehouse(engine, tmp_path / "w.duckdb")

    def test_leftovers_of_a_killed_run_are_deleted(
        self, engine: DuckDBEngine, tmp_path: Path
    ) -> None:
        warehouse = self.warehouse(engine, tmp_path)
        with warehouse.lock():
            (tmp_path / ".w" / "work" / "killed").mkdir(parents=True)
        with warehouse.lock():
            assert not (tmp_path / ".w" / "work").exists()
            with warehouse.working_copy() as copy:
                assert (tmp_path / ".w" / "work" / copy.id).is_dir()
                (tmp_path / ".w" / "work" / copy.id).rmdir()  # cannot be deleted again
            assert list((tmp_path / ".w" / "work").iterdir()) == []

    @pytest.mark.parametrize(
        ("error", "has_begun", "expected"),
        [
            (UsageError("a macro is missing"), False, UsageError),
            (UsageError("a macro is missing"), True, LoadFailed),
            (QueryError("no such table"), False, LoadFailed),
            (OSError("disk full"), False, LoadFailed),
        ],
    )
    def test_error_in_the_working_copy(
        self,
        engine: DuckDBEngine,
        tmp_path: Path,
        error: Exception,
        has_begun: bool,
        expected: type[Exception],
    ) -> None:
        def fail(copy: DestinationWorkingCopy) -> None:
            copy.has_begun = has_begun
            raise error

        warehouse = self.warehouse(engine, tmp_path)
        with pytest.raises(expected) as raised, warehouse.lock(), warehouse.working_copy() as copy:
            fail(copy)
        text = str(error)
        if expected is LoadFailed:
            text = f"{engine.location}: {error}; nothing was published"
        assert str(raised.value) == text
        assert list((tmp_path / ".w" / "work").iterdir()) == []

    def test_publishing_without_a_lock_of_the_engine(
        self, engine: DuckDBEngine, tmp_path: Path
    ) -> None:
        warehouse = self.warehouse(engine, tmp_path)
        with warehouse.lock(), warehouse.working_copy() as copy:
            copy.connection.begin()
            create(copy.connection, "create table published (x int)")
            warehouse.publish(copy)
        with connect(engine) as connection:
            assert connection.execute("select count(*) from published").rows == [(0,)]

    def test_error_of_the_commit_is_reported(self, engine: DuckDBEngine, tmp_path: Path) -> None:
        warehouse = self.warehouse(engine, tmp_path)
        with warehouse.lock(), warehouse.working_copy() as copy:
            with pytest.raises(QueryError):
                create(copy.connection, "select nothing")
            message = (
                f"{engine.location}: an earlier statement has failed, while publishing; "
                "`llm-stats status` shows whether the run was published"
            )
            with pytest.raises(LoadFailed, match=re.escape(message)):
                warehouse.publish(copy)

    def test_steps_before_the_first_merge_are_queued(
        self, engine: DuckDBEngine, tmp_path: Path
    ) -> None:
        """The steps take locks that would block readers during the fetch."""
        warehouse = self.warehouse(engine, tmp_path)
        with warehouse.lock(), warehouse.working_copy() as copy:
            assert not copy.migrate()
            copy.create_views()
            assert copy.connection.relations() == []
            copy.load([])
            copy.merge(copy.load([]))
            assert Relation("marts", "offers", "view") in copy.connection.relations()
            copy.update_history(dt.datetime.now(dt.UTC))
            assert copy.open_for_checks().query("select count(*) from marts.offers").rows == [(0,)]
            line = warehouse.quarantine(copy, CheckFailed("reason"))
            assert str(line).endswith(
                f"the loaded data stays in the schema incoming of {engine.location} "
                "until the next run"
            )
        with connect(engine) as connection:
            schemas = {relation.schema for relation in connection.relations()}
            assert schemas == {"incoming"}, "nothing was published"

    def test_error_of_a_load_contains_no_password(
        self, engine: DuckDBEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*_: object) -> None:
            raise RuntimeError("no answer from postgresql://batch:secret@h/x\nstack")

        monkeypatch.setattr("llm_stats.load.source.to_pages", fail)
        warehouse = self.warehouse(engine, tmp_path)
        with (
            warehouse.lock(),
            warehouse.working_copy() as copy,
            pytest.raises(LoadFailed) as raised,
        ):
            copy.load([])
        assert str(raised.value) == (
            "loading failed in step extract: no answer from postgresql://batch:***@h/x; "
            "nothing was published"
        )
