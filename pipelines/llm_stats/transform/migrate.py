"""Schema version of a warehouse, and the migrations between versions.

`sql/migrations/<n>.sql` migrates a warehouse from schema version n - 1 to n. A run applies the
migrations to its working copy. Readers accept only `SCHEMA_VERSION`.
"""

from __future__ import annotations

from pathlib import Path

from llm_stats.connection import Connection
from llm_stats.errors import UsageError
from llm_stats.text import format_command
from llm_stats.transform.files import SqlFile, execute_file, files_in

#: The schema version that this code reads and writes.
SCHEMA_VERSION = 7

#: Tables that store the schema version: the current table, then those of older versions.
_VERSION_TABLES = (("history", "schema_version"), ("history", "layout"))


def schema_version(connection: Connection) -> int | None:
    """Return the schema version of a warehouse; None if none is stored. Raises `QueryError`."""
    existing = {(relation.schema, relation.name) for relation in connection.relations()}
    for schema, name in _VERSION_TABLES:
        if (schema, name) in existing:
            version = connection.execute(f"select max(version) from {schema}.{name}").rows[0][0]
            return version if isinstance(version, int) else None
    return None


def require_current(version: int, name: str, database: Path | None = None) -> None:
    """Raise `UsageError` unless `version` is `SCHEMA_VERSION`.

    `name` is the name of the warehouse in messages. `database` is the path of a DuckDB file; None
    for other engines.
    """
    require_migratable(version, name)
    if version != SCHEMA_VERSION:
        raise UsageError(
            f"{name} has schema version {version}, but this llm-stats reads {SCHEMA_VERSION}; "
            f"run {format_command('run', database)} once"
        )


def require_migratable(version: int, name: str) -> None:
    """Raise `UsageError` if `version` is newer than this code, or too old to migrate."""
    if version > SCHEMA_VERSION:
        raise UsageError(
            f"{name} has schema version {version}, but this llm-stats supports at most "
            f"{SCHEMA_VERSION}; upgrade llm-stats"
        )
    if version < (oldest := min([*_migrations(), SCHEMA_VERSION + 1]) - 1):
        raise UsageError(
            f"{name} has schema version {version}, which is too old to migrate "
            f"(oldest: {oldest}); "
            "use another path, or the version of llm-stats that created the warehouse"
        )


def migrate(connection: Connection) -> bool:
    """Migrate a warehouse to the current schema version, in the caller's transaction.

    Return whether anything was migrated. An empty database stays empty. The views are dropped,
    because they read tables that a migration changes; `create_views` recreates them. The validators
    of all records are deleted, because new columns would stay null after a 304. Raises `SqlError`
    with file and line.
    """
    version = schema_version(connection)
    if not is_older(version):
        return False
    connection.drop_views()
    for number, file in sorted(_migrations().items()):
        if number > (version or 0):
            execute_file(connection, file)
    connection.execute("update raw.models set etag = null, last_modified = null")
    connection.execute(f"update history.schema_version set version = {SCHEMA_VERSION}")
    return True


def is_older(version: int | None) -> bool:
    """Return whether this schema version must be migrated; false for None (no warehouse)."""
    return version is not None and version < SCHEMA_VERSION


def _migrations() -> dict[int, SqlFile]:
    return {int(file.path.stem): file for file in files_in("migrations")}
