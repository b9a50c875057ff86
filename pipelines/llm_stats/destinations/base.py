"""Base class of the SQL destinations of dlt: credentials, and the differences between engines.

Credentials come from dlt's configuration (`DESTINATION__POSTGRES__CREDENTIALS`,
`.dlt/secrets.toml`). They are secrets: passwords are masked in messages of dlt and of the drivers.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, ClassVar, Protocol
from urllib.parse import quote

from llm_stats.connection import Connection, QueryError, Relation
from llm_stats.errors import UsageError
from llm_stats.load.merge import INCOMING
from llm_stats.table import Table
from llm_stats.text import sql_literal

#: All schemas of a warehouse on an engine other than DuckDB.
SCHEMAS = ("raw", "staging", "history", "marts", INCOMING)

#: Shorter passwords are masked only as whole words. A mask inside a word would reveal the
#: password.
_MIN_UNIQUE_LENGTH = 8


class EngineConnection(Connection, Protocol):
    """A connection that also accepts the engine's own SQL."""

    def execute_native(
        self, query: str, parameters: Sequence[object] = (), *, max_bytes: int | None = None
    ) -> Table:
        """Execute a statement in the engine's own SQL.

        Raises `QueryError` if the statement fails, `OutOfMemory` if the rows take more than
        `max_bytes`.
        """
        ...

    def begin(self) -> None:
        """Begin a transaction."""


class RunLock:
    """A lock that a connection holds. Closing the connection releases the lock."""

    def __init__(self, connection: EngineConnection) -> None:
        self._connection = connection

    def is_held(self) -> bool:
        """Return whether the connection is open and therefore holds the lock."""
        try:
            self._connection.execute_native("select 1")
        except QueryError:
            return False
        return True


class Destination(ABC):
    """A database that dlt can load into. Each engine is one subclass.

    `location` names the database in messages, without secrets: for example,
    `postgres at host:5432/llm_stats`.
    """

    #: dlt's name of the destination.
    name: ClassVar[str]
    #: sqlglot's name of the engine's SQL dialect.
    dialect: ClassVar[str]
    supports_macros: ClassVar[bool] = False
    #: File format that dlt loads with; None selects the destination's default.
    loader_file_format: ClassVar[Any] = None

    def __init__(self, factory: Any = None) -> None:
        """Read the credentials from the dlt destination `factory`, or from dlt's configuration.

        Raises `UsageError` if the configuration is incomplete.
        """
        import dlt
        from dlt.common.configuration.exceptions import (
            ConfigurationException,
            ConfigurationValueError,
        )
        from dlt.common.exceptions import MissingDependencyException

        from llm_stats.load import dlt_config

        try:
            with dlt_config.quiet():
                configured = _job_client(factory or dlt.destination(self.name))
            self.credentials: Any = configured.config.credentials
            self.factory = dlt.destination(self.name, credentials=self.credentials)
            client = self.job_client()
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
                f"destination {self.name}: its credentials are missing or malformed; "
                f"set them in {variable}, or in .dlt/secrets.toml under "
                f"[destination.{self.name}] (in a URL, encode an @ in the password as %40)"
            ) from None

    def job_client(self) -> Any:
        """Return dlt's client for the schema `incoming`."""
        from llm_stats.load import dlt_config

        with dlt_config.isolated():
            return _job_client(self.factory)

    def open_client(self, client: Any, *, read_only: bool) -> AbstractContextManager[Any]:
        """Return a context manager that opens dlt's SQL client; readers pass `read_only=True`."""
        return client  # type: ignore[no-any-return]

    def configure(self, connection: EngineConnection, client: Any) -> None:
        """Configure a new connection to behave like DuckDB.

        Raises `UsageError` if a setting of the role or database prevents this.
        """

    @abstractmethod
    def interruptible(self, client: Any) -> AbstractContextManager[None]:
        """Return a context manager for the block that runs a query.

        On Ctrl-C, the running query is canceled and `KeyboardInterrupt` is raised.
        """

    @abstractmethod
    def run_lock(self) -> AbstractContextManager[RunLock | None]:
        """Return a context manager that holds the engine's lock for a run.

        The context manager yields the lock, or None if the engine has no lock. Raises `Locked` if
        another run holds the lock.
        """

    def supports_comment(self, statement: str) -> bool:
        """Return whether the engine can store the comment of this `comment on …` statement."""
        return True

    def relations(self, connection: EngineConnection) -> list[Relation]:
        """Return the tables and views in `SCHEMAS`, including those that other users created."""
        query = f"""
            select table_schema, table_name, table_type from information_schema.tables
            where table_catalog = current_database() and table_schema in ({schema_list()})
        """
        return [
            Relation(schema, name, "view" if kind == "VIEW" else "table")
            for schema, name, kind in connection.execute(query).rows
        ]

    def drop_views(self, connection: EngineConnection, views: Sequence[str]) -> None:
        """Drop views, given as quoted names; they may depend on each other."""
        for view in views:
            connection.execute_native(f"drop view {view}")

    def require_privileges(self, connection: EngineConnection) -> None:
        """Raise `UsageError` if the database role lacks privileges for a run."""

    def begin_reading(self, connection: EngineConnection) -> None:
        """Begin a read-only transaction that sees one consistent state."""
        connection.begin()

    @abstractmethod
    def execute_user_query(self, connection: EngineConnection, query: str) -> Table:
        """Return the rows of a user's query in the engine's own SQL.

        Raises `UsageError` unless the query is a single read-only statement, and `QueryError` if
        the query fails.
        """

    def sanitize(self, error: BaseException) -> str:
        """Return the message of an error in one line, without secrets."""
        error = root_cause(error)
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        first = lines[0] if lines else type(error).__name__
        cause = first.rpartition("The actual reason given is: ")[2]  # follows dlt's own text
        details = [line for line in lines[1:] if line.startswith("DETAIL:")]
        message = self.mask_passwords("; ".join([cause, *details]))
        return re.sub(r"(://[^:/@\s]*:)[^@]*(?=@)|(password=)\S+", r"\1\2***", message)

    def mask_passwords(self, value: object) -> str:
        """Return a string with all passwords of the credentials masked, also URL-encoded ones.

        A password of less than 8 characters is masked only as a whole word.
        """
        text = str(value)
        for password in (getattr(part, "password", None) for part in self._credential_parts()):
            for spelling in (str(password), quote(str(password), safe="")) if password else ():
                pattern = re.escape(spelling)
                if len(spelling) < _MIN_UNIQUE_LENGTH:
                    pattern = rf"(?<!\w){pattern}(?!\w)"
                text = re.sub(pattern, "***", text)
        return text

    def _credential_parts(self) -> tuple[Any, Any]:
        """Return the credentials of the destination, and those of its DuckLake catalog, if any."""
        return self.credentials, getattr(self.credentials, "catalog", None)


def _job_client(factory: Any) -> Any:
    import dlt

    dataset = dlt.dataset(factory, INCOMING, schema=dlt.Schema("llm_stats"))
    return dataset.destination_client


def root_cause(error: BaseException) -> BaseException:
    """Return the driver's error that a dlt exception wraps."""
    while error.args and isinstance(error.args[-1], Exception):
        error = error.args[-1]
    return error


def schema_list() -> str:
    """Return the schemas of a warehouse as SQL literals: `'raw', 'staging', …`."""
    return ", ".join(map(sql_literal, SCHEMAS))
