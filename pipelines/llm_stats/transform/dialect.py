"""Translation of DuckDB's SQL into other dialects, with sqlglot.

The files under `sql/` are written for DuckDB. The transforms below cover differences that sqlglot
does not handle, so that every engine returns the same values to the last digit:

    median(x)           PostgreSQL and Spark interpolate with their own rounding; translated to
                        half the sum of the two middle values
    round(x, n)         PostgreSQL accepts n only if x is a decimal, Spark only if n is a constant
    log10(x)            sqlglot writes `log(10, x)`, which PostgreSQL has only for decimals
    varchar             PostgreSQL sorts text by the database's locale; `collate "C"` sorts it by
                        code point, as DuckDB does
    array_agg           Spark collects in any order; the translation sorts the list by its elements,
                        as the views do
    quantile_disc       Spark has only `percentile_disc` and `percentile_cont`
    json                Spark has no such type; the value stays text
    unnest(json_keys)   PostgreSQL has `json_object_keys` instead, a function that returns rows
    json ->> column     sqlglot writes a JSON path for Spark, but the column contains a key
    extract(epoch …)    Spark cannot extract it from an interval; translated to a difference of
                        timestamps
"""

from __future__ import annotations

import functools
from collections.abc import Callable

from sqlglot import ErrorLevel, exp
from sqlglot.errors import SqlglotError

from llm_stats.transform.macros import SOURCE_DIALECT, inline_macros

_PARAMETER = "__parameter__"


class UnsupportedSql(Exception):
    """Error for SQL that cannot be translated; the message names the construct."""


@functools.cache  # a translation takes about 10 ms, and all runs execute the same statements
def translate(statement: str, dialect: str, *, has_parameters: bool = False) -> str:
    """Translate one statement from DuckDB's SQL to a dialect of sqlglot; "duckdb" changes nothing.

    With `has_parameters`, `?` becomes `%s`, the form that dlt expects. Raises `UnsupportedSql`.
    """
    if dialect == SOURCE_DIALECT:
        return statement
    try:
        tree = inline_macros(statement)
        if dialect in _TRANSFORMS:
            tree = tree.transform(_TRANSFORMS[dialect], copy=False)
        if has_parameters:
            tree = tree.transform(
                lambda node: exp.var(_PARAMETER) if isinstance(node, exp.Placeholder) else node,
                copy=False,
            )
        text = tree.sql(dialect, unsupported_level=ErrorLevel.RAISE, comments=False)
        return text.replace("%", "%%").replace(_PARAMETER, "%s") if has_parameters else text
    except SqlglotError as error:
        raise UnsupportedSql(str(error).splitlines()[0]) from None


def _for_postgres(node: exp.Expr) -> exp.Expr:
    """Return the PostgreSQL equivalent of `node`, a node of the syntax tree."""
    if median := _exact_median(node):
        return median
    if isinstance(node, exp.Cast) and node.to.is_type(
        exp.DataType.Type.VARCHAR, exp.DataType.Type.TEXT
    ):
        return (
            node
            if isinstance(node.parent, exp.Collate)
            else exp.Collate(this=node.copy(), expression=_code_point_collation())
        )
    if (
        isinstance(node, exp.Round)
        and node.args.get("decimals")
        and not node.this.is_type("decimal")
    ):
        # `transform` does not visit the inner nodes of a new node, so they are translated here
        number, decimals = (
            part.transform(_for_postgres) for part in (node.this, node.args["decimals"])
        )
        text = exp.cast(number, "text")  # casting a double directly to decimal keeps 15 digits
        exact = exp.Round(this=exp.cast(text, "decimal"), decimals=decimals)
        return exp.cast(exact, "double")
    if isinstance(node, exp.Explode) and isinstance(node.this, exp.JSONKeys):
        return exp.Anonymous(this="JSON_OBJECT_KEYS", expressions=[node.this.this.copy()])
    if isinstance(node, exp.Log) and node.expression and node.this.name == "10":
        return exp.Anonymous(this="LOG10", expressions=[node.expression.copy()])
    if (
        isinstance(node, exp.ColumnDef)
        and node.kind
        and node.kind.is_type(exp.DataType.Type.VARCHAR, exp.DataType.Type.TEXT)
    ):
        collation = exp.CollateColumnConstraint(this=_code_point_collation())
        constraints = [exp.ColumnConstraint(kind=collation), *node.args.get("constraints", [])]
        node.set("constraints", constraints)
    return node


def _code_point_collation() -> exp.Expr:
    return exp.to_identifier("C", quoted=True)


def _exact_median(node: exp.Expr) -> exp.Expr | None:
    """Return half the sum of the two middle values for a median; None for any other node.

    The two middle values are the same if the number of values is odd.
    """
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


def _quantile(
    value: exp.Expr,
    share: exp.Expr,
    *,
    function: str = "PERCENTILE_DISC",
    descending: bool = False,
) -> exp.Expr:
    """Return `percentile_disc(share) within group (order by value)`, as in the SQL standard.

    sqlglot would translate `exp.PercentileDisc` to an approximation for Spark.
    """
    order = exp.Order(
        expressions=[exp.Ordered(this=value.copy(), desc=descending, nulls_first=False)]
    )
    return exp.WithinGroup(
        this=exp.Anonymous(this=function, expressions=[share.copy()]), expression=order
    )


def _for_spark(node: exp.Expr) -> exp.Expr:
    """Return the Spark equivalent of `node`, a node of the syntax tree."""
    if median := _exact_median(node):
        return median
    if isinstance(node, exp.Cast) and node.to.is_type(exp.DataType.Type.JSON):
        return exp.cast(node.this.copy(), exp.DataType.Type.TEXT)
    if isinstance(node, exp.JSONExtractScalar) and isinstance(node.expression, exp.Column):
        entries = exp.Anonymous(
            this="FROM_JSON",
            expressions=[node.this.copy(), exp.Literal.string("map<string,string>")],
        )
        return exp.Anonymous(this="ELEMENT_AT", expressions=[entries, node.expression.copy()])
    decimals = node.args.get("decimals") if isinstance(node, exp.Round) else None
    if decimals and not isinstance(decimals, exp.Literal):
        # `transform` does not visit the inner nodes of a new node, so they are translated here
        number, decimals = (part.transform(_for_spark) for part in (node.this, decimals))
        power = exp.func("POWER", exp.cast(exp.Literal.number(10), "double"), decimals)
        scaled = exp.Mul(this=exp.paren(number), expression=power)
        return exp.Div(this=exp.Round(this=scaled), expression=power.copy(), typed=True)
    if isinstance(node, exp.PercentileDisc):
        return _quantile(node.this, node.expression)
    if isinstance(node, exp.PercentileCont) and node.expression:
        return _quantile(node.this, node.expression, function="PERCENTILE_CONT")
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


def _unordered(aggregate: exp.ArrayAgg) -> exp.ArrayAgg:
    """Return an `array_agg` without its `order by`."""
    order = aggregate.this
    return exp.ArrayAgg(this=order.this.copy() if isinstance(order, exp.Order) else order.copy())


_TRANSFORMS: dict[str, Callable[[exp.Expr], exp.Expr]] = {
    "postgres": _for_postgres,
    "spark": _for_spark,
}
