"""Find, order and split the files under `sql/`.

The path is the address: `sql/marts/offers.sql` defines `marts.offers`. A file is plain DuckDB SQL
that runs unchanged in any DuckDB shell. The build order is computed from the relations that each
file reads.
"""

from __future__ import annotations

import functools
import graphlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from llm_stats.errors import LlmStatsError

#: Schema by folder. `checks` is missing, because its files are queries without definitions.
SCHEMAS = {"staging": "staging", "history": "history", "marts": "marts", "macros": "marts"}
_ADDRESS = re.compile(rf'\b({"|".join(set(SCHEMAS.values()))})\s*\.\s*"?(\w+)', re.IGNORECASE)

_COMMENT = re.compile(r"^comment on (?:view|table|column) ([\w.]+) is '(.*)';$", re.MULTILINE)


class SqlError(LlmStatsError):
    """An invalid file under `sql/`; nothing was changed."""


@dataclass(frozen=True)
class SqlFile:
    """One file under `sql/`."""

    path: Path

    @property
    def layer(self) -> str:
        return self.path.parent.name

    @property
    def address(self) -> str:
        """Schema and name of the defined relation or macro: `marts.offers`."""
        return f"{SCHEMAS[self.layer]}.{self.path.stem}"

    @functools.cached_property
    def text(self) -> str:
        return self.path.read_text("utf-8")


def sql_folder() -> Path:
    """Return the folder `sql/`: inside an installed package, or at the top of a checkout."""
    installed = Path(__file__).parents[1] / "sql"
    return installed if installed.is_dir() else Path(__file__).parents[3] / "sql"


def files_in(layer: str, root: Path | None = None) -> list[SqlFile]:
    """Return the files of one layer, ordered by name."""
    return [SqlFile(path) for path in sorted(((root or sql_folder()) / layer).glob("*.sql"))]


def in_build_order(root: Path | None = None) -> list[SqlFile]:
    """Return the files that define a table, view or macro, each after the files that it reads.

    Raises `SqlError` if files read each other in a cycle, or if two define the same name.
    """
    defined: dict[str, SqlFile] = {}
    for layer in SCHEMAS:
        for file in files_in(layer, root):
            if file.address in defined:
                raise SqlError(
                    f"{file.path}: {file.address} is also defined by {defined[file.address].path}"
                )
            defined[file.address] = file
    graph = {
        address: _reads(file) & defined.keys() - {address} for address, file in defined.items()
    }
    try:
        return [defined[address] for address in graphlib.TopologicalSorter(graph).static_order()]
    except graphlib.CycleError as error:
        raise SqlError(
            f"sql files read each other in a cycle: {' → '.join(error.args[1])}"
        ) from None


def _reads(file: SqlFile) -> set[str]:
    """Return every `schema.name` in a file, without those in comments and strings."""
    tokens = duckdb.tokenize(file.text)
    ends = [start for start, _ in tokens[1:]] + [len(file.text)]
    prose = (duckdb.token_type.comment, duckdb.token_type.string_const)
    code = "".join(
        file.text[start:end]
        for (start, kind), end in zip(tokens, ends, strict=True)
        if kind not in prose
    )
    code = re.sub("--.*", "", code)  # DuckDB 1.5 returns no tokens for comments
    return {f"{schema}.{name}".lower() for schema, name in _ADDRESS.findall(code)}


@functools.cache
def comments() -> dict[str, str]:
    """Return the comments on views, tables and columns.

    `{"marts.offers": "One row per …", "marts.offers.model_id": …}`
    """
    matches = [
        match
        for layer in SCHEMAS
        for file in files_in(layer)
        for match in _COMMENT.findall(file.text)
    ]
    return {address: text.replace("''", "'") for address, text in matches}


def statements(file: SqlFile) -> Iterator[tuple[int, duckdb.Statement]]:
    """Yield the statements of a file, each with the line at which it starts. Raises `SqlError`."""
    try:
        parsed = duckdb.extract_statements(file.text)
    except duckdb.Error as error:
        raise SqlError(locate_error(file, 1, str(error))) from None
    position = 0
    for statement in parsed:
        query = statement.query.strip()
        position = file.text.index(query, position)
        yield file.text.count("\n", 0, position) + 1, statement
        position += len(query)


def locate_error(file: SqlFile, first_line: int, message: str) -> str:
    """Return an error message with file and line: `marts/offers.sql, line 12: Binder Error: …`.

    `first_line` is the line at which the failed statement starts.
    """
    # DuckDB counts lines from the start of the statement
    match = re.search(r"^LINE (\d+):", message, re.MULTILINE)
    line = first_line + int(match[1]) - 1 if match else first_line
    cause = " ".join(message.split("\nLINE ")[0].split())
    return f"{file.layer}/{file.path.name}, line {line}: {cause}"


def macro_defaults_and_call(macro: str) -> tuple[dict[str, str], str]:
    """Return the defaults of a macro's parameters, and an example call as a sentence.

    Both come from the macro's file, because DuckDB does not store them.
    """
    text = next((file.text for file in files_in("macros") if file.address == macro), "")
    signature = re.search(r"^create or replace macro .*", text, re.MULTILINE)
    call = re.search(r"`[^`]*`", text.split("\n")[0])
    defaults = dict(re.findall(r"(\w+) := ([^,)]+)", signature[0] if signature else ""))
    return defaults, f". For example: {call[0]}" if call else ""
