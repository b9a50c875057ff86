"""Data of the report, read from the marts: tables as lists of values by column.

    {"texts": ["aurora-large-1", "Aurora Large 1", …],
     "tables": {"models": {"model_id": {"is_text": true, "values": [0, …]}, …}, …},
     "left_out": ["1,500 of 51,500 models"]}

`queries/NAME.sql` is the query of the table NAME. If the file's header has a line `Order: MART`,
the table is sorted in the default order of that mart. The table `other_changes` has no query file.

Strings are dictionary-encoded: a column with `is_text` contains indices into `texts`. Ids are
compared by index. Two ids thus remain distinct even if the page displays them identically. A column
with long runs of one value has `runs`, `[value, count, value, count, …]`, instead of `values`.

A page has a maximum number of rows. Only whole models are left out, never a part of a model's rows.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from llm_stats.errors import UsageError
from llm_stats.queries import changes
from llm_stats.queries.attribution import Attribution, read_attribution
from llm_stats.table import Table
from llm_stats.text import escape_control_chars, truncate_end
from llm_stats.transform.files import SqlFile, default_order, files_in
from llm_stats.warehouse.reader import Reader

#: Maximum number of scores and prices, and of models, so that the page opens without delay.
_MAX_ROWS = 500_000
_MAX_MODELS = 50_000
#: Maximum length of a string in a table or chart.
_MAX_CHARACTERS = 300
CHANGE_DAYS = 90
_KINDS_OF_OFFERS = {"listed", "delisted", "price_changed", "status_changed"}
_OTHER_CHANGES = ("changed_at", "model_id", "kind", "change")


@dataclass(frozen=True)
class ReportData:
    """Source, headline figures by name (times in UTC), and tables.

    `tables` are the tables in Python values by name, and `encoded` is what the page embeds: see
    the module docstring.
    """

    attribution: Attribution
    headline: dict[str, Any]
    tables: dict[str, Table]
    encoded: dict[str, Any]


def collect(reader: Reader) -> ReportData:
    """Read the data of the page. Raise `UsageError` if the file is not a warehouse."""
    with reader.materialized() as stored:
        return _collect(stored)


def _collect(reader: Reader) -> ReportData:
    queries = files_in("queries", Path(__file__).parent)
    try:
        tables = {file.path.stem: reader.query(_ordered(file)) for file in queries}
    except UsageError as error:
        cause = str(error).splitlines()[0]
        problem = f"{reader.database} is not an llm-stats warehouse, or another version built it"
        raise UsageError(f"{problem}: {cause}; try {reader.command('run')}") from None
    (headline,) = tables.pop("headline").to_dicts()
    times = [time for time in (headline["read_at"], headline["newest_at"]) if time]
    tables["other_changes"] = _read_other_changes(reader, times)
    headline["change_count"] = _count_changes(tables, times)
    tables, left_out = _leave_out(tables)
    encoded = {**_encode(tables), "left_out": left_out}
    return ReportData(read_attribution(reader), headline, tables, encoded)


def _ordered(file: SqlFile) -> str:
    """Return a file's query with the order that its header declares (see the module docstring)."""
    mart = file.declared("Order")
    return f"{file.text}order by {default_order(mart)}" if mart else file.text


def _read_other_changes(reader: Reader, times: list[dt.datetime]) -> Table:
    """Return the changes of scores and of the catalog, in the 90 days before the latest of `times`.

    The latest day is first. The changes of a day begin with the largest.
    """
    if not times:
        return Table(_OTHER_CHANGES, ("TIMESTAMP", "VARCHAR", "VARCHAR", "VARCHAR"), [])
    latest = changes.since(reader, max(times) - dt.timedelta(days=CHANGE_DAYS))
    kind, counterpart = map(latest.columns.index, ("kind", "counterpart_id"))
    rows = [
        row for row in latest.rows if row[counterpart] is None or row[kind] not in _KINDS_OF_OFFERS
    ]
    rows.sort(key=lambda row: row[0].date(), reverse=True)
    return replace(latest, rows=rows).select(*_OTHER_CHANGES)


def _count_changes(tables: dict[str, Table], times: list[dt.datetime]) -> int:
    """Return the number of changes in the 30 days before the latest of `times`."""
    start = max(times) - dt.timedelta(days=30) if times else None
    return sum(
        start is not None and row[table.columns.index("changed_at")] >= start
        for table in (tables["price_changes"], tables["other_changes"])
        for row in table.rows
    )


def _leave_out(tables: dict[str, Table]) -> tuple[dict[str, Table], list[str]]:
    """Return the tables without the last models if there are too many rows, and what is left out.

    All tables lose the same models, so that no row refers to a model that is not there.
    """
    models = tables["models"]
    counts = [row[models.columns.index("row_count")] for row in models.rows]
    fitting = itertools.takewhile(lambda total: total <= _MAX_ROWS, itertools.accumulate(counts))
    kept_count = min(sum(1 for _ in fitting), _MAX_MODELS)
    if kept_count == len(models.rows):
        return tables, []
    kept = models.head(kept_count)
    ids = {row[0] for row in kept.rows}
    shortened = {
        name: replace(
            table,
            rows=[row for row in table.rows if row[table.columns.index("model_id")] in ids],
        )
        if "model_id" in table.columns and name != "findings"
        else table
        for name, table in tables.items()
    }
    omitted = f"{len(models.rows) - kept_count:,} of {len(models.rows):,} models"
    return {**shortened, "models": kept}, [omitted]


def _encode(tables: dict[str, Table]) -> dict[str, Any]:
    """Return the tables in the format that the module docstring describes.

    Frequent strings come first in `texts`, because they have the shortest indices then.
    """
    columns = {
        name: {
            column: [compact(row[index]) for row in table.rows]
            for index, column in enumerate(table.columns)
        }
        for name, table in tables.items()
    }
    counts: Counter[str] = Counter()
    for column in itertools.chain.from_iterable(table.values() for table in columns.values()):
        counts.update(value for value in column if isinstance(value, str))
    text_indices = {text: index for index, (text, _) in enumerate(counts.most_common())}

    def encode_column(values: list[Any]) -> dict[str, Any]:
        kind = {"is_text": True} if any(isinstance(value, str) for value in values) else {}
        if kind:
            values = [value if value is None else text_indices[value] for value in values]
        runs = [(value, sum(1 for _ in run)) for value, run in itertools.groupby(values)]
        if 4 * len(runs) <= len(values):
            return {**kind, "runs": list(itertools.chain.from_iterable(runs))}
        return {**kind, "values": values}

    encoded = {
        name: {column: encode_column(values) for column, values in table.items()}
        for name, table in columns.items()
    }
    return {"texts": [display_text(text) for text in text_indices], "tables": encoded}


def compact(value: Any) -> Any:
    """Shorten a value for JSON.

    Floats get 7 significant digits, times become Unix times, dates `2026-01-31`, lists `text,
    image`, and Booleans 0 or 1. Other values are returned unchanged.
    """
    if isinstance(value, dt.datetime):
        return int(value.replace(tzinfo=dt.UTC).timestamp())
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return ", ".join(value)
    if isinstance(value, bool):
        return int(value)
    return float(f"{value:.7g}") if isinstance(value, float) else value


def display_text(text: str) -> str:
    """Return a string of limited length, with control characters made visible."""
    return truncate_end(escape_control_chars(text[: _MAX_CHARACTERS + 1]), _MAX_CHARACTERS)
