"""The files under `sql/`: find, order, split and execute them.

The path gives the name: `sql/marts/offers.sql` defines `marts.offers`. A file is plain DuckDB SQL
that runs unchanged in any DuckDB shell. The build order is computed from the relations that the
files read.
"""

from __future__ import annotations

import functools
import graphlib
import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from llm_stats.connection import Connection, QueryError
from llm_stats.errors import LlmStatsError

#: Folders under `sql/` with tables, views or macros, and the schema of each folder.
SCHEMAS = {
    "functions": "staging",
    "staging": "staging",
    "history": "history",
    "marts": "marts",
    "macros": "marts",
}
_RELATION = re.compile(r"\b(?:staging|marts)\.\w+\b(?!\()")
_ADDRESS = re.compile(rf'\b({"|".join(set(SCHEMAS.values()))})\s*\.\s*"?(\w+)', re.IGNORECASE)


class SqlError(LlmStatsError):
    """Error in a file under `sql/`; the warehouse was not changed."""


@dataclass(frozen=True)
class SqlFile:
    """One file under `sql/`: its path, which gives the name of the definition, and its text."""

    path: Path
    text: str

    @property
    def layer(self) -> str:
        return self.path.parent.name

    @property
    def address(self) -> str:
        """Schema and name of the defined relation or macro, such as `marts.offers`."""
        return f"{SCHEMAS[self.layer]}.{self.path.stem}"

    @property
    def is_relation(self) -> bool:
        """True for tables and views; false for the macros in `functions/` and `macros/`."""
        return self.layer not in ("functions", "macros")

    @property
    def key(self) -> tuple[str, ...]:
        """Key columns, as declared by `Grain:`; empty for a relation of at most one row."""
        grain = self._required("Grain", "columns of the key")
        return () if grain == "one row" else tuple(grain.split(", "))

    @property
    def order(self) -> str:
        """The default `order by`, as declared by `Order:`; a total order."""
        return self._required("Order", "expressions to sort by, with the columns of the key")

    def _required(self, label: str, meaning: str) -> str:
        """Return the declaration of a label in the header. Raises `SqlError` if it is missing."""
        declared = self.declared(label)
        if not declared:
            raise SqlError(f"{self.path}: the header needs a line `-- {label}: <{meaning}>.`")
        return declared

    def declared(self, label: str) -> str:
        """Return the text between `<label>:` and the next full stop in the header.

        Return "" if the header does not contain the label.
        """
        match = re.search(rf"(?:^| ){label}: (.+?)\.(?: |$)", self.header)
        return match[1] if match else ""

    @property
    def header(self) -> str:
        """The comment at the top; its lines are joined into one."""
        lines = itertools.takewhile(_is_comment, self.text.splitlines())
        return " ".join(line.removeprefix("--").strip() for line in lines)

    @property
    def body(self) -> str:
        """The text after the header, without the last semicolon."""
        lines = itertools.dropwhile(_is_comment, self.text.splitlines())
        return "\n".join(lines).rstrip().removesuffix(";")


def _is_comment(line: str) -> bool:
    return line.startswith("--")


def sql_folder() -> Path:
    """Return the folder `sql/`: inside an installed package, or at the top of a checkout."""
    installed = Path(__file__).parents[1] / "sql"
    return installed if installed.is_dir() else Path(__file__).parents[3] / "sql"


def files_in(layer: str, root: Path | None = None) -> list[SqlFile]:
    """Return the files of one layer, ordered by name."""
    return [
        SqlFile(path, path.read_text("utf-8"))
        for path in sorted(((root or sql_folder()) / layer).glob("*.sql"))
    ]


def in_build_order(root: Path | None = None) -> tuple[SqlFile, ...]:
    """Return the files that define a table, view or macro, each after the files that it reads.

    `root` is the folder to read instead of `sql/`. Raises `SqlError` if files depend on each other
    in a cycle, or if two files define the same name.
    """
    return _sorted(_definitions(root)) if root else _project_files(sql_folder())


@functools.cache
def _project_files(folder: Path) -> tuple[SqlFile, ...]:
    """Return the files of `sql/` in build order; cached, because they do not change."""
    return _sorted(_definitions(folder))


def _sorted(files: Iterable[SqlFile]) -> tuple[SqlFile, ...]:
    defined: dict[str, SqlFile] = {}
    for file in files:
        if file.address in defined:
            raise SqlError(
                f"{file.path}: {file.address} is also defined by {defined[file.address].path}"
            )
        defined[file.address] = file
    graph = {
        address: _reads(file) & defined.keys() - {address} for address, file in defined.items()
    }
    try:
        order = tuple(graphlib.TopologicalSorter(graph).static_order())
    except graphlib.CycleError as error:
        raise SqlError(
            f"circular dependency between SQL files: {' → '.join(error.args[1])}"
        ) from None
    return tuple(defined[address] for address in order)


def _definitions(root: Path | None = None) -> Iterator[SqlFile]:
    """Yield the files that define a relation or macro, and the generated `quality_findings`."""
    for layer in SCHEMAS:
        yield from files_in(layer, root)
    if rules := files_in("quality", root):
        yield quality_findings(rules)


def quality_findings(rules: list[SqlFile]) -> SqlFile:
    """Return a generated file that defines `staging.quality_findings`, the union of the rules.

    A rule is a query in a file under `sql/quality`; the file name is the name of the rule. The
    query returns `model_id` and `detail`. A relation that several rules read is computed once, in a
    common table expression.
    """
    readers = Counter(address for rule in rules for address in set(_RELATION.findall(rule.body)))
    shared = {
        address: address.replace(".", "_") for address, number in readers.items() if number > 1
    }
    tables = [f"{name} as (\n    select * from {address}\n)" for address, name in shared.items()]
    findings = [
        f"select\n    '{rule.path.stem}' as rule,\n    model_id,\n    detail\nfrom (\n"
        + _RELATION.sub(lambda match: shared.get(match[0], match[0]), rule.body)
        + f"\n) as {rule.path.stem}"
        for rule in rules
    ]
    text = f"""\
-- Every row that a rule under `sql/quality` finds.
-- Grain: rule, model_id, detail.
-- Order: rule, model_id, detail.
-- Reads: {", ".join(sorted(set().union(*map(_reads, rules))))}.
create or replace view staging.quality_findings as
with
{f",{chr(10)}".join(sorted(tables))}

{f"{chr(10)}union all{chr(10)}".join(findings)};

comment on view staging.quality_findings is 'One row per rule, model and finding; from sql/quality';
comment on column staging.quality_findings.rule is 'Name of the rule, as in sql/quality';
comment on column staging.quality_findings.detail is 'Description of the finding';
"""
    return SqlFile(sql_folder() / "staging" / "quality_findings.sql", text)


def find_relation(address: str) -> SqlFile | None:
    """Return the file that defines a table or view; None if no file under `sql/` defines it."""
    files = (file for file in in_build_order() if file.is_relation)
    return next((file for file in files if file.address == address), None)


def default_order(address: str) -> str | None:
    """Return the declared order of a table or view; None if no file under `sql/` defines it."""
    file = find_relation(address)
    return file.order if file else None


def _reads(file: SqlFile) -> set[str]:
    """Return every `schema.name` in a file, except in comments and strings."""
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


def execute_file(
    connection: Connection,
    file: SqlFile,
    is_wanted: Callable[[duckdb.Statement], bool] = lambda _: True,
) -> None:
    """Execute the statements that `is_wanted` selects. Raises `SqlError` with file and line."""
    for line, statement in statements(file):
        if is_wanted(statement):
            try:
                connection.execute(statement.query)
            except QueryError as error:
                raise SqlError(locate_error(file, line, str(error))) from error


def locate_error(file: SqlFile, first_line: int, message: str) -> str:
    """Return an error message with file and line: `marts/offers.sql, line 12: Binder Error: …`.

    `first_line` is the line at which the failed statement starts.
    """
    # DuckDB counts lines from the start of the statement
    match = re.search(r"^LINE (\d+):", message, re.MULTILINE)
    line = first_line + int(match[1]) - 1 if match else first_line
    cause = " ".join(message.split("\nLINE ")[0].split())
    return f"{file.layer}/{file.path.name}, line {line}: {cause}"
