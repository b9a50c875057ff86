"""File access of DuckLake connections, tested with a DuckDB connection without a lake."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest
from llm_stats.destinations.ducklake import DuckLake


class OpenedClient:
    """Replacement for dlt's client, because DuckDB 2.0 cannot attach a DuckLake."""

    def __init__(self, lake: DuckLake, connection: duckdb.DuckDBPyConnection) -> None:
        self.credentials = lake.credentials
        self.native_connection = connection
        self.attach_statement = "attach 'ducklake:lake' (data_path 'lake')"
        self._attach_statement = ""

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: object) -> None:
        """Do nothing."""


@contextmanager
def connected(lake: DuckLake, *, read_only: bool) -> Iterator[OpenedClient]:
    with duckdb.connect() as connection:
        client = OpenedClient(lake, connection)
        with lake.open_client(client, read_only=read_only):
            yield client


@pytest.mark.parametrize(
    ("read_only", "storage", "has_access"),
    [(True, None, False), (False, None, True), (True, "s3://bucket/lake", True)],
    ids=["reader of a folder", "writer of a folder", "reader of a bucket"],
)
def test_only_readers_of_a_folder_are_restricted(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    read_only: bool,
    storage: str | None,
    has_access: bool,
) -> None:
    monkeypatch.setattr("duckdb.__version__", "1.5.5")
    variables = "DESTINATION__DUCKLAKE__CREDENTIALS__"
    monkeypatch.setenv(f"{variables}CATALOG", f"sqlite:///{tmp_path}/catalog.sqlite")
    monkeypatch.setenv(f"{variables}STORAGE__BUCKET_URL", storage or str(tmp_path))
    if storage:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.setenv(f"{variables}STORAGE__CREDENTIALS__{name}", "word")
    with connected(DuckLake(), read_only=read_only) as client:
        query = "select current_setting('enable_external_access')"
        assert client.native_connection.execute(query).fetchall() == [(has_access,)]
        assert client._attach_statement.endswith(", READ_ONLY)") == read_only
