"""Connection to PostgreSQL: settings of the session, and the state after a failed statement."""

from __future__ import annotations

from typing import Any

import pytest
from llm_stats.connection import OutOfMemory, QueryError
from llm_stats.destinations.connection import connect
from llm_stats.destinations.postgres import Postgres
from support.postgres_server import execute_sql

pytestmark = pytest.mark.slow


@pytest.mark.usefixtures("postgres")
def test_session_waits_ten_seconds_for_a_lock() -> None:
    with connect(Postgres()) as connection:
        assert connection.execute_native("show lock_timeout").rows == [("10s",)]


@pytest.mark.parametrize(
    ("query", "options", "error"),
    [
        ("select nothing", {}, QueryError),
        ("select repeat('x', 9999)", {"max_bytes": 9}, OutOfMemory),
    ],
    ids=["unknown column", "large result"],
)
def test_after_a_failed_statement_nothing_is_executed_or_committed(
    postgres: str, query: str, options: dict[str, Any], error: type[Exception]
) -> None:
    execute_sql(postgres, "create table numbers (n int)")
    with connect(Postgres()) as connection:
        connection.begin()
        connection.execute("insert into public.numbers values (1)")
        with pytest.raises(error):
            connection.execute_native(query, **options)
        with pytest.raises(QueryError, match="an earlier statement has failed"):
            connection.execute("insert into public.numbers values (2)")
        with pytest.raises(QueryError, match="an earlier statement has failed"):
            connection.commit()
    assert execute_sql(postgres, "select n from numbers") == []
