"""Sources of a dbt project that reads a warehouse on PostgreSQL."""

from __future__ import annotations

import pytest
import yaml
from llm_stats.transform.files import files_in
from support.command import Command
from support.postgres_server import execute_sql

pytestmark = pytest.mark.slow


def test_sources_are_in_the_database_of_the_connection(warehouse: str, llm_stats: Command) -> None:
    (source,) = yaml.safe_load(llm_stats("dbt-sources").out)["sources"]
    assert "database" not in source
    assert [table["name"] for table in source["tables"]] == [
        file.path.stem for file in files_in("marts")
    ]
    for table in source["tables"]:
        columns = ", ".join(column["name"] for column in table["columns"])
        execute_sql(warehouse, f"select {columns} from {source['schema']}.{table['name']} limit 1")
        assert all(column["description"] for column in table["columns"]), table["name"]
    types = {column["data_type"] for table in source["tables"] for column in table["columns"]}
    assert "array" not in types
    assert "text[]" in types
