"""PostgreSQL as a destination: session settings, advisory lock, privileges, user queries."""

from __future__ import annotations

import os
import select
import socket
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import sqlglot
from psycopg2 import extensions, extras
from sqlglot.errors import SqlglotError

from llm_stats.connection import BATCH_SIZE, Relation, collect_rows
from llm_stats.destinations.base import Destination, EngineConnection, RunLock, schema_list
from llm_stats.destinations.connection import column_types, connect
from llm_stats.errors import Locked, UsageError
from llm_stats.table import Table
from llm_stats.text import sql_literal
from llm_stats.user_query import MAX_RESULT_BYTES

#: Maximum time that a run waits for other sessions' locks on the warehouse's tables and views.
LOCK_TIMEOUT_SECONDS = 10.0

_SETTINGS = (
    # Nested loops are off, because the planner underestimates the row counts of CTEs and therefore
    # picks slow nested loops. JIT is off, because plans without nested loops have high estimated
    # costs, which would trigger JIT.
    "set enable_nestloop = off",
    "set jit = off",
    "set extra_float_digits = 1",  # print all digits; the server or role may have another setting
)

#: Statement that opens the user's query as a cursor. A cursor accepts only one statement.
_OPEN_CURSOR = """
    do $$
        declare user_rows refcursor := 'user_rows';
        begin open user_rows for execute current_setting('llm_stats.user_query'); end
    $$
"""

#: First words of read-only queries. `copy` is excluded, because it can write files or start
#: programs on the server, even in a read-only transaction.
_FIRST_WORDS = ("select", "with", "values", "table", "explain", "show", "(")

#: Key of the advisory lock; all versions must use the same key. Each database has its own lock.
_LOCK_KEY = 5_142_877_309

_LOCK_HOLDER = f"""
    select
        application_name,
        usename,
        to_char(backend_start at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
    from pg_locks inner join pg_stat_activity using (pid)
    where locktype = 'advisory' and granted
        and (classid::bigint << 32) + objid::bigint = {_LOCK_KEY}
        and pg_locks.database = (select oid from pg_database where datname = current_database())
"""


class Postgres(Destination):
    """A PostgreSQL database."""

    name = "postgres"
    dialect = "postgres"
    loader_file_format = "insert_values"  # dlt's CSV loading converts empty strings to null

    def __init__(self, factory: Any = None) -> None:
        super().__init__(factory)
        # the default encoding of the database or of the role may differ from UTF-8
        self.credentials.client_encoding = "UTF8"

    def configure(self, connection: EngineConnection, client: Any) -> None:
        # `set` in the session would be too late: the driver read the parameter when it connected
        parameter = "standard_conforming_strings"
        if client.native_connection.get_parameter_status(parameter) != "on":
            raise UsageError(
                f"PostgreSQL: {parameter} is off for this role or database; "
                "set it to on, which is the default"
            )
        extras.register_default_json(client.native_connection, loads=str)
        for setting in (*_SETTINGS, f"set lock_timeout = '{LOCK_TIMEOUT_SECONDS}s'"):
            connection.execute_native(setting)

    def interruptible(self, client: Any) -> AbstractContextManager[None]:
        return _interruptible()

    @contextmanager
    def run_lock(self) -> Iterator[RunLock]:
        with connect(self) as connection:
            holder = f"process {os.getpid()} on {socket.gethostname()}"
            connection.execute_native(f"set application_name = {sql_literal(holder[:63])}")
            query = f"select pg_try_advisory_lock({_LOCK_KEY})"
            ((is_acquired,),) = connection.execute_native(query).rows
            if not is_acquired:
                holders = [
                    f"{process or 'a process'} as {user}"
                    + (f", since {since}" if since else "")  # null if another role holds the lock
                    for process, user, since in connection.execute_native(_LOCK_HOLDER).rows
                ]
                names = " ".join(holders) or "just started"
                raise Locked(
                    f"{self.location}: another run holds the lock ({names}); "
                    "wait for it, or stop it"
                )
            yield RunLock(connection)

    def relations(self, connection: EngineConnection) -> list[Relation]:
        """Return the tables and views in the warehouse's schemas.

        The query reads `pg_class`, because the information schema hides all materialized views, and
        the tables that the role may not read.
        """
        query = f"""
            select nspname, relname, case relkind when 'v' then 'view' else 'table' end
            from pg_class inner join pg_namespace on pg_namespace.oid = relnamespace
            where relkind in ('r', 'p', 'f', 'm', 'v', 'S') and nspname in ({schema_list()})
        """
        return [Relation(*row) for row in connection.execute_native(query).rows]

    def drop_views(self, connection: EngineConnection, views: Sequence[str]) -> None:
        """Drop all views in one statement, because some depend on others."""
        if views:
            connection.execute_native(f"drop view {', '.join(views)}")

    def require_privileges(self, connection: EngineConnection) -> None:
        query = """
            select
                current_database(),
                current_user,
                has_database_privilege(current_database(), 'create'),
                current_setting('server_encoding')
        """
        ((database, role, may_create, encoding),) = connection.execute_native(query).rows
        if encoding != "UTF8":
            raise UsageError(
                f"{self.location} stores text as {encoding}, which cannot represent every name; "
                "create the database with `encoding 'UTF8' template template0`"
            )
        foreign_schemas = f"""
            select nspname, pg_get_userbyid(nspowner) from pg_namespace
            where nspname in ({schema_list()}) and not pg_has_role(nspowner, 'usage')
            order by nspname
        """
        for schema, owner in connection.execute_native(foreign_schemas).rows:
            raise UsageError(
                f"{self.location}: the schema {schema} belongs to {owner}, "
                f"and {role} has no privileges on it; run as {owner}"
            )
        if not may_create:
            raise UsageError(
                f"{self.location}: permission denied to create schemas; the database owner can "
                f'grant it: grant create on database "{database}" to "{role}"'
            )

    def begin_reading(self, connection: EngineConnection) -> None:
        connection.begin()
        connection.execute_native("set transaction isolation level repeatable read, read only")

    def execute_user_query(self, connection: EngineConnection, query: str) -> Table:
        keyword = _first_keyword(query)
        connection.execute_native("select set_config('llm_stats.user_query', %s, true)", (query,))
        connection.execute_native(_OPEN_CURSOR)
        columns = connection.execute_native("fetch 0 from user_rows").columns
        rows = collect_rows(_fetch_batches(connection), MAX_RESULT_BYTES)
        types = column_types(len(columns), rows)
        return Table(columns, types, rows, multiline=keyword == "explain")


def _fetch_batches(connection: EngineConnection) -> Iterator[Sequence[tuple[Any, ...]]]:
    """Yield the rows of the user's query in batches of 1, 2, 4, … rows.

    The server stores each batch in a file before sending it, and rows can be large. With small
    first batches, a result that is too large is detected early.
    """
    size = 1
    while rows := connection.execute_native(f"fetch {size} from user_rows").rows:
        yield rows
        size = min(2 * size, BATCH_SIZE)


def _first_keyword(query: str) -> str:
    """Return the first word of a query, in lower case.

    Raises `UsageError` unless the query is a single read-only statement.
    """
    try:
        tokens = sqlglot.tokenize(query, read="postgres")
    except SqlglotError as error:
        raise UsageError(str(error).splitlines()[0]) from None
    if not tokens:
        raise UsageError("the query is empty")
    if any(token.token_type.name == "SEMICOLON" for token in tokens[:-1]):
        raise UsageError("expected one SQL statement, got several")
    keyword = tokens[0].text.lower()
    if keyword not in _FIRST_WORDS:
        words = ", ".join(_FIRST_WORDS)
        raise UsageError(
            f"only read-only queries are allowed; begin the query with one of: {words}"
        )
    return keyword


@contextmanager
def _interruptible() -> Iterator[None]:
    """Cancel the query on Ctrl-C; the driver itself would wait for the end of the query."""
    before = extensions.get_wait_callback()
    extensions.set_wait_callback(_wait)
    try:
        yield
    finally:
        extensions.set_wait_callback(before)


def _wait(connection: Any) -> None:
    """Wait for the server; on Ctrl-C, cancel the query.

    If this function raises an exception, the driver closes the connection.
    """
    try:
        while (state := connection.poll()) != extensions.POLL_OK:
            waiting = [connection]
            select.select(
                waiting if state == extensions.POLL_READ else [],
                waiting if state == extensions.POLL_WRITE else [],
                [],
            )
    except KeyboardInterrupt:
        connection.cancel()
        raise
