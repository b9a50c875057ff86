"""Reader of a destination, on DuckDB in this process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from llm_stats.connection import QueryError
from llm_stats.destinations.connection import connect
from llm_stats.destinations.reader import DestinationReader, require_own_schemas
from llm_stats.errors import UsageError
from support.duckdb_engine import DuckDBEngine, create
from support.new_warehouse import new_warehouse


class TestReader:
    @pytest.mark.parametrize(
        ("statements", "message"),
        [
            (("create schema incoming", "create table incoming.models (id int)"), None),
            (("create schema incoming", "create table incoming._dlt_loads (id int)"), None),
            (
                ("create schema incoming", "create table incoming.orders (id int)"),
                "incoming.orders",
            ),
            (("create schema raw", "create table raw.models (id int)"), "raw.models"),
            (
                (
                    "create schema history",
                    "create table history.schema_version as select 7 as version",
                    "create table history.mine (id int)",
                ),
                None,
            ),
            (
                (
                    "create schema history",
                    "create table history.schema_version as select 7 as version",
                    "create schema incoming",
                    "create table incoming.mine (id int)",
                ),
                "incoming.mine",
            ),
        ],
    )
    def test_foreign_objects(
        self, engine: DuckDBEngine, statements: tuple[str, ...], message: str | None
    ) -> None:
        with connect(engine) as connection:
            create(connection, *statements)
            if message is None:
                version = 7 if "schema_version" in str(statements) else None
                assert require_own_schemas(connection) == version
                return
            text = f"contains an object that does not belong to llm-stats, {message}; give"
            with pytest.raises(UsageError, match=text):
                require_own_schemas(connection)

    def test_unreadable_catalog_is_an_error(
        self, engine: DuckDBEngine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*_: object) -> None:
            raise QueryError("the connection was lost")

        monkeypatch.setattr(engine, "relations", fail)
        with (
            pytest.raises(UsageError, match="cannot be read: the connection was lost"),
            connect(engine) as connection,
        ):
            require_own_schemas(connection)

    @pytest.mark.parametrize(
        ("version", "message"),
        [(None, "no run has been published there yet; start"), (6, "has schema version 6, but")],
    )
    def test_warehouse_that_cannot_be_read(
        self, engine: DuckDBEngine, tmp_path: Path, version: int | None, message: str
    ) -> None:
        if version:
            with connect(engine) as connection:
                create(
                    connection,
                    "create schema history",
                    f"create table history.schema_version as select {version} as version",
                )
        with pytest.raises(UsageError, match=message):
            DestinationReader.open(engine, tmp_path / "w.duckdb")

    def test_open_reader(self, tmp_path: Path) -> None:
        with new_warehouse(tmp_path / "engine.duckdb") as raw:
            raw.connection.execute("create table marts.mine (x int)")
            raw.connection.execute("create schema other")
            raw.connection.execute("create table other.offers (foreign_column int)")
        engine = DuckDBEngine(tmp_path / "engine.duckdb")
        with DestinationReader.open(engine, tmp_path / "w.duckdb") as reader:
            assert engine.opened == [True]
            assert reader.engine_name == engine.location
            assert reader.database == tmp_path / "w.duckdb"
            assert reader.unsupported == ()
            assert reader.execute_user_query("select 1 as x").rows == [(1,)]
            title, columns = reader.describe("offers")
            assert title.startswith("marts.offers: One row per ")
            assert columns.columns == ("column", "type", "meaning")
            assert columns.types == ("VARCHAR",) * 3
            assert columns.rows[0][0] == "model_id"
            assert "foreign_column" not in [name for name, *_ in columns.rows]
            assert reader.describe("mine") == ("marts.mine: ", columns_of("x", "integer"))
            with pytest.raises(UsageError, match="nothing"):
                reader.query("select nothing")
        with connect(engine) as connection:
            create(connection, "create table after_closing (x int)")


def columns_of(name: str, kind: str) -> Any:
    from llm_stats.table import Table

    return Table(("column", "type", "meaning"), ("VARCHAR",) * 3, [(name, kind, None)], True)
