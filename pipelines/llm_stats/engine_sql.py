"""Applies the files under `sql/` on another engine, translated; and knows what of it is there already.

Views stay as they are while no file has changed: to make them anew, an engine waits for their readers and has new readers wait. Macros
are DuckDB's.
"""

from __future__ import annotations

import hashlib
import re

from llm_stats import published, sql
from llm_stats.engine import INCOMING, EngineError, Session
from llm_stats.errors import UsageError
from llm_stats.tables import TABLES

_SCHEMAS = ("raw", "staging", "history", "marts", INCOMING)
#: How long an upgrade of the views waits for those who read them.
_PATIENCE_SECONDS = 10
_WRITES = re.compile(r"(\s|--[^\n]*\n)*(insert|update|delete)\b", re.IGNORECASE)


def relations(session: Session) -> list[tuple[str, str, str]]:
    """Schema, name and kind (`view` or `table`) of all that stands in our schemas. Raises `EngineError`."""
    found = session.execute(
        f"""
        select table_schema, table_name, table_type from information_schema.tables
        where table_catalog = current_database() and table_schema in ({", ".join(map(sql.literal, _SCHEMAS))})
        """
    )
    return [(schema, name, "view" if kind == "VIEW" else "table") for schema, name, kind in found.rows]


def layout(session: Session) -> object:
    """What `history.layout` says; None if nothing was ever published. Raises `EngineError`."""
    is_there = any(found[:2] == ("history", "layout") for found in relations(session))
    return session.execute("select max(version) from history.layout").rows[0][0] if is_there else None


def require_ours(session: Session) -> None:
    """Raises `UsageError` if the schemas hold something else, or what another version made."""
    name = session.engine.name
    try:
        found, known = relations(session), layout(session)
    except EngineError as error:
        raise UsageError(f"{name} cannot be read: {error}") from None
    if known is not None:
        published.require_known(known, name, "a database")
        return
    for schema, relation, _ in found:
        if schema != INCOMING or (relation not in TABLES and not relation.startswith("_dlt_")):
            raise UsageError(f"{name} holds something else, {schema}.{relation}; give llm-stats a database of its own")


def apply(session: Session) -> None:
    """Makes `staging`, `history` and `marts` what the files say, in a transaction of the caller's. Raises `SqlError`, naming the place."""
    ordered = [file for file in sql.in_order() if file.layer != "macros"]
    text = "".join(f"{file.address}\n{file.text}" for file in ordered)
    digest = hashlib.sha256(f"{session.engine.dialect}\n{text}".encode()).hexdigest()
    has_changed = _applied(session) != digest
    if has_changed:
        _drop_views(session)
        for schema in ("staging", "history", "marts"):
            session.execute(f"create schema if not exists {schema}")
    for file in ordered:
        for line, statement in sql.statements(file):
            if has_changed or _WRITES.match(statement):
                try:
                    session.execute(statement)
                except EngineError as error:
                    raise sql.SqlError(f"{file.layer}/{file.path.name}, line {line}: on {session.engine.name}: {error}") from None
    if has_changed:
        session.execute("create table if not exists raw.applied_sql (sha256 varchar not null)")
        session.execute("delete from raw.applied_sql")
        session.execute(f"insert into raw.applied_sql (sha256) values ({sql.literal(digest)})")


def _applied(session: Session) -> str | None:
    """The hash of the files that the views were made from."""
    if ("raw", "applied_sql", "table") not in relations(session):
        return None
    return str(session.execute("select max(sha256) from raw.applied_sql").rows[0][0])


def _drop_views(session: Session) -> None:
    """All views of ours, but nothing that others have built on them."""
    views = [f'{schema}."{name}"' for schema, name, kind in relations(session) if kind == "view" and schema in ("staging", "marts")]
    if session.engine.dialect == "postgres":
        session.native(f"set local lock_timeout = '{_PATIENCE_SECONDS}s'")
        views = [", ".join(views)] if views else []  # together, for they build on one another
    for view in views:
        session.native(f"drop view {view}")
