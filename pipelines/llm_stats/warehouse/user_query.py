"""Users' queries in DuckDB: only a single query that reads, with limited memory and disk space.

A read-only connection without external access can still write next to the database: DuckDB allows
access to `<database>.wal` and `<database>.tmp/`, for example by `copy` or `export database`.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import duckdb

from llm_stats.errors import UsageError
from llm_stats.table import Table

_FIRST_WORDS = (
    "select",
    "from",
    "with",
    "values",
    "table",
    "pivot",
    "pivot_wider",
    "unpivot",
    "pivot_longer",
    "describe",
    "desc",
    "summarize",
    "show",
    "(",
)
_WORD = re.compile(rb"\w+|.", re.DOTALL)

#: Maximum size of a result, as estimated by `connection.collect_rows`.
MAX_RESULT_BYTES = 100_000_000

_RESTRICTIONS = (
    "set memory_limit = '1GB'",
    "set max_temp_directory_size = '2GB'",
    "set lock_configuration = true",  # the last: a query cannot lift the other restrictions
)


def restrict(execute: Callable[[str], Table]) -> None:
    """Limit memory and spill files, and lock the configuration, unless it is already locked."""
    if execute("select current_setting('lock_configuration')").rows == [(False,)]:
        for setting in _RESTRICTIONS:
            execute(setting)


def require_query(text: str, parser: duckdb.DuckDBPyConnection) -> bool:
    """Return whether the query is an EXPLAIN. The connection only parses the text.

    Raises `UsageError` unless the text is a single query that only reads.
    """
    try:
        if not parser.extract_statements(text.encode().decode()):
            raise UsageError("the query is empty")
        explained = _explained_text(text)
        is_query = _is_query(text if explained is None else explained, parser)
    except UnicodeError:
        raise UsageError("the query is not valid UTF-8") from None
    except duckdb.Error as error:
        raise UsageError(str(error).rstrip()) from None
    if not is_query:
        raise UsageError(
            "the query was not run: only one statement that reads is allowed; begin it with "
            "select, from, with, values, table, pivot, unpivot, describe, summarize, show or "
            "explain"
        )
    return explained is not None


def _is_query(text: str, parser: duckdb.DuckDBPyConnection) -> bool:
    """Return whether DuckDB parses the text as one statement that reads, other than EXPLAIN."""
    statements = parser.extract_statements(text)
    if not statements or _words(text)[0][1] not in _FIRST_WORDS:
        return False
    # A pivot whose columns depend on the data is MULTI in DuckDB 2.0. In DuckDB 1.5, the parser
    # puts `create type` before it, without text.
    *generated, query = statements
    kinds = duckdb.StatementType
    return query.type in (kinds.SELECT, kinds.MULTI) and all(
        statement.type == kinds.CREATE and not statement.query for statement in generated
    )


def _explained_text(text: str) -> str | None:
    """Return the statement after `explain`, `explain analyze` or `explain (…)`, if it is one.

    DuckDB parses each of these as EXPLAIN, whatever the statement is, but ANALYZE executes it.
    """
    words = _words(text)
    names = [word for _, word in words]
    if names[:1] != ["explain"]:
        return None
    first = 1
    if names[1:2] == ["analyze"]:
        first = 2
    elif names[1:2] == ["("] and names[2:3] != [] and names[2] in ("analyze", "format"):
        first = names.index(")") + 1 if ")" in names else len(names)
    return text.encode()[words[first][0] :].decode() if first < len(words) else ""


def _words(text: str) -> list[tuple[int, str]]:
    """Return the start in bytes and the first word of each token, as DuckDB splits the text.

    A pattern for comments would not find the same tokens as DuckDB, whose comments can be nested.
    """
    source = text.encode()
    starts = [start for start, kind in duckdb.tokenize(text) if kind != duckdb.token_type.comment]
    matches = [match for start in starts if (match := _WORD.match(source, start))]
    return [(match.start(), match[0].decode("utf-8", "replace").lower()) for match in matches]
