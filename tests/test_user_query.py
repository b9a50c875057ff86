"""Check of user queries.

A single statement that only reads is accepted. All other texts are rejected and not executed.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from llm_stats.errors import UsageError
from llm_stats.warehouse.duckdb_reader import DuckDBReader
from support.user_queries import DATABASE, READS, REJECTED


def test_every_kind_of_query_is_accepted(demo: Path) -> None:
    with DuckDBReader(demo) as reader:
        for query in READS:
            assert reader.execute_user_query(query).rows, query


def test_other_statements_are_rejected_and_write_no_files(demo: Path, tmp_path: Path) -> None:
    database = Path(shutil.copyfile(demo, tmp_path / "w.duckdb"))
    before = database.read_bytes()
    with DuckDBReader(database) as reader:
        for query in REJECTED:
            with pytest.raises(UsageError):
                reader.execute_user_query(query.replace(DATABASE, str(database)))
            assert list(tmp_path.iterdir()) == [database], query
    assert list(tmp_path.iterdir()) == [database]
    assert database.read_bytes() == before


def test_rejection_is_one_line(demo: Path) -> None:
    with DuckDBReader(demo) as reader, pytest.raises(UsageError) as raised:
        reader.execute_user_query("copy (select 1) to 'x.csv'")
    assert str(raised.value).startswith(
        "the query was not run: only one statement that reads is allowed; begin it with select, "
    )
    assert "\n" not in str(raised.value)
