"""Connection of a destination, on DuckDB in this process."""

from __future__ import annotations

import datetime as dt
import decimal
import re
from pathlib import Path
from typing import Any

import pytest
from llm_stats.connection import OutOfMemory, QueryError, Relation
from llm_stats.destinations.connection import column_types, connect
from llm_stats.errors import UsageError
from support.duckdb_engine import DuckDBEngine, create


class TestConnection:
    def test_relations_are_those_of_the_schemas_of_a_warehouse(self, engine: DuckDBEngine) -> None:
        with connect(engine) as connection:
            create(
                connection,
                *(f"create schema {name}" for name in ("raw", "staging", "history", "marts")),
                "create table raw.models (id int)",
                "create table history.offers (id int)",
                "create table mine (id int)",
                "create view staging.models as from raw.models",
                "create view marts.models as from staging.models",
                "create view raw.kept as select 1 as x",
                "attach ':memory:' as other",
                "create schema other.raw",
                "create table other.raw.foreign_table (id int)",
            )
            assert set(connection.relations()) == {
                Relation("raw", "models", "table"),
                Relation("raw", "kept", "view"),
                Relation("history", "offers", "table"),
                Relation("staging", "models", "view"),
                Relation("marts", "models", "view"),
            }
            connection.drop_views()
            assert {relation.name for relation in connection.relations()} == {
                "models",
                "kept",
                "offers",
            }

    def test_views_that_cannot_be_dropped_are_an_error_with_advice(
        self, engine: DuckDBEngine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*_: object) -> None:
            raise QueryError("reports.mine depends on them")

        monkeypatch.setattr(engine, "drop_views", fail)
        advice = (
            "the views cannot be replaced: reports.mine depends on them; "
            "drop your own views that depend on them, run again, and recreate your views"
        )
        with connect(engine) as connection, pytest.raises(QueryError, match=re.escape(advice)):
            connection.drop_views()

    def test_comment_that_the_engine_cannot_store_is_skipped(self, engine: DuckDBEngine) -> None:
        with connect(engine) as connection:
            create(connection, "create table t (x int)")
            connection.execute("\n  comment on table t is 'stored'")
            assert connection.execute("comment on column t.x is 'skipped'").rows == []
            comments = "select comment from duckdb_tables() union all select comment from "
            comments += "duckdb_columns() where table_name = 't'"
            assert connection.execute(comments).rows == [("stored",), (None,)]

    def test_statement_that_cannot_be_translated_is_an_error(self, engine: DuckDBEngine) -> None:
        with connect(engine) as connection:
            connection.dialect = "postgres"
            with pytest.raises(QueryError, match="cannot be translated for postgres: Required"):
                connection.execute("select (")

    def test_transaction_is_rolled_back_unless_it_is_committed(self, engine: DuckDBEngine) -> None:
        with connect(engine) as connection:
            create(connection, "create table t (x int)")
            connection.begin()
            connection.execute("insert into t values (1)")
            connection.commit()
        with connect(engine) as connection:
            connection.begin()
            connection.execute("insert into t values (2)")
        with connect(engine) as connection:
            table = connection.execute("select x from t where x < ?", [3])
        assert table.rows == [(1,)]
        assert table.columns == ("x",)
        assert table.types == ("BIGINT",)

    def test_error_of_a_commit_is_a_query_error(self, engine: DuckDBEngine) -> None:
        with connect(engine) as connection:
            create(connection, "create table t (x int primary key)")
            connection.begin()
            connection._client.native_connection.close()
            with pytest.raises(QueryError, match="losed"):
                connection.commit()

    @pytest.mark.parametrize(
        ("query", "options", "error", "message"),
        [
            ("select nothing", {}, QueryError, "nothing"),
            ("select repeat('x', 9999)", {"max_bytes": 9}, OutOfMemory, "its result exceeds 0 MB"),
            (
                "select error('out of memory')",
                {},
                QueryError,
                "Invalid Input Error: out of memory",
            ),
        ],
    )
    def test_nothing_is_executed_after_an_error(
        self,
        engine: DuckDBEngine,
        query: str,
        options: dict[str, Any],
        error: type[Exception],
        message: str,
    ) -> None:
        with connect(engine) as connection:
            with pytest.raises(error, match=message):
                connection.execute_native(query, **options)
            for statement in (lambda: connection.execute("select 1"), connection.commit):
                with pytest.raises(QueryError, match="an earlier statement has failed"):
                    statement()

    def test_lack_of_memory_is_its_own_error(
        self, engine: DuckDBEngine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*_: object) -> None:
            raise MemoryError

        with connect(engine) as connection:
            monkeypatch.setattr("llm_stats.destinations.connection.fetch_rows", fail)
            with pytest.raises(OutOfMemory, match="an allocation failed"):
                connection.execute("select 1")

    def test_data_of_an_earlier_run_is_dropped(self, engine: DuckDBEngine) -> None:
        with connect(engine) as connection:
            connection.drop_incoming()  # nothing is there
            create(connection, "create schema incoming", "create table incoming.models (id int)")
            connection.drop_incoming()
            schemas = "select schema_name from information_schema.schemata"
            assert ("incoming",) not in connection.execute(schemas).rows
            connection._client.native_connection.close()
            with pytest.raises(QueryError, match="losed"):
                connection.drop_incoming()

    def test_connection_is_configured(self, engine: DuckDBEngine) -> None:
        with connect(engine) as connection:
            query = "select current_setting('timezone')"
            assert connection.execute(query).rows == [("Asia/Tokyo",)]
        with connect(engine, read_only=True):
            pass
        assert engine.opened == [False, True]

    def test_engine_that_cannot_be_reached_is_one_line(self, tmp_path: Path) -> None:
        (tmp_path / "folder").mkdir()
        engine = DuckDBEngine(tmp_path / "folder")
        with pytest.raises(UsageError) as raised, connect(engine):
            pass
        assert str(raised.value).startswith(f"{engine.location} cannot be opened: ")
        assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([None, True], "BOOLEAN"),
        ([1], "BIGINT"),
        ([None, None, 1.5], "DOUBLE"),
        ([decimal.Decimal(1)], "DECIMAL"),
        ([dt.datetime(2026, 1, 1)], "TIMESTAMP"),  # noqa: DTZ001
        ([dt.date(2026, 1, 1)], "DATE"),
        ([["a"]], "VARCHAR[]"),
        (["a"], "VARCHAR"),
        ([None], "VARCHAR"),
        ([], "VARCHAR"),
    ],
)
def test_type_of_a_column_is_that_of_the_first_value(values: list[Any], kind: str) -> None:
    assert column_types(1, [(value,) for value in values]) == (kind,)
