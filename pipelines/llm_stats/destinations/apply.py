"""Applies the files under `sql/` on another engine, translated; and knows what of it is there already.

Views stay as they are while no file has changed: to make them anew, an engine waits for their readers and has new readers wait.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

import duckdb

from llm_stats.destinations.connection import Destination, DestinationConnection, DestinationError
from llm_stats.errors import UsageError
from llm_stats.load import merge
from llm_stats.load.merge import INCOMING
from llm_stats.schema.tables import TABLES
from llm_stats.text import sql_literal
from llm_stats.transform import apply, dialect, files
from llm_stats.transform.migrate import check_schema_version

_SCHEMAS = ("raw", "staging", "history", "marts", INCOMING)

_RELATIONS = """
    select table_schema, table_name, table_type from information_schema.tables
    where table_catalog = current_database() and table_schema in ({schemas})
"""
#: The same in PostgreSQL, whose information schema is silent about what the role may not read, and about materialized views.
_PG_RELATIONS = """
    select nspname, relname, case relkind when 'v' then 'VIEW' else 'TABLE' end
    from pg_class inner join pg_namespace on pg_namespace.oid = relnamespace
    where relkind in ('r', 'p', 'f', 'm', 'v', 'S') and nspname in ({schemas})
"""
#: Whose of our schemas is which, if not the role's own.
_FOREIGN_OWNED = """
    select nspname, pg_get_userbyid(nspowner) from pg_namespace
    where nspname in ({schemas}) and not pg_has_role(nspowner, 'usage')
    order by nspname
"""


def relations(session: DestinationConnection) -> list[tuple[str, str, str]]:
    """Schema, name and kind (`view` or `table`) of all that stands in our schemas. Raises `EngineError`."""
    is_postgres = session.engine.dialect == "postgres"
    found = session.execute_native(_in_own_schemas(_PG_RELATIONS)) if is_postgres else session.execute(_in_own_schemas(_RELATIONS))
    return [(schema, name, "view" if kind == "VIEW" else "table") for schema, name, kind in found.rows]


def schema_version(session: DestinationConnection) -> object:
    """What `history.schema_version` says; None if nothing was ever published. Raises `EngineError`."""
    is_there = any(found[:2] == ("history", "schema_version") for found in relations(session))
    return session.execute("select max(version) from history.schema_version").rows[0][0] if is_there else None


def require_own_schemas(session: DestinationConnection) -> None:
    """Raises `UsageError` if the schemas hold something else, or what another version made."""
    name = session.engine.name
    try:
        found, known = relations(session), schema_version(session)
    except DestinationError as error:
        raise UsageError(f"{name} cannot be read: {error}") from None
    if known is not None:
        check_schema_version(known, name, "a database")
    for schema, relation, _ in found:
        is_loaded = schema == INCOMING and (relation in TABLES or relation.startswith("_dlt_"))
        if not is_loaded and (schema == INCOMING or known is None):
            raise UsageError(f"{name} holds something else, {schema}.{relation}; give llm-stats a database of its own")


def require_rights(session: DestinationConnection) -> None:
    """Raises `UsageError` if the role may not do what a run does, as far as that can be known before requests are spent."""
    if session.engine.dialect == "postgres":
        ((database, role, may_create, encoding),) = session.execute_native(
            "select current_database(), current_user, has_database_privilege(current_database(), 'create'), "
            "current_setting('server_encoding')"
        ).rows
        if encoding != "UTF8":
            says = f"{session.engine.name} holds text as {encoding}, which not every name can be written in"
            raise UsageError(f"{says}; make the database with `encoding 'UTF8' template template0`")
        for schema, owner in session.execute_native(_in_own_schemas(_FOREIGN_OWNED)).rows:
            says = f"{session.engine.name}: the schema {schema} belongs to {owner}, and {role} may not act for it"
            raise UsageError(f"{says}; run as {owner}, always")
        if not may_create:
            says = f"{session.engine.name}: permission denied to create schemas"
            raise UsageError(f'{says}; have its owner say: grant create on database "{database}" to "{role}"')


def create_views(session: DestinationConnection) -> None:
    """Makes the tables and views that the files define, and explains them; in a transaction of the caller's. Raises `SqlError`.

    Views are made anew, so one whose file is gone disappears; a table that is there stays as it is.
    """
    digest = apply.fingerprint(files.in_build_order(), session.engine.dialect)
    there = {(schema, name) for schema, name, _ in relations(session)}
    if _stored_fingerprint(session, there) == digest and _expected_relations() <= there:  # somebody may have dropped a view
        return
    _drop_views(session)
    merge.create_raw_tables(session)
    for schema in ("staging", "history", "marts"):
        session.execute(f"create schema if not exists {schema}")
    _execute(session, lambda statement: statement.type not in apply.WRITE_STATEMENTS)
    apply.save_fingerprint(session, digest)


def update_history(session: DestinationConnection) -> None:
    """Writes into `history` what the raw tables say since the last time; in a transaction of the caller's. Raises `SqlError`."""
    _execute(session, lambda statement: statement.type in apply.WRITE_STATEMENTS)


def unsupported(engine: Destination) -> tuple[str, ...]:
    """What the files define and this engine cannot hold: only DuckDB and DuckLake have macros."""
    return () if engine.dialect == dialect.SOURCE_DIALECT else tuple(file.address for file in files.files_in("macros"))


def _execute(session: DestinationConnection, is_meant: Callable[[duckdb.Statement], bool]) -> None:
    for file in files.in_build_order():
        if file.address in unsupported(session.engine):
            continue
        for line, statement in files.statements(file):
            if is_meant(statement):
                try:
                    session.execute(statement.query)
                except DestinationError as error:
                    raise files.SqlError(f"{file.layer}/{file.path.name}, line {line}: on {session.engine.name}: {error}") from None


def _stored_fingerprint(session: DestinationConnection, there: Collection[tuple[str, str]]) -> str | None:
    """The hash of the files that the views were made from."""
    if ("raw", "sql_fingerprint") not in there:
        return None
    return str(session.execute(apply.FINGERPRINT_QUERY).rows[0][0])


def _expected_relations() -> set[tuple[str, str]]:
    """Schema and name of all views and tables that the files define."""
    return {(file.address.partition(".")[0], file.path.stem) for file in files.in_build_order() if file.layer != "macros"}


def _drop_views(session: DestinationConnection) -> None:
    """All views in our schemas, but nothing that others have built on them elsewhere."""
    views = [f'{schema}."{name}"' for schema, name, kind in relations(session) if kind == "view" and schema in ("staging", "marts")]
    if session.engine.dialect == "postgres":
        views = [", ".join(views)] if views else []  # together, for they build on one another
    for view in views:
        try:
            session.execute_native(f"drop view {view}")
        except DestinationError as error:
            raise DestinationError(f"this version makes the views anew, and something is in the way: {error}") from None


def _in_own_schemas(query: str) -> str:
    return query.format(schemas=", ".join(map(sql_literal, _SCHEMAS)))
