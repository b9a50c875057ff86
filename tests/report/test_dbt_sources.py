"""Sources of a dbt project, as `llm-stats dbt-sources` prints them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import duckdb
import pytest
import yaml
from llm_stats.report.dbt_sources import dbt_sources
from llm_stats.table import Table
from llm_stats.transform.files import files_in
from llm_stats.warehouse.reader import Described, Reader
from support.command import Command

pytestmark = pytest.mark.slow


def source_in(text: str) -> dict[str, Any]:
    """Return the only source in the YAML."""
    (source,) = yaml.load(text, Loader=yaml.CSafeLoader)["sources"]
    return dict(source)


def test_every_mart_is_a_table_with_its_columns(on_demo: Command, demo: Path) -> None:
    done = on_demo("dbt-sources")
    assert done.code == 0
    source = source_in(done.out)
    with duckdb.connect(demo, read_only=True) as connection:
        columns = connection.execute(
            """
            select table_name, list((column_name, lower(data_type), comment) order by column_index)
            from duckdb_columns() where schema_name = 'marts' group by all order by all
            """
        ).fetchall()
    assert (source["database"], source["schema"]) == ("llm_stats", "marts")
    assert [
        (
            table["name"],
            [(c["name"], c["data_type"], c["description"]) for c in table["columns"]],
        )
        for table in source["tables"]
    ] == columns
    assert all(table["description"] for table in source["tables"])
    assert done.out.startswith("version: 2\nsources:\n- name: llm_stats\n  database: llm_stats\n")


@pytest.mark.parametrize("options", [(), ("--dbt-utils",)], ids=["plain", "dbt_utils"])
def test_tests_cover_the_key_of_every_table(on_demo: Command, options: tuple[str, ...]) -> None:
    tables = {t["name"]: t for t in source_in(on_demo("dbt-sources", *options).out)["tables"]}
    for file in files_in("marts"):
        table = tables[file.path.stem]
        tests = {c["name"]: c.get("data_tests", []) for c in table["columns"]}
        unique = ["unique"] if len(file.key) == 1 else []
        expected = {name: ["not_null", *unique] if name in file.key else [] for name in tests}
        assert tests == expected, file.address
        combinations = [
            test["dbt_utils.unique_combination_of_columns"]["arguments"]["combination_of_columns"]
            for test in table.get("data_tests", [])
        ]
        has_combination = bool(options) and len(file.key) > 1
        assert combinations == ([list(file.key)] if has_combination else []), file.address


def test_freshness_is_that_of_the_newest_load(on_demo: Command, demo: Path) -> None:
    tables = source_in(on_demo("dbt-sources").out)["tables"]
    fields = {t["name"]: t["config"]["loaded_at_field"] for t in tables if "config" in t}
    assert fields.keys() == {"freshness"}
    with duckdb.connect(demo, read_only=True) as connection:
        loaded_at = connection.execute(
            f"select max({fields['freshness']}) from marts.freshness"
        ).fetchone()
        expected = connection.execute(
            "select max(greatest(read_at, fetched_at)) from raw.catalog_reads, raw.models"
        ).fetchone()
    assert loaded_at == expected


def test_template_in_a_comment_is_escaped(
    llm_stats: Command, one_model: Path, workdir: Path
) -> None:
    """dbt executes templates in descriptions, and the database may be untrusted."""
    foreign = workdir / "foreign.duckdb"
    foreign.write_bytes(one_model.read_bytes())
    with duckdb.connect(foreign) as connection:
        connection.execute("comment on view marts.models is '{{ env_var(''KEY'') }} {% do %} {a}'")
    done = llm_stats("dbt-sources", "--database", foreign)
    (models,) = [t for t in source_in(done.out)["tables"] if t["name"] == "models"]
    assert models["description"] == "{ { env_var('KEY') }} { % do %} {a}"


class OtherEngine:
    """A reader of a warehouse on another engine, with a user's view and a macro."""

    engine_name = "postgres at h"

    def relations(self) -> list[Described]:
        return [
            Described("marts", "mine", "view", "Größe: {# #}"),
            Described("marts", "macro", "macro", ""),
            Described("staging", "models", "view", ""),
        ]

    def describe(self, name: str) -> tuple[str, Table]:
        assert name == "marts.mine"
        columns, types = ("column", "type", "meaning"), ("VARCHAR",) * 3
        return "", Table(columns, types, [("a", "VARCHAR", None), ("b", "BIGINT", "{{ b }}")])


def test_source_on_another_engine_has_no_database() -> None:
    text = dbt_sources(cast(Reader, OtherEngine()), has_dbt_utils=True)
    assert "Größe" in text
    source = source_in(text)
    del source["description"]
    assert source == {
        "name": "llm_stats",
        "schema": "marts",
        "tables": [
            {
                "name": "mine",
                "description": "Größe: { # #}",
                "columns": [
                    {"name": "a", "data_type": "varchar", "description": ""},
                    {"name": "b", "data_type": "bigint", "description": "{ { b }}"},
                ],
            }
        ],
    }


def test_missing_database_is_an_error(llm_stats: Command) -> None:
    done = llm_stats("dbt-sources")
    assert "does not exist; create it with" in done.err
    assert done.code == 2
