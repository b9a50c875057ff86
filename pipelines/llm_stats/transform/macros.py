"""Inlining of macro calls in SQL, for engines without macros, such as PostgreSQL."""

from __future__ import annotations

import functools

import sqlglot
from sqlglot import ErrorLevel, exp
from sqlglot.errors import SqlglotError

from llm_stats.transform import files

#: The dialect that `sql/` is written in.
SOURCE_DIALECT = "duckdb"


def inline_macros(statement: str) -> exp.Expr:
    """Return the syntax tree of a statement in DuckDB's SQL, with all macro calls inlined.

    Raises `SqlglotError`.
    """
    return _parse(statement).transform(_inline_macro, copy=False)


def _parse(statement: str) -> exp.Expr:
    return sqlglot.parse_one(statement, read=SOURCE_DIALECT, error_level=ErrorLevel.RAISE)


def _inline_macro(node: exp.Expr) -> exp.Expr:
    """Replace a macro call, such as `marts.workload_cost(1, 2)`, with the macro's query.

    Raises `SqlglotError` for a query that sqlglot would translate wrongly.
    """
    if (
        isinstance(node, exp.Select)
        and node.args.get("qualify")
        and (node.args.get("order") or node.args.get("limit"))
    ):
        raise SqlglotError(
            "`qualify` cannot be translated in a query with `order by` or `limit`: "
            "sqlglot would apply `qualify` last"
        )
    if expression := _inline_function(node):
        return expression
    if not (isinstance(node, exp.Table) and isinstance(node.this, exp.Anonymous)):
        return node
    if macro := _find_macro(f"{node.db}.{node.this.name}"):
        return exp.alias_(
            exp.Subquery(this=_macro_body(macro, node.this.expressions)),
            node.alias or node.this.name,
            table=True,
        )
    return node


def _find_macro(address: str) -> files.SqlFile | None:
    macros = (*files.files_in("functions"), *files.files_in("macros"))
    return next((file for file in macros if file.address == address), None)


def _macro_body(macro: files.SqlFile, arguments: list[exp.Expr]) -> exp.Expr:
    """Return the body of a macro, with its parameters replaced and nested calls inlined.

    Raises `SqlglotError` for a macro with default values, which sqlglot cannot parse.
    """
    create = _parse_definition(macro)
    names = [parameter.name for parameter in create.this.expressions]
    values: dict[str, exp.Expr] = {}
    for position, argument in enumerate(arguments):
        if isinstance(argument, exp.PropertyEQ):
            values[argument.this.name] = argument.expression
        else:
            values[names[position]] = argument

    def replace_parameter(inner: exp.Expr) -> exp.Expr:
        if not (isinstance(inner, exp.Column) and not inner.table and inner.name in values):
            return inner
        value = values[inner.name].copy()
        is_simple = isinstance(value, exp.Column | exp.Literal | exp.Func)
        return value if is_simple else exp.paren(value)

    body: exp.Expr = create.expression.transform(replace_parameter)
    return body.transform(_inline_macro, copy=False)


@functools.cache  # the statements under `sql/` contain 90 calls of 30 macros
def _parse_definition(macro: files.SqlFile) -> exp.Expr:
    """Return the syntax tree of the statement that creates a macro. Callers must not change it."""
    return _parse(next(files.statements(macro))[1].query)


def _inline_function(node: exp.Expr) -> exp.Expr | None:
    """Return the inlined body of a function call, such as `staging.offer_hash(…)`.

    Return None for any other node.
    """
    if not (isinstance(node, exp.Dot) and isinstance(node.expression, exp.Anonymous)):
        return None
    macro = _find_macro(f"{node.this.name}.{node.expression.name}")
    if macro is None:
        return None
    arguments = [argument.transform(_inline_macro) for argument in node.expression.expressions]
    return exp.paren(_macro_body(macro, arguments))
