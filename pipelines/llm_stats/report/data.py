"""Data of the report, read from the marts: tables as lists of values by column.

    {"texts": ["aurora-large-1", "Aurora Large 1", …],
     "tables": {"models": {"model_id": {"indices": [0, …]}, "price_usd_per_mtok": [10.0, …], …}, …},
     "left_out": ["1,500 of 51,500 rows of benchmark points", …]}

`queries/NAME.sql` is the query of the table NAME. If the file's header has a line `Order: MART`,
the table is sorted in the default order of that mart. The table `changes` has no query file.

Strings are dictionary-encoded: a string column contains indices into `texts`. Ids are compared by
index. Two ids thus remain distinct even if the page displays them identically.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from llm_stats.errors import UsageError
from llm_stats.queries import changes
from llm_stats.queries.attribution import Attribution, read_attribution
from llm_stats.table import Table
from llm_stats.text import escape_control_chars, truncate_end
from llm_stats.transform.files import SqlFile, default_order, files_in
from llm_stats.warehouse.reader import Reader

#: Maximum number of rows of a table, so that the page opens without delay.
_MAX_ROWS = 50_000
_MAX_CHANGES = 500
#: Maximum length of a string in a table or chart.
_MAX_CHARACTERS = 300
_CHANGE_DAYS = 30


@dataclass(frozen=True)
class ReportData:
    """Source, headline figures by name (times in UTC), and tables as in the module docstring."""

    attribution: Attribution
    headline: dict[str, Any]
    tables: dict[str, Any]


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
    tables["changes"] = _read_latest_changes(
        reader, [time for time in (headline["read_at"], headline["newest_at"]) if time]
    )
    headline["change_count"] = len(tables["changes"].rows)
    return ReportData(read_attribution(reader), headline, _encode(tables))


def _ordered(file: SqlFile) -> str:
    """Return a file's query with the order that its header declares (see the module docstring)."""
    mart = file.declared("Order")
    return f"{file.text}order by {default_order(mart)}" if mart else file.text


def _read_latest_changes(reader: Reader, times: list[dt.datetime]) -> Table:
    """Return the changes of the 30 days before the latest of `times`.

    The latest day is first. The changes of a day begin with the largest.
    """
    if not times:
        return Table(("changed_at", "change"), ("TIMESTAMP", "VARCHAR"), [])
    latest = changes.since(reader, max(times) - dt.timedelta(days=_CHANGE_DAYS)).select(
        "changed_at", "change"
    )
    return Table(
        latest.columns,
        latest.types,
        sorted(latest.rows, key=lambda row: row[0].date(), reverse=True),
    )


def _encode(tables: dict[str, Table]) -> dict[str, Any]:
    """Return the tables in the format that the module docstring describes.

    Each table is cut off at its maximum number of rows.
    """
    text_indices: dict[str, int] = {}

    def encode_column(values: list[Any]) -> Any:
        if any(isinstance(value, str) for value in values):
            return {
                "indices": [
                    value if value is None else text_indices.setdefault(value, len(text_indices))
                    for value in values
                ]
            }
        return [_compact(value) for value in values]

    shown = {
        name: table.head(_MAX_CHANGES if name == "changes" else _MAX_ROWS)
        for name, table in tables.items()
    }
    encoded = {
        name: {
            column: encode_column([row[index] for row in table.rows])
            for index, column in enumerate(table.columns)
        }
        for name, table in shown.items()
    }
    left_out = [
        f"{omitted:,} of {len(table.rows):,} rows of {name.replace('_', ' ')}"
        for name, table in tables.items()
        if (omitted := len(table.rows) - len(shown[name].rows))
    ]
    return {
        "texts": [_display_text(text) for text in text_indices],
        "tables": encoded,
        "left_out": left_out,
    }


def _compact(value: Any) -> Any:
    """Shorten a value for JSON.

    Floats get 7 significant digits, times become Unix times, and Booleans become 0 or 1. Other
    values are returned unchanged.
    """
    if isinstance(value, dt.datetime):
        return int(value.replace(tzinfo=dt.UTC).timestamp())
    if isinstance(value, bool):
        return int(value)
    return float(f"{value:.7g}") if isinstance(value, float) else value


def _display_text(text: str) -> str:
    """Return a string of limited length, with control characters made visible."""
    return truncate_end(escape_control_chars(text[: _MAX_CHARACTERS + 1]), _MAX_CHARACTERS)
