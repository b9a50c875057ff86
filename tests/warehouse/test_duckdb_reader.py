"""Readers of a DuckDB file: relations, descriptions, restrictions, materialized marts."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import duckdb
import pytest
from llm_stats.connection import OutOfMemory
from llm_stats.errors import UsageError
from llm_stats.transform.files import in_build_order
from llm_stats.transform.migrate import SCHEMA_VERSION
from llm_stats.warehouse.duckdb_reader import DuckDBReader, MaterializedReader
from support.new_warehouse import new_warehouse
from support.synthetic_catalog import synthetic_catalog

RECORD = synthetic_catalog(12, providers=1, scores=1)[0]
DAYS = [dt.datetime(2026, 11, day, tzinfo=dt.UTC) for day in range(1, 4)]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file with the models a, b and c; load 2 has a new price of b, and c has left."""
    file = tmp_path_factory.mktemp("built") / "w.duckdb"
    with new_warehouse(file) as raw:
        records = [RECORD | {"id": model_id} for model_id in "abc"]
        raw.read_catalog(records, DAYS[0], "1")
        raw.load(records, DAYS[0], "1")
        raw.apply()
        changed = records[1] | {
            "providers": [RECORD["providers"][0] | {"input_price_per_m": 77.0}],
        }
        raw.read_catalog([records[0], changed], DAYS[1], "2")
        raw.load([changed], DAYS[1], "2")
        raw.apply()
    return file


@pytest.fixture
def warehouse(built: Path, tmp_path: Path) -> Path:
    """Return a copy of the file."""
    return Path(shutil.copy(built, tmp_path))


@pytest.fixture
def with_objects_of_a_user(warehouse: Path) -> Path:
    """Return a file to which a user has added objects, some with the names of existing ones."""
    with duckdb.connect(warehouse) as connection:
        for statement in (
            "create schema mine",
            "create table mine.offers (foreign_column int)",
            "create macro mine.prices_as_of(foreign_parameter) as foreign_parameter",
            "create macro marts.plus_one(x) as x + 1",
            "create view marts.plain as select 1 as x",
            "create table raw.notes as select * from (values "
            "('{\"n\": 2}'::json, 1), ('{\"n\": 1}'::json, 2)) as t(document, number)",
        ):
            connection.execute(statement)
    return warehouse


class TestRelations:
    def test_relations_are_those_of_sql_and_of_the_user(self, with_objects_of_a_user: Path) -> None:
        kinds = {"macros": "macro", "functions": "macro", "history": "table"}
        expected = {
            (*file.address.split("."), kinds.get(file.layer, "view")) for file in in_build_order()
        }
        with DuckDBReader(with_objects_of_a_user) as reader:
            relations = reader.relations()
        found = [(item.schema, item.name, item.kind) for item in relations]
        assert expected <= set(found)
        assert found == sorted(set(found))
        comments = {f"{item.schema}.{item.name}": item.comment for item in relations}
        for name in ("marts.plus_one", "marts.plain", "raw.notes"):
            assert comments[name] == ""
        assert comments["marts.offers"].startswith("One row per ")
        assert not [name for name in comments if name.startswith("mine.") or "_dlt_" in name]

    def test_catalog_lists_marts_with_the_first_sentence(self, warehouse: Path) -> None:
        with DuckDBReader(warehouse) as reader:
            listed, relations = reader.catalog(), reader.relations()
        assert listed.columns == ("name", "kind", "meaning")
        assert listed.types == ("VARCHAR",) * 3
        marts = [item for item in relations if item.schema == "marts"]
        assert [row[:2] for row in listed.rows] == [(item.name, item.kind) for item in marts]
        for (_, _, meaning), item in zip(listed.rows, marts, strict=True):
            assert item.comment.startswith(str(meaning))
            assert ". " not in str(meaning)

    def test_description_of_a_view_and_a_macro(self, with_objects_of_a_user: Path) -> None:
        with DuckDBReader(with_objects_of_a_user) as reader:
            title, columns = reader.describe("offers")
            assert title.startswith("marts.offers: One row per ")
            assert columns.columns == ("column", "type", "meaning")
            assert columns.multiline
            assert columns.rows[0][:2] == ("model_id", "varchar")
            query = "select * from marts.offers limit 0"
            assert tuple(name for name, *_ in columns.rows) == reader.query(query).columns
            title, parameters = reader.describe("prices_as_of")
            assert ". For example: `" in title
            assert parameters.columns == ("parameter", "default")
            assert parameters.types == ("VARCHAR",) * 2
            assert "foreign_parameter" not in [name for name, _ in parameters.rows]
            title, parameters = reader.describe("plus_one")
            assert title == "marts.plus_one: "
            assert parameters.rows == [("x", None)]

    def test_rows_without_a_declared_order_are_sorted_by_all_columns_except_json(
        self, with_objects_of_a_user: Path
    ) -> None:
        with DuckDBReader(with_objects_of_a_user) as reader:
            assert [number for _, number in reader.fetch_table("raw.notes").rows] == [1, 2]

    def test_macro_has_no_rows(self, warehouse: Path) -> None:
        message = (
            "marts.prices_as_of takes parameters: `llm-stats show prices_as_of --describe "
            f"--database {warehouse}` lists the parameters; call the macro with `llm-stats sql`"
        )
        with DuckDBReader(warehouse) as reader, pytest.raises(UsageError) as raised:
            reader.fetch_table("prices_as_of")
        assert str(raised.value) == message

    @pytest.mark.parametrize(
        ("name", "hint"),
        [
            ("offer", "did you mean offers?"),
            ("raw.model", "did you mean raw.models or "),
            ("history.listing", "did you mean history.listings"),
            ("listingz", "`llm-stats show --database {}` lists all views"),
            ("qqq", "`llm-stats show --database {}` lists all views"),
        ],
    )
    def test_unknown_name_has_a_hint(self, warehouse: Path, name: str, hint: str) -> None:
        with DuckDBReader(warehouse) as reader, pytest.raises(UsageError) as raised:
            reader.describe(name)
        expected = f"there is no view {name!r}; {hint.format(warehouse)}"
        assert str(raised.value).startswith(expected)

    def test_models_must_be_in_the_warehouse(self, warehouse: Path) -> None:
        with DuckDBReader(warehouse) as reader:
            reader.require_models(["a", "c"])
            with pytest.raises(UsageError, match="there is no model 'aa'; did you mean a"):
                reader.require_models(["a", "aa"])
            with pytest.raises(UsageError, match=r"'q'; `llm-stats show models --d.* lists all m"):
                reader.require_models(["q"])


class TestRestrictions:
    def test_connection_is_read_only_and_reads_no_other_file(self, warehouse: Path) -> None:
        with DuckDBReader(warehouse) as reader:
            query = "select readonly from duckdb_databases() where database_name = 'w'"
            assert reader.query(query).rows == [(True,)]
            assert reader.query("select current_setting('enable_progress_bar')").rows == [(False,)]
            with pytest.raises(UsageError, match="Permission Error"):
                reader.query("from read_text('/etc/hostname')")

    def test_query_of_a_user_is_limited(
        self, warehouse: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with DuckDBReader(warehouse) as reader:
            assert reader.execute_user_query("explain select 1").multiline
            assert not reader.execute_user_query("select 1").multiline
            locked = "select current_setting('lock_configuration')"
            assert reader.query(locked).rows == [(True,)]
            with pytest.raises(UsageError, match="only one statement that reads"):
                reader.execute_user_query("drop table raw.models")
            monkeypatch.setattr("llm_stats.warehouse.duckdb_reader.MAX_RESULT_BYTES", 10)
            with pytest.raises(OutOfMemory):
                reader.execute_user_query("select repeat('x', 99)")

    @pytest.mark.parametrize(
        ("version", "accept_older", "message"),
        [
            (SCHEMA_VERSION - 1, False, "has schema version 6, but this llm-stats reads 7"),
            (SCHEMA_VERSION - 1, True, None),
            (SCHEMA_VERSION + 1, True, "supports at most 7; upgrade llm-stats"),
        ],
    )
    def test_schema_version(
        self, tmp_path: Path, version: int, accept_older: bool, message: str | None
    ) -> None:
        with duckdb.connect(tmp_path / "w.duckdb") as connection:
            connection.execute("create schema history")
            connection.execute(f"create table history.schema_version as select {version} as v")
            connection.execute("alter table history.schema_version rename v to version")
        options = {"accept_older": True} if accept_older else {}
        if message is None:
            DuckDBReader(tmp_path / "w.duckdb", **options).close()
        else:
            with pytest.raises(UsageError, match=message):
                DuckDBReader(tmp_path / "w.duckdb", **options)
        files = [link.resolve() for link in Path("/proc/self/fd").iterdir()]
        assert tmp_path / "w.duckdb" not in files, "the connection is closed"

    def test_name_of_a_folder_that_is_too_long(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match="cannot be read: File name too long"):
            DuckDBReader(tmp_path / ("x" * 300) / "w.duckdb")


class TestMaterialized:
    def test_marts_and_what_they_share_are_tables(self, warehouse: Path) -> None:
        layers = {"marts": set(), "staging": set()}  # type: dict[str, set[str]]
        for file in in_build_order():
            if file.layer in layers:
                layers[file.layer].add(file.address)
        derived = {
            file.address
            for file in in_build_order()
            if file.layer == "staging" and "staging." in file.declared("Reads")
        }
        with DuckDBReader(warehouse).materialized() as reader:
            assert isinstance(reader, MaterializedReader)

            def names(kind: str) -> set[str]:
                query = f"""
                    select schema_name, schema_name || '.' || {kind}_name from duckdb_{kind}s()
                    where database_name = current_database() and not internal
                """
                return {str(name) for schema, name in reader.query(query).rows if schema in layers}

            assert names("table") == layers["marts"] | derived
            assert names("view") == layers["staging"] - derived
            settings = ("enable_external_access", "lock_configuration", "preserve_insertion_order")
            values = [f"current_setting('{name}')" for name in settings]
            query = f"select {', '.join(values)}"
            assert reader.query(query).rows == [(False, True, False)]
            assert reader.query("select count(*) from raw.fetches").rows == [(4,)]
            models = "select model_id from marts.models order by 1"
            assert reader.query(models).rows == [("a",), ("b",), ("c",)]

    def test_only_the_models_of_a_load(self, warehouse: Path) -> None:
        """In load 2, model b has a new price, and model c left the catalog."""
        with MaterializedReader(warehouse, "2") as reader:
            for table, column in {
                "raw.models": "id",
                "raw.catalog_models": "id",
                "raw.models__providers": "model_id",
                "raw.models__scores": "model_id",
                "history.offers": "model_id",
                "history.scores": "model_id",
                "history.listings": "model_id",
                "marts.models": "model_id",
                "marts.offers": "model_id",
            }.items():
                found = reader.query(f"select distinct {column} from {table} order by 1").rows
                assert found == [("b",), ("c",)], table
            assert reader.query("select count(*) from raw.catalog_reads").rows == [(2,)]

    def test_view_that_is_missing_is_an_error(self, warehouse: Path) -> None:
        with duckdb.connect(warehouse) as connection:
            connection.execute("drop view marts.freshness")
        message = "has no marts.freshness: another version built its views; run `llm-stats run"
        with pytest.raises(UsageError, match=message):
            MaterializedReader(warehouse)
