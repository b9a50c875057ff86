"""SQL connections: protocol for all engines, DuckDB implementation, transactions, Ctrl-C."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from types import FrameType
from typing import Any, NamedTuple, Protocol

import duckdb

from llm_stats.errors import LlmStatsError
from llm_stats.table import Table, unique_column_names


class QueryError(LlmStatsError):
    """Error for a rejected statement. The message is the engine's, without credentials."""


class OutOfMemory(QueryError):
    """Error for a statement that needs too much memory, or returns too many bytes."""


class Relation(NamedTuple):
    """A table or view: `Relation("marts", "offers", "view")`; `kind` is `table` or `view`."""

    schema: str
    name: str
    kind: str


class Connection(Protocol):
    """A connection that accepts DuckDB's SQL on any engine.

    `dialect` is sqlglot's name for the SQL dialect of the engine. `supports_macros` is True if the
    engine has macros with parameters.
    """

    dialect: str
    supports_macros: bool

    def execute(self, query: str, parameters: Sequence[object] = (), /) -> Table:
        """Execute one statement and return its rows. Raises `QueryError`."""
        ...

    def relations(self) -> list[Relation]:
        """Return the tables and views of this project's schemas. Raises `QueryError`."""
        ...

    def drop_views(self) -> None:
        """Drop the views and macros of this project's schemas. Raises `QueryError`."""
        ...


class DuckDBConnection:
    """Implementation of `Connection` for DuckDB."""

    dialect = "duckdb"
    supports_macros = True

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def execute(
        self, query: str, parameters: Sequence[object] = (), /, *, max_bytes: int | None = None
    ) -> Table:
        """Execute one statement and return its rows.

        Raises `QueryError` if the statement fails, `OutOfMemory` if the rows take more than
        `max_bytes`.
        """
        try:
            self._connection.execute(query, parameters)
            description = self._connection.description or []
            rows = fetch_rows(self._connection, max_bytes) if description else []
        except duckdb.Error as error:
            raise out_of_memory(error) or QueryError(str(error).rstrip()) from error
        except (MemoryError, RuntimeError) as error:
            if failure := out_of_memory(error):
                raise failure from None
            raise
        return Table(
            unique_column_names(column[0] for column in description),
            tuple(str(column[1]) for column in description),
            rows,
        )

    def relations(self) -> list[Relation]:
        query = """
            select schema_name, table_name, 'table' from duckdb_tables()
            where database_name = current_database()
            union all
            select schema_name, view_name, 'view' from duckdb_views()
            where database_name = current_database()
        """
        return [Relation(*row) for row in self.execute(query).rows]

    def drop_views(self) -> None:
        for schema in VIEW_SCHEMAS:
            self.execute(f"drop schema if exists {schema} cascade")


#: Number of rows that are fetched at once if the size of a result is limited.
BATCH_SIZE = 1000

#: Schemas that contain only views and macros.
VIEW_SCHEMAS = ("staging", "marts")


def fetch_rows(cursor: Any, max_bytes: int | None) -> list[tuple[Any, ...]]:
    """Return all rows of a DB-API cursor. Raises `OutOfMemory` if they exceed `max_bytes`."""
    if max_bytes is None:
        return [tuple(row) for row in cursor.fetchall()]
    return collect_rows(iter(lambda: cursor.fetchmany(BATCH_SIZE), []), max_bytes)


def collect_rows(batches: Iterable[Sequence[Any]], max_bytes: int) -> list[tuple[Any, ...]]:
    """Return the rows of all batches. Raises `OutOfMemory` if they exceed `max_bytes`."""
    rows: list[tuple[Any, ...]] = []
    size = 0
    for batch in batches:
        rows += map(tuple, batch)
        size += sum(map(_size, batch))
        if size > max_bytes:
            raise OutOfMemory(
                f"the query failed: its result exceeds {max_bytes // 1_000_000} MB; "
                "select fewer rows or columns"
            )
    return rows


def _size(value: Any) -> int:
    """Return the approximate size of a value in bytes, including the values that it contains."""
    if isinstance(value, list | tuple):
        return 64 + sum(map(_size, value))
    if isinstance(value, dict):
        return 64 + sum(map(_size, value.values()))
    return len(value) if isinstance(value, str | bytes) else 8


def out_of_memory(error: BaseException) -> OutOfMemory | None:
    """Return an `OutOfMemory` error if `error` means that memory ran out; None otherwise.

    `error` may come from DuckDB, Python or PostgreSQL's client.
    """
    message = str(error).splitlines()[0] if str(error) else ""
    if not isinstance(error, MemoryError | duckdb.OutOfMemoryException) and not message.startswith(
        ("Could not allocate", "out of memory")
    ):
        return None
    cause = message.removeprefix("Out of Memory Error: ") or "an allocation failed"
    return OutOfMemory(
        f"the query failed: out of memory ({cause}); select fewer rows, or shorter values"
    )


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Run the block in one transaction: commit at its end, roll back on any exception."""
    connection.begin()
    try:
        yield
    except BaseException:
        connection.rollback()
        raise
    connection.commit()


@contextmanager
def interruptible(connection: duckdb.DuckDBPyConnection | None = None) -> Iterator[None]:
    """Raise `KeyboardInterrupt` on Ctrl-C during a query, instead of DuckDB's `RuntimeError`.

    DuckDB raises `RuntimeError` only after all threads of the query have ended. If `connection` is
    given, Ctrl-C interrupts these threads, because they could run for a long time.
    """
    with _interrupt_on_ctrl_c(connection) if connection is not None else nullcontext():
        try:
            yield
        except RuntimeError as error:
            if "Query interrupted" in str(error):
                raise KeyboardInterrupt from None
            raise


@contextmanager
def _interrupt_on_ctrl_c(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Interrupt all threads of the connection on Ctrl-C.

    Do nothing outside the main thread, because only the main thread receives signals. Also do
    nothing if the program has its own handler for Ctrl-C.
    """

    def handle(number: int, frame: FrameType | None) -> None:
        connection.interrupt()
        signal.default_int_handler(number, frame)

    in_main_thread = threading.current_thread() is threading.main_thread()
    if not in_main_thread or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    signal.signal(signal.SIGINT, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
