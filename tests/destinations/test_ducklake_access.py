"""The class `DuckLake` on DuckDB, without an attached lake: access, user queries, catalogs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest
from llm_stats.connection import DuckDBConnection, OutOfMemory
from llm_stats.destinations.ducklake import DuckLake
from llm_stats.errors import UsageError


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


@pytest.fixture
def configure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return a function that configures a lake: by default, a SQLite catalog and a local folder."""
    monkeypatch.setattr("duckdb.__version__", "1.5.5")

    def configure(catalog: str | None = None, storage: str | None = None) -> None:
        variables = "DESTINATION__DUCKLAKE__CREDENTIALS__"
        catalog = catalog or f"sqlite:///{tmp_path}/catalog.sqlite"
        monkeypatch.setenv(f"{variables}CATALOG", catalog)
        monkeypatch.setenv(f"{variables}STORAGE__BUCKET_URL", storage or str(tmp_path))
        if storage:
            for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
                monkeypatch.setenv(f"{variables}STORAGE__CREDENTIALS__{name}", "word")

    return configure


@pytest.mark.parametrize(
    ("read_only", "storage", "has_access"),
    [(True, None, False), (False, None, True), (True, "s3://bucket/lake", True)],
    ids=["reader of a folder", "writer of a folder", "reader of a bucket"],
)
def test_only_readers_of_a_folder_are_restricted(
    tmp_path: Path,
    configure: Callable[..., None],
    read_only: bool,
    storage: str | None,
    has_access: bool,
) -> None:
    configure(storage=storage)
    (tmp_path / "inside.txt").write_text("text")
    with connected(DuckLake(), read_only=read_only) as client:
        execute = client.native_connection.execute
        query = "select current_setting('enable_external_access')"
        assert execute(query).fetchall() == [(has_access,)]
        inside = f"select content from read_text('{tmp_path}/inside.txt')"
        assert execute(inside).fetchall() == [("text",)]
        attach = "attach 'ducklake:lake' (data_path 'lake', READ_ONLY)" if read_only else ""
        assert client._attach_statement == attach


def test_query_of_a_user_is_restricted_and_shows_no_password(
    configure: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Connection(DuckDBConnection):
        execute_native = DuckDBConnection.execute

    configure(catalog="postgresql://batch:password@h/x")
    lake = DuckLake()
    with duckdb.connect() as native:
        connection: Any = Connection(native)
        query = "select 'postgres://batch:password@h/x' as url, 'password' as word, 1 as n"
        table = lake.execute_user_query(connection, query)
        assert table.rows == [("postgres://batch:***@h/x", "password", 1)]
        assert not table.multiline
        assert lake.execute_user_query(connection, "explain select 1").multiline
        locked = "select current_setting('lock_configuration')"
        assert native.execute(locked).fetchall() == [(True,)]
        with pytest.raises(UsageError, match="only one statement that reads"):
            lake.execute_user_query(connection, "drop table t")
        monkeypatch.setattr("llm_stats.destinations.ducklake.MAX_RESULT_BYTES", 10)
        with pytest.raises(OutOfMemory):
            lake.execute_user_query(connection, "select repeat('x', 99)")


def test_comments_that_a_ducklake_stores(configure: Callable[..., None]) -> None:
    configure()
    lake = DuckLake()
    assert lake.supports_macros
    stored = ("comment on table raw.models is ''", "comment on column raw.models.id is ''")
    skipped = (
        "comment on macro marts.f is ''",
        "comment on column staging.models.id is ''",
        "comment on column marts.models.id is ''",
    )
    assert [lake.supports_comment(statement) for statement in stored] == [True] * 2
    assert [lake.supports_comment(statement) for statement in skipped] == [False] * 3


def test_catalog_in_sqlite_has_no_lock(configure: Callable[..., None]) -> None:
    configure()
    with DuckLake().run_lock() as lock:
        assert lock is None


def test_catalog_or_version_that_cannot_be_used(
    configure: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(catalog=f"duckdb:///{tmp_path}/catalog.duckdb")
    with pytest.raises(UsageError, match="a catalog in a DuckDB file can be open only once"):
        DuckLake()
    configure()
    for version in ("2.0.0", "2"):
        monkeypatch.setattr("duckdb.__version__", version)
        with pytest.raises(UsageError, match=r"only with DuckDB 1\.5"):
            DuckLake()
