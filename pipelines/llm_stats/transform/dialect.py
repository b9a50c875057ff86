"""The files under `sql/` in the dialect of another engine: written once, for DuckDB, and translated by sqlglot.

What sqlglot knows nothing of is mended here, so that every engine answers with the same values, to the last digit:

    median(x)            PostgreSQL and Spark interpolate with a rounding of their own; here it is half the sum of the two middle values
    round(x, n)          PostgreSQL rounds only decimals; Spark rounds only to a constant number of digits
    log10(x)             PostgreSQL's logarithm with a base takes only decimals
    varchar              PostgreSQL sorts text as the database's locale does; here by code point, as DuckDB does
    array_agg            Spark collects in no order; here the list is sorted, for every list under `sql/` is ordered by its own values
    quantile_disc        Spark has it under the standard's name
    json                 Spark has no such type; here it is text, as it came
    extract(epoch …)     Spark has none of an interval; here it is the difference of two moments
"""

from __future__ import annotations

from collections.abc import Callable

import sqlglot
from sqlglot import ErrorLevel, exp
from sqlglot.errors import SqlglotError

from llm_stats.transform import files

#: The dialect that `sql/` is written in.
SOURCE_DIALECT = "duckdb"

_PARAMETER = "__parameter__"


class UnsupportedSql(Exception):
    """A statement that has no counterpart in the other dialect; says which part of it."""


def translate(statement: str, dialect: str, *, has_parameters: bool = False) -> str:
    """One statement of DuckDB's in another dialect of sqlglot's; as it is if that is DuckDB's own. Raises `Untranslatable`.

    With parameters, `?` becomes `%s`, as dlt passes them on.
    """
    if dialect == SOURCE_DIALECT:
        return statement
    try:
        tree = _parsed(statement).transform(_without_macro)
        if mend := _TRANSFORMS.get(dialect):
            tree = tree.transform(mend)
        if has_parameters:
            tree = tree.transform(
                lambda node: exp.var(_PARAMETER) if isinstance(node, exp.Placeholder) else node
            )
        text = tree.sql(dialect, unsupported_level=ErrorLevel.RAISE, comments=False)
        return text.replace("%", "%%").replace(_PARAMETER, "%s") if has_parameters else text
    except SqlglotError as error:
        raise UnsupportedSql(str(error).splitlines()[0]) from None


def _parsed(statement: str) -> exp.Expr:
    return sqlglot.parse_one(statement, read=SOURCE_DIALECT, error_level=ErrorLevel.RAISE)


def _without_macro(node: exp.Expr) -> exp.Expr:
    """A call of a macro of ours, `marts.workload_cost(1, 2)`, as the query that it stands for: only DuckDB has macros."""
    if (
        isinstance(node, exp.Select)
        and node.args.get("qualify")
        and (node.args.get("order") or node.args.get("limit"))
    ):
        raise SqlglotError(
            "`qualify` beside `order by` or `limit`: sqlglot would sort and cut before it"
        )
    if expression := _without_function(node):
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
    found = (*files.files_in("functions"), *files.files_in("macros"))
    return next((file for file in found if file.address == address), None)


def _macro_body(macro: files.SqlFile, arguments: list[exp.Expr]) -> exp.Expr:
    """Return the body of a macro with arguments instead of parameters, without further calls."""
    create = _parsed(next(files.statements(macro))[1].query)
    names = []
    values: dict[str, exp.Expr] = {}
    for parameter in create.this.expressions:  # `name`, or `name := default`
        names.append(
            parameter.this.name if isinstance(parameter, exp.PropertyEQ) else parameter.name
        )
        if isinstance(parameter, exp.PropertyEQ):
            values[names[-1]] = parameter.expression
    for position, argument in enumerate(arguments):
        if isinstance(argument, exp.PropertyEQ):
            values[argument.this.name] = argument.expression
        else:
            values[names[position]] = argument

    def with_value(inner: exp.Expr) -> exp.Expr:
        if not (isinstance(inner, exp.Column) and not inner.table and inner.name in values):
            return inner
        value = values[inner.name].copy()
        is_simple = isinstance(value, exp.Column | exp.Literal | exp.Func)
        return value if is_simple else exp.paren(value)

    body: exp.Expr = create.expression.transform(with_value).transform(_without_macro)
    return body


def _without_function(node: exp.Expr) -> exp.Expr | None:
    """Return the expression that a call `staging.offer_hash(…)` stands for; None for other nodes."""
    if not (isinstance(node, exp.Dot) and isinstance(node.expression, exp.Anonymous)):
        return None
    macro = _find_macro(f"{node.this.name}.{node.expression.name}")
    if macro is None:
        return None
    arguments = [argument.transform(_without_macro) for argument in node.expression.expressions]
    return exp.paren(_macro_body(macro, arguments))


def _for_postgres(node: exp.Expr) -> exp.Expr:
    """One node of a statement, as PostgreSQL has to be told it."""
    if middle := _exact_median(node):
        return middle
    if isinstance(node, exp.Cast) and node.to.is_type(
        exp.DataType.Type.VARCHAR, exp.DataType.Type.TEXT
    ):
        return (
            node
            if isinstance(node.parent, exp.Collate)
            else exp.Collate(this=node.copy(), expression=_by_code_point())
        )
    if (
        isinstance(node, exp.Round)
        and node.args.get("decimals")
        and not node.this.is_type("decimal")
    ):
        # `transform` does not visit the inner nodes of a new one
        number, decimals = (
            part.transform(_for_postgres) for part in (node.this, node.args["decimals"])
        )
        text = exp.cast(number, "text")  # a double as decimal has only 15 digits
        exact = exp.Round(this=exp.cast(text, "decimal"), decimals=decimals)
        return exp.cast(exact, "double")
    if isinstance(node, exp.Log) and node.expression and node.this.name == "10":
        return exp.Anonymous(this="LOG10", expressions=[node.expression.copy()])
    if (
        isinstance(node, exp.ColumnDef)
        and node.kind
        and node.kind.is_type(exp.DataType.Type.VARCHAR, exp.DataType.Type.TEXT)
    ):
        collated = exp.ColumnConstraint(kind=exp.CollateColumnConstraint(this=_by_code_point()))
        node.set("constraints", [collated, *node.args.get("constraints", [])])
    return node


def _by_code_point() -> exp.Expr:
    return exp.to_identifier("C", quoted=True)


def _exact_median(node: exp.Expr) -> exp.Expr | None:
    """For a median, half the sum of the two middle values, which are one where there is an odd number; None for anything else."""
    where = node.expression if isinstance(node, exp.Filter) else None
    median = node.this if where else node
    if not isinstance(median, exp.Median):
        return None
    halves = []
    for descending in (False, True):
        half = _quantile(median.this, exp.Literal.number("0.5"), descending=descending)
        halves.append(exp.Filter(this=half, expression=where.copy()) if where else half)
    return exp.paren(
        exp.Div(
            this=exp.paren(exp.Add(this=halves[0], expression=halves[1])),
            expression=exp.Literal.number(2),
            typed=True,
        )
    )


def _quantile(value: exp.Expr, share: exp.Expr, *, descending: bool = False) -> exp.Expr:
    """The standard's `percentile_disc`; under its name alone, for sqlglot would make an approximation of it for Spark."""
    order = exp.Order(
        expressions=[exp.Ordered(this=value.copy(), desc=descending, nulls_first=False)]
    )
    return exp.WithinGroup(
        this=exp.Anonymous(this="PERCENTILE_DISC", expressions=[share.copy()]), expression=order
    )


def _for_spark(node: exp.Expr) -> exp.Expr:
    """One node of a statement, as Spark has to be told it."""
    if middle := _exact_median(node):
        return middle
    if isinstance(node, exp.Cast) and node.to.is_type(exp.DataType.Type.JSON):
        return exp.cast(node.this.copy(), exp.DataType.Type.TEXT)
    decimals = node.args.get("decimals") if isinstance(node, exp.Round) else None
    if decimals and not isinstance(decimals, exp.Literal):
        power = exp.func("POWER", exp.cast(exp.Literal.number(10), "double"), decimals.copy())
        scaled = exp.Mul(this=exp.paren(node.this.copy()), expression=power)
        return exp.Div(this=exp.Round(this=scaled), expression=power.copy(), typed=True)
    if isinstance(node, exp.PercentileDisc):
        return _quantile(node.this, node.expression)
    if isinstance(node, exp.Filter) and isinstance(node.this, exp.ArrayAgg):
        return exp.SortArray(
            this=exp.Filter(this=_unordered(node.this), expression=node.expression.copy())
        )
    if isinstance(node, exp.ArrayAgg):
        return exp.SortArray(this=_unordered(node))
    if (
        isinstance(node, exp.Extract)
        and node.name == "EPOCH"
        and isinstance(node.expression, exp.Sub)
    ):
        later, earlier = (
            exp.func("UNIX_MICROS", exp.cast(part.copy(), "timestamptz"))
            for part in node.expression.iter_expressions()
        )
        return exp.Div(
            this=exp.paren(exp.Sub(this=later, expression=earlier)),
            expression=exp.Literal.number("1e6"),
            typed=True,
        )
    return node


def _unordered(collected: exp.ArrayAgg) -> exp.ArrayAgg:
    """What is collected, without its order."""
    order = collected.this
    return exp.ArrayAgg(this=order.this.copy() if isinstance(order, exp.Order) else order.copy())


_TRANSFORMS: dict[str, Callable[[exp.Expr], exp.Expr]] = {
    "postgres": _for_postgres,
    "spark": _for_spark,
}
