"""A SQL destination of dlt's, spoken to in the dialect of `sql/`.

Which destination, and with which credentials, is dlt's own configuration (`DESTINATION__POSTGRES__CREDENTIALS`, `.dlt/secrets.toml`). The
credentials are secrets: the words of dlt and of the drivers are repeated only without them.
"""

from __future__ import annotations

import datetime as dt
import decimal
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from typing import Any
from urllib.parse import quote

from llm_stats.connection import interruptible
from llm_stats.destinations import ducklake
from llm_stats.errors import LlmStatsError, UsageError
from llm_stats.load.loader import disable_dlt_side_effects
from llm_stats.load.merge import INCOMING
from llm_stats.table import Table, unique_column_names
from llm_stats.transform.dialect import UnsupportedSql, translate

_TYPES: dict[type, str] = {
    bool: "BOOLEAN",
    int: "BIGINT",
    float: "DOUBLE",
    decimal.Decimal: "DECIMAL",
    dt.datetime: "TIMESTAMP",
    dt.date: "DATE",
    list: "VARCHAR[]",
}


class DestinationError(LlmStatsError):
    """What the engine refused, in its own words, without credentials."""


class Destination:
    """A destination, ready to be connected to."""

    def __init__(self, destination: str, factory: Any = None) -> None:
        """Reads dlt's configuration, unless `factory` is a destination of dlt's that has it.

        Raises `UsageError` if there is no such destination, or something is missing for it.
        """
        disable_dlt_side_effects()
        import dlt
        from dlt.common.configuration.exceptions import ConfigurationException, ConfigurationValueError
        from dlt.common.destination.exceptions import DestinationException
        from dlt.common.exceptions import MissingDependencyException
        from dlt.destinations.job_client_impl import SqlJobClientBase

        try:
            self.destination = factory or dlt.destination(destination)
            client = self._client()
            if any("@" in f"{getattr(part, 'host', '')}{getattr(part, 'database', '')}" for part in _parts(client.config.credentials)):
                raise ConfigurationValueError("the end of a password stands in the place of host or database")
        except (MissingDependencyException, ImportError):
            raise UsageError(f"destination {destination} needs a driver: pip install 'dlt[{destination}]'") from None
        except DestinationException:
            there = "there are duckdb, postgres, ducklake, and all others of dlt's by their names"
            raise UsageError(f"there is no destination {destination!r}; {there}") from None
        except ConfigurationException:  # it quotes what it has found
            where = f"DESTINATION__{destination.upper()}__CREDENTIALS, or in .dlt/secrets.toml under [destination.{destination}]"
            says = f"destination {destination}: its credentials are missing or malformed; set them in {where}"
            raise UsageError(f"{says} (in an address, an @ of the password is written %40)") from None
        if not isinstance(client, SqlJobClientBase):
            raise UsageError(f"destination {destination} has no SQL views; take a database, such as postgres")
        self.dialect = client.capabilities.sqlglot_dialect or ""
        self.has_transactional_ddl = client.capabilities.supports_ddl_transactions
        self.credentials: Any = client.config.credentials
        if self.dialect == "postgres":
            from llm_stats.destinations import postgres

            postgres.force_utf8()
        self.is_lake = hasattr(self.credentials, "catalog")
        if self.is_lake:
            ducklake.require_usable(self.credentials)
        try:
            self.name = f"{destination} at {client.config.data_location()}"
        except Exception:  # not every destination has a location that is no secret
            self.name = destination

    def supports_comment(self, comment: str) -> bool:
        """Not every engine keeps comments, and DuckLake none on macros and on the columns of a view."""
        if self.is_lake:
            return not comment.startswith(("comment on macro", "comment on column staging.", "comment on column marts."))
        return self.dialect in ("duckdb", "postgres")

    @contextmanager
    def session(self, *, read_only: bool = False) -> Iterator[DestinationConnection]:
        """A connection; `read_only` makes a lake so. Raises `UsageError` if there is none to be had."""
        with ExitStack() as stack:
            try:
                client = self._client().sql_client
                stack.enter_context(ducklake.read_only(client) if self.is_lake and read_only else client)
            except Exception as error:
                raise UsageError(f"{self.name} cannot be opened: {self.sanitize(error)}") from None
            yield DestinationConnection(self, client)

    def catalog(self) -> Destination | None:
        """The PostgreSQL that a lake has its catalog in, if it is one."""
        catalog = getattr(self.credentials, "catalog", None)
        if catalog is None or not str(catalog.drivername).startswith("postgres"):
            return None
        from dlt.destinations import postgres

        return Destination("postgres", postgres(catalog.to_native_representation()))

    def _client(self) -> Any:
        import dlt

        return dlt.dataset(self.destination, INCOMING, schema=dlt.Schema("llm_stats")).destination_client

    def sanitize(self, error: BaseException) -> str:
        """What an error says, in a line and without what is secret."""
        while error.args and isinstance(error.args[-1], Exception):  # dlt wraps what the driver says
            error = error.args[-1]
        lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
        reason = lines[0].rpartition("The actual reason given is: ")[2]  # behind much of dlt's own
        says = self.without_passwords("; ".join([reason, *(line for line in lines[1:] if line.startswith("DETAIL:"))]))
        return re.sub(r"(://[^:/@\s]*:)[^@]*(?=@)|(password=)\S+", r"\1\2***", says)

    def without_passwords(self, said: object) -> str:
        """Words without the passwords of the credentials, as they are and as they are written in an address."""
        text = str(said)
        for password in (getattr(part, "password", None) for part in _parts(self.credentials)):
            for written in (str(password), quote(str(password), safe="")) if password else ():
                text = text.replace(written, "***")
        return text


class DestinationConnection:
    """A connection that is told everything in DuckDB's dialect.

    After an error it takes nothing more: dlt has undone the transaction by then, and what followed would stand alone.
    """

    def __init__(self, engine: Destination, client: Any) -> None:
        self.engine = engine
        self._client = client
        self._transaction = ExitStack()
        self._has_failed = False
        if engine.dialect == "postgres":
            from llm_stats.destinations import postgres

            postgres.configure(client.native_connection)
            for setting in postgres.settings():
                self.execute_native(setting)

    def execute(self, query: str, parameters: Sequence[object] = (), /) -> Table:
        """The result of a statement, if it has one; none of a comment that the engine cannot keep. Raises `EngineError`."""
        if (comment := query.lstrip()).startswith("comment on ") and not self.engine.supports_comment(comment):
            return Table((), (), [])
        try:
            return self.execute_native(translate(query, self.engine.dialect, has_parameters=bool(parameters)), parameters)
        except UnsupportedSql as error:
            raise DestinationError(f"it cannot be said in the dialect of {self.engine.dialect}: {error}") from None

    def execute_native(self, query: str, parameters: Sequence[object] = ()) -> Table:
        """The same, for a statement in the engine's own dialect."""
        if self._has_failed:
            raise DestinationError("an earlier statement has failed")
        try:
            with self._interruptible(), self._client.execute_query(query, *parameters) as cursor:
                names = [column[0] for column in cursor.description or []]
                rows = [tuple(row) for row in cursor.fetchall()] if names else []
        except Exception as error:
            self._has_failed = True
            raise DestinationError(self.engine.sanitize(error)) from None
        return Table(unique_column_names(names), tuple(_type_of(row[place] for row in rows) for place in range(len(names))), rows)

    def execute_user_query(self, question: str) -> Table:
        """The answer to a question in the engine's own dialect; PostgreSQL takes one statement and no more. Raises `EngineError`."""
        if self.engine.dialect != "postgres":
            return self.execute_native(question)
        from llm_stats.destinations import postgres

        *before, (query, parameters) = postgres.read_only_statements(question)
        for statement, values in before:
            self.execute_native(statement, values)
        return self.execute_native(query, parameters)

    def _interruptible(self) -> AbstractContextManager[None]:
        """Ctrl-C is heard while the engine works."""
        if self.engine.dialect == "postgres":
            from llm_stats.destinations import postgres

            return postgres.interruptible()
        if self.engine.dialect == "duckdb":
            return interruptible(self._client.native_connection)
        return nullcontext()

    def drop_incoming(self) -> None:
        """Forgets what an earlier run brought. Raises `EngineError`."""
        try:
            if self._client.has_dataset():
                self._client.drop_dataset()
        except Exception as error:
            raise DestinationError(self.engine.sanitize(error)) from None

    def begin(self) -> None:
        """Begins a transaction. If it is not committed, it is undone at the end of the session."""
        self._transaction.enter_context(self._client.begin_transaction())

    def commit(self) -> None:
        """Raises `EngineError`."""
        if self._has_failed:
            raise DestinationError("an earlier statement has failed")
        try:
            self._transaction.close()
        except Exception as error:
            raise DestinationError(self.engine.sanitize(error)) from None


def _parts(credentials: Any) -> tuple[Any, Any]:
    """Credentials, and those of a lake's catalog."""
    return credentials, getattr(credentials, "catalog", None)


def _type_of(values: Iterable[Any]) -> str:
    """DuckDB's name for the type of a column, from its first value: drivers have no names in common."""
    first = next((value for value in values if value is not None), None)
    return _TYPES.get(type(first), "VARCHAR")
