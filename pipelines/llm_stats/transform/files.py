"""Finds the files under `sql/` and applies them.

The path is the address: `sql/marts/offers.sql` defines `marts.offers`. A file is plain DuckDB SQL that runs as it is in any DuckDB
shell; what it reads decides when it runs, so nothing is registered anywhere and no number orders file names.
"""

from __future__ import annotations

import functools
import graphlib
import re
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import duckdb

from llm_stats.errors import LlmStatsError

#: Folder → schema. `checks` defines nothing: its files are queries.
_SCHEMAS = {"staging": "staging", "history": "history", "marts": "marts", "macros": "marts"}
#: What writes into tables; all else defines or explains.
CHANGES_ROWS = (duckdb.StatementType.INSERT, duckdb.StatementType.UPDATE, duckdb.StatementType.DELETE)
_ADDRESS = re.compile(rf'\b({"|".join(set(_SCHEMAS.values()))})\s*\.\s*"?(\w+)', re.IGNORECASE)

_COMMENT = re.compile(r"^comment on (?:view|table|column) ([\w.]+) is '(.*)';$", re.MULTILINE)


class SqlError(LlmStatsError):
    """A file under `sql/` is broken; nothing was changed."""


@dataclass(frozen=True)
class SqlFile:
    """One file under `sql/`."""

    path: Path

    @property
    def layer(self) -> str:
        return self.path.parent.name

    @property
    def address(self) -> str:
        """What the file defines: `marts.offers`."""
        return f"{_SCHEMAS[self.layer]}.{self.path.stem}"

    @functools.cached_property
    def text(self) -> str:
        return self.path.read_text("utf-8")


def folder() -> Path:
    """The folder `sql/`: inside an installed package, or at the top of a checkout."""
    installed = Path(__file__).parents[1] / "sql"
    return installed if installed.is_dir() else Path(__file__).parents[3] / "sql"


def files(layer: str, root: Path | None = None) -> list[SqlFile]:
    """The files of one layer, by name."""
    return [SqlFile(path) for path in sorted(((root or folder()) / layer).glob("*.sql"))]


def in_order(root: Path | None = None) -> list[SqlFile]:
    """Every file that defines something, each after the files that define what it reads.

    Raises `SqlError` if files read each other in a circle, or two define the same name.
    """
    defined: dict[str, SqlFile] = {}
    for layer in _SCHEMAS:
        for file in files(layer, root):
            if file.address in defined:
                raise SqlError(f"{file.path}: {file.address} is also defined by {defined[file.address].path}")
            defined[file.address] = file
    graph = {address: _reads(file) & defined.keys() - {address} for address, file in defined.items()}
    try:
        return [defined[address] for address in graphlib.TopologicalSorter(graph).static_order()]
    except graphlib.CycleError as error:
        raise SqlError(f"sql files read each other in a circle: {' → '.join(error.args[1])}") from None


def _reads(file: SqlFile) -> set[str]:
    """Every `schema.name` in a file, comments and strings left out."""
    tokens = duckdb.tokenize(file.text)
    ends = [start for start, _ in tokens[1:]] + [len(file.text)]
    prose = (duckdb.token_type.comment, duckdb.token_type.string_const)
    code = "".join(file.text[start:end] for (start, kind), end in zip(tokens, ends, strict=True) if kind not in prose)
    code = re.sub("--.*", "", code)  # to DuckDB 1.5 a comment is no token
    return {f"{schema}.{name}".lower() for schema, name in _ADDRESS.findall(code)}


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """All that happens inside, or nothing of it."""
    connection.begin()
    try:
        yield
    except BaseException:
        connection.rollback()
        raise
    connection.commit()


@contextmanager
def interruptible(connection: duckdb.DuckDBPyConnection | None = None) -> Iterator[None]:
    """Ctrl-C while DuckDB works is a `KeyboardInterrupt`, as everywhere; DuckDB makes a `RuntimeError` of it.

    It does so when its other threads are through with what they have begun, be it hours later: those of `connection` are told to stop.
    """
    with _stopped_by_ctrl_c(connection) if connection is not None else nullcontext():
        try:
            yield
        except RuntimeError as error:
            if "Query interrupted" in str(error):
                raise KeyboardInterrupt from None
            raise


@contextmanager
def _stopped_by_ctrl_c(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Ctrl-C stops what the connection does, in all its threads; unless it means something else, or this thread cannot hear it."""

    def stop(number: int, frame: FrameType | None) -> None:
        connection.interrupt()
        signal.default_int_handler(number, frame)

    hears = threading.current_thread() is threading.main_thread()
    if not hears or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def define(connection: duckdb.DuckDBPyConnection, root: Path | None = None) -> None:
    """Makes the views, macros and empty tables that the files define, and explains them; in a transaction of the caller's.

    Views and macros are made anew, so one whose file is gone disappears; a table that is there stays as it is. The raw tables must be
    there. Raises `SqlError`, naming file and line.
    """
    ordered = in_order(root)
    for schema in ("staging", "marts"):
        connection.execute(f"drop schema if exists {schema} cascade")
    for schema in dict.fromkeys(_SCHEMAS.values()):
        connection.execute(f"create schema if not exists {schema}")
    _execute(connection, ordered, lambda statement: statement.type not in CHANGES_ROWS)


def update_history(connection: duckdb.DuckDBPyConnection) -> None:
    """Writes into `history` what the raw tables say since the last time; in a transaction of the caller's. Twice is once."""
    _execute(connection, in_order(), lambda statement: statement.type in CHANGES_ROWS)


def _execute(connection: duckdb.DuckDBPyConnection, files: list[SqlFile], is_meant: Callable[[duckdb.Statement], bool]) -> None:
    for file in files:
        for line, statement in statements(file):
            if is_meant(statement):
                try:
                    connection.execute(statement.query)
                except duckdb.Error as error:
                    raise SqlError(_locate(file, line, error)) from None


@functools.cache
def comments() -> dict[str, str]:
    """What the files say of every view, table and column: `{"marts.offers": "One row per …", "marts.offers.model_id": …}`."""
    said = (_COMMENT.findall(file.text) for layer in _SCHEMAS for file in files(layer))
    return {address: text.replace("''", "'") for found in said for address, text in found}


def literal(text: str) -> str:
    """A text as it is written in SQL."""
    return "'" + text.replace("'", "''") + "'"


def statements(file: SqlFile) -> Iterator[tuple[int, duckdb.Statement]]:
    """The statements of a file, each with the line it starts at."""
    try:
        found = duckdb.extract_statements(file.text)
    except duckdb.Error as error:
        raise SqlError(_locate(file, 1, error)) from None
    position = 0
    for statement in found:
        query = statement.query.strip()
        position = file.text.index(query, position)
        yield file.text.count("\n", 0, position) + 1, statement
        position += len(query)


def _locate(file: SqlFile, first_line: int, error: Exception) -> str:
    """`sql/marts/offers.sql, line 12: Binder Error: …`; DuckDB counts lines from the start of the statement."""
    message = str(error)
    found = re.search(r"^LINE (\d+):", message, re.MULTILINE)
    line = first_line + int(found.group(1)) - 1 if found else first_line
    what = " ".join(message.split("\nLINE ")[0].split())
    return f"{file.layer}/{file.path.name}, line {line}: {what}"
