"""All checks: the queries under `sql/checks`, and `keys`, generated from the declared keys."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from enum import Enum
from typing import NamedTuple

from llm_stats.connection import Connection
from llm_stats.schema.tables import KEYS, LOAD_ID
from llm_stats.text import sql_literal
from llm_stats.transform.files import files_in


class Check(NamedTuple):
    """A query for rows that must not exist.

    `text` is SQL with a header comment, as in the files under `sql/checks`.
    """

    name: str
    text: str

    @property
    def needs_all_models(self) -> bool:
        """Return whether the check would be wrong with only the models of one load."""
        return "\n-- Population: all models." in self.text


#: Name of a rule for `--allow-failure`: too many models left the catalog. `pipeline.plan` applies
#: the rule before the load.
MODELS_LEFT = "models_left"


def allowable_failures() -> list[str]:
    """Return the names that `--allow-failure` accepts: all checks, and `models_left`."""
    return [*(check.name for check in all_checks()), MODELS_LEFT]


class Scope(Enum):
    """The models that the checks of a run cover."""

    ALL = "all models"
    LOADED = "the models that the last load wrote"
    NONE = "no model"


#: Up to this number of models, every run checks all models; this takes less than 0.2 s.
_SMALL_WAREHOUSE = 500
_MAX_CHECK_AGE = dt.timedelta(days=7)


def due_scope(connection: Connection, now: dt.datetime) -> Scope:
    """Return which models the checks of a run must cover.

    The scope is `ALL` if the warehouse is small, if the load wrote most models, if the definitions
    changed, or if the last check of all models is a week old. Otherwise the scope is `LOADED`, or
    `NONE` after a load that wrote neither models nor listings. For `ALL`, `now` is stored as
    `checked_at`, in the caller's transaction.
    """
    counts = """
        select
            count(*),
            count(*) filter (where offers_load_id = load_id or scores_load_id = load_id)
        from history.models
        cross join staging.last_load
    """
    listings = """
        select count(*) from history.listings as listings
        inner join staging.last_load on listings.load_id = last_load.load_id
    """
    ((model_count, loaded_count),) = connection.execute(counts).rows
    ((listing_count,),) = connection.execute(listings).rows
    ((checked_at,),) = connection.execute("select checked_at from raw.sql_fingerprint").rows
    time = now.astimezone(dt.UTC).replace(tzinfo=None)
    if (
        checked_at is None
        or not checked_at <= time < checked_at + _MAX_CHECK_AGE
        or model_count <= _SMALL_WAREHOUSE
        or 2 * loaded_count > model_count
    ):
        connection.execute("update raw.sql_fingerprint set checked_at = ?", [time])
        return Scope.ALL
    return Scope.LOADED if loaded_count or listing_count else Scope.NONE


def all_checks() -> list[Check]:
    """Return every check, ordered by name."""
    written = [Check(file.path.stem, file.text) for file in files_in("checks")]
    return sorted([*written, Check("keys", _keys_query())])


def _keys_query() -> str:
    """Return the query of the check `keys`, which covers all declared keys.

    `Grain:` declares the keys of marts, and `KEYS` the keys of raw tables. `raw.fetches` can have
    millions of rows, so only its newest load is searched for repeated keys.
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
