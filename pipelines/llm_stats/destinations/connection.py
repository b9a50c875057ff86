"""SQL destinations of dlt: credentials, engine differences, and a connection that accepts DuckDB's SQL.

Credentials come from dlt's configuration (`DESTINATION__POSTGRES__CREDENTIALS`, `.dlt/secrets.toml`). They are secrets:
messages of dlt and of the drivers are passed on without them.
"""

from __future__ import annotations

import datetime as dt
import decimal
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any, ClassVar
from urllib.parse import quote

from llm_stats.connection import VIEW_SCHEMAS, QueryError, Relation
from llm_stats.errors import UsageError
from llm_stats.load.loader import disable_dlt_side_effects
from llm_stats.load.merge import INCOMING
from llm_stats.table import Table, unique_column_names
from llm_stats.text import sql_literal
from llm_stats.transform.dialect import UnsupportedSql, translate

#: All schemas of a warehouse on another engine.
SCHEMAS = ("raw", "staging", "history", "marts", INCOMING)

_TYPES: dict[type, str] = {
    bool: "BOOLEAN",
    int: "BIGINT",
    float: "DOUBLE",
    decimal.Decimal: "DECIMAL",
    dt.datetime: "TIMESTAMP",
    dt.date: "DATE",
    list: "VARCHAR[]",
}


class Destination(ABC):
    """A database that dlt can load into. Subclasses hold everything in which their engine differs.

    `location` names the database for messages, without secrets: `postgres at host:5432/llm_stats`.
    """

    #: dlt's name of the destination, and sqlglot's name of its SQL.
    name: ClassVar[str]
    dialect: ClassVar[str]
    supports_macros: ClassVar[bool] = False
    #: False if a statement that defines something ends a transaction.
    has_transactional_ddl: ClassVar[bool] = True
    #: The file format that dlt loads with; None for the destination's own preference.
    loader_file_format: ClassVar[Any] = None

    def __init__(self, factory: Any = None) -> None:
        """Read dlt's configuration, unless `factory` is a configured destination. Raises `UsageError` if it is incomplete."""
        disable_dlt_side_effects()
        import dlt
        from dlt.common.configuration.exceptions import (
            ConfigurationException,
            ConfigurationValueError,
        )
        from dlt.common.exceptions import MissingDependencyException

        try:
            self.factory = factory or dlt.destination(self.name)
            client = self._job_client()
            self.credentials: Any = client.config.credentials
            if any(
                "@" in f"{getattr(part, 'host', '')}{getattr(part, 'database', '')}"
                for part in self._credential_parts()
            ):
                raise ConfigurationValueError(
                    "an unencoded @ in the password became part of host or database"
                )
            self.location = f"{self.name} at {client.config.data_location()}"
        except (MissingDependencyException, ImportError):
            raise UsageError(
                f"destination {self.name} needs a driver: pip install 'dlt[{self.name}]'"
            ) from None
        except ConfigurationException:  # its message quotes the credentials
            variable = f"DESTINATION__{self.name.upper()}__CREDENTIALS"
            raise UsageError(
                f"destination {self.name}: its credentials are missing or malformed; set them in {variable}, or in "
                f".dlt/secrets.toml under [destination.{self.name}] (in a URL, an @ of the password is written %40)"
            ) from None

    @contextmanager
    def connect(self, *, read_only: bool = False) -> Iterator[DestinationConnection]:
        """Yield a connection. Raises `UsageError` if the engine cannot be reached or refuses the credentials."""
        with ExitStack() as stack:
            try:
                client = self._job_client().sql_client
                stack.enter_context(self.open_client(client, read_only=read_only))
            except Exception as error:
                raise UsageError(
                    f"{self.location} cannot be opened: {self.sanitize(error)}"
                ) from None
            connection = DestinationConnection(self, client)
            self.configure(connection, client)
            yield connection

    def open_client(self, client: Any, *, read_only: bool) -> AbstractContextManager[Any]:
        """Open dlt's SQL client."""
        return client  # type: ignore[no-any-return]

    def configure(self, connection: DestinationConnection, client: Any) -> None:
        """Prepare a new connection, so that it behaves like DuckDB. Raises `UsageError` if it cannot."""

    @abstractmethod
    def interruptible(self, client: Any) -> AbstractContextManager[None]:
        """Raise `KeyboardInterrupt` on Ctrl-C while the engine works, and cancel the query."""

    @abstractmethod
    def run_lock(self) -> AbstractContextManager[RunLock | None]:
        """Hold the engine's lock for a run; None where the engine has none. Raises `Locked`, naming the holder."""

    def supports_comment(self, statement: str) -> bool:
        """Return whether the engine can store this `comment on …`."""
        return True

    def relations(self, connection: DestinationConnection) -> list[Relation]:
        """Return the tables and views of the warehouse's schemas, whoever made them."""
        query = f"""
            select table_schema, table_name, table_type from information_schema.tables
            where table_catalog = current_database() and table_schema in ({schema_list()})
        """
        return [
            Relation(schema, name, "view" if kind == "VIEW" else "table")
            for schema, name, kind in connection.execute(query).rows
        ]

    def drop_views(self, connection: DestinationConnection, views: Sequence[str]) -> None:
        """Drop views, given as quoted names that may depend on one another."""
        for view in views:
            connection.execute_native(f"drop view {view}")

    def require_privileges(self, connection: DestinationConnection) -> None:
        """Raise `UsageError` if the role may not do what a run does, before a request is sent."""

    def begin_reading(self, connection: DestinationConnection) -> None:
        """Begin the transaction of a reader: one consistent state, read-only."""
        connection.begin()

    def execute_user_query(self, connection: DestinationConnection, query: str) -> Table:
        """Return the rows of a user's query in the engine's own SQL. Raises `QueryError`."""
        return connection.execute_native(query)

    def sanitize(self, error: BaseException) -> str:
        """Return the message of an error in one line, without secrets."""
        while error.args and isinstance(error.args[-1], Exception):  # dlt wraps the driver's error
            error = error.args[-1]
        lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [
            type(error).__name__
        ]
        reason = lines[0].rpartition("The actual reason given is: ")[2]  # after dlt's own text
        message = self.without_passwords(
            "; ".join([reason, *(line for line in lines[1:] if line.startswith("DETAIL:"))])
        )
        return re.sub(r"(://[^:/@\s]*:)[^@]*(?=@)|(password=)\S+", r"\1\2***", message)

    def without_passwords(self, value: object) -> str:
        """Return a text without the passwords of the credentials, plain or URL-encoded."""
        text = str(value)
        for password in (getattr(part, "password", None) for part in self._credential_parts()):
            for written in (str(password), quote(str(password), safe="")) if password else ():
                text = text.replace(written, "***")
        return text

    def _credential_parts(self) -> tuple[Any, Any]:
        """Return the credentials, and those of a lake's catalog."""
        return self.credentials, getattr(self.credentials, "catalog", None)

    def _job_client(self) -> Any:
        import dlt

        return dlt.dataset(
            self.factory, INCOMING, schema=dlt.Schema("llm_stats")
        ).destination_client


class RunLock:
    """A lock that lasts as long as its connection."""

    def __init__(self, connection: DestinationConnection) -> None:
        self._connection = connection

    def is_held(self) -> bool:
        """Return whether the connection still exists, and the lock with it."""
        try:
            self._connection.execute_native("select 1")
        except QueryError:
            return False
        return True


class DestinationConnection:
    """A connection to a destination that accepts DuckDB's SQL.

    After an error it refuses further statements, because dlt has already rolled back: what followed would be committed
    alone.
    """

    def __init__(self, destination: Destination, client: Any) -> None:
        self.destination = destination
        self.dialect = destination.dialect
        self.supports_macros = destination.supports_macros
        self._client = client
        self._transaction = ExitStack()
        self._has_failed = False

    def execute(self, query: str, parameters: Sequence[object] = (), /) -> Table:
        """Execute a statement in DuckDB's SQL; a comment that the engine cannot store is skipped. Raises `QueryError`."""
        if (statement := query.lstrip()).startswith(
            "comment on "
        ) and not self.destination.supports_comment(statement):
            return Table((), (), [])
        try:
            return self.execute_native(
                translate(query, self.dialect, has_parameters=bool(parameters)), parameters
            )
        except UnsupportedSql as error:
            raise QueryError(f"cannot be translated for {self.dialect}: {error}") from None

    def execute_native(self, query: str, parameters: Sequence[object] = ()) -> Table:
        """Execute a statement in the engine's own SQL. Raises `QueryError`."""
        if self._has_failed:
            raise QueryError("an earlier statement has failed")
        try:
            with (
                self.destination.interruptible(self._client),
                self._client.execute_query(query, *parameters) as cursor,
            ):
                names = [column[0] for column in cursor.description or []]
                rows = [tuple(row) for row in cursor.fetchall()] if names else []
        except Exception as error:
            self._has_failed = True
            raise QueryError(self.destination.sanitize(error)) from None
        return Table(
            unique_column_names(names),
            tuple(_type_name(row[at] for row in rows) for at in range(len(names))),
            rows,
        )

    def relations(self) -> list[Relation]:
        return self.destination.relations(self)

    def drop_views(self) -> None:
        """Drop the views of this project's schemas, and nothing that depends on them elsewhere. Raises `QueryError`."""
        views = [
            f'{schema}."{name}"'
            for schema, name, kind in self.relations()
            if kind == "view" and schema in VIEW_SCHEMAS
        ]
        try:
            self.destination.drop_views(self, views)
        except QueryError as error:
            raise QueryError(
                f"the views must be created again, and something prevents it: {error}"
            ) from None

    def drop_incoming(self) -> None:
        """Drop what an earlier run loaded. Raises `QueryError`."""
        try:
            if self._client.has_dataset():
                self._client.drop_dataset()
        except Exception as error:
            raise QueryError(self.destination.sanitize(error)) from None

    def begin(self) -> None:
        """Begin a transaction; without `commit` it is rolled back when the connection closes."""
        self._transaction.enter_context(self._client.begin_transaction())

    def commit(self) -> None:
        """Commit the transaction. Raises `QueryError`."""
        if self._has_failed:
            raise QueryError("an earlier statement has failed")
        try:
            self._transaction.close()
        except Exception as error:
            raise QueryError(self.destination.sanitize(error)) from None


def schema_list() -> str:
    """Return the schemas of a warehouse as SQL literals: `'raw', 'staging', …`."""
    return ", ".join(map(sql_literal, SCHEMAS))


def _type_name(values: Iterable[Any]) -> str:
    """Return DuckDB's name for the type of a column, from its first value: drivers share no type names."""
    first = next((value for value in values if value is not None), None)
    return _TYPES.get(type(first), "VARCHAR")
