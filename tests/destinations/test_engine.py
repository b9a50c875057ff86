"""Code of all destinations, on DuckDB in this process: connection, reader, warehouse, messages."""

from __future__ import annotations

import datetime as dt
import decimal
import re
import sys
from pathlib import Path
from typing import Any

import dlt
import pytest
from dlt.common.exceptions import MissingDependencyException
from llm_stats.connection import OutOfMemory, QueryError, Relation
from llm_stats.destinations import open_reader, open_warehouse, require_duckdb_file
from llm_stats.destinations.base import root_cause
from llm_stats.destinations.connection import DestinationConnection, column_types, connect
from llm_stats.destinations.postgres import Postgres
from llm_stats.destinations.reader import DestinationReader, require_own_schemas
from llm_stats.destinations.warehouse import DestinationWarehouse, DestinationWorkingCopy
from llm_stats.errors import CheckFailed, LoadFailed, UsageError
from llm_stats.settings import Settings
from llm_stats.warehouse.duckdb_file import DuckDBWarehouse
from support.duckdb_engine import DuckDBEngine
from support.new_warehouse import new_warehouse


@pytest.fixture
def engine(tmp_path: Path) -> DuckDBEngine:
    return DuckDBEngine(tmp_path / "engine.duckdb")


def create(connection: DestinationConnection, *statements: str) -> None:
    for statement in statements:
        connection.execute_native(statement)


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
        """They take locks that would block readers during the fetch."""
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


class TestMessages:
    @pytest.mark.parametrize(
        ("error", "message"),
        [
            (Exception("\n  first \nsecond\nDETAIL:  why\n"), "first; DETAIL:  why"),
            (ValueError(""), "ValueError"),
            (Exception("dlt says. The actual reason given is: no route"), "no route"),
            (Exception("no host h:5432"), "no host h:5432"),
            (Exception("outer", ValueError("inner", 3)), "('inner', 3)"),
            (Exception("outer", ValueError("inner")), "inner"),
            (Exception(), "Exception"),
            (Exception("to h password=abc"), "to h password=***"),
            (Exception("to postgresql://batch:abc@h/x"), "to postgresql://batch:***@h/x"),
        ],
    )
    def test_error_is_one_line(self, engine: DuckDBEngine, error: Exception, message: str) -> None:
        assert engine.sanitize(error) == message

    @pytest.mark.parametrize(
        ("password", "text", "masked"),
        [
            ("sevench", "xsevench sevench", "xsevench ***"),
            ("eightchr", "xeightchr eightchr", "x*** ***"),
            ("a/b c+d@", "a%2Fb%20c%2Bd%40 a/b c+d@.", "*** ***."),
            ("a.b", "a.b axb", "*** axb"),
        ],
    )
    def test_masked_passwords(
        self, engine: DuckDBEngine, password: str, text: str, masked: str
    ) -> None:
        engine.credentials = type("Credentials", (), {"password": password})
        assert engine.mask_passwords(text) == masked
        catalog = type("Lake", (), {"catalog": engine.credentials, "password": None})
        engine.credentials = catalog
        assert engine.mask_passwords(text) == masked, "the catalog of a DuckLake"
        assert engine.mask_passwords("None") == "None"

    def test_root_cause_is_the_error_of_the_driver(self) -> None:
        driver = ValueError("driver")
        assert root_cause(RuntimeError("dlt", RuntimeError(driver))) is driver
        assert root_cause(driver) is driver
        assert root_cause(empty := ValueError()) is empty

    @pytest.mark.parametrize(
        "error", [ImportError("psycopg2"), MissingDependencyException("postgres", ["psycopg2"])]
    )
    def test_missing_driver(self, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
        def fail(*_: object, **__: object) -> None:
            raise error

        monkeypatch.setattr(dlt, "destination", fail)
        message = r"destination postgres needs a driver: pip install 'dlt\[postgres\]'"
        with pytest.raises(UsageError, match=message):
            Postgres()

    @pytest.mark.parametrize("name", ["postgres", "ducklake"])
    def test_missing_package_of_a_destination(
        self, monkeypatch: pytest.MonkeyPatch, name: str
    ) -> None:
        monkeypatch.setitem(sys.modules, f"llm_stats.destinations.{name}", None)
        message = rf"destination {name} needs a driver: pip install 'dlt\[{name}\]'"
        with pytest.raises(UsageError, match=message):
            open_reader(Settings.read(destination=name))

    def test_duckdb_is_the_only_destination_with_a_file(self, tmp_path: Path) -> None:
        file = Settings.read(destination="duckdb", database=tmp_path / "w.duckdb")
        assert isinstance(open_warehouse(file), DuckDBWarehouse)
        assert require_duckdb_file(file) == tmp_path / "w.duckdb"
        with pytest.raises(UsageError, match=r"w\.duckdb does not exist; create it"):
            open_reader(file)
        message = (
            "the destination is postgres, but this command needs a DuckDB file; "
            "use postgres's own backup, export and time travel"
        )
        with pytest.raises(UsageError, match=message):
            require_duckdb_file(Settings.read(destination="postgres"))
        with pytest.raises(UsageError, match="there is no destination 'mssql'; choose duckdb, po"):
            open_warehouse(Settings.read(destination="mssql"))
