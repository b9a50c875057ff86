"""Data of the report, read from the marts.

`queries/NAME.sql` is the query of the table NAME. If the file's header has a line `Order: MART`,
the table is sorted in the default order of that mart. The table `other_changes` has no query file.

The number of rows in a page is limited. If there are too many rows, the lowest-ranked models and
the oldest changes are omitted. Counts in the text of the page include omitted rows.
"""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from llm_stats.errors import UsageError
from llm_stats.queries import changes
from llm_stats.queries.attribution import Attribution, read_attribution
from llm_stats.report.encoding import compact, encode
from llm_stats.table import Table
from llm_stats.transform.files import SqlFile, default_order, files_in
from llm_stats.warehouse.reader import Reader

#: Limits so that the page opens without delay. `_MAX_ROWS` limits the scores and prices.
_MAX_ROWS = 500_000
_MAX_MODELS = 50_000
_MAX_CHANGES = 100_000
_CHANGE_DAYS = 90
_KINDS_OF_OFFERS = {"listed", "delisted", "price_changed", "status_changed"}
_OTHER_CHANGES = ("changed_at", "model_id", "kind", "change")


@dataclass(frozen=True)
class ReportData:
    """Attribution, headline figures by name (times in UTC), and tables.

    `tables` maps names to tables with Python values. `encoded` is embedded in the page. It contains
    the encoded tables, and:

    - `as_of`: time of the newest record or of the last catalog read, whichever is later
    - `changes_since`: for each table with omitted changes, the time of the oldest remaining change
    - `left_out`: texts such as `1,500 of 51,500 models`
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
    files = {file.path.stem: file for file in files_in("queries", Path(__file__).parent)}
    try:
        models = reader.query(_ordered(files.pop("models")))
        kept = _fitting_models(models)
        tables = {
            name: _select(reader.query(_ordered(file)), name, kept) for name, file in files.items()
        }
    except UsageError as error:
        cause = str(error).splitlines()[0]
        problem = f"{reader.database} is not an llm-stats warehouse, or another version built it"
        raise UsageError(f"{problem}: {cause}; try {reader.command('run')}") from None
    (headline,) = tables.pop("headline").to_dicts()
    times = [time for time in (headline["read_at"], headline["newest_at"]) if time]
    tables["other_changes"] = _read_other_changes(reader, times)
    headline["change_count"] = _count_changes(tables, times)
    headline["as_of"] = max(times, default=None)
    tables["models"] = models
    totals = {name: len(tables[name].rows) for name in ("models", "price_changes", "other_changes")}
    tables["models"] = models.head(len(kept))
    for name in ("price_changes", "other_changes"):
        tables[name] = _latest_moments(tables[name])
    left_out = [
        f"{total - len(tables[name].rows):,} of {total:,} {name.replace('_', ' ')}"
        for name, total in totals.items()
        if total > len(tables[name].rows)
    ]
    encoded = {
        **encode(tables),
        "as_of": compact(headline["as_of"]),
        "prices_since": compact(headline["prices_since"]),
        "changes_since": {
            name: compact(tables[name].select("changed_at").rows[-1][0])
            for name in ("price_changes", "other_changes")
            if totals[name] > len(tables[name].rows)
        },
        "left_out": left_out,
    }
    return ReportData(read_attribution(reader), headline, tables, encoded)


def _ordered(file: SqlFile) -> str:
    """Return a file's query with the order that its header declares (see the module docstring)."""
    mart = file.declared("Order")
    return f"{file.text}order by {default_order(mart)}" if mart else file.text


def _read_other_changes(reader: Reader, times: list[dt.datetime]) -> Table:
    """Return the changes of scores and of the catalog, in the 90 days before the latest of `times`.

    Changes are sorted by time, newest first, then by size, largest first.
    """
    if not times:
        return Table(_OTHER_CHANGES, ("TIMESTAMP", "VARCHAR", "VARCHAR", "VARCHAR"), [])
    latest = changes.since(reader, max(times) - dt.timedelta(days=_CHANGE_DAYS))
    kind, counterpart = map(latest.columns.index, ("kind", "counterpart_id"))
    rows = [
        row for row in latest.rows if row[counterpart] is None or row[kind] not in _KINDS_OF_OFFERS
    ]
    rows.sort(key=lambda row: row[0], reverse=True)
    return replace(latest, rows=rows).select(*_OTHER_CHANGES)


def _count_changes(tables: dict[str, Table], times: list[dt.datetime]) -> int:
    """Return the number of changes in the 30 days before the latest of `times`."""
    start = max(times) - dt.timedelta(days=30) if times else None
    return sum(
        start is not None and row[table.columns.index("changed_at")] >= start
        for table in (tables["price_changes"], tables["other_changes"])
        for row in table.rows
    )


def _fitting_models(models: Table) -> set[Any]:
    """Return the ids of the best-ranked models that fit within `_MAX_MODELS` and `_MAX_ROWS`."""
    counts = [row[models.columns.index("row_count")] for row in models.rows]
    totals = itertools.accumulate(counts)
    fitting = itertools.takewhile(lambda total: total <= _MAX_ROWS, totals)
    return {row[0] for row, _ in zip(models.rows[:_MAX_MODELS], fitting, strict=False)}


def _select(table: Table, name: str, model_ids: set[Any]) -> Table:
    """Return a table with only the rows of the given models.

    The tables `findings`, `moves` and `price_changes` are returned unchanged.
    """
    if "model_id" not in table.columns or name in ("findings", "moves", "price_changes"):
        return table
    place = table.columns.index("model_id")
    return replace(table, rows=[row for row in table.rows if row[place] in model_ids])


def _latest_moments(table: Table) -> Table:
    """Return the latest changes, at most `_MAX_CHANGES`.

    If possible, changes of the same time are omitted together.
    """
    if len(table.rows) <= _MAX_CHANGES:
        return table
    place = table.columns.index("changed_at")
    first_omitted = table.rows[_MAX_CHANGES][place]
    whole = [row for row in table.rows[:_MAX_CHANGES] if row[place] != first_omitted]
    return replace(table, rows=whole or table.rows[:_MAX_CHANGES])
