"""All checks: the queries under `sql/checks`, and `keys`, generated from the declared keys."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from llm_stats.schema.tables import KEYS, LOAD_ID
from llm_stats.text import sql_literal
from llm_stats.transform.files import files_in


class Check(NamedTuple):
    """A query for rows that must not exist.

    `text` is the SQL, with a header comment like that of the files under `sql/checks`.
    """

    name: str
    text: str


def all_checks() -> list[Check]:
    """Return every check, ordered by name."""
    written = [Check(file.path.stem, file.text) for file in files_in("checks")]
    return sorted([*written, Check("keys", _keys_query())])


def _keys_query() -> str:
    """Return the query of the check `keys`, which covers all declared keys.

    The keys of marts come from `Grain:`, those of raw tables from `KEYS`. In `raw.fetches` only
    the newest load is searched for repeated keys: every run appends to this table, so it can have
    millions of rows.
    """
    newest = f"where {LOAD_ID.name} = (select max({LOAD_ID.name}) from raw.fetches)"
    newest += "".join(f" or {column} is null" for column in KEYS["fetches"])
    queries = [_key_query(file.address, file.key) for file in files_in("marts")]
    queries += [
        _key_query(f"raw.{table}", key, newest if table == "fetches" else "")
        for table, key in KEYS.items()
    ]
    return "\n".join(
        (
            "-- A key is missing or occurs more than once.",
            "-- Severity: error",
            "-- Reads: every mart, every raw table.",
            "\nunion all\n\n".join(queries),
        )
    )


def _key_query(address: str, key: Iterable[str], where: str = "") -> str:
    """Return the query that selects missing and repeated keys of a relation.

    An empty `key` means that the relation has at most one row.
    """
    parts = ", ".join(f"cast({column} as varchar)" for column in key) or "'the only row'"
    is_null = "".join(f" or {column} is null" for column in key)
    grouped = f"group by {', '.join(key)} " if key else ""
    return (
        f"select {sql_literal(address)} as table_name, [{parts}] as key, count(*) as row_count\n"
        f"from {address} {where}\n{grouped}having count(*) > 1{is_null}\n"
    )
