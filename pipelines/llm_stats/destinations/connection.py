"""Connection to a destination: accepts DuckDB's SQL, and translates it for the engine."""

from __future__ import annotations

import datetime as dt
import decimal
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from llm_stats.connection import (
    VIEW_SCHEMAS,
    OutOfMemory,
    QueryError,
    Relation,
    fetch_rows,
    out_of_memory,
)
from llm_stats.destinations.base import Destination, root_cause
from llm_stats.errors import UsageError
from llm_stats.table import Table, unique_column_names
from llm_stats.transform.dialect import UnsupportedSql, translate

#: DuckDB's type names by Python type.
_TYPES: dict[type, str] = {
    bool: "BOOLEAN",
    int: "BIGINT",
    float: "DOUBLE",
    decimal.Decimal: "DECIMAL",
    dt.datetime: "TIMESTAMP",
    dt.date: "DATE",
    list: "VARCHAR[]",
}


@contextmanager
def connect(
    destination: Destination, *, read_only: bool = False
) -> Iterator[DestinationConnection]:
    """Yield a connection to a destination; close it at the end of the block.

    Raises `UsageError` if the engine cannot be reached or rejects the credentials.
    """
    with ExitStack() as stack:
        try:
            client = destination.job_client().sql_client
            stack.enter_context(destination.open_client(client, read_only=read_only))
        except Exception as error:
            raise UsageError(
                f"{destination.location} cannot be opened: {destination.sanitize(error)}"
            ) from None
        connection = DestinationConnection(destination, client)
        destination.configure(connection, client)
        yield connection


class DestinationConnection:
    """A connection to a destination that accepts DuckDB's SQL.

    If a statement fails, dlt rolls the transaction back. The connection then rejects further
    statements, because they would be committed without the statements before the error.
    """

    def __init__(self, destination: Destination, client: Any) -> None:
        self.destination = destination
        self.dialect = destination.dialect
        self.supports_macros = destination.supports_macros
        self._client = client
        self._transaction = ExitStack()
        self._has_failed = False

    def execute(self, query: str, parameters: Sequence[object] = (), /) -> Table:
        """Execute a statement in DuckDB's SQL. Raises `QueryError`.

        A `comment on …` statement is skipped if the engine cannot store the comment.
        """
        statement = query.lstrip()
        is_comment = statement.startswith("comment on ")
        if is_comment and not self.destination.supports_comment(statement):
            return Table((), (), [])
        try:
            translation = translate(query, self.dialect, has_parameters=bool(parameters))
        except UnsupportedSql as error:
            raise QueryError(f"cannot be translated for {self.dialect}: {error}") from None
        return self.execute_native(translation, parameters)

    def execute_native(
        self, query: str, parameters: Sequence[object] = (), *, max_bytes: int | None = None
    ) -> Table:
        """Execute a statement in the engine's own SQL.

        Raises `QueryError` if the statement fails, `OutOfMemory` if the rows take more than
        `max_bytes`.
        """
        self._require_no_failure()
        try:
            with (
                self.destination.interruptible(self._client),
                self._client.execute_query(query, *parameters) as cursor,
            ):
                names = [column[0] for column in cursor.description or []]
                rows = fetch_rows(cursor, max_bytes) if names else []
        except OutOfMemory:
            self._has_failed = True
            raise
        except Exception as error:
            self._has_failed = True
            cause = root_cause(error)
            raise out_of_memory(cause) or QueryError(self.destination.sanitize(cause)) from None
        return Table(unique_column_names(names), column_types(len(names), rows), rows)

    def relations(self) -> list[Relation]:
        return self.destination.relations(self)

    def drop_views(self) -> None:
        """Drop the views in this project's schemas.

        Raises `QueryError`, for example if a view in another schema depends on one of these views.
        """
        views = [
            f'{schema}."{name}"'
            for schema, name, kind in self.relations()
            if kind == "view" and schema in VIEW_SCHEMAS
        ]
        try:
            self.destination.drop_views(self, views)
        except QueryError as error:
            raise QueryError(
                f"the views cannot be replaced: {error}; "
                "drop your own views that depend on them, run again, and recreate your views"
            ) from None

    def drop_incoming(self) -> None:
        """Drop the incoming data left by an earlier run. Raises `QueryError`."""
        try:
            if self._client.has_dataset():
                self._client.drop_dataset()
        except Exception as error:
            raise QueryError(self.destination.sanitize(error)) from None

    def begin(self) -> None:
        """Begin a transaction. Closing the connection without `commit` rolls it back."""
        self._transaction.enter_context(self._client.begin_transaction())

    def commit(self) -> None:
        """Commit the transaction. Raises `QueryError`."""
        self._require_no_failure()
        try:
            self._transaction.close()
        except Exception as error:
            raise QueryError(self.destination.sanitize(error)) from None

    def _require_no_failure(self) -> None:
        if self._has_failed:
            raise QueryError("an earlier statement has failed")


def column_types(count: int, rows: Sequence[tuple[Any, ...]]) -> tuple[str, ...]:
    """Return DuckDB's type name for each column of `rows`; `count` is the number of columns."""
    return tuple(_type_name(row[index] for row in rows) for index in range(count))


def _type_name(values: Iterable[Any]) -> str:
    """Return DuckDB's name for the type of a column, given its values.

    The Python type of the first value that is not None determines the name. The driver's own type
    names are not used, because they differ between drivers.
    """
    first = next((value for value in values if value is not None), None)
    return _TYPES.get(type(first), "VARCHAR")
