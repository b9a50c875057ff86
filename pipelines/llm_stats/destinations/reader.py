"""Reader of a warehouse on an engine other than DuckDB."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from llm_stats.connection import QueryError
from llm_stats.destinations.base import Destination
from llm_stats.destinations.connection import DestinationConnection, connect
from llm_stats.errors import UsageError
from llm_stats.load.merge import INCOMING
from llm_stats.schema.tables import TABLES
from llm_stats.table import Table
from llm_stats.transform import apply
from llm_stats.transform.comments import columns_by_relation, comments
from llm_stats.transform.migrate import require_current, schema_version
from llm_stats.warehouse.reader import Described, Reader, as_usage_error


class DestinationReader(Reader):
    """A reader of a warehouse on an engine other than DuckDB, over one connection.

    `query` takes DuckDB's SQL and translates it. `execute_user_query` takes the engine's own SQL.
    """

    def __init__(self, connection: DestinationConnection, database: Path) -> None:
        self.database = database
        self.engine_name = connection.destination.location
        self.unsupported = apply.unsupported(connection)
        self._connection = connection
        self._resources = ExitStack()

    @classmethod
    def open(cls, destination: Destination, database: Path) -> Self:
        """Open the warehouse read-only. The open reader does not see later runs.

        Raises `UsageError` if nothing was published, or if the warehouse cannot be read.
        """
        with ExitStack() as stack:
            connection = stack.enter_context(connect(destination, read_only=True))
            version = require_own_schemas(connection)
            if version is None:
                raise UsageError(
                    f"{destination.location}: no run has been published there yet; "
                    "start one with `llm-stats run`"
                )
            require_current(version, destination.location)
            destination.begin_reading(connection)
            reader = cls(connection, database)
            reader._resources = stack.pop_all()
        return reader

    def close(self) -> None:
        self._resources.close()

    def query(self, query: str, parameters: Sequence[object] = ()) -> Table:
        with as_usage_error():
            return self._connection.execute(query, parameters)

    def execute_user_query(self, query: str) -> Table:
        with as_usage_error():
            return self._connection.destination.execute_user_query(self._connection, query)

    def _list(self) -> list[Described]:
        return [
            Described(schema, name, kind, self._comments.get(f"{schema}.{name}", ""))
            for schema, name, kind in self._connection.relations()
        ]

    def _columns(self, schema: str, relation: str) -> Table:
        columns = self.query(
            """
            select column_name as "column", data_type as "type" from information_schema.columns
            where table_catalog = current_database() and table_schema = ? and table_name = ?
            order by ordinal_position
            """,
            (schema, relation),
        )
        # PostgreSQL calls the type of every list `ARRAY`; all lists of a warehouse contain text
        types = {name: kind.lower().replace("array", "text[]") for name, kind in columns.rows}
        rows = [
            (name, kind, self._comments.get(f"{schema}.{relation}.{name}"))
            for name, kind in types.items()
        ]
        return Table(("column", "type", "meaning"), ("VARCHAR",) * 3, rows)

    @functools.cached_property
    def _comments(self) -> dict[str, str]:
        """The comments, read from `sql/`, because some engines store no comments."""
        return comments(columns_by_relation(self._connection))


def require_own_schemas(connection: DestinationConnection) -> int | None:
    """Return the schema version of the warehouse; None if nothing was published.

    Raises `UsageError` if `incoming` contains an object that no run loads. If nothing was
    published, also raises it for any object in the other schemas of a warehouse.
    """
    location = connection.destination.location
    try:
        relations, version = connection.relations(), schema_version(connection)
    except QueryError as error:
        raise UsageError(f"{location} cannot be read: {error}") from None
    for schema, name, _ in relations:
        is_loaded = schema == INCOMING and (name in TABLES or name.startswith("_dlt_"))
        if not is_loaded and (schema == INCOMING or version is None):
            raise UsageError(
                f"{location} contains an object that does not belong to llm-stats, "
                f"{schema}.{name}; give llm-stats a separate database"
            )
    return version
