"""Users' queries: a single read-only statement, with limited memory and disk space.

Other statements are rejected, because a read-only connection can still write files: `copy` and
`export database` write `<database>.wal` and `<database>.tmp/`.
"""

from __future__ import annotations

import os
import re
import resource
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from llm_stats.connection import out_of_memory
from llm_stats.errors import UsageError
from llm_stats.table import Table
from llm_stats.terminal import echo

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
    "set lock_configuration = true",  # last, because it also locks the other settings
)


#: Maximum growth of the address space during a query.
_MAX_QUERY_BYTES = 2_000_000_000
#: Time from Ctrl-C until the process ends. The process does not wait for DuckDB, because DuckDB
#: cannot interrupt the computation of a single value.
_INTERRUPT_SECONDS = 0.5


def restrict(execute: Callable[[str], Table]) -> None:
    """Limit memory and the size of spill files, then lock the configuration.

    A configuration that is already locked stays unchanged.
    """
    if execute("select current_setting('lock_configuration')").rows == [(False,)]:
        for setting in _RESTRICTIONS:
            execute(setting)


@contextmanager
def limited_process() -> Iterator[None]:
    """Limit the memory of the process, and end the process soon after Ctrl-C.

    The memory limit remains until the process ends, because threads of an interrupted query may
    continue. Raises `OutOfMemory` if Python cannot allocate memory.
    """
    _limit_memory()
    receiver, sender = os.pipe()
    os.set_blocking(sender, False)
    threading.Thread(target=_end_after_ctrl_c, args=(receiver,), daemon=True).start()
    previous = signal.set_wakeup_fd(sender)
    try:
        yield
    except MemoryError as error:
        raise out_of_memory(error) or error from None
    finally:
        signal.set_wakeup_fd(previous)
        os.close(sender)


def require_query(text: str, parser: duckdb.DuckDBPyConnection) -> bool:
    """Raise `UsageError` unless the text is a single query that only reads.

    Return whether the query is an EXPLAIN. `parser` parses the text without executing it.
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
    """Return whether the text is a single statement that reads; False for EXPLAIN."""
    statements = parser.extract_statements(text)
    if not statements or _words(text)[0][1] not in _FIRST_WORDS:
        return False
    # For a pivot whose columns depend on the data, DuckDB 2.0 returns one statement of type MULTI.
    # DuckDB 1.5 returns several: `create type` statements with an empty `query`, then the pivot.
    *generated, query = statements
    kinds = duckdb.StatementType
    return query.type in (kinds.SELECT, kinds.MULTI) and all(
        statement.type == kinds.CREATE and not statement.query for statement in generated
    )


def _explained_text(text: str) -> str | None:
    """Return the statement after `explain`, `explain analyze` or `explain (…)`; otherwise None.

    This statement must be checked too: `explain analyze` executes it, and DuckDB reports only the
    type EXPLAIN.
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
    """Return the byte offset and the first word of each token; comments are skipped.

    DuckDB's tokenizer is used, because a regular expression cannot match nested comments.
    """
    source = text.encode()
    starts = [start for start, kind in duckdb.tokenize(text) if kind != duckdb.token_type.comment]
    matches = [match for start in starts if (match := _WORD.match(source, start))]
    return [(match.start(), match[0].decode("utf-8", "replace").lower()) for match in matches]


def _limit_memory() -> None:
    """Limit the address space, because DuckDB's `memory_limit` does not include text values."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except OSError:  # only Linux has this file, and only Linux enforces the limit
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = pages * resource.getpagesize() + _MAX_QUERY_BYTES
    existing = [value for value in (soft, hard) if value != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_AS, (min([limit, *existing]), hard))


def _end_after_ctrl_c(receiver: int) -> None:
    """Wait for SIGINT, then end the process after `_INTERRUPT_SECONDS`.

    Runs in a separate thread, because Python cannot run a signal handler while the main thread is
    inside DuckDB.
    """
    while number := os.read(receiver, 1):
        if number[0] == signal.SIGINT:
            time.sleep(_INTERRUPT_SECONDS)
            echo("llm-stats: interrupted", err=True)
            os._exit(128 + signal.SIGINT)
    os.close(receiver)
