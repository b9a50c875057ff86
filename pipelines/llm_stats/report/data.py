"""What the report shows, read from the marts as columns of plain values.

The files under `queries/` are the tables of the page, each named for its file:

    {"texts": ["aurora-large-1", "Aurora Large 1", …],
     "tables": {"models": {"model_id": {"places": [0, …]}, "price_usd_per_mtok": [10.0, …], …}, …},
     "left_out": ["1,500 of 51,500 rows of benchmark points", …]}

Each text is carried once; a column of text holds places among the texts. Equal places mean equal texts, so that an id stays a key even
where two of them would read the same.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from importlib import resources
from typing import Any

from llm_stats.errors import UsageError
from llm_stats.queries import changes
from llm_stats.table import Table
from llm_stats.text import escape_control_chars
from llm_stats.warehouse.reader import Reader

#: Most rows of a table: so much a browser opens without thinking.
_MAX_ROWS = 50_000
_MAX_CHANGES = 500
#: Longer texts are cut: no table and no chart has room for them.
_MAX_CHARACTERS = 300
_CHANGE_DAYS = 30


@dataclass(frozen=True)
class ReportData:
    """`headline`: figures by name, times in UTC. `tables`: see above."""

    headline: dict[str, Any]
    tables: dict[str, Any]


def collect(reader: Reader) -> ReportData:
    """Everything the page shows. Raises `UsageError` if the file is no warehouse."""
    queries = {file.name.removesuffix(".sql"): file.read_text("utf-8") for file in (resources.files(__package__) / "queries").iterdir()}
    try:
        found = {name: reader.query(query) for name, query in sorted(queries.items())}
    except UsageError as error:
        what = str(error).splitlines()[0]
        raise UsageError(f"{reader.database} is no llm-stats warehouse, or one of another version: {what}; try `llm-stats run`") from None
    headline = found.pop("headline")
    figures = dict(zip(headline.columns, headline.rows[0], strict=True))
    found["changes"] = _latest_changes(reader, figures["newest_at"])
    figures["change_count"] = len(found["changes"].rows)
    return ReportData(figures, _encoded(found))


def _latest_changes(reader: Reader, newest_at: dt.datetime | None) -> Table:
    """The changes of the last days before the newest record, the latest day first, the biggest first of a day."""
    if newest_at is None:
        return Table(("changed_at", "change"), ("TIMESTAMP", "VARCHAR"), [])
    found = changes.since(reader, newest_at - dt.timedelta(days=_CHANGE_DAYS)).select("changed_at", "change")
    return Table(found.columns, found.types, sorted(found.rows, key=lambda row: row[0].date(), reverse=True))


def _encoded(tables: dict[str, Table]) -> dict[str, Any]:
    """The tables as the page carries them, each no longer than its most, and what is left out of them in words."""
    places: dict[str, int] = {}

    def column(values: list[Any]) -> Any:
        if any(isinstance(value, str) for value in values):
            return {"places": [value if value is None else places.setdefault(value, len(places)) for value in values]}
        return [_compact(value) for value in values]

    kept = {name: table.head(_MAX_CHANGES if name == "changes" else _MAX_ROWS) for name, table in tables.items()}
    encoded = {
        name: {title: column([row[at] for row in table.rows]) for at, title in enumerate(table.columns)} for name, table in kept.items()
    }
    left_out = [
        f"{len(table.rows) - len(kept[name].rows):,} of {len(table.rows):,} rows of {name.replace('_', ' ')}"
        for name, table in tables.items()
        if len(table.rows) > len(kept[name].rows)
    ]
    return {"texts": [_display_text(text) for text in places], "tables": encoded, "left_out": left_out}


def _compact(value: Any) -> Any:
    """A number of 7 digits at most, a time as seconds since 1970, true as 1; null stays null."""
    if isinstance(value, dt.datetime):
        return int(value.replace(tzinfo=dt.UTC).timestamp())
    if isinstance(value, bool):
        return int(value)
    return float(f"{value:.7g}") if isinstance(value, float) else value


def _display_text(text: str) -> str:
    """A text for reading: what could turn others around is visible, and its end is cut if it is long."""
    shown = escape_control_chars(text[: _MAX_CHARACTERS + 1])
    return shown if len(shown) <= _MAX_CHARACTERS else shown[: _MAX_CHARACTERS - 1] + "…"
