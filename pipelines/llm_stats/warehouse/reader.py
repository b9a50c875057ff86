"""Reader interface of a warehouse: queries, and descriptions of views, tables and macros."""

from __future__ import annotations

import difflib
import functools
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, Self

from llm_stats.connection import OutOfMemory, QueryError
from llm_stats.errors import UsageError
from llm_stats.table import Table
from llm_stats.text import format_command
from llm_stats.transform.files import default_order, files_in

#: Schemas that `show` searches, most useful first.
SCHEMAS = ("marts", "history", "staging", "raw")


class Described(NamedTuple):
    """A view, table or macro with its comment: `("marts", "offers", "view", "One row per …")`."""

    schema: str
    name: str
    kind: str
    comment: str


class Reader(ABC):
    """A read-only connection to a published warehouse; a context manager.

    `database` is the path of the DuckDB file. For other engines, the path only determines the
    folder of local files (lock, response cache). `engine_name` is the engine and its location, for
    messages; None for DuckDB. `unsupported` lists the views and macros under `sql/` that the engine
    cannot store.
    """

    database: Path
    engine_name: str | None = None
    unsupported: tuple[str, ...] = ()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @abstractmethod
    def close(self) -> None:
        """Close the connection."""

    @abstractmethod
    def query(self, query: str, parameters: Sequence[object] = ()) -> Table:
        """Return the rows of a query in DuckDB's SQL.

        Raises `UsageError` with the engine's message if the query fails.
        """

    @abstractmethod
    def execute_user_query(self, query: str) -> Table:
        """Return the rows of a user's query, in the engine's own SQL.

        Raises `UsageError` if the query is not a single read-only statement. Raises `OutOfMemory`
        if the query needs too much memory.
        """

    def command(self, command: str) -> str:
        """Return an `llm-stats` command on this warehouse, for a message."""
        return format_command(command, None if self.engine_name else self.database)

    @contextmanager
    def materialized(self) -> Iterator[Reader]:
        """Yield a reader for many queries over the same marts: by default, this reader."""
        yield self

    def fetch_table(self, name: str) -> Table:
        """Return all rows of a view or table, in the order that its file under `sql/` declares.

        Raises `UsageError` if no view or table has that name.
        """
        relation = self._find(name)
        if relation.kind == "macro":
            raise UsageError(
                f"{relation.schema}.{relation.name} takes parameters: "
                f"{self.command(f'show {relation.name} --describe')} lists the parameters; "
                "call the macro with `llm-stats sql`"
            )
        address = f'{relation.schema}."{relation.name}"'
        return self.query(f"select * from {address} order by {self._order(relation)}")

    def require_models(self, model_ids: Sequence[str]) -> None:
        """Raise `UsageError`, with the closest ids, for a model that is not in the warehouse."""
        existing = [row[0] for row in self.query("select model_id from staging.models").rows]
        for model_id in model_ids:
            if model_id not in existing:
                hint = _hint(model_id, existing, f"{self.command('show models')} lists all models")
                raise UsageError(f"there is no model {model_id!r}; {hint}")

    def catalog(self) -> Table:
        """Return the public views and macros: `name, kind, meaning`.

        `meaning` is the first sentence of the comment.
        """
        rows = [
            (item.name, item.kind, item.comment.split(". ")[0])
            for item in self.relations()
            if item.schema == "marts"
        ]
        return Table(("name", "kind", "meaning"), ("VARCHAR",) * 3, rows)

    def describe(self, name: str) -> tuple[str, Table]:
        """Return the comment on a view, table or macro, and its columns or parameters as rows.

        Columns are `column, type, meaning`; parameters of a macro are `parameter, default`.
        """
        relation = self._find(name)
        title = f"{relation.schema}.{relation.name}: {relation.comment}"
        if relation.kind != "macro":
            return title, replace(self._columns(relation.schema, relation.name), multiline=True)
        parameters = self.query(
            """
            select unnest(parameters) from duckdb_functions()
            where schema_name = ? and function_name = ? limit 100
            """,
            (relation.schema, relation.name),
        )
        defaults, call = _defaults_and_call(f"{relation.schema}.{relation.name}")
        rows = [(parameter, defaults.get(parameter)) for (parameter,) in parameters.rows]
        return f"{title}{call}", Table(("parameter", "default"), ("VARCHAR",) * 2, rows)

    def relations(self) -> list[Described]:
        """Return the views, tables and macros, sorted by schema and name, without dlt's tables."""
        return sorted(
            item
            for item in self._list()
            if item.schema in SCHEMAS and not item.name.startswith("_dlt_")
        )

    def _find(self, name: str) -> Described:
        """Return the view, table or macro with this name, such as `offers` or `marts.offers`.

        A name without a schema is searched in `SCHEMAS`. Raises `UsageError`, with the closest
        names, if nothing has that name.
        """
        existing = self._by_address
        schema, _, relation = name.rpartition(".")
        for candidate in [schema] if schema else SCHEMAS:
            if (candidate, relation) in existing:
                return existing[candidate, relation]
        names = [relation for schema, relation in existing if schema == "marts"] + [
            ".".join(pair) for pair in existing
        ]
        hint = _hint(name, names, f"{self.command('show')} lists all views")
        raise UsageError(f"there is no view {name!r}; {hint}")

    @functools.cached_property
    def _by_address(self) -> dict[tuple[str, str], Described]:
        """The relations by schema and name. Cached, because listing the macros takes 20 ms."""
        return {(item.schema, item.name): item for item in self.relations()}

    @abstractmethod
    def _list(self) -> list[Described]:
        """Return all views, tables and macros of the database."""

    @abstractmethod
    def _columns(self, schema: str, relation: str) -> Table:
        """Return the columns of a relation: `column, type, meaning`."""

    def _order(self, relation: Described) -> str:
        """Return the expressions for `order by`: the order that the file under `sql/` declares.

        Without a declared order, return all columns except JSON, which PostgreSQL cannot sort.
        """
        declared = default_order(f"{relation.schema}.{relation.name}")
        if declared:
            return declared
        columns = self._columns(relation.schema, relation.name).rows
        return ", ".join(f'"{name}"' for name, kind, _ in columns if kind != "json")


@contextmanager
def as_usage_error() -> Iterator[None]:
    """Convert a `QueryError` to a `UsageError`, unless the query ran out of memory."""
    try:
        yield
    except OutOfMemory:
        raise
    except QueryError as error:
        raise UsageError(str(error)) from None


def placeholders(values: Sequence[object]) -> str:
    """Return one placeholder per value: `?, ?`."""
    return ", ".join("?" * len(values))


def _hint(name: str, existing: list[str], otherwise: str) -> str:
    """Return a hint such as `did you mean offers?`, or the text `otherwise` if none is similar."""
    close = difflib.get_close_matches(name, existing)
    return f"did you mean {' or '.join(close)}?" if close else otherwise


def _defaults_and_call(macro: str) -> tuple[dict[str, str], str]:
    """Return the defaults of a macro's parameters, and a sentence with an example call.

    The defaults and the call are read from the macro's file, because DuckDB does not store them.
    """
    file = next((file for file in files_in("macros") if file.address == macro), None)
    signature = re.search(
        r"^create or replace macro [^;]*?\) as\b", file.text if file else "", re.MULTILINE
    )
    call = re.search(r"`[^`]*`", file.header if file else "")
    defaults = dict(re.findall(r"(\w+) := ([^,)\s]+)", signature[0] if signature else ""))
    return defaults, f". For example: {call[0]}" if call else ""
