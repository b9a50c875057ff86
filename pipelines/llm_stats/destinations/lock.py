"""The lock of an engine: one run at a time, from whatever machine.

PostgreSQL has locks that live as long as a connection, so this one is free again when its holder dies; DuckLake has them if its catalog is
in a PostgreSQL. Elsewhere there is only the lock of the machine (see `lock`).
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator

from llm_stats.destinations.connection import Destination, DestinationConnection, DestinationError
from llm_stats.errors import LoadFailed, Locked
from llm_stats.text import sql_literal

#: Any number, the same in all versions: PostgreSQL keeps such locks apart by database.
_KEY = 5_142_877_309

_HOLDER = f"""
    select application_name, usename, to_char(backend_start at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
    from pg_locks inner join pg_stat_activity using (pid)
    where locktype = 'advisory' and granted and (classid::bigint << 32) + objid::bigint = {_KEY}
        and pg_locks.database = (select oid from pg_database where datname = current_database())
"""


class Lock:
    """A lock that is held as long as its connection lasts."""

    def __init__(self, session: DestinationConnection) -> None:
        self._session = session

    def require(self) -> None:
        """Raises `LoadFailed` if the connection is gone, and the lock with it."""
        try:
            self._session.execute_native("select 1")
        except DestinationError as error:
            says = f"{self._session.engine.name}: the lock was lost on the way: {error}"
            raise LoadFailed(f"{says}; nothing was published") from None


@contextlib.contextmanager
def held(engine: Destination) -> Iterator[Lock | None]:
    """Holds the lock. None: this engine has none. Raises `Locked`, naming the holder."""
    server = engine if engine.dialect == "postgres" else engine.catalog()
    if server is None:
        yield None
        return
    with server.session() as session:
        who = f"process {os.getpid()} on {socket.gethostname()}"
        session.execute_native(f"set application_name = {sql_literal(who[:63])}")
        if not session.execute_native(f"select pg_try_advisory_lock({_KEY})").rows[0][0]:
            holders = [
                f"{process or 'a process'} as {user}" + (f", since {since}" if since else "")  # of other roles, not everybody is told
                for process, user, since in session.execute_native(_HOLDER).rows
            ]
            raise Locked(f"{engine.name}: another run holds the lock ({' '.join(holders) or 'just started'}); wait for it, or stop it")
        yield Lock(session)
